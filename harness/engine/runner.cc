// SPDX-License-Identifier: MIT
#include "harness/engine/runner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "harness/engine/executor.h"
#include "harness/engine/timing.h"
#include "harness/os/affinity.h"
#include "harness/os/interrupt.h"

namespace lockstep {
namespace {

// A timed call that ends before it is seen is tried again this much slower, so often.
constexpr int kSlowdownStep = 4;
constexpr int kSlowestSlowdown = 64;
// An adapter that fails so often in a row is not tried any more: each failure may cost seconds of
// waiting.
constexpr int kGiveUpAfter = 12;
constexpr int kStartsGiveUpAfter = 3;

// Results in the order of the scenarios, whatever the order in which they come.
class InOrder {
 public:
  InOrder(std::size_t count, const std::function<void(RunnerResult)>& report)
      : results_(count), report_(report) {}

  void Put(std::size_t index, RunnerResult result) {
    const std::lock_guard lock(mutex_);
    results_[index] = std::move(result);
    while (next_ < results_.size() && results_[next_]) {
      report_(std::move(*results_[next_]));
      results_[next_++].reset();
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::optional<RunnerResult>> results_;
  std::size_t next_ = 0;
  const std::function<void(RunnerResult)>& report_;
};

// What the workers of one RunScenarios share.
struct Shared {
  const Implementation& implementation;
  const std::vector<const Scenario*>& scenarios;
  const RunnerOptions& options;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  Introduction introduction;  // guarded by mutex
  int starts_failed_in_a_row = 0;  // guarded by mutex
  int failures_in_a_row = 0;  // guarded by mutex
  std::string given_up;       // guarded by mutex; not empty: the adapter is not tried any more
};

ScenarioRun Ending(ScenarioRun::End end, std::string reason) {
  ScenarioRun run;
  run.end = end;
  run.reason = std::move(reason);
  return run;
}

std::string Missing(const Scenario& scenario, const Hello& hello) {
  for (const std::string& need : scenario.needs) {
    if (hello.capabilities.count(need) == 0) return need;
  }
  return "";
}

// Which calls were late in every repeat so far: of several waits in one scenario another may be the
// machine's victim each time.
class Lateness {
 public:
  // One more repeat. A call that was late in all of them, of the last one; nullptr: there is none.
  const LateCall* Take(const std::vector<LateCall>& late) {
    ++repeats_;
    std::set<std::pair<int, int>> now;
    for (const LateCall& call : late) now.emplace(call.position.line, call.position.column);
    std::set<std::pair<int, int>> both;
    std::set_intersection(now.begin(), now.end(), always_.begin(), always_.end(),
                          std::inserter(both, both.end()));
    always_ = repeats_ == 1 ? now : both;
    for (const LateCall& call : late) {
      if (always_.count({call.position.line, call.position.column}) != 0) return &call;
    }
    return nullptr;
  }
  // The last repeat was the machine's fault.
  void Forget() { --repeats_; }
  int repeats() const { return repeats_; }

 private:
  int repeats_ = 0;
  std::set<std::pair<int, int>> always_;
};

// One worker: a supervisor and a session, scenario after scenario until none is left.
class Worker {
 public:
  Worker(Shared& shared, InOrder& in_order, int index)
      : shared_(shared), in_order_(in_order), index_(index) {}

  void Run() {
    AskForPreciseTimers();
    const std::vector<int>& cpus = AllowedCpus();
    cpu_ = cpus[static_cast<std::size_t>(index_) % cpus.size()];
    PinThread(0, {cpu_});
    // Of one length whatever the numbers are: scenarios reckon with the length of fresh names.
    name_prefix_ = fmt::format("lockstep-{:07d}-{:03d}", ::getpid() % 10'000'000, index_ % 1000);
    for (std::size_t i = shared_.next.fetch_add(1); i < shared_.scenarios.size();
         i = shared_.next.fetch_add(1)) {
      in_order_.Put(i, RunOne(*shared_.scenarios[i]));
    }
  }

 private:
  RunnerResult RunOne(const Scenario& scenario) {
    RunnerResult result;
    result.scenario = &scenario;
    if (const char* why = WhyNotBegun()) {
      result.run = Ending(ScenarioRun::End::kNotRun, why);
      result.not_run = NotRun::kInterrupted;
      return result;
    }
    {
      const std::lock_guard lock(shared_.mutex);
      if (!shared_.given_up.empty()) {
        result.run = Ending(ScenarioRun::End::kHarnessError, shared_.given_up);
        return result;
      }
    }
    if (const auto ready = Ready(); !ready) {
      result.run = Ending(ScenarioRun::End::kHarnessError, ready.error().Text());
      result.run.not_begun = true;
      if (session_ != nullptr) result.run.output = session_->Printed();
      {
        const std::lock_guard lock(shared_.mutex);
        if (shared_.introduction.failure.empty())
          shared_.introduction.failure = ready.error().message;
      }
      CountFailure(result.run);
      return result;
    }
    const Hello& hello = session_->hello();
    const Platform platform = PlatformOf(*session_);
    result.platform = platform;
    if (!scenario.condition.Holds(platform) ||
        (platform.other && !scenario.condition.Holds(*platform.other))) {
      result.run = Ending(ScenarioRun::End::kNotRun,
                          "it is not for this version: when " + scenario.condition.text);
      result.not_run = NotRun::kFiltered;
      return result;
    }
    for (const Hello* one : {&hello, session_->other_hello() ? &*session_->other_hello() : nullptr}) {
      const std::string missing = one == nullptr ? "" : Missing(scenario, *one);
      if (missing.empty()) continue;
      result.run = Ending(ScenarioRun::End::kUnsupported, "it has no capability " + missing);
      return result;
    }
    result.run = RunRepeated(*session_, scenario, platform, shared_.options, name_prefix_);
    if (Interrupted() && result.run.end == ScenarioRun::End::kHarnessError) {
      result.run = Ending(ScenarioRun::End::kNotRun, "interrupted");
    }
    if (result.run.end == ScenarioRun::End::kNotRun) {
      result.not_run = Interrupted() ? NotRun::kInterrupted : NotRun::kMachine;
    }
    CountFailure(result.run);
    return result;
  }

  // Why nothing more is begun, or nullptr.
  const char* WhyNotBegun() const {
    const RunnerOptions& options = shared_.options;
    if (options.deadline && options.deadline->Passed()) return "the time given is over";
    if (Interrupted()) return "interrupted";
    return options.stop != nullptr && options.stop->load() ? "stopped" : nullptr;
  }

  Result<void> Ready() {
    // A supervisor that does not answer any more is replaced; so is one that never was.
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (supervisor_ == nullptr) {
        session_.reset();
        auto supervisor = Supervisor::Start(ProbeIsolation().isolation, name_prefix_);
        if (!supervisor) return tl::unexpected(supervisor.error());
        supervisor_ = std::make_unique<Supervisor>(std::move(*supervisor));
        session_ = std::make_unique<Session>(
            shared_.implementation, *supervisor_,
            SessionOptions{shared_.options.channel_dir, cpu_, shared_.options.timeout_scale});
      }
      const auto ready = session_->Ensure();
      if (ready) {
        const std::lock_guard lock(shared_.mutex);
        if (!shared_.introduction.hello) {
          shared_.introduction.hello = session_->hello();
          shared_.introduction.platform = PlatformOf(*session_);
        }
        return {};
      }
      if (supervisor_->KillAll()) return ready;
      session_.reset();
      supervisor_.reset();
    }
    return Fail("the supervisor cannot be kept alive");
  }

  // An adapter that cannot be started is given up soon; one that fails within scenarios may do so in
  // some of them only, and each failure costs seconds of waiting.
  void CountFailure(const ScenarioRun& run) {
    const std::lock_guard lock(shared_.mutex);
    if (run.end != ScenarioRun::End::kHarnessError) {
      shared_.failures_in_a_row = 0;
      shared_.starts_failed_in_a_row = 0;
      return;
    }
    ++shared_.failures_in_a_row;
    if (run.not_begun) ++shared_.starts_failed_in_a_row;
    const bool enough = shared_.starts_failed_in_a_row >= kStartsGiveUpAfter ||
                        shared_.failures_in_a_row >= kGiveUpAfter;
    if (enough && shared_.given_up.empty()) {
      shared_.given_up =
          fmt::format("not tried: the adapter failed {} times in a row, the last time because {}",
                      shared_.failures_in_a_row, run.reason);
    }
  }

  Shared& shared_;
  InOrder& in_order_;
  const int index_;
  int cpu_ = -1;
  std::string name_prefix_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<Session> session_;  // after the supervisor: it goes first
};

}  // namespace

Platform PlatformOf(const Implementation& implementation, const Hello& hello) {
  Platform platform;
  constexpr const char* kBaseline = "3.14";
  const std::string like = !implementation.like.empty() ? implementation.like
                           : hello.like.empty()         ? kBaseline
                                                        : hello.like;
  platform.like = Version::Parse(like).value_or(*Version::Parse(kBaseline));
  if (const auto libc = hello.build.find("libc"); libc != hello.build.end()) {
    const std::size_t space = libc->second.find(' ');
    platform.libc = libc->second.substr(0, space);
    if (space != std::string::npos)
      platform.libc_version = Version::Parse(libc->second.substr(space + 1)).value_or(Version{});
  }
  return platform;
}

Platform PlatformOf(const Session& session) {
  Platform platform = PlatformOf(session.implementation(), session.hello());
  if (session.implementation().other && session.other_hello()) {
    platform.other = std::make_shared<Platform>(
        PlatformOf(*session.implementation().other, *session.other_hello()));
  }
  return platform;
}

ScenarioRun RunRepeated(Session& session, const Scenario& scenario, const Platform& platform,
                        const RunnerOptions& options, const std::string& name_prefix) {
  ExecutorOptions executor_options{options.messages, platform, 1, name_prefix};
  bool failed_before = false;
  int repeats = 0;
  Lateness lateness;
  nanoseconds wall{};
  while (true) {
    const std::int64_t offset = RealtimeOffsetNs();
    ScenarioRun run = Executor(session, scenario, executor_options).Run();
    ++repeats;
    wall += run.wall;
    run.wall = wall;
    run.repeats = repeats;
    if (run.end == ScenarioRun::End::kTooEarlyToSee) {
      if (executor_options.slowdown >= kSlowestSlowdown) {
        run.end = ScenarioRun::End::kHarnessError;
        return run;
      }
      executor_options.slowdown *= kSlowdownStep;
      continue;
    }
    // What the adapter or the harness failed at once says nothing of the implementation; it is asked
    // once more, and believed then. One that could not even begin was started afresh already.
    if (run.end == ScenarioRun::End::kHarnessError && !run.not_begun && !failed_before &&
        !Interrupted()) {
      failed_before = true;
      if (!session.Ensure()) return run;
      continue;
    }
    const bool jumped = std::abs(RealtimeOffsetNs() - offset) > kClockJump.count();
    if (!scenario.IsTiming() || (run.end != ScenarioRun::End::kCompleted && !jumped)) return run;
    if (Interrupted()) return Ending(ScenarioRun::End::kNotRun, "interrupted");
    if (repeats >= kMostRepeats) {
      run = Ending(ScenarioRun::End::kNotRun,
                   "the machine is too slow, or its clock too unsteady, to judge elapsed time now");
      run.repeats = repeats;
      return run;
    }
    if (jumped) continue;
    if (!run.unclean.empty()) return run;
    const LateCall* call = lateness.Take(run.late);
    if (call == nullptr) {
      if (lateness.repeats() >= kTimingRepeats) return run;
      continue;
    }
    // Late: is it the machine? The C library's own wait of this length, here and now, tells.
    if (JudgeElapsed(call->expected, TimeControl(call->expected)) == Elapsed::kLate) {
      lateness.Forget();
      continue;
    }
    if (lateness.repeats() < kLateRepeats) continue;
    run.end = ScenarioRun::End::kDiverged;
    run.divergence = Divergence{
        call->step, fmt::format("after {:.0f}ms", static_cast<double>(call->expected.count()) / 1e6),
        fmt::format("late: after {:.2f}ms, {} times of {}",
                    static_cast<double>(call->actual.count()) / 1e6, lateness.repeats(),
                    lateness.repeats()),
        "a timed wait ends late", call->position};
    run.reason = "a timed wait ends late";
    return run;
  }
}

Introduction RunScenarios(const Implementation& implementation,
                          const std::vector<const Scenario*>& scenarios,
                          const RunnerOptions& options,
                          const std::function<void(RunnerResult)>& report) {
  Shared shared{implementation, scenarios, options, {}, {}, {}, 0, 0, ""};
  InOrder in_order(scenarios.size(), report);
  AllowedCpus();  // asked before any thread is pinned
  std::vector<std::thread> threads;
  const int jobs = std::max(1, std::min(options.jobs, static_cast<int>(scenarios.size())));
  for (int i = 0; i < jobs; ++i) {
    threads.emplace_back([&shared, &in_order, i] {
      Worker(shared, in_order, shared.options.first_worker + i).Run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return shared.introduction;
}

}  // namespace lockstep
