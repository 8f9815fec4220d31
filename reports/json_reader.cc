// SPDX-License-Identifier: MIT
// nlohmann's exceptions stop here.
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

#include "harness/os/json_line.h"
#include "harness/scenario/condition_text.h"
#include "harness/scenario/parser.h"
#include "reports/json.h"
#include "reports/json_words.h"

namespace lockstep::reports {
namespace {

// A value as a T. An integer that a T cannot hold is no such value: nlohmann would convert it somehow.
template <class T>
T As(const Json& json) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    const bool fits = json.is_number_unsigned()
                          ? std::in_range<T>(json.get<std::uint64_t>())
                          : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
    if (!fits) throw Wrong{"expected an integer that fits"};
  }
  return json.get<T>();
}

// The value of a key that may be left out.
template <class T>
T Optional(const Json& json, const char* key, T fallback = {}) {
  const auto found = json.find(key);
  return found == json.end() ? std::move(fallback) : As<T>(*found);
}

const Json& Member(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) throw Wrong{fmt::format("there is no '{}'", key)};
  return *found;
}

template <class T>
T Get(const Json& json, const char* key) {
  return As<T>(Member(json, key));
}

Version VersionFrom(const std::string& text) {
  const auto version = Version::Parse(text);
  if (!version) throw Wrong{fmt::format("'{}' is no version", text)};
  return *version;
}

Condition ConditionFrom(const Json& json) {
  const auto text = Optional<std::string>(json, "when");
  if (text.empty()) return {};
  auto condition = ParseConditionText(text);
  if (!condition) throw Wrong{fmt::format("'{}' is no condition", text)};
  return *condition;
}

Hello HelloFrom(const Json& json) {
  Hello hello;
  hello.protocol = Get<int>(json, "protocol");
  hello.implementation = Get<std::string>(json, "implementation");
  hello.version = Get<std::string>(json, "version");
  hello.language = Get<std::string>(json, "language");
  hello.like = Optional<std::string>(json, "like");
  hello.capabilities = Get<std::set<std::string>>(json, "capabilities");
  for (const auto& [key, value] : Member(json, "build").items())
    hello.build[key] = value.get<std::string>();
  hello.waits = Optional<std::string>(json, "waits", hello.waits);
  hello.owner = Optional<std::string>(json, "owner", hello.owner);
  return hello;
}

Platform PlatformFrom(const Json& json) {
  Platform platform;
  const auto like = Get<std::string>(json, "like");
  if (!like.empty()) platform.like = VersionFrom(like);
  platform.libc = Optional<std::string>(json, "libc");
  const auto libc_version = Optional<std::string>(json, "libc_version");
  if (!libc_version.empty()) platform.libc_version = VersionFrom(libc_version);
  if (const auto other = json.find("other"); other != json.end()) platform.other = std::make_shared<const Platform>(PlatformFrom(*other));
  return platform;
}

Scenario ScenarioFrom(const Json& json) {
  Scenario scenario;
  scenario.name = Get<std::string>(json, "name");
  scenario.says = Get<std::string>(json, "says");
  scenario.source = Get<std::string>(json, "source");
  scenario.level = Get<std::string>(json, "level") == "core" ? Level::kCore : Level::kFull;
  scenario.tags = Get<std::set<std::string>>(json, "tags");
  scenario.needs = Get<std::set<std::string>>(json, "needs");
  scenario.file = Get<std::string>(json, "file");
  scenario.line = Get<int>(json, "line");
  scenario.condition = ConditionFrom(json);
  scenario.rules = Optional<std::set<std::string>>(json, "rules");
  scenario.script = Optional<std::string>(json, "script");
  scenario.steps_text = Get<std::string>(json, "steps");
  // Steps in another version's language are shown as the trace has them.
  if (auto steps = ParseSteps(scenario.steps_text, scenario.file, 1))
    scenario.steps = std::move(*steps);
  return scenario;
}

ExpectedEntry EntryFrom(const Json& json) {
  ExpectedEntry entry;
  entry.scenario = Get<std::string>(json, "scenario");
  entry.kind = ValueOf(Kinds(), Member(json, "verdict"));
  entry.reason = Get<std::string>(json, "reason");
  entry.why = Get<std::string>(json, "why");
  entry.condition = ConditionFrom(json);
  entry.link = Optional<std::string>(json, "link");
  entry.place = Get<std::string>(json, "place");
  return entry;
}

Position PositionFrom(const Json& json) {
  return Position{Get<int>(json, "line"), Get<int>(json, "column")};
}

// ns of a clock that began at 0; what is drawn is reckoned with it.
std::int64_t StampFrom(const Json& json, const char* key) {
  constexpr std::int64_t kMost = std::int64_t{1} << 62U;  // 146 years
  const auto stamp = Optional<std::int64_t>(json, key);
  if (stamp < 0 || stamp > kMost) throw Wrong{fmt::format("{} is {}: expected 0 to {} ns", key, stamp, kMost)};
  return stamp;
}

TraceEntry TraceEntryFrom(const Json& json) {
  TraceEntry entry;
  entry.actor = Get<std::string>(json, "actor");
  entry.step = Get<std::string>(json, "step");
  entry.outcome = Get<std::string>(json, "outcome");
  entry.begin_ns = StampFrom(json, "begin_ns");
  entry.end_ns = StampFrom(json, "end_ns");
  entry.seen_blocked_ns = StampFrom(json, "seen_blocked_ns");
  entry.note = Optional<std::string>(json, "note");
  entry.position = PositionFrom(json);
  return entry;
}

ScenarioRun RunFrom(const Json& json) {
  ScenarioRun run;
  run.end = ValueOf(Ends(), Member(json, "end"));
  run.reason = Optional<std::string>(json, "reason");
  if (const auto found = json.find("divergence"); found != json.end()) {
    run.divergence =
        Divergence{Get<std::string>(*found, "step"), Get<std::string>(*found, "expected"),
                   Get<std::string>(*found, "actual"), Get<std::string>(*found, "operation"),
                   PositionFrom(*found)};
  }
  for (const Json& entry : Member(json, "trace")) run.trace.push_back(TraceEntryFrom(entry));
  if (const auto late = json.find("late"); late != json.end()) {
    for (const Json& one : *late) {
      run.late.push_back(LateCall{
          Get<std::string>(one, "step"), nanoseconds(Get<std::int64_t>(one, "expected_ns")),
          nanoseconds(Get<std::int64_t>(one, "actual_ns")), PositionFrom(one)});
    }
  }
  run.unclean = Optional<std::vector<std::string>>(json, "unclean");
  run.whereabouts = Optional<std::vector<std::string>>(json, "whereabouts");
  run.output = Optional<std::string>(json, "output");
  run.repeats = Get<int>(json, "repeats");
  run.wall = nanoseconds(Get<std::int64_t>(json, "wall_ns"));
  return run;
}

// The lines of one file, one after the other.
class Reader {
 public:
  void Read(const Json& line) {
    const auto type = Get<std::string>(line, "type");
    if (!begun_) {
      if (type != "header") throw Wrong{"this is no report: expected a header in the first line"};
      ReadHeader(line);
    } else if (out_.exit_status) {
      throw Wrong{"there is a line behind the footer"};
    } else if (type == "implementation") {
      ReadImplementation(line);
    } else if (type == "verdict") {
      ReadVerdict(line);
    } else if (type == "footer") {
      ReadFooter(line);
    }
    // Lines of other types come from later versions of this format, and may be passed over.
  }
  bool begun() const { return begun_; }
  bool whole() const { return out_.exit_status.has_value(); }
  StoredReport Take() { return std::move(out_); }

 private:
  void ReadHeader(const Json& line) {
    const int format = Get<int>(line, "format");
    if (format != kReportFormat) {
      throw Wrong{fmt::format("the report is of format {}; expected {}", format, kReportFormat)};
    }
    begun_ = true;
    out_.header.lockstep_version = Get<std::string>(line, "lockstep_version");
    out_.header.started = Get<std::string>(line, "started");
    out_.header.arguments = Get<std::vector<std::string>>(line, "arguments");
    out_.header.rerun_prefix = Optional<std::string>(line, "rerun", out_.header.rerun_prefix);
    rerun_prefix_ = std::make_shared<const std::string>(out_.header.rerun_prefix);
    out_.header.strict = out_.report.strict = Optional<bool>(line, "strict");
    out_.header.shard = Optional<std::string>(line, "shard");
    if (!out_.header.shard.empty() && !ParseShard(out_.header.shard))
      throw Wrong{fmt::format("the shard is '{}': expected one as 2/5", out_.header.shard)};
    out_.header.oracle_name = Optional<std::string>(line, "oracle");
    for (const auto& [key, value] : Member(line, "environment").items()) {
      out_.header.environment.emplace_back(key, value.get<std::string>());
    }
    if (line.contains("lacking")) {
      auto& lacking = out_.header.lacking.emplace();
      for (const Json& one : line.at("lacking"))
        lacking.push_back({Get<std::string>(one, "what"), Get<std::string>(one, "cost"), Get<std::string>(one, "mend")});
    }
    out_.report.environment = out_.header.environment;
    out_.report.oracle_name = out_.header.oracle_name;
  }

  ImplementationReport& Named(const std::string& name) {
    const auto [place, is_new] = places_.emplace(name, out_.report.implementations.size());
    if (is_new) out_.report.implementations.emplace_back().name = name;
    return out_.report.implementations[place->second];
  }

  void ReadImplementation(const Json& line) {
    ImplementationReport& one = Named(Get<std::string>(line, "name"));
    one.family = Get<std::string>(line, "family");
    one.command = Get<std::vector<std::string>>(line, "command");
    one.run_as = Optional<std::vector<std::string>>(line, "run_as");
    one.note = Optional<std::string>(line, "note");
    one.is_oracle = Get<bool>(line, "is_oracle");
    one.only_oracle = Optional<bool>(line, "only_oracle");
    if (const auto hello = line.find("hello"); hello != line.end())
      one.introduction.hello = HelloFrom(*hello);
    one.introduction.failure = Optional<std::string>(line, "failure");
    one.introduction.platform = PlatformFrom(Member(line, "platform"));
  }

  void ReadVerdict(const Json& line) {
    ScenarioVerdict verdict;
    verdict.scenario = ScenarioOf(Member(line, "scenario"));
    verdict.behaviour = ValueOf(Verdicts(), Member(line, "behaviour"));
    verdict.cleanliness = ValueOf(Verdicts(), Member(line, "cleanliness"));
    if (const auto not_run = line.find("not_run"); not_run != line.end())
      verdict.not_run = ValueOf(NotRuns(), *not_run);
    verdict.reason = Optional<std::string>(line, "reason");
    if (const auto entry = line.find("expected"); entry != line.end())
      verdict.expected = EntryOf(*entry);
    verdict.run = RunFrom(Member(line, "run"));
    verdict.rerun_prefix = rerun_prefix_;
    ImplementationReport& one = Named(Get<std::string>(line, "implementation"));
    const auto [place, is_first] =
        rounds_.try_emplace({&one - out_.report.implementations.data(), verdict.scenario->name}, one.verdicts.size());
    if (is_first)
      one.verdicts.push_back(std::move(verdict));
    else
      AddRound(&one.verdicts[place->second], std::move(verdict));
    ++verdicts_;
  }

  void ReadFooter(const Json& line) {
    const auto verdicts = Get<std::size_t>(line, "verdicts");
    if (verdicts != verdicts_) {
      throw Wrong{
          fmt::format("the footer counts {} verdicts, and {} are there", verdicts, verdicts_)};
    }
    for (const Json& json : Member(line, "implementations")) {
      ImplementationReport& one = Named(Get<std::string>(json, "name"));
      one.stale = Get<std::vector<std::string>>(json, "stale");
      one.surprises = Get<bool>(json, "surprises");
      one.wall = nanoseconds(Get<std::int64_t>(json, "wall_ns"));
    }
    out_.report.notes = Get<std::vector<std::string>>(line, "notes");
    out_.report.interrupted = Get<bool>(line, "interrupted");
    out_.report.wall = nanoseconds(Get<std::int64_t>(line, "wall_ns"));
    out_.exit_status = Get<int>(line, "exit_status");
  }

  const Scenario* ScenarioOf(const Json& json) {
    const Scenario*& known = scenarios_[json.dump()];
    if (known == nullptr) known = &out_.scenarios.emplace_back(ScenarioFrom(json));
    return known;
  }
  const ExpectedEntry* EntryOf(const Json& json) {
    const ExpectedEntry*& known = entries_[json.dump()];
    if (known == nullptr) known = &out_.entries.emplace_back(EntryFrom(json));
    return known;
  }

  StoredReport out_;
  bool begun_ = false;
  std::size_t verdicts_ = 0;
  std::shared_ptr<const std::string> rerun_prefix_;
  std::map<std::pair<std::ptrdiff_t, std::string>, std::size_t> rounds_;  // of an implementation's scenario the place of its verdict
  std::map<std::string, std::size_t> places_;
  std::map<std::string, const Scenario*> scenarios_;
  std::map<std::string, const ExpectedEntry*> entries_;
};

// What is wrong with a line; empty: nothing.
std::string TryLine(const std::string& text, Reader* reader, bool* is_json) {
  *is_json = false;
  try {
    const Json line = ParseJsonLine(text);
    if (line.is_discarded()) return "this is no JSON";
    *is_json = true;
    reader->Read(line);
    return "";
  } catch (const Wrong& wrong) {
    return wrong.what;
  } catch (const Json::exception& error) {
    return fmt::format("a value is not of the type that is expected ({})", error.what());
  }
}

}  // namespace

std::optional<std::pair<int, int>> ParseShard(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  int part = 0;
  int parts = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, first] = std::from_chars(text.data(), end, part);
  const auto [behind, second] = std::from_chars(text.data() + slash + 1, end, parts);
  const bool numbers = first == std::errc() && second == std::errc() && rest == text.data() + slash && behind == end;
  return numbers && part >= 1 && part <= parts ? std::optional(std::pair(part, parts)) : std::nullopt;
}

Result<StoredReport> ReadJsonReport(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return FailErrno(path, errno);
  return ReadJsonReport(in, path);
}

Result<StoredReport> ReadJsonReport(std::istream& in, const std::string& path) {
  Reader reader;
  std::string text;
  int number = 0;
  std::string cut_off;
  while (std::getline(in, text)) {
    ++number;
    // Every line has its end: the last one of a file that was cut off has not, and what it says may
    // be only half of it.
    const bool ended = !in.eof();
    bool is_json = false;
    const std::string wrong = TryLine(text, &reader, &is_json);
    if (!ended && reader.begun() && !(is_json && wrong.empty())) {
      cut_off = fmt::format("{}:{}: the report ends within a line", path, number);
      break;
    }
    if (!wrong.empty()) return Fail(fmt::format("{}:{}: {}", path, number, wrong));
  }
  if (in.bad()) return FailErrno(path, errno);
  if (!reader.begun())
    return Fail(fmt::format("{}:1: this is no report: expected a header in the first line", path));
  const bool whole = reader.whole();
  if (!whole && cut_off.empty()) {
    cut_off = fmt::format("{}:{}: the report ends without a footer", path, number);
  }
  StoredReport stored = reader.Take();
  stored.cut_off = std::move(cut_off);
  return stored;
}

}  // namespace lockstep::reports
