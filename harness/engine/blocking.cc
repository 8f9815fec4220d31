// SPDX-License-Identifier: MIT
#include "harness/engine/blocking.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/adapter/session.h"
#include "harness/os/names.h"
#include "harness/os/syscall_names.h"

namespace lockstep {
namespace {

// The weaker signs of being blocked: how long nothing may move, and how long a spinner is watched.
constexpr std::chrono::milliseconds kQuietWindow{30};
constexpr std::chrono::milliseconds kSpinWindow{150};

// Whether the call itself has a time-out, so that one in its futex is no polling.
bool IsTimed(const Request& request) {
  const Value* timeout = TimeoutArgument(request);
  return timeout != nullptr && timeout->If<None>() == nullptr;
}

}  // namespace

BlockedDetector::Options DetectorOptionsOf(const Session& session) {
  BlockedDetector::Options options;
  const auto declare = [&](const Implementation& implementation) {
    for (const std::string& name : implementation.blocking_calls) {
      if (const auto number = WaitingSyscallNumber(name)) options.declared_calls.insert(*number);
    }
  };
  declare(session.implementation());
  if (session.implementation().other) declare(*session.implementation().other);
  options.look_at_thread = session.hello().waits != "process" &&
                           (!session.other_hello() || session.other_hello()->waits != "process");
  options.quiet_window = session.Scaled(kQuietWindow);
  options.spin_window = session.Scaled(kSpinWindow);
  return options;
}

const Mapping& BlockedDetector::MappingAt(Process& process, std::uint64_t address) {
  constexpr std::uint64_t kPageMask = ~std::uint64_t{0xfff};
  const auto [at, added] = process.mappings.try_emplace(address & kPageMask);
  if (added) at->second = FindMapping(process.outer, address).value_or(Mapping{});
  return at->second;
}

bool BlockedDetector::IsOnSemaphore(const Actor& actor, std::uint64_t address) {
  Process& process = *actor.process;
  const Mapping& slept_on = MappingAt(process, address);
  const auto handle = process.handles.find(actor.in_flight->request.on);
  if (handle == process.handles.end()) {
    // Its handle is not known: any semaphore will do, that is, any file that is mapped shared.
    return slept_on.inode != 0 && slept_on.shared;
  }
  return std::any_of(handle->second.begin(), handle->second.end(), [&](std::uint64_t semaphore) {
    const Mapping& own = MappingAt(process, semaphore);
    if (own.inode != 0) return slept_on.inode == own.inode && slept_on.device == own.device;
    // A semaphore in private memory (which is wrong, but blocks all the same) is its own place only.
    constexpr std::uint64_t kSizeOfSemaphore = 32;
    return address - semaphore < kSizeOfSemaphore;
  });
}

std::optional<Blocked> BlockedDetector::Look(Actor& actor) {
  if (!actor.in_flight || !actor.in_flight->announced || actor.process->dead) return std::nullopt;
  const std::int64_t now = MonotonicNs();
  if (!options_.look_at_thread) return LookForWeakerSigns(actor, ThreadState{});
  const ThreadState state = actor.probe.Look();
  if (state.InFutexWait() && IsOnSemaphore(actor, state.args[0])) {
    return Blocked{BlockedBy::kFutex, state.args[3] == 0, now};
  }
  if (state.kind == ThreadState::Kind::kSyscall &&
      options_.declared_calls.count(state.syscall) != 0) {
    return Blocked{BlockedBy::kDeclared, false, now};
  }
  if (state.kind == ThreadState::Kind::kStopped || state.kind == ThreadState::Kind::kGone)
    return std::nullopt;
  return LookForWeakerSigns(actor, state);
}

std::vector<ThreadProbe::Activity> BlockedDetector::ActivityOf(const Actor& actor) const {
  std::vector<ThreadProbe::Activity> all;
  if (options_.look_at_thread) {
    if (const auto one = actor.probe.ReadActivity()) all.push_back(*one);
    return all;
  }
  // No one thread stands for the actor, and a runtime's own threads never rest: only the time
  // counts, so this is presumed at best.
  return all;
}

std::optional<Blocked> BlockedDetector::LookForWeakerSigns(Actor& actor, const ThreadState& state) {
  const std::int64_t now = MonotonicNs();
  std::vector<ThreadProbe::Activity> activity = ActivityOf(actor);
  const auto [at, added] = watched_.try_emplace(&actor);
  Watched& watched = at->second;
  if (added) {
    watched.first_ns = now;
    if (!activity.empty()) watched.first = activity.front();
  }
  if (added || activity != watched.activity) {
    watched.activity = std::move(activity);
    watched.since_ns = now;
  }
  if (nanoseconds(now - watched.since_ns) >= options_.quiet_window) {
    const bool seen =
        options_.look_at_thread && !watched.activity.empty() &&
        (state.kind == ThreadState::Kind::kSyscall || state.kind == ThreadState::Kind::kAsleep);
    if (seen && state.kind == ThreadState::Kind::kSyscall)
      return Blocked{BlockedBy::kQuiet, false, now};
    if (state.kind != ThreadState::Kind::kRunning) return Blocked{BlockedBy::kPresumed, false, now};
  }
  // More than half of the time on a CPU, or waiting for one, and half of the window on one: it spins.
  // A call that is slow to get to where it blocks on a busy machine mostly waits for a CPU.
  const nanoseconds watched_for(now - watched.first_ns);
  if (watched_for >= options_.spin_window && !watched.activity.empty()) {
    const ThreadProbe::Activity& last = watched.activity.front();
    const auto ran = static_cast<std::int64_t>(last.runtime_ns - watched.first.runtime_ns);
    const auto waited = static_cast<std::int64_t>(last.ready_ns - watched.first.ready_ns);
    if ((ran + waited) * 2 > watched_for.count() && nanoseconds(ran) * 2 > options_.spin_window) {
      return Blocked{BlockedBy::kSpinning, false, now};
    }
  }
  return std::nullopt;
}

std::optional<BlockedDetector::Stillness> BlockedDetector::Quiescent() {
  struct Snapshot {
    std::vector<const Actor*> in_flight;
    std::vector<ThreadState> states;
    std::vector<ThreadProbe::Activity> activity;
    bool operator==(const Snapshot&) const = default;
  };
  Snapshot before;
  Stillness stillness = Stillness::kSure;
  for (int look = 0; look < 2; ++look) {
    Snapshot now;
    for (const auto& actor : crew_.actors()) {
      if (!actor->in_flight || actor->process->dead) continue;
      const ThreadState state = options_.look_at_thread ? actor->probe.Look() : ThreadState{};
      if (options_.look_at_thread && state.kind == ThreadState::Kind::kStopped) {
        // It does nothing until it is told to go on.
        now.in_flight.push_back(actor.get());
        now.states.push_back(state);
        continue;
      }
      const auto blocked = Look(*actor);
      if (!blocked) return std::nullopt;
      const bool woken_by_a_post = blocked->by == BlockedBy::kFutex &&
                                   (blocked->for_ever || IsTimed(actor->in_flight->request));
      if (!woken_by_a_post) stillness = Stillness::kLooksSo;
      now.in_flight.push_back(actor.get());
      if (options_.look_at_thread) now.states.push_back(actor->probe.Look());
      for (const auto& a : ActivityOf(*actor)) now.activity.push_back(a);
    }
    if (look == 1 && now != before) return std::nullopt;
    before = std::move(now);
    // An answer that was on its way is an answer: something moved.
    if (crew_.Pump(nanoseconds(0))) return std::nullopt;
  }
  return stillness;
}

std::string BlockedDetector::Whereabouts(Actor& actor) {
  std::string text = actor.name + ": ";
  if (actor.process != nullptr && actor.process->dead) {
    crew_.LearnStatus(*actor.process);
    return text + ToText(Actual(Ended{actor.process->status}));
  }
  if (!actor.fault.empty()) return text + actor.fault;
  if (!actor.in_flight) return text + "idle";
  const std::string operation = actor.in_flight->request.operation;
  text += fmt::format("in {}", operation);
  if (!actor.in_flight->announced) {
    text += ", which it has not announced";
  } else {
    text += fmt::format(" for {:.1f} ms",
                        static_cast<double>(MonotonicNs() - actor.in_flight->begin_ns) / 1e6);
  }
  const ThreadState state = actor.probe.Look();
  text += ", " + state.Text();
  if (state.InFutexWait()) {
    text += IsOnSemaphore(actor, state.args[0])
                ? fmt::format(", on {}", actor.in_flight->request.on.empty() ? "a semaphore"
                                                                             : actor.in_flight->request.on)
                : ", which is not its semaphore";
  }
  return text;
}

}  // namespace lockstep
