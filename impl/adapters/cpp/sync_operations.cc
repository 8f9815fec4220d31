// SPDX-License-Identifier: MIT
//
// Lock, RLock, Semaphore, BoundedSemaphore, Condition, Event, Barrier. Where a method is written in
// Python all arguments are converted here before the call, which makes a difference only for those
// that cannot be converted.
#include <limits>
#include <utility>

#include "operations.h"

namespace lockstep::adapter {
namespace {

// Python's constructors: those of a context, whose first parameter is the context itself.
constexpr Signature kLock{"BaseContext.Lock", "", Convention::kPython, 0, {}};
constexpr Signature kRLock{"BaseContext.RLock", "", Convention::kPython, 0, {}};
constexpr Signature kSemaphore{"BaseContext.Semaphore", "", Convention::kPython, 0, {"value"}};
constexpr Signature kBoundedSemaphore{
    "BaseContext.BoundedSemaphore", "", Convention::kPython, 0, {"value"}};
constexpr Signature kCondition{"BaseContext.Condition", "", Convention::kPython, 0, {"lock"}};
constexpr Signature kEvent{"BaseContext.Event", "", Convention::kPython, 0, {}};
constexpr Signature kBarrier{
    "BaseContext.Barrier", "", Convention::kPython, 1, {"parties", "action", "timeout"}};

constexpr Signature kAttachLock{"Lock.attach", "", Convention::kAdapter, 1, {"name"}};
constexpr Signature kAttachRLock{"RLock.attach", "", Convention::kAdapter, 1, {"name"}};
constexpr Signature kAttachSemaphore{"Semaphore.attach", "", Convention::kAdapter, 1, {"name"}};
constexpr Signature kAttachBoundedSemaphore{
    "BoundedSemaphore.attach", "", Convention::kAdapter, 2, {"name", "maxvalue"}};
constexpr Signature kAttachCondition{"Condition.attach",
                                     "",
                                     Convention::kAdapter,
                                     4,
                                     {"lock", "sleeping_count", "woken_count", "wait_semaphore"}};
constexpr Signature kAttachEvent{
    "Event.attach",
    "",
    Convention::kAdapter,
    5,
    {"lock", "sleeping_count", "woken_count", "wait_semaphore", "flag"}};

constexpr Signature kLocked{"SemLock.locked", "", Convention::kPython, 0, {}};
constexpr Signature kGetValue{"Semaphore.get_value", "", Convention::kPython, 0, {}};
constexpr Signature kConditionWait{"Condition.wait", "", Convention::kPython, 0, {"timeout"}};
constexpr Signature kNotify{"Condition.notify", "", Convention::kPython, 0, {"n"}};
constexpr Signature kNotifyAll{"Condition.notify_all", "", Convention::kPython, 0, {}};
constexpr Signature kIsSet{"Event.is_set", "", Convention::kPython, 0, {}};
constexpr Signature kSet{"Event.set", "", Convention::kPython, 0, {}};
constexpr Signature kClear{"Event.clear", "", Convention::kPython, 0, {}};
constexpr Signature kEventWait{"Event.wait", "", Convention::kPython, 0, {"timeout"}};
constexpr Signature kBarrierWait{"Barrier.wait", "", Convention::kPython, 0, {"timeout"}};
constexpr Signature kReset{"Barrier.reset", "", Convention::kPython, 0, {}};
constexpr Signature kAbort{"Barrier.abort", "", Convention::kPython, 0, {}};

// Has `make`, which is given the implementation's SyncTypes, make an object of `type`, unless the
// arguments are wrong.
template <typename Make>
void MakeObject(Actor& actor, const Request& request, const Arguments& arguments,
                std::string_view type, Make make, Reply* reply) {
  if (!Bound(arguments, reply)) return;
  SyncTypes* const types = actor.process().implementation().sync_types();
  if (types == nullptr) {
    reply->result = Unsupported{"no synchronisation types"};
    return;
  }
  RecordMade(actor, request, type, reply->Timed([&] { return make(*types); }), reply);
}

// Does `call` on `target`, which may block, unless the arguments are wrong.
template <typename Call>
void DoBlocking(Actor& actor, const Request& request, const Arguments& arguments, Call call,
                Reply* reply) {
  if (!Bound(arguments, reply)) return;
  actor.Announce(request);
  Record(actor, reply->Timed([&] { return call(actor.interrupts()); }), reply);
}

// A method without arguments that may block.
template <typename T, typename Returned>
void CallBlocking(Actor& actor, const Request& request, const Signature& signature,
                  Outcome<Returned> (T::*method)(Interrupts&), Reply* reply) {
  const auto target = TargetAs<T>(actor, request, reply);
  if (target == nullptr) return;
  DoBlocking(
      actor, request, Arguments(signature, request),
      [&](Interrupts& interrupts) { return ((*target).*method)(interrupts); }, reply);
}

// wait(timeout), of whatever type.
template <typename T>
void WaitOn(Actor& actor, const Request& request, const Signature& signature, T& target,
            Reply* reply) {
  Arguments arguments(signature, request);
  const std::optional<double> timeout_s = arguments.Seconds(0);
  DoBlocking(
      actor, request, arguments,
      [&](Interrupts& interrupts) { return target.Wait(timeout_s, interrupts); }, reply);
}

ConditionNames NamesOf(Arguments* arguments) {
  ConditionNames names;
  names.lock = arguments->String(0);
  names.sleeping_count = arguments->String(1);
  names.woken_count = arguments->String(2);
  names.wait_semaphore = arguments->String(3);
  return names;
}

}  // namespace

void MakeLock(Actor& actor, const Request& request, Reply* reply) {
  MakeObject(
      actor, request, Arguments(kLock, request), "Lock",
      [](SyncTypes& types) { return types.MakeLock(); }, reply);
}

void MakeRLock(Actor& actor, const Request& request, Reply* reply) {
  MakeObject(
      actor, request, Arguments(kRLock, request), "RLock",
      [](SyncTypes& types) { return types.MakeRLock(); }, reply);
}

void MakeSemaphore(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kSemaphore, request);
  const int value = arguments.Int(0, 1);
  MakeObject(
      actor, request, arguments, "Semaphore",
      [&](SyncTypes& types) { return types.MakeSemaphore(value); }, reply);
}

void MakeBoundedSemaphore(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kBoundedSemaphore, request);
  const int value = arguments.Int(0, 1);
  MakeObject(
      actor, request, arguments, "BoundedSemaphore",
      [&](SyncTypes& types) { return types.MakeBoundedSemaphore(value); }, reply);
}

void MakeCondition(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kCondition, request);
  arguments.OnlyNone(0);
  MakeObject(
      actor, request, arguments, "Condition",
      [](SyncTypes& types) { return types.MakeCondition(); }, reply);
}

void MakeEvent(Actor& actor, const Request& request, Reply* reply) {
  MakeObject(
      actor, request, Arguments(kEvent, request), "Event",
      [](SyncTypes& types) { return types.MakeEvent(); }, reply);
}

void MakeBarrier(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kBarrier, request);
  const int parties = arguments.Int(0);
  arguments.OnlyNone(1);
  const std::optional<double> timeout_s = arguments.Seconds(2);
  MakeObject(
      actor, request, arguments, "Barrier",
      [&](SyncTypes& types) { return types.MakeBarrier(parties, timeout_s); }, reply);
}

void AttachLock(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kAttachLock, request);
  const std::string name = arguments.String(0);
  MakeObject(
      actor, request, arguments, "Lock", [&](SyncTypes& types) { return types.AttachLock(name); },
      reply);
}

void AttachRLock(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kAttachRLock, request);
  const std::string name = arguments.String(0);
  MakeObject(
      actor, request, arguments, "RLock", [&](SyncTypes& types) { return types.AttachRLock(name); },
      reply);
}

void AttachSemaphore(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kAttachSemaphore, request);
  const std::string name = arguments.String(0);
  MakeObject(
      actor, request, arguments, "Semaphore",
      [&](SyncTypes& types) { return types.AttachSemaphore(name); }, reply);
}

void AttachBoundedSemaphore(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kAttachBoundedSemaphore, request);
  const std::string name = arguments.String(0);
  const int maxvalue = arguments.Int(1);
  MakeObject(
      actor, request, arguments, "BoundedSemaphore",
      [&](SyncTypes& types) { return types.AttachBoundedSemaphore(name, maxvalue); }, reply);
}

void AttachCondition(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kAttachCondition, request);
  const ConditionNames names = NamesOf(&arguments);
  MakeObject(
      actor, request, arguments, "Condition",
      [&](SyncTypes& types) { return types.AttachCondition(names); }, reply);
}

void AttachEvent(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kAttachEvent, request);
  const ConditionNames names = NamesOf(&arguments);
  const std::string flag = arguments.String(4);
  MakeObject(
      actor, request, arguments, "Event",
      [&](SyncTypes& types) { return types.AttachEvent(names, flag); }, reply);
}

void Locked(Actor& actor, const Request& request, Reply* reply) {
  CallMethod(actor, request, kLocked, &Lock::Locked, reply);
}

void GetPermits(Actor& actor, const Request& request, Reply* reply) {
  CallMethod(actor, request, kGetValue, &Semaphore::GetValue, reply);
}

void Wait(Actor& actor, const Request& request, Reply* reply) {
  const auto target = Target(actor, request, reply);
  if (!target) return;
  if (const auto condition = target->As<Condition>()) {
    WaitOn(actor, request, kConditionWait, *condition, reply);
  } else if (const auto event = target->As<Event>()) {
    WaitOn(actor, request, kEventWait, *event, reply);
  } else if (const auto barrier = target->As<Barrier>()) {
    WaitOn(actor, request, kBarrierWait, *barrier, reply);
  } else {
    NoAttribute(*target, request.op, reply);
  }
}

void Notify(Actor& actor, const Request& request, Reply* reply) {
  const auto target = TargetAs<Condition>(actor, request, reply);
  if (target == nullptr) return;
  Arguments arguments(kNotify, request);
  const std::int64_t n = arguments.ClampedInt64(0, 1);
  DoBlocking(
      actor, request, arguments,
      [&](Interrupts& interrupts) { return target->Notify(n, interrupts); }, reply);
}

void NotifyAll(Actor& actor, const Request& request, Reply* reply) {
  CallBlocking(actor, request, kNotifyAll, &Condition::NotifyAll, reply);
}

void IsSet(Actor& actor, const Request& request, Reply* reply) {
  CallBlocking(actor, request, kIsSet, &Event::IsSet, reply);
}

void Set(Actor& actor, const Request& request, Reply* reply) {
  CallBlocking(actor, request, kSet, &Event::Set, reply);
}

void Clear(Actor& actor, const Request& request, Reply* reply) {
  CallBlocking(actor, request, kClear, &Event::Clear, reply);
}

void Reset(Actor& actor, const Request& request, Reply* reply) {
  CallBlocking(actor, request, kReset, &Barrier::Reset, reply);
}

void Abort(Actor& actor, const Request& request, Reply* reply) {
  CallBlocking(actor, request, kAbort, &Barrier::Abort, reply);
}

}  // namespace lockstep::adapter
