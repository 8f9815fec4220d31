// SPDX-License-Identifier: MIT
#include "harness/stress/plan.h"

#include <algorithm>

namespace lockstep::stress {
namespace {

constexpr int kSampleOneIn = 8;
constexpr int kRecursiveMutex = 0;
constexpr int kSemaphore = 1;
constexpr int kPlenty = 1 << 20;  // a maxvalue out of reach

}  // namespace

RoundPlan PlanRound(Random& random, const Limits& limits, const std::set<std::string>& capabilities) {
  RoundPlan round;
  round.processes = limits.processes > 0 ? limits.processes : 2 + static_cast<int>(Any(random, 4));
  round.threads = limits.threads > 0 ? limits.threads : std::max(1, static_cast<int>(Any(random, 4)));
  if (capabilities.count("thread") == 0) round.threads = 1;
  const int actors = round.processes * round.threads;
  const auto add = [&](int kind, int value, int maxvalue, Use use) {
    round.semaphores.push_back({"s" + std::to_string(round.semaphores.size()), kind, value, maxvalue, use});
  };
  // One that all fight for, one with several permits, one with plenty, one that is handed over.
  const bool recursive = Any(random, 3) == 0;
  add(recursive ? kRecursiveMutex : kSemaphore, 1, recursive || Any(random, 2) == 0 ? 1 : kPlenty, Use::kGuard);
  const int some = 1 + static_cast<int>(Any(random, std::max(1, actors - 1)));
  if (Any(random, 2) == 0) add(kSemaphore, some, Any(random, 2) == 0 ? some : kPlenty, Use::kGuard);
  if (Any(random, 4) != 0) add(kSemaphore, actors, actors, Use::kGuard);
  // Never both: who waits for what another gives, who waits for what is passed back, is a deadlock.
  if (actors > 1 && Any(random, 3) == 0) {
    add(kSemaphore, 0, kPlenty, Use::kHandOver);
  } else if (actors > 1) {
    add(kSemaphore, 1 + static_cast<int>(Any(random, actors / 2)), kPlenty, Use::kPass);
    add(kSemaphore, 0, kPlenty, Use::kPassBack);
  }
  return round;
}

EpochPlan PlanEpoch(Random& random, const Limits& limits, const RoundPlan& round, int epoch, Last last,
                    const std::set<std::string>& capabilities) {
  EpochPlan plan;
  const auto one_in = [&](int n) { return Any(random, n) == 0; };
  const Amplifiers& amplifiers = limits.amplifiers;
  plan.pinned = amplifiers.pins && one_in(4);
  plan.stops = amplifiers.stops && one_in(4);
  plan.signals = amplifiers.signals && capabilities.count("signal") != 0 && one_in(4);
  if (last == Last::kCanary) {
    for (const SemaphorePlan& one : round.semaphores) {
      // Where the bound is in reach it would be refused.
      if (one.maxvalue == kPlenty && one.kind == kSemaphore) plan.canary = one.object;
    }
  }
  // Nobody can give back what the dead owner of a recursive mutex had.
  const bool owned = std::any_of(round.semaphores.begin(), round.semaphores.end(),
                                 [](const SemaphorePlan& one) { return one.kind == kRecursiveMutex; });
  plan.kills = last != Last::kNotYet && plan.canary.empty() && amplifiers.kills && round.processes > 1 && !owned;
  plan.recorded = limits.density == Density::kFull ||
                  (limits.density == Density::kSampled && (epoch % kSampleOneIn == 0 || plan.stops || plan.signals)) ||
                  plan.kills;
  // A wakeup that is lost shows where nobody else would wake, so the last of them, which are handed over or
  // passed, have half of these epochs.
  const auto count = static_cast<std::int64_t>(round.semaphores.size());
  if (one_in(2)) plan.focus = static_cast<int>(one_in(2) ? count - 1 : Any(random, count));
  plan.mix = {{"acquire", 6}, {"try", 2}, {"timed", one_in(2) ? 2 : 0}};
  if (one_in(2)) plan.mix.insert(plan.mix.end(), {{"_get_value", 1}, {"_is_zero", 1}});
  // What makes objects and processes takes far longer than the rest, so there is little of it.
  if (!plan.kills && plan.recorded) {
    const bool many_objects = one_in(4);
    plan.mix.front().second = many_objects ? 4 : 60;
    if ((many_objects || one_in(2)) && capabilities.count("rebuild_by_name") != 0) plan.mix.emplace_back("rebuild", 1);
    if (!many_objects && one_in(4) && capabilities.count("fork") != 0) plan.mix.emplace_back("fork", 1);
  }
  return plan;
}

}  // namespace lockstep::stress
