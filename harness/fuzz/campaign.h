// SPDX-License-Identifier: MIT
// Generated scenarios, run on one implementation until something is not as the model has it; and then
// made as small as it still shows.
#ifndef LOCKSTEP_HARNESS_FUZZ_CAMPAIGN_H_
#define LOCKSTEP_HARNESS_FUZZ_CAMPAIGN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/engine/runner.h"
#include "harness/fuzz/writer.h"

namespace lockstep::fuzz {

struct CampaignOptions {
  std::uint64_t seed = 0;
  std::vector<Scenario> corpus;  // what is tried first
  bool small_scope = true;       // then every sequence of three operations of two processes
  long steps = 0;                // that random scenarios are to have at least
  nanoseconds time{};            // after which nothing more is begun; 0: no limit. Small scope has half
  bool until_fail = false;       // the first finding ends it
  int most_findings = 10;
  const Implementation* oracle = nullptr;  // runs each scenario too; nullptr: the model alone judges
  RunnerOptions runner;          // its deadline ends the campaign as well, but not the finding in work
};

// A scenario that an implementation does not do as the model allows, or not as the oracle does it.
struct Finding {
  Written written;
  ScenarioRun run;     // with a divergence, or unclean
  bool by_oracle = false;  // the model allows both, and the oracle does otherwise
  bool steady = true;  // each time that it was tried
  int tried = 0;       // scenarios that making it small took
  nanoseconds took{};  // to make it small
  std::string rule;    // what the model says of the step, with the source
  std::string when;    // the versions for which it says so
};

struct CampaignResult {
  Introduction introduction;
  std::string failure;        // why there was no campaign: the oracle
  bool wrong_oracle = false;  // one of other rules was asked for
  long scenarios = 0;
  long steps = 0;            // of all that was run
  long random_steps = 0;     // of random scenarios; behind a failure none are made
  long compared = 0;         // scenarios that the oracle ran to their end, too
  std::string ended_by;      // what ended it before all was run: "its time", "ten findings"; empty: nothing
  long sequences = 0;        // of small scope that were run
  bool all_sequences = false;
  // What was seen, in scenarios that went to their end.
  std::map<std::string, int> sights;
  std::vector<std::string> missing;  // required sights that never were
  std::size_t situations = 0;
  std::size_t states = 0;
  std::size_t transitions = 0;
  std::vector<Finding> findings;
  // Scenarios that ended before their end, by what the implementation lacks.
  std::map<std::string, int> unsupported;
  std::vector<std::string> troubles;  // harness errors: what was not judged
  nanoseconds wall{};
};

// What is told while it runs, from the caller's thread.
struct CampaignWatcher {
  // Now and then.
  std::function<void(const CampaignResult&)> progress;
  // A scenario that fails as it was met, and each smaller one: nothing is lost if all ends here.
  std::function<void(const Finding&)> smaller;
  std::function<void(const Finding&)> found;  // as small as it gets
  // Those in which something happened for the first time, which they say.
  std::function<void(const std::vector<Scenario>&)> interesting;
};

// Ends when all is made and run, with `most_findings` findings, five troubles, at its time or deadline, or
// interrupted; a failure that was met by then is a finding still, and making it small takes at most two
// minutes (none when interrupted). Without a hello, or with a `failure`, nothing was run. The arguments
// outlive it.
CampaignResult RunCampaign(const Implementation& implementation, const CampaignOptions& options,
                           const CampaignWatcher& watcher);

}  // namespace lockstep::fuzz

#endif  // LOCKSTEP_HARNESS_FUZZ_CAMPAIGN_H_
