// SPDX-License-Identifier: MIT
#include "harness/stress/stage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "harness/os/affinity.h"
#include "harness/os/interrupt.h"

namespace lockstep::stress {
namespace {

// A call that returns at once takes microseconds.
constexpr std::chrono::seconds kAnswerLimit{5};
// How long nothing may come of anybody, while somebody still runs, before it is told.
constexpr std::chrono::seconds kSilence{10};
constexpr int kLooksInSilence = 200;
// Who had less than this in that time was not let to run, which is the machine's fault.
constexpr std::int64_t kLittleRuntime = 500'000'000;
// How often it is looked whether somebody goes on.
constexpr std::chrono::milliseconds kLookEvery{20};

}  // namespace

Stage::Stage(Session& session, std::string name) : session_(session), name_(std::move(name)) {}

Stage::~Stage() {
  if (crew_ == nullptr) return;
  session_.End(*crew_);
  if (!block_.empty()) made_.push_back({block_, 0, 0});
  for (const Made& made : made_) {
    for (const std::string& shm : session_.supervisor().ShmNames()) {
      if (shm.find(NameOf(made.object).substr(1)) != std::string::npos) session_.supervisor().RemoveShmName(shm);
    }
  }
}

Result<Actor*> Stage::Begin() {
  auto crew = session_.Begin();
  if (!crew) return tl::unexpected(crew.error());
  crew_ = std::move(*crew);
  detector_ = std::make_unique<BlockedDetector>(*crew_, DetectorOptionsOf(session_));
  root_ = crew_->Find("p");
  for (const pid_t tid : ThreadsOf(root_->process->outer)) PinThread(tid, AllowedCpus());
  return root_;
}

Result<Actor*> Stage::AddProcess(const std::string& name) {
  if (session_.hello().capabilities.count("fork") == 0) {
    const auto started = session_.StartAnother(*crew_, name, false);
    if (!started) return started;
    for (const Made& made : made_) {
      Request rebuild = Call("SemLock._rebuild", "", {Value::Int(0), Value::Int(made.kind), Value::Int(made.maxvalue),
                                                      Value(NameOf(made.object))});
      rebuild.as = made.object;
      const auto reply = crew_->Ask(**started, std::move(rebuild), session_.Scaled(kAnswerLimit));
      if (!reply || !std::holds_alternative<Value>(reply->outcome))
        return Fail(fmt::format("{} cannot rebuild a semaphore by its name", name));
      (*started)->process->handles[made.object] = reply->handles;
    }
    if (block_.empty()) return started;
    Request attach = Call("SharedMemory", "", {Value(NameOf(block_).substr(1))});
    attach.as = block_;
    const auto reply = crew_->Ask(**started, std::move(attach), session_.Scaled(kAnswerLimit));
    if (!reply || !std::holds_alternative<Value>(reply->outcome)) return Fail(name + " cannot attach to the shared memory");
    return started;
  }
  const auto child = crew_->Prepare(name);
  if (!child) return child;
  const auto reply =
      crew_->Ask(*root_, Call("fork", "", {Value((*child)->channel.path())}), session_.HelloLimit());
  const Value* pid = reply ? std::get_if<Value>(&reply->outcome) : nullptr;
  if (pid == nullptr || pid->If<std::int64_t>() == nullptr) return Fail("p cannot fork " + crew_->Fault());
  crew_->Expect(**child, *root_, static_cast<pid_t>(*pid->If<std::int64_t>()));
  const auto ready = crew_->AwaitHello(**child, root_, false, session_.HelloLimit());
  if (!ready) return tl::unexpected(ready.error());
  return *child;
}

Result<Actor*> Stage::AddThread(Actor& of, const std::string& name) {
  const auto thread = crew_->Prepare(name);
  if (!thread) return thread;
  const auto reply = crew_->Ask(of, Call("thread", "", {Value((*thread)->channel.path())}), session_.HelloLimit());
  if (!reply || !std::holds_alternative<Value>(reply->outcome)) return Fail(of.name + " cannot make a thread");
  const auto ready = crew_->AwaitHello(**thread, &of, true, session_.HelloLimit());
  if (!ready) return tl::unexpected(ready.error());
  return *thread;
}

Ending Stage::MakeSemaphore(const std::string& object, int kind, int value, int maxvalue) {
  Request make = Call("SemLock", "", {Value::Int(kind), Value::Int(value), Value::Int(maxvalue), Value(NameOf(object)),
                                      Value(false)});
  make.as = object;
  made_.push_back({object, kind, maxvalue});
  Value made;
  return Ask(*root_, std::move(make), &made);
}

Ending Stage::MakeBlock(const std::string& object, std::int64_t bytes) {
  Request make = Call("SharedMemory", "", {Value(NameOf(object).substr(1)), Value(true), Value::Int(bytes)});
  make.as = object;
  block_ = object;
  Value made;
  return Ask(*root_, std::move(make), &made);
}

Request Stage::Call(const std::string& operation, const std::string& object, std::vector<Value> args) {
  Request request;
  request.operation = operation;
  request.on = object;
  request.args = std::move(args);
  return request;
}

void Stage::Send(Actor& actor, Request request) {
  detector_->Restart(actor);
  crew_->Send(actor, std::move(request));
}

Ending Stage::Exchange(Actor& actor, Request request, Reply* reply) {
  const std::string what = fmt::format("{} {}{}{}()", actor.name, request.on, request.on.empty() ? "" : ".", request.operation);
  Send(actor, std::move(request));
  const Deadline deadline = Deadline::After(session_.Scaled(kAnswerLimit));
  const auto before = actor.probe.ReadActivity();
  while (!actor.reply && actor.fault.empty() && !actor.process->dead && !deadline.Passed() && !Interrupted())
    crew_->Pump(deadline.Left());
  if (actor.reply) {
    *reply = *std::exchange(actor.reply, std::nullopt);
    return {};
  }
  if (Interrupted()) return Trouble{"interrupted"};
  if (!crew_->Fault().empty()) return Trouble{crew_->Fault()};
  if (actor.process->dead) {
    Ending death = FirstDeath();
    return IsFine(death) ? Ending(Trouble{actor.name + " is dead"}) : death;
  }
  if (actor.closed) return Trouble{actor.name + ": the adapter closed its channel and lives on"};
  const auto after = actor.probe.ReadActivity();
  const bool starved = before && after && static_cast<std::int64_t>(after->runtime_ns - before->runtime_ns) < kLittleRuntime &&
                       actor.probe.Look().kind == ThreadState::Kind::kRunning;
  if (starved) return Trouble{fmt::format("{} does not return, and had no CPU: the machine is too busy", what), true};
  return Finding{"silence", what + " does not return", Whereabouts(), {}, ""};
}

Ending Stage::JudgeReply(const std::string& what, const Reply& reply) {
  if (const auto* raised = std::get_if<Raised>(&reply.outcome))
    return Finding{"exception", fmt::format("{} raises {}: {}", what, raised->type, raised->message), "", {}, ""};
  if (const auto* lacking = std::get_if<Unsupported>(&reply.outcome)) return Trouble{what + ": " + lacking->why};
  if (const auto* error = std::get_if<AdapterError>(&reply.outcome)) return Trouble{what + ": " + error->why};
  return {};
}

Ending Stage::Ask(Actor& actor, Request request, Value* returned) {
  const std::string what = fmt::format("{} {}{}{}()", actor.name, request.on, request.on.empty() ? "" : ".", request.operation);
  const std::string as = request.as;
  Reply reply;
  if (Ending ending = Exchange(actor, std::move(request), &reply); !IsFine(ending)) return ending;
  if (Ending ending = JudgeReply(what, reply); !IsFine(ending)) return ending;
  // Who is forked after this has it at the same address.
  if (!as.empty()) actor.process->handles[as] = reply.handles;
  *returned = std::get<Value>(reply.outcome);
  return {};
}

Stage::End Stage::Await(const Waiting& waiting, nanoseconds step) {
  const auto in_flight = [&] {
    return std::any_of(crew_->actors().begin(), crew_->actors().end(), [](const auto& actor) {
      return actor->in_flight && !actor->process->dead && actor->fault.empty();
    });
  };
  std::uint64_t seen = waiting.progress ? waiting.progress() : 0;
  Deadline look = Deadline::After(kLookEvery);
  std::int64_t moved_ns = MonotonicNs();
  std::int64_t runtime_ns = 0;  // when it was first seen that nobody went on
  bool stalled = false;
  int looks = 0;  // since then
  std::int64_t quiet_ns = 0;  // since when all looks blocked; 0: it does not
  while (in_flight()) {
    if (Interrupted()) {
      trouble_ = "interrupted";
      return End::kTrouble;
    }
    // Where a number tells who goes on, notes of signals do not.
    if (crew_->Pump(step) && !waiting.progress) moved_ns = MonotonicNs();
    if (const std::string fault = crew_->Fault(); !fault.empty()) {
      trouble_ = fault;
      return End::kTrouble;
    }
    if (waiting.each && !waiting.each()) return End::kEnough;
    if (!look.Passed()) continue;
    look = Deadline::After(kLookEvery);
    const std::uint64_t now = waiting.progress ? waiting.progress() : 0;
    if (now != seen || waiting.stopped) {
      seen = now;
      quiet_ns = 0;
      moved_ns = MonotonicNs();
      stalled = false;
      looks = 0;
      continue;
    }
    if (!std::exchange(stalled, true)) runtime_ns = Runtime();
    // Who has died is in the sum no more.
    runtime_ns = std::min(runtime_ns, Runtime());
    // So many looks as well: a machine that stood still, ourselves included, was not silent.
    if (++looks > kLooksInSilence && MonotonicNs() - moved_ns > session_.Scaled(kSilence).count())
      return Runtime() - runtime_ns < kLittleRuntime && AnybodyRuns() ? End::kStarved : End::kSilent;
    // A loop that runs goes on, or spins; that it has not ended is no sign yet.
    if (AnybodyRuns()) {
      quiet_ns = 0;
      continue;
    }
    // Nobody went on for a while: is it that nobody can?
    const auto still = detector_->Quiescent();
    if (!still) quiet_ns = 0;
    if (still == BlockedDetector::Stillness::kSure && in_flight()) return End::kStuck;
    if (still == BlockedDetector::Stillness::kLooksSo) {
      if (quiet_ns == 0) quiet_ns = MonotonicNs();
      if (MonotonicNs() - quiet_ns > detector_->quiet_window().count()) return End::kStuck;
    }
  }
  return End::kDone;
}

bool Stage::AnybodyRuns() const {
  const auto runs = [](const ThreadProbe& probe) { return probe.Look().kind == ThreadState::Kind::kRunning; };
  for (const auto& actor : crew_->actors()) {
    if (!actor->in_flight || actor->process->dead) continue;
    if (runs(actor->probe)) return true;
    // Whoever waits in ways that no thread shows may be carried by any.
    if (session_.hello().waits == "process") {
      for (const pid_t tid : ThreadsOf(actor->process->outer)) {
        if (runs(ThreadProbe(actor->process->outer, tid))) return true;
      }
    }
    if (actor.get() == root_) continue;
    // Who waits for a child of its own is as busy as that.
    for (const pid_t child : ChildrenOf(actor->process->outer)) {
      if (runs(ThreadProbe(child, child))) return true;
    }
  }
  return false;
}

std::int64_t Stage::Runtime() const {
  std::uint64_t sum = 0;
  for (const auto& actor : crew_->actors()) {
    if (actor->process == nullptr || actor->process->dead) continue;  // it has not said hello yet
    if (const auto activity = actor->probe.ReadActivity()) sum += activity->runtime_ns;
    if (actor->is_thread || actor.get() == root_) continue;  // its children are actors
    for (const pid_t child : ChildrenOf(actor->process->outer)) {
      if (const auto activity = ThreadProbe(child, child).ReadActivity()) sum += activity->runtime_ns;
    }
  }
  return static_cast<std::int64_t>(sum);
}

Ending Stage::FirstDeath() const {
  for (const auto& process : crew_->processes()) {
    if (!process->dead || std::find(to_die_.begin(), to_die_.end(), process.get()) != to_die_.end()) continue;
    crew_->LearnStatus(*process);
    std::string name = "a process";
    for (const auto& actor : crew_->actors()) {
      if (actor->process == process && !actor->is_thread) name = actor->name;
    }
    const std::string how = fmt::format("{} {}", name, ToText(Actual(Ended{process->status})));
    // Nobody of ours did that, and no implementation does it to itself.
    if (process->status && WIFSIGNALED(*process->status) && WTERMSIG(*process->status) == SIGKILL)
      return Trouble{how + ", by somebody else: was there no memory?"};
    return Finding{"death", how, "", {}, ""};
  }
  return {};
}

std::string Stage::Whereabouts() {
  std::string text;
  for (const auto& actor : crew_->actors()) {
    if (!actor->in_flight || actor->process->dead) continue;
    text += fmt::format("  {}: {}\n", actor->name, detector_->Whereabouts(*actor));
  }
  return text;
}

}  // namespace lockstep::stress
