// SPDX-License-Identifier: MIT
#include "semlock/sem_lock.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "deadline.h"
#include "errors.h"
#include "release_gate.h"

namespace semlock {
namespace {

using internal::Abandoned;
using internal::AssertionError;
using internal::EmbeddedNull;
using internal::HasEmbeddedNull;
using internal::OsError;
using internal::ValueError;

constexpr char kReleasedTooOften[] = "semaphore or lock released too many times";

static_assert(sizeof(time_t) == sizeof(std::int64_t), "deadlines need 64-bit seconds");

// PyThread_get_thread_ident(): the pthread_t as a number.
std::uintptr_t CurrentThread() {
  static_assert(sizeof(pthread_t) == sizeof(std::uintptr_t));
  return reinterpret_cast<std::uintptr_t>(pthread_self());
}

bool KnownKind(int kind) { return kind == kRecursiveMutex || kind == kSemaphore; }

timespec ToTimespec(const internal::Deadline& deadline) {
  timespec result{};
  result.tv_sec = static_cast<time_t>(deadline.seconds);
  result.tv_nsec = static_cast<decltype(result.tv_nsec)>(deadline.nanoseconds);
  return result;
}

// What came of one or more attempts at the semaphore.
struct Attempt {
  int errno_value = 0;  // 0: the permit is ours
  bool abandoned = false;
};

// Repeats `attempt` (0, or -1 and errno) while a signal interrupts it and the hook goes on. Each
// repetition takes a signal, and the deadline of a timed wait stays where it was.
template <typename Call>
Attempt RetryInterrupted(Call attempt, InterruptHook hook) {
  for (;;) {
    if (attempt() == 0) return {};
    const int errno_value = errno;
    if (errno_value != EINTR) return {errno_value, false};
    if (hook.Abandons()) return {EINTR, true};
  }
}

}  // namespace

SemLock::SemLock(sem_t* semaphore, int kind, int maxvalue, std::optional<std::string> name, int fd)
    : semaphore_(semaphore),
      gate_(internal::ReleaseGate::For(semaphore)),
      kind_(kind),
      maxvalue_(maxvalue),
      fd_(fd),
      name_(std::move(name)) {}

SemLock::SemLock(SemLock&& other) noexcept
    : semaphore_(std::exchange(other.semaphore_, nullptr)),
      gate_(other.gate_),
      last_thread_(other.last_thread_.load(std::memory_order_relaxed)),
      count_(other.count_.load(std::memory_order_relaxed)),
      kind_(other.kind_),
      maxvalue_(other.maxvalue_),
      fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)) {}

SemLock& SemLock::operator=(SemLock&& other) noexcept {
  if (this == &other) return *this;
  Close();
  semaphore_ = std::exchange(other.semaphore_, nullptr);
  gate_ = other.gate_;
  last_thread_.store(other.last_thread_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  count_.store(other.count_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  kind_ = other.kind_;
  maxvalue_ = other.maxvalue_;
  fd_ = std::exchange(other.fd_, -1);
  name_ = std::move(other.name_);
  return *this;
}

SemLock::~SemLock() { Close(); }

void SemLock::Close() noexcept {
  if (fd_ >= 0) {
    // Not sem_destroy(): the semaphore goes on in the processes that have its file.
    munmap(semaphore_, sizeof(sem_t));
    close(fd_);
  } else if (semaphore_ != SEM_FAILED) {
    // An address that sem_open() never returned is refused with EINVAL, unread.
    sem_close(semaphore_);
  }
  semaphore_ = nullptr;
  fd_ = -1;
}

Result<SemLock> SemLock::Create(int kind, int value, int maxvalue, std::string name, bool unlink) {
  // The argument parser sees the name before the function sees the kind (semlock_new).
  if (HasEmbeddedNull(name)) return EmbeddedNull();
  if (!KnownKind(kind)) return ValueError("unrecognized kind");
  sem_t* const semaphore =
      sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, static_cast<unsigned int>(value));
  if (semaphore == SEM_FAILED) return OsError(errno);
  if (!unlink) return SemLock(semaphore, kind, maxvalue, std::move(name), -1);
  if (sem_unlink(name.c_str()) < 0) {
    const int errno_value = errno;
    sem_close(semaphore);
    return OsError(errno_value);
  }
  return SemLock(semaphore, kind, maxvalue, std::nullopt, -1);
}

Result<SemLock> SemLock::Rebuild(std::uintptr_t handle, int kind, int maxvalue,
                                 std::optional<std::string> name) {
  if (!name) {
    // A handle is an address that has travelled as a number.
    auto* const semaphore = reinterpret_cast<sem_t*>(handle);  // NOLINT(performance-no-int-to-ptr)
    return SemLock(semaphore, kind, maxvalue, std::nullopt, -1);
  }
  if (HasEmbeddedNull(*name)) return EmbeddedNull();
  sem_t* const semaphore = sem_open(name->c_str(), 0);
  if (semaphore == SEM_FAILED) return OsError(errno);
  return SemLock(semaphore, kind, maxvalue, std::move(name), -1);
}

Result<SemLock> SemLock::CreateUnnamed(int kind, int value, int maxvalue) {
  if (!KnownKind(kind)) return ValueError("unrecognized kind");
  const int fd = memfd_create("semlock", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return OsError(errno);
  // Sealed, so that nobody who is given the file can shrink it under a waiter (SIGBUS).
  if (ftruncate(fd, sizeof(sem_t)) < 0 ||
      fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
    const int errno_value = errno;
    close(fd);
    return OsError(errno_value);
  }
  return FromOwnedFd(fd, kind, maxvalue, value);
}

Result<SemLock> SemLock::RebuildFromFd(int fd, int kind, int maxvalue) {
  struct stat status {};
  if (fstat(fd, &status) < 0) return OsError(errno);
  // A mapping reaches to the end of its page whatever the file's size, but what lies beyond the end
  // is not shared, and a file that is too short is not a semaphore of ours.
  if (status.st_size != static_cast<off_t>(sizeof(sem_t))) return OsError(EINVAL);
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return OsError(errno);
  return FromOwnedFd(own, kind, maxvalue, std::nullopt);
}

// Maps the semaphore in `fd`, which the object owns from now on, and initialises it if a value is
// given.
Result<SemLock> SemLock::FromOwnedFd(int fd, int kind, int maxvalue, std::optional<int> initial) {
  void* const memory = mmap(nullptr, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    const int errno_value = errno;
    close(fd);
    return OsError(errno_value);
  }
  SemLock lock(static_cast<sem_t*>(memory), kind, maxvalue, std::nullopt, fd);
  // A negative value becomes an unsigned one above SEM_VALUE_MAX: EINVAL, as POSIX has it.
  if (initial && sem_init(lock.semaphore_, 1, static_cast<unsigned int>(*initial)) < 0) {
    return OsError(errno);
  }
  return lock;
}

bool SemLock::IsMine() const {
  // Once a thread that is not the owner reads a count above zero, it synchronizes with whoever
  // raised it, who had stored itself as owner before: it cannot still see its own, older mark.
  return count_.load(std::memory_order_acquire) > 0 &&
         last_thread_.load(std::memory_order_relaxed) == CurrentThread();
}

void SemLock::TookPermit() {
  // The owner first, then the count: a thread that owned the mutex before us finds its own mark
  // until we overwrite it, and would pass for the owner if the count went up earlier.
  last_thread_.store(CurrentThread(), std::memory_order_relaxed);
  // An addition, not a store of 1: threads that hold other permits count on this word too.
  count_.fetch_add(1, std::memory_order_release);
}

Result<bool> SemLock::Acquire(bool block, std::optional<double> timeout_s, InterruptHook hook) {
  if (kind_ == kRecursiveMutex && IsMine()) {
    count_.fetch_add(1, std::memory_order_release);
    return true;
  }
  timespec deadline{};
  if (timeout_s) {
    timeval now{};
    if (gettimeofday(&now, nullptr) < 0) return OsError(errno);
    deadline = ToTimespec(internal::DeadlineAfter(now.tv_sec, now.tv_usec, *timeout_s));
  }
  // A permit that is there is taken without a look at the deadline, which may not even be valid.
  Attempt attempt = RetryInterrupted([this] { return sem_trywait(semaphore_); }, hook);
  if (attempt.errno_value == EAGAIN && block) {
    attempt = RetryInterrupted(
        [&] { return timeout_s ? sem_timedwait(semaphore_, &deadline) : sem_wait(semaphore_); },
        hook);
  }
  if (attempt.abandoned) return Abandoned();
  if (attempt.errno_value == EAGAIN || attempt.errno_value == ETIMEDOUT) return false;
  if (attempt.errno_value != 0) return OsError(attempt.errno_value);
  TookPermit();
  return true;
}

Result<void> SemLock::Release() {
  return kind_ == kRecursiveMutex ? ReleaseRecursive() : ReleaseCounting();
}

Result<void> SemLock::ReleaseRecursive() {
  int count = count_.load(std::memory_order_acquire);
  do {
    if (!IsMine()) {
      return AssertionError("attempt to release recursive lock not owned by thread");
    }
    // A sole owner never fails this exchange. With several (a mutex of several permits) another may
    // have come in since we looked, and then it, not we, is the owner.
  } while (!count_.compare_exchange_weak(count, count - 1, std::memory_order_acq_rel,
                                         std::memory_order_acquire));
  if (count > 1) return {};
  return Post();
}

Result<void> SemLock::ReleaseCounting() {
  // Two threads that both read a value below the maximum would both post. Other processes still
  // can, as under CPython's interpreter lock.
  const internal::InsideGate inside(*gate_);
  int value = 0;
  if (sem_getvalue(semaphore_, &value) < 0) return OsError(errno);
  if (value >= maxvalue_) return ValueError(kReleasedTooOften);
  count_.fetch_sub(1, std::memory_order_release);
  return Post();
}

// Gives back a permit that the count no longer has.
//
// The count goes down before the post, never after it: the post lets the next owner in, who would
// find a count that still has our permit in it. For the recursive kind that makes 2, and the next
// owner's release would take itself for an inner one and post nothing: a permit lost for ever.
Result<void> SemLock::Post() {
  if (sem_post(semaphore_) == 0) return {};
  const int errno_value = errno;
  // Nothing was given back, so it is still held (semlock_release counts down after the post).
  count_.fetch_add(1, std::memory_order_release);
  return OsError(errno_value);
}

Result<int> SemLock::GetValue() const {
  int value = 0;
  if (sem_getvalue(semaphore_, &value) < 0) return OsError(errno);
  return value < 0 ? 0 : value;
}

Result<bool> SemLock::IsZero() const {
  int value = 0;
  if (sem_getvalue(semaphore_, &value) < 0) return OsError(errno);
  return value == 0;
}

Result<void> SemUnlink(std::string_view name) {
  if (HasEmbeddedNull(name)) return EmbeddedNull();
  if (sem_unlink(std::string(name).c_str()) < 0) return OsError(errno);
  return {};
}

}  // namespace semlock
