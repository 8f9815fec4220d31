// SPDX-License-Identifier: MIT
#include "harness/os/clock.h"

#include <time.h>

#include <limits>

namespace lockstep {
namespace {

std::int64_t Read(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::int64_t MonotonicNs() { return Read(CLOCK_MONOTONIC); }

std::int64_t RealtimeOffsetNs() {
  // The reading with the narrowest bracket of three: a preemption between two readings would look
  // like a jump.
  std::int64_t best = 0;
  std::int64_t narrowest = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < 3; ++i) {
    const std::int64_t before = Read(CLOCK_MONOTONIC);
    const std::int64_t real = Read(CLOCK_REALTIME);
    const std::int64_t after = Read(CLOCK_MONOTONIC);
    if (after - before < narrowest) {
      narrowest = after - before;
      best = real - (before + after) / 2;
    }
  }
  return best;
}

}  // namespace lockstep
