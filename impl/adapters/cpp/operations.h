// SPDX-License-Identifier: MIT
//
// The protocol's operations. Each carries one request out on the calling actor's thread and records
// what came of it in the reply; those that may block announce it first.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_OPERATIONS_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_OPERATIONS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "actor.h"
#include "binding.h"
#include "implementation.h"
#include "reply.h"
#include "request.h"
#include "sync.h"

namespace lockstep::adapter {

using Operation = void (*)(Actor& actor, const Request& request, Reply* reply);

// The operation of that name, or null.
Operation FindOperation(std::string_view name);

// On semaphores (semlock_operations.cc).
void CreateSemLock(Actor& actor, const Request& request, Reply* reply);
void RebuildSemLock(Actor& actor, const Request& request, Reply* reply);
void CreateUnnamedSemLock(Actor& actor, const Request& request, Reply* reply);
void Acquire(Actor& actor, const Request& request, Reply* reply);
void Enter(Actor& actor, const Request& request, Reply* reply);
void Release(Actor& actor, const Request& request, Reply* reply);
void Exit(Actor& actor, const Request& request, Reply* reply);
void Count(Actor& actor, const Request& request, Reply* reply);
void IsMine(Actor& actor, const Request& request, Reply* reply);
void GetValue(Actor& actor, const Request& request, Reply* reply);
void IsZero(Actor& actor, const Request& request, Reply* reply);
void AfterFork(Actor& actor, const Request& request, Reply* reply);
void SemUnlink(Actor& actor, const Request& request, Reply* reply);

// On the types over SemLock (sync_operations.cc); `acquire` and its like are SemLock's.
void MakeLock(Actor& actor, const Request& request, Reply* reply);
void MakeRLock(Actor& actor, const Request& request, Reply* reply);
void MakeSemaphore(Actor& actor, const Request& request, Reply* reply);
void MakeBoundedSemaphore(Actor& actor, const Request& request, Reply* reply);
void MakeCondition(Actor& actor, const Request& request, Reply* reply);
void MakeEvent(Actor& actor, const Request& request, Reply* reply);
void MakeBarrier(Actor& actor, const Request& request, Reply* reply);
void AttachLock(Actor& actor, const Request& request, Reply* reply);
void AttachRLock(Actor& actor, const Request& request, Reply* reply);
void AttachSemaphore(Actor& actor, const Request& request, Reply* reply);
void AttachBoundedSemaphore(Actor& actor, const Request& request, Reply* reply);
void AttachCondition(Actor& actor, const Request& request, Reply* reply);
void AttachEvent(Actor& actor, const Request& request, Reply* reply);
void Locked(Actor& actor, const Request& request, Reply* reply);
void GetPermits(Actor& actor, const Request& request, Reply* reply);
void Wait(Actor& actor, const Request& request, Reply* reply);
void Notify(Actor& actor, const Request& request, Reply* reply);
void NotifyAll(Actor& actor, const Request& request, Reply* reply);
void IsSet(Actor& actor, const Request& request, Reply* reply);
void Set(Actor& actor, const Request& request, Reply* reply);
void Clear(Actor& actor, const Request& request, Reply* reply);
void Reset(Actor& actor, const Request& request, Reply* reply);
void Abort(Actor& actor, const Request& request, Reply* reply);

// The contention loop (hammer.cc).
void Hammer(Actor& actor, const Request& request, Reply* reply);

// One actor's share of a stress test (load.cc).
void LoadActor(Actor& actor, const Request& request, Reply* reply);

// Bursts of calls, timed (measure.cc).
void MeasureActor(Actor& actor, const Request& request, Reply* reply);

// On shared memory and descriptors (shared_memory_operations.cc).
void ShmOpen(Actor& actor, const Request& request, Reply* reply);
void ShmUnlink(Actor& actor, const Request& request, Reply* reply);
void OpenSharedMemory(Actor& actor, const Request& request, Reply* reply);
void CloseSharedMemory(Actor& actor, const Request& request, Reply* reply);
void UnlinkSharedMemory(Actor& actor, const Request& request, Reply* reply);
void ReadBytes(Actor& actor, const Request& request, Reply* reply);
void WriteBytes(Actor& actor, const Request& request, Reply* reply);
void Ftruncate(Actor& actor, const Request& request, Reply* reply);
void FstatSize(Actor& actor, const Request& request, Reply* reply);
void CloseFd(Actor& actor, const Request& request, Reply* reply);

// On objects of any kind (operations.cc).
void GetAttribute(Actor& actor, const Request& request, Reply* reply);
void DeleteObject(Actor& actor, const Request& request, Reply* reply);
void Nop(Actor& actor, const Request& request, Reply* reply);

// On processes, threads and what they are allowed (process_operations.cc, signal_operations.cc).
void ForkActor(Actor& actor, const Request& request, Reply* reply);
void StartThread(Actor& actor, const Request& request, Reply* reply);
void Spawn(Actor& actor, const Request& request, Reply* reply);
void Reap(Actor& actor, const Request& request, Reply* reply);
void ExitProcess(Actor& actor, const Request& request, Reply* reply);
void EndThread(Actor& actor, const Request& request, Reply* reply);
void OnSignal(Actor& actor, const Request& request, Reply* reply);
void Umask(Actor& actor, const Request& request, Reply* reply);
void SetLimit(Actor& actor, const Request& request, Reply* reply);

// What the operations share.

// The exception that CPython makes of `error_number`.
Raised OsError(int error_number);

// The object that the request is on, or nothing, and then the reply says what is wrong.
std::optional<Object> Target(Actor& actor, const Request& request, Reply* reply);

// The AttributeError of an object that has no such attribute or method.
void NoAttribute(const Object& object, const std::string& name, Reply* reply);

// Target() as a T, the type that has the method which is asked for, or null and a reply that says
// what is wrong.
template <typename T>
std::shared_ptr<T> TargetAs(Actor& actor, const Request& request, Reply* reply) {
  const auto target = Target(actor, request, reply);
  if (!target) return nullptr;
  auto object = target->As<T>();
  if (object == nullptr) NoAttribute(*target, request.op, reply);
  return object;
}

// The values that outcomes hold.
inline Value ToValue(None none) { return none; }
inline Value ToValue(bool flag) { return flag; }
inline Value ToValue(int number) { return std::int64_t{number}; }
inline Value ToValue(std::int64_t number) { return number; }
inline Value ToValue(std::uintptr_t address) { return IntFromUnsigned(address); }
inline Value ToValue(std::string text) { return Value(std::move(text)); }
inline Value ToValue(std::optional<std::string> text) {
  return text ? Value(*std::move(text)) : Value();
}

// Puts an outcome that is no value into the reply.
template <typename T>
void RecordFailure(Actor& actor, Outcome<T> outcome, Reply* reply) {
  if (Raised* raised = std::get_if<Raised>(&outcome)) {
    reply->result = std::move(*raised);
  } else if (Unsupported* unsupported = std::get_if<Unsupported>(&outcome)) {
    reply->result = std::move(*unsupported);
  } else {
    reply->result = actor.TakeAbandonment();
  }
}

// Puts `outcome` into the reply.
template <typename T>
void Record(Actor& actor, Outcome<T> outcome, Reply* reply) {
  if (T* value = std::get_if<T>(&outcome)) {
    reply->result = ToValue(std::move(*value));
  } else {
    RecordFailure(actor, std::move(outcome), reply);
  }
}

// Whether the arguments are good; if not, the reply says what is wrong.
bool Bound(const Arguments& arguments, Reply* reply);

// A method without arguments that does not block.
template <typename T, typename Returned>
void CallMethod(Actor& actor, const Request& request, const Signature& signature,
                Outcome<Returned> (T::*method)(), Reply* reply) {
  const auto target = TargetAs<T>(actor, request, reply);
  if (target == nullptr || !Bound(Arguments(signature, request), reply)) return;
  Record(actor, reply->Timed([&] { return ((*target).*method)(); }), reply);
}

// The addresses of the semaphores that an object may sleep on.
std::vector<std::uintptr_t> HandlesOf(SemLock& object);
inline std::vector<std::uintptr_t> HandlesOf(SyncObject& object) { return object.Handles(); }
inline std::vector<std::uintptr_t> HandlesOf(SharedMemory& /*object*/) { return {}; }

// Keeps what a constructor of `type` made, and tells where its semaphores are. Not timed: it is no
// part of the call.
template <typename T>
void RecordMade(Actor& actor, const Request& request, std::string_view type,
                Outcome<std::unique_ptr<T>> outcome, Reply* reply) {
  auto* made = std::get_if<std::unique_ptr<T>>(&outcome);
  if (made == nullptr) {
    RecordFailure(actor, std::move(outcome), reply);
    return;
  }
  if (*made == nullptr) {
    reply->result = AdapterError{"the implementation made no object"};
    return;
  }
  const std::shared_ptr<T> object = std::move(*made);
  reply->result = TypeName{std::string(type.substr(type.find('.') + 1))};
  reply->handles = HandlesOf(*object);
  if (request.as) actor.process().Keep(*request.as, Object(type, object));
}

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_OPERATIONS_H_
