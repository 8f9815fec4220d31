// SPDX-License-Identifier: MIT
// Calls: making the request, judging what came of it.
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>

#include "harness/engine/executor.h"
#include "harness/engine/timing.h"
#include "harness/os/interrupt.h"
#include "harness/os/names.h"
#include "harness/scenario/words.h"

namespace lockstep {
namespace {

constexpr const char* kMustNotRaise = "that it does not raise";
// How often a thread that is to end is looked at.
constexpr std::chrono::microseconds kPollThreadEvery{50};

// What a call is grouped by: its operation and arguments as written.
std::string OperationOf(const Call& call) {
  Call plain = call;
  plain.as.clear();
  return ToText(plain);
}

std::string ExpectedText(const std::optional<Expectation>& expectation) {
  return expectation ? expectation->text : kMustNotRaise;
}

bool ExpectsBlocked(const std::optional<Expectation>& expectation) {
  return expectation &&
         std::any_of(expectation->alternatives.begin(), expectation->alternatives.end(),
                     [](const Expected& e) { return e.kind == Expected::Kind::kBlocked; });
}

bool ExpectsOnlyBlocked(const std::optional<Expectation>& expectation) {
  return ExpectsBlocked(expectation) && expectation->alternatives.size() == 1;
}

}  // namespace

Result<Value> Executor::Resolve(const Expr& expr, Actor& actor) {
  switch (expr.kind) {
    case Expr::Kind::kLiteral:
      return expr.value;
    case Expr::Kind::kFreshName:
      return Value(FreshName(expr.name));
    case Expr::Kind::kScript:
      return Value(scenario_.script);
    case Expr::Kind::kVariable: {
      Actor* owner = expr.actor.empty() ? &actor : crew_->Find(expr.actor);
      if (owner == nullptr) return Fail(fmt::format("{} is not there", expr.actor));
      const auto& values = captured_[owner->process.get()];
      if (const auto found = values.find(expr.name); found != values.end()) return found->second;
      return Value(Ref{expr.name});
    }
    case Expr::Kind::kAttribute: {
      const Expr& object = expr.operands[0];
      Actor* owner = object.actor.empty() ? &actor : crew_->Find(object.actor);
      if (owner == nullptr) return Fail(fmt::format("{} is not there", object.actor));
      if (owner->in_flight)
        return Fail(
            fmt::format("{} is in a call, and cannot be asked for {}", owner->name, expr.name));
      Request get;
      get.operation = "get";
      get.on = object.name;
      get.args = {Value(expr.name)};
      const auto reply = crew_->Ask(*owner, std::move(get), LimitOf(*owner));
      const Value* value = reply ? std::get_if<Value>(&reply->outcome) : nullptr;
      if (value == nullptr)
        return Fail(fmt::format("{}.{} could not be read", object.name, expr.name));
      return *value;
    }
    case Expr::Kind::kConcat:
    case Expr::Kind::kRepeat: {
      const auto left = Resolve(expr.operands[0], actor);
      if (!left) return left;
      const auto right = Resolve(expr.operands[1], actor);
      if (!right) return right;
      const auto* text = left->If<std::string>();
      if (expr.kind == Expr::Kind::kConcat) {
        const auto* more = right->If<std::string>();
        if (text == nullptr || more == nullptr)
          return Fail(ToText(expr) + " adds what are not two strings");
        return Value(*text + *more);
      }
      const auto* times = right->If<std::int64_t>();
      if (text == nullptr || times == nullptr || *times < 0)
        return Fail(ToText(expr) + " repeats what is not a string");
      std::string repeated;
      for (std::int64_t i = 0; i < *times; ++i) repeated += *text;
      return Value(repeated);
    }
    case Expr::Kind::kList:
    case Expr::Kind::kTuple: {
      std::vector<Value> items;
      for (const Expr& operand : expr.operands) {
        auto item = Resolve(operand, actor);
        if (!item) return item;
        items.push_back(std::move(*item));
      }
      if (expr.kind == Expr::Kind::kList) return Value(List{std::move(items)});
      return Value(Tuple{std::move(items)});
    }
  }
  return Fail("an expression of no known kind");
}

Value Executor::ResolveExpected(const Expr& expr, Actor& actor) {
  auto value = Resolve(expr, actor);
  if (!value) {
    Stop(ScenarioRun::End::kHarnessError, value.error().message);
    return Value(Object{"unresolved"});  // equal to no value that an adapter may send
  }
  return *value;
}

Request Executor::MakeRequest(const Call& call, Actor& actor) {
  Request request;
  request.operation = call.operation;
  request.on = call.object;
  slowed_.erase(&actor);
  came_at_once_.erase(&actor);
  const auto scaled = [&](Value value) {
    // Only those that are waited out: a huge one multiplied may be another error altogether.
    constexpr double kLongestScaled = 10;  // seconds
    const auto seconds = value.AsSeconds();
    const bool grows = seconds && *seconds > 0 && *seconds <= kLongestScaled;
    if (!grows || options_.slowdown == 1) return value;
    slowed_.insert(&actor);
    return Value(*seconds * options_.slowdown);
  };
  for (const Expr& arg : call.args) {
    request.args.push_back(ResolveExpected(arg, actor));
  }
  for (const auto& [name, arg] : call.kwargs) {
    Value value = ResolveExpected(arg, actor);
    request.kwargs.emplace_back(name, std::move(value));
  }
  if (Value* timeout = TimeoutArgument(request)) *timeout = scaled(std::move(*timeout));
  request.as = call.as;
  return request;
}

Executor::Next Executor::Begin(const Step&, const Call& call, Actor& actor) {
  if (actor.in_flight) {
    return Stop(ScenarioRun::End::kHarnessError,
                fmt::format("{} is to call {}, but is in a call", actor.name, call.operation));
  }
  Request request = MakeRequest(call, actor);
  if (run_.end != ScenarioRun::End::kCompleted) return Next::kStop;
  // An expression may open anything; a Barrier's state is in a file of its language's own.
  if (call.operation == "eval" || call.operation == "Barrier") descriptors_unknown_ = true;
  if (StartTracer(actor) == Next::kStop) return Next::kStop;
  detector_->Restart(actor);
  const Value* timeout = TimeoutArgument(request);
  timeouts_s_[&actor] = timeout == nullptr ? std::nullopt : timeout->AsSeconds();
  crew_->Send(actor, std::move(request));
  return Next::kGoOn;
}

// Whether a timed call ended because its time was over, before it could be looked at.
bool Executor::RanOut(const Actor& actor, const Seen& seen) {
  const auto timeout_s = timeouts_s_[&actor];
  const Value* value = std::get_if<Value>(&seen.actual);
  if (!timeout_s || value == nullptr || !(*value == Value(false)) || !seen.reply) return false;
  // What ends well before its time has not run out, and is judged.
  constexpr double kNearly = 0.9;
  return static_cast<double>(seen.reply->end_ns - seen.reply->begin_ns) >= *timeout_s * 1e9 * kNearly;
}

Executor::Next Executor::TooEarlyToSee(const Step& step) {
  return Stop(ScenarioRun::End::kTooEarlyToSee,
              fmt::format("{} ended before it could be seen blocked", step.text));
}

Executor::Next Executor::Perform(const Step& step, const Do& what) {
  for (const std::string& name : what.actors) {
    Actor* actor = crew_->Find(name);
    if (actor == nullptr) return Unknown(name);
    if (what.call.operation == "end") {
      if (PerformEnd(step, what.call, *actor) == Next::kStop) return Next::kStop;
      continue;
    }
    if (what.call.operation == "exit") {
      if (PerformExit(step, what.call, *actor) == Next::kStop) return Next::kStop;
      continue;
    }
    if (Begin(step, what.call, *actor) == Next::kStop) return Next::kStop;
    if (Finish(step, what.call, what.expectation, *actor) == Next::kStop) return Next::kStop;
  }
  return Next::kGoOn;
}

Executor::Next Executor::PerformExit(const Step& step, const Call& call, Actor& actor) {
  if (Begin(step, call, actor) == Next::kStop) return Next::kStop;
  if (AwaitEnd(step, actor) == Next::kStop) return Next::kStop;
  const Actual actual = Ended{actor.process->status};
  Note(step, actor.name, ToText(actual));
  const std::int64_t* wanted = call.args.empty() || call.args[0].kind != Expr::Kind::kLiteral
                                   ? nullptr
                                   : call.args[0].value.If<std::int64_t>();
  const std::string expected = fmt::format("exited {}", wanted == nullptr ? 0 : *wanted & 0xff);
  return ToText(actual) == expected ? Next::kGoOn : Diverge(step, expected, ToText(actual), "exit");
}

// The thread of `actor` ends, and is gone when this returns.
Executor::Next Executor::PerformEnd(const Step& step, const Call& call, Actor& actor) {
  if (Begin(step, call, actor) == Next::kStop) return Next::kStop;
  const Deadline deadline = Deadline::After(session_.Scaled(kReplyLimit));
  while (actor.probe.Look().kind != ThreadState::Kind::kGone) {
    if (actor.reply) {
      const auto seen = Ended_(actor);
      if (!seen) return Next::kStop;
      return JudgeReply(step, std::nullopt, actor, seen->actual, nullptr);
    }
    if (Interrupted()) return Stop(ScenarioRun::End::kNotRun, "interrupted");
    if (deadline.Passed()) {
      actor.fault = "the adapter's thread does not end: it is " + actor.probe.Look().Text();
      return Next::kStop;
    }
    crew_->Pump(nanoseconds(kPollThreadEvery));
  }
  actor.in_flight.reset();
  descriptors_expected_[actor.process.get()] -= 2;  // its channel's
  Note(step, actor.name, "");
  return Next::kGoOn;
}

Executor::Next Executor::Finish(const Step& step, const Call& call,
                                const std::optional<Expectation>& expectation, Actor& actor) {
  auto seen =
      Watch(actor, ExpectsBlocked(expectation) ? For::kBlocked : For::kReply, LimitOf(actor));
  if (!seen) return Next::kStop;
  if (ExpectsOnlyBlocked(expectation) && RanOut(actor, *seen)) return TooEarlyToSee(step);
  KeepResult(call, actor, seen->actual, seen->reply ? &*seen->reply : nullptr);
  if (ExpectsBlocked(expectation) && seen->reply) came_at_once_.emplace(&actor, *seen);
  return JudgeReply(step, expectation, actor, seen->actual, seen->reply ? &*seen->reply : nullptr);
}

void Executor::KeepResult(const Call& call, Actor& actor, const Actual& actual,
                          const Reply* reply) {
  const Value* value = std::get_if<Value>(&actual);
  if (value == nullptr || reply == nullptr) return;
  Process& process = *actor.process;
  int& descriptors = descriptors_expected_[&process];
  // CPython's SharedMemory holds two: its own, and mmap's duplicate of it.
  constexpr int kOfSharedMemory = 2;
  if (call.operation == "shm_open" || call.operation == "SemLock.unnamed") ++descriptors;
  if (call.operation == "SemLock.unnamed") unnamed_[&process].insert(call.as);
  if (call.operation == "close_fd") --descriptors;
  if (call.operation == "SharedMemory") {
    descriptors += kOfSharedMemory;
    open_segments_[&process].insert(call.as);
  }
  // Closing twice is fine, and closes once.
  if (call.operation == "close" && open_segments_[&process].erase(call.object) != 0)
    descriptors -= kOfSharedMemory;
  if (call.operation == "del") {
    process.handles.erase(call.object);
    process.mappings.clear();
    // An unnamed semaphore's descriptor went with it. So did a segment's, unless its buffer is still
    // in use somewhere; what that allows is little.
    if (unnamed_[&process].erase(call.object) != 0) --descriptors;
    return;
  }
  if (!reply->handles.empty() || value->If<Object>() != nullptr) process.mappings.clear();
  if (call.as.empty()) return;
  if (value->If<Object>() != nullptr) {
    captured_[&process].erase(call.as);
    if (!reply->handles.empty()) process.handles[call.as] = reply->handles;
  } else {
    captured_[&process][call.as] = *value;
  }
}

Executor::Next Executor::JudgeReply(const Step& step, const std::optional<Expectation>& expectation,
                                    Actor& actor, const Actual& actual, const Reply* reply) {
  TraceEntry& entry = Note(step, actor.name, ToText(actual));
  if (reply != nullptr) {
    entry.begin_ns = reply->begin_ns;
    entry.end_ns = reply->end_ns;
  }
  if (const auto* blocked = std::get_if<Blocked>(&actual)) {
    entry.begin_ns = actor.in_flight->begin_ns;
    entry.seen_blocked_ns = blocked->seen_ns;
    if (blocked->by != BlockedBy::kFutex) entry.note = ToText(blocked->by);
    if (const auto armed = armed_.find(&actor); armed != armed_.end()) armed->second.entry = run_.trace.size() - 1;
  } else if (!std::holds_alternative<NoAnswer>(actual) &&
             CloseArmed(actor, run_.trace.size() - 1) == Next::kStop) {
    return Next::kStop;
  }
  std::string operation;
  if (const auto* what = std::get_if<Do>(&step.what)) operation = OperationOf(what->call);
  if (operation.empty()) operation = step.text.substr(step.text.find(' ') + 1);

  const auto resolve = [&](const Expr& expr) { return ResolveExpected(expr, actor); };
  const bool matches = expectation ? Matches(*expectation, actual, options_.messages, resolve)
                                   : std::holds_alternative<Value>(actual);
  if (run_.end == ScenarioRun::End::kHarnessError) return Next::kStop;
  if (matches) {
    return expectation && expectation->after && reply != nullptr
               ? JudgeTime(step, *expectation, actor, *reply)
               : Next::kGoOn;
  }
  if (const auto* unsupported = std::get_if<Unsupported>(&actual)) {
    const std::string capability = CapabilityOf(step);
    if (capability.empty()) return Stop(ScenarioRun::End::kUnsupported, unsupported->why);
    return Diverge(step, ExpectedText(expectation),
                   fmt::format("unsupported, though the adapter claims {}: {}", capability,
                               unsupported->why),
                   operation);
  }
  return Diverge(step, ExpectedText(expectation), ToText(actual), operation);
}

// The capability that an adapter claims by having been given this step; empty: every one has it.
std::string Executor::CapabilityOf(const Step& step) const {
  if (const auto* create = std::get_if<Create>(&step.what)) {
    switch (create->how) {
      case Create::How::kFork: return "fork";
      case Create::How::kSpawn: return "spawn";
      case Create::How::kThread: return "thread";
      case Create::How::kStart: return "";
    }
  }
  if (std::holds_alternative<OnSignal>(step.what)) return "signal";
  if (std::holds_alternative<Hammer>(step.what)) return "hammer";
  const auto* call = std::get_if<Do>(&step.what);
  const auto* known = call == nullptr ? nullptr : transcript::FindOperation(call->call.operation);
  return known == nullptr ? "" : known->capability;
}

Executor::Next Executor::JudgeTime(const Step& step, const Expectation& expectation, Actor& actor,
                                   const Reply& reply) {
  const nanoseconds expected =
      *expectation.after * (slowed_.count(&actor) != 0 ? options_.slowdown : 1);
  const nanoseconds took(reply.end_ns - reply.begin_ns);
  switch (JudgeElapsed(expected, took)) {
    case Elapsed::kEarly:
      return Diverge(step, expectation.text,
                     fmt::format("{}, early: after {:.2f}ms", run_.trace.back().outcome,
                                 static_cast<double>(took.count()) / 1e6),
                     "a timed wait ends early");
    case Elapsed::kLate:
      run_.late.push_back(LateCall{step.text, expected, took, step.position});
      run_.trace.back().note =
          fmt::format("late: {:.2f}ms", static_cast<double>(took.count()) / 1e6);
      break;
    case Elapsed::kInTolerance:
      break;
  }
  return Next::kGoOn;
}

Executor::Next Executor::Perform(const Step& step, const Await& what) {
  for (const std::string& name : what.actors) {
    Actor* actor = crew_->Find(name);
    if (actor == nullptr) return Unknown(name);
    const auto came = came_at_once_.extract(actor);
    auto seen = came ? came.mapped() : Watch(*actor, For::kReply, LimitOf(*actor));
    if (!seen) return Next::kStop;
    const Reply* reply = seen->reply ? &*seen->reply : nullptr;
    if (JudgeReply(step, what.expectation, *actor, seen->actual, reply) == Next::kStop)
      return Next::kStop;
  }
  return Next::kGoOn;
}

Executor::Next Executor::Perform(const Step& step, const OneOf& what) {
  std::vector<Actor*> actors;
  for (const std::string& name : what.actors) {
    Actor* actor = crew_->Find(name);
    if (actor == nullptr) return Unknown(name);
    actors.push_back(actor);
  }
  const auto [back, quiet] = AwaitSome(actors, LimitOf(*actors.front()));
  if (!crew_->Fault().empty()) return Next::kStop;
  if (Interrupted()) return Stop(ScenarioRun::End::kNotRun, "interrupted");
  if (back.size() != 1) {
    std::string who = back.empty() ? "none of them came back" : "came back:";
    for (const Actor* actor : back) who += " " + actor->name;
    if (!quiet) who += ", and not everything was quiet";
    Note(step, "", who);
    return Diverge(step, "exactly one to come back", who, "one of several waiters");
  }
  auto seen = Ended_(*back.front());
  if (!seen) return Next::kStop;
  if (!what.winner.empty()) crew_->Alias(what.winner, back.front()->name);
  auto other = what.others.begin();
  for (Actor* actor : actors) {
    if (other != what.others.end() && actor != back.front()) crew_->Alias(*other++, actor->name);
  }
  return JudgeReply(step, what.expectation, *back.front(), seen->actual,
                    seen->reply ? &*seen->reply : nullptr);
}

Executor::Next Executor::Perform(const Step& step, const StillBlocked& what) {
  for (const std::string& name : what.actors) {
    Actor* actor = crew_->Find(name);
    if (actor == nullptr) return Unknown(name);
    Settle(LimitOf(*actor));
    if (!crew_->Fault().empty()) return Next::kStop;
    if (Interrupted()) return Stop(ScenarioRun::End::kNotRun, "interrupted");
    if (auto ended = Ended_(*actor)) {
      if (RanOut(*actor, *ended)) return TooEarlyToSee(step);
      Note(step, name, ToText(ended->actual));
      if (CloseArmed(*actor, std::nullopt) == Next::kStop) return Next::kStop;
      return Diverge(step, "still blocked", ToText(ended->actual), "still blocked");
    }
    const auto blocked = detector_->Look(*actor);
    if (!blocked) {
      const std::string where = "not blocked: " + detector_->Whereabouts(*actor);
      Note(step, name, where);
      return Diverge(step, "still blocked", where, "still blocked");
    }
    TraceEntry& entry = Note(step, name, "still blocked");
    if (blocked->by != BlockedBy::kFutex) entry.note = ToText(blocked->by);
  }
  return Next::kGoOn;
}

}  // namespace lockstep
