// SPDX-License-Identifier: MIT
//
// Barrier between processes.
#include "semlock/barrier.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <memory>

#include "errors.h"
#include "test_support.h"

namespace semlock {
namespace {

using testing::Child;
using testing::Eventually;
using testing::kFailed;
using testing::Must;

constexpr int kBrokenStatus = 50;

// For a child: the index that it got, or how it failed.
int WaitIn(Barrier& barrier, std::optional<double> timeout_s = std::nullopt) {
  const Result<int> index = barrier.Wait(timeout_s);
  if (index) return *index;
  return index.error().type == ErrorType::kBrokenBarrierError ? kBrokenStatus : kFailed;
}

bool IsWaiting(const Child& child, const Barrier& barrier) {
  return child.IsBlockedOn(barrier.condition().wait_semaphore().sem_lock().handle());
}

#define EXPECT_BROKEN(expression) EXPECT_RAISES(expression, "BrokenBarrierError", "")

TEST(Barrier, IsWholeAndEmptyAtFirst) {
  const Barrier barrier = Must(Barrier::Create(3));
  EXPECT_EQ(barrier.parties(), 3);
  EXPECT_EQ(barrier.n_waiting(), 0);
  EXPECT_FALSE(barrier.broken());
  EXPECT_EQ(barrier.condition().lock().sem_lock().kind(), kRecursiveMutex);
}

TEST(Barrier, LetsOneAlonePassAtOnceAndEveryTime) {
  Barrier barrier = Must(Barrier::Create(1));
  for (int round = 0; round < 3; ++round) EXPECT_EQ(Must(barrier.Wait()), 0);
  EXPECT_EQ(barrier.n_waiting(), 0);
}

TEST(Barrier, GivesEachItsNumberInTheOrderOfComing) {
  Barrier barrier = Must(Barrier::Create(3));
  for (int round = 0; round < 3; ++round) {
    Child first([&] { return WaitIn(barrier); });
    ASSERT_TRUE(Eventually([&] { return IsWaiting(first, barrier); }));
    EXPECT_EQ(barrier.n_waiting(), 1);
    Child second([&] { return WaitIn(barrier); });
    ASSERT_TRUE(Eventually([&] { return IsWaiting(second, barrier); }));
    EXPECT_EQ(barrier.n_waiting(), 2);
    EXPECT_EQ(Must(barrier.Wait()), 2);
    EXPECT_EQ(first.Wait(), 0);
    EXPECT_EQ(second.Wait(), 1);
    EXPECT_EQ(barrier.n_waiting(), 0);
  }
}

TEST(Barrier, IsBrokenForAllWhenOnesTimeIsOver) {
  Barrier barrier = Must(Barrier::Create(3));
  Child patient([&] { return WaitIn(barrier); });
  ASSERT_TRUE(Eventually([&] { return IsWaiting(patient, barrier); }));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_BROKEN(barrier.Wait(0.02));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(19));
  EXPECT_EQ(patient.Wait(), kBrokenStatus);
  EXPECT_TRUE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0);
  EXPECT_BROKEN(barrier.Wait());
  Must(barrier.Reset());
  EXPECT_FALSE(barrier.broken());
}

TEST(Barrier, HasATimeoutOfItsOwnForThoseWhoGiveNone) {
  Barrier barrier = Must(Barrier::Create(2, nullptr, 0.01));
  EXPECT_BROKEN(barrier.Wait());
  Must(barrier.Reset());
  Child child([&] { return WaitIn(barrier, 30.0); });
  ASSERT_TRUE(Eventually([&] { return IsWaiting(child, barrier); }));
  EXPECT_EQ(Must(barrier.Wait()), 1);
  EXPECT_EQ(child.Wait(), 0);
}

TEST(Barrier, IsWholeAfterATimeoutThatIsRefused) {
  Barrier barrier = Must(Barrier::Create(2));
  EXPECT_OS_ERROR(barrier.Wait(std::nan("")), EINVAL);
  EXPECT_FALSE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0);
  EXPECT_FALSE(Must(barrier.condition().lock().Locked()));
}

TEST(Barrier, IsBrokenByAbortUntilReset) {
  Barrier barrier = Must(Barrier::Create(2));
  Child waiting([&] { return WaitIn(barrier); });
  ASSERT_TRUE(Eventually([&] { return IsWaiting(waiting, barrier); }));
  Must(barrier.Abort());
  EXPECT_TRUE(barrier.broken());
  EXPECT_EQ(waiting.Wait(), kBrokenStatus);
  EXPECT_BROKEN(barrier.Wait());
  Must(barrier.Reset());
  Child again([&] { return WaitIn(barrier); });
  EXPECT_GE(Must(barrier.Wait()), 0);
  EXPECT_LE(again.Wait(), 1);
}

TEST(Barrier, IsNotPassedByOneAloneWhileItIsBroken) {
  Barrier barrier = Must(Barrier::Create(1));
  Must(barrier.Abort());
  EXPECT_BROKEN(barrier.Wait());
  EXPECT_TRUE(barrier.broken());
  Must(barrier.Reset());
  EXPECT_EQ(Must(barrier.Wait()), 0);
}

TEST(Barrier, IsEmptiedByReset) {
  Barrier barrier = Must(Barrier::Create(2));
  Child waiting([&] { return WaitIn(barrier); });
  ASSERT_TRUE(Eventually([&] { return IsWaiting(waiting, barrier); }));
  Must(barrier.Reset());
  EXPECT_EQ(waiting.Wait(), kBrokenStatus);
  EXPECT_FALSE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0);
}

// Holds a waiter back on its way out, so that the round is not over.
TEST(Barrier, LetsNobodyInWhileTheLastRoundIsLeaving) {
  Barrier barrier = Must(Barrier::Create(2));
  Child slow([&] { return WaitIn(barrier); });
  ASSERT_TRUE(Eventually([&] { return IsWaiting(slow, barrier); }));
  slow.Kill(SIGSTOP);
  Child resetting([&] { return barrier.Reset() ? 0 : kFailed; });
  const auto& woken = barrier.condition().woken_count().sem_lock();
  ASSERT_TRUE(Eventually([&] { return resetting.IsBlockedOn(woken.handle()); }));
  EXPECT_EQ(barrier.n_waiting(), 0);
  EXPECT_FALSE(barrier.broken());
  Child next([&] { return WaitIn(barrier, 0.01); });
  const auto& lock = barrier.condition().lock().sem_lock();
  ASSERT_TRUE(Eventually([&] { return next.IsBlockedOn(lock.handle()); }));
  slow.Kill(SIGCONT);
  EXPECT_EQ(slow.Wait(), kBrokenStatus);
  EXPECT_EQ(resetting.Wait(), 0);
  EXPECT_EQ(next.Wait(), kBrokenStatus);  // in a round of its own, whose time was over
  EXPECT_TRUE(barrier.broken());
}

TEST(Barrier, DoesItsActionOnceARoundBeforeAnyPasses) {
  int actions = 0;
  Barrier barrier = Must(Barrier::Create(2, [&]() -> Result<void> {
    ++actions;
    return {};
  }));
  Child child([&] {
    const int index = WaitIn(barrier);
    return actions == 0 ? index : kFailed;  // the last to come does it, in its process
  });
  ASSERT_TRUE(Eventually([&] { return IsWaiting(child, barrier); }));
  EXPECT_EQ(Must(barrier.Wait()), 1);
  EXPECT_EQ(actions, 1);
  EXPECT_EQ(child.Wait(), 0);
}

TEST(Barrier, IsBrokenByAnActionThatFails) {
  Barrier barrier =
      Must(Barrier::Create(2, []() -> Result<void> { return internal::ValueError("no"); }));
  Child child([&] { return WaitIn(barrier); });
  ASSERT_TRUE(Eventually([&] { return IsWaiting(child, barrier); }));
  EXPECT_RAISES(barrier.Wait(), "ValueError", "no");
  EXPECT_EQ(child.Wait(), kBrokenStatus);
  EXPECT_TRUE(barrier.broken());
  EXPECT_FALSE(Must(barrier.condition().lock().Locked()));
}

TEST(Barrier, ForNobodyIsPassedByNobody) {
  Barrier barrier = Must(Barrier::Create(0));
  EXPECT_BROKEN(barrier.Wait(0.01));
}

TEST(Barrier, IsWholeWhenAHookAbandonsAWait) {
  Barrier barrier = Must(Barrier::Create(2));
  Child child([&] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR1, &action, nullptr);
    const auto result = barrier.Wait(std::nullopt, {[](void*) { return true; }, nullptr});
    return !result && result.error().type == ErrorType::kAbandoned ? 0 : kFailed;
  });
  ASSERT_TRUE(Eventually([&] { return IsWaiting(child, barrier); }));
  child.Kill(SIGUSR1);
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_FALSE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0);
}

TEST(Barrier, ForgetsInAChildThatItsParentHeldTheLock) {
  std::unique_ptr<Barrier> barrier;
  int status = kFailed;
  const BarrierAction fork_with_the_lock_held = [&]() -> Result<void> {
    Child child([&] {
      const SemLock& lock = barrier->condition().lock().sem_lock();
      if (lock.count() != 1) return kFailed;
      barrier->AfterFork();
      return lock.count();
    });
    status = child.Wait();
    return {};
  };
  barrier = std::make_unique<Barrier>(Must(Barrier::Create(1, fork_with_the_lock_held)));
  EXPECT_EQ(Must(barrier->Wait()), 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace semlock
