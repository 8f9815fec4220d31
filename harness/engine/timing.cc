// SPDX-License-Identifier: MIT
#include "harness/engine/timing.h"

#include <algorithm>
#include <utility>

#include "harness/os/timed_wait.h"

namespace lockstep {

namespace {

nanoseconds EarlyTolerance(nanoseconds expected) {
  const double slew = static_cast<double>(expected.count()) * kMostSlew;
  return kEarlyTolerance + nanoseconds(static_cast<std::int64_t>(slew));
}

}  // namespace

Elapsed JudgeElapsed(nanoseconds expected, nanoseconds took) {
  if (took < expected - EarlyTolerance(expected)) return Elapsed::kEarly;
  // Timer slack and a wake-up cost 0.1 ms; a tenth of the wait catches a clock that runs slow or a
  // timeout rounded up.
  const nanoseconds tolerance = std::max<nanoseconds>(std::chrono::milliseconds(2), expected / 10);
  return took > expected + tolerance ? Elapsed::kLate : Elapsed::kInTolerance;
}

StarvationJudge::Judgement StarvationJudge::Judge(std::uint64_t runtime_ns, nanoseconds round) {
  const nanoseconds had(runtime_ns - std::exchange(runtime_ns_, runtime_ns));
  if (rounds_ > 0 && had * 20 >= round) return Judgement::kHadItsTime;
  return rounds_++ < kRounds ? Judgement::kWait : Judgement::kStarved;
}

nanoseconds TimeControl(nanoseconds wait) {
  const std::int64_t before = MonotonicNs();
  WaitOnASemaphoreFor(wait);
  return nanoseconds(MonotonicNs() - before);
}

}  // namespace lockstep
