// SPDX-License-Identifier: MIT
#include "reports/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/text/source.h"

namespace lockstep::reports {
namespace {

// The bytes of the first `width` characters of `text`.
std::size_t BytesOf(std::string_view text, std::size_t width) {
  std::size_t at = 0;
  for (std::size_t characters = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) continue;
    if (characters++ == width) break;
  }
  return at;
}

void WrapLine(std::string_view line, std::size_t width, std::vector<std::string>* out) {
  while (WidthOf(line) > width) {
    const std::size_t fits = BytesOf(line, width);
    // The blank itself may stand in the first column that is too many.
    const std::size_t blank = line.rfind(' ', fits);
    const bool within_a_word =
        blank == std::string_view::npos || line.find_first_not_of(' ') > blank;
    const std::size_t end = within_a_word ? fits : blank;
    out->emplace_back(line.substr(0, end));
    while (!out->back().empty() && out->back().back() == ' ') out->back().pop_back();
    line.remove_prefix(end);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  }
  out->emplace_back(line);
}

// How far a tab goes is the terminal's affair; columns are ours.
std::string WithoutTabs(std::string_view line) {
  std::string out;
  for (const char c : line) out += c == '\t' ? std::string(4, ' ') : std::string(1, c);
  return out;
}

bool IsForbiddenControl(unsigned char byte) {
  return (byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f;
}

// The code point of the character at `at` that sets the direction of writing; 0: it is another.
unsigned DirectionAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  if (byte(0) == 0xd8 && byte(1) == 0x9c) return 0x061c;
  if (byte(0) != 0xe2 || (byte(1) != 0x80 && byte(1) != 0x81)) return 0;
  const unsigned code = 0x2000U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
  const bool sets = code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return sets ? code : 0;
}

}  // namespace

std::size_t CharacterBefore(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

std::string TailOf(const std::string& text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  std::size_t from = CharacterBefore(text, text.size() - most_bytes);
  const std::size_t line_end = text.find('\n', from);
  // Behind the last line end there is nothing to show.
  if (line_end != std::string::npos && text.find_first_not_of("\r\n", line_end) != std::string::npos) from = line_end + 1;
  return fmt::format("({} before)\n", Counted(from, "byte")) + text.substr(from);
}

std::string Printable(std::string_view text) {
  std::string out;
  const auto escape = [&](std::string_view bytes) {
    for (const char byte : bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  };
  while (!text.empty()) {
    const std::size_t bad = FindInvalidUtf8(text).value_or(text.size());
    const std::string_view good = text.substr(0, bad);
    for (std::size_t i = 0; i < good.size(); ++i) {
      const auto byte = static_cast<unsigned char>(good[i]);
      const std::string_view three = good.substr(i, 3);
      // C1 control characters, U+0080 to U+009F, are obeyed by terminals as well.
      const bool c1 = byte == 0xc2 && static_cast<unsigned char>(good[i + 1]) < 0xa0;
      if (const unsigned code = DirectionAt(good, i); code != 0) {
        out += fmt::format("\\u{:04x}", code);
        i += code < 0x800 ? 1 : 2;
      } else if (three == "\xef\xbf\xbe" || three == "\xef\xbf\xbf") {
        escape(three);
        i += 2;
      } else if (c1) {
        escape(good.substr(i, 2));
        i += 1;
      } else if (byte == '\r' && i + 1 < good.size() && good[i + 1] == '\n') {
        continue;
      } else if (IsForbiddenControl(byte)) {
        escape(good.substr(i, 1));
      } else {
        out += good[i];
      }
    }
    text.remove_prefix(bad);
    if (text.empty()) break;
    escape(text.substr(0, 1));
    text.remove_prefix(1);
  }
  return out;
}

std::size_t WidthOf(std::string_view text) { return CountCharacters(text); }

std::string Padded(std::string text, std::size_t width) {
  const std::size_t have = WidthOf(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

std::vector<std::string> Wrapped(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 1);
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = text.find('\n');
    WrapLine(WithoutTabs(text.substr(0, end)), width, &out);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string DurationText(std::chrono::nanoseconds duration) {
  const double seconds = static_cast<double>(duration.count()) / 1e9;
  if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

std::string Counted(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string ShellQuoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._/:=+,@%").find(c) != std::string_view::npos;
  });
  if (plain) return word;
  if (Printable(word) != word || word.find_first_of("\t\n") != std::string::npos) {
    std::string out = "$'";
    for (const char c : word) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\'' || c == '\\')
        out += std::string("\\") + c;
      else
        out += byte >= 0x20 && byte < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
    }
    return out + "'";
  }
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string NamedInCommand(const std::vector<std::string>& run_as, const std::string& name) {
  if (run_as.empty()) return " " + ShellQuoted(name);
  std::string named;
  for (const std::string& word : run_as) named += " " + ShellQuoted(word);
  return named;
}

}  // namespace lockstep::reports
