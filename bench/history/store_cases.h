// SPDX-License-Identifier: MIT
// What holds of a store wherever it is: each case takes an empty database, or one that the case says.
#ifndef LOCKSTEP_BENCH_HISTORY_STORE_CASES_H_
#define LOCKSTEP_BENCH_HISTORY_STORE_CASES_H_

#include <functional>
#include <string>
#include <vector>

namespace lockstep::bench {

void ExpectSessionsAreKeptAndFound(const std::string& where);
void ExpectNothingThatNoFileHolds(const std::string& where);
// Eight processes make the store, or migrate it, and store 25 sessions each, all at once.
void ExpectManyWritersLoseNothing(const std::string& where);

// Kills a writer `times` times, each at a random moment; then `after_kill` looks, and every twentieth time `is_whole` is
// asked. The seed is printed; $LOCKSTEP_TEST_SEED is another.
void ExpectKilledWritersLoseTheirOwnAtMost(const std::string& where, int times, const std::function<void()>& after_kill,
                                           const std::function<bool()>& is_whole);

// Statements that make a store of version 1, with one session, as Lockstep made it then. Never to be changed.
const std::vector<std::string>& StoreOfVersion1();
void ExpectTheSessionOfVersion1(const std::string& where);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_HISTORY_STORE_CASES_H_
