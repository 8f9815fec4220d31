// SPDX-License-Identifier: MIT
// lockstep adapter check: every operation of the protocol, tried on an adapter, each by a small
// transcript of its own.
#include <fmt/format.h>

#include "harness/cli/adapter_measure.h"
#include "harness/cli/options.h"
#include "harness/engine/executor.h"
#include "harness/os/interrupt.h"
#include "harness/os/supervisor.h"
#include "harness/stress/campaign.h"
#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

// Unique to this process: without a namespace, names that hold it are removed in the end.
std::string NamePrefix() { return fmt::format("lockstep-check-{}", ::getpid()); }

struct Check {
  const char* operation;   // as the protocol's table has it
  const char* capability;  // empty: every implementation has it
  const char* steps;
};

constexpr Check kChecks[] = {
    {"SemLock, del", "", "p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\np del s"},
    {"acquire", "",
     "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np s.acquire() -> True\np s.acquire(False) -> "
     "False\np s.acquire(True, 0.01) -> False"},
    {"acquire that blocks, start", "rebuild_by_name",
     "p s = SemLock(SEMAPHORE, 0, 1, NAME, False)\np s.acquire() -> blocked\nstart q\nq s = "
     "SemLock._rebuild(0, SEMAPHORE, 1, NAME)\n"
     "q s.release()\np returns True\nq sem_unlink(NAME)"},
    {"release", "",
     "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np s.release() -> None\np s.release() raises "
     "ValueError"},
    {"_count", "",
     "p s = SemLock(RECURSIVE_MUTEX, 1, 1, NAME, True)\np s.acquire()\np s._count() -> 1"},
    {"_is_mine", "", "p s = SemLock(RECURSIVE_MUTEX, 1, 1, NAME, True)\np s._is_mine() -> False"},
    {"_get_value", "", "p s = SemLock(SEMAPHORE, 3, 3, NAME, True)\np s._get_value() -> 3"},
    {"_is_zero", "", "p s = SemLock(SEMAPHORE, 0, 3, NAME, True)\np s._is_zero() -> True"},
    {"_after_fork", "",
     "p s = SemLock(RECURSIVE_MUTEX, 1, 1, NAME, True)\np s._after_fork() -> None"},
    {"__enter__, __exit__", "",
     "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np s.__enter__() -> True\np s.__exit__(None, "
     "None, None) -> None"},
    {"get kind, maxvalue, name, handle", "",
     "p s = SemLock(SEMAPHORE, 1, 7, NAME, True)\np s.kind -> 1\np s.maxvalue -> 7\np s.name -> "
     "None\np s.handle -> int"},
    {"sem_unlink", "",
     "p s = SemLock(SEMAPHORE, 1, 1, NAME, False)\np sem_unlink(NAME) -> None\np sem_unlink(NAME) "
     "raises FileNotFoundError"},
    {"SemLock._rebuild", "rebuild_by_name",
     "p s = SemLock(SEMAPHORE, 1, 1, NAME, False)\np t = SemLock._rebuild(s.handle, SEMAPHORE, 1, "
     "NAME)\np t._get_value() -> 1\np sem_unlink(NAME)"},
    {"SemLock.unnamed", "unnamed", "p s = SemLock.unnamed(SEMAPHORE, 1, 1)\np s.acquire() -> True"},
    {"shm_open, ftruncate, fstat_size, close_fd, shm_unlink", "shm",
     "p fd = shm_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0o600)\np ftruncate(fd, 16)\np "
     "fstat_size(fd) -> 16\np close_fd(fd)\np shm_unlink(NAME) -> None"},
    {"SharedMemory, read, write, close, unlink", "shm",
     "p m = SharedMemory(BARE, create=True, size=8)\np m.buf[0:2] = b'ab'\np m.buf[0:2] -> "
     "b'ab'\np m.size -> 8\np m.close() -> None\np m.unlink() -> None"},
    {"fork, exit, reap", "fork",
     "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np fork c\nc s.acquire() -> True\nc exit(3)\np "
     "s._get_value() -> 0"},
    {"thread", "thread",
     "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np thread t\nt s.acquire() -> True\np "
     "s._get_value() -> 0"},
    {"spawn", "spawn",
     "p s = SemLock(SEMAPHORE, 1, 1, NAME, False)\np spawn c\nc s.acquire() -> True\np "
     "s._get_value() -> 0\np sem_unlink(NAME)"},
    {"on_signal return", "signal",
     "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np on SIGUSR1 return\np s.acquire() -> "
     "blocked\nsignal p SIGUSR1\np handled SIGUSR1\np still blocked"},
    {"on_signal raise", "signal",
     "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np on SIGUSR1 raise KeyError\np s.acquire() -> "
     "blocked\nsignal p SIGUSR1\np raises KeyError\np handled SIGUSR1"},
    {"on_signal call", "signal",
     "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np on SIGUSR1 call s.release()\np s.acquire() -> "
     "blocked\nsignal p SIGUSR1\np returns True"},
    {"umask, rlimit", "limits", "p umask(0o77) -> int\np rlimit('CORE', 0) -> None"},
    {"hammer", "hammer",
     "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np hammer s 100\nhammer: entries 100, counter "
     "100, inside <= 1, value 1"},
    {"eval", "python", "p eval('1 + 1') -> 2"},
};

Result<Scenario> ToScenario(const Check& check) {
  auto steps = ParseSteps(check.steps, "adapter check", 1);
  if (!steps) return tl::unexpected(steps.error());
  Scenario scenario;
  scenario.name = std::string("check/") + check.operation;
  scenario.steps = std::move(*steps);
  return scenario;
}

void PrintHello(const Hello& hello) {
  fmt::print("hello    {} {}, in {}, held to CPython {}\n", hello.implementation, hello.version,
             hello.language, hello.like.empty() ? "3.14" : hello.like);
  std::string text;
  for (const std::string& capability : hello.capabilities) text += " " + capability;
  fmt::print("claims  {}\n", text.empty() ? " nothing" : text);
  for (const auto& [key, value] : hello.build) fmt::print("build    {}: {}\n", key, value);
}

// One line for one check; what it adds to the counts.
struct Tally {
  int well = 0;
  int missing = 0;
  int wrong = 0;
  int failed = 0;
};

void Try(const Check& check, const Hello& hello, Session& session, const RunnerOptions& options,
         Tally& tally) {
  const std::string capability = check.capability;
  if (!capability.empty() && hello.capabilities.count(capability) == 0) {
    ++tally.missing;
    fmt::print("missing  {:<52} capability {} is not claimed\n", check.operation, capability);
    return;
  }
  const auto scenario = ToScenario(check);
  CHECK(scenario.has_value());
  const ScenarioRun run = RunRepeated(
      session, *scenario, PlatformOf(session.implementation(), hello), options, NamePrefix());
  switch (run.end) {
    case ScenarioRun::End::kCompleted:
      ++tally.well;
      fmt::print("ok       {}\n", check.operation);
      for (const std::string& unclean : run.unclean)
        fmt::print("         left behind: {}\n", unclean);
      return;
    case ScenarioRun::End::kUnsupported:
    case ScenarioRun::End::kNotRun:
      ++tally.missing;
      fmt::print("missing  {:<52} {}\n", check.operation, run.reason);
      return;
    case ScenarioRun::End::kDiverged:
      ++tally.wrong;
      fmt::print("WRONG    {}\n         {}\n           expected {}\n           got      {}\n",
                 check.operation, run.divergence->step, run.divergence->expected,
                 run.divergence->actual);
      return;
    case ScenarioRun::End::kHarnessError:
    case ScenarioRun::End::kTooEarlyToSee:
      ++tally.failed;
      fmt::print("FAILED   {}\n         {}\n", check.operation, run.reason);
      if (!run.output.empty()) fmt::print("         it printed: {}\n", run.output);
  }
}

// The loop of a stress test, and calls that wait for their instant.
void TryLoad(const Implementation& implementation, const Hello& hello, const RunnerOptions& options, Tally& tally) {
  constexpr char kOperation[] = "load";
  if (hello.capabilities.count("load") == 0) {
    ++tally.missing;
    fmt::print("missing  {:<52} capability load is not claimed\n", kOperation);
    return;
  }
  stress::CampaignOptions load;
  load.seed = 1;
  load.calls = 50'000;  // some epochs, of each kind of semaphore
  load.time = std::chrono::seconds(5);
  load.timeout_scale = options.timeout_scale;
  load.channel_dir = options.channel_dir;
  load.name_prefix = NamePrefix() + "-load";
  load.limits = {2, 1, stress::Density::kFull, {false, false, false, false, false}};
  const stress::CampaignResult result = stress::RunCampaign(implementation, load, [](const auto&) {});
  if (!result.trouble.empty()) {
    ++tally.failed;
    fmt::print("FAILED   {}\n         {}\n", kOperation, result.trouble);
  } else if (!result.findings.empty()) {
    ++tally.wrong;
    fmt::print("WRONG    {}\n         {}\n", kOperation, result.findings.front().what);
  } else {
    ++tally.well;
    fmt::print("ok       {}\n", kOperation);
  }
}

void TryMeasure(const Hello& hello, Session& session, Tally& tally) {
  constexpr char kOperation[] = "measure";
  if (hello.capabilities.count(kOperation) == 0) {
    ++tally.missing;
    fmt::print("missing  {:<52} capability measure is not claimed\n", kOperation);
    return;
  }
  const MeasureTrial trial = TryEachMeasurement(session, NamePrefix());
  switch (trial.end) {
    case MeasureTrial::End::kWell:
      ++tally.well;
      fmt::print("ok       {}\n", kOperation);
      return;
    case MeasureTrial::End::kMissing:
      ++tally.missing;
      fmt::print("missing  {:<52} {}\n", kOperation, trial.why);
      return;
    case MeasureTrial::End::kWrong:
      ++tally.wrong;
      fmt::print("WRONG    {}\n         {}\n", kOperation, trial.why);
      return;
    case MeasureTrial::End::kFailed:
      ++tally.failed;
      fmt::print("FAILED   {}\n         {}\n", kOperation, trial.why);
  }
}

}  // namespace

int AdapterVerb(const Words& words) {
  CLI::App app("Tries every operation of an adapter: lockstep adapter check -- COMMAND.",
               "adapter");
  std::string what;
  std::vector<std::string> names;
  Execution execution;
  app.add_option("check", what, "what to do: check")->required()->check(CLI::IsMember({"check"}));
  app.add_option("IMPL", names, "an implementation's name, in place of -- COMMAND");
  AddExecution(app, &execution);
  if (const auto status = Parse(app, words.words)) return *status;
  Discovery discovery(ProjectPlaces());
  const auto implementations = ResolveAll(discovery, names, words.command, execution.python_args);
  if (!implementations) return Complain(implementations.error());
  if (implementations->size() != 1)
    return Complain(Error{"adapter check takes one adapter", "lockstep adapter check -- COMMAND"});
  const auto out = OutFolder::Make(execution.out, discovery.places());
  if (!out) return Complain(out.error());
  const auto options = MakeRunnerOptions(execution, *out);
  if (!options) return Complain(options.error());
  auto supervisor = Supervisor::Start(ProbeIsolation().isolation, NamePrefix());
  if (!supervisor) {
    fmt::print(stderr, "lockstep: {}\n", supervisor.error().message);
    return 3;
  }
  Session session(implementations->front(), *supervisor,
                  SessionOptions{out->channels(), -1, execution.timeout_scale});
  if (const auto ready = session.Ensure(); !ready) {
    fmt::print("FAILED   {}\n", ready.error().message);
    if (const std::string printed = session.output().Text(); !printed.empty())
      fmt::print("         it printed: {}\n", printed);
    return 3;
  }
  const Hello hello = session.hello();
  PrintHello(hello);
  fmt::print("\n");
  Tally tally;
  for (const Check& check : kChecks) {
    if (Interrupted()) return kExitInterrupted;
    Try(check, hello, session, *options, tally);
  }
  if (!Interrupted()) TryLoad(implementations->front(), hello, *options, tally);
  if (!Interrupted()) TryMeasure(hello, session, tally);
  if (Interrupted()) return kExitInterrupted;
  fmt::print("\n{} well, {} missing, {} wrong, {} failed\n", tally.well, tally.missing, tally.wrong,
             tally.failed);
  if (tally.failed > 0) return 3;
  return tally.wrong > 0 ? 1 : tally.well == 0 ? 4 : 0;
}

}  // namespace lockstep
