// SPDX-License-Identifier: MIT
//
// CPython 3.14's _multiprocessing.SemLock for C++: a POSIX semaphore that counts how often this
// object holds it and remembers which thread took it last. The rules, their order and their
// messages are those of Modules/_multiprocessing/semaphore.c; each function names its symbol there.
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_SEM_LOCK_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_SEM_LOCK_H_

#include <limits.h>
#include <semaphore.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "semlock/hold_count.h"
#include "semlock/interrupt_hook.h"
#include "semlock/result.h"

namespace semlock {

namespace internal {
class ReleaseGate;
}  // namespace internal

// The kinds, as CPython numbers them.
inline constexpr int kRecursiveMutex = 0;
inline constexpr int kSemaphore = 1;

// The largest value of a semaphore: _multiprocessing.SemLock.SEM_VALUE_MAX.
inline constexpr int kSemValueMax = SEM_VALUE_MAX;

// One handle on a semaphore.
//
// Threads: any number of them may call the members of one object at once, and each call takes
// effect as if alone, as it does under CPython's interpreter lock. No lock is held over a wait.
// Exempt are moving and destroying, which need the object to themselves. Last owner and count are
// two words, so where several threads hold permits through one object another may see the new owner
// an instant before the new count. A recursive mutex whose semaphore has more than one permit has
// several owners that share one count: as in CPython that is legal and confused, and exact only
// while their calls do not overlap. Not for use in a signal handler.
//
// Processes: a forked child inherits count and owner and has its own copy of them from then on.
// Ownership is of the object, not of the semaphore: a second object on it owns nothing.
//
// A moved-from object may only be destroyed or assigned to.
class SemLock {
 public:
  // Makes the semaphore `name` (sem_open O_CREAT|O_EXCL, mode 0600) with `value` permits, and
  // removes the name again at once if `unlink`. Only Release() looks at `maxvalue`. Does not block.
  // kValueError: a NUL in the name, else a kind that is neither of the two; nothing is made then.
  // kOsError: sem_open()'s or sem_unlink()'s errno, EINTR included; if the unlink failed the
  // semaphore is closed and its name stays. (SemLock.__new__)
  static Result<SemLock> Create(int kind, int value, int maxvalue, std::string name, bool unlink);

  // With a name: opens that semaphore and ignores `handle`. Without: wraps `handle`, the handle()
  // of an object that must outlive this one's last use; both will close it, and the first that does
  // leaves the other dangling, as in CPython. `kind` is not checked: all but kRecursiveMutex count.
  // Does not block. kValueError: a NUL in the name. kOsError: sem_open()'s errno.
  // (SemLock._rebuild)
  static Result<SemLock> Rebuild(std::uintptr_t handle, int kind, int maxvalue,
                                 std::optional<std::string> name);

  // A semaphore without a name, in an anonymous file that fd() denotes and that another process can
  // be given. Does not block. kValueError: the kind. kOsError: EINVAL if `value` is not in
  // [0, kSemValueMax] (POSIX sem_init()), else the errno of memfd_create(), ftruncate() or mmap().
  static Result<SemLock> CreateUnnamed(int kind, int value, int maxvalue);

  // A second object on the semaphore of CreateUnnamed(). `fd` is duplicated and stays the caller's;
  // `kind` is not checked. Does not block. kOsError: EINVAL if the file has not the size of a
  // semaphore, else the errno of fstat(), fcntl() or mmap().
  static Result<SemLock> RebuildFromFd(int fd, int kind, int maxvalue);

  SemLock(SemLock&& other) noexcept;
  SemLock& operator=(SemLock&& other) noexcept;
  SemLock(const SemLock&) = delete;
  SemLock& operator=(const SemLock&) = delete;

  // Closes the handle and ignores errors. Never unlinks, never posts: a permit held is gone.
  ~SemLock();

  // Takes a permit: true if taken, false if none could be had (at all without `block`, or within
  // `timeout_s` seconds). The owner of a recursive mutex enters again at once, whatever the
  // arguments. A permit that is free is taken whatever the timeout. Otherwise the wait ends with a
  // post or at a deadline on CLOCK_REALTIME that is fixed at the call, signals notwithstanding;
  // without a timeout nothing bounds it. A negative timeout is 0; NaN, infinity and what does not
  // fit 63 bits are kOsError EINVAL if the call would have to wait, as on x86-64.
  // kAbandoned: the hook said so. kOsError: any other errno of the wait. (SemLock.acquire)
  Result<bool> Acquire(bool block = true, std::optional<double> timeout_s = std::nullopt,
                       InterruptHook hook = {}) {
    if (timeout_s) return AcquireWithin(*timeout_s, block, hook);
    const int errno_value = Take();
    if (errno_value == 0) return true;
    return AcquireSlowly(errno_value, block, nullptr, hook);
  }

  // Gives a permit back. Waits for no permit; with threads it may wait for another thread's release
  // that is under way, which takes some ns (in short sleeps, should that thread not be run).
  // kAssertionError: a recursive mutex that is not mine.
  // kValueError: the semaphore already has `maxvalue` permits or more; exact among the threads of
  // this process that share the handle, and, as in CPython, not between processes. kOsError:
  // EOVERFLOW, and the object still counts the permit as held. (SemLock.release)
  Result<void> Release() {
    const int failure = GiveBack();
    if (failure == 0) return {};
    return ReleaseError(failure);
  }

  // Acquisitions minus releases by this object, negative if more were released. (SemLock._count)
  int count() const { return count_.Get(); }

  // Whether the count is above zero and the calling thread was the last to acquire. A thread is its
  // pthread_t, so a new thread that was given a dead owner's is the owner; two copies of this
  // library in one process take one thread for two. (SemLock._is_mine)
  bool IsMine() const;

  // The permits that are free now, 0 if there are waiters that count as negative ones. kOsError:
  // sem_getvalue()'s errno. (SemLock._get_value)
  Result<int> GetValue() const;

  // Whether exactly no permit is free. kOsError: sem_getvalue()'s errno. (SemLock._is_zero)
  Result<bool> IsZero() const;

  // For a forked child: forgets the permits that its parent held. Where another thread takes a
  // permit or gives one back in the meantime, one of the two may be lost. (SemLock._after_fork)
  void AfterFork() { count_.Clear(); }

  int kind() const { return kind_; }
  int maxvalue() const { return maxvalue_; }

  // The name as it was given; none if it was unlinked at creation or never was.
  const std::optional<std::string>& name() const { return name_; }

  // The address of the sem_t.
  std::uintptr_t handle() const { return reinterpret_cast<std::uintptr_t>(semaphore_); }

  // The file that holds an unnamed semaphore, owned by this object; -1 for every other.
  int fd() const { return fd_; }

 private:
  SemLock(sem_t* semaphore, int kind, int maxvalue, std::optional<std::string> name, int fd);

  static Result<SemLock> FromOwnedFd(int fd, int kind, int maxvalue, std::optional<int> initial);

  void Close() noexcept;

  // The path of a permit that is free passes plain numbers, and a Result is first made in the
  // caller's own code: 0, an errno, or what ReleaseError() knows besides.
  int Take();
  Result<bool> AcquireWithin(double timeout_s, bool block, InterruptHook hook);
  Result<bool> AcquireSlowly(int errno_value, bool block, const timespec* deadline,
                             InterruptHook hook);
  int GiveBack();
  static Result<void> ReleaseError(int failure);

  // Inline in sem_lock.cc, where all of their callers are.
  inline bool IsCallers(int count) const;
  inline void CountOne(int change);
  inline void TookPermit();
  inline int GiveBackRecursive();
  inline int GiveBackCounting();
  inline int GiveBackWithinBound();
  inline int Post();
  int NotPosted();

  sem_t* semaphore_;
  internal::ReleaseGate* gate_;  // shared by every object on this address; lives for ever
  std::atomic<std::uintptr_t> last_thread_{0};
  internal::HoldCount count_;
  int kind_;
  int maxvalue_;
  int fd_;
  std::optional<std::string> name_;
};

// Removes the name of a semaphore; those who have it open keep it. Does not block. kValueError: a
// NUL in the name. kOsError: sem_unlink()'s errno. (_multiprocessing.sem_unlink)
Result<void> SemUnlink(std::string_view name);

}  // namespace semlock

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_SEM_LOCK_H_
