// SPDX-License-Identifier: MIT
#include "semlock/condition.h"

#include <time.h>

#include <limits>

#include "errors.h"

namespace semlock {
namespace {

using internal::AssertionError;
using internal::ErrorOf;

// time.monotonic(), in seconds.
double MonotonicSeconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

Result<Condition> Condition::Create() {
  Result<RLock> lock = RLock::Create();
  if (!lock) return ErrorOf(lock);
  return Create(std::make_shared<RLock>(std::move(*lock)));
}

Result<Condition> Condition::Create(std::shared_ptr<LockBase> lock) {
  Result<Semaphore> sleeping_count = Semaphore::Create(0);
  Result<Semaphore> woken_count = Semaphore::Create(0);
  Result<Semaphore> wait_semaphore = Semaphore::Create(0);
  return Assemble(std::move(lock), std::move(sleeping_count), std::move(woken_count),
                  std::move(wait_semaphore));
}

Result<Condition> Condition::Attach(std::string lock_name, ConditionNames names) {
  Result<RLock> lock = RLock::Attach(std::move(lock_name));
  if (!lock) return ErrorOf(lock);
  return Attach(std::make_shared<RLock>(std::move(*lock)), std::move(names));
}

Result<Condition> Condition::Attach(std::shared_ptr<LockBase> lock, ConditionNames names) {
  Result<Semaphore> sleeping_count = Semaphore::Attach(std::move(names.sleeping_count));
  Result<Semaphore> woken_count = Semaphore::Attach(std::move(names.woken_count));
  Result<Semaphore> wait_semaphore = Semaphore::Attach(std::move(names.wait_semaphore));
  return Assemble(std::move(lock), std::move(sleeping_count), std::move(woken_count),
                  std::move(wait_semaphore));
}

// The condition of these parts, or the first of their errors.
Result<Condition> Condition::Assemble(std::shared_ptr<LockBase> lock,
                                      Result<Semaphore> sleeping_count,
                                      Result<Semaphore> woken_count,
                                      Result<Semaphore> wait_semaphore) {
  for (const Result<Semaphore>* part : {&sleeping_count, &woken_count, &wait_semaphore}) {
    if (!*part) return ErrorOf(*part);
  }
  return Condition(std::move(lock), std::move(*sleeping_count), std::move(*woken_count),
                   std::move(*wait_semaphore));
}

Result<bool> Condition::Wait(std::optional<double> timeout_s, InterruptHook hook) {
  if (!lock_->sem_lock().IsMine()) {
    return AssertionError("must acquire() condition before using wait()");
  }
  // While the lock is still held, or a notifier could come in between and find nobody asleep.
  if (const auto asleep = sleeping_count_.Release(); !asleep) return ErrorOf(asleep);
  const int depth = lock_->sem_lock().count();
  if (const auto given_up = ReleaseTimes(depth); !given_up) return ErrorOf(given_up);

  Result<bool> notified = wait_semaphore_.Acquire(true, timeout_s, hook);

  // However the wait has ended: a notifier may be waiting to hear of it, with the lock held.
  if (const auto awake = woken_count_.Release(); !awake) return ErrorOf(awake);
  if (const auto taken = AcquireTimes(depth, hook); !taken) return ErrorOf(taken);
  return notified;
}

Result<void> Condition::ReleaseTimes(int times) {
  for (int i = 0; i < times; ++i) {
    if (auto released = lock_->Release(); !released) return released;
  }
  return {};
}

Result<void> Condition::AcquireTimes(int times, InterruptHook hook) {
  for (int i = 0; i < times; ++i) {
    if (const auto acquired = lock_->Acquire(true, std::nullopt, hook); !acquired) {
      return ErrorOf(acquired);
    }
  }
  return {};
}

Result<bool> Condition::WaitFor(const std::function<bool()>& predicate,
                                std::optional<double> timeout_s, InterruptHook hook) {
  if (predicate()) return true;
  std::optional<double> end_s;
  if (timeout_s) end_s = MonotonicSeconds() + *timeout_s;
  for (;;) {
    std::optional<double> left_s;
    if (end_s) {
      left_s = *end_s - MonotonicSeconds();
      if (*left_s <= 0) return false;  // not so for NaN, which Wait() refuses
    }
    if (const auto waited = Wait(left_s, hook); !waited) return ErrorOf(waited);
    if (predicate()) return true;
  }
}

Result<void> Condition::Notify(std::int64_t n, InterruptHook hook) {
  if (!lock_->sem_lock().IsMine()) return AssertionError("lock is not owned");
  const auto left_over = wait_semaphore_.Acquire(false, std::nullopt, hook);
  if (!left_over) return ErrorOf(left_over);
  if (*left_over) {
    return AssertionError("notify: Should not have been able to acquire _wait_semaphore");
  }
  if (auto struck = StrikeOffTheWoken(hook); !struck) return struck;
  const auto sleepers = WakeSleepers(n, hook);
  if (!sleepers) return ErrorOf(sleepers);
  if (*sleepers == 0) return {};
  return AwaitTheWoken(*sleepers, hook);
}

Result<void> Condition::NotifyAll(InterruptHook hook) {
  return Notify(std::numeric_limits<std::int64_t>::max(), hook);
}

// Makes `sleeping_count` the number of those who sleep now: some came back without being notified.
Result<void> Condition::StrikeOffTheWoken(InterruptHook hook) {
  for (;;) {  // once for each wait that has ended since the last notify
    const auto woken = woken_count_.Acquire(false, std::nullopt, hook);
    if (!woken) return ErrorOf(woken);
    if (!*woken) return {};
    const auto slept = sleeping_count_.Acquire(false, std::nullopt, hook);
    if (!slept) return ErrorOf(slept);
    if (!*slept) {
      return AssertionError("notify: Bug in sleeping_count.acquire- res should not be False");
    }
  }
}

// Posts for at most so many sleepers; for how many.
Result<std::int64_t> Condition::WakeSleepers(std::int64_t most, InterruptHook hook) {
  for (std::int64_t woken = 0; woken < most; ++woken) {
    const auto sleeps = sleeping_count_.Acquire(false, std::nullopt, hook);
    if (!sleeps) return ErrorOf(sleeps);
    if (!*sleeps) return woken;
    if (const auto posted = wait_semaphore_.Release(); !posted) return ErrorOf(posted);
  }
  return most < 0 ? 0 : most;
}

// Waits until `number` sleepers are awake, then takes back the posts of those whose time was over
// before they saw theirs.
Result<void> Condition::AwaitTheWoken(std::int64_t number, InterruptHook hook) {
  for (std::int64_t i = 0; i < number; ++i) {
    if (const auto awake = woken_count_.Acquire(true, std::nullopt, hook); !awake) {
      return ErrorOf(awake);
    }
  }
  for (;;) {  // at most `number` times
    const auto left_over = wait_semaphore_.Acquire(false, std::nullopt, hook);
    if (!left_over) return ErrorOf(left_over);
    if (!*left_over) return {};
  }
}

void Condition::AfterFork() {
  lock_->AfterFork();
  sleeping_count_.AfterFork();
  woken_count_.AfterFork();
  wait_semaphore_.AfterFork();
}

}  // namespace semlock
