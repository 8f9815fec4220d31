// SPDX-License-Identifier: MIT
// Is a history one of a counting semaphore? From the cheapest check to the one that needs no
// assumption. Pure; time in the number of operations n and those in flight at once p.
#ifndef LOCKSTEP_HARNESS_CHECK_CHECK_H_
#define LOCKSTEP_HARNESS_CHECK_CHECK_H_

#include <cstddef>

#include "harness/check/history.h"

namespace lockstep::check {

// Counts a release from its call and an acquire from its return; below 0 nothing explains it. O(n log n).
// A violation is one. kOk is exact for releases and acquires alone with no upper bound (`most` out of
// reach); of anything else it is kUnknown.
Judgement CheckSweep(const History& history);

// Puts nothing in order until a return forces it, and then what returns first. O(n log n). Exact for
// releases and acquires alone between 0 and `most`; of anything else (and of deaths at known instants) a
// violation is one, and the rest kUnknown.
Judgement CheckGreedy(const History& history);

// Every order that is still possible, as a frontier of few: exact for all kinds and for processes that
// died. kUnknown: more than 64 operations in flight at once, or a frontier beyond `budget` orders.
inline constexpr std::size_t kFrontierBudget = 1 << 20;
Judgement CheckFrontier(const History& history, std::size_t budget = kFrontierBudget);

// A search by Wing and Gong with a memory of what was tried: a second opinion. kUnknown: more than 60
// operations, or `budget` states.
inline constexpr std::size_t kSearchBudget = 1 << 22;
Judgement CheckSearch(const History& history, std::size_t budget = kSearchBudget);

// What `lockstep check` and `lockstep stress` say: the cheapest check that is exact for what is there, and
// where it is not one of a semaphore, the first return that nothing explains.
Judgement Judge(const History& history, std::size_t budget = kFrontierBudget);

}  // namespace lockstep::check

#endif  // LOCKSTEP_HARNESS_CHECK_CHECK_H_
