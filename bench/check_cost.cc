// SPDX-License-Identifier: MIT
// What judging a history costs: operations a second of each check, on histories that are right and on
// those that are not, of 100,000 operations by so many processes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <vector>

#include "harness/check/check.h"

namespace lockstep::check {
namespace {

constexpr std::size_t kOperations = 100000;
constexpr std::size_t kBarrierEvery = 1000;

// Processes that take and give back units of one semaphore, each step of one of them an instant; every so
// many operations all wait for each other, and one reads the value, as under `lockstep stress`. Wrong:
// late in it an acquire comes back that took nothing. `lost`: so many die in a call, and are known to be
// dead ten operations later.
History Make(int processes, bool only_changes, bool wrong, int lost) {
  struct Process {
    enum class At { kIdle, kCalled, kDone } at = At::kIdle;
    Operation operation;
    int held = 0;
  };
  std::mt19937 random(static_cast<unsigned>(processes));
  const auto any = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  const std::int64_t initial = processes / 4 + 1;
  History history{initial, 1 << 30, {}};
  std::vector<Process> all(static_cast<std::size_t>(processes));
  std::int64_t value = initial;
  std::int64_t now = 0;
  int died = 0;
  std::size_t barrier = kBarrierEvery;
  const auto is_idle = [](const Process& one) { return one.at == Process::At::kIdle; };
  while (history.operations.size() < kOperations) {
    const bool to_barrier = history.operations.size() >= barrier;
    if (to_barrier && std::all_of(all.begin(), all.end(), is_idle)) {
      barrier += kBarrierEvery;
      history.operations.push_back({Kind::kGetValue, 0, now + 1, now + 2, value});
      now += 2;
    }
    Process& one = all[static_cast<std::size_t>(any(processes))];
    ++now;
    switch (one.at) {
      case Process::At::kIdle:
        // Before a barrier only what is held is given back.
        if (to_barrier && one.held == 0) break;
        one.operation = {one.held > 0 ? Kind::kRelease : Kind::kAcquire,
                         static_cast<int>(&one - all.data()), now, kNever, 0};
        if (!only_changes && one.operation.kind == Kind::kAcquire && any(4) == 0)
          one.operation.kind = Kind::kFailedAcquire;
        if (!only_changes && any(10) == 0) one.operation.kind = Kind::kGetValue;
        one.at = Process::At::kCalled;
        if (died < lost && history.operations.size() > kOperations * 85 / 100 / 151 * static_cast<std::size_t>(died + 1)) {
          // It dies, and another comes in its place, and gives back what it held.
          ++died;
          one.operation.dead_by = now + 30;
          if (one.operation.kind == Kind::kRelease || one.operation.kind == Kind::kAcquire)
            history.operations.push_back(one.operation);
          one.at = Process::At::kIdle;
        }
        break;
      case Process::At::kCalled:
        if (one.operation.kind == Kind::kAcquire) {
          const bool wrongly = wrong && value == 0 && history.operations.size() > kOperations * 9 / 10;
          if (value == 0 && !wrongly) break;
          if (!wrongly) --value;
          if (wrongly) wrong = false;
          ++one.held;
        } else if (one.operation.kind == Kind::kRelease) {
          ++value;
          --one.held;
        } else if (one.operation.kind == Kind::kGetValue) {
          one.operation.value = value;
        } else if (value != 0) {
          // It found a unit after all.
          one.operation.kind = Kind::kAcquire;
          break;
        }
        one.at = Process::At::kDone;
        break;
      case Process::At::kDone:
        one.operation.returned = now;
        history.operations.push_back(one.operation);
        one.at = Process::At::kIdle;
        break;
    }
  }
  for (const Process& one : all) {
    if (one.at == Process::At::kDone) history.operations.push_back(one.operation);
  }
  return history;
}

template <class Check>
void Run(benchmark::State& state, const Check& check, bool only_changes) {
  const bool wrong = state.range(1) != 0;
  const History history = Make(static_cast<int>(state.range(0)), only_changes, wrong, static_cast<int>(state.range(2)));
  Judgement result;
  for (auto _ : state) benchmark::DoNotOptimize(result = check(history));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * history.operations.size()));
  state.SetLabel(result.verdict == Verdict::kOk ? "ok" : result.verdict == Verdict::kViolation ? "violation" : "unknown");
}

void Sweep(benchmark::State& state) { Run(state, CheckSweep, true); }
void Greedy(benchmark::State& state) { Run(state, CheckGreedy, true); }
void FrontierCheck(benchmark::State& state) {
  Run(state, [](const History& history) { return CheckFrontier(history); }, false);
}

BENCHMARK(Sweep)
    ->ArgNames({"processes", "wrong", "lost"})
    ->ArgsProduct({{8}, {0, 1}, {0}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(Greedy)
    ->ArgNames({"processes", "wrong", "lost"})
    ->ArgsProduct({{8}, {0, 1}, {0}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(FrontierCheck)
    ->ArgNames({"processes", "wrong", "lost"})
    ->ArgsProduct({{2, 8, 16}, {0, 1}, {0, 150}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lockstep::check

BENCHMARK_MAIN();
