// SPDX-License-Identifier: MIT
// One transcript from lines to checked steps.
#ifndef LOCKSTEP_HARNESS_SCENARIO_TRANSCRIPT_H_
#define LOCKSTEP_HARNESS_SCENARIO_TRANSCRIPT_H_

#include <string>
#include <vector>

#include "harness/os/result.h"
#include "harness/scenario/scenario.h"
#include "harness/text/source.h"

namespace lockstep::transcript {

// The steps of these lines, checked for where `scope` holds. A mistake is told with its place in
// `file`; `remark` is put behind what it says, as in " (with timeout=-1)".
Result<std::vector<Step>> ParseTranscript(const std::vector<SourceLine>& lines,
                                          const std::string& file, const Condition& scope,
                                          const std::string& remark);

// What steps show of themselves: the capabilities that they need, and "timing" and "parallel".
std::set<std::string> NeedsOf(const std::vector<Step>& steps);
std::set<std::string> TagsOf(const std::vector<Step>& steps);

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_TRANSCRIPT_H_
