// SPDX-License-Identifier: MIT
// Runs scenarios on implementations, several at once, each on a worker with a supervisor, a CPU and
// a warm process of its own.
#ifndef LOCKSTEP_HARNESS_ENGINE_RUNNER_H_
#define LOCKSTEP_HARNESS_ENGINE_RUNNER_H_

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/adapter/implementation.h"
#include "harness/adapter/session.h"
#include "harness/engine/matching.h"
#include "harness/engine/trace.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

struct RunnerOptions {
  int jobs = 1;  // workers; at most one a CPU is pinned, further ones share
  double timeout_scale =
      1;  // multiplies every bound on waiting, none of the scenarios' own timeouts
  Messages messages = Messages::kJudge;
  std::string channel_dir;  // where FIFOs are made; exists
  // When this is past, the rest is not run.
  std::optional<Deadline> deadline;
  // Once it is true, what has not begun is not run: `report` may set it. nullptr: never.
  const std::atomic<bool>* stop = nullptr;
  // The number of the first worker. Those of runs at the same time must differ: workers take their
  // CPU and the names that they make from it.
  int first_worker = 0;
};

// Why a scenario was not run at all.
enum class NotRun {
  kNo,           // it was run
  kMachine,      // the machine lacks something
  kFiltered,     // it is not for this platform, or not selected
  kInterrupted,  // by a signal, by `stop`, or for want of time
};

struct RunnerResult {
  const Scenario* scenario = nullptr;
  ScenarioRun run;
  NotRun not_run = NotRun::kNo;
  Platform platform;  // that it was judged on; empty when the adapter never said hello
};

// What an implementation said of itself, or why it could not be started.
struct Introduction {
  std::optional<Hello> hello;
  std::string failure;
  Platform platform;
};

// Runs every scenario once (timing scenarios several times). `report` is called in the order of
// `scenarios`, as soon as a result and all before it are there, from one thread at a time. Returns
// when all are done, interrupted, or out of time: `report` has been called for each.
Introduction RunScenarios(const Implementation& implementation,
                          const std::vector<const Scenario*>& scenarios,
                          const RunnerOptions& options,
                          const std::function<void(RunnerResult)>& report);

// One scenario on one session, repeated as timing rules ask.
ScenarioRun RunRepeated(Session& session, const Scenario& scenario, const Platform& platform,
                        const RunnerOptions& options, const std::string& name_prefix);

// The platform that an implementation is held to.
Platform PlatformOf(const Implementation& implementation, const Hello& hello);
// The same of a session that is ready, with the one of the implementation beside it.
Platform PlatformOf(const Session& session);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ENGINE_RUNNER_H_
