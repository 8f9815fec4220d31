// SPDX-License-Identifier: MIT
//
// Condition between processes: who sleeps, who is woken, and what the semaphores say meanwhile.
#include "semlock/condition.h"

#include <gtest/gtest.h>
#include <semaphore.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <memory>
#include <vector>

#include "test_support.h"

namespace semlock {
namespace {

using testing::Child;
using testing::Eventually;
using testing::HandleOf;
using testing::kFailed;
using testing::kNo;
using testing::kYes;
using testing::Must;
using testing::NamedSemaphores;
using testing::StatusOf;

constexpr char kNotAcquired[] = "must acquire() condition before using wait()";

// For a child: acquires, waits, releases, and tells what the wait returned.
int WaitIn(Condition& condition, std::optional<double> timeout_s = std::nullopt) {
  if (!condition.Acquire()) return kFailed;
  const Result<bool> notified = condition.Wait(timeout_s);
  return condition.Release() ? StatusOf(notified) : kFailed;
}

bool IsAsleep(const Child& child, const Condition& condition) {
  return child.IsBlockedOn(HandleOf(condition.wait_semaphore()));
}

void ExpectCounts(const Condition& condition, int sleeping, int woken, int wait) {
  EXPECT_EQ(Must(condition.sleeping_count().GetValue()), sleeping);
  EXPECT_EQ(Must(condition.woken_count().GetValue()), woken);
  EXPECT_EQ(Must(condition.wait_semaphore().GetValue()), wait);
}

class ConditionTest : public ::testing::Test {
 protected:
  void NotifyUnderLock(std::int64_t n) {
    Must(condition_.Acquire());
    Must(condition_.Notify(n));
    Must(condition_.Release());
  }

  Condition condition_ = Must(Condition::Create());
};

TEST_F(ConditionTest, IsMadeOfAnRLockAndThreeSemaphores) {
  EXPECT_EQ(condition_.lock().sem_lock().kind(), kRecursiveMutex);
  ExpectCounts(condition_, 0, 0, 0);
  EXPECT_EQ(condition_.sleeping_count().sem_lock().maxvalue(), kSemValueMax);
}

TEST_F(ConditionTest, WaitsAndNotifiesOnlyWithTheLockHeld) {
  EXPECT_RAISES(condition_.Wait(), "AssertionError", kNotAcquired);
  EXPECT_RAISES(condition_.Notify(), "AssertionError", "lock is not owned");
  EXPECT_RAISES(condition_.NotifyAll(), "AssertionError", "lock is not owned");
  Must(condition_.Acquire());
  Child child([&] {
    condition_.AfterFork();
    return condition_.Wait(0.0).has_value() || condition_.Notify().has_value() ? kYes : kNo;
  });
  EXPECT_EQ(child.Wait(), kNo);
  ExpectCounts(condition_, 0, 0, 0);
}

TEST_F(ConditionTest, WakesOneWaiterByOneNotify) {
  Child first([&] { return WaitIn(condition_); });
  Child second([&] { return WaitIn(condition_, 30.0); });
  const auto both_asleep = [&] {
    return IsAsleep(first, condition_) && IsAsleep(second, condition_);
  };
  ASSERT_TRUE(Eventually(both_asleep));
  ExpectCounts(condition_, 2, 0, 0);
  NotifyUnderLock(1);
  ASSERT_TRUE(Eventually([&] { return !both_asleep(); }));
  EXPECT_NE(IsAsleep(first, condition_), IsAsleep(second, condition_));
  NotifyUnderLock(1);
  EXPECT_EQ(first.Wait(), kYes);
  EXPECT_EQ(second.Wait(), kYes);
  ExpectCounts(condition_, 0, 0, 0);
}

TEST_F(ConditionTest, WakesNobodyByANotifyOfNone) {
  Child child([&] { return WaitIn(condition_); });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(child, condition_); }));
  NotifyUnderLock(0);
  NotifyUnderLock(-1);
  EXPECT_TRUE(IsAsleep(child, condition_));
  NotifyUnderLock(5);  // more than there are
  EXPECT_EQ(child.Wait(), kYes);
}

TEST_F(ConditionTest, WakesAllByNotifyAll) {
  Child a([&] { return WaitIn(condition_); });
  Child b([&] { return WaitIn(condition_); });
  Child c([&] { return WaitIn(condition_); });
  const auto all_asleep = [&] {
    return IsAsleep(a, condition_) && IsAsleep(b, condition_) && IsAsleep(c, condition_);
  };
  ASSERT_TRUE(Eventually(all_asleep));
  Must(condition_.Acquire());
  Must(condition_.NotifyAll());
  Must(condition_.Release());
  for (Child* child : {&a, &b, &c}) EXPECT_EQ(child->Wait(), kYes);
  ExpectCounts(condition_, 0, 0, 0);
}

TEST_F(ConditionTest, HoldsAWokenWaiterBackUntilTheLockIsReleased) {
  Child child([&] { return WaitIn(condition_); });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(child, condition_); }));
  Must(condition_.Acquire());
  Must(condition_.Notify());
  EXPECT_TRUE(Eventually([&] { return child.IsBlockedOn(HandleOf(condition_.lock())); }));
  Must(condition_.Release());
  EXPECT_EQ(child.Wait(), kYes);
}

TEST_F(ConditionTest, GivesTheLockUpHoweverDeepAndTakesItAsOften) {
  Child child([&] {
    for (int i = 0; i < 3; ++i) Must(condition_.Acquire());
    if (StatusOf(condition_.Wait()) != kYes) return kFailed;
    return condition_.lock().sem_lock().count();
  });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(child, condition_); }));
  EXPECT_FALSE(Must(condition_.lock().Locked()));
  NotifyUnderLock(1);
  EXPECT_EQ(child.Wait(), 3);
}

TEST_F(ConditionTest, ReturnsFalseWithTheLockHeldWhenTheTimeIsOver) {
  Must(condition_.Acquire());
  Must(condition_.Acquire());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(Must(condition_.Wait(0.02)));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(19));
  EXPECT_FALSE(Must(condition_.Wait(0.0)));
  EXPECT_FALSE(Must(condition_.Wait(-1.0)));
  EXPECT_EQ(condition_.lock().sem_lock().count(), 2);
  ExpectCounts(condition_, 3, 3, 0);
  Must(condition_.Notify());
  ExpectCounts(condition_, 0, 0, 0);
}

TEST_F(ConditionTest, TakesTheLockAgainAfterATimeoutThatIsRefused) {
  Must(condition_.Acquire());
  EXPECT_OS_ERROR(condition_.Wait(std::nan("")), EINVAL);
  EXPECT_OS_ERROR(condition_.Wait(HUGE_VAL), EINVAL);
  EXPECT_TRUE(condition_.lock().sem_lock().IsMine());
  EXPECT_EQ(condition_.lock().sem_lock().count(), 1);
  ExpectCounts(condition_, 2, 2, 0);
}

TEST_F(ConditionTest, RefusesToNotifyWhenSomebodyHasPostedTheWaitSemaphore) {
  sem_post(static_cast<sem_t*>(testing::AddressOf(condition_.wait_semaphore().sem_lock())));
  Must(condition_.Acquire());
  EXPECT_RAISES(condition_.Notify(), "AssertionError",
                "notify: Should not have been able to acquire _wait_semaphore");
  ExpectCounts(condition_, 0, 0, 0);
  EXPECT_TRUE(condition_.Notify().has_value());
}

TEST_F(ConditionTest, RefusesToNotifyWhenMoreHaveWokenThanSlept) {
  sem_post(static_cast<sem_t*>(testing::AddressOf(condition_.woken_count().sem_lock())));
  Must(condition_.Acquire());
  EXPECT_RAISES(condition_.Notify(), "AssertionError",
                "notify: Bug in sleeping_count.acquire- res should not be False");
}

// What CPython's does too: the dead cannot tell that they have woken.
TEST_F(ConditionTest, WaitsForAKilledWaiterForEver) {
  Child killed([&] { return WaitIn(condition_); });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(killed, condition_); }));
  killed.Kill(SIGKILL);
  EXPECT_EQ(killed.Wait(), 128 + SIGKILL);
  Child notifier([&] {
    Must(condition_.Acquire());
    return StatusOf(condition_.Notify());
  });
  ASSERT_TRUE(Eventually([&] { return notifier.IsBlockedOn(HandleOf(condition_.woken_count())); }));
  sem_post(static_cast<sem_t*>(testing::AddressOf(condition_.woken_count().sem_lock())));
  EXPECT_EQ(notifier.Wait(), kYes);
  ExpectCounts(condition_, 0, 0, 0);
}

TEST_F(ConditionTest, WaitForAsksBeforeItLooksAtTheLock) {
  EXPECT_TRUE(Must(condition_.WaitFor([] { return true; }, std::nan(""))));
  EXPECT_RAISES(condition_.WaitFor([] { return false; }), "AssertionError", kNotAcquired);
}

TEST_F(ConditionTest, WaitForIsFalseWhenTheTimeIsOver) {
  Must(condition_.Acquire());
  int asked = 0;
  const auto ask = [&] { return ++asked < 0; };
  EXPECT_FALSE(Must(condition_.WaitFor(ask, 0.0)));
  EXPECT_FALSE(Must(condition_.WaitFor(ask, -1.0)));
  EXPECT_EQ(asked, 2);
  ExpectCounts(condition_, 0, 0, 0);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(Must(condition_.WaitFor(ask, 0.02)));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(19));
  EXPECT_GE(asked, 4);
  EXPECT_OS_ERROR(condition_.WaitFor(ask, std::nan("")), EINVAL);
  EXPECT_OS_ERROR(condition_.WaitFor(ask, HUGE_VAL), EINVAL);
}

TEST_F(ConditionTest, WaitForAsksAgainAtEachNotify) {
  Child child([&] {
    Must(condition_.Acquire());
    int asked = 0;
    const Result<bool> result = condition_.WaitFor([&] { return ++asked == 3; }, 30.0);
    return StatusOf(result) == kYes ? asked : kFailed;
  });
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Eventually([&] { return IsAsleep(child, condition_); }));
    NotifyUnderLock(1);
  }
  EXPECT_EQ(child.Wait(), 3);
}

TEST_F(ConditionTest, ForgetsInAChildWhatItsParentDid) {
  Must(condition_.Acquire());
  EXPECT_FALSE(Must(condition_.Wait(0.0)));
  const auto counts = [&] {
    return std::vector<int>{condition_.lock().sem_lock().count(),
                            condition_.sleeping_count().sem_lock().count(),
                            condition_.woken_count().sem_lock().count(),
                            condition_.wait_semaphore().sem_lock().count()};
  };
  EXPECT_EQ(counts(), (std::vector<int>{1, -1, -1, 0}));
  Child child([&] {
    condition_.AfterFork();
    return counts() == std::vector<int>(4, 0) ? kYes : kNo;
  });
  EXPECT_EQ(child.Wait(), kYes);
}

TEST(Condition, SharesALockWithOthers) {
  const auto lock = std::make_shared<Lock>(Must(Lock::Create()));
  Condition one = Must(Condition::Create(lock));
  Condition other = Must(Condition::Create(lock));
  Child child([&] { return WaitIn(one); });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(child, one); }));
  Must(lock->Acquire());
  Must(other.Notify());
  EXPECT_TRUE(IsAsleep(child, one));
  Must(one.Notify());
  Must(other.Release());
  EXPECT_EQ(child.Wait(), kYes);
}

TEST(Condition, MeetsAnotherByTheNamesOfItsSemaphores) {
  const NamedSemaphores names(kRecursiveMutex);
  Condition condition = Must(Condition::Attach(names.lock(), names.condition()));
  Child child([&] {
    Condition own = Must(Condition::Attach(names.lock(), names.condition()));
    return WaitIn(own);
  });
  const auto slept = [&] {
    return testing::WaiterCount(condition.wait_semaphore().sem_lock()) == 1;
  };
  ASSERT_TRUE(Eventually(slept));
  ExpectCounts(condition, 1, 0, 0);
  Must(condition.Acquire());
  Must(condition.NotifyAll());
  Must(condition.Release());
  EXPECT_EQ(child.Wait(), kYes);
}

TEST(Condition, IsNotAttachedToWhatIsNotThere) {
  const testing::ScopedName absent;
  const NamedSemaphores names(kRecursiveMutex);
  const ConditionNames all = names.condition();
  EXPECT_OS_ERROR(Condition::Attach(absent.get(), all), ENOENT);
  for (auto member : {&ConditionNames::sleeping_count, &ConditionNames::woken_count,
                      &ConditionNames::wait_semaphore}) {
    ConditionNames without = all;
    without.*member = absent.get();
    EXPECT_OS_ERROR(Condition::Attach(names.lock(), without), ENOENT);
  }
}

// A child that waits with a hook that abandons when SIGUSR1 has come `calls` times.
class ConditionSignal : public ConditionTest {
 protected:
  static int WaitUntilAbandoned(Condition& condition, int calls) {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR1, &action, nullptr);
    int left = calls;
    const InterruptHook hook = {[](void* context) { return --*static_cast<int*>(context) <= 0; },
                                &left};
    Must(condition.Acquire());
    const Result<bool> result = condition.Wait(std::nullopt, hook);
    if (result) return StatusOf(result);
    if (result.error().type != ErrorType::kAbandoned) return kFailed;
    return kAbandonedWith + condition.lock().sem_lock().count();
  }

  static constexpr int kAbandonedWith = 10;
};

TEST_F(ConditionSignal, EndsAWaitWithTheLockHeldWhenTheHookSaysSo) {
  Child child([&] { return WaitUntilAbandoned(condition_, 1); });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(child, condition_); }));
  child.Kill(SIGUSR1);
  EXPECT_EQ(child.Wait(), kAbandonedWith + 1);
  ExpectCounts(condition_, 1, 1, 0);
}

TEST_F(ConditionSignal, EndsTheWayBackWithoutTheLockWhenTheHookSaysSo) {
  Child child([&] { return WaitUntilAbandoned(condition_, 1); });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(child, condition_); }));
  Must(condition_.Acquire());
  Must(condition_.Notify());
  ASSERT_TRUE(Eventually([&] { return child.IsBlockedOn(HandleOf(condition_.lock())); }));
  child.Kill(SIGUSR1);
  EXPECT_EQ(child.Wait(), kAbandonedWith + 0);
}

TEST_F(ConditionSignal, DoesNotEndAWaitByItself) {
  Child child([&] { return WaitUntilAbandoned(condition_, 2); });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(child, condition_); }));
  child.Kill(SIGUSR1);
  NotifyUnderLock(1);
  EXPECT_EQ(child.Wait(), kYes);
}

}  // namespace
}  // namespace semlock
