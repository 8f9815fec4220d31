// SPDX-License-Identifier: MIT
#include "harness/model/closure.h"

#include <algorithm>
#include <set>

#include "harness/model/call.h"

namespace lockstep::model {
namespace {

const Semaphore& SemaphoreOf(const State& state, const std::string& actor) {
  const std::string& object = state.At(actor).wait->object;
  const auto& lock = std::get<SemLock>(state.ProcessOf(actor).objects.at(object));
  return state.semaphores[static_cast<std::size_t>(lock.semaphore)];
}

bool MayTake(const State& state, const std::string& actor) {
  return state.At(actor).wait && !state.ProcessOf(actor).stopped && SemaphoreOf(state, actor).value > 0;
}

// What is posted may have gone to one that is stopped: it has taken nothing yet, and nobody else was
// woken.
bool StoppedWaitsToo(const State& state, const std::string& actor) {
  const Semaphore* semaphore = &SemaphoreOf(state, actor);
  return std::any_of(state.threads.begin(), state.threads.end(), [&](const auto& one) {
    return one.second.wait && state.ProcessOf(one.first).stopped && &SemaphoreOf(state, one.first) == semaphore;
  });
}

bool MustTake(const State& state, const std::string& actor) {
  return MayTake(state, actor) && !StoppedWaitsToo(state, actor);
}

}  // namespace

bool IsStill(const State& state) {
  return std::none_of(state.threads.begin(), state.threads.end(), [&](const auto& one) {
    const Thread& thread = one.second;
    return thread.wait && (thread.wait->patience == Patience::kShort || MayTake(state, one.first));
  });
}

std::optional<std::vector<State>> Closure(const std::vector<State>& states) {
  std::vector<State> all;
  std::set<std::string> seen;
  const auto add = [&](State state) {
    if (seen.insert(state.Key()).second) all.push_back(std::move(state));
  };
  if (std::all_of(states.begin(), states.end(), IsStill)) return states;
  for (const State& state : states) add(state);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all.size() > kMostStates) return std::nullopt;
    // Copied: adding moves them.
    const State state = all[i];
    for (const auto& [actor, thread] : state.threads) {
      if (!thread.wait || state.ProcessOf(actor).stopped) continue;
      if (MayTake(state, actor)) {
        State next = state;
        TakeUnit(&next, actor);
        add(std::move(next));
      }
      if (thread.wait->patience == Patience::kShort) {
        State next = state;
        next.At(actor).wait.reset();
        next.At(actor).outcome = Outcome{Actual(Value(false)), &rules::kTimedOut};
        add(std::move(next));
      }
    }
  }
  return all;
}

bool IsSettled(const State& state) {
  return std::none_of(state.threads.begin(), state.threads.end(),
                      [&](const auto& one) { return MustTake(state, one.first); });
}

bool IsBlocked(const State& state, const std::string& actor) {
  return state.At(actor).wait && !MustTake(state, actor);
}

}  // namespace lockstep::model
