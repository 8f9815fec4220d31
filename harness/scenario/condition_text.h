// SPDX-License-Identifier: MIT
// Conditions that stand alone, outside of a transcript: `when` of an expectations file. Pure, for
// any thread.
#ifndef LOCKSTEP_HARNESS_SCENARIO_CONDITION_TEXT_H_
#define LOCKSTEP_HARNESS_SCENARIO_CONDITION_TEXT_H_

#include <string_view>

#include "harness/os/result.h"
#include "harness/scenario/scenario.h"
#include "harness/text/source.h"

namespace lockstep {

// The condition that is written in `text`, as in ">= 3.12 and glibc < 2.41". An Error is "COLUMN:
// what, what was expected".
Result<Condition> ParseConditionText(std::string_view text);

namespace transcript {

// The same for a line of a file: a mistake is left with `mistakes`, and then what is returned means
// nothing.
Condition ParseConditionLine(const SourceLine& line, Mistakes* mistakes);

}  // namespace transcript
}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_SCENARIO_CONDITION_TEXT_H_
