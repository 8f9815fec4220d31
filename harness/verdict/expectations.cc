// SPDX-License-Identifier: MIT
// Expectations files. What TOML's library throws stops here.
#include "harness/verdict/expectations.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "harness/engine/matching.h"
#include "harness/os/text_file.h"
#include "harness/scenario/condition_text.h"
#include "harness/scenario/source.h"

namespace lockstep {
namespace {

using transcript::DidYouMean;
using transcript::JoinQuoted;
using transcript::SourceLine;

constexpr std::array kKinds = {ExpectedKind::kFail,        ExpectedKind::kCrash,
                               ExpectedKind::kHang,        ExpectedKind::kUnclean,
                               ExpectedKind::kUnsupported, ExpectedKind::kNotRun};

const std::vector<std::string>& Keys() {
  static const std::vector<std::string> keys = {"scenario", "verdict", "reason",
                                                "when",     "why",     "link"};
  return keys;
}

std::vector<std::string> KindNames() {
  std::vector<std::string> names;
  names.reserve(kKinds.size());
  for (const ExpectedKind kind : kKinds) names.emplace_back(ToText(kind));
  return names;
}

Concern ConcernOf(ExpectedKind kind) {
  const bool lack = kind == ExpectedKind::kUnsupported || kind == ExpectedKind::kNotRun;
  return lack ? Concern::kLack : Concern::kConduct;
}

bool IsPatternCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._/*").find(c) != std::string_view::npos;
}

}  // namespace

// The last star alone is gone back to: what an earlier one takes, a later one may as well.
bool MatchesPattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> after_star;
  std::size_t star_takes_to = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_takes_to = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (after_star) {
      p = *after_star;
      t = ++star_takes_to;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

namespace {

Position At(const toml::source_region& region) {
  return Position{static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

// One file. The first mistake is kept; whatever comes after it may be its consequence.
class FileParser {
 public:
  FileParser(std::string_view text, const std::string& file)
      : text_(text), file_(file), lines_(transcript::SplitLines(text, 1)) {}

  Result<std::vector<ExpectedEntry>> Parse() {
    for (const SourceLine& line : lines_) {
      const auto at = transcript::FindInvalidUtf8(line.text);
      if (at) Report(line.At(*at), "not UTF-8; expected text in UTF-8");
    }
    std::vector<ExpectedEntry> entries;
    if (!mistakes_.any()) ReadRoot(&entries);
    if (!mistakes_.any()) return entries;
    const Position position = mistakes_.position();
    return Fail(transcript::RenderMistake(file_, position, mistakes_.what(), Line(position.line)),
                hint_);
  }

 private:
  std::string_view Line(int number) const {
    const auto index = static_cast<std::size_t>(number) - 1;
    return index < lines_.size() ? std::string_view(lines_[index].text) : std::string_view();
  }

  void Report(Position position, std::string what, std::string hint = "") {
    if (!mistakes_.any()) hint_ = std::move(hint);
    mistakes_.Report(position, std::move(what));
  }

  void ReadRoot(std::vector<ExpectedEntry>* entries) {
    std::optional<toml::table> root;
    try {
      root = toml::parse(text_, file_);
    } catch (const toml::parse_error& error) {
      Report(At(error.source()), std::string(error.description()));
      return;
    }
    CheckKeys(*root, {"expect"});
    const toml::node* node = root->get("expect");
    if (node == nullptr || mistakes_.any()) return;
    const toml::array* tables = node->as_array();
    if (tables == nullptr || !tables->is_homogeneous<toml::table>()) {
      Report(At(node->source()), "expected '[[expect]]', in two brackets");
      return;
    }
    for (const toml::node& table : *tables) {
      ExpectedEntry entry = ReadEntry(*table.as_table());
      if (mistakes_.any()) return;
      CheckNew(*entries, entry, *table.as_table());
      entries->push_back(std::move(entry));
    }
  }

  // The first key, as written, that is not one of `known`.
  void CheckKeys(const toml::table& table, const std::vector<std::string>& known) {
    const toml::key* first = nullptr;
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      if (first == nullptr || key.source().begin < first->source().begin) first = &key;
    }
    if (first == nullptr) return;
    const std::string name(first->str());
    Report(At(first->source()), fmt::format("unknown key '{}'{}", name, Expected(name, known)));
  }

  // "; did you mean 'x'?" or, where nothing is near, what there is.
  static std::string Expected(const std::string& word, const std::vector<std::string>& known) {
    const std::string near = DidYouMean(word, known);
    return near.empty() ? "; expected " + JoinQuoted(known, "or") : near;
  }

  ExpectedEntry ReadEntry(const toml::table& table) {
    CheckKeys(table, Keys());
    ExpectedEntry entry;
    entry.place = fmt::format("{}:{}", file_, table.source().begin.line);
    entry.scenario = ReadText(table, "scenario", "the name of a scenario, or a pattern with '*'");
    ReadKind(table, &entry);
    entry.reason = ReadText(table, "reason", "what comes instead, as in \"raises TypeError: ...\"");
    entry.why = ReadText(table, "why", "a sentence for people: what differs");
    if (table.get("link") != nullptr)
      entry.link = ReadText(table, "link", "the address of an issue or a page");
    if (const toml::node* when = table.get("when")) entry.condition = ReadCondition(*when);
    if (!mistakes_.any()) CheckPattern(entry.scenario, *table.get("scenario"));
    return entry;
  }

  std::string ReadText(const toml::table& table, const std::string& key,
                       const std::string& meaning) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      Report(At(table.source()), fmt::format("this entry has no '{}'; expected {}", key, meaning));
      return "";
    }
    const toml::value<std::string>* text = node->as_string();
    if (text == nullptr) {
      Report(At(node->source()), fmt::format("'{}' is no string; expected {}", key, meaning));
      return "";
    }
    const bool blank = text->get().find_first_not_of(" \t\r\n") == std::string::npos;
    if (blank) {
      const bool is_reason = key == "reason";
      Report(At(node->source()), fmt::format("'{}' is empty; expected {}", key, meaning),
             is_reason
                 ? "An entry without its reason would hide every other defect of the scenario."
                 : "");
    }
    return text->get();
  }

  void ReadKind(const toml::table& table, ExpectedEntry* entry) {
    const std::string name = ReadText(table, "verdict", JoinQuoted(KindNames(), "or"));
    if (mistakes_.any()) return;
    for (const ExpectedKind kind : kKinds) {
      if (name != ToText(kind)) continue;
      entry->kind = kind;
      return;
    }
    Report(At(table.get("verdict")->source()),
           fmt::format("'{}' is no verdict to expect{}", name, Expected(name, KindNames())));
  }

  Condition ReadCondition(const toml::node& node) {
    const toml::value<std::string>* text = node.as_string();
    if (text == nullptr) {
      Report(At(node.source()), "'when' is no string; expected as in when = \">= 3.12\"");
      return {};
    }
    SourceLine line;
    line.text = text->get();
    line.number = At(node.source()).line;
    line.original = std::string(Line(line.number));
    // Behind the opening quote; columns count characters.
    int column = 1;
    for (std::size_t at = 0; at < line.original.size() && column <= At(node.source()).column;
         ++at) {
      if ((static_cast<unsigned char>(line.original[at]) & 0xc0) != 0x80) ++column;
      line.original_begin = at + 1;
    }
    return transcript::ParseConditionLine(line, &mistakes_);
  }

  void CheckPattern(const std::string& pattern, const toml::node& node) {
    const auto bad = std::find_if_not(pattern.begin(), pattern.end(), IsPatternCharacter);
    if (bad == pattern.end()) return;
    Report(At(node.source()),
           fmt::format("'{}' is no name of a scenario; expected letters, digits, '-', '.', '_' and "
                       "'/', and '*' for any text",
                       pattern),
           "Regular expressions and character classes are not known here.");
  }

  // Of two entries about one thing, of one pattern and one condition, the second would never be
  // asked.
  void CheckNew(const std::vector<ExpectedEntry>& entries, const ExpectedEntry& entry,
                const toml::table& table) {
    for (const ExpectedEntry& other : entries) {
      const bool same = other.scenario == entry.scenario &&
                        other.condition.text == entry.condition.text &&
                        ConcernOf(other.kind) == ConcernOf(entry.kind) &&
                        (ConcernOf(entry.kind) == Concern::kConduct || other.reason == entry.reason);
      if (!same) continue;
      Report(
          At(table.get("scenario")->source()),
          fmt::format("a second entry for '{}'; the first is at {}", entry.scenario, other.place),
          "Join them, or tell them apart with 'when'.");
      return;
    }
  }

  const std::string_view text_;
  const std::string& file_;
  const std::vector<SourceLine> lines_;
  transcript::Mistakes mistakes_;
  std::string hint_;
};

}  // namespace

const char* ToText(ExpectedKind kind) {
  switch (kind) {
    case ExpectedKind::kFail:
      return "fail";
    case ExpectedKind::kCrash:
      return "crash";
    case ExpectedKind::kHang:
      return "hang";
    case ExpectedKind::kUnclean:
      return "unclean";
    case ExpectedKind::kUnsupported:
      return "unsupported";
    case ExpectedKind::kNotRun:
      return "not_run";
  }
  CHECK(false);
}

Result<Expectations> Expectations::Parse(std::string_view text, const std::string& file) {
  auto entries = FileParser(text, file).Parse();
  if (!entries) return tl::unexpected<Error>(entries.error());
  Expectations out;
  out.entries_ = std::move(*entries);
  return out;
}

Result<Expectations> Expectations::Load(const std::string& file) {
  const auto text = ReadTextFile(file);
  if (text) return Parse(*text, file);
  return Fail(text.error().message, "lockstep expect IMPL --update begins one; or take it out where it is named");
}

void Expectations::Append(Expectations other) {
  std::move(other.entries_.begin(), other.entries_.end(), std::back_inserter(entries_));
}

ExpectedEntry* Expectations::Find(const std::string& scenario, const Platform& platform,
                                  Concern concern, const std::string& lack) {
  ExpectedEntry* first = nullptr;
  for (ExpectedEntry& entry : entries_) {
    if (ConcernOf(entry.kind) != concern || !MatchesPattern(entry.scenario, scenario) ||
        !entry.condition.Holds(platform))
      continue;
    if (concern == Concern::kConduct || MatchesText(entry.reason, lack)) return &entry;
    if (first == nullptr) first = &entry;
  }
  return first;
}

std::vector<std::string> Expectations::Stale(const Platform& platform) const {
  std::vector<std::string> out;
  for (const ExpectedEntry& entry : entries_) {
    if (entry.matched || entry.unsettled || !entry.condition.Holds(platform)) continue;
    if (entry.passed) {
      out.push_back(fmt::format("{}: '{}' is expected to be '{}', and passed: remove the entry",
                                entry.place, entry.scenario, ToText(entry.kind)));
    } else {
      out.push_back(fmt::format(
          "{}: '{}' is no scenario's name, or an earlier entry comes before it: remove the entry",
          entry.place, entry.scenario));
    }
  }
  return out;
}

}  // namespace lockstep
