// SPDX-License-Identifier: MIT
//
// The second, optional half of the interface between this adapter and an implementation: the types
// that Python's multiprocessing builds on SemLock. Who has them returns a SyncTypes from
// Implementation::sync_types() and claims the capability "sync".
//
// As with implementation.h: any thread may call any method at any time; what may block is given
// Interrupts, which go into every wait of the call; nothing else may block.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_SYNC_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_SYNC_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "implementation.h"

namespace lockstep::adapter {

class SyncObject {
 public:
  virtual ~SyncObject() = default;

  // The addresses in this process of all semaphores that a call on the object may sleep on, by
  // which a blocked thread is recognised. None if there are no such things.
  virtual std::vector<std::uintptr_t> Handles() { return {}; }
};

// A Lock or an RLock.
class Lock : public Lockable, public SyncObject {
 public:
  virtual Outcome<bool> Locked() = 0;
};

// A Semaphore or a BoundedSemaphore.
class Semaphore : public Lock {
 public:
  virtual Outcome<std::int64_t> GetValue() = 0;
};

// Timeouts are in seconds and any double; none means no limit.
class Condition : public Lockable, public SyncObject {
 public:
  virtual Outcome<bool> Wait(std::optional<double> timeout_s, Interrupts& interrupts) = 0;
  virtual Outcome<None> Notify(std::int64_t n, Interrupts& interrupts) = 0;
  virtual Outcome<None> NotifyAll(Interrupts& interrupts) = 0;
};

class Event : public SyncObject {
 public:
  virtual Outcome<bool> IsSet(Interrupts& interrupts) = 0;
  virtual Outcome<None> Set(Interrupts& interrupts) = 0;
  virtual Outcome<None> Clear(Interrupts& interrupts) = 0;
  virtual Outcome<bool> Wait(std::optional<double> timeout_s, Interrupts& interrupts) = 0;
};

class Barrier : public SyncObject {
 public:
  virtual Outcome<std::int64_t> Wait(std::optional<double> timeout_s, Interrupts& interrupts) = 0;
  virtual Outcome<None> Reset(Interrupts& interrupts) = 0;
  virtual Outcome<None> Abort(Interrupts& interrupts) = 0;

  // The attributes `parties`, `n_waiting` and `broken`.
  virtual Outcome<std::int64_t> Parties() = 0;
  virtual Outcome<std::int64_t> NWaiting() = 0;
  virtual Outcome<bool> Broken() = 0;
};

// The names of a condition's four semaphores.
struct ConditionNames {
  std::string lock;
  std::string sleeping_count;
  std::string woken_count;
  std::string wait_semaphore;
};

// What makes the objects. It outlives them all.
class SyncTypes {
 public:
  virtual ~SyncTypes() = default;

  // Objects of semaphores that have no name (any more) and are inherited over fork().
  virtual Outcome<std::unique_ptr<Lock>> MakeLock() = 0;
  virtual Outcome<std::unique_ptr<Lock>> MakeRLock() = 0;
  virtual Outcome<std::unique_ptr<Semaphore>> MakeSemaphore(int value) = 0;
  virtual Outcome<std::unique_ptr<Semaphore>> MakeBoundedSemaphore(int value) = 0;
  virtual Outcome<std::unique_ptr<Condition>> MakeCondition() = 0;
  virtual Outcome<std::unique_ptr<Event>> MakeEvent() = 0;
  virtual Outcome<std::unique_ptr<Barrier>> MakeBarrier(int parties,
                                                        std::optional<double> timeout_s) = 0;

  // Objects over semaphores that are there by name; a condition's lock is an RLock, an event's a
  // Lock.
  virtual Outcome<std::unique_ptr<Lock>> AttachLock(const std::string& name) = 0;
  virtual Outcome<std::unique_ptr<Lock>> AttachRLock(const std::string& name) = 0;
  virtual Outcome<std::unique_ptr<Semaphore>> AttachSemaphore(const std::string& name) = 0;
  virtual Outcome<std::unique_ptr<Semaphore>> AttachBoundedSemaphore(const std::string& name,
                                                                     int maxvalue) = 0;
  virtual Outcome<std::unique_ptr<Condition>> AttachCondition(const ConditionNames& names) = 0;
  virtual Outcome<std::unique_ptr<Event>> AttachEvent(const ConditionNames& names,
                                                      const std::string& flag) = 0;
};

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_SYNC_H_
