// SPDX-License-Identifier: MIT
#include "futex_semaphore.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>

#include "defect.h"
#include "racing_semaphore.h"

namespace lockstep::mutants {
namespace {

struct Words {
  std::atomic<std::uint32_t> value;
  std::atomic<std::uint32_t> waiters;
  std::uint32_t is_private;
  std::atomic<std::uint32_t> promised;  // to waiters: taken by them, or lost
  std::atomic<std::int32_t> holder;     // of the robust one: who took last
};
static_assert(sizeof(Words) <= sizeof(sem_t));

constexpr std::int64_t kNsPerS = 1'000'000'000;
constexpr std::int64_t kTickNs = 16'000'000;
constexpr std::int64_t kLookForTheDeadNs = 5'000'000;

Words& WordsOf(sem_t* semaphore) { return *reinterpret_cast<Words*>(semaphore); }

int Fail(int errno_value) {
  errno = errno_value;
  return -1;
}

int PrivateFlag() { return Is("wake-private") ? FUTEX_PRIVATE_FLAG : 0; }

// Sleeps while the word is `expected`: 0 when woken, else EAGAIN, EINTR or ETIMEDOUT.
int Sleep(std::atomic<std::uint32_t>* word, std::uint32_t expected, const timespec* deadline) {
  if (deadline != nullptr && deadline->tv_sec < 0) return ETIMEDOUT;
  const int operation = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME | PrivateFlag();
  const long result =
      syscall(SYS_futex, word, operation, expected, deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 ? 0 : errno;
}

void Wake(std::atomic<std::uint32_t>* word, int how_many) {
  if (Is("post-without-wake")) return;
  syscall(SYS_futex, word, FUTEX_WAKE | PrivateFlag(), how_many, nullptr, nullptr, 0);
}

timespec Now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

timespec After(timespec time, std::int64_t nanoseconds) {
  const std::int64_t sum = time.tv_nsec + nanoseconds;
  return {time.tv_sec + sum / kNsPerS, sum % kNsPerS};
}

bool IsBefore(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

// Whether a process has ended, be it reaped or not.
bool IsDead(std::int32_t pid) {
  if (kill(pid, 0) != 0 && errno == ESRCH) return true;
  std::FILE* const file = std::fopen(("/proc/" + std::to_string(pid) + "/stat").c_str(), "re");
  if (file == nullptr) return true;
  char state = '?';
  const int read = std::fscanf(file, "%*d (%*[^)]) %c", &state);
  std::fclose(file);
  return read == 1 && (state == 'Z' || state == 'X');
}

bool LowerUnlessZero(std::atomic<std::uint32_t>* word) {
  std::uint32_t seen = word->load();
  while (seen > 0) {
    if (word->compare_exchange_weak(seen, seen - 1)) return true;
  }
  return false;
}

// Takes over from a holder that is dead.
bool TakeFromTheDead(Words& words) {
  std::int32_t holder = words.holder.load();
  return holder > 0 && words.value.load() == 0 && IsDead(holder) &&
         words.holder.compare_exchange_strong(holder, getpid());
}

bool TryTake(Words& words) {
  std::uint32_t value = words.value.load();
  while (value > 0) {
    if (Is("take-not-atomic")) {
      sched_yield();
      words.value.store(value - 1);
      return true;
    }
    if (words.value.compare_exchange_weak(value, value - 1)) {
      if (Is("robust")) words.holder.store(getpid());
      return true;
    }
  }
  return Is("robust") && TakeFromTheDead(words);
}

// --- Posts are fought for, as glibc has it.

// How long to sleep at the most: some defects look up now and then.
const timespec* NextLook(const timespec* deadline, timespec* look) {
  if (Is("robust")) {
    *look = After(Now(), kLookForTheDeadNs);
    return deadline != nullptr && IsBefore(*deadline, *look) ? deadline : look;
  }
  if (Is("timeout-by-16-ms-ticks") && deadline != nullptr) {
    *look = After(Now(), kTickNs);
    return look;
  }
  return deadline;
}

// One sleep: 0 to look again, or the errno that ends the wait. `taken`: the permit is ours.
int SleepOnce(Words& words, const timespec* deadline, bool* taken) {
  if (Is("waiters-are-a-flag")) words.waiters.store(1);
  timespec look{};
  const timespec* until = NextLook(deadline, &look);
  const int slept = Sleep(&words.value, 0, until);
  if (slept == 0 && Is("woken-does-not-look")) {
    words.value.fetch_sub(1);
    *taken = true;
    return 0;
  }
  if (slept == EINTR && Is("eintr-is-success")) {
    *taken = true;
    return 0;
  }
  if (slept == ETIMEDOUT && until == &look) {
    return deadline != nullptr && !IsBefore(Now(), *deadline) ? ETIMEDOUT : 0;
  }
  return slept == EAGAIN ? 0 : slept;
}

int FightForIt(Words& words, const timespec* deadline) {
  const bool counts = !Is("waiters-are-a-flag");
  bool taken = TryTake(words);
  if (taken) return 0;
  if (counts) words.waiters.fetch_add(1);
  int error = 0;
  while (!taken && error == 0) {
    error = SleepOnce(words, deadline, &taken);
    if (error == 0 && !taken) taken = TryTake(words);
  }
  if (counts) words.waiters.fetch_sub(1);
  const bool stays = (error == ETIMEDOUT && Is("timeout-swallows-permit")) ||
                     (error == EINTR && Is("eintr-swallows-permit"));
  if (stays) words.promised.fetch_add(1);
  return error == 0 ? 0 : Fail(error);
}

// Raises the value by `permits`: what it was before, or nothing when it would pass its greatest.
bool Raise(Words& words, std::uint32_t permits, std::uint32_t* before) {
  *before = words.value.load();
  do {
    if (*before > static_cast<std::uint32_t>(SEM_VALUE_MAX) - permits) return false;
    if (Is("post-not-atomic")) {
      sched_yield();
      words.value.store(*before + permits);
      return true;
    }
    if (Is("post-counts-once")) {
      words.value.store(1);
      return true;
    }
  } while (!words.value.compare_exchange_weak(*before, *before + permits));
  return true;
}

int PostForAll(Words& words) {
  const std::uint32_t waiters = words.waiters.load();
  if (LowerUnlessZero(&words.promised)) return 0;  // to who waits no more
  if (Is("robust")) words.holder.store(0);
  if (Is("wake-before-post")) {
    Wake(&words.value, 1);
    sched_yield();
  }
  const std::uint32_t permits = Is("post-serves-all") && waiters > 1 ? waiters : 1;
  std::uint32_t before = 0;
  if (!Raise(words, permits, &before)) return Fail(EOVERFLOW);
  if (Is("wake-before-post") || (Is("wake-at-zero-alone") && before != 0)) return 0;
  const bool someone =
      Is("waiters-are-a-flag") ? words.waiters.exchange(0) != 0 : words.waiters.load() != 0;
  if (someone) Wake(&words.value, static_cast<int>(permits));
  return 0;
}

// --- Posts are handed to waiters, as in many a textbook.

int PostByHand(Words& words) {
  if (LowerUnlessZero(&words.waiters)) {
    words.promised.fetch_add(1);
    Wake(&words.promised, 1);
    return 0;
  }
  std::uint32_t before = 0;
  return Raise(words, 1, &before) ? 0 : Fail(EOVERFLOW);
}

int WaitToBeServed(Words& words, const timespec* deadline) {
  if (TryTake(words)) return 0;
  words.waiters.fetch_add(1);
  // Who posted in between saw no waiter.
  if (TryTake(words) && LowerUnlessZero(&words.waiters)) return 0;
  for (;;) {
    if (LowerUnlessZero(&words.promised)) return 0;
    const int slept = Sleep(&words.promised, 0, deadline);
    if (slept == 0 || slept == EAGAIN) continue;
    if (LowerUnlessZero(&words.waiters)) return Fail(slept);
    // Nobody waits by that count any more: we were served at the last moment.
  }
}

}  // namespace

bool UsesOwnSemaphore() {
  return IsKind(Kind::kFutex) || Is("own-semaphore") || UsesRacingSemaphore();
}

int OwnPost(sem_t* semaphore) {
  if (UsesRacingSemaphore()) return RacingPost(semaphore);
  Words& words = WordsOf(semaphore);
  return Is("dead-waiter-served") ? PostByHand(words) : PostForAll(words);
}

int OwnTryWait(sem_t* semaphore) {
  if (UsesRacingSemaphore()) return RacingTryWait(semaphore);
  return TryTake(WordsOf(semaphore)) ? 0 : Fail(EAGAIN);
}

int OwnWait(sem_t* semaphore, const timespec* deadline) {
  const bool valid = deadline == nullptr || (deadline->tv_nsec >= 0 && deadline->tv_nsec < kNsPerS);
  if (!valid) return Fail(EINVAL);
  if (UsesRacingSemaphore()) return RacingWait(semaphore, deadline);
  Words& words = WordsOf(semaphore);
  return Is("dead-waiter-served") ? WaitToBeServed(words, deadline) : FightForIt(words, deadline);
}

int WaitersOf(const sem_t* semaphore) {
  return static_cast<int>(reinterpret_cast<const Words*>(semaphore)->waiters.load());
}

}  // namespace lockstep::mutants
