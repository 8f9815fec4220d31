// SPDX-License-Identifier: MIT
// A stress test of one implementation: rounds of load and of races, until something is found or the time is
// over.
#ifndef LOCKSTEP_HARNESS_STRESS_CAMPAIGN_H_
#define LOCKSTEP_HARNESS_STRESS_CAMPAIGN_H_

#include <functional>
#include <string>
#include <vector>

#include "harness/adapter/implementation.h"
#include "harness/protocol/message.h"
#include "harness/stress/plan.h"
#include "harness/stress/result.h"

namespace lockstep::stress {

struct CampaignOptions {
  std::uint64_t seed = 0;
  nanoseconds time{};  // after which no epoch is begun; 0: no limit
  long calls = 0;      // so many, after which none is begun; 0: no limit
  Limits limits;
  double timeout_scale = 1;
  std::string channel_dir;
  std::string name_prefix;  // of names in /dev/shm, without a slash
};

struct CampaignResult {
  std::optional<Hello> hello;  // nothing: it could not be started
  std::string trouble;         // not empty: what ended it is not the implementation's fault
  std::string lacks;           // not empty: the capability without which there is no load
  std::vector<Finding> findings;  // the last one ended it, but for one that goes on
  Totals totals;
  long canaries = 0;                 // planted, each found
  std::vector<std::string> missing;  // situations that are to come about, and never did
  nanoseconds wall{};
};

// `progress` is called now and then, from the caller's thread. Blocks until the end.
CampaignResult RunCampaign(const Implementation& implementation, const CampaignOptions& options,
                           const std::function<void(const CampaignResult&)>& progress);

}  // namespace lockstep::stress

#endif  // LOCKSTEP_HARNESS_STRESS_CAMPAIGN_H_
