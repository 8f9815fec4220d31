// SPDX-License-Identifier: MIT
#include "harness/scenario/template.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/scenario/lexer.h"

namespace lockstep::transcript {
namespace {

// The filling of the placeholder at `at`, and its length; nullptr where none is.
const Filling* FillingAt(std::string_view text, std::size_t at, const Fillings& fillings,
                         std::size_t* length) {
  for (const auto& [key, filling] : fillings) {
    const std::string placeholder = "{" + key + "}";
    if (text.substr(at, placeholder.size()) != placeholder) continue;
    *length = placeholder.size();
    return &filling;
  }
  return nullptr;
}

std::string Slug(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (!(IsNameCharacter(c) && c != '_') && c != '.' && c != '-') c = '-';
  }
  return out;
}

bool IsEmptyLine(const SourceLine& line) {
  return line.text.find_first_not_of(" \t") == std::string::npos;
}

}  // namespace

SourceLine FillInLine(const SourceLine& line, const Fillings& fillings) {
  SourceLine out = line;
  out.text.clear();
  const std::string_view text = line.text;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    const Filling* filling = text[at] == '{' ? FillingAt(text, at, fillings, &length) : nullptr;
    if (filling == nullptr) {
      out.text += text[at++];
      continue;
    }
    const std::size_t there = line.original_begin + at;
    out.replaced.push_back(
        Replaced{out.text.size(), out.text.size() + filling->text.size(), there, there + length});
    out.text += filling->text;
    at += length;
  }
  return out;
}

std::string FillIn(std::string_view text, const Fillings& fillings) {
  SourceLine line;
  line.text = std::string(text);
  return FillInLine(line, fillings).text;
}

std::string FillInName(std::string_view name, const Fillings& fillings) {
  Fillings slugs = fillings;
  for (auto& [key, filling] : slugs)
    filling.text = Slug(filling.name.empty() ? filling.text : filling.name);
  return FillIn(name, slugs);
}

std::string RemarkOf(const Fillings& fillings) {
  std::string out;
  for (const auto& [key, filling] : fillings) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", key, filling.text);
  }
  return out.empty() ? "" : " (with " + out + ")";
}

std::string Unindented(const std::vector<SourceLine>& lines) {
  auto first = std::find_if_not(lines.begin(), lines.end(), IsEmptyLine);
  auto last = std::find_if_not(lines.rbegin(), lines.rend(), IsEmptyLine).base();
  std::size_t indent = std::string::npos;
  for (auto line = first; line < last; ++line) {
    if (!IsEmptyLine(*line)) indent = std::min(indent, line->text.find_first_not_of(" \t"));
  }
  std::string out;
  for (auto line = first; line < last; ++line) {
    if (!IsEmptyLine(*line)) out += line->text.substr(indent);
    while (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
    out += '\n';
  }
  return out;
}

}  // namespace lockstep::transcript
