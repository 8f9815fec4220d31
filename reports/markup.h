// SPDX-License-Identifier: MIT
// Text from outside (a reason, what an adapter printed, a file's name) made fit for Markdown and HTML: it is shown, and
// marks nothing up, names nobody and leads nowhere. Pure functions, for any thread.
#ifndef LOCKSTEP_REPORTS_MARKUP_H_
#define LOCKSTEP_REPORTS_MARKUP_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace lockstep::reports {

// `text` as one line of Printable text, of at most `most_bytes` and a note of how many more there were.
std::string OneLine(std::string_view text, std::size_t most_bytes = 500);

// Between two tags of HTML, or in an attribute in double quotes.
std::string HtmlText(std::string_view text);

// Within a paragraph, a heading or a table's cell of GitHub's or GitLab's Markdown, at any place but a line's first: one
// line, shortened as by OneLine. Every character that marks up is a reference, and an invisible U+200B keeps @names,
// #numbers and addresses from becoming mentions and links.
std::string MarkdownText(std::string_view text, std::size_t most_bytes = 500);
// The same in the type of a program's: `<code>…</code>`.
std::string MarkdownCode(std::string_view text, std::size_t most_bytes = 500);
// A block as it is, `<pre>…</pre>` and a line end. Lines stay; of more than `most_bytes` the rest is left out, which is said.
std::string MarkdownBlock(std::string_view text, std::size_t most_bytes = 16'000);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_MARKUP_H_
