// SPDX-License-Identifier: MIT
// What several processes did on one semaphore: operations as intervals of time, stamped inside the
// process that made them.
#ifndef LOCKSTEP_HARNESS_CHECK_HISTORY_H_
#define LOCKSTEP_HARNESS_CHECK_HISTORY_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace lockstep::check {

enum class Kind : std::uint8_t {
  kRelease,         // the value rises by 1
  kAcquire,         // it falls by 1, from above 0
  kFailedAcquire,   // an acquire that failed or timed out: the value was 0 at some instant of it
  kGetValue,        // the value was `value` at some instant
  kIsZero,          // it was 0 (`value` 1), or above (`value` 0)
  kRefusedRelease,  // ValueError: it was `value` (the object's maxvalue) or more at some instant
};

// The return of an operation whose process died in it: it may have happened, or not, and not any more once
// the process is known to be dead.
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

struct Operation {
  Kind kind = Kind::kRelease;
  int actor = 0;               // a thread; one operation of it at a time
  std::int64_t called = 0;     // in any unit, of one clock
  std::int64_t returned = kNever;
  std::int64_t value = 0;      // of kGetValue, kIsZero, kRefusedRelease
  std::int64_t dead_by = kNever;  // where it never returned: an instant at which its process was dead

  bool operator==(const Operation&) const = default;
};

// In any order. An operation returns no sooner than it is called; two that touch (one returns at the
// instant of the other's call) are taken to overlap.
struct History {
  std::int64_t initial = 0;
  std::int64_t most = std::numeric_limits<std::int32_t>::max();  // the value is never above: SEM_VALUE_MAX
  std::vector<Operation> operations;
  std::vector<std::string> actors = {};  // their names, by number; what is left out is "a3"
};

// "acquire() -> False"
std::string ToText(const Operation& operation);
std::string NameOf(const History& history, int actor);

enum class Verdict {
  kOk,         // some order of the operations explains what was seen
  kViolation,  // none does
  kUnknown,    // not decided: the budget was spent, or the check does not cover what is there. Never a pass
};

struct Judgement {
  Verdict verdict = Verdict::kUnknown;
  // kViolation: the operation whose return is the first that nothing explains, by its index.
  std::size_t operation = 0;
  std::string why;  // kUnknown, kViolation: in a sentence
};

}  // namespace lockstep::check

#endif  // LOCKSTEP_HARNESS_CHECK_HISTORY_H_
