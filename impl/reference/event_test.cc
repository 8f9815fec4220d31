// SPDX-License-Identifier: MIT
//
// Event between processes.
#include "semlock/event.h"

#include <gtest/gtest.h>
#include <semaphore.h>
#include <signal.h>

#include <cerrno>
#include <cmath>
#include <memory>

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

bool IsAsleep(const Child& child, const Event& event) {
  return child.IsBlockedOn(HandleOf(event.condition().wait_semaphore()));
}

TEST(Event, IsMadeOfAConditionOnALockAndAFlag) {
  const Event event = Must(Event::Create());
  EXPECT_EQ(event.condition().lock().sem_lock().kind(), kSemaphore);
  EXPECT_EQ(event.condition().lock().sem_lock().maxvalue(), 1);
  EXPECT_EQ(event.flag().sem_lock().maxvalue(), kSemValueMax);
  EXPECT_EQ(Must(event.flag().GetValue()), 0);
}

TEST(Event, IsSetInEveryProcessUntilItIsCleared) {
  Event event = Must(Event::Create());
  EXPECT_FALSE(Must(event.IsSet()));
  Child setter([&] { return StatusOf(event.Set()); });
  EXPECT_EQ(setter.Wait(), kYes);
  EXPECT_TRUE(Must(event.IsSet()));
  Must(event.Set());
  EXPECT_EQ(Must(event.flag().GetValue()), 1);
  Child clearer([&] { return StatusOf(event.Clear()); });
  EXPECT_EQ(clearer.Wait(), kYes);
  EXPECT_FALSE(Must(event.IsSet()));
  Must(event.Clear());
  EXPECT_FALSE(Must(event.condition().lock().Locked()));
}

TEST(Event, WakesAllWhoWaitWhenItIsSet) {
  Event event = Must(Event::Create());
  Child first([&] { return StatusOf(event.Wait()); });
  Child second([&] { return StatusOf(event.Wait(30.0)); });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(first, event) && IsAsleep(second, event); }));
  Must(event.Set());
  EXPECT_EQ(first.Wait(), kYes);
  EXPECT_EQ(second.Wait(), kYes);
}

TEST(Event, IsWaitedForAsLongAsTheTimeoutSays) {
  Event event = Must(Event::Create());
  EXPECT_FALSE(Must(event.Wait(0.0)));
  EXPECT_FALSE(Must(event.Wait(0.01)));
  EXPECT_OS_ERROR(event.Wait(std::nan("")), EINVAL);
  EXPECT_FALSE(Must(event.condition().lock().Locked()));
  Must(event.Set());
  EXPECT_TRUE(Must(event.Wait()));
  EXPECT_TRUE(Must(event.Wait(std::nan(""))));
  EXPECT_TRUE(Must(event.IsSet()));
}

TEST(Event, TakesItsLockEvenToLook) {
  Event event = Must(Event::Create());
  auto* const lock = static_cast<sem_t*>(testing::AddressOf(event.condition().lock().sem_lock()));
  ASSERT_EQ(sem_trywait(lock), 0);
  Child child([&] { return StatusOf(event.IsSet()); });
  ASSERT_TRUE(Eventually([&] { return child.IsBlockedOn(HandleOf(event.condition().lock())); }));
  sem_post(lock);
  EXPECT_EQ(child.Wait(), kNo);
}

// Set and clear at once, as by two processes between which the waiter did not get the lock.
TEST(Event, IsNotSetForAWaiterThatItWasClearedBefore) {
  const NamedSemaphores names(kSemaphore);
  Event event = Must(Event::Attach(names.lock(), names.condition(), names.flag()));
  Child child([&] { return StatusOf(event.Wait()); });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(child, event); }));
  Condition condition = Must(Condition::Attach(
      std::make_shared<Lock>(Must(Lock::Attach(names.lock()))), names.condition()));
  Must(condition.Acquire());
  Must(condition.NotifyAll());
  Must(condition.Release());
  EXPECT_EQ(child.Wait(), kNo);
}

TEST(Event, MeetsAnotherByTheNamesOfItsSemaphores) {
  const NamedSemaphores names(kSemaphore);
  Event event = Must(Event::Attach(names.lock(), names.condition(), names.flag()));
  Child child([&] {
    Event own = Must(Event::Attach(names.lock(), names.condition(), names.flag()));
    return StatusOf(own.Wait());
  });
  ASSERT_TRUE(Eventually(
      [&] { return testing::WaiterCount(event.condition().wait_semaphore().sem_lock()) == 1; }));
  Must(event.Set());
  EXPECT_EQ(child.Wait(), kYes);
  const testing::ScopedName absent;
  EXPECT_OS_ERROR(Event::Attach(absent.get(), names.condition(), names.flag()), ENOENT);
  EXPECT_OS_ERROR(Event::Attach(names.lock(), names.condition(), absent.get()), ENOENT);
}

TEST(Event, ForgetsInAChildWhatItsParentDid) {
  Event event = Must(Event::Create());
  Must(event.Set());
  EXPECT_EQ(event.flag().sem_lock().count(), -1);
  Child child([&] {
    event.AfterFork();
    return event.flag().sem_lock().count() == 0 ? StatusOf(event.Wait()) : kFailed;
  });
  EXPECT_EQ(child.Wait(), kYes);
}

TEST(Event, IsAbandonedWhenTheHookSaysSo) {
  Event event = Must(Event::Create());
  Child child([&] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR1, &action, nullptr);
    const auto result = event.Wait(std::nullopt, {[](void*) { return true; }, nullptr});
    if (result || result.error().type != ErrorType::kAbandoned) return kFailed;
    return StatusOf(event.condition().lock().Locked());
  });
  ASSERT_TRUE(Eventually([&] { return IsAsleep(child, event); }));
  child.Kill(SIGUSR1);
  EXPECT_EQ(child.Wait(), kNo);
}

}  // namespace
}  // namespace semlock
