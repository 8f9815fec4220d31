// SPDX-License-Identifier: MIT
#include "harness/verdict/expectations_update.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "harness/text/source.h"

namespace lockstep {
namespace {

// A TOML basic string.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// What differs between two runs of one failure (times, addresses) as `...`.
std::string Steady(std::string_view actual) {
  constexpr std::size_t kAddressDigits = 12;
  std::string out;
  for (std::size_t at = 0; at < actual.size();) {
    std::size_t end = at;
    const auto digit = [&](std::size_t i) {
      return i < actual.size() && std::isdigit(static_cast<unsigned char>(actual[i])) != 0;
    };
    while (digit(end) || (end > at && end < actual.size() && actual[end] == '.' && digit(end + 1))) ++end;
    const bool time = end > at && (actual.substr(end, 2) == "ms" || actual.substr(end, 3) == " ms");
    if (time || end - at >= kAddressDigits) {
      out += "...";
      at = end;
    } else {
      out += actual.substr(at, std::max<std::size_t>(end - at, 1));
      at = std::max(end, at + 1);
    }
  }
  return out;
}

// What was left behind, less which descriptors they were: their numbers are chance.
std::string WithoutDetails(const ScenarioRun& run) {
  ScenarioRun plain;
  for (const std::string& item : run.unclean) {
    const std::size_t details = item.find(" descriptors more than it should: ");
    plain.unclean.push_back(
        details == std::string::npos ? Steady(item) : item.substr(0, item.find(": ", details) + 2) + "...");
  }
  return UncleanText(plain);
}

std::string_view Unindented(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
}

// What follows the string that begins here: "  # a comment", or nothing.
std::string CommentOf(std::string_view value) {
  const std::size_t quote = value.find_first_of("\"'");
  if (quote == std::string_view::npos) return "";
  std::size_t end = quote + 1;
  while (end < value.size() && value[end] != value[quote])
    end += value[quote] == '"' && value[end] == '\\' ? 2 : 1;
  const std::size_t comment = value.find('#', std::min(end, value.size()));
  return comment == std::string_view::npos ? "" : "  " + std::string(value.substr(comment));
}

// What a verdict would have to be expected as; nothing where there is nothing to expect.
struct Came {
  ExpectedKind kind;
  std::string reason;
};
std::optional<Came> CameOf(const ScenarioVerdict& verdict) {
  if (verdict.behaviour == Verdict::kUnsupported)
    return Came{ExpectedKind::kUnsupported, verdict.reason};
  if (verdict.behaviour == Verdict::kFail && verdict.run.divergence) {
    return Came{KindOf(*verdict.run.divergence), Steady(verdict.run.divergence->actual)};
  }
  if (verdict.run.end == ScenarioRun::End::kCompleted && verdict.cleanliness == Verdict::kFail)
    return Came{ExpectedKind::kUnclean, WithoutDetails(verdict.run)};
  return std::nullopt;
}

std::string EntryText(const std::string& scenario, const Came& came) {
  return fmt::format("[[expect]]\nscenario = {}\nverdict  = \"{}\"\nreason   = {}\nwhy      = {}\n",
                     Quoted(scenario), ToText(came.kind), Quoted(came.reason),
                     Quoted(kUnexplained));
}

class Rewriter {
 public:
  Rewriter(std::string_view text, const Expectations& judged) : judged_(judged) {
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) lines_.push_back(line);
    for (const ExpectedEntry& entry : judged.entries()) blocks_.push_back(BlockOf(entry));
  }

  // Whether every entry is a table of its own, so that editing lines can change it.
  bool IsEditable() const {
    return std::all_of(blocks_.begin(), blocks_.end(), [](const Block& b) { return b.end > b.begin; });
  }

  void Run(const std::vector<ScenarioVerdict>& verdicts, const Platform& platform) {
    std::map<std::string, int> lacking;  // reason → scenarios
    for (const ScenarioVerdict& verdict : verdicts) {
      const auto came = CameOf(verdict);
      const bool listed = verdict.expected != nullptr &&
                          verdict.Overall() != Verdict::kFail;  // a failure may name one in vain
      if (!came || listed) continue;
      if (came->kind == ExpectedKind::kUnsupported) {
        ++lacking[came->reason];
        continue;
      }
      Put(verdict, *came);
    }
    for (const auto& [reason, scenarios] : lacking) {
      Append("*", Came{ExpectedKind::kUnsupported, reason},
             fmt::format("unsupported, {} ({} scenario{})", reason, scenarios,
                         scenarios == 1 ? "" : "s"));
    }
    RemoveStale(platform);
  }

  ExpectationsUpdate Take() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      for (const std::string& entry : before_[i]) update_.text += entry + "\n";
      if (gone_.count(i) == 0) update_.text += lines_[i] + "\n";
    }
    for (const std::string& entry : at_the_end_) update_.text += "\n" + entry;
    return std::move(update_);
  }

 private:
  struct Block {
    std::size_t begin = 0;  // of `[[expect]]`, in lines_
    std::size_t end = 0;    // behind the last key
  };

  // Empty: it is no table that begins on a line of its own.
  Block BlockOf(const ExpectedEntry& entry) const {
    const std::string number = entry.place.substr(entry.place.rfind(':') + 1);
    Block block;
    block.begin = static_cast<std::size_t>(std::stoul(number)) - 1;
    if (block.begin >= lines_.size() || !Unindented(lines_[block.begin]).starts_with("[[")) return {};
    block.end = block.begin + 1;
    for (std::size_t i = block.end; i < lines_.size(); ++i) {
      const std::string_view line = Unindented(lines_[i]);
      if (line.starts_with("[")) break;
      if (!line.empty() && line.front() != '#') block.end = i + 1;
    }
    return block;
  }

  // The entry's place among judged_.entries(); nothing for none.
  std::optional<std::size_t> IndexOf(const ExpectedEntry* entry) const {
    if (entry == nullptr) return std::nullopt;
    return static_cast<std::size_t>(entry - judged_.entries().data());
  }

  void Put(const ScenarioVerdict& verdict, const Came& came) {
    const std::string& name = verdict.scenario->name;
    const std::string told = fmt::format("{}, {}", ToText(came.kind), came.reason);
    const auto index = IndexOf(verdict.expected);
    if (!index) {
      Append(name, came, told);
    } else if (verdict.expected->scenario == name) {
      SetKey(*index, "verdict", "\"" + std::string(ToText(came.kind)) + "\"");
      SetKey(*index, "reason", Quoted(came.reason));
      // What explained the old reason does not explain this one.
      const std::string& why = verdict.expected->why;
      if (!why.starts_with(kUnexplained))
        SetKey(*index, "why", Quoted(std::string(kUnexplained) + " Before it changed: " + why));
      changed_.insert(*index);
      update_.changes.push_back(fmt::format("changed {}: {}", name, told));
    } else {
      before_[blocks_[*index].begin].push_back(EntryText(name, came));
      update_.changes.push_back(
          fmt::format("added {}, before '{}': {}", name, verdict.expected->scenario, told));
      ++update_.added;
    }
  }

  void Append(const std::string& scenario, const Came& came, const std::string& told) {
    at_the_end_.push_back(EntryText(scenario, came));
    ++update_.added;
    update_.changes.push_back(fmt::format("added {}: {}", scenario, told));
  }

  // Keeps what stands before the value, so that columns stay aligned.
  void SetKey(std::size_t index, const std::string& key, const std::string& value) {
    for (std::size_t i = blocks_[index].begin; i < blocks_[index].end; ++i) {
      std::string& line = lines_[i];
      const std::size_t equals = line.find('=');
      if (equals == std::string::npos || !Unindented(line).starts_with(key)) continue;
      line = line.substr(0, equals + 1) + " " + value + CommentOf(line.substr(equals + 1));
    }
  }

  void RemoveStale(const Platform& platform) {
    for (std::size_t i = 0; i < judged_.entries().size(); ++i) {
      const ExpectedEntry& entry = judged_.entries()[i];
      if (!entry.condition.Holds(platform)) continue;
      if ((entry.matched || entry.unsettled) && entry.passed &&
          entry.kind != ExpectedKind::kUnsupported) {
        update_.by_hand.push_back(fmt::format(
            "{}: some of '{}' pass, others do not: narrow the pattern", entry.place, entry.scenario));
      }
      if (entry.matched || entry.unsettled || changed_.count(i) != 0) continue;
      for (std::size_t line = blocks_[i].begin; line < blocks_[i].end; ++line) gone_.insert(line);
      // One of the empty lines around it goes with it.
      if (blocks_[i].end < lines_.size() && lines_[blocks_[i].end].empty())
        gone_.insert(blocks_[i].end);
      ++update_.removed;
      update_.changes.push_back(fmt::format("removed {}: it {}", entry.scenario,
                                            entry.passed ? "passed" : "matched nothing"));
    }
  }

  const Expectations& judged_;
  std::vector<std::string> lines_;
  std::vector<Block> blocks_;  // of judged_.entries()
  std::set<std::size_t> changed_;  // of judged_.entries()
  std::set<std::size_t> gone_;
  std::map<std::size_t, std::vector<std::string>> before_;  // a line → entries to stand before it
  std::vector<std::string> at_the_end_;
  ExpectationsUpdate update_;
};

}  // namespace

const char* const kUnexplained = "Not explained yet.";

Result<ExpectationsUpdate> UpdateExpectations(std::string_view text, const Expectations& judged,
                                      const std::vector<ScenarioVerdict>& verdicts,
                                      const Platform& platform) {
  Rewriter rewriter(text, judged);
  const auto refuse = [] {
    return Fail("this file is laid out as --update cannot edit it",
                "write each entry as a table [[expect]] of its own, with each value on one line");
  };
  if (!rewriter.IsEditable()) return refuse();
  rewriter.Run(verdicts, platform);
  ExpectationsUpdate update = rewriter.Take();
  if (update.changes.empty()) update.text = std::string(text);
  // Lines were edited, not TOML: look whether that came to what was meant.
  const auto reread = Expectations::Parse(update.text, "what --update would write");
  const std::size_t wanted = judged.entries().size() + update.added - update.removed;
  if (!reread || reread->entries().size() != wanted) return refuse();
  return update;
}

}  // namespace lockstep
