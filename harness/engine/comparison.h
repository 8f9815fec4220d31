// SPDX-License-Identifier: MIT
// Two runs of one scenario laid side by side: what has to be alike, and what is chance.
#ifndef LOCKSTEP_HARNESS_ENGINE_COMPARISON_H_
#define LOCKSTEP_HARNESS_ENGINE_COMPARISON_H_

#include <string>
#include <vector>

#include "harness/engine/matching.h"
#include "harness/engine/trace.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

// One step of a run and what came of it, as it is compared and as it is shown.
struct ComparedLine {
  std::string compared;
  std::string shown;
};

// A line for each entry of the run's trace, in order, and then what there is to say of its end. Steps of
// which several outcomes are right, descriptors, addresses and made-up names are like any others.
std::vector<ComparedLine> LinesOf(const Scenario& scenario, const ScenarioRun& run, Messages messages);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ENGINE_COMPARISON_H_
