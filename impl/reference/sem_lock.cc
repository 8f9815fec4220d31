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

// What a release may come to beside an errno.
constexpr int kNotMine = -1;
constexpr int kTooOften = -2;

static_assert(sizeof(time_t) == sizeof(std::int64_t), "deadlines need 64-bit seconds");

// The calling thread, as PyThread_get_thread_ident() has it: the pthread_t as a number.
#ifdef SEMLOCK_ASKS_PTHREAD_SELF
// For a platform without static thread-local storage, and for whoever puts a pthread_self() of his own in its place.
std::uintptr_t CurrentThread() {
  static_assert(sizeof(pthread_t) == sizeof(std::uintptr_t));
  return reinterpret_cast<std::uintptr_t>(pthread_self());
}
#else
// An address at a fixed distance from what the pthread_t denotes stands for it, as glibc and musl keep
// that and a thread's static variables in one piece of memory, which a later thread is given as a
// whole. To call pthread_self() instead would be a good part of what an acquire costs beside its
// atomic operation.
[[gnu::tls_model("initial-exec")]] constinit thread_local const char mark_of_thread = 0;

std::uintptr_t CurrentThread() { return reinterpret_cast<std::uintptr_t>(&mark_of_thread); }
#endif

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

// Goes on from an attempt that came to `errno_value`: repeats `attempt` (0 or an errno) while a
// signal interrupts it and the hook goes on. Each repetition takes a signal, and the deadline of a
// timed wait stays where it was.
template <typename Call>
Attempt RetryInterrupted(int errno_value, Call attempt, InterruptHook hook) {
  while (errno_value == EINTR) {
    if (hook.Abandons()) return {EINTR, true};
    errno_value = attempt();
  }
  return {errno_value, false};
}

int ErrnoOf(int status) { return status == 0 ? 0 : errno; }

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
      count_(other.count_),
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
  count_ = other.count_;
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

bool SemLock::IsMine() const { return IsCallers(count_.Get()); }

// With the count as it was read, to be read before the owner.
bool SemLock::IsCallers(int count) const {
  // Once a thread that is not the owner reads a count above zero, it synchronizes with whoever
  // raised it, who had stored itself as owner before: it cannot still see its own, older mark.
  return count > 0 && last_thread_.load(std::memory_order_relaxed) == CurrentThread();
}

// The count of a recursive mutex is its owner's to change, and the next owner comes in by the post,
// after the last change. Several owners, of a mutex of several permits, can lose changes where
// their calls overlap.
void SemLock::CountOne(int change) {
  if (kind_ == kRecursiveMutex) {
    count_.AddAlone(change);
  } else {
    count_.Add(change, CurrentThread());
  }
}

void SemLock::TookPermit() {
  // The owner first, then the count: a thread that owned the mutex before us finds its own mark
  // until we overwrite it, and would pass for the owner if the count went up earlier.
  last_thread_.store(CurrentThread(), std::memory_order_relaxed);
  // An addition, not a store of 1: threads that hold other permits are in this count too.
  CountOne(1);
}

int SemLock::Take() {
  if (kind_ == kRecursiveMutex && IsCallers(count_.Get())) {
    CountOne(1);
    return 0;
  }
  if (sem_trywait(semaphore_) != 0) return errno;
  TookPermit();
  return 0;
}

Result<bool> SemLock::AcquireWithin(double timeout_s, bool block, InterruptHook hook) {
  if (kind_ == kRecursiveMutex && IsCallers(count_.Get())) {
    CountOne(1);
    return true;
  }
  timeval now{};
  if (gettimeofday(&now, nullptr) < 0) return OsError(errno);
  const timespec deadline = ToTimespec(internal::DeadlineAfter(now.tv_sec, now.tv_usec, timeout_s));
  // A permit that is there is taken without a look at the deadline, which may not even be valid.
  return AcquireSlowly(ErrnoOf(sem_trywait(semaphore_)), block, &deadline, hook);
}

// Goes on from a first attempt that came to `errno_value`.
Result<bool> SemLock::AcquireSlowly(int errno_value, bool block, const timespec* deadline,
                                    InterruptHook hook) {
  const auto look = [this] { return ErrnoOf(sem_trywait(semaphore_)); };
  const auto wait = [this, deadline] {
    return ErrnoOf(deadline != nullptr ? sem_timedwait(semaphore_, deadline)
                                       : sem_wait(semaphore_));
  };
  Attempt attempt = RetryInterrupted(errno_value, look, hook);
  if (attempt.errno_value == EAGAIN && block) attempt = RetryInterrupted(wait(), wait, hook);
  if (attempt.abandoned) return Abandoned();
  if (attempt.errno_value == EAGAIN || attempt.errno_value == ETIMEDOUT) return false;
  if (attempt.errno_value != 0) return OsError(attempt.errno_value);
  TookPermit();
  return true;
}

int SemLock::GiveBack() {
  return kind_ == kRecursiveMutex ? GiveBackRecursive() : GiveBackCounting();
}

int SemLock::GiveBackRecursive() {
  const int count = count_.Get();
  if (!IsCallers(count)) return kNotMine;
  CountOne(-1);
  return count > 1 ? 0 : Post();
}

int SemLock::GiveBackCounting() {
  // Two threads that both read a value below the maximum would both post. Not so if the maximum is
  // the semaphore's own, which sem_post() itself refuses to pass, nor if there is one thread. Other
  // processes still can, as under CPython's interpreter lock.
  if (maxvalue_ >= kSemValueMax || internal::IsSingleThreaded()) return GiveBackWithinBound();
  const internal::InsideGate inside(*gate_);
  return GiveBackWithinBound();
}

int SemLock::GiveBackWithinBound() {
  int value = 0;
  if (sem_getvalue(semaphore_, &value) < 0) return errno;
  if (value >= maxvalue_) return kTooOften;
  CountOne(-1);
  return Post();
}

// Gives back a permit that the count no longer has.
//
// The count goes down before the post, never after it: the post lets the next owner in, who would
// find a count that still has our permit in it. For the recursive kind that makes 2, and the next
// owner's release would take itself for an inner one and post nothing: a permit lost for ever.
int SemLock::Post() { return sem_post(semaphore_) == 0 ? 0 : NotPosted(); }

int SemLock::NotPosted() {
  const int errno_value = errno;
  // Nothing was given back, so it is still held (semlock_release counts down after the post).
  CountOne(1);
  // Above the semaphore's own maximum there is nothing, so that is the check come late: another has
  // posted since we read the value. For any other maximum it is what CPython says then.
  const bool was_bound = kind_ != kRecursiveMutex && maxvalue_ >= kSemValueMax;
  return errno_value == EOVERFLOW && was_bound ? kTooOften : errno_value;
}

Result<void> SemLock::ReleaseError(int failure) {
  if (failure == kNotMine) {
    return AssertionError("attempt to release recursive lock not owned by thread");
  }
  if (failure == kTooOften) return ValueError("semaphore or lock released too many times");
  return OsError(failure);
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
