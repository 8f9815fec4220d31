// SPDX-License-Identifier: MIT
// All points of one implementation: recorded, run, judged.
#ifndef LOCKSTEP_HARNESS_FAULTS_CAMPAIGN_H_
#define LOCKSTEP_HARNESS_FAULTS_CAMPAIGN_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/engine/runner.h"
#include "harness/faults/cases.h"
#include "harness/faults/contract.h"

namespace lockstep::faults {

enum class Outcome {
  kFine,
  kAllowed,  // by the contract alone
  kFinding,
  kNeverCame,    // the call did not come to the point, however often
  kUnsupported,  // the implementation lacks what the subject needs
  kNotRun,       // the machine lacks something, or the time was over
  kTrouble,      // the harness or the adapter failed
};
std::string ToText(Outcome outcome);

// What came of one variant of a case.
struct Tried {
  Outcome outcome = Outcome::kFine;
  std::string what;        // what was allowed, found or lacking; empty when fine
  bool next = false;       // it did not come true so; another variant may
  bool again = false;      // the point did not come; it may the next time
  bool ruled_out = false;  // it came true, and the contract rules that out
};
// Pure. `run` is of `variant` of the case, to which the contract applies.
Tried JudgeVariant(const Case& one, const Ending& variant, const ScenarioRun& run,
                   const Contract& contract);

// What came of a point, with the transcript that tells it: the right one, or, of a finding, the one
// that came furthest.
struct Judged {
  Case of;
  Outcome outcome = Outcome::kFine;
  std::string what;
  Scenario scenario;
  ScenarioRun run;
};

struct CampaignOptions {
  Contract contract;
  std::set<Sweep> sweeps;
  std::string filter;  // part of a subject's name; empty: all
  RunnerOptions runner;
};

struct CampaignResult {
  Introduction introduction;
  std::vector<Judged> judged;              // by sweep, subject and place in the call
  std::map<Sweep, std::string> not_swept;  // a sweep as a whole, and why
  std::vector<std::string> cleaned;  // names that killed creators had left on a shared /dev/shm
  nanoseconds wall{};
};

// `progress` is called with how many transcripts were run, from the threads of RunScenarios.
CampaignResult RunCampaign(const Implementation& implementation, const CampaignOptions& options,
                           const std::function<void(std::size_t)>& progress);

// A scenario file that holds this point's transcript alone; `area`: the file's stem.
std::string FileOf(const Judged& judged, const std::string& area);

}  // namespace lockstep::faults

#endif  // LOCKSTEP_HARNESS_FAULTS_CAMPAIGN_H_
