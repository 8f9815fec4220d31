// SPDX-License-Identifier: MIT
// Steps that are not calls: actors made and ended, signals, hammers, names, the machine.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "harness/engine/executor.h"
#include "harness/os/interrupt.h"
#include "harness/os/names.h"

namespace lockstep {
namespace {

constexpr std::chrono::seconds kStepLimit{5};
constexpr std::chrono::microseconds kPollEvery{50};
constexpr std::chrono::milliseconds kIdleLimit{200};

const char* OperationOf(Create::How how) {
  switch (how) {
    case Create::How::kFork:
      return "fork";
    case Create::How::kSpawn:
      return "spawn";
    case Create::How::kThread:
      return "thread";
    case Create::How::kStart:
      return "start";
  }
  return "";
}

}  // namespace

// --- Actors
// -----------------------------------------------------------------------------------------

Executor::Next Executor::Perform(const Step& step, const Create& what) {
  if (what.how == Create::How::kStart) {
    for (const std::string& child : what.children) {
      const auto started = session_.StartAnother(*crew_, child, Pinned(), what.on_other);
      if (!started) return Stop(ScenarioRun::End::kHarnessError, started.error().Text());
      Note(step, child, "");
    }
    return Next::kGoOn;
  }
  Actor* parent = crew_->Find(what.parent);
  if (parent == nullptr) return Unknown(what.parent);
  for (const std::string& child : what.children) {
    if (CreateOne(step, what, *parent, child) == Next::kStop) return Next::kStop;
  }
  return Next::kGoOn;
}

Executor::Next Executor::CreateOne(const Step& step, const Create& what, Actor& parent,
                                   const std::string& child_name) {
  const auto child = crew_->Prepare(child_name);
  if (!child) return Stop(ScenarioRun::End::kHarnessError, child.error().message);
  const std::string operation = OperationOf(what.how);
  Request request;
  request.operation = operation;
  request.args = {Value((*child)->channel.path())};
  crew_->Send(parent, std::move(request));
  auto seen = Watch(parent, For::kReply, session_.HelloLimit());
  if (!seen) return Next::kStop;
  if (std::holds_alternative<Raised>(seen->actual) && !what.expectation) {
    // Making processes is the adapter's own affair, and a limit of them the machine's.
    return Stop(ScenarioRun::End::kHarnessError,
                fmt::format("{} cannot {}: {}", parent.name, operation, ToText(seen->actual)));
  }
  const Value* made = std::get_if<Value>(&seen->actual);
  if (made == nullptr) {
    return JudgeReply(step, what.expectation, parent, seen->actual,
                      seen->reply ? &*seen->reply : nullptr);
  }
  if (const auto* pid = made->If<std::int64_t>())
    crew_->Expect(**child, parent, static_cast<pid_t>(*pid));
  const bool is_thread = what.how == Create::How::kThread;
  const auto ready = crew_->AwaitHello(**child, &parent, is_thread, session_.HelloLimit());
  if (!ready) {
    // A spawned process that dies, or a fork that hangs, may be the implementation's doing; but it
    // has not spoken yet, so nobody can tell.
    return Stop(ScenarioRun::End::kHarnessError,
                fmt::format("{} {}: {}", parent.name, operation, ready.error().Text()));
  }
  if (is_thread) descriptors_expected_[parent.process.get()] += 2;  // its channel's
  if (what.how == Create::How::kSpawn) {
    // Fresh mappings: nothing that was known of the parent's addresses holds.
    (*child)->process->handles.clear();
    (*child)->process->mappings.clear();
  }
  const auto& raised = (*child)->hello->raised;
  const Actual actual = raised ? Actual(*raised) : Actual(Value(None{}));
  if (raised || what.expectation) {
    return JudgeReply(step, what.expectation, parent, actual, nullptr);
  }
  Note(step, parent.name, "");
  return Next::kGoOn;
}

Executor::Next Executor::AwaitEnd(const Step& step, Actor& actor) {
  const Deadline deadline = Deadline::After(session_.Scaled(kStepLimit));
  while (!actor.process->dead) {
    if (Interrupted()) return Stop(ScenarioRun::End::kNotRun, "interrupted");
    // One that was to die in its call, and has answered, will not.
    if (actor.reply && CloseArmed(actor, std::nullopt) == Next::kStop) return Next::kStop;
    if (deadline.Passed()) {
      const std::string where = "alive: " + detector_->Whereabouts(actor);
      Note(step, actor.name, where);
      return Diverge(step, "that its process ends", where, "a process ends");
    }
    crew_->Pump(deadline.Left());
  }
  // Before its parent can reap it, its tracer has to.
  if (CloseArmed(actor, std::nullopt) == Next::kStop) return Next::kStop;
  crew_->LearnStatus(*actor.process);
  if (!actor.process->status) {
    actor.fault = kUnknownEnd;
    return Next::kStop;
  }
  // Its parent reaps it now, if it is free to; else it stays a zombie until the scenario's end.
  Actor* parent = actor.process->parent;
  const auto parent_is = parent == nullptr ? ThreadState::Kind::kGone : parent->probe.Look().kind;
  const bool free = parent != nullptr && !parent->process->dead && !parent->in_flight &&
                    !parent->reply && !parent->closed && crew_->Find(parent->name) == parent &&
                    parent_is != ThreadState::Kind::kStopped && parent_is != ThreadState::Kind::kGone;
  if (free && !actor.process->reaped && actor.process->status) {
    Request reap;
    reap.operation = "reap";
    reap.args = {Value::Int(actor.process->inner)};
    const auto reply = crew_->Ask(*parent, std::move(reap), LimitOf(*parent));
    actor.process->reaped = reply && std::holds_alternative<Value>(reply->outcome);
  }
  return Next::kGoOn;
}

Executor::Next Executor::Perform(const Step& step, const Died& what) {
  for (const std::string& name : what.actors) {
    Actor* actor = crew_->Find(name);
    if (actor == nullptr) return Unknown(name);
    if (AwaitEnd(step, *actor) == Next::kStop) return Next::kStop;
    const std::string actual = ToText(Actual(Ended{actor->process->status}));
    Note(step, name, actual);
    if (actual != "died " + what.signal)
      return Diverge(step, "died " + what.signal, actual, "how a process ends");
  }
  return Next::kGoOn;
}

Executor::Next Executor::Perform(const Step& step, const Exited& what) {
  for (const std::string& name : what.actors) {
    Actor* actor = crew_->Find(name);
    if (actor == nullptr) return Unknown(name);
    if (AwaitEnd(step, *actor) == Next::kStop) return Next::kStop;
    const std::string expected = fmt::format("exited {}", what.status);
    const std::string actual = ToText(Actual(Ended{actor->process->status}));
    Note(step, name, actual);
    if (actual != expected) return Diverge(step, expected, actual, "how a process ends");
  }
  return Next::kGoOn;
}

// --- Signals
// ----------------------------------------------------------------------------------------

Executor::Next Executor::Perform(const Step& step, const OnSignal& what) {
  Actor* actor = crew_->Find(what.actor);
  if (actor == nullptr) return Unknown(what.actor);
  Request request;
  request.operation = "on_signal";
  request.restart = what.restart;
  const auto action = [&]() -> std::string {
    switch (what.action) {
      case OnSignal::Action::kReturn:
        return "return";
      case OnSignal::Action::kRaise:
        return "raise";
      case OnSignal::Action::kCall:
        return "call";
      case OnSignal::Action::kIgnore:
        return "ignore";
      case OnSignal::Action::kDefault:
        return "default";
    }
    return "";
  }();
  request.args = {Value(what.signal), Value(action)};
  if (what.action == OnSignal::Action::kRaise) request.args.emplace_back(what.type);
  if (what.action == OnSignal::Action::kCall)
    request.handler_call = {MakeRequest(what.call, *actor)};
  if (run_.end != ScenarioRun::End::kCompleted) return Next::kStop;
  crew_->Send(*actor, std::move(request));
  auto seen = Watch(*actor, For::kReply, LimitOf(*actor));
  if (!seen) return Next::kStop;
  return JudgeReply(step, std::nullopt, *actor, seen->actual,
                    seen->reply ? &*seen->reply : nullptr);
}

Executor::Next Executor::Perform(const Step& step, const Handled& what) {
  Actor* actor = crew_->Find(what.actor);
  if (actor == nullptr) return Unknown(what.actor);
  const Deadline deadline = Deadline::After(session_.Scaled(kStepLimit));
  while (true) {
    const auto found = std::find(actor->handled.begin(), actor->handled.end(), what.signal);
    if (found != actor->handled.end()) {
      actor->handled.erase(found);
      Note(step, what.actor, "");
      return Next::kGoOn;
    }
    if (!actor->fault.empty()) return Next::kStop;
    if (Interrupted()) return Stop(ScenarioRun::End::kNotRun, "interrupted");
    if (deadline.Passed() || actor->process->dead) {
      const std::string where = "its handler has not run: " + detector_->Whereabouts(*actor);
      Note(step, what.actor, where);
      return Diverge(step, "that its handler runs", where, "a handler runs");
    }
    crew_->Pump(deadline.Left());
  }
}

Executor::Next Executor::Perform(const Step& step, const SendSignal& what) {
  for (const std::string& name : what.actors) {
    Actor* actor = crew_->Find(name);
    if (actor == nullptr) return Unknown(name);
    const int number = what.how == SendSignal::How::kStop ? SIGSTOP
                       : what.how == SendSignal::How::kCont
                           ? SIGCONT
                           : SignalNumber(what.signal).value_or(SIGKILL);
    crew_->Pump(nanoseconds(0));
    if (actor->process->dead) {
      crew_->LearnStatus(*actor->process);
      const std::string gone = ToText(Actual(Ended{actor->process->status}));
      if (!actor->process->status) {
        actor->fault = kUnknownEnd;
        return Next::kStop;
      }
      Note(step, name, gone);
      return Diverge(step, "that it is alive", gone, "a process ends");
    }
    // An actor that has answered may still be on its way to its next read; a signal in between is
    // handled late. Idle, it is asleep.
    const Deadline idle = Deadline::After(session_.Scaled(kIdleLimit));
    while (what.how == SendSignal::How::kSignal && !actor->in_flight &&
           actor->probe.Look().kind == ThreadState::Kind::kRunning && !idle.Passed()) {
      crew_->Pump(nanoseconds(kPollEvery));
    }
    const bool sent = what.how == SendSignal::How::kSignal ? SendSignalToThread(*actor, number)
                                                           : SendSignalTo(*actor->process, number);
    if (!sent)
      return Stop(ScenarioRun::End::kHarnessError,
                  fmt::format("{} cannot be sent a signal: it is gone", name));
    Note(step, name, "");
    const Deadline deadline = Deadline::After(session_.Scaled(kStepLimit));
    if (number == SIGKILL) {
      while (!actor->process->dead && !deadline.Passed()) crew_->Pump(deadline.Left());
      continue;
    }
    if (number != SIGSTOP && number != SIGCONT) continue;
    const bool to_stop = number == SIGSTOP;
    while ((actor->probe.Look().kind == ThreadState::Kind::kStopped) != to_stop) {
      if (deadline.Passed()) {
        return Stop(ScenarioRun::End::kHarnessError,
                    fmt::format("{} does not {}", name, to_stop ? "stop" : "go on"));
      }
      crew_->Pump(nanoseconds(kPollEvery));
    }
  }
  return Next::kGoOn;
}

// --- Together, and hammers
// --------------------------------------------------------------------------

Executor::Next Executor::Perform(const Step&, const Together& what) {
  int slots = 0;
  for (const Step& inner : what.steps) {
    if (const auto* hammer = std::get_if<Hammer>(&inner.what))
      slots += static_cast<int>(hammer->actors.size());
  }
  hammer_slots_ = slots;
  hammer_next_slot_ = 0;
  const auto each = [&](const auto& on_do, const auto& on_hammer) {
    for (const Step& inner : what.steps) {
      const auto* call = std::get_if<Do>(&inner.what);
      const auto* hammer = std::get_if<Hammer>(&inner.what);
      for (const std::string& name : call != nullptr ? call->actors : hammer->actors) {
        Actor* actor = crew_->Find(name);
        if (actor == nullptr) return Unknown(name);
        const Next next =
            call != nullptr ? on_do(inner, *call, *actor) : on_hammer(inner, *hammer, *actor);
        if (next == Next::kStop) return next;
      }
    }
    return Next::kGoOn;
  };
  const Next begun =
      each([&](const Step& s, const Do& d, Actor& a) { return Begin(s, d.call, a); },
           [&](const Step& s, const Hammer& h, Actor& a) { return StartHammer(s, h, a); });
  if (begun == Next::kStop) return begun;
  return each(
      [&](const Step& s, const Do& d, Actor& a) { return Finish(s, d.call, d.expectation, a); },
      [&](const Step& s, const Hammer&, Actor& a) { return FinishHammer(s, a); });
}

Executor::Next Executor::Perform(const Step& step, const Hammer& what) {
  hammer_slots_ = static_cast<int>(what.actors.size());
  hammer_next_slot_ = 0;
  for (const std::string& name : what.actors) {
    Actor* actor = crew_->Find(name);
    if (actor == nullptr) return Unknown(name);
    if (StartHammer(step, what, *actor) == Next::kStop) return Next::kStop;
    if (FinishHammer(step, *actor) == Next::kStop) return Next::kStop;
  }
  return Next::kGoOn;
}

Executor::Next Executor::StartHammer(const Step&, const Hammer& what, Actor& actor) {
  if (hammer_next_slot_ == 0) {
    // A witness of its own for each group of hammers; the counter goes on from the last one's only
    // within a group.
    static std::atomic<unsigned> count{0};
    if (witness_path_.empty())
      witness_path_ =
          fmt::format("{}/witness{}", session_.options().channel_dir, count.fetch_add(1));
    const int fd = ::open(witness_path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    // Written, not only made long: on a full disk a hole would be a SIGBUS in the actor's mapping.
    const std::string zeros(8 * (static_cast<std::size_t>(hammer_slots_) + 1), '\0');
    const bool made = fd >= 0 && ::write(fd, zeros.data(), zeros.size()) ==
                                     static_cast<ssize_t>(zeros.size());
    if (fd >= 0) ::close(fd);
    if (!made)
      return Stop(ScenarioRun::End::kHarnessError,
                  "the hammer's witness cannot be made: " + witness_path_);
    hammer_entries_ = 0;
    hammer_inside_ = 0;
  }
  hammer_object_ = what.object;
  hammer_actor_ = &actor;
  Request request;
  request.operation = "hammer";
  request.on = what.object;
  request.args = {Value::Int(what.rounds)};
  request.witness = witness_path_;
  request.slot = hammer_next_slot_++;
  request.slots = hammer_slots_;
  detector_->Restart(actor);
  crew_->Send(actor, std::move(request));
  return Next::kGoOn;
}

Executor::Next Executor::FinishHammer(const Step& step, Actor& actor) {
  auto seen = Watch(actor, For::kReply, LimitOf(actor));
  if (!seen) return Next::kStop;
  const Value* value = std::get_if<Value>(&seen->actual);
  const Tuple* tuple = value == nullptr ? nullptr : value->If<Tuple>();
  if (tuple != nullptr && tuple->items.size() == 2 &&
      tuple->items[0].If<std::int64_t>() != nullptr &&
      tuple->items[1].If<std::int64_t>() != nullptr) {
    hammer_entries_ += *tuple->items[0].If<std::int64_t>();
    hammer_inside_ = std::max<long>(hammer_inside_, *tuple->items[1].If<std::int64_t>());
    Note(step, actor.name, ToText(seen->actual));
    return Next::kGoOn;
  }
  if (value != nullptr) {
    actor.fault = "the adapter answered a hammer with " + value->Repr() +
                  " rather than a tuple of two integers";
    return Next::kStop;
  }
  return JudgeReply(step, std::nullopt, actor, seen->actual, seen->reply ? &*seen->reply : nullptr);
}

Executor::Next Executor::Perform(const Step& step, const HammerResult& what) {
  std::uint64_t counter = 0;
  const int fd = ::open(witness_path_.c_str(), O_RDONLY | O_CLOEXEC);
  const bool read = fd >= 0 && ::read(fd, &counter, sizeof counter) == sizeof counter;
  if (fd >= 0) ::close(fd);
  if (!read)
    return Stop(ScenarioRun::End::kHarnessError,
                "the hammer's witness cannot be read: " + witness_path_);
  std::string actual =
      fmt::format("entries {}, counter {}, inside {}", hammer_entries_, counter, hammer_inside_);
  bool right = (!what.entries || *what.entries == hammer_entries_) &&
               (!what.counter || *what.counter == static_cast<long>(counter)) &&
               (!what.inside_at_most || hammer_inside_ <= *what.inside_at_most);
  if (what.value && hammer_actor_ != nullptr) {
    Request request;
    request.operation = "_get_value";
    request.on = hammer_object_;
    crew_->Send(*hammer_actor_, std::move(request));
    const auto seen = Watch(*hammer_actor_, For::kReply, LimitOf(*hammer_actor_));
    if (!seen) return Next::kStop;
    if (const auto* unsupported = std::get_if<Unsupported>(&seen->actual)) {
      return Stop(ScenarioRun::End::kUnsupported, unsupported->why);
    }
    const Value* value = std::get_if<Value>(&seen->actual);
    actual += ", value " + (value == nullptr ? ToText(seen->actual) : value->Repr());
    right = right && value != nullptr && *value == Value::Int(*what.value);
  }
  // What is judged goes into the report; how many were seen inside at once differs between runs.
  Note(step, "", right ? "" : actual);
  return right ? Next::kGoOn : Diverge(step, step.text, actual, "hammer");
}

// --- Names and the machine
// --------------------------------------------------------------------------

Executor::Next Executor::Perform(const Step& step, const Left& what) {
  const std::vector<std::string> names = session_.supervisor().ShmNames();
  for (const Expr& expr : what.names) {
    const Value value = ResolveExpected(expr, *crew_->Find("p"));
    if (run_.end != ScenarioRun::End::kCompleted) return Next::kStop;
    const auto* name = value.If<std::string>();
    if (name == nullptr)
      return Stop(ScenarioRun::End::kHarnessError, "left speaks of what is not a name");
    const std::string bare = name->substr(std::min(name->find_first_not_of('/'), name->size()));
    bool there = false;
    for (const std::string& file : {"sem." + bare, bare}) {
      if (std::find(names.begin(), names.end(), file) == names.end()) continue;
      there = true;
      left_.insert(file);
    }
    if (!there) {
      Note(step, "", "it is gone");
      return Diverge(step, "that the name remains", "it is gone", "a name remains");
    }
  }
  Note(step, "", "");
  return Next::kGoOn;
}

Executor::Next Executor::Perform(const Step& step, const Machine& what) {
  if (session_.supervisor().isolation() == Isolation::kNone) {
    return Stop(ScenarioRun::End::kNotRun,
                "it needs a /dev/shm of its own, and namespaces are denied here");
  }
  const ShmOptions options{what.size_bytes, what.inodes, what.full, what.read_only, what.absent};
  mounted_shm_ = true;
  if (const auto mounted = session_.supervisor().MountShm(options); !mounted) {
    return Stop(ScenarioRun::End::kNotRun,
                "the machine cannot be made so: " + mounted.error().message);
  }
  Note(step, "", "");
  return Next::kGoOn;
}

}  // namespace lockstep
