// SPDX-License-Identifier: MIT
//
// The arithmetic that turns a timeout into a deadline, apart from the clock and the wait. Not
// installed.
#ifndef LOCKSTEP_IMPL_REFERENCE_DEADLINE_H_
#define LOCKSTEP_IMPL_REFERENCE_DEADLINE_H_

#include <cstdint>

namespace semlock::internal {

// A point of CLOCK_REALTIME as a timespec has it, but with widths that do not depend on the machine
// and with no promise that nanoseconds is in [0, 1e9).
struct Deadline {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;

  friend bool operator==(const Deadline&, const Deadline&) = default;
};

// What the x86-64 conversion instruction (cvttsd2si) makes of a double: the integer towards zero,
// or INT64_MIN for NaN and whatever does not fit. In C++ those are undefined, and other machines
// answer otherwise.
std::int64_t TruncateToInt64(double value);

// The deadline `timeout_s` seconds after the time of day `now_s`, `now_us` (0 to 999999), as
// CPython on x86-64 computes it (semaphore.c: semlock_acquire): negative timeouts are 0, the
// fraction is rounded to the nearest nanosecond, sums wrap around. NaN, infinity and timeouts of
// 2^63 s or more give negative nanoseconds, which sem_timedwait() refuses with EINVAL; one whose
// sum with now passes 2^63 s gives negative seconds, which have passed. Pure; never fails.
Deadline DeadlineAfter(std::int64_t now_s, std::int64_t now_us, double timeout_s);

}  // namespace semlock::internal

#endif  // LOCKSTEP_IMPL_REFERENCE_DEADLINE_H_
