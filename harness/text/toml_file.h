// SPDX-License-Identifier: MIT
// A TOML file that people write, and how they are told of a mistake in it. What TOML's library throws stops here. Not for several
// threads; nothing here blocks.
#ifndef LOCKSTEP_HARNESS_TEXT_TOML_FILE_H_
#define LOCKSTEP_HARNESS_TEXT_TOML_FILE_H_

#include <toml++/toml.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/os/result.h"
#include "harness/text/source.h"

namespace lockstep {

// Where TOML's library found something, in lines and characters.
Position PositionOf(const toml::source_region& region);
inline Position PositionOf(const toml::node& node) { return PositionOf(node.source()); }

// The first mistake is kept, and what is read after it means nothing: whoever reads looks at any_mistake() before using it.
class TomlFile {
 public:
  // `name`: what mistakes call it. Text that is not UTF-8, or no TOML, is a mistake, and root() then is empty.
  TomlFile(std::string_view text, std::string name);

  const std::string& name() const { return name_; }
  const toml::table& root() const { return root_; }
  // Its lines, the first of them [0].
  const std::vector<SourceLine>& lines() const { return lines_; }

  void Report(Position position, std::string what, std::string hint = "");
  void Report(const toml::node& node, std::string what, std::string hint = "") {
    Report(PositionOf(node), std::move(what), std::move(hint));
  }
  bool any_mistake() const { return mistakes_.any(); }
  // The mistake, with its line and a caret. There must be one.
  Error error() const;

  // A mistake: the first key, as written, that is not one of `known`.
  void CheckKeys(const toml::table& table, const std::vector<std::string>& known);
  // The file as nothing but tables [[`key`]]; none where it has none.
  std::vector<const toml::table*> Tables(const std::string& key);
  // A text in quotes, of `key`; `meaning`: what was expected of it.
  std::string Text(const toml::node& node, const std::string& key, const std::string& meaning = "text in quotes");
  // What stands between the quotes of a text of one line, for a parser of its own that leaves its mistake with mistakes().
  SourceLine InQuotes(const toml::value<std::string>& text) const;
  Mistakes* mistakes() { return &mistakes_; }

  std::string_view Line(int number) const;
  // Where a position is in its line, in bytes.
  std::size_t ByteOf(Position position) const;

 private:
  std::string name_;
  std::vector<SourceLine> lines_;
  toml::table root_;
  Mistakes mistakes_;
  std::string hint_;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_TEXT_TOML_FILE_H_
