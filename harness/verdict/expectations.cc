// SPDX-License-Identifier: MIT
#include "harness/verdict/expectations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "harness/engine/matching.h"
#include "harness/os/text_file.h"
#include "harness/scenario/condition_text.h"
#include "harness/text/toml_file.h"

namespace lockstep {
namespace {


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

// One file. A mistake is kept, and then nothing else matters: see TomlFile.
class FileParser {
 public:
  FileParser(std::string_view text, const std::string& name, const std::string& called)
      : file_(text, name), called_(called.empty() ? name : called) {}

  Result<std::vector<ExpectedEntry>> Parse() {
    std::vector<ExpectedEntry> entries;
    for (const toml::table* table : file_.Tables("expect")) {
      ExpectedEntry entry = ReadEntry(*table);
      if (any_mistake()) break;
      CheckNew(entries, entry, *table);
      entries.push_back(std::move(entry));
    }
    if (any_mistake()) return tl::unexpected<Error>(file_.error());
    return entries;
  }

 private:
  bool any_mistake() const { return file_.any_mistake(); }

  ExpectedEntry ReadEntry(const toml::table& table) {
    file_.CheckKeys(table, Keys());
    ExpectedEntry entry;
    entry.place = fmt::format("{}:{}", called_, table.source().begin.line);
    entry.scenario = ReadText(table, "scenario", "the name of a scenario, or a pattern with '*'");
    ReadKind(table, &entry);
    entry.reason = ReadText(table, "reason", "what comes instead, as in \"raises TypeError: ...\"");
    entry.why = ReadText(table, "why", "a sentence for people: what differs");
    if (table.get("link") != nullptr)
      entry.link = ReadText(table, "link", "the address of an issue or a page");
    if (const toml::node* when = table.get("when")) entry.condition = ReadCondition(*when);
    if (!any_mistake()) CheckPattern(entry.scenario, *table.get("scenario"));
    return entry;
  }

  std::string ReadText(const toml::table& table, const std::string& key,
                       const std::string& meaning) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      file_.Report(table, fmt::format("this entry has no '{}'; expected {}", key, meaning));
      return "";
    }
    std::string text = file_.Text(*node, key, meaning);
    const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
    if (blank) {
      file_.Report(*node, fmt::format("'{}' is empty; expected {}", key, meaning),
                   key == "reason" ? "An entry without its reason would hide every other defect of the scenario." : "");
    }
    return text;
  }

  void ReadKind(const toml::table& table, ExpectedEntry* entry) {
    const std::string name = ReadText(table, "verdict", JoinQuoted(KindNames(), "or"));
    if (any_mistake()) return;
    for (const ExpectedKind kind : kKinds) {
      if (name != ToText(kind)) continue;
      entry->kind = kind;
      return;
    }
    file_.Report(*table.get("verdict"), fmt::format("'{}' is no verdict to expect{}", name, DidYouMeanOrExpected(name, KindNames())));
  }

  Condition ReadCondition(const toml::node& node) {
    file_.Text(node, "when", "as in when = \">= 3.12\"");
    return any_mistake() ? Condition{} : transcript::ParseConditionLine(file_.InQuotes(*node.as_string()), file_.mistakes());
  }

  void CheckPattern(const std::string& pattern, const toml::node& node) {
    const auto bad = std::find_if_not(pattern.begin(), pattern.end(), IsPatternCharacter);
    if (bad == pattern.end()) return;
    file_.Report(node,
                 fmt::format("'{}' is no name of a scenario; expected letters, digits, '-', '.', '_' and '/', and '*' for any text",
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
      file_.Report(*table.get("scenario"), fmt::format("a second entry for '{}'; the first is at {}", entry.scenario, other.place),
                   "Join them, or tell them apart with 'when'.");
      return;
    }
  }

  TomlFile file_;
  const std::string& called_;
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

Result<Expectations> Expectations::Parse(std::string_view text, const std::string& file,
                                         const std::string& called) {
  auto entries = FileParser(text, file, called).Parse();
  if (!entries) return tl::unexpected<Error>(entries.error());
  Expectations out;
  out.entries_ = std::move(*entries);
  return out;
}

Result<Expectations> Expectations::Load(const std::string& file, const std::string& called) {
  const auto text = ReadTextFile(file);
  if (text) return Parse(*text, file, called);
  return Fail(text.error().message, "lockstep expect IMPL --update begins one; or take it out where it is named");
}

void Expectations::Append(Expectations other) {
  std::move(other.entries_.begin(), other.entries_.end(), std::back_inserter(entries_));
}

std::vector<ExpectedEntry*> Expectations::Covering(const std::string& scenario, const Platform& platform, Concern concern) {
  std::vector<ExpectedEntry*> covering;
  for (ExpectedEntry& entry : entries_) {
    if (ConcernOf(entry.kind) == concern && MatchesPattern(entry.scenario, scenario) && entry.condition.Holds(platform))
      covering.push_back(&entry);
  }
  return covering;
}

ExpectedEntry* Expectations::Find(const std::string& scenario, const Platform& platform, Concern concern, const std::string& lack) {
  const std::vector<ExpectedEntry*> covering = Covering(scenario, platform, concern);
  if (covering.empty()) return nullptr;
  const auto matching = std::find_if(covering.begin(), covering.end(), [&](const ExpectedEntry* entry) {
    return concern == Concern::kConduct || MatchesText(entry->reason, lack);
  });
  return matching == covering.end() ? covering.front() : *matching;
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
