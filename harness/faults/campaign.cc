// SPDX-License-Identifier: MIT
#include "harness/faults/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>

#include "harness/faults/leftovers.h"
#include "harness/os/clock.h"
#include "harness/scenario/parser.h"
#include "harness/scenario/transcript.h"

namespace lockstep::faults {
namespace {

// How often a point that did not come is tried.
constexpr int kMostTries = 3;
// A point that hangs takes seconds: a subject that hung so often is not tried any further.
constexpr int kMostHangs = 2;
constexpr const char* kStopped = "stopped";
constexpr const char* kSilent = "the adapter does not answer";

std::string Stemmed(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain) out += static_cast<char>(std::tolower(c));
    if (!plain && !out.empty() && out.back() != '-') out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

Scenario ScenarioOf(const Case& one, const Ending& variant) {
  Scenario scenario;
  scenario.name = Stemmed(ToText(one.sweep)) + "/" + Stemmed(one.subject + " " + one.point);
  scenario.says =
      fmt::format("{}, at {}: the call and all others go on as they may.", one.subject, one.point);
  scenario.source = "harness/faults/README.md: " + ToText(one.sweep);
  auto steps = ParseSteps(variant.lines, "harness/faults", 1);
  if (!steps) fmt::print(stderr, "{}\n{}\n", steps.error().Text(), variant.lines);
  CHECK(steps.has_value());  // They are ours.
  scenario.steps = std::move(*steps);
  scenario.steps_text = variant.lines;
  scenario.tags = transcript::TagsOf(scenario.steps);
  scenario.needs = transcript::NeedsOf(scenario.steps);
  return scenario;
}

// A case on its way from variant to variant.
struct Pending {
  Case of;
  std::size_t variant = 0;
  int tries = 1;
  bool is_done = false;
  bool is_followed = false;    // each of its calls
  std::optional<Judged> best;  // of those that differed, the one that came furthest
  std::optional<Judged> judged;
};

// How far it came: one that left something behind, to its end.
int LineOf(const Judged& judged) {
  return judged.run.divergence ? judged.run.divergence->position.line
                               : static_cast<int>(judged.scenario.steps.size()) + 1;
}

class Campaign {
 public:
  Campaign(const Implementation& implementation, const CampaignOptions& options,
           const std::function<void(std::size_t)>& progress)
      : implementation_(implementation), options_(options), progress_(progress) {}

  CampaignResult Run() {
    const std::int64_t start = MonotonicNs();
    Leftovers leftovers(kInitialValue);
    if (Introduce()) {
      std::vector<Case> cases = Recorded_();
      if (options_.sweeps.count(Sweep::kResources) != 0) {
        for (Case& one : ResourceCases()) {
          if (Selected(one.subject)) cases.push_back(std::move(one));
        }
      }
      for (Judged& judged : JudgeAll(std::move(cases))) result_.judged.push_back(std::move(judged));
    }
    result_.cleaned = leftovers.Remove();
    result_.wall = nanoseconds(MonotonicNs() - start);
    return std::move(result_);
  }

 private:
  bool Selected(const std::string& subject) const {
    return subject.find(options_.filter) != std::string::npos;
  }

  // Asks the implementation who it is.
  bool Introduce() {
    Case hello{Sweep::kResources, "hello", "", {}, false, false};
    hello.variants.push_back({"p sem_unlink(NAME) raises FileNotFoundError\n"});
    JudgeAll({hello});
    return result_.introduction.hello.has_value();
  }

  // Runs each subject undisturbed, and makes the cases of the system calls that it was seen to
  // make.
  std::vector<Case> Recorded_() {
    const bool forks = result_.introduction.hello->capabilities.count("fork") != 0;
    std::vector<Case> recordings;
    std::vector<Case> outside;  // of calls: these need no recording
    std::vector<const Subject*> subjects;
    for (const Sweep sweep : options_.sweeps) {
      for (const Subject& subject : Subjects()) {
        if (!IsSwept(subject, sweep) || !Selected(subject.name)) continue;
        if (subject.call.empty()) {
          outside.push_back(CasesOf(subject, sweep, forks, {}).front());
          continue;
        }
        recordings.push_back(RecordingOf(subject, sweep, forks));
        subjects.push_back(&subject);
      }
    }
    std::vector<Case> cases = outside;
    std::vector<Judged> recorded = JudgeAll(recordings);
    for (std::size_t i = 0; i < recorded.size(); ++i) {
      Judged& one = recorded[i];
      const Sweep sweep = one.of.sweep;
      if (one.outcome == Outcome::kFine) {
        for (Case& next : CasesOf(*subjects[i], sweep, forks, CallsOf(one.run)))
          cases.push_back(std::move(next));
      } else if (one.run.end == ScenarioRun::End::kNotRun) {
        result_.not_swept[sweep] = one.run.reason;
      } else {
        result_.judged.push_back(std::move(one));
      }
    }
    return cases;
  }

  static Recorded CallsOf(const ScenarioRun& run) {
    Recorded recorded;
    for (const TraceEntry& entry : run.trace) {
      for (std::size_t i = 0; i < entry.system_calls.size(); ++i) {
        const bool of_memory =
            std::find(entry.of_memory.begin(), entry.of_memory.end(), i) != entry.of_memory.end();
        recorded.calls.push_back({entry.system_calls[i], of_memory});
      }
    }
    return recorded;
  }

  // Every case, variant after variant, until one has come true or none is left.
  std::vector<Judged> JudgeAll(std::vector<Case> cases) {
    std::vector<Pending> pending(cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) pending[i].of = std::move(cases[i]);
    while (RunRound(&pending)) {
    }
    std::vector<Judged> judged;
    for (Pending& one : pending) judged.push_back(std::move(*one.judged));
    return judged;
  }

  bool RunRound(std::vector<Pending>* pending) {
    std::deque<Scenario> scenarios;
    std::vector<const Scenario*> pointers;
    std::vector<Pending*> of;
    for (Pending& one : *pending) {
      if (one.is_done) continue;
      if (IsGivenUp(&one)) continue;
      scenarios.push_back(ScenarioOf(one.of, one.of.variants[one.variant]));
      pointers.push_back(&scenarios.back());
      of.push_back(&one);
    }
    if (pointers.empty()) return false;
    std::size_t next = 0;
    stop_ = false;
    RunnerOptions options = options_.runner;
    options.stop = &stop_;
    Introduction introduction =
        RunScenarios(implementation_, pointers, options, [&](RunnerResult result) {
          Take(of[next++], std::move(result));
          progress_(++run_);
        });
    if (!result_.introduction.hello) result_.introduction = std::move(introduction);
    return true;
  }

  // Whether its subject hung often enough; it is done then.
  bool IsGivenUp(Pending* one) {
    const int hangs = hangs_[{one->of.sweep, one->of.subject}];
    if (hangs < kMostHangs) return false;
    one->is_done = true;
    one->judged =
        Judged{one->of, Outcome::kNotRun, fmt::format("{} hung before", one->of.subject), {}, {}};
    return true;
  }

  void Take(Pending* one, RunnerResult result) {
    Ending& variant = one->of.variants[one->variant];
    // It had not begun when another hung.
    if (result.run.end == ScenarioRun::End::kNotRun && result.run.reason == kStopped) return;
    // Who does not answer, the implementation or its adapter? Where a tracer follows it that shows.
    if (!one->is_followed && result.run.end == ScenarioRun::End::kHarnessError &&
        result.run.reason.find(kSilent) != std::string::npos) {
      one->is_followed = true;
      for (Ending& each : one->of.variants) each.lines = TraceEachCall(each.lines);
      return;
    }
    const bool hung =
        result.run.divergence && result.run.divergence->actual.starts_with("no answer");
    if (hung && ++hangs_[{one->of.sweep, one->of.subject}] == kMostHangs) stop_ = true;
    const Tried tried = JudgeVariant(one->of, variant, result.run, options_.contract);
    Judged judged{one->of, tried.outcome, tried.what, *result.scenario, std::move(result.run)};
    if (tried.again && one->tries < kMostTries) {
      ++one->tries;
      return;
    }
    const bool differed = tried.outcome == Outcome::kFinding;
    const bool is_closer = !one->best || LineOf(judged) > LineOf(*one->best) ||
                           (LineOf(judged) == LineOf(*one->best) && variant.allowed.empty());
    if (differed && !tried.ruled_out && is_closer) one->best = judged;
    if (differed && tried.next && one->variant + 1 < one->of.variants.size()) {
      ++one->variant;
      return;
    }
    one->is_done = true;
    one->judged = differed && one->best ? std::move(*one->best) : std::move(judged);
    // What came true, but is ruled out, is told by what should have been.
    if (tried.ruled_out) one->judged->what += " (" + tried.what + ")";
  }

  const Implementation& implementation_;
  const CampaignOptions& options_;
  const std::function<void(std::size_t)>& progress_;
  CampaignResult result_;
  std::size_t run_ = 0;
  std::map<std::pair<Sweep, std::string>, int> hangs_;
  std::atomic<bool> stop_{false};
};

}  // namespace

CampaignResult RunCampaign(const Implementation& implementation, const CampaignOptions& options,
                           const std::function<void(std::size_t)>& progress) {
  return Campaign(implementation, options, progress).Run();
}

std::string FileOf(const Judged& judged, const std::string& area) {
  const Scenario& scenario = judged.scenario;
  std::string text = fmt::format("# {}\n", judged.what);
  std::replace_if(
      text.begin(), text.end() - 1, [](char c) { return static_cast<unsigned char>(c) < 0x20; },
      ' ');
  text += fmt::format("[[scenario]]\nname   = \"{}/found\"\nsays   = \"{}\"\nsource = \"{}\"\n",
                      area, scenario.says, scenario.source);
  return text + fmt::format("steps  = '''\n{}'''\n", scenario.steps_text);
}

}  // namespace lockstep::faults
