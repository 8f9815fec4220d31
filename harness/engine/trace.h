// SPDX-License-Identifier: MIT
// What came of running a scenario once, as data: the verdict is made from it elsewhere.
#ifndef LOCKSTEP_HARNESS_ENGINE_TRACE_H_
#define LOCKSTEP_HARNESS_ENGINE_TRACE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/os/clock.h"
#include "harness/protocol/message.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

// How a blocked call was recognised, from the surest to the weakest.
enum class BlockedBy {
  kFutex,     // asleep in futex on the semaphore's own mapping
  kDeclared,  // asleep in a system call in which the implementation says that it waits
  kQuiet,     // asleep, and neither switches nor CPU time over a window
  kSpinning,  // burning CPU over a window, and no answer
  kPresumed,  // announced, unanswered, and the kernel does not let us look
};

struct Blocked {
  BlockedBy by = BlockedBy::kFutex;
  bool for_ever = false;     // its system call has no time-out
  std::int64_t seen_ns = 0;  // when it was seen
};
struct Ended {
  std::optional<int> status;  // as waitpid gives it; nothing: not known
};
struct NoAnswer {
  std::string where;  // where the thread was when time ran out
};

// What a step really did.
using Actual = std::variant<Value, Raised, Unsupported, Blocked, Ended, NoAnswer>;

// In the transcript language: "-> True", "raises OSError EINVAL: Invalid argument", "-> blocked",
// "died SIGSEGV".
std::string ToText(const Actual& actual);
std::string ToText(BlockedBy by);

struct TraceEntry {
  std::string actor;
  std::string step;           // as written, with what was expected of it, and `when`
  std::string outcome;        // what came of it; empty for steps that have no outcome
  std::int64_t begin_ns = 0;  // the adapter's own stamps around the call; 0: none
  std::int64_t end_ns = 0;
  std::int64_t seen_blocked_ns = 0;  // when the harness saw it blocked; 0: it did not look for that
  std::string note;                  // "presumed blocked" …
  // Of a call that was armed (`kill … at`, `fail`, `trace`): the system calls that it made, in order
  // of entry, as call_tracer.h counts them.
  std::vector<std::string> system_calls;
  // Of `trace`: which of these, by their index, are about memory of no file, as an allocator's.
  std::vector<std::size_t> of_memory;
  Position position;
};

// The first step that was not as expected.
struct Divergence {
  std::string step;      // as written
  std::string expected;  // "-> False after 20ms"
  std::string actual;    // "-> True"
  // What grouping and expectations go by: the operation and the two outcomes, without names and
  // numbers of this run.
  std::string operation;  // "acquire(timeout=0)"
  Position position;
};

// A call that took longer than `after` allows.
struct LateCall {
  std::string step;
  nanoseconds expected{};
  nanoseconds actual{};
  Position position;
};

struct ScenarioRun {
  enum class End {
    kCompleted,  // every step was as expected
    kDiverged,
    kUnsupported,    // the implementation lacks something, in `reason`
    kNotRun,         // the machine lacks something, in `reason`
    kHarnessError,   // the harness or the adapter failed, in `reason`
    kTooEarlyToSee,  // a timed call ended before it was seen blocked: run again, slower
  };
  End end = End::kCompleted;
  std::string reason;
  bool not_begun = false;  // the adapter could not even be made ready for it
  std::vector<TraceEntry> trace;
  std::optional<Divergence> divergence;
  std::vector<LateCall> late;
  std::vector<std::string> unclean;      // names, descriptors and processes left behind
  std::vector<std::string> whereabouts;  // where every actor was when it diverged
  std::string output;                    // captured standard output and error
  int repeats = 1;
  nanoseconds wall{};
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ENGINE_TRACE_H_
