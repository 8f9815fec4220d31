// SPDX-License-Identifier: MIT
#include "harness/model/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "harness/engine/matching.h"
#include "harness/model/call.h"
#include "harness/model/closure.h"
#include "harness/model/step.h"

namespace lockstep {

using model::Outcome;
using model::State;
using model::Way;
using Verdict = Model::Judgement::Verdict;

namespace {

bool Returned(const Outcome& outcome) {
  return !outcome.what || std::holds_alternative<Value>(*outcome.what);
}

// Whether an outcome is one of those expected. Messages are not judged, and a value that the model
// does not know is any.
bool Agrees(const std::optional<Expectation>& expectation, const Outcome& outcome, const State& state,
            const std::string& actor) {
  if (!expectation) return Returned(outcome);
  bool unknown = !outcome.what;
  const auto resolve = [&](const Expr& expr) {
    const auto value = model::Evaluate(state, actor, expr);
    unknown = unknown || !value;
    return value.value_or(Value(Object{"not known"}));
  };
  if (outcome.what && Matches(*expectation, *outcome.what, Messages::kIgnore, resolve)) return true;
  const bool returns = std::any_of(
      expectation->alternatives.begin(), expectation->alternatives.end(),
      [](const Expected& expected) { return expected.kind == Expected::Kind::kReturned; });
  return unknown && returns && Returned(outcome);
}

void AddOnce(std::vector<Outcome>* outcomes, const Outcome& outcome) {
  const std::string text = ToText(outcome);
  const bool there = std::any_of(outcomes->begin(), outcomes->end(),
                                 [&](const Outcome& one) { return ToText(one) == text; });
  if (!there) outcomes->push_back(outcome);
}

// Of several states each once.
void KeepDistinct(std::vector<State>* states) {
  if (states->size() < 2) return;
  std::set<std::string> seen;
  std::erase_if(*states, [&](const State& state) { return !seen.insert(state.Key()).second; });
}

// Goes on with the ways that agree; if none does, leaves the states as they are.
Model::Judgement Choose(std::vector<Way> ways, const std::optional<Expectation>& expectation,
                        const std::string& actor, std::vector<State>* states) {
  Model::Judgement judgement;
  judgement.allowed = OutcomesOf(ways);
  std::vector<State> next;
  for (Way& way : ways) {
    if (Agrees(expectation, way.outcome, way.next, actor)) next.push_back(std::move(way.next));
  }
  KeepDistinct(&next);
  judgement.verdict = next.empty() ? Verdict::kContradicts : Verdict::kAgrees;
  if (!next.empty()) *states = std::move(next);
  return judgement;
}

}  // namespace

std::string ToText(const Outcome& outcome) {
  if (!outcome.what) return "-> ...";
  // How a sleep is seen is nothing to the model.
  if (std::holds_alternative<Blocked>(*outcome.what)) return "-> blocked";
  return ToText(*outcome.what);
}

Model::Judgement Model::GiveUp(const std::string& what) {
  states_.clear();
  return {Verdict::kUnknown, {}, what};
}

std::vector<Outcome> OutcomesOf(const std::vector<Way>& ways) {
  std::vector<Outcome> outcomes;
  if (ways.size() == 1) return {ways.front().outcome};
  for (const Way& way : ways) AddOnce(&outcomes, way.outcome);
  return outcomes;
}

std::optional<std::vector<Way>> Model::WaysOf(const std::string& actor, const Call& call) const {
  return model::WaysOfCall(states_, actor, call);
}

void Model::Become(std::vector<Way> ways) {
  states_.clear();
  for (Way& way : ways) states_.push_back(std::move(way.next));
  KeepDistinct(&states_);
}

Model::Judgement Model::Take(const Step& step) {
  if (!knows()) return {Verdict::kUnknown, {}, ""};
  Judgement judgement;
  if (const auto* together = std::get_if<Together>(&step.what)) {
    judgement = TakeTogether(*together);
  } else if (const auto* left = std::get_if<Left>(&step.what)) {
    judgement.verdict = Verdict::kAgrees;
    for (const Expr& name : left->names) {
      const auto value = model::Evaluate(states_.front(), "p", name);
      const auto plain = value ? model::PlainName(*value) : std::nullopt;
      if (!plain) return GiveUp("left " + ToText(name));
      left_.insert(*plain);
    }
  } else {
    const auto parts = model::PartsOf(step);
    if (!parts) return GiveUp(step.text.empty() ? ToText(step) : step.text);
    judgement.verdict = Verdict::kAgrees;
    std::vector<State> before;
    if (parts->size() > 1) before = states_;
    for (const model::Part& part : *parts) {
      auto ways = part.ways(states_);
      if (!ways) return GiveUp(step.text.empty() ? ToText(step) : step.text);
      judgement = Choose(std::move(*ways), part.expectation, part.actor, &states_);
      if (judgement.verdict == Verdict::kAgrees) continue;
      if (!before.empty()) states_ = std::move(before);
      break;
    }
  }
  return judgement;
}

// Every order of the calls, each to its end or its sleep, and then what each has come to.
Model::Judgement Model::TakeTogether(const Together& together) {
  struct One {
    std::string actor;
    const Do* what;
  };
  std::vector<One> calls;
  for (const Step& step : together.steps) {
    const auto* what = std::get_if<Do>(&step.what);
    if (what == nullptr) return GiveUp("together with a hammer");
    for (const std::string& actor : what->actors) calls.push_back({actor, what});
  }
  constexpr std::size_t kMostCalls = 8;
  if (calls.size() > kMostCalls) return GiveUp("together with so many calls");
  // By which calls have begun; of each set every state once.
  std::vector<std::vector<State>> begun(std::size_t{1} << calls.size());
  begun[0] = states_;
  for (std::size_t mask = 0; mask + 1 < begun.size(); ++mask) {
    const auto now = model::Closure(begun[mask]);
    if (!now) return GiveUp("together: too many states");
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if ((mask >> i & 1) != 0) continue;
      for (const State& state : *now) {
        auto way = model::MakeCall(state, calls[i].actor, calls[i].what->call);
        if (!way) return GiveUp(ToText(calls[i].what->call));
        if (!way->next.At(calls[i].actor).wait) way->next.At(calls[i].actor).outcome = way->outcome;
        begun[mask | std::size_t{1} << i].push_back(std::move(way->next));
      }
    }
  }
  const auto ended = model::Closure(begun.back());
  if (!ended) return GiveUp("together: too many states");
  Judgement judgement;
  std::vector<State> next;
  for (State state : *ended) {
    bool agrees = true;
    for (const One& one : calls) {
      model::Thread& thread = state.At(one.actor);
      if (thread.wait && !model::IsBlocked(state, one.actor)) agrees = false;
      if (!agrees) break;
      const Outcome outcome =
          thread.outcome ? *thread.outcome : Outcome{Actual(Blocked{}), &model::rules::kWaits};
      if (!Agrees(one.what->expectation, outcome, state, one.actor)) {
        AddOnce(&judgement.allowed, outcome);
        agrees = false;
      }
      thread.outcome.reset();
    }
    if (agrees) next.push_back(std::move(state));
  }
  judgement.verdict = next.empty() ? Verdict::kContradicts : Verdict::kAgrees;
  if (!next.empty()) states_ = std::move(next);
  return judgement;
}

std::optional<Model::Names> Model::NamesLeft() const {
  std::optional<Names> left;
  for (const State& state : states_) {
    Names names{{}, left_};
    for (const auto& [name, semaphore] : state.semaphore_names) names.remain.insert(name);
    for (const auto& [name, block] : state.block_names) names.remain.insert(name);
    if (left && left->remain != names.remain) return std::nullopt;
    left = std::move(names);
  }
  return left;
}

bool HaveSameRules(const Version& one, const Version& other) {
  return model::Beginning(one).of_its_version == model::Beginning(other).of_its_version;
}

std::string VersionsOfTheSameRules(const Version& like) {
  std::string from;
  for (const Version& version : {model::kEnterIsItsOwn, model::kFlagsAreTruths}) {
    if (like < version) return (from.empty() ? "" : from + " and ") + "< " + version.Text();
    from = ">= " + version.Text();
  }
  return from;
}

Opinion OpinionOf(const Scenario& scenario, const Platform& platform) {
  Opinion opinion;
  Model model(platform.like);
  for (const Step* step : scenario.StepsFor(platform)) {
    const Model::Judgement judgement = model.Take(*step);
    if (judgement.verdict == Verdict::kUnknown) {
      opinion.unknown = judgement.unknown;
      return opinion;
    }
    ++opinion.judged;
    if (judgement.verdict == Verdict::kAgrees) continue;
    Contradiction& found = opinion.contradiction.emplace();
    found.step = step;
    found.allowed = judgement.allowed;
    found.text = "the model does not allow this step";
    if (!judgement.allowed.empty()) {
      found.text += ", but only:";
      for (const Outcome& outcome : judgement.allowed)
        found.text += fmt::format(" {} ({} {})", ToText(outcome), outcome.rule->sentence, outcome.rule->source);
    }
    return opinion;
  }
  const auto names = model.NamesLeft();
  if (names && names->remain != names->listed) {
    opinion.contradiction.emplace().text =
        fmt::format("in the end the names {{{}}} remain, and {{{}}} are listed as left ({})",
                    fmt::join(names->remain, ", "), fmt::join(names->listed, ", "), model::rules::kLeft.sentence);
  }
  return opinion;
}

}  // namespace lockstep
