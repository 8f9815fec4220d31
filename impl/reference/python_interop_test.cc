// SPDX-License-Identifier: MIT
//
// This library and a CPython on the same semaphore and on the same segment, either making what the
// other finds. Skipped where there is no python3.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "python_support.h"
#include "semlock/semlock.h"
#include "test_support.h"

namespace semlock {
namespace {

using testing::Child;
using testing::Eventually;
using testing::Must;
using testing::RunPython;
using testing::ScopedName;

class PythonInterop : public testing::PythonTest {
 protected:
  // The exit status of `script`: 0 if none of its assertions failed.
  int Run(const std::string& script) {
    Child child([&] { return RunPython(script, {name_.get()}); });
    return child.Wait();
  }

  ScopedName name_;
};

constexpr char kRebuild[] =
    "import sys\n"
    "from _multiprocessing import SemLock\n"
    "s = SemLock._rebuild(0, 1, 2, sys.argv[1])\n";

TEST_F(PythonInterop, PythonRebuildsAndReleasesWhatWasCreatedHere) {
  SemLock lock = Must(SemLock::Create(kSemaphore, 0, 2, name_.get(), false));
  ASSERT_EQ(Run(std::string(kRebuild) + "assert s._get_value() == 0\ns.release()"), 0);
  EXPECT_TRUE(Must(lock.Acquire(false)));
}

TEST_F(PythonInterop, PythonWaitsForAReleaseFromHere) {
  SemLock lock = Must(SemLock::Create(kSemaphore, 0, 2, name_.get(), false));
  Child python([&] {
    return RunPython(std::string(kRebuild) + "assert s.acquire() is True", {name_.get()});
  });
  ASSERT_TRUE(Eventually([&] { return testing::WaiterCount(lock) == 1; }));
  ASSERT_TRUE(lock.Release().has_value());
  EXPECT_EQ(python.Wait(), 0);
  EXPECT_EQ(Must(lock.GetValue()), 0);
}

TEST_F(PythonInterop, PythonIsRefusedAReleaseAtTheMaximumReachedHere) {
  SemLock lock = Must(SemLock::Create(kSemaphore, 1, 2, name_.get(), false));
  ASSERT_TRUE(lock.Release().has_value());
  EXPECT_EQ(Run(std::string(kRebuild) +
                "try:\n s.release()\nexcept ValueError:\n pass\nelse:\n sys.exit(1)"),
            0);
}

TEST_F(PythonInterop, WhatPythonCreatedIsRebuiltAndAcquiredHere) {
  ASSERT_EQ(Run("import sys\n"
                "from _multiprocessing import SemLock\n"
                "s = SemLock(1, 2, 2, sys.argv[1], False)\n"
                "assert s.acquire()\n"),
            0);
  SemLock lock = Must(SemLock::Rebuild(0, kSemaphore, 2, name_.get()));
  EXPECT_EQ(Must(lock.GetValue()), 1);
  EXPECT_TRUE(Must(lock.Acquire(false)));
  EXPECT_FALSE(Must(lock.Acquire(false)));
  EXPECT_TRUE(SemUnlink(name_.get()).has_value());
}

TEST_F(PythonInterop, AWaitHereEndsWithPythonsRelease) {
  SemLock lock = Must(SemLock::Create(kSemaphore, 0, 2, name_.get(), false));
  Child waiter([&] {
    const Result<bool> taken = lock.Acquire(true, 30.0);
    return taken && *taken ? 0 : 1;
  });
  ASSERT_TRUE(
      Eventually([&] { return testing::IsBlockedOn(waiter.pid(), waiter.pid(), lock.handle()); }));
  EXPECT_EQ(Run(std::string(kRebuild) + "s.release()"), 0);
  EXPECT_EQ(waiter.Wait(), 0);
}

// multiprocessing.shared_memory would start a resource tracker that unlinks the segment at its
// end, so Python uses the two layers below it.
TEST_F(PythonInterop, PythonReadsAndWritesASegmentThatWasCreatedHere) {
  const SharedMemory segment = Must(SharedMemory::Create(name_.without_slash(), 5));
  segment.data()[0] = std::byte{11};
  ASSERT_EQ(Run("import sys, os, mmap, _posixshmem\n"
                "fd = _posixshmem.shm_open(sys.argv[1], os.O_RDWR, mode=0o600)\n"
                "assert os.fstat(fd).st_size == 5\n"
                "m = mmap.mmap(fd, 5)\n"
                "assert m[0] == 11\n"
                "m[4] = 99\n"),
            0);
  EXPECT_EQ(segment.data()[4], std::byte{99});
}

TEST_F(PythonInterop, ASegmentThatPythonCreatedIsAttachedHere) {
  ASSERT_EQ(Run("import sys, os, mmap, _posixshmem\n"
                "flags = os.O_CREAT | os.O_EXCL | os.O_RDWR\n"
                "fd = _posixshmem.shm_open(sys.argv[1], flags, mode=0o600)\n"
                "os.ftruncate(fd, 7)\n"
                "mmap.mmap(fd, 7)[6] = 5\n"),
            0);
  SharedMemory segment = Must(SharedMemory::Attach(name_.without_slash()));
  EXPECT_EQ(segment.size(), 7);
  EXPECT_EQ(segment.data()[6], std::byte{5});
  EXPECT_TRUE(segment.Unlink().has_value());
}

}  // namespace
}  // namespace semlock
