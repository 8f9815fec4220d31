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
// byte as \xNN; and, as \uNNNN, what sets the direction of writing and makes a line read as another (U+061C, U+200E,
// U+200F, U+202A to U+202E, U+2066 to U+2069). What a program under test prints is shown, and never carried out.
std::string Printable(std::string_view text);

// The first byte at or before `at` that begins a character.
std::size_t CharacterBefore(std::string_view text, std::size_t at);

// The end of a text, behind "(N bytes before)" where that is not all of it: some `most_bytes`, from the beginning of a line
// if one begins there. Where a program ends it mostly says why.
std::string TailOf(const std::string& text, std::size_t most_bytes);

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
// As a shell reads it back; plain words stay as they are. Control characters are written out ($'\x1b', which a POSIX shell
// of 2024 knows), so that a command that is shown is never obeyed by a terminal.
std::string ShellQuoted(const std::string& word);
// An implementation in a command, by the words that name it, else by its name; begins with a blank.
std::string NamedInCommand(const std::vector<std::string>& run_as, const std::string& name);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_TEXT_H_
