// SPDX-License-Identifier: MIT
// Several reports laid side by side: scenarios by implementations, as a page, a summary or a comparison shows them.
#ifndef LOCKSTEP_REPORTS_MERGED_H_
#define LOCKSTEP_REPORTS_MERGED_H_

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "reports/json.h"

namespace lockstep::reports {

// One implementation, by what the latest of the reports that have it say of it.
struct MergedImplementation {
  // What the latest says, less the verdicts. Nobody asked for its verdicts where none of the reports did; an expectation is
  // stale until a report says otherwise that has all scenarios that there were.
  std::shared_ptr<const ImplementationReport> report;
  std::string when;  // "before" or "after", where two runs stand side by side
  // By the scenario's name: of several reports the latest. What was not begun for want of time says nothing beside what is
  // known.
  std::map<std::string, const ScenarioVerdict*> verdicts;

  // Null where it was not run.
  const ScenarioVerdict* Find(const std::string& scenario) const;
  Counts Count() const;
  // "cpython-3.14.8", or "cpython-3.14.8 (before)".
  std::string Name() const;
};

// The scenarios of one area: what their names begin with, up to the first slash ("timeout").
struct Area {
  std::string name;
  std::vector<const Scenario*> scenarios;  // in the order of the first report that has them, as the latest has them
};

// Points into the reports that it was made of, which outlive it.
struct MergedReport {
  std::vector<MergedImplementation> implementations;  // in the order of the first report that has them
  std::vector<Area> areas;
  std::string oracle_name;  // of the latest that has one
  std::vector<std::pair<std::string, std::string>> environment;  // of the latest
  std::vector<std::string> notes;  // of all, each once
  // Why what is here must not be taken for a result, for people: a report that was cut off, a run that was interrupted,
  // an implementation of which nothing was judged, or which could not be started. Empty: nothing is the matter.
  std::vector<std::string> withheld;

  const MergedImplementation* Find(const std::string& implementation) const;
};

// `reports` from the oldest to the newest; `names` is what messages call each (its file), as many.
MergedReport Merge(std::span<const StoredReport> reports, const std::vector<std::string>& names);

std::string AreaOf(const std::string& scenario);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_MERGED_H_
