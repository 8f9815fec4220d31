// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_CLOCK_H_
#define LOCKSTEP_HARNESS_OS_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace lockstep {

using std::chrono::nanoseconds;

// CLOCK_MONOTONIC, ns: the clock of the adapters' stamps.
std::int64_t MonotonicNs();

// CLOCK_REALTIME − CLOCK_MONOTONIC, ns, read so that the two readings are at most a few µs apart.
// When it jumps, the wall clock was set.
std::int64_t RealtimeOffsetNs();

// A point in time by which a wait has to end.
class Deadline {
 public:
  static Deadline After(nanoseconds wait) { return Deadline(MonotonicNs() + wait.count()); }
  nanoseconds Left() const {
    const std::int64_t left = at_ns_ - MonotonicNs();
    return nanoseconds(left > 0 ? left : 0);
  }
  bool Passed() const { return MonotonicNs() >= at_ns_; }

 private:
  explicit Deadline(std::int64_t at_ns) : at_ns_(at_ns) {}
  std::int64_t at_ns_;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_CLOCK_H_
