// SPDX-License-Identifier: MIT
#include "harness/fuzz/shrink.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace lockstep::fuzz {
namespace {

using Steps = std::vector<Step>;

class Smallened {
 public:
  Smallened(const Scenario& scenario, const Subject& subject) : scenario_(scenario), subject_(subject) {}

  std::vector<Written> Take() {
    WithoutStretches();
    for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
      if (std::holds_alternative<Create>(scenario_.steps[i].what)) WithPlainerActor(i);
    }
    for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
      if (const auto* what = std::get_if<Do>(&scenario_.steps[i].what)) WithPlainerCalls(i, what->call);
    }
    return std::move(smaller_);
  }

 private:
  void Try(const Steps& steps) {
    Writer writer(scenario_.name, subject_);
    writer.Repeat(steps);
    Written written = writer.Take();
    if (written.scenario.steps.empty() || !IsSmaller(written.scenario, scenario_)) return;
    if (seen_.insert(written.scenario.steps_text).second) smaller_.push_back(std::move(written));
  }

  // What others need goes with it: nobody can do what an actor that was not made would have done.
  void WithoutStretches() {
    const std::size_t all = scenario_.steps.size();
    for (std::size_t length = all / 2; length > 0; length /= 2) {
      for (std::size_t from = 0; from < all; from += length) {
        Steps steps = scenario_.steps;
        const auto begin = steps.begin() + static_cast<std::ptrdiff_t>(from);
        steps.erase(begin, steps.begin() + static_cast<std::ptrdiff_t>(std::min(all, from + length)));
        Try(steps);
      }
    }
  }

  void WithPlainerActor(std::size_t at) {
    const auto& made = std::get<Create>(scenario_.steps[at].what);
    for (const Create::How how : {Create::How::kThread, Create::How::kFork}) {
      if (how == made.how || made.how == Create::How::kThread) continue;
      Steps steps = scenario_.steps;
      std::get<Create>(steps[at].what).how = how;
      Try(steps);
    }
    // Its steps done by the one that made it.
    Steps steps = scenario_.steps;
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(at));
    for (Step& step : steps) {
      if (auto* what = std::get_if<Do>(&step.what)) Rename(&what->actors, made);
      if (auto* what = std::get_if<SendSignal>(&step.what)) Rename(&what->actors, made);
      if (auto* what = std::get_if<Create>(&step.what); what != nullptr && what->parent == made.children.front())
        what->parent = made.parent;
    }
    Try(steps);
  }

  static void Rename(std::vector<std::string>* actors, const Create& made) {
    std::replace(actors->begin(), actors->end(), made.children.front(), made.parent);
  }

  void WithPlainerCalls(std::size_t at, const Call& call) {
    std::vector<Call> plainer;
    const auto variant = [&](const auto& change) {
      Call one = call;
      change(&one);
      plainer.push_back(std::move(one));
    };
    if (call.operation == "acquire" || call.operation == "__enter__") {
      variant([](Call* one) {
        one->operation = "acquire";
        one->args.clear();
        one->kwargs.clear();
      });
      variant([](Call* one) {
        one->operation = "acquire";
        one->args.assign(1, Expr{});
        one->args[0].value = Value(false);
        one->kwargs.clear();
      });
      variant([](Call* one) {
        if (!one->kwargs.empty()) one->kwargs[0].second.value = Value(0.0);
      });
    }
    if (call.operation == "__exit__") {
      variant([](Call* one) {
        one->operation = "release";
        one->args.clear();
      });
    }
    // Smaller numbers, and the first of names.
    for (std::size_t i = 0; i < call.args.size(); ++i) {
      const auto* number = call.args[i].value.If<std::int64_t>();
      if (number != nullptr && *number > 0) variant([i, number](Call* one) { one->args[i].value = Value::Int(*number - 1); });
      if (call.args[i].kind == Expr::Kind::kFreshName) variant([i](Call* one) { one->args[i].name = "NAME"; });
    }
    for (Call& one : plainer) {
      Steps steps = scenario_.steps;
      std::get<Do>(steps[at].what).call = std::move(one);
      Try(steps);
    }
  }

  const Scenario& scenario_;
  const Subject& subject_;
  std::set<std::string> seen_;
  std::vector<Written> smaller_;
};

}  // namespace

std::vector<Written> Smaller(const Scenario& scenario, const Subject& subject) {
  return Smallened(scenario, subject).Take();
}

}  // namespace lockstep::fuzz
