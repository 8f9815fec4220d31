// SPDX-License-Identifier: MIT
#include "harness/fuzz/campaign.h"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <unordered_set>
#include <utility>

#include "harness/model/model.h"
#include "harness/os/interrupt.h"

namespace lockstep::fuzz {
namespace {

// So many are made and run at a time: enough that starting the adapters costs nothing beside them.
constexpr std::size_t kBatch = 1000;
constexpr long kStepsOfAScenario = 16;  // about
// So many smaller ones are tried at once, the simplest first.
constexpr std::size_t kShrinksAtOnce = 24;
constexpr int kTriesOfAnUnsteadyOne = 12;

// How often each action is chosen. Shrinking goes towards the first.
struct Weight {
  Action action;
  int weight;
};
constexpr Weight kWeights[] = {
    {Action::kGetValue, 6},  {Action::kIsZero, 2},       {Action::kCount, 4},      {Action::kIsMine, 4},
    {Action::kRelease, 16},  {Action::kTry, 8},          {Action::kAcquire, 16},   {Action::kAcquireFor, 4},
    {Action::kEnter, 3},     {Action::kExit, 3},         {Action::kAfterFork, 2},  {Action::kFork, 5},
    {Action::kThread, 3},    {Action::kKill, 2},         {Action::kExitProcess, 1}, {Action::kEndThread, 1},
    {Action::kConstruct, 3}, {Action::kRebuild, 4},      {Action::kUnlink, 2},     {Action::kOddAcquire, 2},
    {Action::kOddConstruct, 1}};

int TotalWeight() {
  int total = 0;
  for (const Weight& one : kWeights) total += one.weight;
  return total;
}

Action ActionAt(int place) {
  for (const Weight& one : kWeights) {
    if (place < one.weight) return one.action;
    place -= one.weight;
  }
  return Action::kGetValue;
}

rc::Gen<Plan> Plans() {
  // Ranges grow with the size, which is here to be the length's alone.
  const auto any = [](auto range) { return rc::gen::resize(rc::kNominalSize, std::move(range)); };
  const auto small = [&] { return any(rc::gen::inRange<std::uint8_t>(0, 24)); };
  const auto choice = rc::gen::apply(
      [](int place, std::uint8_t actor, std::uint8_t object, std::uint8_t argument) {
        return Choice{ActionAt(place), actor, object, argument};
      },
      any(rc::gen::inRange(0, TotalWeight())), small(), small(), small());
  return rc::gen::apply(
      [](std::uint8_t setup, std::vector<Choice> choices) { return Plan{setup, std::move(choices)}; },
      any(rc::gen::inRange<std::uint8_t>(0, static_cast<std::uint8_t>(Setups().size()))),
      rc::gen::container<std::vector<Choice>>(choice));
}

bool Failed(const ScenarioRun& run) {
  return run.end == ScenarioRun::End::kDiverged ||
         (run.end == ScenarioRun::End::kCompleted && !run.unclean.empty());
}

// An outcome without its value or message: "-> blocked", "->", "raises TypeError".
std::string KindOf(const std::string& outcome) {
  if (outcome.starts_with("-> ") && outcome != "-> blocked") return "->";
  return outcome.substr(0, outcome.find(':'));
}

// What findings are told apart by: the operation, whatever object it is on, and what came of it in
// place of what.
std::string KeyOf(const ScenarioRun& run) {
  if (run.divergence) {
    const std::string& operation = run.divergence->operation;
    const std::size_t dot = operation.find('.') < operation.find('(') ? operation.find('.') + 1 : 0;
    return fmt::format("{}: {} {}", operation.substr(dot), KindOf(run.divergence->expected),
                       KindOf(run.divergence->actual));
  }
  return run.unclean.empty() ? "" : run.unclean.front().substr(0, run.unclean.front().find(':'));
}

class Campaign {
 public:
  Campaign(const Implementation& implementation, const CampaignOptions& options,
           const std::function<void(const Finding&)>& found)
      : implementation_(implementation), options_(options), found_(found), random_(options.seed) {}

  CampaignResult Run() {
    const std::int64_t start = MonotonicNs();
    if (!Meet()) return std::move(result_);
    if (options_.small_scope) RunSmallScope();
    while (result_.steps < options_.steps + small_scope_steps_ && GoesOn()) RunRandomBatch();
    result_.wall = nanoseconds(MonotonicNs() - start);
    return std::move(result_);
  }

 private:
  bool GoesOn() const {
    if (Interrupted() || (options_.runner.deadline && options_.runner.deadline->Passed())) return false;
    if (result_.introduction.hello == std::nullopt && result_.scenarios > 0) return false;
    const std::size_t most = options_.until_fail ? 1 : static_cast<std::size_t>(options_.most_findings);
    return result_.findings.size() < most;
  }

  // Which version's rules it is held to, it says itself.
  bool Meet() {
    const Written nothing = Write({}, "fuzz/nothing", like_);
    RunAll({&nothing}, false, false, "");
    if (!result_.introduction.hello) return false;
    like_ = result_.introduction.platform.like;
    return true;
  }

  // Runs them, and gives the first that failed newly. What shrinking tries is not counted.
  struct Failure {
    std::size_t index = 0;
    ScenarioRun run;
  };
  std::vector<Failure> RunAll(const std::vector<const Written*>& all, bool only_first, bool count,
                              const std::string& key) {
    std::vector<const Scenario*> scenarios;
    for (const Written* one : all) scenarios.push_back(&one->scenario);
    std::vector<Failure> failures;
    std::atomic<bool> stop{false};
    RunnerOptions runner = options_.runner;
    runner.stop = &stop;
    std::size_t index = 0;
    const Introduction introduction =
        RunScenarios(implementation_, scenarios, runner, [&](RunnerResult result) {
          const std::size_t at = index++;
          if (count && result.not_run == NotRun::kNo) Count(*all[at], result.run);
          if (!Failed(result.run) || (!key.empty() && KeyOf(result.run) != key)) return;
          if (only_first) stop = true;
          failures.push_back({at, std::move(result.run)});
        });
    if (!result_.introduction.hello) result_.introduction = introduction;
    return failures;
  }

  void Count(const Written& written, const ScenarioRun& run) {
    ++result_.scenarios;
    result_.steps += static_cast<long>(run.trace.size());
    if (run.end == ScenarioRun::End::kHarnessError) {
      constexpr std::size_t kMostTroubles = 5;
      if (result_.troubles.size() < kMostTroubles)
        result_.troubles.push_back(run.reason + "\n" + written.scenario.steps_text);
    }
    if (run.end != ScenarioRun::End::kCompleted) return;
    for (const auto& [sight, times] : written.sights) result_.sights[sight] += times;
  }

  void RunSmallScope() {
    constexpr int kOperations = 3;
    const std::vector<Written> all = SmallScope(kOperations, like_);
    result_.small_scope_there_is = static_cast<long>(all.size());
    for (std::size_t from = 0; from < all.size() && GoesOn(); from += kBatch) {
      std::vector<const Written*> batch;
      for (std::size_t i = from; i < std::min(all.size(), from + kBatch); ++i) batch.push_back(&all[i]);
      const long before = result_.scenarios;
      const auto failures = RunAll(batch, false, true, "");
      result_.small_scope += result_.scenarios - before;
      for (const Failure& failure : failures) {
        if (!GoesOn() || !keys_.insert(KeyOf(failure.run)).second) continue;
        // They are as small as can be.
        Tell(*batch[failure.index], failure.run, true, 0);
      }
    }
    small_scope_steps_ = result_.steps;
  }

  void RunRandomBatch() {
    std::vector<rc::Shrinkable<Plan>> plans;
    std::vector<Written> written;
    const auto generator = Plans();
    const long wanted = options_.steps + small_scope_steps_ - result_.steps;
    const long scenarios = std::min<long>(kBatch, wanted / kStepsOfAScenario + 1);
    for (long i = 0; i < scenarios; ++i) {
      // Many that are short, some that are long.
      rc::Random sizes = random_.split();
      const int size = 6 + static_cast<int>(sizes.next() % 12) * static_cast<int>(sizes.next() % 12);
      plans.push_back(generator(random_.split(), size));
      written.push_back(Write(plans.back().value(), fmt::format("fuzz/{}", ++made_), like_));
    }
    std::vector<const Written*> all;
    for (const Written& one : written) all.push_back(&one);
    for (const Failure& failure : RunAll(all, false, true, "")) {
      if (!GoesOn() || keys_.count(KeyOf(failure.run)) != 0) continue;
      Shrink(plans[failure.index], written[failure.index], failure.run);
    }
  }

  void Shrink(rc::Shrinkable<Plan> plan, Written written, ScenarioRun run) {
    const std::string key = KeyOf(run);
    int tried = 0;
    // Whether it fails each time decides how often a smaller one is tried.
    const std::vector<const Written*> again(5, &written);
    const bool steady = RunAll(again, false, false, key).size() == again.size();
    const int tries = steady ? 1 : kTriesOfAnUnsteadyOne;
    std::set<std::string> seen = {written.scenario.steps_text};
    for (bool smaller = true; smaller && !Interrupted();) {
      smaller = false;
      auto shrinks = plan.shrinks();
      for (bool more = true; more && !smaller && !Interrupted();) {
        std::vector<rc::Shrinkable<Plan>> plans;
        std::vector<Written> candidates;
        more = false;
        while (auto next = shrinks.next()) {
          Written candidate = Write(next->value(), written.scenario.name, like_);
          const bool is_new = candidate.scenario.steps.size() <= written.scenario.steps.size() &&
                              seen.insert(candidate.scenario.steps_text).second;
          if (!is_new) continue;
          plans.push_back(*next);
          candidates.push_back(std::move(candidate));
          more = true;
          if (plans.size() >= kShrinksAtOnce) break;
        }
        std::vector<const Written*> all;
        for (const Written& one : candidates) all.insert(all.end(), static_cast<std::size_t>(tries), &one);
        tried += static_cast<int>(all.size());
        if (all.empty()) break;
        auto failures = RunAll(all, true, false, key);
        if (failures.empty()) continue;
        const std::size_t which = failures.front().index / static_cast<std::size_t>(tries);
        plan = plans[which];
        written = std::move(candidates[which]);
        run = std::move(failures.front().run);
        smaller = true;
      }
    }
    keys_.insert(key);
    Tell(written, run, steady, tried);
  }

  void Tell(const Written& written, const ScenarioRun& run, bool steady, int tried) {
    Finding finding{written, run, steady, tried, ""};
    // The model, led to where they part.
    Model model(like_);
    for (const Step& step : written.scenario.steps) {
      const auto judgement = model.Take(step);
      const bool here = run.divergence && step.position.line == run.divergence->position.line;
      if (!here) continue;
      for (const model::Outcome& outcome : judgement.allowed) {
        finding.rule += fmt::format("{}{} [{}]", finding.rule.empty() ? "" : " ", outcome.rule->sentence,
                                    outcome.rule->source);
      }
      break;
    }
    result_.findings.push_back(finding);
    found_(finding);
  }

  const Implementation& implementation_;
  const CampaignOptions& options_;
  const std::function<void(const Finding&)>& found_;
  rc::Random random_;
  CampaignResult result_;
  Version like_{{3, 14}};
  std::set<std::string> keys_;
  long small_scope_steps_ = 0;
  long made_ = 0;
};

}  // namespace

std::vector<Written> SmallScope(int operations, const Version& like) {
  std::vector<Choice> alphabet;
  for (const auto actor : {std::uint8_t{0}, std::uint8_t{1}}) {
    for (const Action action : {Action::kGetValue, Action::kIsZero, Action::kCount, Action::kIsMine,
                                Action::kRelease, Action::kTry, Action::kAcquire, Action::kAfterFork,
                                Action::kEnter, Action::kExit})
      alphabet.push_back({action, actor, 0, 0});
    for (const auto timeout : {std::uint8_t{0}, std::uint8_t{1}}) alphabet.push_back({Action::kAcquireFor, actor, 0, timeout});
  }
  alphabet.push_back({Action::kKill, 0, 0, 0});
  alphabet.push_back({Action::kUnlink, 0, 0, 0});
  std::vector<Written> all;
  std::unordered_set<std::string> seen;
  for (std::size_t setup = 0; setup < Setups().size(); ++setup) {
    std::vector<std::size_t> digits(static_cast<std::size_t>(operations), 0);
    for (bool more = true; more;) {
      Plan plan{static_cast<std::uint8_t>(setup), {{Action::kFork, 0, 0, 0}}};
      for (const std::size_t digit : digits) plan.choices.push_back(alphabet[digit]);
      Written written = Write(plan, fmt::format("fuzz/small-{}", all.size() + 1), like);
      if (seen.insert(written.scenario.steps_text).second) all.push_back(std::move(written));
      more = false;
      for (std::size_t& digit : digits) {
        if (++digit < alphabet.size()) {
          more = true;
          break;
        }
        digit = 0;
      }
    }
  }
  return all;
}

CampaignResult RunCampaign(const Implementation& implementation, const CampaignOptions& options,
                           const std::function<void(const Finding&)>& found) {
  return Campaign(implementation, options, found).Run();
}

}  // namespace lockstep::fuzz
