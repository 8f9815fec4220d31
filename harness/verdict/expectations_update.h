// SPDX-License-Identifier: MIT
// An expectations file rewritten after what a full run came to. Pure.
#ifndef LOCKSTEP_HARNESS_VERDICT_EXPECTATIONS_UPDATE_H_
#define LOCKSTEP_HARNESS_VERDICT_EXPECTATIONS_UPDATE_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/verdict/expectations.h"
#include "harness/verdict/verdict.h"

namespace lockstep {

struct ExpectationsUpdate {
  std::string text;                  // the whole file; the old one where nothing changed
  std::vector<std::string> changes;  // a line each: "added fork/x: fail, -> True"
  std::vector<std::string> by_hand;  // what no rewriting can decide: "… passes, but others do not"
};

// What new entries say in `why`, until somebody explains them. The run's own gate does not mind;
// people should.
extern const char* const kUnexplained;

// `text` is the file that `judged` was parsed from, and `verdicts` those that it was then used to
// judge, on `platform`: all of a full run. Comments, order, and entries of other platforms stay.
// * An entry that is stale goes, with its keys alone.
// * One for a single scenario that failed otherwise gets the verdict and the reason that came.
// * A failure that no entry lists, or that a pattern lists wrongly, gets an entry of its own, before
//   that pattern or at the end; what is lacking gets one entry a reason.
// An implementation's harness errors, and what was not run for want of the machine, change nothing.
ExpectationsUpdate UpdateExpectations(std::string_view text, const Expectations& judged,
                                      const std::vector<ScenarioVerdict>& verdicts,
                                      const Platform& platform);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_VERDICT_EXPECTATIONS_UPDATE_H_
