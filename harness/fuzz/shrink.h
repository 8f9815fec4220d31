// SPDX-License-Identifier: MIT
// Smaller transcripts than one that shows something.
#ifndef LOCKSTEP_HARNESS_FUZZ_SHRINK_H_
#define LOCKSTEP_HARNESS_FUZZ_SHRINK_H_

#include <vector>

#include "harness/fuzz/writer.h"

namespace lockstep::fuzz {

// Without a stretch of its steps or one of its actors, with a thread for a process, with an actor's
// steps done by the one that made it, with plainer calls: the boldest first, each smaller than
// `scenario` (IsSmaller), each once, each written anew with the model's expectations.
std::vector<Written> Smaller(const Scenario& scenario, const Subject& subject);

}  // namespace lockstep::fuzz

#endif  // LOCKSTEP_HARNESS_FUZZ_SHRINK_H_
