// SPDX-License-Identifier: MIT
#include "deadline.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace semlock::internal {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kNow = 1'800'000'000;

__extension__ typedef __int128 Wide;

TEST(TruncateToInt64, CutsOffTheFractionTowardsZero) {
  EXPECT_EQ(TruncateToInt64(2.9), 2);
  EXPECT_EQ(TruncateToInt64(-2.9), -2);
  EXPECT_EQ(TruncateToInt64(-0.0), 0);
}

TEST(TruncateToInt64, KeepsTheLastDoubleBelowTwoTo63) {
  EXPECT_EQ(TruncateToInt64(std::nextafter(0x1p63, 0.0)), kMax - 1023);
}

TEST(TruncateToInt64, GivesTheIndefiniteIntegerForWhatDoesNotFit) {
  for (const double value : {kNaN, -kNaN, kInfinity, -kInfinity, 0x1p63, 1e300, -1e300}) {
    EXPECT_EQ(TruncateToInt64(value), kMin) << value;
  }
}

TEST(DeadlineAfter, IsNowForZeroAndForEveryNegativeTimeout) {
  for (const double timeout : {0.0, -0.0, -1e-9, -0.5, -1e300, -kInfinity}) {
    EXPECT_EQ(DeadlineAfter(kNow, 250'000, timeout), (Deadline{kNow, 250'000'000})) << timeout;
  }
}

TEST(DeadlineAfter, RoundsToTheNearestNanosecond) {
  EXPECT_EQ(DeadlineAfter(kNow, 0, 1.4e-9), (Deadline{kNow, 1}));
  EXPECT_EQ(DeadlineAfter(kNow, 0, 1.6e-9), (Deadline{kNow, 2}));
  EXPECT_EQ(DeadlineAfter(kNow, 0, 1e-10), (Deadline{kNow, 0}));
}

TEST(DeadlineAfter, CarriesNanosecondsIntoSeconds) {
  EXPECT_EQ(DeadlineAfter(kNow, 999'999, 0.000'001), (Deadline{kNow + 1, 0}));
  EXPECT_EQ(DeadlineAfter(kNow, 999'999, 0.999'999'999'9), (Deadline{kNow + 1, 999'999'000}));
}

TEST(DeadlineAfter, HasRefusableNanosecondsForWhatDoesNotFit) {
  for (const double timeout : {kNaN, kInfinity, 0x1p63, 9.3e18, 1e19, 1e300}) {
    for (const std::int64_t microseconds : {0, 1, 854'775, 854'776, 999'999}) {
      EXPECT_LT(DeadlineAfter(kNow, microseconds, timeout).nanoseconds, 0)
          << timeout << " at " << microseconds;
    }
  }
}

TEST(DeadlineAfter, HasPassedWhenTheSumWrapsAround) {
  const Deadline deadline = DeadlineAfter(kNow, 0, std::nextafter(0x1p63, 0.0));
  EXPECT_LT(deadline.seconds, 0);
  EXPECT_EQ(deadline.nanoseconds, 0);
}

TEST(DeadlineAfter, IsFarAwayForAHugeTimeoutThatFits) {
  EXPECT_EQ(DeadlineAfter(kNow, 0, 0x1p62), (Deadline{kNow + (std::int64_t{1} << 62), 0}));
}

// The exact number of nanoseconds of a timeout, times 2^52, in integers only. `numerator` / 2^52 is
// the fraction of the second.
Wide ExactScaledNanoseconds(std::int64_t numerator) { return Wide{numerator} * 1'000'000'000; }

RC_GTEST_PROP(DeadlineAfterProperty, IsWithinHalfANanosecondOfTheExactSum, ()) {
  const auto microseconds = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const auto whole = *rc::gen::inRange<std::int64_t>(0, 1 << 20);
  // 32 bits of fraction and 20 of whole seconds are exact in a double.
  const auto fraction = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 32);
  const double timeout =
      static_cast<double>(whole) + std::ldexp(static_cast<double>(fraction), -32);

  const Deadline deadline = DeadlineAfter(kNow, microseconds, timeout);

  RC_ASSERT(deadline.nanoseconds >= 0);
  RC_ASSERT(deadline.nanoseconds < 1'000'000'000);
  const Wide scale = Wide{1} << 52;
  const Wide got = (Wide{deadline.seconds} * 1'000'000'000 + deadline.nanoseconds) * scale;
  const Wide exact = (Wide{kNow + whole} * 1'000'000'000 + Wide{microseconds} * 1000) * scale +
                     ExactScaledNanoseconds(fraction << 20);
  const Wide error = got > exact ? got - exact : exact - got;
  // Half a nanosecond, and 2^-23 of one for the rounding of the product.
  RC_ASSERT(error <= scale / 2 + (scale >> 23));
}

RC_GTEST_PROP(DeadlineAfterProperty, NeverComesEarlierForALongerTimeout, ()) {
  const auto microseconds = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const auto a = std::ldexp(static_cast<double>(*rc::gen::inRange(0, 1 << 30)), -20);
  const auto b = std::ldexp(static_cast<double>(*rc::gen::inRange(0, 1 << 30)), -20);
  const Deadline early = DeadlineAfter(kNow, microseconds, std::fmin(a, b));
  const Deadline late = DeadlineAfter(kNow, microseconds, std::fmax(a, b));
  RC_ASSERT(std::pair(early.seconds, early.nanoseconds) <=
            std::pair(late.seconds, late.nanoseconds));
}

RC_GTEST_PROP(DeadlineAfterProperty, IsDefinedForEveryBitPattern, ()) {
  const auto bits = *rc::gen::arbitrary<std::uint64_t>();
  const auto microseconds = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const double timeout = std::bit_cast<double>(bits);
  const Deadline deadline = DeadlineAfter(kNow, microseconds, timeout);
  // A deadline is refusable exactly when the timeout is none.
  const bool fits = timeout < 0x1p63;
  RC_ASSERT(fits == (deadline.nanoseconds >= 0));
  RC_ASSERT(deadline.nanoseconds < 1'000'000'000);
}

}  // namespace
}  // namespace semlock::internal
