// SPDX-License-Identifier: MIT
// Every sequence of so many operations by two processes on one semaphore of each kind, exhaustively.
// Starting a scenario costs more than such a sequence, so that several are put into one, each on a
// semaphore of its own.
#ifndef LOCKSTEP_HARNESS_FUZZ_SMALL_SCOPE_H_
#define LOCKSTEP_HARNESS_FUZZ_SMALL_SCOPE_H_

#include <optional>
#include <unordered_set>
#include <vector>

#include "harness/fuzz/plan.h"

namespace lockstep::fuzz {

struct Chain {
  Written written;
  std::vector<Plan> plans;  // those that it is made of, each a scenario by itself
};

class SmallScope {
 public:
  // Shorter sequences are the beginnings of these, and not made by themselves.
  SmallScope(int operations, Subject subject);

  // The next scenario; nothing: that was all. No transcript's sequence comes twice.
  std::optional<Chain> Next();

 private:
  std::optional<Plan> NextPlan();
  // Whether this sequence is new, and then whether another may follow it in the same processes.
  enum class Found { kKnown, kNew, kNewAndLast };
  Found Look(const Plan& plan);
  Chain Put(std::vector<Plan> plans) const;

  const Subject subject_;
  std::vector<Choice> alphabet_;
  std::size_t setup_ = 0;
  std::vector<std::size_t> digits_;
  std::unordered_set<std::size_t> seen_;  // hashes of transcripts
  std::vector<Plan> followed_;  // that others may follow
  std::vector<Plan> last_;      // that none may
};

}  // namespace lockstep::fuzz

#endif  // LOCKSTEP_HARNESS_FUZZ_SMALL_SCOPE_H_
