// SPDX-License-Identifier: MIT
#include "reports/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "harness/os/result.h"
#include "reports/merged.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

constexpr int kInterrupted = 130;
constexpr int kHarnessFailed = 3;
constexpr int kNothingJudged = 4;

// One implementation of several reports, with its verdicts in the order of the areas.
ImplementationReport Flat(const MergedReport& merged, const MergedImplementation& one) {
  ImplementationReport flat = *one.report;
  for (const Area& area : merged.areas) {
    for (const Scenario* scenario : area.scenarios) {
      if (const ScenarioVerdict* verdict = one.Find(scenario->name); verdict != nullptr) flat.verdicts.push_back(*verdict);
    }
  }
  return flat;
}

int StatusOf(const std::vector<StoredReport>& reports, const RunReport& report) {
  const bool whole = std::all_of(reports.begin(), reports.end(), [](const StoredReport& stored) {
    return stored.exit_status && *stored.exit_status != kInterrupted && !stored.report.interrupted;
  });
  // It knows more than can be told from its verdicts: whether it was a shard.
  if (whole && reports.size() == 1) return *reports.front().exit_status;
  return whole ? ExitStatus(report) : kHarnessFailed;
}

}  // namespace

Summary Summarize(const std::vector<StoredReport>& reports, const std::vector<std::string>& names) {
  const MergedReport merged = Merge(reports, names);
  Summary summary;
  summary.withheld = merged.withheld;
  summary.report.environment = merged.environment;
  summary.report.oracle_name = merged.oracle_name;
  summary.report.notes = merged.notes;
  for (const MergedImplementation& one : merged.implementations) summary.report.implementations.push_back(Flat(merged, one));
  for (const StoredReport& stored : reports) {
    summary.report.wall += stored.report.wall;
    summary.report.strict = summary.report.strict || stored.report.strict;
  }
  summary.exit_status = StatusOf(reports, summary.report);
  // What is no result is no pass: a shard is missing.
  if (summary.exit_status == 0 && !summary.withheld.empty()) summary.exit_status = kNothingJudged;
  if (reports.empty()) return summary;
  summary.lockstep_version = reports.back().header.lockstep_version;
  return summary;
}

const char* MeaningOf(int exit_status) {
  switch (exit_status) {
    case 0:
      return "all as expected";
    case 1:
      return "a divergence that is not expected";
    case 2:
      return "wrong usage or configuration";
    case 3:
      return "the harness, an adapter or the oracle failed, or a report is not whole";
    case 4:
      return "nothing was judged, or something unlisted was not";
    case 5:
      return "expectations are stale";
    case kInterrupted:
      return "interrupted";
    default:
      return "of no meaning";
  }
}

Place PlaceOf(const ScenarioVerdict& verdict) {
  const auto& divergence = verdict.run.divergence;
  const bool at_step = divergence && divergence->position.line != 0;
  return {verdict.scenario->file, at_step ? divergence->position.line : verdict.scenario->line};
}

Place PlaceIn(const std::string& text) {
  // The first colon behind which a number stands that ends with the text or at another colon.
  for (std::size_t colon = text.find(':'); colon != std::string::npos; colon = text.find(':', colon + 1)) {
    int line = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, line);
    if (error == std::errc() && line > 0 && colon > 0 && (rest == end || *rest == ':')) return {text.substr(0, colon), line};
  }
  return {text, 0};
}

const ScenarioVerdict& ShortestOf(const std::vector<const ScenarioVerdict*>& group) {
  CHECK(!group.empty());
  const auto length = [](const ScenarioVerdict* verdict) { return std::max(verdict->scenario->steps.size(), verdict->run.trace.size()); };
  return **std::min_element(group.begin(), group.end(),
                            [&](const ScenarioVerdict* a, const ScenarioVerdict* b) { return length(a) < length(b); });
}

}  // namespace lockstep::reports
