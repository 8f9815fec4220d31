// SPDX-License-Identifier: MIT
// A history as calls and returns in the order of time. Internal to the checks.
#ifndef LOCKSTEP_HARNESS_CHECK_EVENTS_H_
#define LOCKSTEP_HARNESS_CHECK_EVENTS_H_

#include <cstdint>
#include <vector>

#include "harness/check/history.h"

namespace lockstep::check {

struct Event {
  std::int64_t at = 0;
  std::uint32_t operation = 0;
  bool is_return = false;  // or the death
};

// At one instant calls come first. An operation that never returned has its end where its process was
// known to be dead, and none where nobody knows.
std::vector<Event> EventsOf(const History& history);

// When it can have happened at the latest.
inline std::int64_t EndOf(const Operation& operation) {
  return operation.returned != kNever ? operation.returned : operation.dead_by;
}

inline bool Changes(Kind kind) { return kind == Kind::kRelease || kind == Kind::kAcquire; }

// Whether an operation that only looks may have seen this value.
inline bool MaySee(const Operation& operation, std::int64_t value) {
  switch (operation.kind) {
    case Kind::kFailedAcquire:
      return value == 0;
    case Kind::kGetValue:
      return value == operation.value;
    case Kind::kIsZero:
      return (value == 0) == (operation.value != 0);
    case Kind::kRefusedRelease:
      return value >= operation.value;
    case Kind::kRelease:
    case Kind::kAcquire:
      break;
  }
  return false;
}

Judgement Violation(const History& history, std::size_t operation, std::int64_t value);
Judgement Unknown(const char* why);

}  // namespace lockstep::check

#endif  // LOCKSTEP_HARNESS_CHECK_EVENTS_H_
