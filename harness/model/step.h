// SPDX-License-Identifier: MIT
// The steps of a transcript as what each of its actors does. Internal to the model.
#ifndef LOCKSTEP_HARNESS_MODEL_STEP_H_
#define LOCKSTEP_HARNESS_MODEL_STEP_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/model/call.h"
#include "harness/model/state.h"
#include "harness/scenario/scenario.h"

namespace lockstep::model {

// All the ways in which something may go from any of these states. Nothing: the model does not know.
using Ways = std::optional<std::vector<Way>>;

// What one actor does in a step.
struct Part {
  std::string actor;
  std::function<Ways(const std::vector<State>&)> ways;
  std::optional<Expectation> expectation;  // nothing: that it does not raise
};

// The parts of a step, in order; they point into it. Nothing: a step that the model does not know.
std::optional<std::vector<Part>> PartsOf(const Step& step);

// A call from its begin until it has ended or sleeps.
Ways WaysOfCall(const std::vector<State>& states, const std::string& actor, const Call& call);

}  // namespace lockstep::model

#endif  // LOCKSTEP_HARNESS_MODEL_STEP_H_
