// SPDX-License-Identifier: MIT
#include "harness/fuzz/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <future>
#include <optional>
#include <unordered_set>
#include <utility>

#include "harness/engine/comparison.h"
#include "harness/fuzz/generator.h"
#include "harness/fuzz/shrink.h"
#include "harness/fuzz/small_scope.h"
#include "harness/os/interrupt.h"

namespace lockstep::fuzz {
namespace {

// So many steps are made and run at a time: enough that starting the adapters costs nothing beside
// them, and few enough that a first failure is soon seen.
constexpr std::size_t kStepsAtOnce = 10000;
// So many smaller scenarios are tried at once, the boldest first.
constexpr std::size_t kShrinksAtOnce = 24;
constexpr int kShrinkGroups = 2;
constexpr std::size_t kTriesOfAnUnsteadyOne = 12;
constexpr std::size_t kTriesToKnow = 5;
constexpr nanoseconds kMostToShrink = std::chrono::seconds(120);
constexpr std::size_t kMostTroubles = 5;

// A scenario to be run, and what it came from.
struct Candidate {
  Written written;
  std::optional<rc::Shrinkable<Plan>> plan;
  std::vector<Plan> parts;  // of a chain, each a scenario by itself
};
using Batch = std::vector<Candidate>;

struct Failure {
  std::size_t index = 0;
  ScenarioRun run;
  bool by_oracle = false;
};

bool Failed(const ScenarioRun& run) {
  return run.end == ScenarioRun::End::kDiverged ||
         (run.end == ScenarioRun::End::kCompleted && !run.unclean.empty());
}

// An outcome without its message, and without its value unless that is True, False or None.
std::string KindOf(const std::string& outcome) {
  if (outcome.starts_with("-> blocked")) return "-> blocked";
  static const std::set<std::string> kPlain = {"-> True", "-> False", "-> None"};
  if (outcome.starts_with("-> ") && kPlain.count(outcome) == 0) return "->";
  return outcome.substr(0, outcome.find(':'));
}

// What a step is, whatever it is on and with.
std::string KindOf(const Step& step) {
  if (const auto* what = std::get_if<Do>(&step.what)) return what->call.operation;
  if (const auto* create = std::get_if<Create>(&step.what)) {
    return create->how == Create::How::kFork ? "fork" : create->how == Create::How::kThread ? "thread" : "spawn";
  }
  return fmt::format("step {}", step.what.index());
}

// What findings are told apart by: what was done, and what came of it in place of what.
std::string KeyOf(const Scenario& scenario, const ScenarioRun& run) {
  if (run.divergence) {
    const auto step = std::find_if(scenario.steps.begin(), scenario.steps.end(), [&](const Step& one) {
      return one.position.line == run.divergence->position.line;
    });
    const std::string what = step == scenario.steps.end() ? run.divergence->operation : KindOf(*step);
    return fmt::format("{}: {} {}", what, KindOf(run.divergence->expected), KindOf(run.divergence->actual));
  }
  std::string what = run.unclean.empty() ? "" : run.unclean.front().substr(0, run.unclean.front().find(':'));
  std::erase_if(what, [](unsigned char c) { return std::isdigit(c) != 0; });
  return what;
}

// The first step that two runs to the end do not have in common.
std::optional<Divergence> Difference(const Scenario& scenario, const ScenarioRun& own, const ScenarioRun& oracle,
                                     Messages messages) {
  const std::vector<ComparedLine> one = LinesOf(scenario, own, messages);
  const std::vector<ComparedLine> other = LinesOf(scenario, oracle, messages);
  for (std::size_t i = 0; i < std::min(own.trace.size(), oracle.trace.size()); ++i) {
    if (one[i].compared == other[i].compared) continue;
    const TraceEntry& entry = own.trace[i];
    return Divergence{entry.step, oracle.trace[i].outcome, entry.outcome, entry.step, entry.position};
  }
  return std::nullopt;
}

class Campaign {
 public:
  Campaign(const Implementation& implementation, const CampaignOptions& options, const CampaignWatcher& watcher)
      : implementation_(implementation), options_(options), watcher_(watcher), generator_(options.seed) {
    SetDeadline(options.time);
  }

  CampaignResult Run() {
    if (Meet()) {
      RunPhase([this] { return std::exchange(corpus_, {}); });
      if (options_.small_scope) RunSmallScope();
      const long before = result_.steps;
      RunPhase([this] { return RandomBatch(); });
      result_.random_steps = result_.steps - before;
      result_.ended_by = EndedBy();
    }
    result_.situations = situations_.size();
    result_.states = states_.size();
    result_.transitions = transitions_.size();
    for (const std::string& sight : RequiredSights(subject_)) {
      if (result_.sights.count(sight) == 0) result_.missing.push_back(sight);
    }
    result_.wall = nanoseconds(MonotonicNs() - start_);
    return std::move(result_);
  }

 private:
  bool GoesOn() const {
    if (Interrupted() || (runner_.deadline && runner_.deadline->Passed())) return false;
    return WantsFindings() && result_.troubles.size() < kMostTroubles;
  }

  // Why it does not go on, whatever is left.
  std::string EndedBy() const {
    if (Interrupted()) return "an interrupt";
    if (!WantsFindings()) return options_.until_fail ? "its first finding" : "its last of ten findings";
    if (result_.troubles.size() >= kMostTroubles) return "its fifth failure to judge";
    return runner_.deadline && runner_.deadline->Passed() ? "its time" : "";
  }

  bool WantsFindings() const {
    return result_.findings.size() < (options_.until_fail ? 1 : static_cast<std::size_t>(options_.most_findings));
  }

  // Which version's rules it is held to, and what it lacks, it says itself.
  bool Meet() {
    const Written nothing = Writer("fuzz/nothing", subject_).Take();
    const auto meet = [&](const Implementation& one) {
      return RunScenarios(one, {&nothing.scenario}, runner_, [](const RunnerResult&) {});
    };
    result_.introduction = meet(implementation_);
    if (!result_.introduction.hello) return false;
    subject_.like = result_.introduction.platform.like;
    subject_.capabilities = result_.introduction.hello->capabilities;
    MeetOddOnes(implementation_);
    if (options_.oracle != nullptr && !MeetOracle(meet(*options_.oracle))) return false;
    for (const Scenario& scenario : options_.corpus) {
      Writer writer(scenario.name, subject_);
      writer.Repeat(scenario.steps);
      corpus_.push_back({writer.Take(), std::nullopt, {}});
    }
    return true;
  }

  // What only one of the two can do is not asked of either.
  bool MeetOracle(const Introduction& oracle) {
    if (!oracle.hello) {
      result_.failure = fmt::format("the oracle {} could not be started: {}", options_.oracle->name, oracle.failure);
      return false;
    }
    if (!HaveSameRules(oracle.platform.like, subject_.like)) {
      result_.wrong_oracle = true;
      result_.failure =
          fmt::format("the oracle {} goes by other rules than {}, which is like CPython {}: name one of that version",
                      options_.oracle->name, implementation_.name, subject_.like.Text());
      return false;
    }
    std::erase_if(*subject_.capabilities,
                  [&](const std::string& one) { return oracle.hello->capabilities.count(one) == 0; });
    MeetOddOnes(*options_.oracle);
    return true;
  }

  // What it has no way to be asked: a transcript with that would end there.
  void MeetOddOnes(const Implementation& implementation) {
    const std::vector<Written> odd = OddOnes(subject_);
    std::vector<const Scenario*> scenarios;
    for (const Written& one : odd) scenarios.push_back(&one.scenario);
    RunScenarios(implementation, scenarios, runner_, [&](const RunnerResult& result) {
      const auto& steps = result.scenario->steps;
      if (result.run.end != ScenarioRun::End::kUnsupported || steps.size() < 2) return;
      subject_.unsupported.insert(OnAnyObject(std::get<Do>(steps[1].what).call));
    });
  }

  // While a batch runs the next is made.
  void RunPhase(const std::function<Batch()>& make) {
    auto next = std::async(std::launch::async, make);
    while (GoesOn()) {
      const Batch batch = next.get();
      if (batch.empty()) return;
      next = std::async(std::launch::async, make);
      RunBatch(batch);
      watcher_.progress(result_);
    }
  }

  // The campaign's own, or the runner's where that is sooner.
  void SetDeadline(nanoseconds time) {
    runner_ = options_.runner;
    if (time == nanoseconds::zero()) return;
    const nanoseconds left = time - nanoseconds(MonotonicNs() - start_);
    if (!runner_.deadline || left < runner_.deadline->Left()) runner_.deadline = Deadline::After(left);
  }

  void RunSmallScope() {
    SetDeadline(options_.time / 2);
    constexpr int kOperations = 3;
    SmallScope scope(kOperations, subject_);
    bool all = false;
    RunPhase([&] {
      Batch batch;
      for (std::size_t steps = 0; steps < kStepsAtOnce;) {
        auto chain = scope.Next();
        if (!chain) {
          all = true;
          break;
        }
        steps += chain->written.scenario.steps.size();
        batch.push_back({std::move(chain->written), std::nullopt, std::move(chain->plans)});
      }
      return batch;
    });
    result_.all_sequences = all && GoesOn();
    SetDeadline(options_.time);
  }

  Batch RandomBatch() {
    Batch batch;
    for (std::size_t steps = 0; steps < kStepsAtOnce && random_steps_ < options_.steps;) {
      auto plan = generator_.Next();
      Written written = Write(plan.value(), fmt::format("fuzz/{}", ++made_), subject_);
      steps += written.scenario.steps.size();
      random_steps_ += static_cast<long>(written.scenario.steps.size());
      batch.push_back({std::move(written), std::move(plan), {}});
    }
    return batch;
  }

  void RunBatch(const Batch& batch) {
    std::vector<const Written*> all;
    for (const Candidate& one : batch) all.push_back(&one.written);
    std::vector<Scenario> interesting;
    const auto count = [&](std::size_t i, const RunnerResult& result) {
      if (result.not_run != NotRun::kNo) return;
      const bool to_its_end = result.run.end == ScenarioRun::End::kCompleted;
      if (to_its_end) result_.sequences += static_cast<long>(batch[i].parts.size());
      const std::string news = Count(batch[i].written, result.run);
      if (news.empty()) return;
      interesting.push_back(batch[i].written.scenario);
      interesting.back().says = "There was for the first time: " + news + ".";
    };
    const std::vector<Failure> failures = Failures(all, runner_, {}, options_.until_fail, count);
    if (!interesting.empty()) watcher_.interesting(interesting);
    // What was met is looked into though time is up; interrupted, it is kept as it is.
    for (const Failure& failure : failures) {
      if (!WantsFindings()) return;
      const Candidate& candidate = batch[failure.index];
      if (!candidate.parts.empty()) {
        TryParts(candidate, failure);
      } else if (IsNew(candidate.written, failure)) {
        Shrink(candidate.written, candidate.plan, failure);
      }
    }
  }

  bool IsNew(const Written& written, const Failure& failure) const {
    return keys_.count(KeyOf(written.scenario, failure.run)) == 0;
  }

  // Runs them, and gives those that failed, in order, but for those with a key of `known`; `only_first`:
  // nothing is begun behind the first.
  std::vector<Failure> Failures(const std::vector<const Written*>& all, const RunnerOptions& options,
                                const std::set<std::string>& known, bool only_first,
                                const std::function<void(std::size_t, const RunnerResult&)>& each) {
    std::vector<const Scenario*> scenarios;
    for (const Written* one : all) scenarios.push_back(&one->scenario);
    std::vector<Failure> failures;
    std::vector<ScenarioRun> runs(options_.oracle == nullptr ? 0 : all.size());
    std::atomic<bool> stop{false};
    RunnerOptions runner = options;
    runner.stop = &stop;
    const auto add = [&](std::size_t i, ScenarioRun run, bool by_oracle) {
      if (known.count(KeyOf(all[i]->scenario, run)) != 0) return;
      failures.push_back({i, std::move(run), by_oracle});
    };
    std::size_t index = 0;
    RunScenarios(implementation_, scenarios, runner, [&](RunnerResult result) {
      const std::size_t i = index++;
      if (each) each(i, result);
      if (options_.oracle != nullptr) {
        runs[i] = std::move(result.run);
      } else if (Failed(result.run)) {
        add(i, std::move(result.run), false);
        if (only_first && !failures.empty()) stop = true;
      }
    });
    if (options_.oracle == nullptr) return failures;
    index = 0;
    RunScenarios(*options_.oracle, scenarios, options, [&](RunnerResult result) {
      const std::size_t i = index++;
      ScenarioRun& own = runs[i];
      const bool differs = result.not_run == NotRun::kNo && result.run.end == ScenarioRun::End::kDiverged;
      const bool failed = result.not_run == NotRun::kNo && result.run.end == ScenarioRun::End::kHarnessError;
      if (each && result.not_run == NotRun::kNo && result.run.end == ScenarioRun::End::kCompleted) ++result_.compared;
      if (differs || failed) {
        const std::string what = differs ? "not certified: the oracle {} does otherwise: {}" : "the oracle {}: {}";
        if (each) AddTrouble(*all[i], fmt::format(fmt::runtime(what), options_.oracle->name, Told(result.run)));
      } else if (Failed(own)) {
        // An oracle that lacks something, or was not asked, says nothing for anybody.
        add(i, std::move(own), false);
      } else if (own.end == ScenarioRun::End::kCompleted && result.not_run == NotRun::kNo &&
                 result.run.end == ScenarioRun::End::kCompleted) {
        own.divergence = Difference(all[i]->scenario, own, result.run, options.messages);
        if (own.divergence) add(i, std::move(own), true);
      }
    });
    return failures;
  }

  static std::string Told(const ScenarioRun& run) {
    if (!run.divergence) return run.reason;
    return fmt::format("{}: the model allows {}, got {}", run.divergence->operation, run.divergence->expected,
                       run.divergence->actual);
  }

  void AddTrouble(const Written& written, const std::string& what) {
    if (result_.troubles.size() < kMostTroubles)
      result_.troubles.push_back(what + "\n" + written.scenario.steps_text);
  }

  // What happened in it for the first time; empty: nothing.
  std::string Count(const Written& written, const ScenarioRun& run) {
    ++result_.scenarios;
    result_.steps += static_cast<long>(run.trace.size());
    if (run.end == ScenarioRun::End::kHarnessError) AddTrouble(written, run.reason);
    if (run.end == ScenarioRun::End::kUnsupported) ++result_.unsupported[run.reason];
    if (run.end != ScenarioRun::End::kCompleted) return "";
    for (const std::string& sight : written.sights) ++result_.sights[sight];
    states_.insert(written.states.begin(), written.states.end());
    transitions_.insert(written.transitions.begin(), written.transitions.end());
    std::string news;
    for (const std::string& situation : written.situations) {
      if (situations_.insert(situation).second && news.empty()) news = situation;
    }
    return news;
  }

  // A chain ends at its first failure, which hides those behind it: each part is run alone.
  void TryParts(const Candidate& candidate, const Failure& failure) {
    const bool is_new = IsNew(candidate.written, failure);
    const std::string key = KeyOf(candidate.written.scenario, failure.run);
    if (is_new) watcher_.smaller(Finding{candidate.written, failure.run, failure.by_oracle, true, 0, {}, "", ""});
    std::vector<Written> parts;
    std::vector<const Written*> all;
    for (const Plan& part : candidate.parts) parts.push_back(Write(part, candidate.written.scenario.name, subject_));
    for (const Written& part : parts) all.push_back(&part);
    bool alone = false;
    const auto count = [&](std::size_t, const RunnerResult& result) {
      if (result.not_run == NotRun::kNo) ++result_.sequences;
    };
    for (const Failure& part : Failures(all, ShrinkOptions(), {}, false, count)) {
      alone = alone || KeyOf(parts[part.index].scenario, part.run) == key;
      if (WantsFindings() && IsNew(parts[part.index], part)) Shrink(parts[part.index], std::nullopt, part);
    }
    if (!alone && WantsFindings() && IsNew(candidate.written, failure)) Shrink(candidate.written, std::nullopt, failure);
  }

  RunnerOptions ShrinkOptions() const {
    RunnerOptions options = options_.runner;
    options.deadline = Deadline::After(kMostToShrink);
    return options;
  }

  // rapidcheck's smaller plans first, then smaller transcripts.
  void Shrink(const Written& written, std::optional<rc::Shrinkable<Plan>> plan, const Failure& failure) {
    const std::int64_t start = MonotonicNs();
    Finding finding{written, failure.run, failure.by_oracle, true, 0, {}, "", VersionsOfTheSameRules(subject_.like)};
    watcher_.smaller(finding);
    const RunnerOptions options = ShrinkOptions();
    // What is smaller may fail in another way, as long as it is none that was found before.
    const std::set<std::string> others = keys_;
    // Whether it fails each time decides how often a smaller one is tried.
    std::size_t tries = 0;
    const auto try_it = [&](std::size_t, const RunnerResult& result) { tries += result.not_run == NotRun::kNo ? 1 : 0; };
    const std::vector<const Written*> again(kTriesToKnow, &written);
    finding.steady = Failures(again, options, others, false, try_it).size() >= tries;
    while (plan && GoesOnShrinking(options)) {
      auto shrinks = plan->shrinks();
      std::optional<rc::Shrinkable<Plan>> smaller;
      // The boldest come first: it leaves out ever shorter stretches, and then looks at each choice.
      bool more = true;
      for (int group = 0; group < kShrinkGroups && more && !smaller && GoesOnShrinking(options); ++group) {
        std::vector<rc::Shrinkable<Plan>> plans;
        std::vector<Written> candidates;
        more = false;
        while (plans.size() < kShrinksAtOnce) {
          auto next = shrinks.next();
          if (!next) break;
          more = true;
          Written one = Write(next->value(), finding.written.scenario.name, subject_);
          if (!IsSmaller(one.scenario, finding.written.scenario)) continue;
          plans.push_back(*next);
          candidates.push_back(std::move(one));
        }
        if (const auto which = FirstThatFails(&candidates, options, others, &finding)) smaller = plans[*which];
      }
      plan = std::move(smaller);
    }
    for (bool again_smaller = true; again_smaller && GoesOnShrinking(options);) {
      again_smaller = false;
      std::vector<Written> all = Smaller(finding.written.scenario, subject_);
      for (std::size_t from = 0; from < all.size() && !again_smaller && GoesOnShrinking(options); from += kShrinksAtOnce) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), from + kShrinksAtOnce));
        std::vector<Written> some(std::make_move_iterator(begin), std::make_move_iterator(end));
        again_smaller = FirstThatFails(&some, options, others, &finding).has_value();
      }
    }
    // That it may have begun as another is forgotten: another may still be found.
    keys_.insert(KeyOf(finding.written.scenario, finding.run));
    SetRule(&finding);
    finding.took = nanoseconds(MonotonicNs() - start);
    result_.findings.push_back(finding);
    watcher_.found(finding);
  }

  static bool GoesOnShrinking(const RunnerOptions& options) { return !Interrupted() && !options.deadline->Passed(); }

  // The first of these that fails, and not in a way that was found before, takes the finding's place.
  std::optional<std::size_t> FirstThatFails(std::vector<Written>* candidates, const RunnerOptions& options,
                                            const std::set<std::string>& others, Finding* finding) {
    const std::size_t tries = finding->steady ? 1 : kTriesOfAnUnsteadyOne;
    std::vector<const Written*> all;
    for (const Written& one : *candidates) all.insert(all.end(), tries, &one);
    if (all.empty()) return std::nullopt;
    finding->tried += static_cast<int>(all.size());
    auto failures = Failures(all, options, others, true, nullptr);
    if (failures.empty()) return std::nullopt;
    const std::size_t which = failures.front().index / tries;
    finding->written = std::move((*candidates)[which]);
    finding->run = std::move(failures.front().run);
    finding->by_oracle = failures.front().by_oracle;
    watcher_.smaller(*finding);
    return which;
  }

  // The model, led to where they part, says why.
  void SetRule(Finding* finding) const {
    Model model(subject_.like);
    for (const Step& step : finding->written.scenario.steps) {
      const auto judgement = model.Take(step);
      const auto& divergence = finding->run.divergence;
      if (!divergence || step.position.line != divergence->position.line) continue;
      if (judgement.allowed.empty()) return;
      const model::Rule* rule = judgement.allowed.front().rule;
      finding->rule = fmt::format("{} [{}]", rule->sentence, rule->source);
      finding->written.scenario.says = rule->sentence;
      finding->written.scenario.source = rule->source;
      return;
    }
  }

  const Implementation& implementation_;
  const CampaignOptions& options_;
  const CampaignWatcher& watcher_;
  const std::int64_t start_ = MonotonicNs();
  RunnerOptions runner_;  // with the deadline of now
  Subject subject_;
  Generator generator_;
  Batch corpus_;
  long random_steps_ = 0;
  long made_ = 0;
  CampaignResult result_;
  std::set<std::string> situations_;
  std::unordered_set<std::uint64_t> states_;
  std::unordered_set<std::uint64_t> transitions_;
  std::set<std::string> keys_;  // of findings
};

}  // namespace

CampaignResult RunCampaign(const Implementation& implementation, const CampaignOptions& options,
                           const CampaignWatcher& watcher) {
  return Campaign(implementation, options, watcher).Run();
}

}  // namespace lockstep::fuzz
