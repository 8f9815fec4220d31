// SPDX-License-Identifier: MIT
// Text for people, in lines of a bounded width. Pure functions, for any thread.
#ifndef LOCKSTEP_REPORTS_TEXT_H_
#define LOCKSTEP_REPORTS_TEXT_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::reports {

// `text` with everything that a terminal would obey or an XML file may not hold written out:
// control characters but tab and line end, bytes that are no UTF-8, and U+FFFE and U+FFFF, each
// byte as \xNN. What a program under test prints is shown, and never carried out.
std::string Printable(std::string_view text);

// How many columns `text` takes, at one a character.
std::size_t WidthOf(std::string_view text);
// `text` and blanks, `width` columns together; longer text is left as it is.
std::string Padded(std::string text, std::size_t width);

// Lines of at most `width` columns, broken at blanks where there are any, else within a word. Line
// ends of `text` stay. One line at least. `width` is 1 at the least.
std::vector<std::string> Wrapped(std::string_view text, std::size_t width);

// "0.35 s", "12.3 s", "4 min 10 s".
std::string DurationText(std::chrono::nanoseconds duration);
// "1 scenario", "61 scenarios".
std::string Counted(std::size_t count, const std::string& noun);
// As a POSIX shell reads it back; plain words stay as they are.
std::string ShellQuoted(const std::string& word);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_TEXT_H_
