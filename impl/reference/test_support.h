// SPDX-License-Identifier: MIT
//
// What the tests of this library share: names that vanish, bounded waits, children that are reaped.
#ifndef LOCKSTEP_IMPL_REFERENCE_TEST_SUPPORT_H_
#define LOCKSTEP_IMPL_REFERENCE_TEST_SUPPORT_H_

#include <gtest/gtest.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "semlock/condition.h"
#include "semlock/sem_lock.h"

namespace semlock::testing {

// How long any condition of a test may take: far more than a loaded machine under a sanitizer
// needs.
inline constexpr std::chrono::seconds kPatience{30};

// Whether this program runs under ThreadSanitizer, which has a thread of its own in every process
// and lets a forked child of a process with threads start none.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kUnderThreadSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool kUnderThreadSanitizer = true;
#else
inline constexpr bool kUnderThreadSanitizer = false;
#endif
#else
inline constexpr bool kUnderThreadSanitizer = false;
#endif

// A name with its leading slash that nobody else uses, for one semaphore, one segment, or both;
// they are removed at the end.
class ScopedName {
 public:
  ScopedName();
  ~ScopedName();
  ScopedName(const ScopedName&) = delete;
  ScopedName& operator=(const ScopedName&) = delete;

  const std::string& get() const { return name_; }
  std::string without_slash() const { return name_.substr(1); }
  std::string semaphore_file() const { return "/dev/shm/sem." + without_slash(); }
  std::string segment_file() const { return "/dev/shm" + name_; }

 private:
  std::string name_;
};

// The names of a condition's lock and three semaphores and of an event's flag, and the semaphores,
// made by another implementation for all that the types under test know: `lock_kind` is the lock's,
// and nothing is unlinked before the end.
class NamedSemaphores {
 public:
  explicit NamedSemaphores(int lock_kind);

  const std::string& lock() const { return lock_.get(); }
  ConditionNames condition() const {
    return {sleeping_count_.get(), woken_count_.get(), wait_semaphore_.get()};
  }
  const std::string& flag() const { return flag_.get(); }

  // All five, in the order above.
  std::vector<std::string> all() const;

 private:
  ScopedName lock_, sleeping_count_, woken_count_, wait_semaphore_, flag_;
};

inline std::uintptr_t HandleOf(const LockBase& lock) { return lock.sem_lock().handle(); }
// The semaphore of `lock` as an address again.
void* AddressOf(const SemLock& lock);

// Polls `condition` until it holds; false after kPatience.
bool Eventually(const std::function<bool()>& condition);

// The calling thread's id as the kernel has it.
pid_t CurrentTid();

// Whether thread `tid` of process `pid` sleeps in a futex call on the semaphore at `handle`, an
// address in that process.
bool IsBlockedOn(pid_t pid, pid_t tid, std::uintptr_t handle);

// Whether thread `tid` of this process sleeps for a time, as waiters at a gate do in between.
bool IsAsleep(pid_t tid);

// How many sleepers glibc counts in the semaphore itself; unlike IsBlockedOn() it sees every
// process, and a waiter a little before it sleeps.
std::uint32_t WaiterCount(const SemLock& lock);

// A thread that does nothing, so that the process has more than one.
class ParkedThread {
 public:
  ParkedThread() : thread_([this] { done_.wait(false); }) {}
  ~ParkedThread() {
    done_ = true;
    done_.notify_one();
    thread_.join();
  }
  ParkedThread(const ParkedThread&) = delete;
  ParkedThread& operator=(const ParkedThread&) = delete;

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;  // last: it uses the other
};

// A forked process that runs `body` and exits with what it returns. Killed, if need be, and reaped
// at the end.
class Child {
 public:
  explicit Child(const std::function<int()>& body);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }

  // Waits for the end, for kPatience at most; the exit status, or 128 and the signal, or -1 if it
  // did not end.
  int Wait();

  void Kill(int signal_number);

  // Whether its only thread sleeps in a futex call on the semaphore at `handle`.
  bool IsBlockedOn(std::uintptr_t handle) const;

 private:
  pid_t pid_ = -1;
  bool reaped_ = false;
};

// What a child exits with, to tell what came of a call.
inline constexpr int kYes = 1;
inline constexpr int kNo = 0;
inline constexpr int kFailed = 99;

int StatusOf(const Result<bool>& result);
int StatusOf(const Result<void>& result);  // kYes if it succeeded

// The value of a Result that must be one: otherwise the test program ends with the error.
template <typename T>
T Must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << PythonTypeName(result.error()) << ": " << result.error().message;
    std::abort();
  }
  return std::move(*result);
}
template <>
inline void Must(Result<void> result) {
  Must(result ? Result<bool>(true) : Result<bool>(tl::unexpected<Error>(result.error())));
}

}  // namespace semlock::testing

// That `expression`, a Result, is the error of that class with that message.
#define EXPECT_RAISES(expression, python_type, text)                   \
  do {                                                                 \
    const auto& result_of_call = (expression);                         \
    if (result_of_call.has_value()) {                                  \
      ADD_FAILURE() << #expression " succeeded";                       \
      break;                                                           \
    }                                                                  \
    EXPECT_STREQ(PythonTypeName(result_of_call.error()), python_type); \
    EXPECT_EQ(result_of_call.error().message, text);                   \
  } while (false)

// That `expression`, a Result, is an OSError with that errno.
#define EXPECT_OS_ERROR(expression, expected_errno)                       \
  do {                                                                    \
    const auto& result_of_call = (expression);                            \
    if (result_of_call.has_value()) {                                     \
      ADD_FAILURE() << #expression " succeeded";                          \
      break;                                                              \
    }                                                                     \
    EXPECT_EQ(result_of_call.error().type, semlock::ErrorType::kOsError); \
    EXPECT_EQ(result_of_call.error().errno_value, expected_errno);        \
  } while (false)

#endif  // LOCKSTEP_IMPL_REFERENCE_TEST_SUPPORT_H_
