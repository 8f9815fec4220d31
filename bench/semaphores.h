// SPDX-License-Identifier: MIT
// The semaphores that SemLock is measured against, all of one shape: they may lie in memory that processes
// share, and TryWait(), Wait() and Post() do what sem_trywait(), sem_wait() and sem_post() do.
#ifndef LOCKSTEP_BENCH_SEMAPHORES_H_
#define LOCKSTEP_BENCH_SEMAPHORES_H_

#include <linux/futex.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <new>
#include <utility>

#include "harness/os/result.h"

// Debian's libboost-dev; without it Boost's semaphore is not measured.
#if __has_include(<boost/interprocess/sync/interprocess_semaphore.hpp>)
#include <boost/interprocess/sync/interprocess_semaphore.hpp>
#define LOCKSTEP_BENCH_HAS_BOOST 1
#else
#define LOCKSTEP_BENCH_HAS_BOOST 0
#endif

namespace lockstep::bench {

// A T in memory of its own that is shared with the children forked from here on. Without a name.
template <class T>
class SharedObject {
 public:
  template <class... Args>
  explicit SharedObject(Args&&... args) {
    void* const memory = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    object_ = new (memory) T(std::forward<Args>(args)...);
  }
  ~SharedObject() {
    object_->~T();
    ::munmap(object_, sizeof(T));
  }
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;

  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }

 private:
  T* object_;
};

// The C library's, without a name.
class RawSemaphore {
 public:
  explicit RawSemaphore(unsigned value) { CHECK(::sem_init(&semaphore_, 1, value) == 0); }
  ~RawSemaphore() { ::sem_destroy(&semaphore_); }
  RawSemaphore(const RawSemaphore&) = delete;
  RawSemaphore& operator=(const RawSemaphore&) = delete;

  bool TryWait() { return ::sem_trywait(&semaphore_) == 0; }
  void Wait() {
    while (::sem_wait(&semaphore_) != 0) CHECK(errno == EINTR);
  }
  void Post() { CHECK(::sem_post(&semaphore_) == 0); }
  int value() {
    int value = 0;
    CHECK(::sem_getvalue(&semaphore_, &value) == 0);
    return value;
  }
  sem_t* get() { return &semaphore_; }

 private:
  sem_t semaphore_;
};

// The least that a semaphore between processes can be made of: a value, a count of those who wait, and a
// system call only where somebody has to sleep or to be woken.
class FutexSemaphore {
 public:
  explicit FutexSemaphore(std::uint32_t value) : value_(value) {}

  bool TryWait() {
    std::uint32_t value = value_.load(std::memory_order_relaxed);
    while (value > 0) {
      if (value_.compare_exchange_weak(value, value - 1, std::memory_order_acquire, std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  void Wait() {
    if (TryWait()) return;
    // Announced before the kernel looks at the value: a post either sees us or has raised the value by then.
    waiters_.fetch_add(1);
    while (!TryWait()) Call(FUTEX_WAIT, 0);
    waiters_.fetch_sub(1);
  }

  void Post() {
    value_.fetch_add(1);
    if (waiters_.load() > 0) Call(FUTEX_WAKE, 1);
  }

 private:
  // Asleep while the value is `argument`, or waking so many. However it ends, the value is looked at again.
  void Call(int operation, std::uint32_t argument) {
    static_assert(sizeof value_ == sizeof(std::uint32_t) && std::atomic<std::uint32_t>::is_always_lock_free);
    ::syscall(SYS_futex, &value_, operation, argument, nullptr, nullptr, 0);
  }

  std::atomic<std::uint32_t> value_;
  std::atomic<std::uint32_t> waiters_{0};
};

#if LOCKSTEP_BENCH_HAS_BOOST
// Boost.Interprocess's, which is a sem_t in Linux.
class BoostSemaphore {
 public:
  explicit BoostSemaphore(unsigned value) : semaphore_(value) {}
  bool TryWait() { return semaphore_.try_wait(); }
  void Wait() { semaphore_.wait(); }
  void Post() { semaphore_.post(); }

 private:
  boost::interprocess::interprocess_semaphore semaphore_;
};
#endif

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_SEMAPHORES_H_
