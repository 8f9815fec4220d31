// SPDX-License-Identifier: MIT
#include "reports/markdown_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reports/markup.h"

namespace lockstep::reports {

void MarkdownPage::Piece(const std::string& text, const std::string& what) {
  // Smaller pieces may still fit behind one that does not: the page is full when the first is left out, so that what is
  // there is a whole from its beginning.
  if (left_out_.empty() && text_.size() + text.size() + kNote <= most_bytes_) {
    text_ += text;
    return;
  }
  if (++counts_[what] == 1) left_out_.push_back(what);
}

std::string MarkdownPage::Take() {
  constexpr std::size_t kMostNamed = 20;
  if (!left_out_.empty()) {
    text_ += fmt::format("\n**Left out**, for this page has {} KB at most:", most_bytes_ / 1000);
    const std::size_t shown = std::min(left_out_.size(), kMostNamed);
    for (std::size_t i = 0; i < shown; ++i)
      text_ += fmt::format("{} {} {}", i == 0 ? "" : ",", counts_[left_out_[i]], MarkdownText(left_out_[i], 80));
    if (shown < left_out_.size()) text_ += fmt::format(" and more of {} others", left_out_.size() - shown);
    text_ += ". The report file has all.\n";
  }
  return std::move(text_);
}

std::string MarkdownNames(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  const std::size_t shown = names.size() <= most + 1 ? names.size() : most;
  for (std::size_t i = 0; i < shown; ++i) out += (i == 0 ? "" : ", ") + MarkdownCode(names[i], 200);
  if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

std::string MarkdownDetails(const std::string& summary, const std::string& body) {
  // The blank lines end the blocks of HTML, so that what is between them is Markdown again.
  return fmt::format("<details>\n<summary>{}</summary>\n\n{}\n</details>\n\n", summary, body);
}

}  // namespace lockstep::reports
