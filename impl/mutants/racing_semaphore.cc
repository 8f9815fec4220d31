// SPDX-License-Identifier: MIT
#include "racing_semaphore.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

#include "defect.h"

namespace lockstep::mutants {
namespace {

struct Words {
  std::atomic<std::uint32_t> value;
  std::atomic<std::uint32_t> waiters;
  std::uint32_t is_private;
  std::atomic<std::uint32_t> flag;  // of some defects: a lock, or that somebody is about to wake
};
static_assert(sizeof(Words) <= sizeof(sem_t));

Words& WordsOf(sem_t* semaphore) { return *reinterpret_cast<Words*>(semaphore); }

int Fail(int errno_value) {
  errno = errno_value;
  return -1;
}

// Sleeps while the value is `expected`: 0 when woken, else the errno.
int Sleep(Words& words, std::uint32_t expected, const timespec* deadline) {
  if (deadline != nullptr && deadline->tv_sec < 0) return ETIMEDOUT;
  const long result = syscall(SYS_futex, &words.value, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME,
                              expected, deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 ? 0 : errno;
}

bool IsOver(const timespec& deadline) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec != deadline.tv_sec ? now.tv_sec > deadline.tv_sec
                                       : now.tv_nsec >= deadline.tv_nsec;
}

// The lock that two defects have around each step, though never around a sleep.
class StepLock {
 public:
  explicit StepLock(Words& words) : words_(words) {
    if (Is("lock-in-the-page")) {
      while (words_.flag.exchange(1) != 0) sched_yield();
    }
    if (Is("lock-over-fork")) {
      OfProcess().lock();
      Linger();
    }
  }
  ~StepLock() {
    if (Is("lock-in-the-page")) words_.flag.store(0);
    if (Is("lock-over-fork")) OfProcess().unlock();
  }
  StepLock(const StepLock&) = delete;
  StepLock& operator=(const StepLock&) = delete;

 private:
  static std::mutex& OfProcess() {
    static std::mutex mutex;
    return mutex;
  }

  Words& words_;
};

// --- Taking.

// Takes first and looks then; `had` says of the value before whether there was a permit.
template <typename Had>
bool Overdraw(Words& words, Had had) {
  if (had(words.value.fetch_sub(1))) return true;
  Linger();
  words.value.fetch_add(1);
  return false;
}

bool Take(Words& words, bool was_woken) {
  const StepLock lock(words);
  if (Is("overdraft-is-visible"))
    return Overdraw(words, [](std::uint32_t had) { return static_cast<std::int32_t>(had) > 0; });
  if (Is("overdraft-is-lent")) return Overdraw(words, [](std::uint32_t had) { return had != 0; });
  std::uint32_t value = words.value.load();
  while (value > 0) {
    if (was_woken && Is("woken-take-not-atomic")) {
      Linger();
      words.value.store(value - 1);
      return true;
    }
    if (words.value.compare_exchange_strong(value, value - 1)) return true;
    if (Is("try-gives-up-after-lost-race")) return false;
  }
  return false;
}

// --- Waiting.

void Register(Words& words) {
  if (!Is("waiters-not-atomic")) {
    words.waiters.fetch_add(1);
    return;
  }
  const std::uint32_t seen = words.waiters.load();
  Linger();
  words.waiters.store(seen + 1);
}

void Deregister(Words& words) { words.waiters.fetch_sub(1); }

// A wait that ends without a permit, but for one defect.
int GiveUp(Words& words, int error) {
  if (error == ETIMEDOUT && Is("timeout-keeps-late-permit")) Take(words, false);
  if (error == ETIMEDOUT && Is("late-permit-uncounts-twice") && Take(words, false)) {
    Deregister(words);
    Deregister(words);
    return 0;
  }
  if (error == EINTR && Is("interrupted-keeps-late-permit")) Take(words, false);
  if (error == EINTR && Is("interrupted-forgets-waiters")) {
    words.waiters.store(0);
  } else {
    Deregister(words);
  }
  return Fail(error);
}

int WaitForOne(Words& words, const timespec* deadline) {
  if (Take(words, false)) return 0;
  Register(words);
  for (bool was_woken = false;;) {
    if (Take(words, was_woken)) break;
    const std::uint32_t expected = Is("sleeps-on-what-it-finds") ? words.value.load() : 0;
    const int slept = Sleep(words, expected, deadline);
    if (slept == EAGAIN && Is("eagain-is-taken")) break;
    if (slept != 0 && slept != EAGAIN) return GiveUp(words, slept);
    was_woken = slept == 0;
    const bool late = was_woken && deadline != nullptr && IsOver(*deadline);
    if (late && Is("timeout-keeps-the-wake")) return GiveUp(words, ETIMEDOUT);
  }
  Deregister(words);
  return 0;
}

// --- Posting.

// False: the value is the greatest that there is.
bool Raise(Words& words) {
  std::uint32_t seen = words.value.load();
  while (seen != static_cast<std::uint32_t>(SEM_VALUE_MAX)) {
    if (Is("raise-not-atomic-when-waited-for") && words.waiters.load() != 0) {
      Linger();
      words.value.store(seen + 1);
      return true;
    }
    if (words.value.compare_exchange_strong(seen, seen + 1)) return true;
    if (Is("post-lost-with-race")) return true;
    if (Is("post-twice-after-lost-race")) {
      words.value.fetch_add(2);
      return true;
    }
  }
  return false;
}

int Post(Words& words) {
  const StepLock lock(words);
  const bool looks_first = Is("waiters-read-before-raise");
  const bool someone_waited = words.waiters.load() != 0;
  if (looks_first) Linger();
  if (!Raise(words)) return Fail(EOVERFLOW);
  const bool wakes = looks_first ? someone_waited : words.waiters.load() != 0;
  if (!wakes) return 0;
  if (Is("wake-in-flight")) {
    if (words.flag.exchange(1) != 0) return 0;
    Linger();
    words.flag.store(0);
  }
  const long woken = syscall(SYS_futex, &words.value, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  return woken < 0 && Is("failed-wake-fails-release") ? -1 : 0;
}

}  // namespace

bool UsesRacingSemaphore() { return IsKind(Kind::kRace) || Is("own-races"); }

int RacingPost(sem_t* semaphore) { return Post(WordsOf(semaphore)); }

int RacingTryWait(sem_t* semaphore) { return Take(WordsOf(semaphore), false) ? 0 : Fail(EAGAIN); }

int RacingWait(sem_t* semaphore, const timespec* deadline) {
  return WaitForOne(WordsOf(semaphore), deadline);
}

void Linger() {
  constexpr int kPauses = 50;
  for (int i = 0; i < kPauses; ++i) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
  }
}

}  // namespace lockstep::mutants
