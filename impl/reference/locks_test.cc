// SPDX-License-Identifier: MIT
//
// Lock, RLock, Semaphore, BoundedSemaphore.
#include "semlock/locks.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "test_support.h"

namespace semlock {
namespace {

using testing::Child;
using testing::Eventually;
using testing::kFailed;
using testing::kYes;
using testing::Must;
using testing::ScopedName;
using testing::StatusOf;

constexpr char kTooOften[] = "semaphore or lock released too many times";

void ExpectShape(const LockBase& lock, int kind, int value, int maxvalue) {
  EXPECT_EQ(lock.sem_lock().kind(), kind);
  EXPECT_EQ(lock.sem_lock().maxvalue(), maxvalue);
  EXPECT_EQ(Must(lock.sem_lock().GetValue()), value);
}

TEST(Locks, HaveTheKindsAndMaximaOfPythons) {
  ExpectShape(Must(Lock::Create()), kSemaphore, 1, 1);
  ExpectShape(Must(RLock::Create()), kRecursiveMutex, 1, 1);
  ExpectShape(Must(Semaphore::Create()), kSemaphore, 1, kSemValueMax);
  ExpectShape(Must(Semaphore::Create(3)), kSemaphore, 3, kSemValueMax);
  ExpectShape(Must(BoundedSemaphore::Create()), kSemaphore, 1, 1);
  ExpectShape(Must(BoundedSemaphore::Create(3)), kSemaphore, 3, 3);
  ExpectShape(Must(BoundedSemaphore::Create(0)), kSemaphore, 0, 0);
}

TEST(Locks, HaveThemAlsoWhenAttached) {
  const ScopedName name;
  const SemLock made = Must(SemLock::Create(kSemaphore, 1, 9, name.get(), false));
  ExpectShape(Must(Lock::Attach(name.get())), kSemaphore, 1, 1);
  ExpectShape(Must(RLock::Attach(name.get())), kRecursiveMutex, 1, 1);
  ExpectShape(Must(Semaphore::Attach(name.get())), kSemaphore, 1, kSemValueMax);
  ExpectShape(Must(BoundedSemaphore::Attach(name.get(), 9)), kSemaphore, 1, 9);
}

TEST(Locks, KeepTheNameThatTheyAreAttachedBy) {
  const ScopedName name;
  const SemLock made = Must(SemLock::Create(kSemaphore, 1, 1, name.get(), false));
  EXPECT_EQ(Must(Lock::Attach(name.get())).sem_lock().name(), name.get());
  EXPECT_EQ(Must(Lock::Create()).sem_lock().name(), std::nullopt);
}

TEST(Locks, AreNotAttachedToWhatIsNotThere) {
  const ScopedName name;
  EXPECT_OS_ERROR(Lock::Attach(name.get()), ENOENT);
  EXPECT_OS_ERROR(RLock::Attach(name.get()), ENOENT);
  EXPECT_OS_ERROR(Semaphore::Attach(name.get()), ENOENT);
  EXPECT_OS_ERROR(BoundedSemaphore::Attach(name.get(), 1), ENOENT);
  EXPECT_RAISES(Lock::Attach(std::string("/a\0b", 4)), "ValueError", "embedded null character");
}

TEST(Lock, MayBeReleasedByAnyProcessAndOnlyWhileItIsTaken) {
  Lock lock = Must(Lock::Create());
  EXPECT_FALSE(Must(lock.Locked()));
  EXPECT_TRUE(Must(lock.Acquire()));
  EXPECT_TRUE(Must(lock.Locked()));
  EXPECT_FALSE(Must(lock.Acquire(false)));
  Child child([&] { return StatusOf(lock.Release()); });
  EXPECT_EQ(child.Wait(), kYes);
  EXPECT_FALSE(Must(lock.Locked()));
  EXPECT_RAISES(lock.Release(), "ValueError", kTooOften);
}

TEST(Lock, IsWaitedForByAnotherProcess) {
  Lock lock = Must(Lock::Create());
  Must(lock.Acquire());
  Child child([&] { return StatusOf(lock.Acquire(true, 30.0)); });
  ASSERT_TRUE(Eventually([&] { return child.IsBlockedOn(lock.sem_lock().handle()); }));
  Must(lock.Release());
  EXPECT_EQ(child.Wait(), kYes);
}

TEST(RLock, IsItsOwnersUntilReleasedAsOftenAsTaken) {
  RLock lock = Must(RLock::Create());
  Must(lock.Acquire());
  EXPECT_TRUE(Must(lock.Acquire(false)));
  Must(lock.Release());
  EXPECT_TRUE(Must(lock.Locked()));
  Must(lock.Release());
  EXPECT_FALSE(Must(lock.Locked()));
  EXPECT_RAISES(lock.Release(), "AssertionError",
                "attempt to release recursive lock not owned by thread");
}

TEST(RLock, IsForgottenByAChildAfterFork) {
  RLock lock = Must(RLock::Create());
  Must(lock.Acquire());
  Child child([&] {
    if (lock.sem_lock().count() != 1) return kFailed;
    lock.AfterFork();
    return StatusOf(lock.Acquire(false));
  });
  EXPECT_EQ(child.Wait(), testing::kNo);
}

TEST(Semaphore, CountsUpWithoutABound) {
  Semaphore semaphore = Must(Semaphore::Create(0));
  Must(semaphore.Release());
  Must(semaphore.Release());
  EXPECT_EQ(Must(semaphore.GetValue()), 2);
  EXPECT_FALSE(Must(semaphore.Locked()));
}

TEST(Semaphore, HasNoValueThatAnIntCannotBe) {
  EXPECT_OS_ERROR(Semaphore::Create(-1), EINVAL);
  EXPECT_OS_ERROR(BoundedSemaphore::Create(-1), EINVAL);
  EXPECT_EQ(Must(Must(Semaphore::Create(kSemValueMax)).GetValue()), kSemValueMax);
}

TEST(BoundedSemaphore, IsNotReleasedAboveItsFirstValue) {
  BoundedSemaphore semaphore = Must(BoundedSemaphore::Create(2));
  Must(semaphore.Acquire());
  Must(semaphore.Release());
  EXPECT_RAISES(semaphore.Release(), "ValueError", kTooOften);
  EXPECT_EQ(Must(semaphore.GetValue()), 2);
}

}  // namespace
}  // namespace semlock
