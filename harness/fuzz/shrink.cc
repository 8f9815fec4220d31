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
    WithAnEarlierLook();
    for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
      if (std::holds_alternative<Create>(scenario_.steps[i].what)) WithPlainerActor(i);
    }
    for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
      if (const auto* what = std::get_if<Do>(&scenario_.steps[i].what)) WithPlainerCalls(i, what->call);
    }
    WithoutPairs();
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
      for (std::size_t from = 0; from < all; from += std::max<std::size_t>(1, length / 2)) {
        Steps steps = scenario_.steps;
        const auto begin = steps.begin() + static_cast<std::ptrdiff_t>(from);
        steps.erase(begin, steps.begin() + static_cast<std::ptrdiff_t>(std::min(all, from + length)));
        Try(steps);
      }
    }
  }

  // Calls that tell what state an object is in.
  static std::vector<Call> LooksAt(const Do& what) {
    const auto look = [](const char* operation, std::vector<Value> values) {
      Call call;
      call.operation = operation;
      for (Value& value : values) call.args.emplace_back().value = std::move(value);
      return call;
    };
    static const std::set<std::string> kOfBlocks = {"SharedMemory", "read", "write", "close", "unlink"};
    if (kOfBlocks.count(what.call.operation) == 0)
      return {look("_get_value", {}), look("_count", {}), look("_is_mine", {})};
    return {look("get", {Value(std::string("size"))}), look("read", {Value::Int(3), Value::Int(4)})};
  }

  // What has gone wrong by then may be seen at once.
  void WithAnEarlierLook() {
    for (std::size_t i = 0; i + 2 < scenario_.steps.size(); ++i) {
      const auto* what = std::get_if<Do>(&scenario_.steps[i].what);
      if (what == nullptr) continue;
      const std::string& object = what->call.object.empty() ? what->call.as : what->call.object;
      if (object.empty()) continue;
      for (Call& call : LooksAt(*what)) {
        Steps steps(scenario_.steps.begin(), scenario_.steps.begin() + static_cast<std::ptrdiff_t>(i + 1));
        call.object = object;
        steps.emplace_back().what = Do{what->actors, std::move(call), std::nullopt};
        Try(steps);
      }
    }
  }

  // Two that are there for each other: a unit that is given and taken.
  void WithoutPairs() {
    constexpr std::size_t kFew = 16;
    const std::size_t all = scenario_.steps.size();
    for (std::size_t i = 0; i < all && all <= kFew; ++i) {
      for (std::size_t k = i + 1; k < all; ++k) {
        Steps steps = scenario_.steps;
        steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(k));
        steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i));
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
      if (auto* what = std::get_if<Arm>(&step.what)) Rename(&what->actors, made);
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
    // Smaller numbers, and the first of names. A kind is no number, and a maxvalue below 1 plain to nobody.
    const bool makes = call.operation == "SemLock" && call.args.size() == 5;
    for (std::size_t i = makes ? 1 : 0; i < call.args.size(); ++i) {
      const auto* number = call.args[i].value.If<std::int64_t>();
      const std::int64_t least = makes && i == 2 ? 1 : 0;
      if (number == nullptr || *number <= least) continue;
      // The least, and then ever less taken away: where it begins to fail is found by halving.
      std::set<std::int64_t> smaller = {least};
      for (std::int64_t less = *number - least; less > 0; less /= 2) smaller.insert(*number - less);
      for (const std::int64_t value : smaller)
        variant([i, value](Call* one) { one->args[i].value = Value::Int(value); });
    }
    for (std::size_t i = 0; i < call.args.size(); ++i) {
      if (call.args[i].kind == Expr::Kind::kFreshName) variant([i](Call* one) { one->args[i].name = "NAME"; });
    }
    if (!call.as.empty()) WithAnother(at, call.as);
    if (makes) variant([](Call* one) { one->args[4].value = Value(true); });  // Then no name is left.
    for (const Call& one : plainer) {
      Steps steps = scenario_.steps;
      std::get<Do>(steps[at].what).call = one;
      Try(steps);
    }
    if (makes) WithOtherUnits(at, call);
  }

  // What is done with an object done with one that is there before it.
  void WithAnother(std::size_t at, const std::string& object) {
    for (std::size_t i = 0; i < at; ++i) {
      const auto* what = std::get_if<Do>(&scenario_.steps[i].what);
      if (what == nullptr || what->call.as.empty() || what->call.as == object) continue;
      Steps steps = scenario_.steps;
      const std::string other = what->call.as;
      steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(at));
      for (Step& step : steps) {
        auto* own = std::get_if<Do>(&step.what);
        if (own != nullptr && own->call.object == object) own->call.object = other;
      }
      Try(steps);
    }
  }

  // A unit less from the start, and one that takes it less; or one more, and one less that gives it.
  void WithOtherUnits(std::size_t at, const Call& made) {
    const auto* value = made.args[1].value.If<std::int64_t>();
    const auto* maxvalue = made.args[2].value.If<std::int64_t>();
    if (value == nullptr || maxvalue == nullptr) return;
    for (std::size_t i = at + 1; i < scenario_.steps.size(); ++i) {
      const auto* what = std::get_if<Do>(&scenario_.steps[i].what);
      if (what == nullptr || what->call.object != made.as) continue;
      const int change = what->call.operation == "acquire" ? -1 : what->call.operation == "release" ? 1 : 0;
      if (change == 0 || *value + change < 0) continue;
      Steps steps = scenario_.steps;
      Call& own = std::get<Do>(steps[at].what).call;
      own.args[1].value = Value::Int(*value + change);
      own.args[2].value = Value::Int(std::max(*maxvalue, *value + change));
      steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i));
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
