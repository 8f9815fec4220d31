// SPDX-License-Identifier: MIT
// Which implementations did alike.
#include <map>

#include "reports/page/parts.h"
#include "reports/page/told.h"

namespace lockstep::reports {
namespace {

// All that is told of an outcome but when it was and on what, as one text.
std::string FingerprintOf(const ScenarioVerdict& verdict, const std::vector<TranscriptRow>& judged) {
  std::string text(LookOf(&verdict).letter);
  const auto add = [&](const std::string& part) { text += part + '\x1f'; };
  add(verdict.reason);
  add(RoundsText(verdict));
  if (verdict.expected != nullptr) {
    add(verdict.expected->why);
    add(verdict.expected->link);
  }
  for (const std::string& item : verdict.run.unclean) add(item);
  for (const TranscriptRow& row : judged) {
    add(row.actor);
    add(row.step);
    add(row.expected);
    add(row.actual);
  }
  return text;
}

// What did not run has no transcript that would tell anything.
bool HasTranscript(const ScenarioVerdict& verdict) {
  const std::string_view letter = LookOf(&verdict).letter;
  return letter != "s" && letter != "n" && letter != "o";
}

// The oracle, if it passed; else the first that did; -1.
int BaseOf(const MergedReport& merged, const std::string& scenario) {
  int base = -1;
  for (std::size_t i = merged.implementations.size(); i-- > 0;) {
    const ScenarioVerdict* verdict = merged.implementations[i].Find(scenario);
    if (verdict == nullptr || LookOf(verdict).letter != "p") continue;
    if (merged.implementations[i].report->name == merged.oracle_name) return static_cast<int>(i);
    base = static_cast<int>(i);
  }
  return base;
}

Case CaseOf(const MergedReport& merged, const Scenario& scenario) {
  Case one;
  one.scenario = &scenario;
  one.outcome_of.assign(merged.implementations.size(), -1);
  std::map<std::string, int> known;
  const auto add = [&](std::size_t i) {
    const ScenarioVerdict* verdict = merged.implementations[i].Find(scenario.name);
    if (verdict == nullptr || one.outcome_of[i] >= 0) return;
    std::vector<TranscriptRow> judged;
    if (HasTranscript(*verdict))
      judged = JudgedRows(TranscriptOf(*verdict, nullptr, merged.implementations[i].report->introduction.platform));
    const auto [place, is_new] = known.emplace(FingerprintOf(*verdict, judged), static_cast<int>(one.outcomes.size()));
    if (is_new) one.outcomes.push_back({verdict, {}});
    one.outcomes[static_cast<std::size_t>(place->second)].implementations.push_back(i);
    one.outcome_of[i] = place->second;
  };
  if (const int base = BaseOf(merged, scenario.name); base >= 0) {
    one.has_base = true;
    add(static_cast<std::size_t>(base));
  }
  for (std::size_t i = 0; i < merged.implementations.size(); ++i) add(i);
  return one;
}

}  // namespace

std::vector<TranscriptRow> JudgedRows(std::vector<TranscriptRow> rows) {
  std::erase_if(rows, [](const TranscriptRow& row) { return row.expected.empty() && !row.diverged; });
  return rows;
}

bool AreFew(const Sheet& sheet) {
  constexpr std::size_t kFew = 40;
  return sheet.cases.size() <= kFew;
}

std::vector<Case> CasesOf(const MergedReport& merged) {
  std::vector<Case> cases;
  for (const Area& area : merged.areas) {
    for (const Scenario* scenario : area.scenarios) cases.push_back(CaseOf(merged, *scenario));
  }
  return cases;
}

}  // namespace lockstep::reports
