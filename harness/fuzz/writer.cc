// SPDX-License-Identifier: MIT
#include "harness/fuzz/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>

#include "harness/scenario/transcript.h"

namespace lockstep::fuzz {
namespace {

using model::Outcome;
using model::State;
using model::Thread;

constexpr char kSignal[] = "SIGUSR1";
constexpr char kRaises[] = "ValueError";

template <class Test>
bool InEach(const Model& model, const Test& test) {
  return std::all_of(model.states().begin(), model.states().end(), test);
}

bool IsBlocked(const Outcome& outcome) { return outcome.what && std::holds_alternative<Blocked>(*outcome.what); }

Expected ToExpected(const Outcome& outcome) {
  Expected expected;
  if (!outcome.what) {
    expected.type_of_value = "...";
  } else if (const auto* value = std::get_if<Value>(&*outcome.what)) {
    // An object is known by its type alone, and is any.
    if (value->If<Object>() != nullptr) expected.type_of_value = "...";
    expected.value.value = *value;
    // As Evaluate() has the names of this run.
    const auto* text = value->If<std::string>();
    const bool slash = text != nullptr && text->starts_with("/NAME");
    if (slash || (text != nullptr && text->starts_with("NAME"))) {
      expected.value = Expr();
      expected.value.kind = Expr::Kind::kFreshName;
      expected.value.name = slash ? text->substr(1) : "BARE" + text->substr(4);
    }
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

Expectation ToExpectation(const std::vector<Outcome>& outcomes) {
  Expectation expectation;
  for (const Outcome& outcome : outcomes) expectation.alternatives.push_back(ToExpected(outcome));
  expectation.text = ToText(expectation);
  return expectation;
}

Expectation Comes(model::Outcome outcome) {
  Expectation expectation;
  expectation.alternatives.push_back(ToExpected(outcome));
  expectation.text = outcome.what && std::holds_alternative<Raised>(*outcome.what)
                         ? fmt::format("raises {}", kRaises)
                         : "returns True";
  return expectation;
}

const model::SemLock* WaitsOn(const State& state, const std::string& actor) {
  const auto& wait = state.At(actor).wait;
  return wait ? state.FindSemLock(actor, wait->object) : nullptr;
}

void Unname(Expr* expr) {
  if (expr->kind == Expr::Kind::kFreshName) expr->name = "NAME";
  for (Expr& operand : expr->operands) Unname(&operand);
}

bool IsStopped(const State& state, const std::string& actor) { return state.ProcessOf(actor).stopped; }

}  // namespace

Writer::Writer(const std::string& name, const Subject& subject) : model_(subject.like), subject_(subject) {
  written_.scenario.name = name;
  written_.scenario.says = "The model and an implementation agree.";
  written_.scenario.source = "harness/model/rule.h";
}

// --- Who is there

template <class Test>
std::vector<std::string> Writer::ActorsThat(const Test& test) const {
  std::vector<std::string> all;
  for (const std::string& actor : actors_) {
    if (InEach(model_, [&](const State& state) { return test(state, actor); })) all.push_back(actor);
  }
  return all;
}

std::vector<std::string> Writer::Idle() const {
  return ActorsThat([](const State& state, const std::string& actor) {
    const Thread& thread = state.At(actor);
    return !thread.ended && !thread.wait && !thread.outcome && !IsStopped(state, actor);
  });
}

std::vector<std::string> Writer::Waiting() const {
  return ActorsThat([](const State& state, const std::string& actor) { return state.At(actor).wait.has_value(); });
}

std::vector<std::string> Writer::Stopped() const {
  return ActorsThat([](const State& state, const std::string& actor) {
    return IsStopped(state, actor) && !state.At(actor).ended;
  });
}

bool Writer::Has(const std::string& actor) const {
  return std::find(actors_.begin(), actors_.end(), actor) != actors_.end();
}

bool Writer::IsThread(const std::string& actor) const {
  return InEach(model_, [&](const State& state) { return !state.At(actor).is_main; });
}

bool Writer::IsOfTheFirstProcess(const std::string& actor) const {
  return !InEach(model_, [&](const State& state) { return state.At(actor).process != 0; });
}

std::vector<std::string> Writer::ObjectsOf(const std::string& actor) const {
  std::optional<std::vector<std::string>> common;
  for (const State& state : model_.states()) {
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

std::vector<std::string> Writer::ObjectsOf(const std::string& actor, Kind kind) const {
  std::vector<std::string> names = ObjectsOf(actor);
  std::erase_if(names, [&](const std::string& name) {
    const model::Kept& object = model_.states().front().ProcessOf(actor).objects.at(name);
    return std::holds_alternative<model::SemLock>(object) != (kind == Kind::kSemLock);
  });
  return names;
}

std::vector<std::string> Writer::DescriptorsOf(const std::string& actor) const {
  std::vector<std::string> names;
  if (IsUnsure(actor)) return names;
  for (const auto& [name, value] : model_.states().front().ProcessOf(actor).values) {
    const bool everywhere = InEach(model_, [&, &key = name](const State& state) {
      const auto& values = state.ProcessOf(actor).values;
      const auto found = values.find(key);
      return found != values.end() && found->second && found->second->If<Object>() != nullptr;
    });
    if (everywhere) names.push_back(name);
  }
  return names;
}

bool Writer::Owns(const std::string& actor) const {
  return !InEach(model_, [&](const State& state) {
    const auto& objects = state.ProcessOf(actor).objects;
    return std::none_of(objects.begin(), objects.end(), [](const auto& one) {
      const auto* lock = std::get_if<model::SemLock>(&one.second);
      return lock != nullptr && lock->count > 0;
    });
  });
}

// Those that wait and could take a unit.
std::vector<std::string> Writer::Woken(const State& state) const {
  std::vector<std::string> woken;
  for (const std::string& actor : actors_) {
    const model::SemLock* lock = WaitsOn(state, actor);
    if (lock == nullptr || IsStopped(state, actor)) continue;
    if (state.semaphores[static_cast<std::size_t>(lock->semaphore)].value > 0) woken.push_back(actor);
  }
  return woken;
}

// Whether a thread of a stopped process waits, or may wait, on the semaphore of this object: a post may
// go to it and wake nobody else.
bool Writer::StoppedWaitOn(const std::string& actor, const std::string& object) const {
  return !InEach(model_, [&](const State& state) {
    const model::SemLock* own = state.FindSemLock(actor, object);
    return own == nullptr || std::none_of(actors_.begin(), actors_.end(), [&](const std::string& other) {
             const model::SemLock* lock = WaitsOn(state, other);
             return lock != nullptr && lock->semaphore == own->semaphore && IsStopped(state, other);
           });
  });
}

// Whether the same names are there afterwards, whichever way it goes.
bool Writer::AgreeOnNames(const std::vector<model::Way>& ways) {
  const auto same = [](const auto& one, const auto& other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](const auto& a, const auto& b) { return a.first == b.first; });
  };
  const State& first = ways.front().next;
  return std::all_of(ways.begin(), ways.end(), [&](const model::Way& way) {
    return same(way.next.semaphore_names, first.semaphore_names) && same(way.next.block_names, first.block_names);
  });
}

// --- Writing

std::string OnAnyObject(Call call) {
  if (!call.object.empty()) call.object = "s";
  call.as.clear();
  for (Expr& arg : call.args) Unname(&arg);
  for (auto& [keyword, arg] : call.kwargs) Unname(&arg);
  return ToText(call);
}

bool Writer::CanDo(const Step& step) const {
  if (const auto* what = std::get_if<lockstep::Do>(&step.what);
      what != nullptr && !subject_.unsupported.empty() && subject_.unsupported.count(OnAnyObject(what->call)) != 0)
    return false;
  if (!subject_.capabilities) return true;
  const std::set<std::string> needs = transcript::NeedsOf({step});
  return std::includes(subject_.capabilities->begin(), subject_.capabilities->end(), needs.begin(), needs.end());
}

void Writer::Append(Step step) {
  auto& scenario = written_.scenario;
  scenario.steps_text += step.text + "\n";
  step.position = {static_cast<int>(scenario.steps.size()) + 1, 1};
  std::uint64_t state = 0;
  for (const State& one : model_.states()) state += std::hash<std::string>()(one.Key());
  written_.states.push_back(state);
  written_.transitions.push_back(std::hash<std::string>()(step.text) * 31 + state * 17 + state_);
  state_ = state;
  scenario.steps.push_back(std::move(step));
}

// False: the model does not let it be done, and it is left out.
bool Writer::Add(decltype(Step::what) what) {
  Step step;
  step.what = std::move(what);
  if (!CanDo(step)) return false;
  step.text = ToText(step);
  const Model before = model_;
  const Model::Judgement judgement = model_.Take(step);
  // Several outcomes of a step that expects one: it depends on who was woken before.
  if (judgement.verdict != Model::Judgement::Verdict::kAgrees || judgement.allowed.size() > 1) {
    model_ = before;
    return false;
  }
  Append(std::move(step));
  return true;
}

bool Writer::Do(const std::string& actor, Call call, bool may_sleep) {
  if (ended_) return false;
  lockstep::Do what;
  what.actors = {actor};
  what.call = std::move(call);
  if (what.call.operation == "exit" || what.call.operation == "end") {
    const bool owns = Owns(actor);
    if (!Add(std::move(what))) return false;
    See(owns ? "exit while owned" : "exit");
    return true;
  }
  const std::string object = what.call.object;
  auto ways = model_.WaysOf(actor, what.call);
  if (!ways || ways->empty()) return false;
  // A moment's timeout is waited out.
  const bool is_moment = std::any_of(ways->begin(), ways->end(), [](const model::Way& way) {
    return way.outcome.rule == &model::rules::kTimedOut;
  });
  if (is_moment) std::erase_if(*ways, [](const model::Way& way) { return IsBlocked(way.outcome); });
  if (!AgreeOnNames(*ways)) return false;
  const std::vector<Outcome> allowed = OutcomesOf(*ways);
  const bool sleeps = std::any_of(allowed.begin(), allowed.end(), IsBlocked);
  if (sleeps && (allowed.size() > 1 || !may_sleep || StoppedWaitOn(actor, object))) return false;
  what.expectation = ToExpectation(allowed);
  const Call made = what.call;
  Step step;
  step.what = std::move(what);
  if (!CanDo(step)) return false;
  step.text = ToText(step);
  if (allowed.size() == 1) SeeOutcome(actor, made, allowed.front());
  model_.Become(std::move(*ways));
  Append(std::move(step));
  WakeThoseWhoCan(made.operation);
  if (Waiting().size() >= 2) See("two waiters");
  return true;
}

void Writer::SeeOutcome(const std::string& actor, const Call& call, const Outcome& outcome) {
  using namespace model;
  if (outcome.rule == &rules::kTooMany) See("release refused at maxvalue");
  if (outcome.rule == &rules::kNotOwner) See("release refused to a stranger");
  if (outcome.rule == &rules::kTakesAgain) See("re-entered");
  if (outcome.rule == &rules::kTimedOut) See("timed out");
  if (outcome.rule == &rules::kExists) See("name taken");
  if (outcome.rule == &rules::kNotThere) See("name gone");
  if (outcome.rule == &rules::kRebuilt) See("rebuilt");
  if (outcome.rule == &rules::kBlockAttached && call.operation == "SharedMemory") See("block attached");
  if (IsBlocked(outcome)) See(call.operation == "acquire" && !call.kwargs.empty() ? "timed waiter" : "waiter");
  const State& state = model_.states().front();
  const SemLock* lock = state.FindSemLock(actor, call.object);
  written_.situations.insert(
      fmt::format("{} {}{}{}: {}, {} waiting", lock == nullptr ? "" : lock->kind == 0 ? "mutex" : "semaphore",
                  call.operation, call.args.empty() && call.kwargs.empty() ? "" : "(…)",
                  Owns(actor) ? " of an owner" : "", outcome.rule->sentence, std::min<std::size_t>(Waiting().size(), 2)));
}

// Who a post has woken is open, and has a name from then on.
void Writer::WakeThoseWhoCan(const std::string& why) {
  const std::vector<std::string> woken = Woken(model_.states().front());
  const bool sure = InEach(model_, [&](const State& state) { return Woken(state) == woken; });
  if (!sure) ended_ = true;
  const std::optional<OneOf> names = std::exchange(next_round_, std::nullopt);
  if (!sure || woken.empty()) return;
  const Expectation expectation = Comes({Actual(Value(true)), &model::rules::kWoken});
  if (woken.size() == 1) {
    ended_ = !Add(Await{woken, expectation});
    if (!ended_ && !why.empty()) See(why + " with a waiter");
    return;
  }
  OneOf what;
  what.actors = woken;
  what.expectation = expectation;
  std::vector<std::string> now;
  if (names && names->others.size() + 1 == woken.size() && !names->winner.empty()) {
    now = names->others;
    now.push_back(names->winner);
  }
  const auto is_used = [&](const std::string& name) { return names_.count(name) != 0; };
  while (now.empty() || std::any_of(now.begin(), now.end(), is_used)) {
    now.clear();
    ++rounds_;
    for (std::size_t i = 1; i < woken.size(); ++i) now.push_back(fmt::format("l{}x{}", rounds_, i));
    now.push_back(fmt::format("w{}", rounds_));
  }
  what.winner = now.back();
  what.others.assign(now.begin(), now.end() - 1);
  for (const std::string& name : now) sure_objects_[name] = ObjectsOf(woken.front());
  ended_ = !Add(std::move(what));
  if (ended_) return;
  if (!why.empty()) See(why + " with waiters");
  names_.insert(now.begin(), now.end());
  std::erase_if(actors_, [&](const std::string& actor) {
    return std::find(woken.begin(), woken.end(), actor) != woken.end();
  });
  actors_.insert(actors_.end(), now.begin(), now.end());
}

bool Writer::Create(lockstep::Create::How how, const std::string& parent, std::string child) {
  if (ended_) return false;
  if (child.empty()) child = fmt::format("a{}", ++made_);
  if (names_.count(child) != 0) return false;
  const bool is_fork = how == lockstep::Create::How::kFork;
  const bool owned = Owns(parent);
  const bool others_wait = !Waiting().empty();
  lockstep::Create what;
  what.how = how;
  what.parent = parent;
  what.children = {child};
  if (!Add(std::move(what))) return false;
  if (is_fork && owned) See("fork while owned");
  if (is_fork && others_wait) See("fork while others wait");
  if (how == lockstep::Create::How::kSpawn) See("spawned");
  actors_.push_back(child);
  names_.insert(child);
  if (const auto sure = sure_objects_.find(parent); sure != sure_objects_.end()) {
    const std::vector<std::string> objects = sure->second;
    sure_objects_[child] = objects;
  }
  return true;
}

bool Writer::Kill(const std::string& actor) {
  if (ended_ || IsOfTheFirstProcess(actor)) return false;
  const std::vector<std::string> waiting = Waiting();
  const bool waits = std::find(waiting.begin(), waiting.end(), actor) != waiting.end();
  const std::string sight = waits ? "kill while waiting" : Owns(actor) ? "kill while owned" : "kill";
  if (!Add(SendSignal{{actor}, "SIGKILL", SendSignal::How::kKill})) return false;
  See(sight);
  return Add(Died{{actor}, "SIGKILL"});
}

bool Writer::Stop(const std::string& actor) {
  if (ended_ || IsOfTheFirstProcess(actor)) return false;
  // What is posted while others wait there may go to the stopped one and wake none of them.
  const bool others = !InEach(model_, [&](const State& state) {
    return std::all_of(actors_.begin(), actors_.end(), [&](const std::string& own) {
      const model::SemLock* lock = WaitsOn(state, own);
      if (lock == nullptr || state.At(own).process != state.At(actor).process) return true;
      return std::none_of(actors_.begin(), actors_.end(), [&](const std::string& other) {
        const model::SemLock* its = WaitsOn(state, other);
        return other != own && its != nullptr && its->semaphore == lock->semaphore;
      });
    });
  });
  if (others || InEach(model_, [&](const State& state) { return IsStopped(state, actor); })) return false;
  if (!Add(SendSignal{{actor}, "SIGSTOP", SendSignal::How::kStop})) return false;
  See("stopped");
  return true;
}

bool Writer::Continue(const std::string& actor) {
  if (ended_ || !Add(SendSignal{{actor}, "SIGCONT", SendSignal::How::kCont})) return false;
  WakeThoseWhoCan("");
  return true;
}

bool Writer::Handle(const std::string& actor, OnSignal::Action action) {
  if (ended_ || !InEach(model_, [&](const State& state) { return state.At(actor).is_main; })) return false;
  OnSignal what;
  what.actor = actor;
  what.signal = kSignal;
  what.action = action;
  if (action == OnSignal::Action::kRaise) what.type = kRaises;
  return Add(std::move(what));
}

bool Writer::Signal(const std::string& actor) {
  if (ended_) return false;
  const auto does = [&](OnSignal::Action action) {
    return InEach(model_, [&](const State& state) {
      const auto& handlers = state.ProcessOf(actor).handlers;
      const auto handler = handlers.find(kSignal);
      return state.At(actor).is_main && !IsStopped(state, actor) && handler != handlers.end() &&
             handler->second.action == action;
    });
  };
  const bool waits = InEach(model_, [&](const State& state) { return state.At(actor).wait.has_value(); });
  const bool raises = does(OnSignal::Action::kRaise);
  if (!(raises && waits) && !does(OnSignal::Action::kReturn)) return false;
  if (!Add(SendSignal{{actor}, kSignal, SendSignal::How::kSignal})) return false;
  if (raises) {
    See("wait ended by a handler");
    return Add(Await{{actor}, Comes({Actual(Raised{kRaises, "", std::nullopt}), &model::rules::kHandled})});
  }
  if (waits) See("wait interrupted");
  return Add(Handled{actor, kSignal}) && (!waits || Add(StillBlocked{{actor}}));
}

// --- Once more

void Writer::Repeat(const std::vector<Step>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    // Whom the next step names is whom this one wakes.
    const auto* round = i + 1 < steps.size() ? std::get_if<OneOf>(&steps[i + 1].what) : nullptr;
    next_round_ = round == nullptr ? std::nullopt : std::optional(*round);
    RepeatOne(steps[i]);
  }
}

void Writer::RepeatOne(const Step& step) {
  const std::vector<std::string> idle = Idle();
  const auto is_idle = [&](const std::string& actor) { return std::find(idle.begin(), idle.end(), actor) != idle.end(); };
  if (const auto* what = std::get_if<lockstep::Do>(&step.what)) {
    const std::string& actor = what->actors.front();
    if (what->actors.size() != 1 || !is_idle(actor)) return;
    const bool last_thread = what->call.operation == "end" && (!IsThread(actor) || actor.front() != 'a');
    const bool first = what->call.operation == "exit" && IsOfTheFirstProcess(actor);
    if (!last_thread && !first) Do(actor, what->call);
  } else if (const auto* create = std::get_if<lockstep::Create>(&step.what)) {
    if (create->children.size() == 1 && is_idle(create->parent)) Create(create->how, create->parent, create->children[0]);
  } else if (const auto* on = std::get_if<OnSignal>(&step.what)) {
    const bool simple = on->action == OnSignal::Action::kReturn || on->action == OnSignal::Action::kRaise;
    if (simple && is_idle(on->actor)) Handle(on->actor, on->action);
  } else if (const auto* sent = std::get_if<SendSignal>(&step.what)) {
    const std::string& actor = sent->actors.front();
    if (sent->actors.size() != 1 || !Has(actor) ||
        !InEach(model_, [&](const State& state) { return !state.At(actor).ended; }))
      return;
    switch (sent->how) {
      case SendSignal::How::kKill:
        Kill(actor);
        return;
      case SendSignal::How::kSignal:
        Signal(actor);
        return;
      case SendSignal::How::kStop:
        Stop(actor);
        return;
      case SendSignal::How::kCont: {
        const std::vector<std::string> stopped = Stopped();
        if (std::find(stopped.begin(), stopped.end(), actor) != stopped.end()) Continue(actor);
        return;
      }
    }
  }
}

Written Writer::Take() {
  if (const auto names = model_.NamesLeft(); names && !names->remain.empty()) {
    Left left;
    for (const std::string& name : names->remain) {
      Expr& expr = left.names.emplace_back();
      expr.kind = Expr::Kind::kFreshName;
      expr.name = name.substr(1);
    }
    Add(std::move(left));
  }
  written_.scenario.needs = transcript::NeedsOf(written_.scenario.steps);
  return std::move(written_);
}

bool IsSmaller(const Scenario& one, const Scenario& other) {
  const auto size = [](const Scenario& scenario) {
    const auto processes = std::count_if(scenario.steps.begin(), scenario.steps.end(), [](const Step& step) {
      const auto* create = std::get_if<Create>(&step.what);
      return create != nullptr && create->how != Create::How::kThread;
    });
    return std::tuple(scenario.steps.size(), processes, scenario.steps_text.size(), std::string_view(scenario.steps_text));
  };
  return size(one) < size(other);
}

}  // namespace lockstep::fuzz
