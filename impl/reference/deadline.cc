// SPDX-License-Identifier: MIT
#include "deadline.h"

#include <limits>

namespace semlock::internal {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

// Signed sums that pass the end are undefined; unsigned ones wrap, and so does the machine.
std::int64_t WrappingAdd(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

std::int64_t TruncateToInt64(double value) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  // Written so that NaN, which compares false with everything, is not in range.
  const bool in_range = value >= -kTwoTo63 && value < kTwoTo63;
  return in_range ? static_cast<std::int64_t>(value) : std::numeric_limits<std::int64_t>::min();
}

Deadline DeadlineAfter(std::int64_t now_s, std::int64_t now_us, double timeout_s) {
  const double timeout = timeout_s < 0.0 ? 0.0 : timeout_s;
  const std::int64_t whole = TruncateToInt64(timeout);
  const double fraction = timeout - static_cast<double>(whole);
  const std::int64_t nanoseconds =
      WrappingAdd(now_us * 1000, TruncateToInt64(1e9 * fraction + 0.5));
  // Division truncates towards zero, so out-of-range timeouts keep a negative remainder.
  const std::int64_t carry = nanoseconds / kNanosecondsPerSecond;
  return {WrappingAdd(WrappingAdd(now_s, whole), carry), nanoseconds % kNanosecondsPerSecond};
}

}  // namespace semlock::internal
