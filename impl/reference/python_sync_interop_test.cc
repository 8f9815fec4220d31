// SPDX-License-Identifier: MIT
//
// The synchronisation types of this library and of a CPython on the same semaphores, by their
// names. Skipped where there is no python3. The semaphores are made here, but for one test.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "python_support.h"
#include "semlock/semlock.h"
#include "test_support.h"

namespace semlock {
namespace {

using testing::Child;
using testing::Eventually;
using testing::Must;
using testing::NamedSemaphores;
using testing::RunPython;
using testing::ScopedName;
using testing::StatusOf;

// Python's types over semaphores that are there by name: the state that they are unpickled from.
constexpr char kAttach[] = R"(
import sys
from multiprocessing import synchronize as sync
from _multiprocessing import SemLock

MAX = SemLock.SEM_VALUE_MAX
names = sys.argv[1:]

def one(kind, name, sem_kind=1, maxvalue=MAX):
    lock = kind.__new__(kind)
    lock.__setstate__((0, sem_kind, maxvalue, name))
    return lock

def condition(lock):
    result = sync.Condition.__new__(sync.Condition)
    result.__setstate__((lock,) + tuple(one(sync.Semaphore, name) for name in names[1:4]))
    return result

def rlock_condition():
    return condition(one(sync.RLock, names[0], 0, 1))

def event():
    result = sync.Event.__new__(sync.Event)
    result._cond = condition(one(sync.Lock, names[0], 1, 1))
    result._flag = one(sync.Semaphore, names[4])
    return result

def raises(exception, call):
    try:
        call()
    except exception:
        return True
    return False
)";

class PythonSync : public testing::PythonTest {
 protected:
  static std::string Script(const std::string& script) { return std::string(kAttach) + script; }

  static int Run(const std::string& script, const std::vector<std::string>& names) {
    Child child([&] { return RunPython(Script(script), names); });
    return child.Wait();
  }
};

TEST_F(PythonSync, ALockIsTakenHereAndReleasedThere) {
  const NamedSemaphores names(kSemaphore);
  Lock lock = Must(Lock::Attach(names.lock()));
  Must(lock.Acquire());
  EXPECT_EQ(Run("lock = one(sync.Lock, names[0], 1, 1)\n"
                "assert not lock.acquire(False)\n"
                "lock.release()\n"
                "assert raises(ValueError, lock.release)\n",
                names.all()),
            0);
  EXPECT_TRUE(Must(lock.Acquire(false)));
}

TEST_F(PythonSync, AnRLockIsWaitedForThere) {
  const NamedSemaphores names(kRecursiveMutex);
  RLock lock = Must(RLock::Attach(names.lock()));
  Must(lock.Acquire());
  Must(lock.Acquire());
  Child python([&] {
    return RunPython(Script("lock = one(sync.RLock, names[0], 0, 1)\n"
                            "assert raises(AssertionError, lock.release)\n"
                            "assert lock.acquire() and lock.acquire(False)\n"),
                     names.all());
  });
  ASSERT_TRUE(Eventually([&] { return testing::WaiterCount(lock.sem_lock()) == 1; }));
  Must(lock.Release());
  Must(lock.Release());
  EXPECT_EQ(python.Wait(), 0);
}

TEST_F(PythonSync, SemaphoresCountTogetherAndTheBoundHoldsAtBothEnds) {
  const ScopedName name;
  const SemLock made = Must(SemLock::Create(kSemaphore, 2, 2, name.get(), false));
  Semaphore semaphore = Must(Semaphore::Attach(name.get()));
  BoundedSemaphore bounded = Must(BoundedSemaphore::Attach(name.get(), 2));
  EXPECT_EQ(Run("semaphore = one(sync.Semaphore, names[0])\n"
                "bounded = one(sync.BoundedSemaphore, names[0], 1, 2)\n"
                "assert bounded.get_value() == 2\n"
                "assert raises(ValueError, bounded.release)\n"
                "semaphore.release()\n",
                {name.get()}),
            0);
  EXPECT_EQ(Must(semaphore.GetValue()), 3);
  EXPECT_FALSE(bounded.Release().has_value());
}

TEST_F(PythonSync, AConditionWakesThere) {
  const NamedSemaphores names(kRecursiveMutex);
  Condition condition = Must(Condition::Attach(names.lock(), names.condition()));
  Child python([&] {
    return RunPython(Script("c = rlock_condition()\n"
                            "with c, c:\n"
                            "    assert c.wait(30) is True\n"),
                     names.all());
  });
  const SemLock& awaited = condition.wait_semaphore().sem_lock();
  ASSERT_TRUE(Eventually([&] { return testing::WaiterCount(awaited) == 1; }));
  EXPECT_EQ(Must(condition.sleeping_count().GetValue()), 1);
  Must(condition.Acquire());
  Must(condition.Notify());
  EXPECT_EQ(Must(condition.sleeping_count().GetValue()), 0);
  Must(condition.Release());
  EXPECT_EQ(python.Wait(), 0);
}

TEST_F(PythonSync, AConditionWakesHere) {
  const NamedSemaphores names(kRecursiveMutex);
  Condition condition = Must(Condition::Attach(names.lock(), names.condition()));
  Child waiter([&] {
    Must(condition.Acquire());
    return StatusOf(condition.Wait(30.0));
  });
  const auto asleep = condition.wait_semaphore().sem_lock().handle();
  ASSERT_TRUE(Eventually([&] { return waiter.IsBlockedOn(asleep); }));
  EXPECT_EQ(Run("c = rlock_condition()\n"
                "assert raises(AssertionError, c.notify)\n"
                "with c:\n"
                "    c.notify_all()\n"
                "    assert c._sleeping_count.get_value() == 0\n"
                "    assert c._woken_count.get_value() == 0\n",
                names.all()),
            0);
  EXPECT_EQ(waiter.Wait(), testing::kYes);
}

TEST_F(PythonSync, ATimeoutHereIsAccountedForThere) {
  const NamedSemaphores names(kRecursiveMutex);
  Condition condition = Must(Condition::Attach(names.lock(), names.condition()));
  Must(condition.Acquire());
  EXPECT_FALSE(Must(condition.Wait(0.0)));
  Must(condition.Release());
  EXPECT_EQ(Run("c = rlock_condition()\n"
                "with c:\n"
                "    c.notify()\n"
                "    assert c.wait(0.001) is False\n",
                names.all()),
            0);
  Must(condition.Acquire());
  Must(condition.Notify());
  EXPECT_EQ(Must(condition.sleeping_count().GetValue()), 0);
  EXPECT_EQ(Must(condition.woken_count().GetValue()), 0);
}

TEST_F(PythonSync, AnEventIsSetHereAndSeenThereAndBack) {
  const NamedSemaphores names(kSemaphore);
  Event event = Must(Event::Attach(names.lock(), names.condition(), names.flag()));
  Child python([&] {
    return RunPython(Script("e = event()\n"
                            "assert not e.is_set()\n"
                            "assert e.wait() is True\n"
                            "e.clear()\n"),
                     names.all());
  });
  const SemLock& awaited = event.condition().wait_semaphore().sem_lock();
  ASSERT_TRUE(Eventually([&] { return testing::WaiterCount(awaited) == 1; }));
  Must(event.Set());
  EXPECT_EQ(python.Wait(), 0);
  EXPECT_FALSE(Must(event.IsSet()));
  Child waiter([&] { return StatusOf(event.Wait(30.0)); });
  ASSERT_TRUE(Eventually([&] { return waiter.IsBlockedOn(awaited.handle()); }));
  EXPECT_EQ(Run("event().set()\n", names.all()), 0);
  EXPECT_EQ(waiter.Wait(), testing::kYes);
}

TEST_F(PythonSync, WhatPythonMadeIsAttachedHere) {
  const ScopedName lock, sleeping, woken, wait;
  const std::vector<std::string> names = {lock.get(), sleeping.get(), woken.get(), wait.get()};
  ASSERT_EQ(Run("SemLock(0, 1, 1, names[0], False)\n"
                "for name in names[1:]:\n"
                "    SemLock(1, 0, MAX, name, False)\n"
                "c = rlock_condition()\n"
                "with c:\n"
                "    c.wait(0.001)\n",
                names),
            0);
  Condition condition =
      Must(Condition::Attach(lock.get(), {sleeping.get(), woken.get(), wait.get()}));
  EXPECT_EQ(Must(condition.sleeping_count().GetValue()), 1);
  EXPECT_EQ(Must(condition.woken_count().GetValue()), 1);
  Must(condition.Acquire());
  Must(condition.Notify());
  EXPECT_EQ(Must(condition.sleeping_count().GetValue()), 0);
}

}  // namespace
}  // namespace semlock
