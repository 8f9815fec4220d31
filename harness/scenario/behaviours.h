// SPDX-License-Identifier: MIT
// The behaviours that the catalogue is to show (scenarios/behaviours.toml), and which scenarios show
// them. Nothing here blocks but LoadCoverage, which reads two files.
#ifndef LOCKSTEP_HARNESS_SCENARIO_BEHAVIOURS_H_
#define LOCKSTEP_HARNESS_SCENARIO_BEHAVIOURS_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/os/result.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

struct Behaviour {
  std::string id;        // "construct.kind-out-of-range": its area, a dot, a few words
  std::string rule;      // one sentence
  std::string source;    // where the rule comes from
  std::string versions;  // how versions, implementations or C libraries differ; mostly empty
  int line = 0;          // of its table

  std::string Area() const { return id.substr(0, id.find('.')); }
};

// The [[behaviour]] tables of one file's text, ids unique. A mistake is "FILE:LINE:COLUMN: …".
Result<std::vector<Behaviour>> ParseBehaviours(std::string_view text, const std::string& file);

struct Covered {
  Behaviour behaviour;
  std::vector<const Scenario*> scenarios;  // that name it in `rules`, in the catalogue's order
  std::string why_not;                     // where no scenario does: a line of NOT_COVERED.md
};

// What covers each behaviour, in the order of behaviours.toml. `folder` has that file and, for what
// no scenario shows, NOT_COVERED.md with lines "- `ID`: REASON". An Error: a scenario without a rule
// or with one that is not there, a behaviour with neither scenario nor reason, or with both.
Result<std::vector<Covered>> LoadCoverage(const std::string& folder,
                                          const std::vector<Scenario>& scenarios);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_SCENARIO_BEHAVIOURS_H_
