// SPDX-License-Identifier: MIT
// Platforms on which the conditions of a transcript come out differently. Pure.
#ifndef LOCKSTEP_HARNESS_SCENARIO_PLATFORMS_H_
#define LOCKSTEP_HARNESS_SCENARIO_PLATFORMS_H_

#include <string>
#include <vector>

#include "harness/scenario/scenario.h"

namespace lockstep::transcript {

// One for each way in which the conditions of `steps` can come out where `scope` holds; one at
// least, unless `scope` contradicts itself.
std::vector<Platform> RepresentativePlatforms(const std::vector<Step>& steps,
                                              const Condition& scope);

// "on Python 3.11", "on Python 3.11 with glibc 2.40".
std::string PlatformText(const Platform& platform);

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_PLATFORMS_H_
