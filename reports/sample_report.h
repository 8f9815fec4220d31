// SPDX-License-Identifier: MIT
// A small run to write reports of, for tests: an oracle, an implementation with a verdict of every
// kind, one that could not be started.
#ifndef LOCKSTEP_REPORTS_SAMPLE_REPORT_H_
#define LOCKSTEP_REPORTS_SAMPLE_REPORT_H_

#include <deque>
#include <string>
#include <vector>

#include "harness/verdict/verdict.h"

namespace lockstep::reports {

// Owns the scenarios and the expectations that `report` points to.
struct Sample {
  std::deque<Scenario> scenarios;
  Expectations expectations;
  RunReport report;
};

// A scenario of these steps, as the catalogue would have it.
Scenario MakeScenario(const std::string& name, const std::string& says, const std::string& steps);

// A run in which each line of `outcomes` is what came of one step, in order ("" for steps without
// an outcome); it stops where they do.
ScenarioRun MakeRun(const Scenario& scenario, const std::vector<std::string>& outcomes);
// The same, whose last step was not as expected.
ScenarioRun MakeDivergence(const Scenario& scenario, const std::vector<std::string>& outcomes,
                           const std::string& operation, const std::string& expected,
                           const std::string& actual);

Sample MakeSample();

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_SAMPLE_REPORT_H_
