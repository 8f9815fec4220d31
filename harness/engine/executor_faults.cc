// SPDX-License-Identifier: MIT
// Calls that are broken at a system call, or recorded: armed by a step of their own, followed from
// their begin to their end.
#include <fmt/format.h>
#include <signal.h>

#include "harness/engine/executor.h"
#include "harness/os/names.h"
#include "harness/os/syscall_names.h"

namespace lockstep {
namespace {

// The tracer of a call that is over has only to see that.
constexpr std::chrono::seconds kTracerLimit{5};
// More would hide the message that they stand in.
constexpr std::size_t kMostNamed = 40;

// "futex:exit#1", as it stands in the step.
std::string PointOf(const Arm& what) {
  if (what.how == Arm::How::kTrace) return "";
  const char* side = what.how == Arm::How::kFail ? "" : what.at_exit ? ":exit" : ":entry";
  return fmt::format("{}{}#{}{}", what.syscall, side, what.ordinal, what.and_later ? ".." : "");
}

// Nothing where this machine has no such system call.
std::optional<CallBreak> BreakOf(const Arm& what) {
  CallBreak out;
  if (what.how == Arm::How::kTrace) return out;
  const auto number = SyscallNumber(what.syscall);
  if (!number) return std::nullopt;
  out.syscall = *number;
  out.at_exit = what.at_exit;
  out.ordinal = what.ordinal;
  out.and_later = what.and_later;
  if (what.how == Arm::How::kKill) out.kind = CallBreak::Kind::kKill;
  if (what.how == Arm::How::kSignal) {
    out.kind = CallBreak::Kind::kSignal;
    out.signal = SignalNumber(what.signal).value_or(SIGKILL);
  }
  if (what.how == Arm::How::kFail) {
    out.kind = CallBreak::Kind::kFail;
    out.errno_value = ErrnoNumber(what.errno_name).value_or(0);
  }
  return out;
}

std::string Listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kMostNamed; ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMostNamed) out += fmt::format(" and {} more", names.size() - kMostNamed);
  return names.empty() ? "nothing" : out;
}

}  // namespace

Executor::Next Executor::Perform(const Step& step, const Arm& what) {
  for (const std::string& name : what.actors) {
    Actor* actor = crew_->Find(name);
    if (actor == nullptr) return Unknown(name);
    // It is seized when its call begins: until then others may have it asked something.
    armed_[actor] = Armed{what, PointOf(what), nullptr, std::nullopt};
    Note(step, name, "");
  }
  return Next::kGoOn;
}

Executor::Next Executor::StartTracer(Actor& actor) {
  const auto found = armed_.find(&actor);
  if (found == armed_.end()) return Next::kGoOn;
  Armed& armed = found->second;
  const auto what = BreakOf(armed.what);
  if (!what) return Stop(ScenarioRun::End::kNotRun, fmt::format("this machine has no system call {}", armed.what.syscall));
  if (actor.hello && actor.hello->waits == "process") {
    return Stop(ScenarioRun::End::kNotRun,
                fmt::format("the calls of {} are not of one thread, so that none can be followed", actor.name));
  }
  CallTracer::Options options;
  options.pid = actor.process->outer;
  options.tid = actor.outer_tid;
  options.in_fd = actor.channel.write_fd();
  options.out_fd = actor.channel.read_fd();
  options.cpu = Pinned() ? session_.options().cpu : -1;
  options.what = *what;
  auto tracer = CallTracer::Start(options);
  if (!tracer) {
    const Error& error = tracer.error();
    return Stop(ScenarioRun::End::kNotRun, error.message + (error.hint.empty() ? "" : "; " + error.hint));
  }
  armed.tracer = std::move(*tracer);
  return Next::kGoOn;
}

Executor::Next Executor::CloseArmed(Actor& actor, std::optional<std::size_t> entry) {
  const auto found = armed_.find(&actor);
  if (found == armed_.end() || found->second.tracer == nullptr) return Next::kGoOn;
  Armed armed = std::move(found->second);
  armed_.erase(found);
  const auto trace = armed.tracer->Await(session_.Scaled(kTracerLimit));
  if (!trace) {
    return Stop(ScenarioRun::End::kHarnessError,
                fmt::format("{} has answered, and its thread {} has not written that: it cannot be followed", actor.name,
                            actor.inner_tid));
  }
  std::vector<std::string> names;
  for (const CallTrace::Syscall& one : trace->calls) names.push_back(SyscallName(one.number));
  if (armed.what.how != Arm::How::kTrace && !trace->reached) {
    return Stop(ScenarioRun::End::kNotRun,
                fmt::format("{} never came to {}; its call made: {}", actor.name, armed.point, Listed(names)));
  }
  if (armed.entry) entry = armed.entry;
  if (!entry) return Next::kGoOn;
  for (std::size_t i = 0; i < trace->calls.size(); ++i) {
    if (trace->calls[i].of_memory) run_.trace[*entry].of_memory.push_back(i);
  }
  run_.trace[*entry].system_calls = std::move(names);
  return Next::kGoOn;
}

}  // namespace lockstep
