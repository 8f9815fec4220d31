// SPDX-License-Identifier: MIT
//
// CPython 3.14's multiprocessing.Event for C++ (Lib/multiprocessing/synchronize.py: Event).
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_EVENT_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_EVENT_H_

#include <optional>
#include <string>
#include <utility>

#include "semlock/condition.h"
#include "semlock/interrupt_hook.h"
#include "semlock/locks.h"
#include "semlock/result.h"

namespace semlock {

// A flag that can be waited for: a condition on a Lock, and a semaphore that has a permit while the
// flag is set.
//
// Threads, processes, moving, hooks and errors are Condition's. Every method takes the condition's
// lock, also IsSet(), and so waits for whoever has it, whatever the timeout.
class Event {
 public:
  // An event that is not set. Does not block. Errors: those of Semaphore::Create().
  static Result<Event> Create();

  // An event whose semaphores are there by name: the condition's lock, which is a Lock, its other
  // three, and the flag. Does not block. Errors: those of Semaphore::Attach().
  static Result<Event> Attach(std::string lock_name, ConditionNames condition_names,
                              std::string flag_name);

  // (Event.is_set)
  Result<bool> IsSet(InterruptHook hook = {});

  // Sets the flag and wakes all who wait; returns when they are awake. (Event.set)
  Result<void> Set(InterruptHook hook = {});

  // (Event.clear)
  Result<void> Clear(InterruptHook hook = {});

  // Waits until the flag is set, for `timeout_s` seconds at most: whether it is set then. That is
  // looked up after the wait: false also without a timeout if somebody has cleared the flag before
  // the waiter that the setting woke had the lock again. An event that is set looks at no timeout.
  // (Event.wait)
  Result<bool> Wait(std::optional<double> timeout_s = std::nullopt, InterruptHook hook = {});

  // For a forked child: Condition::AfterFork() and the flag's.
  void AfterFork();

  const Condition& condition() const { return condition_; }
  const Semaphore& flag() const { return flag_; }

 private:
  Event(Condition condition, Semaphore flag)
      : condition_(std::move(condition)), flag_(std::move(flag)) {}

  static Result<Event> Assemble(Result<Condition> condition, Result<Semaphore> flag);

  Result<bool> LookAtFlag(InterruptHook hook);

  Condition condition_;
  Semaphore flag_;
};

}  // namespace semlock

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_EVENT_H_
