// SPDX-License-Identifier: MIT
//
// What other threads could see between any two instructions of an acquire and a release. A child
// that shares the object with this process is run one instruction at a time, and the object is
// looked at after each: races that last for two instructions are found every time.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <thread>
#include <utility>

#include "semlock/sem_lock.h"
#include "test_support.h"

namespace semlock {
namespace {

using testing::Must;

// An object that a forked child does not get a copy of, but shares.
class SharedLock {
 public:
  explicit SharedLock(SemLock lock) {
    memory_ =
        mmap(nullptr, sizeof(SemLock), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) std::abort();
    lock_ = new (memory_) SemLock(std::move(lock));
  }
  ~SharedLock() {
    std::destroy_at(lock_);
    munmap(memory_, sizeof(SemLock));
  }
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;

  SemLock* operator->() const { return lock_; }

 private:
  void* memory_;
  SemLock* lock_;
};

// Runs `body` in a child, and `look` after each of its instructions. The number of instructions, or
// -1 if the child may not be traced.
int Step(const std::function<void()>& body, const std::function<void()>& look) {
  // With a sanitizer's run-time and lazy binding it is some ten thousand.
  constexpr int kMostSteps = 5'000'000;
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
    raise(SIGSTOP);
    body();
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return -1;
  // Whatever ends this process ends the child.
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL);
  int steps = 0;
  while (WIFSTOPPED(status) && steps < kMostSteps) {
    look();
    ++steps;
    if (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0) break;
    if (waitpid(child, &status, 0) != child) break;
  }
  if (WIFSTOPPED(status)) {
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "after " << steps << " steps";
  return steps;
}

// A free object of which another thread was the last owner.
SemLock OwnedBefore(int kind) {
  SemLock lock = Must(SemLock::CreateUnnamed(kind, 1, 1));
  std::thread([&lock] {
    EXPECT_TRUE(Must(lock.Acquire()));
    EXPECT_TRUE(lock.Release().has_value());
  }).join();
  return lock;
}

class SemLockSteps : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(OfBothKinds, SemLockSteps, ::testing::Values(kRecursiveMutex, kSemaphore));

TEST_P(SemLockSteps, NeverShowTheNewCountWithTheFormerOwner) {
  const SharedLock lock(OwnedBefore(GetParam()));
  int held = 0;
  int wrong = 0;
  // The child's only thread has the pthread_t of the thread that forked it, so what is the child's
  // is mine.
  const int steps = Step(
      [&] {
        if (!*lock->Acquire(false) || !lock->Release()) _exit(1);
      },
      [&] {
        if (lock->count() == 0) return;
        ++held;
        if (!lock->IsMine()) ++wrong;
      });
  if (steps < 0) GTEST_SKIP() << "skipped: a child may not be traced here";
  EXPECT_GT(held, 0);
  EXPECT_EQ(wrong, 0);
}

TEST_P(SemLockSteps, NeverShowThePermitAsBothFreeAndHeld) {
  const SharedLock lock(OwnedBefore(GetParam()));
  int most = 0;
  const int steps = Step(
      [&] {
        if (!*lock->Acquire(false) || !lock->Release()) _exit(1);
      },
      [&] { most = std::max(most, lock->count() + Must(lock->GetValue())); });
  if (steps < 0) GTEST_SKIP() << "skipped: a child may not be traced here";
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace semlock
