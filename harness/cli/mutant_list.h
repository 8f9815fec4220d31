// SPDX-License-Identifier: MIT
// The mutants that there are, and what became of them, as data.
#ifndef LOCKSTEP_HARNESS_CLI_MUTANT_LIST_H_
#define LOCKSTEP_HARNESS_CLI_MUTANT_LIST_H_

#include <set>
#include <string>
#include <vector>

#include "harness/os/result.h"

namespace lockstep {

// A row of the adapter's table (impl/mutants/README.md).
struct Mutant {
  std::string name;
  std::vector<std::string> areas;  // of which a scenario should fail
  std::string says;
  std::string kind;
  bool IsHidden() const { return kind == "hidden"; }
  // Whether it takes a race or a fault to see it, so that no scenario need.
  bool IsForOtherVerbs() const;
};

struct Failed {
  std::string scenario;
  std::string area;
  std::string got;  // as reports say it: "-> blocked"
};

struct MutantResult {
  const Mutant* mutant = nullptr;
  std::vector<Failed> failed = {};  // the killer first; of a whole matrix all that fail
  std::string trouble = {};         // the first thing that could not be judged, and why
  double seconds = 0;
  std::set<std::string> troubled = {};  // every scenario that could not be judged
  bool not_run = false;            // time ran out before all that was to be was run

  bool Killed() const { return !failed.empty(); }
  // Whether a scenario of a predicted area failed.
  bool AsPredicted() const;
};

// Asks the adapter for its table. Blocks for some ms, 10 s at most.
Result<std::vector<Mutant>> ListMutants(const std::string& adapter);

// A line of JSON Lines with its end.
std::string ToJsonLine(const MutantResult& result);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_CLI_MUTANT_LIST_H_
