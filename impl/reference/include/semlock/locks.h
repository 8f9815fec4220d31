// SPDX-License-Identifier: MIT
//
// CPython 3.14's multiprocessing.Lock, RLock, Semaphore and BoundedSemaphore for C++: each is one
// SemLock of a certain kind and maximum (Lib/multiprocessing/synchronize.py, whose classes of the
// same names are meant where none is named below).
//
// Create() makes an object as a fork context of CPython does: under a fresh name, "/mp-" and 8
// hexadecimal digits, which is unlinked again at once. The semaphore is then shared by being
// inherited over fork(). Attach() opens a semaphore that is there by name, which is how processes
// meet that are not related, in whatever language. The caller sees to it that it was made with the
// kind and the maximum of the type; the name is not unlinked here.
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_LOCKS_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_LOCKS_H_

#include <optional>
#include <string>
#include <utility>

#include "semlock/interrupt_hook.h"
#include "semlock/result.h"
#include "semlock/sem_lock.h"

namespace semlock {

// What the four types have in common (SemLock). Threads, processes and moving are those of
// semlock::SemLock: any number of threads may use one object.
//
// What every Create() below fails with, beside what is told there: kOsError, SemLock::Create()'s
// errno, or EEXIST and CPython's words if 100 fresh names were all taken. And every Attach():
// kValueError for a NUL in the name, kOsError with sem_open()'s errno. Neither blocks.
class LockBase {
 public:
  // Takes a permit, or enters a recursive lock again, and gives it back. All rules and errors are
  // those of SemLock::Acquire() and SemLock::Release().
  Result<bool> Acquire(bool block = true, std::optional<double> timeout_s = std::nullopt,
                       InterruptHook hook = {}) {
    return sem_lock_.Acquire(block, timeout_s, hook);
  }
  Result<void> Release() { return sem_lock_.Release(); }

  // Whether no permit is free, whoever has them. kOsError: sem_getvalue()'s errno.
  // (SemLock.locked, since CPython 3.14)
  Result<bool> Locked() const { return sem_lock_.IsZero(); }

  // For a child of fork(): forgets what its parent held. CPython does so by itself in the children
  // of multiprocessing.Process, for objects that were made and not attached to, and does not after
  // a bare os.fork(). (SemLock.__init__: _after_fork)
  void AfterFork() { sem_lock_.AfterFork(); }

  const SemLock& sem_lock() const { return sem_lock_; }

 protected:
  explicit LockBase(SemLock sem_lock) : sem_lock_(std::move(sem_lock)) {}
  LockBase(LockBase&&) noexcept = default;
  LockBase& operator=(LockBase&&) noexcept = default;
  ~LockBase() = default;

  // Makes a semaphore under a fresh name, and removes the name.
  static Result<SemLock> CreateSemLock(int kind, int value, int maxvalue);

  // `made`, as an object of the type T, or its error.
  template <typename T>
  static Result<T> As(Result<SemLock> made) {
    if (!made) return tl::unexpected<Error>(std::move(made.error()));
    return T(std::move(*made));
  }

  SemLock sem_lock_;
};

// A lock that is taken once. Any thread and any process may release it, also one that does not hold
// it: kValueError if it is free.
class Lock : public LockBase {
 public:
  static Result<Lock> Create();
  static Result<Lock> Attach(std::string name);

 private:
  friend LockBase;
  explicit Lock(SemLock sem_lock) : LockBase(std::move(sem_lock)) {}
};

// A lock that its owner may take again, and has to release as often. Nobody else may:
// kAssertionError.
class RLock : public LockBase {
 public:
  static Result<RLock> Create();
  static Result<RLock> Attach(std::string name);

 private:
  friend LockBase;
  explicit RLock(SemLock sem_lock) : LockBase(std::move(sem_lock)) {}
};

// `value` permits, and no limit to them but kSemValueMax. kOsError EINVAL: a value that is not in
// [0, kSemValueMax].
class Semaphore : public LockBase {
 public:
  static Result<Semaphore> Create(int value = 1);
  static Result<Semaphore> Attach(std::string name);

  // The permits that are free. kOsError: sem_getvalue()'s errno. (Semaphore.get_value)
  Result<int> GetValue() const { return sem_lock_.GetValue(); }

 protected:
  friend LockBase;
  explicit Semaphore(SemLock sem_lock) : LockBase(std::move(sem_lock)) {}
};

// A semaphore that has never more permits than at first: one release too many is kValueError.
class BoundedSemaphore : public Semaphore {
 public:
  static Result<BoundedSemaphore> Create(int value = 1);

  // `maxvalue` is the number of permits that it was made with: no semaphore knows its own.
  static Result<BoundedSemaphore> Attach(std::string name, int maxvalue);

 private:
  friend LockBase;
  explicit BoundedSemaphore(SemLock sem_lock) : Semaphore(std::move(sem_lock)) {}
};

}  // namespace semlock

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_LOCKS_H_
