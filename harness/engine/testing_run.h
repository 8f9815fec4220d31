// SPDX-License-Identifier: MIT
// Running transcripts that are given as text.
#ifndef LOCKSTEP_HARNESS_ENGINE_TESTING_RUN_H_
#define LOCKSTEP_HARNESS_ENGINE_TESTING_RUN_H_

#include <ostream>
#include <string>
#include <vector>

#include "harness/adapter/testing_session.h"
#include "harness/engine/executor.h"
#include "harness/engine/trace.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

// A scenario of these steps. They must parse.
Scenario ScenarioOf(const std::string& steps);
// Runs them once on the session of a test.
ScenarioRun RunSteps(TestSession& test, const std::string& steps,
                     Messages messages = Messages::kJudge);
// Runs them as often as timing rules ask.
ScenarioRun RunTimed(TestSession& test, const std::string& steps);

// "completed", or how it ended otherwise and why, in one line: "diverged: p s.acquire(): expected
// -> False, got -> True". Unclean endings are told too.
std::string Summary(const ScenarioRun& run);

// The command of an adapter whose semaphore has a defect: testdata/semaphore_adapter.py.
std::vector<std::string> DefectiveCommand(const std::string& defect);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ENGINE_TESTING_RUN_H_
