// SPDX-License-Identifier: MIT
// What a run, or several laid side by side, came to: what CI servers and pull requests are told. Pure functions, for any
// thread.
#ifndef LOCKSTEP_REPORTS_SUMMARY_H_
#define LOCKSTEP_REPORTS_SUMMARY_H_

#include <string>
#include <utility>
#include <vector>

#include "harness/verdict/verdict.h"
#include "reports/json.h"

namespace lockstep::reports {

struct Summary {
  RunReport report;  // each implementation once, each of its scenarios once
  std::string lockstep_version;
  // Why this must not be taken for a result, for people (MergedReport). Not empty: that comes first, in every format.
  std::vector<std::string> withheld;
  int exit_status = 0;
};

// `reports` from the oldest to the newest, `names` what messages call each; they outlive the summary. Its exit status is
// that of the run where there is one; that of all by the rules of ExitStatus (strict if any was) where there are
// several; 3 where one was cut off or interrupted: the harness was not brought to its end, and what it left is no gate.
Summary Summarize(const std::vector<StoredReport>& reports, const std::vector<std::string>& names);

// "a divergence that is not expected", for 0 to 5 and 130.
const char* MeaningOf(int exit_status);

// Where a verdict comes from: the step that diverged, else the scenario.
struct Place {
  std::string file;
  int line = 0;
};
Place PlaceOf(const ScenarioVerdict& verdict);
// "FILE:LINE: …" taken apart; the whole as `file` where it is no such text.
Place PlaceIn(const std::string& text);

// Of a group, the one with the shortest transcript: the simplest to look into. `group` is not empty.
const ScenarioVerdict& ShortestOf(const std::vector<const ScenarioVerdict*>& group);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_SUMMARY_H_
