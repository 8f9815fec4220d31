// SPDX-License-Identifier: MIT
// What goes on by itself: woken threads take their units, short timeouts end. Internal to the model.
#ifndef LOCKSTEP_HARNESS_MODEL_CLOSURE_H_
#define LOCKSTEP_HARNESS_MODEL_CLOSURE_H_

#include <optional>
#include <string>
#include <vector>

#include "harness/model/state.h"

namespace lockstep::model {

// Beyond so many states at once the model gives up rather than the machine.
inline constexpr std::size_t kMostStates = 4096;

// Whether nothing goes on by itself.
bool IsStill(const State& state);

// Every state that these may have become by themselves, these included, each once. Nothing: too many.
std::optional<std::vector<State>> Closure(const std::vector<State>& states);

// Whether nobody can take a unit any more: a stopped process does not.
bool IsSettled(const State& state);
// Whether `actor` sleeps, and goes on sleeping unless something is done.
bool IsBlocked(const State& state, const std::string& actor);

}  // namespace lockstep::model

#endif  // LOCKSTEP_HARNESS_MODEL_CLOSURE_H_
