// SPDX-License-Identifier: MIT
#include "harness/fuzz/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "harness/model/model.h"
#include "harness/scenario/transcript.h"

namespace lockstep::fuzz {
namespace {

// More than these show nothing new, and cost a fork each.
constexpr std::size_t kMostActors = 5;
constexpr std::size_t kMostObjects = 3;

Expr Literal(Value value) {
  Expr expr;
  expr.value = std::move(value);
  return expr;
}

Expr FreshName(const std::string& name) {
  Expr expr;
  expr.kind = Expr::Kind::kFreshName;
  expr.name = name;
  return expr;
}

// As transcripts name a constant's value, which is all that a program needs.
constexpr std::int64_t kMutex = 0;
constexpr std::int64_t kSemaphore = 1;

Call Make(std::string object, std::string operation, std::vector<Expr> args = {}) {
  Call call;
  call.object = std::move(object);
  call.operation = std::move(operation);
  call.args = std::move(args);
  return call;
}

Call Construct(const Setup& setup, const std::string& name, bool unlink, const std::string& as) {
  const std::int64_t kind = setup.kind == std::string("SEMAPHORE") ? kSemaphore : kMutex;
  Call call = Make("", "SemLock",
                   {Literal(Value::Int(kind)), Literal(Value::Int(setup.value)),
                    Literal(Value::Int(setup.maxvalue)), FreshName(name), Literal(unlink)});
  call.as = as;
  return call;
}

// Odd arguments of acquire.
const std::vector<std::vector<Value>>& OddAcquires() {
  static const std::vector<std::vector<Value>> all = {
      {Value::Int(0)},        {Value::Int(1), Value(0.0)},         {Value(true), Value(std::string("x"))},
      {Value(None{})},        {Value(true), Value(-1.5)},          {Value(std::string()), Value(0.001)},
      {Value(true), Value(0.0), Value(0.0)}, {Value(false), Value(60.0)}};
  return all;
}

class Writer {
 public:
  Writer(const Setup& setup, const std::string& name, const Version& like) : model_(like) {
    written_.scenario.name = name;
    written_.scenario.says = "The model and an implementation agree.";
    written_.scenario.source = "harness/model";
    Do("p", Construct(setup, "NAME", false, "s"));
  }

  void Choose(const Choice& choice) {
    if (ended_) return;
    const std::vector<std::string> idle = Idle();
    if (choice.action == Action::kKill) return Kill(choice);
    if (idle.empty()) return;
    const std::string& actor = idle[choice.actor % idle.size()];
    switch (choice.action) {
      case Action::kFork:
        return Create(Create::How::kFork, actor);
      case Action::kThread:
        return Create(Create::How::kThread, actor);
      case Action::kSpawn:
        return Create(Create::How::kSpawn, actor);
      case Action::kExitProcess:
        if (Alone(actor)) return;
        Do(actor, Make("", "exit", {Literal(Value::Int(choice.argument % 4))}));
        return;
      case Action::kEndThread:
        // Whoever has a name since a wake-up may be either.
        if (!IsThread(actor) || actor.front() != 'a') return;
        Do(actor, Make("", "end"));
        return;
      default:
        break;
    }
    // Where the last that could do something goes to sleep, a scenario ends: mostly that is left out.
    constexpr int kSeldom = 6;
    may_end_ = idle.size() > 1 || choice.argument % kSeldom == 0;
    if (auto call = CallOf(choice, actor)) Do(actor, std::move(*call));
  }

  Written Take() {
    if (const auto names = model_.NamesLeft(); names && !names->remain.empty()) {
      Left left;
      for (const std::string& name : names->remain) left.names.push_back(FreshName(name.substr(1)));
      Add(std::move(left));
    }
    auto& steps = written_.scenario.steps;
    for (Step& step : steps) {
      step.text = ToText(step);
      written_.scenario.steps_text += step.text + "\n";
    }
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i].position = {static_cast<int>(i) + 1, 1};
    written_.scenario.needs = transcript::NeedsOf(steps);
    return std::move(written_);
  }

 private:
  template <class Test>
  std::vector<std::string> ActorsThat(const Test& test) const {
    std::vector<std::string> all;
    for (const std::string& actor : actors_) {
      const bool in_each = std::all_of(model_.states().begin(), model_.states().end(),
                                       [&](const model::State& state) { return test(state, state.At(actor)); });
      if (in_each) all.push_back(actor);
    }
    return all;
  }
  // Those that can be told to do something, whoever was woken before.
  std::vector<std::string> Idle() const {
    return ActorsThat([](const model::State&, const model::Thread& thread) {
      return !thread.ended && !thread.wait && !thread.outcome;
    });
  }
  std::vector<std::string> Waiting() const {
    return ActorsThat([](const model::State&, const model::Thread& thread) { return thread.wait.has_value(); });
  }

  bool IsThread(const std::string& actor) const {
    return std::all_of(model_.states().begin(), model_.states().end(),
                       [&](const model::State& state) { return !state.At(actor).is_main; });
  }
  // Whether an actor's process is the one that all came from, in some state.
  bool Alone(const std::string& actor) const {
    return std::any_of(model_.states().begin(), model_.states().end(),
                       [&](const model::State& state) { return state.At(actor).process == 0; });
  }

  std::vector<std::string> ObjectsOf(const std::string& actor) const {
    std::optional<std::vector<std::string>> common;
    for (const model::State& state : model_.states()) {
      std::vector<std::string> names;
      for (const auto& [name, object] : state.ProcessOf(actor).objects) names.push_back(name);
      if (common && *common != names) return {};
      common = std::move(names);
    }
    const auto sure = sure_objects_.find(actor);
    if (common && sure != sure_objects_.end()) {
      std::erase_if(*common, [&](const std::string& name) {
        return std::find(sure->second.begin(), sure->second.end(), name) == sure->second.end();
      });
    }
    return common.value_or(std::vector<std::string>());
  }

  std::optional<Call> CallOf(const Choice& choice, const std::string& actor) const {
    const std::vector<std::string> objects = ObjectsOf(actor);
    const std::string name = choice.argument % 2 == 0 ? "NAME" : "NAME2";
    const auto fresh = [&]() -> std::optional<std::string> {
      // In whose process would it be?
      if (sure_objects_.count(actor) != 0) return std::nullopt;
      for (const char* one : {"s", "t", "u"}) {
        if (std::find(objects.begin(), objects.end(), one) == objects.end()) return one;
      }
      return std::nullopt;
    };
    switch (choice.action) {
      case Action::kUnlink:
        return Make("", "sem_unlink", {FreshName(name)});
      case Action::kConstruct: {
        const auto as = fresh();
        if (!as || objects.size() >= kMostObjects) return std::nullopt;
        return Construct(Setups()[choice.object % Setups().size()], name, choice.argument % 4 >= 2, *as);
      }
      case Action::kRebuild: {
        const auto as = fresh();
        if (!as || objects.size() >= kMostObjects) return std::nullopt;
        Call call = Make("", "SemLock._rebuild",
                         {Literal(Value::Int(0)), Literal(Value::Int(choice.object % 2 == 0 ? kSemaphore : kMutex)),
                          Literal(Value::Int(1 + choice.argument / 2 % 2)), FreshName(name)});
        call.as = *as;
        return call;
      }
      case Action::kOddConstruct: {
        static const std::vector<std::array<Value, 3>> odd = {
            {Value::Int(2), Value::Int(1), Value::Int(1)},
            {Value::Int(1), Value::Int(-1), Value::Int(1)},
            {Value(std::string("1")), Value::Int(1), Value::Int(1)},
            {Value::Int(1), Value::Int(std::int64_t{1} << 31), Value::Int(1)},
            {Value::Int(1), Value(1.5), Value::Int(1)}};
        const auto& chosen = odd[choice.argument % odd.size()];
        return Make("", "SemLock", {Literal(chosen[0]), Literal(chosen[1]), Literal(chosen[2]), FreshName("NAME3"),
                                    Literal(true)});
      }
      default:
        break;
    }
    if (objects.empty()) return std::nullopt;
    const std::string& object = objects[choice.object % objects.size()];
    switch (choice.action) {
      case Action::kGetValue:
        return Make(object, "_get_value");
      case Action::kIsZero:
        return Make(object, "_is_zero");
      case Action::kCount:
        return Make(object, "_count");
      case Action::kIsMine:
        return Make(object, "_is_mine");
      case Action::kRelease:
        return Make(object, "release");
      case Action::kTry:
        return Make(object, "acquire", {Literal(false)});
      case Action::kAcquire:
        return Make(object, "acquire");
      case Action::kEnter:
        return Make(object, "__enter__");
      case Action::kExit:
        return Make(object, "__exit__", {Literal(None{}), Literal(None{}), Literal(None{})});
      case Action::kAfterFork:
        return Make(object, "_after_fork");
      case Action::kAcquireFor: {
        static const std::vector<double> timeouts = {0.0, 60.0, -1.0, 0.002};
        Call call = Make(object, "acquire");
        call.kwargs.emplace_back("timeout", Literal(timeouts[choice.argument % timeouts.size()]));
        return call;
      }
      case Action::kOddAcquire: {
        std::vector<Expr> args;
        for (const Value& value : OddAcquires()[choice.argument % OddAcquires().size()]) args.push_back(Literal(value));
        return Make(object, "acquire", std::move(args));
      }
      default:
        return std::nullopt;
    }
  }

  // False: the model does not let it be done, and it is left out.
  bool Add(decltype(Step::what) what) {
    Step step;
    step.what = std::move(what);
    step.text = ToText(step);
    Model next = model_;
    if (next.Take(step).verdict != Model::Judgement::Verdict::kAgrees) return false;
    model_ = std::move(next);
    written_.scenario.steps.push_back(std::move(step));
    return true;
  }

  void See(const std::string& sight) { ++written_.sights[sight]; }

  static Expected ToExpected(const model::Outcome& outcome) {
    Expected expected;
    if (!outcome.what) {
      expected.type_of_value = "...";
    } else if (const auto* value = std::get_if<Value>(&*outcome.what)) {
      // An object is known by its type alone, and is any.
      if (value->If<Object>() != nullptr) expected.type_of_value = "...";
      expected.value = Literal(*value);
    } else if (const auto* raised = std::get_if<Raised>(&*outcome.what)) {
      expected.kind = Expected::Kind::kRaised;
      expected.type = raised->type;
      expected.errno_value = raised->errno_value;
      if (!raised->message.empty()) expected.message = raised->message;
    } else {
      expected.kind = Expected::Kind::kBlocked;
    }
    return expected;
  }

  static Expectation ToExpectation(const std::vector<model::Outcome>& outcomes) {
    Expectation expectation;
    for (const model::Outcome& outcome : outcomes) expectation.alternatives.push_back(ToExpected(outcome));
    return expectation;
  }

  static bool IsBlocked(const model::Outcome& outcome) {
    return outcome.what && std::holds_alternative<Blocked>(*outcome.what);
  }

  void Do(const std::string& actor, Call call) {
    lockstep::Do what;
    what.actors = {actor};
    what.call = std::move(call);
    if (what.call.operation == "exit" || what.call.operation == "end") {
      if (what.call.operation == "exit") See(Owns(actor) ? "exit while owned" : "exit");
      Add(std::move(what));
      return;
    }
    auto allowed = model_.Allowed(actor, what.call);
    if (!allowed || allowed->empty()) return;
    // A moment's timeout is waited out. Of a call that may or may not sleep, nobody would know where its
    // actor is: it is left out.
    const bool is_moment = std::any_of(allowed->begin(), allowed->end(), [](const model::Outcome& outcome) {
      return outcome.rule == &model::rules::kTimedOut;
    });
    if (is_moment) std::erase_if(*allowed, IsBlocked);
    const bool sleeps = std::any_of(allowed->begin(), allowed->end(), IsBlocked);
    if (sleeps && (allowed->size() > 1 || !may_end_)) return;
    for (const model::Outcome& outcome : *allowed) SeeOutcome(what.call, outcome);
    what.expectation = ToExpectation(*allowed);
    what.expectation->text = ToText(*what.expectation);
    Add(std::move(what));
    WakeThoseWhoCan();
    if (Waiting().size() >= 2) See("two waiters");
  }

  void SeeOutcome(const Call& call, const model::Outcome& outcome) {
    using namespace model;
    if (outcome.rule == &rules::kTooMany) See("release refused at maxvalue");
    if (outcome.rule == &rules::kNotOwner) See("release refused to a stranger");
    if (outcome.rule == &rules::kTakesAgain) See("re-entered");
    if (outcome.rule == &rules::kTimedOut) See("timed out");
    if (outcome.rule == &rules::kExists) See("name taken");
    if (outcome.rule == &rules::kNotThere) See("name gone");
    if (outcome.rule == &rules::kRebuilt) See("rebuilt");
    if (IsBlocked(outcome)) See(call.operation == "acquire" && !call.kwargs.empty() ? "timed waiter" : "waiter");
  }

  bool Owns(const std::string& actor) const {
    return std::any_of(model_.states().begin(), model_.states().end(), [&](const model::State& state) {
      const auto& objects = state.ProcessOf(actor).objects;
      return std::any_of(objects.begin(), objects.end(), [](const auto& one) {
        const auto* lock = std::get_if<model::SemLock>(&one.second);
        return lock != nullptr && lock->count > 0;
      });
    });
  }

  // Those of one semaphore that wait and could take a unit.
  std::vector<std::string> Woken(const model::State& state) const {
    std::vector<std::string> woken;
    for (const std::string& actor : actors_) {
      const auto& wait = state.At(actor).wait;
      if (!wait) continue;
      const auto& lock = std::get<model::SemLock>(state.ProcessOf(actor).objects.at(wait->object));
      if (state.semaphores[static_cast<std::size_t>(lock.semaphore)].value > 0) woken.push_back(actor);
    }
    return woken;
  }

  // What a post has woken comes back before anything else is done: who it was is open, and has a name
  // from then on.
  void WakeThoseWhoCan() {
    const std::vector<std::string> woken = Woken(model_.states().front());
    const bool sure = std::all_of(model_.states().begin(), model_.states().end(),
                                  [&](const model::State& state) { return Woken(state) == woken; });
    if (!sure) ended_ = true;
    if (!sure || woken.empty()) return;
    See(woken.size() == 1 ? "release with a waiter" : "release with waiters");
    Expectation expectation = ToExpectation({model::Outcome{Actual(Value(true)), &model::rules::kWoken}});
    expectation.text = "returns True";
    if (woken.size() == 1) {
      ended_ = !Add(Await{woken, expectation});
      return;
    }
    OneOf what;
    what.actors = woken;
    what.expectation = expectation;
    ++rounds_;
    what.winner = fmt::format("w{}", rounds_);
    for (std::size_t i = 1; i < woken.size(); ++i) what.others.push_back(fmt::format("l{}x{}", rounds_, i));
    const std::vector<std::string> now = [&] {
      std::vector<std::string> names = what.others;
      names.push_back(what.winner);
      return names;
    }();
    for (const std::string& name : now) sure_objects_[name] = ObjectsOf(woken.front());
    ended_ = !Add(std::move(what));
    if (ended_) return;
    std::erase_if(actors_, [&](const std::string& actor) {
      return std::find(woken.begin(), woken.end(), actor) != woken.end();
    });
    actors_.insert(actors_.end(), now.begin(), now.end());
  }

  void Create(lockstep::Create::How how, const std::string& parent) {
    if (actors_.size() >= kMostActors) return;
    lockstep::Create what;
    what.how = how;
    what.parent = parent;
    what.children = {fmt::format("a{}", ++made_)};
    if (how == lockstep::Create::How::kFork && Owns(parent)) See("fork while owned");
    if (how == lockstep::Create::How::kFork && !Waiting().empty()) See("fork while others wait");
    const std::size_t before = written_.scenario.steps.size();
    const std::string child = what.children.front();
    Add(std::move(what));
    const bool there = written_.scenario.steps.size() > before && model_.states().front().Has(child);
    if (!there) return;
    actors_.push_back(child);
    if (const auto sure = sure_objects_.find(parent); sure != sure_objects_.end())
      sure_objects_[child] = std::vector<std::string>(sure->second);
  }

  // Any but the first process; one that waits rather than one that does not.
  void Kill(const Choice& choice) {
    std::vector<std::string> victims;
    for (const auto& all : {Waiting(), Idle()}) {
      for (const std::string& actor : all) {
        if (!Alone(actor)) victims.push_back(actor);
      }
    }
    if (victims.empty()) return;
    const std::string& actor = victims[choice.actor % victims.size()];
    const bool waits = choice.actor % victims.size() < Waiting().size() && !Waiting().empty();
    See(waits ? "kill while waiting" : Owns(actor) ? "kill while owned" : "kill");
    SendSignal kill;
    kill.actors = {actor};
    kill.signal = "SIGKILL";
    Add(std::move(kill));
    Died died;
    died.actors = {actor};
    died.signal = "SIGKILL";
    Add(std::move(died));
  }

  Model model_;
  Written written_;
  std::vector<std::string> actors_ = {"p"};  // by the names that they go by now
  // Of those that have a name since a wake-up, and of those that they made, nobody knows the process:
  // only what it had then can be spoken of.
  std::map<std::string, std::vector<std::string>> sure_objects_;
  bool may_end_ = true;
  bool ended_ = false;  // from here on nobody could say who waits
  int made_ = 0;
  int rounds_ = 0;
};

}  // namespace

const std::vector<Setup>& Setups() {
  static const std::vector<Setup> all = {{"SEMAPHORE", 1, 1},       {"SEMAPHORE", 0, 1}, {"SEMAPHORE", 0, 2},
                                         {"RECURSIVE_MUTEX", 1, 1}, {"SEMAPHORE", 2, 2}, {"RECURSIVE_MUTEX", 0, 1}};
  return all;
}

const std::vector<std::string>& RequiredSights() {
  static const std::vector<std::string> all = {
      "two waiters",        "release with a waiter",       "release with waiters", "fork while owned",
      "kill while waiting", "kill while owned",            "fork while others wait", "re-entered",
      "timed out",          "release refused at maxvalue", "release refused to a stranger", "name taken",
      "name gone",          "rebuilt",                     "timed waiter"};
  return all;
}

Written Write(const Plan& plan, const std::string& name, const Version& like) {
  Writer writer(Setups()[plan.setup % Setups().size()], name, like);
  for (const Choice& choice : plan.choices) writer.Choose(choice);
  return writer.Take();
}

}  // namespace lockstep::fuzz
