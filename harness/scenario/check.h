// SPDX-License-Identifier: MIT
// What may follow what in a transcript: actors made before they act and not gone, calls awaited
// before the next, objects that are there in that process. Pure.
#ifndef LOCKSTEP_HARNESS_SCENARIO_CHECK_H_
#define LOCKSTEP_HARNESS_SCENARIO_CHECK_H_

#include <vector>

#include "harness/scenario/scenario.h"
#include "harness/text/source.h"

namespace lockstep::transcript {

// Checks the steps as each platform on which `scope` holds would have them (a version on either
// side of each that a condition names). The first mistake of the first platform that has one is
// reported; where not all of them have it, with the platform's version.
void CheckSteps(const std::vector<Step>& steps, const Condition& scope, Mistakes* mistakes);

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_CHECK_H_
