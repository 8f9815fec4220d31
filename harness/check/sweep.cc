// SPDX-License-Identifier: MIT
// The two checks that need no search.
#include <algorithm>
#include <queue>

#include "harness/check/check.h"
#include "harness/check/events.h"

namespace lockstep::check {
namespace {

// What a check of releases and acquires alone leaves open.
constexpr char kOthers[] = "there are operations that only look, which this check does not judge";
constexpr char kDeaths[] = "processes died in it at known instants, which this check does not judge";
constexpr char kBound[] = "the upper bound is in reach, which this check does not judge";

bool OnlyChanges(const History& history) {
  return std::all_of(history.operations.begin(), history.operations.end(),
                     [](const Operation& one) { return Changes(one.kind); });
}

}  // namespace

Judgement CheckSweep(const History& history) {
  std::int64_t value = history.initial;
  std::int64_t highest = value;
  for (const Event& event : EventsOf(history)) {
    const Operation& operation = history.operations[event.operation];
    if (operation.kind == Kind::kRelease && !event.is_return) highest = std::max(highest, ++value);
    if (operation.kind == Kind::kAcquire && event.is_return && operation.returned != kNever && --value < 0)
      return Violation(history, event.operation, value + 1);
  }
  if (!OnlyChanges(history)) return Unknown(kOthers);
  if (highest > history.most) return Unknown(kBound);
  return {Verdict::kOk, 0, ""};
}

Judgement CheckGreedy(const History& history) {
  // Those in flight that are in no order yet, the one that returns first on top.
  using Pending = std::pair<std::int64_t, std::uint32_t>;
  using Queue = std::priority_queue<Pending, std::vector<Pending>, std::greater<>>;
  Queue releases;
  Queue acquires;
  std::vector<bool> ordered(history.operations.size());
  std::int64_t value = history.initial;
  bool deaths = false;
  const auto order_first = [&](Queue* queue, int change) {
    while (!queue->empty() && ordered[queue->top().second]) queue->pop();
    if (queue->empty()) return false;
    ordered[queue->top().second] = true;
    queue->pop();
    value += change;
    return true;
  };
  for (const Event& event : EventsOf(history)) {
    const Operation& operation = history.operations[event.operation];
    if (!Changes(operation.kind)) continue;
    const bool is_release = operation.kind == Kind::kRelease;
    if (!event.is_return) {
      (is_release ? releases : acquires).emplace(operation.returned, event.operation);
      continue;
    }
    if (operation.returned == kNever) {
      deaths = true;
      continue;
    }
    if (ordered[event.operation]) continue;
    const bool enabled = is_release ? value < history.most || order_first(&acquires, -1)
                                    : value > 0 || order_first(&releases, +1);
    if (!enabled) return Violation(history, event.operation, value);
    ordered[event.operation] = true;
    value += is_release ? 1 : -1;
  }
  if (!OnlyChanges(history)) return Unknown(kOthers);
  if (deaths) return Unknown(kDeaths);
  return {Verdict::kOk, 0, ""};
}

Judgement Judge(const History& history, std::size_t budget) {
  const Judgement swept = CheckSweep(history);
  if (swept.verdict == Verdict::kOk) return swept;
  const Judgement exact = CheckFrontier(history, budget);
  if (exact.verdict != Verdict::kUnknown) return exact;
  // What a check that covers less calls a violation is one.
  if (swept.verdict == Verdict::kViolation) return swept;
  const Judgement greedy = CheckGreedy(history);
  return greedy.verdict == Verdict::kViolation ? greedy : exact;
}

}  // namespace lockstep::check
