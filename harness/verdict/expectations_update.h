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
  std::size_t added = 0;             // entries
  std::size_t removed = 0;
  std::vector<std::string> by_hand;  // what no rewriting can decide: "… passes, but others do not"
};

// What new and changed entries say in `why`, until somebody explains them. The run's own gate does
// not mind; people should, and reports count them.
extern const char* const kUnexplained;

// `text` is the file that `judged` was parsed from, and `verdicts` those that it was then used to
// judge, on `platform`: all of a full run. Comments, order, and entries of other platforms stay.
// * An entry that is stale goes, with its keys alone.
// * One for a single scenario that failed otherwise gets the verdict and the reason that came, and is
//   unexplained again.
// * A failure that no entry lists, or that a pattern lists wrongly, gets an entry of its own, before
//   that pattern or at the end; what is lacking gets one entry a reason.
// What was not run for want of the machine changes nothing. An Error: the file is laid out as no
// rewriting of lines can edit (an inline array, a value over several lines).
Result<ExpectationsUpdate> UpdateExpectations(std::string_view text, const Expectations& judged,
                                      const std::vector<ScenarioVerdict>& verdicts,
                                      const Platform& platform);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_VERDICT_EXPECTATIONS_UPDATE_H_
