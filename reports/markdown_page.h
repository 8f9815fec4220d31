// SPDX-License-Identifier: MIT
// A page of Markdown that is bounded in size: what does not fit is left out, and said to be. For one thread at a time.
#ifndef LOCKSTEP_REPORTS_MARKDOWN_PAGE_H_
#define LOCKSTEP_REPORTS_MARKDOWN_PAGE_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace lockstep::reports {

// GitHub refuses a step's summary of more than 1 MiB, and cuts a comment long before; half of that can still be read.
constexpr std::size_t kMostMarkdown = 500'000;

class MarkdownPage {
 public:
  // At most `most_bytes`, of which kNote are kept for the paragraph of what was left out.
  static constexpr std::size_t kNote = 4000;
  explicit MarkdownPage(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  // What comes first, in lines; those that do not fit are left out, and counted as such.
  void Head(const std::string& text) { Piece(text, "lines of the summary"); }
  // A piece that may be left out, whole. `what` it is, for people, in the plural: "failures of gopy".
  void Piece(const std::string& text, const std::string& what);
  // The page, with a last paragraph of what was left out of it.
  std::string Take();

 private:
  const std::size_t most_bytes_;
  std::string text_;
  std::vector<std::string> left_out_;  // each `what`, in the order in which it first was
  std::map<std::string, std::size_t> counts_;
};

// `<code>a</code>, <code>b</code> and 9 more`.
std::string MarkdownNames(const std::vector<std::string>& names, std::size_t most = 30);

// A part of a page that is closed until it is clicked on. `summary` and `body` are Markdown; `summary` is one line.
std::string MarkdownDetails(const std::string& summary, const std::string& body);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_MARKDOWN_PAGE_H_
