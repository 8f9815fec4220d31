// SPDX-License-Identifier: MIT
//
// One thread of one process: making, naming, taking and giving back.
#include "semlock/sem_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "test_support.h"

namespace semlock {
namespace {

using testing::Must;
using testing::ScopedName;

constexpr char kNotOwned[] = "attempt to release recursive lock not owned by thread";
constexpr char kTooOften[] = "semaphore or lock released too many times";

SemLock MakeLock(int kind, int value, int maxvalue) {
  const ScopedName name;
  return Must(SemLock::Create(kind, value, maxvalue, name.get(), true));
}

bool FileExists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

TEST(SemLockCreate, KeepsWhatItWasGiven) {
  const ScopedName name;
  const SemLock lock = Must(SemLock::Create(kSemaphore, 3, 5, name.get(), false));
  EXPECT_EQ(lock.kind(), kSemaphore);
  EXPECT_EQ(lock.maxvalue(), 5);
  EXPECT_EQ(lock.name(), name.get());
  EXPECT_NE(lock.handle(), 0U);
  EXPECT_EQ(lock.fd(), -1);
  EXPECT_EQ(lock.count(), 0);
  EXPECT_EQ(Must(lock.GetValue()), 3);
}

TEST(SemLockCreate, MakesAFileThatOnlyItsUserMayUse) {
  const ScopedName name;
  const SemLock lock = Must(SemLock::Create(kSemaphore, 1, 1, name.get(), false));
  struct stat status {};
  ASSERT_EQ(stat(name.semaphore_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST(SemLockCreate, LeavesNoNameWhenToldToUnlink) {
  const ScopedName name;
  const SemLock lock = Must(SemLock::Create(kSemaphore, 1, 1, name.get(), true));
  EXPECT_EQ(lock.name(), std::nullopt);
  EXPECT_FALSE(FileExists(name.semaphore_file()));
}

TEST(SemLockCreate, LooksForANulBeforeTheKind) {
  EXPECT_RAISES(SemLock::Create(9, 1, 1, std::string("/a\0b", 4), true), "ValueError",
                "embedded null character");
}

TEST(SemLockCreate, RefusesAnyOtherKindBeforeItMakesAnything) {
  for (const int kind : {-1, 2, 3, 100}) {
    const ScopedName name;
    EXPECT_RAISES(SemLock::Create(kind, 1, 1, name.get(), false), "ValueError",
                  "unrecognized kind");
    EXPECT_FALSE(FileExists(name.semaphore_file()));
  }
}

TEST(SemLockCreate, TakesTheLargestValueAndNoNegativeOne) {
  EXPECT_EQ(Must(MakeLock(kSemaphore, kSemValueMax, kSemValueMax).GetValue()), kSemValueMax);
  const ScopedName name;
  EXPECT_OS_ERROR(SemLock::Create(kSemaphore, -1, 1, name.get(), true), EINVAL);
}

TEST(SemLockCreate, RefusesANameThatExistsAndLeavesItAlone) {
  const ScopedName name;
  const SemLock first = Must(SemLock::Create(kSemaphore, 4, 4, name.get(), false));
  EXPECT_RAISES(SemLock::Create(kSemaphore, 1, 1, name.get(), true), "FileExistsError",
                "File exists");
  EXPECT_EQ(Must(first.GetValue()), 4);
  EXPECT_TRUE(FileExists(name.semaphore_file()));
}

TEST(SemLockCreate, TellsNoFilename) {
  EXPECT_EQ(SemLock::Create(kSemaphore, 1, 1, "/a/b", true).error().filename, "");
}

TEST(SemLockCreate, RefusesNamesThatAreNone) {
  for (const char* name : {"", "/", "//", "/a/b", "/x/"}) {
    EXPECT_OS_ERROR(SemLock::Create(kSemaphore, 1, 1, name, true), EINVAL);
  }
}

TEST(SemLockCreate, TakesTheSameNameWithoutItsSlash) {
  const ScopedName name;
  const SemLock lock = Must(SemLock::Create(kSemaphore, 2, 2, name.without_slash(), false));
  EXPECT_EQ(lock.name(), name.without_slash());
  EXPECT_EQ(Must(Must(SemLock::Rebuild(0, kSemaphore, 2, "//" + name.without_slash())).GetValue()),
            2);
}

TEST(SemLockRebuild, SharesTheValueButNotTheCount) {
  const ScopedName name;
  SemLock first = Must(SemLock::Create(kSemaphore, 2, 2, name.get(), false));
  ASSERT_TRUE(Must(first.Acquire()));
  const SemLock second = Must(SemLock::Rebuild(12345, kSemaphore, 99, name.get()));
  EXPECT_EQ(Must(second.GetValue()), 1);
  EXPECT_EQ(second.count(), 0);
  EXPECT_EQ(second.maxvalue(), 99);
  EXPECT_EQ(second.name(), name.get());
  EXPECT_EQ(second.handle(), first.handle());
}

TEST(SemLockRebuild, DoesNotCheckTheKind) {
  const ScopedName name;
  const SemLock first = Must(SemLock::Create(kSemaphore, 0, 2, name.get(), false));
  SemLock second = Must(SemLock::Rebuild(0, 77, 2, name.get()));
  EXPECT_EQ(second.kind(), 77);
  EXPECT_TRUE(second.Release().has_value());
  EXPECT_EQ(second.count(), -1);
}

TEST(SemLockRebuild, RefusesAMissingNameAndANul) {
  const ScopedName name;
  EXPECT_RAISES(SemLock::Rebuild(0, kSemaphore, 1, name.get()), "FileNotFoundError",
                "No such file or directory");
  EXPECT_RAISES(SemLock::Rebuild(0, kSemaphore, 1, std::string("/a\0b", 4)), "ValueError",
                "embedded null character");
}

TEST(SemLockRebuild, SurvivesTheOriginal) {
  const ScopedName name;
  auto first =
      std::make_unique<SemLock>(Must(SemLock::Create(kSemaphore, 1, 1, name.get(), false)));
  SemLock second = Must(SemLock::Rebuild(0, kSemaphore, 1, name.get()));
  first.reset();
  EXPECT_TRUE(Must(second.Acquire()));
}

TEST(SemLockRebuild, WrapsAHandleWithoutAName) {
  const ScopedName name;
  SemLock first = Must(SemLock::Create(kSemaphore, 1, 1, name.get(), false));
  // A second opening, so that the object that wraps the handle has one to close.
  const SemLock keeper = Must(SemLock::Rebuild(0, kSemaphore, 1, name.get()));
  {
    SemLock second = Must(SemLock::Rebuild(first.handle(), kSemaphore, 1, std::nullopt));
    EXPECT_EQ(second.name(), std::nullopt);
    EXPECT_TRUE(Must(second.Acquire()));
  }
  EXPECT_EQ(Must(first.GetValue()), 0);
}

TEST(SemLockRebuild, ClosesAHandleThatIsNoneWithoutHarm) {
  for (const std::uintptr_t handle : {std::uintptr_t{0}, std::uintptr_t{1}, ~std::uintptr_t{0}}) {
    EXPECT_EQ(Must(SemLock::Rebuild(handle, kSemaphore, 1, std::nullopt)).handle(), handle);
  }
}

TEST(SemLockDestructor, KeepsTheNameAndTheValue) {
  const ScopedName name;
  {
    SemLock lock = Must(SemLock::Create(kSemaphore, 2, 2, name.get(), false));
    ASSERT_TRUE(Must(lock.Acquire()));
  }
  EXPECT_TRUE(FileExists(name.semaphore_file()));
  EXPECT_EQ(Must(Must(SemLock::Rebuild(0, kSemaphore, 2, name.get())).GetValue()), 1);
}

TEST(SemLockMove, TakesTheWholeStateAlong) {
  const ScopedName name;
  SemLock first = Must(SemLock::Create(kRecursiveMutex, 1, 1, name.get(), false));
  ASSERT_TRUE(Must(first.Acquire()));
  ASSERT_TRUE(Must(first.Acquire()));
  SemLock second = std::move(first);
  EXPECT_EQ(second.count(), 2);
  EXPECT_TRUE(second.IsMine());
  EXPECT_EQ(second.name(), name.get());
  SemLock third = MakeLock(kSemaphore, 5, 5);
  third = std::move(second);
  EXPECT_EQ(third.kind(), kRecursiveMutex);
  EXPECT_TRUE(third.Release().has_value());
  EXPECT_TRUE(third.Release().has_value());
  EXPECT_EQ(Must(third.GetValue()), 1);
}

TEST(SemUnlink, RemovesANameThatIsInUse) {
  const ScopedName name;
  SemLock lock = Must(SemLock::Create(kSemaphore, 1, 1, name.get(), false));
  EXPECT_TRUE(SemUnlink(name.get()).has_value());
  EXPECT_FALSE(FileExists(name.semaphore_file()));
  EXPECT_TRUE(Must(lock.Acquire()));
  EXPECT_RAISES(SemUnlink(name.get()), "FileNotFoundError", "No such file or directory");
}

TEST(SemUnlink, RefusesANul) {
  EXPECT_RAISES(SemUnlink(std::string_view("/a\0b", 4)), "ValueError", "embedded null character");
}

TEST(SemUnlink, FreesTheNameForAnIndependentSemaphore) {
  const ScopedName name;
  const SemLock old = Must(SemLock::Create(kSemaphore, 1, 1, name.get(), false));
  ASSERT_TRUE(SemUnlink(name.get()).has_value());
  const SemLock young = Must(SemLock::Create(kSemaphore, 0, 1, name.get(), false));
  EXPECT_EQ(Must(old.GetValue()), 1);
  EXPECT_EQ(Must(young.GetValue()), 0);
}

TEST(SemLockUnnamed, HasAFileThatIsNotInherited) {
  const SemLock lock = Must(SemLock::CreateUnnamed(kSemaphore, 2, 3));
  ASSERT_GE(lock.fd(), 0);
  EXPECT_NE(fcntl(lock.fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(lock.name(), std::nullopt);
  EXPECT_EQ(Must(lock.GetValue()), 2);
}

TEST(SemLockUnnamed, ChecksTheKindThenTheValue) {
  EXPECT_RAISES(SemLock::CreateUnnamed(2, -1, 1), "ValueError", "unrecognized kind");
  EXPECT_OS_ERROR(SemLock::CreateUnnamed(kSemaphore, -1, 1), EINVAL);
  EXPECT_EQ(Must(Must(SemLock::CreateUnnamed(kSemaphore, kSemValueMax, 1)).GetValue()),
            kSemValueMax);
}

TEST(SemLockUnnamed, IsTheSameSemaphoreWhenRebuiltFromItsFile) {
  SemLock first = Must(SemLock::CreateUnnamed(kSemaphore, 1, 1));
  SemLock second = Must(SemLock::RebuildFromFd(first.fd(), kSemaphore, 1));
  EXPECT_NE(second.fd(), first.fd());
  ASSERT_TRUE(Must(first.Acquire()));
  EXPECT_TRUE(Must(second.IsZero()));
  EXPECT_TRUE(second.Release().has_value());
  EXPECT_EQ(Must(first.GetValue()), 1);
}

TEST(SemLockUnnamed, CannotBeShrunkUnderItsUsers) {
  const SemLock lock = Must(SemLock::CreateUnnamed(kSemaphore, 1, 1));
  EXPECT_EQ(ftruncate(lock.fd(), 0), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST(SemLockUnnamed, RefusesAFileOfAnotherSizeAndABadDescriptor) {
  const int fd = memfd_create("short", MFD_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_OS_ERROR(SemLock::RebuildFromFd(fd, kSemaphore, 1), EINVAL);
  ASSERT_EQ(ftruncate(fd, 4096), 0);
  EXPECT_OS_ERROR(SemLock::RebuildFromFd(fd, kSemaphore, 1), EINVAL);
  close(fd);
  EXPECT_OS_ERROR(SemLock::RebuildFromFd(-1, kSemaphore, 1), EBADF);
}

TEST(SemLockUnnamed, LeavesNoDescriptorBehind) {
  const int before = dup(0);
  close(before);
  {
    const SemLock first = Must(SemLock::CreateUnnamed(kSemaphore, 1, 1));
    const SemLock second = Must(SemLock::RebuildFromFd(first.fd(), kSemaphore, 1));
    EXPECT_FALSE(SemLock::CreateUnnamed(kSemaphore, -1, 1).has_value());
  }
  const int after = dup(0);
  close(after);
  EXPECT_EQ(after, before);
}

TEST(SemLockAcquire, TakesAPermitThatIsFree) {
  SemLock lock = MakeLock(kSemaphore, 2, 2);
  EXPECT_TRUE(Must(lock.Acquire()));
  EXPECT_TRUE(Must(lock.Acquire(false)));
  EXPECT_EQ(lock.count(), 2);
  EXPECT_TRUE(lock.IsMine());
  EXPECT_TRUE(Must(lock.IsZero()));
  EXPECT_FALSE(Must(lock.Acquire(false)));
  EXPECT_EQ(lock.count(), 2);
}

TEST(SemLockAcquire, TakesAFreePermitWhateverTheTimeout) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double timeout : {0.0, -1.0, -kInfinity, kInfinity, std::nan(""), 1e19, 1e300}) {
    SemLock lock = MakeLock(kSemaphore, 1, 1);
    EXPECT_TRUE(Must(lock.Acquire(true, timeout))) << timeout;
  }
}

TEST(SemLockAcquire, GivesUpAtOnceForATimeoutThatHasPassed) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double timeout :
       {0.0, -0.0, -1.0, -1e300, -kInfinity, 1e-10, std::nextafter(0x1p63, 0.0)}) {
    EXPECT_FALSE(Must(lock.Acquire(true, timeout))) << timeout;
  }
  EXPECT_EQ(lock.count(), 0);
}

TEST(SemLockAcquire, RefusesToWaitForWhatIsNoTime) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  for (const double timeout : {std::nan(""), HUGE_VAL, 0x1p63, 9.3e18, 1e19, 1e300}) {
    EXPECT_OS_ERROR(lock.Acquire(true, timeout), EINVAL);
  }
  EXPECT_EQ(lock.count(), 0);
}

TEST(SemLockAcquire, LooksAtNoTimeoutWithoutBlocking) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  for (const double timeout : {std::nan(""), HUGE_VAL, 1.0, 1e300}) {
    EXPECT_FALSE(Must(lock.Acquire(false, timeout)));
  }
}

TEST(SemLockAcquire, IsNeverEarly) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(Must(lock.Acquire(true, 0.05)));
  const auto elapsed = std::chrono::steady_clock::now() - before;
  // The deadline is computed from microseconds of another clock.
  EXPECT_GE(elapsed, std::chrono::microseconds(49'800));
}

TEST(SemLockRecursive, EntersAgainWhateverTheArguments) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  ASSERT_TRUE(Must(lock.Acquire()));
  EXPECT_TRUE(Must(lock.Acquire(false)));
  EXPECT_TRUE(Must(lock.Acquire(true, std::nan(""))));
  EXPECT_TRUE(Must(lock.Acquire(true, HUGE_VAL)));
  EXPECT_EQ(lock.count(), 4);
  EXPECT_EQ(Must(lock.GetValue()), 0);
}

TEST(SemLockRecursive, PostsOnlyOnTheLastRelease) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  ASSERT_TRUE(Must(lock.Acquire()));
  ASSERT_TRUE(Must(lock.Acquire()));
  EXPECT_TRUE(lock.Release().has_value());
  EXPECT_EQ(Must(lock.GetValue()), 0);
  EXPECT_EQ(lock.count(), 1);
  EXPECT_TRUE(lock.Release().has_value());
  EXPECT_EQ(Must(lock.GetValue()), 1);
  EXPECT_EQ(lock.count(), 0);
  EXPECT_RAISES(lock.Release(), "AssertionError", kNotOwned);
}

TEST(SemLockRecursive, IsNotMineBeforeTheFirstAcquire) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  EXPECT_FALSE(lock.IsMine());
  EXPECT_RAISES(lock.Release(), "AssertionError", kNotOwned);
  EXPECT_EQ(Must(lock.GetValue()), 1);
}

TEST(SemLockRecursive, BelongsToTheObjectAndNotToTheSemaphore) {
  const ScopedName name;
  SemLock first = Must(SemLock::Create(kRecursiveMutex, 1, 1, name.get(), false));
  SemLock second = Must(SemLock::Rebuild(0, kRecursiveMutex, 1, name.get()));
  ASSERT_TRUE(Must(first.Acquire()));
  EXPECT_FALSE(second.IsMine());
  EXPECT_FALSE(Must(second.Acquire(true, 0.0)));
  EXPECT_RAISES(second.Release(), "AssertionError", kNotOwned);
}

TEST(SemLockRecursive, ForgetsItsPermitAfterAFork) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  ASSERT_TRUE(Must(lock.Acquire()));
  lock.AfterFork();
  EXPECT_EQ(lock.count(), 0);
  EXPECT_RAISES(lock.Release(), "AssertionError", kNotOwned);
  EXPECT_FALSE(Must(lock.Acquire(false)));
}

TEST(SemLockRecursive, HasNoMaximum) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 0);
  ASSERT_TRUE(Must(lock.Acquire()));
  EXPECT_TRUE(lock.Release().has_value());
}

TEST(SemLockRecursive, StillOwnsWhatItCouldNotGiveBack) {
  const ScopedName name;
  SemLock lock = Must(SemLock::Create(kRecursiveMutex, kSemValueMax, 1, name.get(), false));
  SemLock other = Must(SemLock::Rebuild(0, kSemaphore, kSemValueMax, name.get()));
  ASSERT_TRUE(Must(lock.Acquire()));
  ASSERT_TRUE(other.Release().has_value());
  EXPECT_OS_ERROR(lock.Release(), EOVERFLOW);
  EXPECT_EQ(lock.count(), 1);
  EXPECT_TRUE(lock.IsMine());
}

TEST(SemLockSemaphore, CountsReleasesBelowZero) {
  SemLock lock = MakeLock(kSemaphore, 0, 3);
  EXPECT_TRUE(lock.Release().has_value());
  EXPECT_TRUE(lock.Release().has_value());
  EXPECT_EQ(lock.count(), -2);
  EXPECT_EQ(Must(lock.GetValue()), 2);
  EXPECT_TRUE(Must(lock.Acquire()));
  EXPECT_FALSE(lock.IsMine());
}

TEST(SemLockSemaphore, RefusesAReleaseAtItsMaximum) {
  for (const int maxvalue : {1, 0, -1}) {
    SemLock lock = MakeLock(kSemaphore, 1, maxvalue);
    EXPECT_RAISES(lock.Release(), "ValueError", kTooOften);
    EXPECT_EQ(lock.count(), 0);
    EXPECT_EQ(Must(lock.GetValue()), 1);
  }
}

TEST(SemLockSemaphore, RefusesAReleaseAtTheLargestMaximum) {
  SemLock lock = MakeLock(kSemaphore, kSemValueMax, kSemValueMax);
  EXPECT_RAISES(lock.Release(), "ValueError", kTooOften);
}

TEST(SemLockSemaphore, MayStartAboveItsMaximum) {
  SemLock lock = MakeLock(kSemaphore, 2, 1);
  EXPECT_RAISES(lock.Release(), "ValueError", kTooOften);
  ASSERT_TRUE(Must(lock.Acquire()));
  EXPECT_RAISES(lock.Release(), "ValueError", kTooOften);
  ASSERT_TRUE(Must(lock.Acquire()));
  EXPECT_TRUE(lock.Release().has_value());
}

}  // namespace
}  // namespace semlock
