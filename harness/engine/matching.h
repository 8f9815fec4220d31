// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_ENGINE_MATCHING_H_
#define LOCKSTEP_HARNESS_ENGINE_MATCHING_H_

#include <functional>
#include <string>
#include <string_view>

#include "harness/engine/trace.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

// How far messages are judged.
enum class Messages { kJudge, kIgnore };

// Whether an outcome is one of those expected. `resolve` gives the value of an expected value's
// expression. Type and errno are always judged; an OSError is known by its errno, so
// FileNotFoundError and OSError ENOENT are the same.
bool Matches(const Expectation& expectation, const Actual& actual, Messages messages,
             const std::function<Value(const Expr&)>& resolve);

// Whether `text` matches `pattern`, in which `...` stands for any text.
bool MatchesText(std::string_view pattern, std::string_view text);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ENGINE_MATCHING_H_
