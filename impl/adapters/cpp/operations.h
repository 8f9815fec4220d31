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

#include "actor.h"
#include "binding.h"
#include "implementation.h"
#include "reply.h"
#include "request.h"

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

// The contention loop (hammer.cc).
void Hammer(Actor& actor, const Request& request, Reply* reply);

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
void OnSignal(Actor& actor, const Request& request, Reply* reply);
void Umask(Actor& actor, const Request& request, Reply* reply);
void SetLimit(Actor& actor, const Request& request, Reply* reply);

// What the operations share.

// The exception that CPython makes of `error_number`.
Raised OsError(int error_number);

// The object that the request is on, or null, and then the reply says what is wrong.
std::shared_ptr<SemLock> TargetSemLock(Actor& actor, const Request& request, Reply* reply);
std::shared_ptr<SharedMemory> TargetSharedMemory(Actor& actor, const Request& request,
                                                 Reply* reply);

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

// Puts `outcome` into the reply.
template <typename T>
void Record(Actor& actor, Outcome<T> outcome, Reply* reply) {
  if (T* value = std::get_if<T>(&outcome)) {
    reply->result = ToValue(std::move(*value));
  } else if (Raised* raised = std::get_if<Raised>(&outcome)) {
    reply->result = std::move(*raised);
  } else if (Unsupported* unsupported = std::get_if<Unsupported>(&outcome)) {
    reply->result = std::move(*unsupported);
  } else {
    reply->result = actor.TakeAbandonment();
  }
}

// Whether the arguments are good; if not, the reply says what is wrong.
bool Bound(const Arguments& arguments, Reply* reply);

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_OPERATIONS_H_
