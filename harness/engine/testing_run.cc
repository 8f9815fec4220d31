// SPDX-License-Identifier: MIT
#include "harness/engine/testing_run.h"

#include <fmt/format.h>

#include "harness/engine/runner.h"
#include "harness/scenario/parser.h"
#include "harness/scenario/transcript.h"

namespace lockstep {
namespace {

Platform PlatformHere(TestSession& test) {
  const auto ready = test.session().Ensure();
  return ready ? PlatformOf(test.session().implementation(), test.session().hello()) : Platform{};
}

std::string EndText(ScenarioRun::End end) {
  switch (end) {
    case ScenarioRun::End::kCompleted:
      return "completed";
    case ScenarioRun::End::kDiverged:
      return "diverged";
    case ScenarioRun::End::kUnsupported:
      return "unsupported";
    case ScenarioRun::End::kNotRun:
      return "not run";
    case ScenarioRun::End::kHarnessError:
      return "harness error";
    case ScenarioRun::End::kTooEarlyToSee:
      return "too early to see";
  }
  return "";
}

}  // namespace

Scenario ScenarioOf(const std::string& steps) {
  auto parsed = ParseSteps(steps, "test", 1);
  if (!parsed) fmt::print(stderr, "{}\n", parsed.error().Text());
  CHECK(parsed.has_value());
  Scenario scenario;
  scenario.name = "test/scenario";
  scenario.steps = std::move(*parsed);
  scenario.tags = transcript::TagsOf(scenario.steps);
  scenario.needs = transcript::NeedsOf(scenario.steps);
  return scenario;
}

ScenarioRun RunSteps(TestSession& test, const std::string& steps, Messages messages) {
  const Scenario scenario = ScenarioOf(steps);
  return Executor(test.session(), scenario,
                  ExecutorOptions{messages, PlatformHere(test), 1, test.name_prefix()})
      .Run();
}

ScenarioRun RunTimed(TestSession& test, const std::string& steps) {
  const Scenario scenario = ScenarioOf(steps);
  return RunRepeated(test.session(), scenario, PlatformHere(test), RunnerOptions{},
                     test.name_prefix());
}

std::string Summary(const ScenarioRun& run) {
  std::string text = EndText(run.end);
  if (!run.reason.empty()) text += ": " + run.reason;
  for (const std::string& unclean : run.unclean) text += "; unclean: " + unclean;
  return text;
}

std::vector<std::string> DefectiveCommand(const std::string& defect) {
  return {LOCKSTEP_PYTHON, LOCKSTEP_ROOT "/harness/engine/testdata/semaphore_adapter.py", defect};
}

}  // namespace lockstep
