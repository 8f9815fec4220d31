// SPDX-License-Identifier: MIT
// Generated scenarios, run on one implementation until something is not as the model has it; and then
// made as small as it still shows.
#ifndef LOCKSTEP_HARNESS_FUZZ_CAMPAIGN_H_
#define LOCKSTEP_HARNESS_FUZZ_CAMPAIGN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/engine/runner.h"
#include "harness/fuzz/plan.h"

namespace lockstep::fuzz {

struct CampaignOptions {
  std::uint64_t seed = 0;
  long steps = 0;       // that are to be made at least, of random scenarios; 0: none
  bool small_scope = true;  // first every scenario of at most three operations of two processes
  bool until_fail = false;  // the first finding ends it
  int most_findings = 10;
  RunnerOptions runner;     // its deadline ends the campaign
};

// A scenario that an implementation does not do as the model allows.
struct Finding {
  Written written;
  ScenarioRun run;
  bool steady = true;  // each time that it was tried
  int tried = 0;       // scenarios that making it small took
  std::string rule;    // what the model says of the step, with the source
};

struct CampaignResult {
  Introduction introduction;
  long scenarios = 0;
  long steps = 0;
  long small_scope = 0;  // of the scenarios
  long small_scope_there_is = 0;
  Sights sights;
  std::vector<Finding> findings;
  std::vector<std::string> troubles;  // harness errors: what was not judged
  nanoseconds wall{};
};

// `found` is called for each finding as soon as it is small, from the caller's thread.
CampaignResult RunCampaign(const Implementation& implementation, const CampaignOptions& options,
                           const std::function<void(const Finding&)>& found);

// All plans of at most `operations` operations by two processes on each kind of semaphore, each
// transcript once.
std::vector<Written> SmallScope(int operations, const Version& like);

}  // namespace lockstep::fuzz

#endif  // LOCKSTEP_HARNESS_FUZZ_CAMPAIGN_H_
