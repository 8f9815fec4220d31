// SPDX-License-Identifier: MIT
#include "reports/markup.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/text.h"

namespace lockstep::reports {
namespace {

// GitHub and GitLab read names, numbers and addresses out of the finished text, where a reference is a character again:
// only another character between its parts ends them.
constexpr const char* kNoLink = "&#8203;";

const char* HtmlReference(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return nullptr;
  }
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char one, char other) {
           const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
           return lower(one) == lower(other);
         });
}

bool BeginsName(std::string_view text) {
  const char c = text.empty() ? ' ' : text.front();
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '"' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Whether a link could begin with what ends here: "https:" before "//", "www", "GH-", '@', '#', and GitLab's '!', '~',
// '%', '&' and '$' before a number or a name.
bool EndsLinkMark(std::string_view so_far, std::string_view rest) {
  const char last = so_far.back();
  if (std::string_view("@#!~%&$").find(last) != std::string_view::npos) return BeginsName(rest);
  if (last == ':') return rest.starts_with("//");
  const auto ends_with = [&](std::string_view mark) {
    return so_far.size() >= mark.size() && EqualsIgnoringCase(so_far.substr(so_far.size() - mark.size()), mark);
  };
  return ends_with("gh-") || (ends_with("www") && rest.starts_with('.'));
}

std::string Marked(std::string_view line) {
  constexpr std::string_view kMarks = "`*_~[]|\\!$@#";
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (const char* reference = HtmlReference(line[i]); reference != nullptr) {
      out += reference;
    } else if (kMarks.find(line[i]) != std::string_view::npos) {
      out += fmt::format("&#{};", static_cast<int>(line[i]));
    } else {
      out += line[i];
    }
    if (EndsLinkMark(line.substr(0, i + 1), line.substr(i + 1))) out += kNoLink;
  }
  return out;
}

}  // namespace

std::string OneLine(std::string_view text, std::size_t most_bytes) {
  const std::size_t size = text.size();
  std::string note;
  if (size > most_bytes) {
    text = text.substr(0, CharacterBefore(text, most_bytes));
    note = fmt::format(" … ({} more)", Counted(size - text.size(), "byte"));
  }
  std::string line = Printable(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return line + note;
}

std::string HtmlText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (const char* reference = HtmlReference(c); reference != nullptr)
      out += reference;
    else
      out += c;
  }
  return out;
}

std::string MarkdownText(std::string_view text, std::size_t most_bytes) { return Marked(OneLine(text, most_bytes)); }

std::string MarkdownCode(std::string_view text, std::size_t most_bytes) { return "<code>" + Marked(OneLine(text, most_bytes)) + "</code>"; }

std::string MarkdownBlock(std::string_view text, std::size_t most_bytes) {
  const std::size_t size = text.size();
  std::string note;
  if (size > most_bytes) {
    text = text.substr(0, CharacterBefore(text, most_bytes));
    note = fmt::format("\n… ({} more)", Counted(size - text.size(), "byte"));
  }
  std::string block = HtmlText(Printable(text));
  while (!block.empty() && block.back() == '\n') block.pop_back();
  return "<pre>\n" + block + note + "\n</pre>\n";
}

}  // namespace lockstep::reports
