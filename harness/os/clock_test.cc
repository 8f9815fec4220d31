// SPDX-License-Identifier: MIT
#include "harness/os/clock.h"

#include <gtest/gtest.h>

#include "harness/os/testing_support.h"
#include "harness/os/timed_wait.h"

namespace lockstep {
namespace {

using std::chrono::milliseconds;

TEST(MonotonicNs, GoesForward) {
  const std::int64_t before = MonotonicNs();
  EXPECT_TRUE(WaitUntil([&] { return MonotonicNs() > before; }));
}

TEST(RealtimeOffsetNs, StandsStillWhileNobodySetsTheClock) {
  const std::int64_t first = RealtimeOffsetNs();
  // Within what clock discipline may slew in the meantime.
  EXPECT_LT(std::abs(RealtimeOffsetNs() - first), nanoseconds(milliseconds(1)).count());
}

TEST(Deadline, HasAllItsTimeLeftAtFirstAndNoneInTheEnd) {
  const Deadline far = Deadline::After(std::chrono::hours(1));
  EXPECT_GT(far.Left(), std::chrono::minutes(59));
  EXPECT_FALSE(far.Passed());
  const Deadline past = Deadline::After(milliseconds(-5));
  EXPECT_EQ(past.Left(), nanoseconds(0));
  EXPECT_TRUE(past.Passed());
}

TEST(WaitOnASemaphoreFor, LastsAsLongAsAsked) {
  for (const milliseconds wait : {milliseconds(1), milliseconds(20)}) {
    const std::int64_t before = MonotonicNs();
    WaitOnASemaphoreFor(wait);
    const nanoseconds took(MonotonicNs() - before);
    EXPECT_GE(took,
              wait - std::chrono::microseconds(200));  // two clocks, each with its own granularity
    EXPECT_LT(took, kTestPatience);
  }
}

TEST(WaitOnASemaphoreFor, CarriesNanosecondsOverIntoSeconds) {
  // Whatever the time of day, 1.1 s passes a whole second, and the sum of two parts below one
  // second may pass another.
  const std::int64_t before = MonotonicNs();
  WaitOnASemaphoreFor(milliseconds(1100));
  EXPECT_GE(nanoseconds(MonotonicNs() - before), milliseconds(1099));
}

}  // namespace
}  // namespace lockstep
