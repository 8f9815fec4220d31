// SPDX-License-Identifier: MIT
//
// Several processes on one semaphore: inheritance over fork(), waking, dying. Nothing else of the
// test program runs in a child, and children report by their exit status.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "semlock/sem_lock.h"
#include "test_support.h"

namespace semlock {
namespace {

using testing::Child;
using testing::Eventually;
using testing::kFailed;
using testing::kNo;
using testing::kYes;
using testing::Must;
using testing::ScopedName;

SemLock MakeLock(int kind, int value, int maxvalue) {
  const ScopedName name;
  return Must(SemLock::Create(kind, value, maxvalue, name.get(), true));
}

int AcquireInChild(SemLock& lock, bool block, std::optional<double> timeout_s = std::nullopt) {
  return testing::StatusOf(lock.Acquire(block, timeout_s));
}

bool IsBlocked(const Child& child, const SemLock& lock) { return child.IsBlockedOn(lock.handle()); }

TEST(SemLockFork, InheritsOwnershipUntilAfterFork) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  ASSERT_TRUE(Must(lock.Acquire()));
  Child child([&] {
    if (!lock.IsMine() || lock.count() != 1) return 1;
    lock.AfterFork();
    if (lock.IsMine() || lock.count() != 0) return 2;
    if (lock.Release().has_value()) return 3;
    return *lock.Acquire(false) ? 4 : 0;
  });
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_TRUE(lock.Release().has_value());
}

TEST(SemLockFork, LetsTheChildReleaseWhatItsParentHolds) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  ASSERT_TRUE(Must(lock.Acquire()));
  Child child([&] { return lock.Release().has_value() ? kYes : kNo; });
  ASSERT_EQ(child.Wait(), kYes);
  EXPECT_EQ(lock.count(), 1);
  // The parent's own count knows nothing of it, so the permit is given back twice.
  EXPECT_TRUE(lock.Release().has_value());
  EXPECT_EQ(Must(lock.GetValue()), 2);
}

// Forks in a thread that was not the first to use the lock.
void ForkInAnotherThread(SemLock& lock, const std::function<int()>& body) {
  ASSERT_TRUE(Must(lock.Acquire()));
  std::thread([&] {
    ASSERT_TRUE(Must(lock.Acquire()));
    Child child(body);
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_EQ(lock.count(), 2);
    EXPECT_TRUE(lock.IsMine());
    EXPECT_TRUE(lock.Release().has_value());
  }).join();
  EXPECT_EQ(lock.count(), 1);
  EXPECT_FALSE(lock.IsMine());
}

TEST(SemLockFork, InheritsTheCountThoughTheFirstThreadToUseItIsGone) {
  SemLock lock = MakeLock(kSemaphore, 4, 4);
  ForkInAnotherThread(lock, [&] {
    if (lock.count() != 2 || !lock.IsMine()) return 1;
    if (!*lock.Acquire() || lock.count() != 3) return 2;
    if (testing::kUnderThreadSanitizer) return 0;
    int other = -1;
    std::thread([&] {
      if (lock.IsMine() || !*lock.Acquire() || !lock.IsMine()) return;
      other = lock.count();
    }).join();
    if (other != 4 || lock.IsMine()) return 3;
    for (int left = 3; left >= 2; --left) {
      if (!lock.Release() || lock.count() != left) return 4;
    }
    return 0;
  });
}

TEST(SemLockFork, ForgetsTheCountOfAllThreadsOfItsParent) {
  SemLock lock = MakeLock(kSemaphore, 4, 4);
  ForkInAnotherThread(lock, [&] {
    lock.AfterFork();
    if (lock.count() != 0 || lock.IsMine()) return 1;
    if (!*lock.Acquire() || lock.count() != 1 || !lock.IsMine()) return 2;
    return lock.Release() && lock.count() == 0 ? 0 : 3;
  });
}

TEST(SemLockFork, BlocksTheChildUntilTheParentPosts) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  Child child([&] { return AcquireInChild(lock, true); });
  ASSERT_TRUE(Eventually([&] { return IsBlocked(child, lock); }));
  ASSERT_TRUE(lock.Release().has_value());
  EXPECT_EQ(child.Wait(), kYes);
}

TEST(SemLockFork, BlocksTheParentUntilTheChildPosts) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  const pid_t parent = getpid();
  Child child([&] {
    if (!Eventually([&] { return testing::WaiterCount(lock) == 1; })) return kFailed;
    return getppid() == parent && lock.Release().has_value() ? kYes : kFailed;
  });
  EXPECT_TRUE(Must(lock.Acquire(true, 30.0)));
  EXPECT_EQ(child.Wait(), kYes);
}

TEST(SemLockFork, WakesExactlyOneOfTwoWaitersByOnePost) {
  SemLock lock = MakeLock(kSemaphore, 0, 2);
  Child first([&] { return AcquireInChild(lock, true); });
  Child second([&] { return AcquireInChild(lock, true); });
  ASSERT_TRUE(Eventually([&] { return IsBlocked(first, lock) && IsBlocked(second, lock); }));
  ASSERT_TRUE(lock.Release().has_value());
  ASSERT_TRUE(Eventually([&] { return testing::WaiterCount(lock) == 1; }));
  EXPECT_NE(IsBlocked(first, lock), IsBlocked(second, lock));
  ASSERT_TRUE(lock.Release().has_value());
  EXPECT_EQ(first.Wait(), kYes);
  EXPECT_EQ(second.Wait(), kYes);
  EXPECT_EQ(Must(lock.GetValue()), 0);
}

TEST(SemLockFork, KeepsThePermitOfAKilledHolderTaken) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  Child holder([&] {
    if (!*lock.Acquire()) return kFailed;
    raise(SIGKILL);
    return kFailed;
  });
  EXPECT_EQ(holder.Wait(), 128 + SIGKILL);
  EXPECT_FALSE(Must(lock.Acquire(true, 0.01)));
}

TEST(SemLockFork, IsNotHarmedByAKilledWaiter) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  Child waiter([&] { return AcquireInChild(lock, true); });
  ASSERT_TRUE(Eventually([&] { return IsBlocked(waiter, lock); }));
  waiter.Kill(SIGKILL);
  EXPECT_EQ(waiter.Wait(), 128 + SIGKILL);
  ASSERT_TRUE(lock.Release().has_value());
  EXPECT_TRUE(Must(lock.Acquire(true, 0.01)));
}

TEST(SemLockFork, ExcludesProcessesFromEachOthersSections) {
  constexpr int kProcesses = 4;
  constexpr int kRounds = 2000;
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  void* const memory =
      mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  volatile int* const sections = static_cast<int*>(memory);
  std::vector<std::unique_ptr<Child>> children;
  children.reserve(kProcesses);
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(std::make_unique<Child>([&] {
      for (int round = 0; round < kRounds; ++round) {
        if (AcquireInChild(lock, true) != kYes) return kFailed;
        *sections = *sections + 1;
        if (!lock.Release()) return kFailed;
      }
      return kYes;
    }));
  }
  for (const auto& child : children) EXPECT_EQ(child->Wait(), kYes);
  EXPECT_EQ(*sections, kProcesses * kRounds);
  EXPECT_EQ(Must(lock.GetValue()), 1);
  munmap(memory, sizeof(int));
}

TEST(SemLockFork, LetsAChildReleaseThoughAnotherThreadWasReleasingWhenItWasForked) {
  constexpr int kForks = 200;
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  std::atomic<bool> done{false};
  std::thread releaser([&] {
    while (!done) {
      // Most of these are refused at the maximum; what matters is to be inside very often.
      static_cast<void>(lock.Release());
    }
  });
  int stuck = 0;
  for (int i = 0; i < kForks; ++i) {
    Child child([&] {
      static_cast<void>(lock.Release());
      return kYes;
    });
    if (child.Wait() != kYes) ++stuck;
    if (stuck > 0) break;
  }
  done = true;
  releaser.join();
  EXPECT_EQ(stuck, 0);
}

TEST(SemLockFork, SharesAnUnnamedSemaphoreByItsDescriptor) {
  SemLock lock = Must(SemLock::CreateUnnamed(kSemaphore, 0, 1));
  Child child([&] {
    Result<SemLock> own = SemLock::RebuildFromFd(lock.fd(), kSemaphore, 1);
    if (!own || !own->Release()) return kFailed;
    return own->count() == -1 ? kYes : kNo;
  });
  EXPECT_TRUE(Must(lock.Acquire(true, 30.0)));
  EXPECT_EQ(child.Wait(), kYes);
}

TEST(SemLockName, ConnectsProcessesThatShareNothingElse) {
  const ScopedName name;
  SemLock lock = Must(SemLock::Create(kSemaphore, 0, 1, name.get(), false));
  Child child([&] {
    Result<SemLock> own = SemLock::Rebuild(0, kSemaphore, 1, name.get());
    return own ? AcquireInChild(*own, true) : kFailed;
  });
  ASSERT_TRUE(Eventually([&] { return testing::WaiterCount(lock) == 1; }));
  ASSERT_TRUE(SemUnlink(name.get()).has_value());
  ASSERT_TRUE(lock.Release().has_value());
  EXPECT_EQ(child.Wait(), kYes);
}

TEST(SemLockName, IsMadeByExactlyOneOfManyRacers) {
  constexpr int kProcesses = 6;
  const ScopedName name;
  SemLock start = MakeLock(kSemaphore, 0, kSemValueMax);
  std::vector<std::unique_ptr<Child>> children;
  children.reserve(kProcesses);
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(std::make_unique<Child>([&] {
      if (AcquireInChild(start, true) != kYes) return kFailed;
      const Result<SemLock> lock = SemLock::Create(kSemaphore, 1, 1, name.get(), false);
      if (lock) return kYes;
      return lock.error().errno_value == EEXIST ? kNo : kFailed;
    }));
  }
  ASSERT_TRUE(Eventually([&] { return testing::WaiterCount(start) == kProcesses; }));
  for (int i = 0; i < kProcesses; ++i) ASSERT_TRUE(start.Release().has_value());
  int winners = 0;
  for (const auto& child : children) {
    const int status = child->Wait();
    EXPECT_NE(status, kFailed);
    if (status == kYes) ++winners;
  }
  EXPECT_EQ(winners, 1);
}

}  // namespace
}  // namespace semlock
