// SPDX-License-Identifier: MIT
#include "reports/page/html.h"

#include <fmt/format.h>

#include "reports/markup.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

bool IsOfTheWeb(const std::string& address) {
  return (address.starts_with("https://") || address.starts_with("http://")) && address.find_first_of(" \t\n\"'<>\\") == std::string::npos;
}

}  // namespace

std::string Shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  // What a program says last is mostly what matters.
  const std::size_t head = CharacterBefore(text, most / 3);
  const std::size_t tail = CharacterBefore(text, text.size() - (most - most / 3));
  return fmt::format("{} […{} bytes are left out here…] {}", text.substr(0, head), tail - head, text.substr(tail));
}

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : HtmlText(Printable(text))) {
    if (c == '\'')
      out += "&#39;";
    else
      out += c;
  }
  return out;
}

Html& Html::Link(const std::string& address) {
  if (!IsOfTheWeb(address)) return *this << address;
  return *this << "<a rel=\"noopener noreferrer\" href=\"" << address << "\">" << address << "</a>";
}

}  // namespace lockstep::reports
