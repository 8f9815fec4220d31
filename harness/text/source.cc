// SPDX-License-Identifier: MIT
#include "harness/text/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace lockstep {
namespace {

// Longer words are never near: it bounds the distance's cost on hostile input.
constexpr std::size_t kLongestWord = 40;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// How many letters must be inserted, deleted, replaced or swapped with the next.
std::size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

// The length of the UTF-8 character at the start of `text`, 0 where there is none.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if (first == 0xe0 && second < 0xa0) return 0;  // overlong
  if (first == 0xed && second > 0x9f) return 0;  // a surrogate
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // beyond U+10FFFF
  return length;
}

// What a terminal and a JSON writer can take: bytes that are no character, and control characters,
// become U+FFFD.
std::string Readable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool control = (first < 0x20 && first != '\t') || first == 0x7f;
    out += length == 0 || control ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace

Position SourceLine::At(std::size_t offset) const {
  std::size_t there = original_begin + offset;
  for (const Replaced& part : replaced) {
    if (offset < part.begin) break;
    if (offset < part.end) {
      there = part.original_begin;
      break;
    }
    there = part.original_end + (offset - part.end);
  }
  there = std::min(there, original.size());
  const std::size_t before = CountCharacters(std::string_view(original).substr(0, there));
  return Position{number, static_cast<int>(before) + 1};
}

std::vector<SourceLine> SplitLines(std::string_view text, int first_line) {
  std::vector<SourceLine> lines;
  int number = first_line;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(SourceLine{std::string(line), std::string(line), 0, number++, {}});
  }
  return lines;
}

std::string RenderMistake(const std::string& file, Position position, const std::string& what,
                          std::string_view line) {
  // The caret's line repeats the tabs before the column, so that it stands right at any tab width.
  std::string indent;
  int column = 1;
  for (const char c : line) {
    if (column >= position.column) break;
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;
    indent += c == '\t' ? '\t' : ' ';
    ++column;
  }
  return fmt::format("{}:{}:{}: {}\n{}\n{}^", file, position.line, position.column, what,
                     Readable(line), indent);
}

std::optional<std::size_t> FindInvalidUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = Utf8Length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::size_t CountCharacters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& words) {
  if (word.size() > kLongestWord) return "";
  const std::string lower = Lower(word);
  // One slip in a short word, two from six letters on: further words are other words.
  std::size_t nearest = word.size() < 3 ? 1 : word.size() < 6 ? 2 : 3;
  const std::string* found = nullptr;
  for (const std::string& candidate : words) {
    const std::size_t distance = EditDistance(lower, Lower(candidate));
    if (distance < nearest) {
      nearest = distance;
      found = &candidate;
    }
  }
  return found == nullptr ? "" : fmt::format("; did you mean '{}'?", *found);
}

std::string DidYouMeanOrExpected(std::string_view word, const std::vector<std::string>& words) {
  const std::string near = DidYouMean(word, words);
  return near.empty() ? "; expected " + JoinQuoted(words, "or") : near;
}

std::string JoinQuoted(const std::vector<std::string>& words, const std::string& conjunction) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " " + conjunction + " " : ", ";
    out += "'" + words[i] + "'";
  }
  return out;
}

}  // namespace lockstep
