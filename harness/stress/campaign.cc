// SPDX-License-Identifier: MIT
#include "harness/stress/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "harness/os/affinity.h"
#include "harness/os/interrupt.h"
#include "harness/os/supervisor.h"
#include "harness/stress/race.h"
#include "harness/stress/round.h"

namespace lockstep::stress {
namespace {

constexpr int kEpochs = 8;      // of a round
constexpr int kCanaryOneIn = 3;  // of the last epochs; one that could not be planted is owed
constexpr int kRaces = 40;       // of each kind, of a round of races
constexpr int kRacesOneIn = 4;   // rounds
constexpr long kGiveUpAfter = 5;  // rounds on a machine that is too busy
constexpr long kFirstTurns = 200;
constexpr long kMostTurns = 200'000;
// An epoch of this length costs little to begin and to end, and shows soon what it shows.
constexpr std::int64_t kEpochNs = 40'000'000;
// A campaign that has less time may well miss a situation.
constexpr std::chrono::seconds kEnoughTime{10};

class Campaign {
 public:
  Campaign(const Implementation& implementation, const CampaignOptions& options,
           const std::function<void(const CampaignResult&)>& progress)
      : implementation_(implementation), options_(options), progress_(progress), random_(options.seed) {}

  CampaignResult Run() {
    const std::int64_t start = MonotonicNs();
    start_ns_ = start;
    AskForPreciseTimers();
    auto supervisor = Supervisor::Start(ProbeIsolation().isolation, options_.name_prefix);
    if (!supervisor) {
      result_.trouble = supervisor.error().Text();
      return std::move(result_);
    }
    Supervisor below = std::move(*supervisor);
    {
      Session session(implementation_, below, SessionOptions{options_.channel_dir, -1, options_.timeout_scale});
      session_ = &session;
      if (const auto ready = session.Ensure(); !ready) {
        result_.trouble = ready.error().Text();
      } else {
        result_.hello = session.hello();
        if (session.hello().capabilities.count("load") == 0) result_.lacks = "load";
        if (result_.lacks.empty()) Rounds();
      }
    }
    result_.wall = nanoseconds(MonotonicNs() - start);
    if (result_.hello && result_.lacks.empty() && result_.findings.empty() && result_.trouble.empty()) FindMissing();
    return std::move(result_);
  }

 private:
  bool Over() const {
    if (Interrupted() || !result_.trouble.empty()) return true;
    if (!result_.findings.empty() && !result_.findings.back().goes_on) return true;
    if (options_.calls > 0 && result_.totals.calls >= options_.calls) return true;
    return options_.time.count() > 0 && MonotonicNs() - start_ns_ >= options_.time.count();
  }

  void Rounds() {
    for (long round = 0; !Over(); ++round) {
      if (const auto ready = session_->Ensure(); !ready) {
        result_.trouble = ready.error().Text();
        return;
      }
      const std::string name = fmt::format("{}-{}", options_.name_prefix, round % 1000);
      if (options_.limits.amplifiers.races && round % kRacesOneIn == 1) {
        RaceRound(name);
      } else {
        LoadRound(name);
      }
    }
  }

  void LoadRound(const std::string& name) {
    const auto& capabilities = result_.hello->capabilities;
    if (load_rounds_++ % kCanaryOneIn == 0) canary_is_due_ = true;
    const RoundPlan plan = PlanRound(random_, options_.limits, capabilities);
    Round round(*session_, plan, name, fmt::format("{}/{}", options_.channel_dir, options_.name_prefix), random_, result_.totals);
    if (!Take(round.Begin())) return;
    for (int epoch = 0; epoch < kEpochs && !Over(); ++epoch) {
      const Last end = epoch + 1 < kEpochs ? Last::kNotYet : canary_is_due_ ? Last::kCanary : Last::kKill;
      const EpochPlan one = PlanEpoch(random_, options_.limits, plan, epoch, end, capabilities);
      long& turns = one.recorded ? recorded_turns_ : turns_;
      const Ending ending = round.Run(one, turns);
      if (!one.canary.empty() && round.planted_canary()) {
        canary_is_due_ = false;
        TakeCanary(ending);
        return;
      }
      if (!Take(ending)) return;
      progress_(result_);
      // So that an epoch takes about as long as it should.
      if (one.stops || one.kills || !one.canary.empty()) continue;
      const double factor = static_cast<double>(kEpochNs) / static_cast<double>(std::max<std::int64_t>(round.last_ns(), 1));
      turns = std::clamp(static_cast<long>(static_cast<double>(turns) * std::clamp(factor, 0.5, 2.0)), 20L, kMostTurns);
    }
  }

  void TakeCanary(const Ending& ending) {
    const auto* finding = std::get_if<Finding>(&ending);
    // Anything else is something else.
    const auto is = [&](const char* oracle) { return finding != nullptr && finding->oracle == oracle; };
    const bool is_it = is("conservation") || is("exclusion") || is("history");
    if (is_it)
      ++result_.canaries;
    else if (IsFine(ending))
      result_.trouble = "a release too many was planted, and no oracle found it";
    else
      Take(ending);
  }

  void RaceRound(const std::string& name) {
    Races races(*session_, name, random_, result_.totals);
    if (!Take(races.Begin())) return;
    for (int race = 0; race < kRaces && !Over(); ++race) {
      if (!Take(races.RunEach())) return;
      progress_(result_);
    }
  }

  bool Take(const Ending& ending) {
    const auto* finding = std::get_if<Finding>(&ending);
    const auto is_known = [&](const Finding& one) { return one.oracle == finding->oracle; };
    const auto& findings = result_.findings;
    if (finding != nullptr && std::none_of(findings.begin(), findings.end(), is_known)) result_.findings.push_back(*finding);
    if (const auto* trouble = std::get_if<Trouble>(&ending)) {
      const bool again = trouble->of_machine && ++result_.totals.sights[kGivenUp] < kGiveUpAfter;
      if (!again) result_.trouble = trouble->what;
    }
    return IsFine(ending) || (finding != nullptr && finding->goes_on);
  }

  // What a campaign that had its time has to have seen, as far as the implementation and the flags allow.
  void FindMissing() {
    const auto& can = result_.hello->capabilities;
    const Limits& limits = options_.limits;
    std::vector<std::string> required;
    const bool crowded = limits.processes != 1 || limits.threads != 1;
    if (limits.density != Density::kNone && crowded)
      required.insert(required.end(), {"waited", "two waited at once", "two released at once", "timed out"});
    if (limits.amplifiers.stops) required.emplace_back("stopped");
    if (limits.amplifiers.kills && limits.processes != 1) required.insert(required.end(), {"killed", "killed in an acquire"});
    if (limits.amplifiers.signals && can.count("signal") != 0) required.emplace_back("signal in a wait");
    if (limits.amplifiers.pins) required.emplace_back("on one CPU");
    if (limits.amplifiers.races) {
      required.insert(required.end(), {"a release came before a timeout", "a timeout came before a release"});
      if (can.count("fork") != 0) required.emplace_back("a waiter died in its acquire");
      if (can.count("thread") != 0 && can.count("rebuild_by_name") != 0)
        required.insert(required.end(), {"an object ended beside a release", "an object came as another went"});
      if (can.count("thread") != 0 && can.count("fork") != 0) required.emplace_back("a fork beside an acquire");
    }
    for (const std::string& sight : required) {
      if (result_.totals.sights[sight] == 0) result_.missing.push_back(sight);
    }
    for (const char* open : {kUndecided, kUnread}) {
      if (result_.totals.sights[open] > 0) result_.missing.push_back(fmt::format("what came of {}", open));
    }
    if (result_.canaries == 0 && result_.wall >= kEnoughTime) result_.missing.emplace_back("a canary");
  }

  const Implementation& implementation_;
  const CampaignOptions& options_;
  const std::function<void(const CampaignResult&)>& progress_;
  Random random_;
  CampaignResult result_;
  Session* session_ = nullptr;
  std::int64_t start_ns_ = 0;
  long load_rounds_ = 0;
  bool canary_is_due_ = false;
  long turns_ = kFirstTurns;
  long recorded_turns_ = kFirstTurns;
};

}  // namespace

CampaignResult RunCampaign(const Implementation& implementation, const CampaignOptions& options,
                           const std::function<void(const CampaignResult&)>& progress) {
  return Campaign(implementation, options, progress).Run();
}

}  // namespace lockstep::stress
