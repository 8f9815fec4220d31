// SPDX-License-Identifier: MIT
//
// CPython 3.14's multiprocessing.Condition for C++ (Lib/multiprocessing/synchronize.py: Condition).
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_CONDITION_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_CONDITION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "semlock/interrupt_hook.h"
#include "semlock/locks.h"
#include "semlock/result.h"

namespace semlock {

// The names of a condition's three semaphores, for Attach().
struct ConditionNames {
  std::string sleeping_count;
  std::string woken_count;
  std::string wait_semaphore;
};

// A condition variable: a lock, and three semaphores that count who sleeps, who was woken since,
// and what is there to wake somebody with.
//
// Who waits posts `sleeping_count` before it gives the lock up and `woken_count` when it has come
// back, by whichever way. Who notifies, holding the lock, first strikes those who came back off
// those who sleep, then posts `wait_semaphore` once for each that it wakes, and waits for as many
// posts of `woken_count`. This is CPython's protocol to the letter, for a Python process may be at
// the other end, and so are its limits: a waiter that is killed stays among the sleepers, and a
// notify that tries to wake it waits for ever.
//
// Threads and processes: any number of them may use one condition. Each object counts only for the
// process it is in; a forked child goes on with its copy. A moved-from object may only be destroyed
// or assigned to.
//
// An InterruptHook is asked in every wait of a call, also for the lock on the way back. A call that
// it abandons while waiting to be notified takes the lock again first; one that it abandons while
// taking the lock returns without. Where several steps of a call fail the last one is told, as with
// exceptions out of a `finally`.
class Condition {
 public:
  // A condition on a new RLock of its own, or on `lock`, which is not null, may be any of the four
  // types, be used by itself, and be shared by several conditions. Does not block. Errors: those of
  // Semaphore::Create().
  static Result<Condition> Create();
  static Result<Condition> Create(std::shared_ptr<LockBase> lock);

  // A condition whose semaphores are there by name; its lock is an RLock in the first form. Does
  // not block. Errors: those of Semaphore::Attach().
  static Result<Condition> Attach(std::string lock_name, ConditionNames names);
  static Result<Condition> Attach(std::shared_ptr<LockBase> lock, ConditionNames names);

  // The lock's own (LockBase).
  Result<bool> Acquire(bool block = true, std::optional<double> timeout_s = std::nullopt,
                       InterruptHook hook = {}) {
    return lock_->Acquire(block, timeout_s, hook);
  }
  Result<void> Release() { return lock_->Release(); }

  // Gives the lock up, however often it is held, sleeps until notified or for `timeout_s` seconds,
  // and takes the lock again as often: true if notified. Taking the lock is not limited by the
  // timeout. A notification may be meant for another and come without the awaited having happened,
  // so look again, or use WaitFor(). kAssertionError: the lock is not mine. kAbandoned: the hook
  // said so. kOsError: EINVAL for a timeout that SemLock::Acquire() refuses, after the lock was
  // given up and taken again; else the errno of a semaphore. (Condition.wait)
  Result<bool> Wait(std::optional<double> timeout_s = std::nullopt, InterruptHook hook = {});

  // Waits until `predicate` holds, and for `timeout_s` seconds of CLOCK_MONOTONIC at most: what the
  // predicate said last. It is asked before anything else is looked at, the lock included, and then
  // after each Wait(), with the lock held; the last time when the time is over. Errors: Wait()'s.
  // (Condition.wait_for)
  Result<bool> WaitFor(const std::function<bool()>& predicate,
                       std::optional<double> timeout_s = std::nullopt, InterruptHook hook = {});

  // Wakes `n` of the waiters, or all if there are fewer, and waits until each of those has woken;
  // they go on when the lock is given up. kAssertionError: the lock is not mine, or the semaphores
  // are not as the protocol leaves them. Else as above. (Condition.notify, Condition.notify_all)
  Result<void> Notify(std::int64_t n = 1, InterruptHook hook = {});
  Result<void> NotifyAll(InterruptHook hook = {});

  // For a forked child: LockBase::AfterFork() of the lock and of the semaphores.
  void AfterFork();

  const LockBase& lock() const { return *lock_; }
  const Semaphore& sleeping_count() const { return sleeping_count_; }
  const Semaphore& woken_count() const { return woken_count_; }
  const Semaphore& wait_semaphore() const { return wait_semaphore_; }

 private:
  Condition(std::shared_ptr<LockBase> lock, Semaphore sleeping_count, Semaphore woken_count,
            Semaphore wait_semaphore)
      : lock_(std::move(lock)),
        sleeping_count_(std::move(sleeping_count)),
        woken_count_(std::move(woken_count)),
        wait_semaphore_(std::move(wait_semaphore)) {}

  static Result<Condition> Assemble(std::shared_ptr<LockBase> lock,
                                    Result<Semaphore> sleeping_count, Result<Semaphore> woken_count,
                                    Result<Semaphore> wait_semaphore);

  Result<void> ReleaseTimes(int times);
  Result<void> AcquireTimes(int times, InterruptHook hook);
  Result<void> StrikeOffTheWoken(InterruptHook hook);
  Result<std::int64_t> WakeSleepers(std::int64_t most, InterruptHook hook);
  Result<void> AwaitTheWoken(std::int64_t number, InterruptHook hook);

  std::shared_ptr<LockBase> lock_;
  Semaphore sleeping_count_;
  Semaphore woken_count_;
  Semaphore wait_semaphore_;
};

}  // namespace semlock

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_CONDITION_H_
