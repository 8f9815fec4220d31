// SPDX-License-Identifier: MIT
// Rules for elapsed time. A wait must never end early; that it ends late is a fault only when the
// machine is not to blame.
#ifndef LOCKSTEP_HARNESS_ENGINE_TIMING_H_
#define LOCKSTEP_HARNESS_ENGINE_TIMING_H_

#include <cstdint>

#include "harness/os/clock.h"

namespace lockstep {

// By how much a wait may be short: CPython reckons its deadline in whole µs on the wall clock, which
// may be slewed against the clock of the stamps by 500 parts in a million (adjtime(3)). Everything
// else makes a wait longer.
constexpr nanoseconds kEarlyTolerance = std::chrono::microseconds(40);
constexpr double kMostSlew = 500e-6;
// A wait of this many repeats of a scenario is judged: one repeat misses 5 in 100 timers that are 2
// % early, and wrongly calls 4 in 100 late on a loaded machine; five do neither.
constexpr int kTimingRepeats = 5;
// So many late repeats, none in tolerance, each beside a control that was: it is late.
constexpr int kLateRepeats = 10;
// Beyond this many repeats the machine is too slow to judge lateness at all.
constexpr int kMostRepeats = 25;
// A change of CLOCK_REALTIME against CLOCK_MONOTONIC beyond this voids a repeat: somebody set the
// clock.
constexpr nanoseconds kClockJump = std::chrono::microseconds(100);

enum class Elapsed { kInTolerance, kEarly, kLate };
Elapsed JudgeElapsed(nanoseconds expected, nanoseconds took);

// How long a sem_timedwait of this length takes here and now, on a semaphore that nobody posts: the
// control. Blocks for about as long.
nanoseconds TimeControl(nanoseconds wait);

// Judges a thread that has not answered in time and is not asleep: it may have had no CPU, which is no
// fault of its own. Asked once the time is over, and again after each further round.
class StarvationJudge {
 public:
  enum class Judgement {
    kHadItsTime,  // a twentieth of the last round: it is busy, and does not answer
    kWait,        // for another round
    kStarved,     // it had none in any of kRounds
  };
  static constexpr int kRounds = 30;

  // `runtime_ns`: its time on a CPU so far.
  Judgement Judge(std::uint64_t runtime_ns, nanoseconds round);

 private:
  int rounds_ = 0;
  std::uint64_t runtime_ns_ = 0;  // when it was last asked
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ENGINE_TIMING_H_
