// SPDX-License-Identifier: MIT
#include "reports/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "harness/os/result.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

// What a verdict says for a comparison.
enum class State { kAbsent, kPasses, kFails, kKnown, kUnjudged, kInError };

// Where an oracle fails that nobody asked to be judged, nothing is certified.
State StateOf(const MergedImplementation& one, const ScenarioVerdict* verdict) {
  if (verdict == nullptr) return State::kAbsent;
  switch (verdict->Overall()) {
    case Verdict::kPass:
    case Verdict::kUnexpectedPass:
      return State::kPasses;
    case Verdict::kFail:
      return one.report->only_oracle ? State::kInError : State::kFails;
    case Verdict::kHarnessError:
      return State::kInError;
    case Verdict::kExpectedFail:
      return State::kKnown;
    case Verdict::kUnsupported:
    case Verdict::kNotRun:
      return State::kUnjudged;
  }
  CHECK(false);
}

// What a scenario of another version is, is not there.
const ScenarioVerdict* Selected(const ScenarioVerdict* verdict) {
  return verdict != nullptr && verdict->Overall() == Verdict::kNotRun && verdict->not_run == NotRun::kFiltered ? nullptr : verdict;
}

bool SameReason(const ScenarioVerdict& before, const ScenarioVerdict& after) { return FailureTitle(before) == FailureTitle(after); }

// Nothing: it is as it was.
std::optional<Change> ChangeOf(State was, const ScenarioVerdict* before, State is, const ScenarioVerdict* after) {
  if (is == State::kAbsent) return was == State::kAbsent ? std::nullopt : std::optional(Change::kGone);
  if (is == State::kFails && was != State::kFails) return Change::kNewlyFailing;
  if (is == State::kInError) return was == State::kInError ? std::nullopt : std::optional(Change::kInError);
  if (was == State::kAbsent) return Change::kNew;
  switch (is) {
    case State::kFails:
      return SameReason(*before, *after) ? std::nullopt : std::optional(Change::kChangedReason);
    case State::kKnown:
      if (was == State::kFails) return Change::kExpectedNow;
      if (was != State::kKnown) return Change::kKnownNow;
      return SameReason(*before, *after) ? std::nullopt : std::optional(Change::kChangedReason);
    case State::kPasses:
      if (was == State::kFails) return Change::kFixed;
      if (was == State::kKnown) return Change::kNewlyPassing;
      return was == State::kPasses ? std::nullopt : std::optional(Change::kJudgedNow);
    case State::kUnjudged:
      return was == State::kUnjudged || was == State::kInError ? std::nullopt : std::optional(Change::kNoLongerJudged);
    case State::kInError:
    case State::kAbsent:
      break;
  }
  CHECK(false);
}

bool Judged(State state) {
  return state == State::kPasses || state == State::kFails || state == State::kKnown;
}

// The new report's scenarios in its order, and behind them those of the old one that are gone.
std::vector<std::string> ScenariosOf(const MergedReport& before, const MergedReport& after) {
  std::vector<std::string> names;
  std::set<std::string> known;
  for (const MergedReport* report : {&after, &before}) {
    for (const Area& area : report->areas) {
      for (const Scenario* scenario : area.scenarios) {
        if (known.insert(scenario->name).second) names.push_back(scenario->name);
      }
    }
  }
  return names;
}

ImplementationComparison CompareOne(const MergedImplementation& before, const MergedImplementation& after,
                                    const std::vector<std::string>& scenarios) {
  ImplementationComparison out;
  out.before = &before;
  out.after = &after;
  for (const std::string& scenario : scenarios) {
    const ScenarioVerdict* was = Selected(before.Find(scenario));
    const ScenarioVerdict* is = Selected(after.Find(scenario));
    if (was == nullptr && is == nullptr) continue;
    const State state_was = StateOf(before, was);
    const State state_is = StateOf(after, is);
    if (Judged(state_was) && Judged(state_is)) ++out.compared;
    if (const auto change = ChangeOf(state_was, was, state_is, is))
      out.changes.push_back({*change, scenario, was, is});
    else
      ++out.same;
  }
  std::stable_sort(out.changes.begin(), out.changes.end(),
                   [](const ScenarioChange& a, const ScenarioChange& b) { return a.change < b.change; });
  return out;
}

// Of each family the implementations that have no namesake on the other side.
std::map<std::string, std::vector<const MergedImplementation*>> Unmatched(const MergedReport& here, const MergedReport& there) {
  std::map<std::string, std::vector<const MergedImplementation*>> families;
  for (const MergedImplementation& one : here.implementations) {
    if (there.Find(one.report->name) == nullptr) families[one.report->family].push_back(&one);
  }
  return families;
}

}  // namespace

const char* ToText(Change change) {
  switch (change) {
    case Change::kNewlyFailing:
      return "newly failing";
    case Change::kInError:
      return "newly in error";
    case Change::kKnownNow:
      return "failing and expected now";
    case Change::kFixed:
      return "fixed";
    case Change::kNewlyPassing:
      return "newly passing";
    case Change::kChangedReason:
      return "failing otherwise";
    case Change::kExpectedNow:
      return "expected now";
    case Change::kJudgedNow:
      return "judged now";
    case Change::kNoLongerJudged:
      return "no longer judged";
    case Change::kNew:
      return "new";
    case Change::kGone:
      return "gone";
  }
  CHECK(false);
}

std::size_t ImplementationComparison::Count(Change change) const {
  return static_cast<std::size_t>(
      std::count_if(changes.begin(), changes.end(), [&](const ScenarioChange& one) { return one.change == change; }));
}

std::string ImplementationComparison::Name() const {
  const std::string& was = before->report->name;
  const std::string& is = after->report->name;
  return was == is ? is : fmt::format("{} -> {}", was, is);
}

std::size_t Comparison::Count(Change change) const {
  std::size_t count = 0;
  for (const ImplementationComparison& one : implementations) count += one.Count(change);
  return count;
}

std::vector<std::string> Comparison::Notes() const {
  std::vector<std::string> notes;
  for (const auto& [report, when] : {std::pair(before, "before"), {after, "after"}}) {
    for (const std::string& note : report->notes) notes.push_back(fmt::format("{}: {}", when, note));
  }
  return notes;
}

std::string Comparison::Less() const {
  std::string text;
  for (const auto& [kind, words] : {std::pair(Change::kKnownNow, "failing and expected now"), {Change::kNoLongerJudged, "no longer judged"},
                                    {Change::kGone, "gone"}}) {
    if (const std::size_t count = Count(kind); count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, words);
  }
  return text;
}

std::string Comparison::Lost() const {
  const auto judged = [&](const std::string& name) { return !before->Find(name)->report->only_oracle; };
  const auto lost = std::find_if(only_before.begin(), only_before.end(), judged);
  return lost == only_before.end() ? "" : *lost;
}

bool Comparison::AnyCompared() const {
  return std::any_of(implementations.begin(), implementations.end(),
                     [](const ImplementationComparison& one) { return one.compared > 0 && !one.after->report->only_oracle; });
}

int Comparison::ExitStatus() const {
  if (Count(Change::kNewlyFailing) > 0) return 1;
  if (!AnyCompared() || !Lost().empty() || !withheld.empty()) return 4;
  return Count(Change::kInError) > 0 ? 3 : 0;
}

std::vector<Change> Comparison::Kinds() const {
  std::vector<Change> kinds = {Change::kNewlyFailing};
  for (std::size_t i = 1; i < kChanges; ++i) {
    if (Count(static_cast<Change>(i)) > 0) kinds.push_back(static_cast<Change>(i));
  }
  return kinds;
}

std::string Comparison::Title() const {
  const std::size_t failing = Count(Change::kNewlyFailing);
  if (failing > 0) return fmt::format("{} newly {}", Counted(failing, "scenario"), failing == 1 ? "fails" : "fail");
  const int status = ExitStatus();
  if (status == 4 && !withheld.empty()) return "withheld";
  if (status == 4 && !AnyCompared()) return "nothing can be compared";
  if (status == 4) return fmt::format("nothing newly fails, but {} is no longer there", Lost());
  if (status == 3) return "nothing newly fails, but the harness or an adapter did";
  if (const std::string less = Less(); !less.empty()) return "nothing newly fails, but " + less;
  const bool changed = !only_before.empty() || !only_after.empty() ||
                       std::any_of(implementations.begin(), implementations.end(),
                                   [](const ImplementationComparison& one) { return !one.changes.empty(); });
  return changed ? "nothing newly fails" : "nothing changed";
}

Comparison Compare(const MergedReport& before, const MergedReport& after) {
  Comparison out;
  out.before = &before;
  out.after = &after;
  for (const std::string& reason : before.withheld) out.withheld.push_back("before: " + reason);
  for (const std::string& reason : after.withheld) out.withheld.push_back("after: " + reason);
  const std::vector<std::string> scenarios = ScenariosOf(before, after);
  const auto old_families = Unmatched(before, after);
  const auto new_families = Unmatched(after, before);
  const auto lone = [](const auto& families, const std::string& family) -> const MergedImplementation* {
    const auto found = families.find(family);
    return !family.empty() && found != families.end() && found->second.size() == 1 ? found->second.front() : nullptr;
  };
  std::set<const MergedImplementation*> matched;
  for (const MergedImplementation& one : after.implementations) {
    const MergedImplementation* other = before.Find(one.report->name);
    if (other == nullptr && lone(new_families, one.report->family) == &one) other = lone(old_families, one.report->family);
    if (other == nullptr) {
      out.only_after.push_back(one.report->name);
      continue;
    }
    matched.insert(other);
    out.implementations.push_back(CompareOne(*other, one, scenarios));
  }
  for (const MergedImplementation& one : before.implementations) {
    if (!matched.contains(&one)) out.only_before.push_back(one.report->name);
  }
  return out;
}

}  // namespace lockstep::reports
