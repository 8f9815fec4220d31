// SPDX-License-Identifier: MIT
//
// A delay of known size on the free path of a semaphore: acquire() and release() when nobody else wants it.
#ifndef LOCKSTEP_IMPL_DELAYED_DELAY_H_
#define LOCKSTEP_IMPL_DELAYED_DELAY_H_

#include <cstdint>

#include "implementation.h"

namespace lockstep::delayed {

// What every pair is to take longer: so many ns, or so many hundredths of what one takes without.
struct Wanted {
  double free_ns = 0;
  double free_percent = 0;
  double hand_over_ns = 0;  // by the clock, before each release()
};

// What came of it.
struct Delay {
  std::int64_t spins = 0;  // after 64 pairs; 0: no delay
  std::int64_t hand_over_ns = 0;
  double pair_ns = 0;          // undelayed, and
  double delayed_pair_ns = 0;  // delayed, as they took turns when it was verified
  double added_ns = 0;         // by how much, the median over two bursts beside each other
  double percent = 0;          // the same of their ratios
};

// Does `turns` pairs of `object`, and after each 64 of them spins `spins` times, more or less if there are more or less
// of them in the end; a burst of at least 64 is delayed exactly, fewer turns add up.
//
// Not after each pair: a delay of a few ns would not delay anything, as the processor would do it while it waits for the
// pair's own atomic operations. After 64 it is made to wait for these first.
adapter::Outcome<adapter::None> DelayedPairs(adapter::SemLock& object, std::int64_t turns, std::int64_t spins,
                                             adapter::Interrupts& interrupts);

// Finds the spins for what is wanted, with an unnamed semaphore of `implementation`, and verifies them: two comparisons
// in a row have to agree. Takes some tenths of a second. Bursts with and without take turns, and medians are compared,
// so that a clock rate that changes or a neighbour hits both alike.
Delay Calibrate(adapter::Implementation& implementation, const Wanted& wanted);

}  // namespace lockstep::delayed

#endif  // LOCKSTEP_IMPL_DELAYED_DELAY_H_
