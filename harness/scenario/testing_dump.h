// SPDX-License-Identifier: MIT
// Steps field by field, for tests that compare them; it shares nothing with the code that puts them
// into words.
#ifndef LOCKSTEP_HARNESS_SCENARIO_TESTING_DUMP_H_
#define LOCKSTEP_HARNESS_SCENARIO_TESTING_DUMP_H_

#include <string>
#include <vector>

#include "harness/scenario/scenario.h"

namespace lockstep {

// One line a step and actor, positions and texts left out.
std::string DumpSteps(const std::vector<Step>& steps);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_SCENARIO_TESTING_DUMP_H_
