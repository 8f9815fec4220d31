// SPDX-License-Identifier: MIT
#include "harness/text/toml_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lockstep {

Position PositionOf(const toml::source_region& region) {
  return Position{static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

TomlFile::TomlFile(std::string_view text, std::string name) : name_(std::move(name)), lines_(SplitLines(text, 1)) {
  for (const SourceLine& line : lines_) {
    if (const auto at = FindInvalidUtf8(line.text)) Report(line.At(*at), "not UTF-8; expected text in UTF-8");
  }
  if (any_mistake()) return;
  try {
    root_ = toml::parse(text, name_);
  } catch (const toml::parse_error& error) {
    Report(PositionOf(error.source()), std::string(error.description()));
  }
}

void TomlFile::Report(Position position, std::string what, std::string hint) {
  if (!mistakes_.any()) hint_ = std::move(hint);
  mistakes_.Report(position, std::move(what));
}

Error TomlFile::error() const {
  const Position position = mistakes_.position();
  return Error{RenderMistake(name_, position, mistakes_.what(), Line(position.line)), hint_};
}

void TomlFile::CheckKeys(const toml::table& table, const std::vector<std::string>& known) {
  const toml::key* first = nullptr;
  for (const auto& [key, value] : table) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    if (first == nullptr || key.source().begin < first->source().begin) first = &key;
  }
  if (first == nullptr) return;
  const std::string name(first->str());
  Report(PositionOf(first->source()), fmt::format("unknown key '{}'{}", name, DidYouMeanOrExpected(name, known)));
}

std::vector<const toml::table*> TomlFile::Tables(const std::string& key) {
  CheckKeys(root_, {key});
  std::vector<const toml::table*> tables;
  const toml::node* node = root_.get(key);
  if (node == nullptr || any_mistake()) return tables;
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    Report(*node, fmt::format("expected '[[{}]]', in two brackets", key));
    return tables;
  }
  for (const toml::node& table : *array) tables.push_back(table.as_table());
  return tables;
}

std::string TomlFile::Text(const toml::node& node, const std::string& key, const std::string& meaning) {
  const toml::value<std::string>* text = node.as_string();
  if (text != nullptr) return text->get();
  Report(node, fmt::format("'{}' is no string; expected {}", key, meaning));
  return "";
}

SourceLine TomlFile::InQuotes(const toml::value<std::string>& text) const {
  SourceLine line;
  line.text = text.get();
  line.number = PositionOf(text).line;
  line.original = std::string(Line(line.number));
  line.original_begin = ByteOf(PositionOf(text)) + 1;
  return line;
}

std::string_view TomlFile::Line(int number) const {
  const auto index = static_cast<std::size_t>(number) - 1;
  return index < lines_.size() ? std::string_view(lines_[index].text) : std::string_view();
}

std::size_t TomlFile::ByteOf(Position position) const {
  const std::string_view line = Line(position.line);
  std::size_t at = 0;
  for (int column = 1; at < line.size(); ++at) {
    if ((static_cast<unsigned char>(line[at]) & 0xc0) == 0x80) continue;
    if (column++ == position.column) break;
  }
  return at;
}

}  // namespace lockstep
