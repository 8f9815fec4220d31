// SPDX-License-Identifier: MIT
// `interleave { … }`: every order in which actors may take their steps. Pure.
#ifndef LOCKSTEP_HARNESS_SCENARIO_INTERLEAVINGS_H_
#define LOCKSTEP_HARNESS_SCENARIO_INTERLEAVINGS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "harness/scenario/scenario.h"

namespace lockstep::transcript {

// The one actor whose turn a step in `interleave` is; empty: such a step cannot stand there.
std::string InterleavedActor(const Step& step);

// How many orders the steps have, all blocks together; nullopt: more than `most`.
std::optional<std::size_t> CountInterleavings(const std::vector<Step>& steps, std::size_t most);

struct Interleaving {
  std::vector<Step> steps;
  std::string order;  // whose turn it was in the blocks: "a-b-a"; empty where there is no block
};
// Every order, each actor's own steps in theirs: first as written by actors in order of their first
// step, then in lexicographic order of turns. One where there is no block.
std::vector<Interleaving> AllInterleavings(const std::vector<Step>& steps);

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_INTERLEAVINGS_H_
