// SPDX-License-Identifier: MIT
//
// What the libc could say but will not on request. This program has libc functions of its own in
// front of the real ones, which fail, or tell another time, when a test asks for it.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "release_gate.h"
#include "semlock/sem_lock.h"
#include "semlock/shared_memory.h"
#include "test_support.h"

namespace {

// The errnos that a function fails with, one a call, before the real one is called again.
struct Plan {
  std::vector<int> errnos;
  std::size_t calls = 0;

  // Whether this call is to fail; sets errno then.
  bool Fails() {
    if (calls >= errnos.size()) return false;
    errno = errnos[calls++];
    return true;
  }
};

struct Faults {
  Plan sem_trywait, sem_timedwait, sem_wait, sem_post, sem_getvalue, sem_unlink, shm_open,
      shm_unlink;
  std::function<void(timeval*)> set_time;
  std::function<void()> before_post;
  std::function<void(int*)> after_getvalue;
  std::vector<timespec> deadlines;          // as sem_timedwait() got them
  std::vector<unsigned char> random_bytes;  // what getrandom() gives before it is random
  int closed_semaphores = 0;
};

Faults* faults = nullptr;

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int sem_trywait(sem_t* semaphore) {
  if (faults != nullptr && faults->sem_trywait.Fails()) return -1;
  return Real<int(sem_t*)>("sem_trywait")(semaphore);
}

int sem_wait(sem_t* semaphore) {
  if (faults != nullptr && faults->sem_wait.Fails()) return -1;
  return Real<int(sem_t*)>("sem_wait")(semaphore);
}

int sem_timedwait(sem_t* semaphore, const timespec* deadline) {
  if (faults != nullptr) {
    faults->deadlines.push_back(*deadline);
    if (faults->sem_timedwait.Fails()) return -1;
  }
  return Real<int(sem_t*, const timespec*)>("sem_timedwait")(semaphore, deadline);
}

int sem_post(sem_t* semaphore) noexcept {
  if (faults != nullptr) {
    if (faults->before_post) faults->before_post();
    if (faults->sem_post.Fails()) return -1;
  }
  return Real<int(sem_t*)>("sem_post")(semaphore);
}

int sem_getvalue(sem_t* semaphore, int* value) noexcept {
  if (faults != nullptr && faults->sem_getvalue.Fails()) return -1;
  const int result = Real<int(sem_t*, int*)>("sem_getvalue")(semaphore, value);
  if (faults != nullptr && faults->after_getvalue) faults->after_getvalue(value);
  return result;
}

int sem_unlink(const char* name) noexcept {
  if (faults != nullptr && faults->sem_unlink.Fails()) return -1;
  return Real<int(const char*)>("sem_unlink")(name);
}

int sem_close(sem_t* semaphore) noexcept {
  if (faults != nullptr) ++faults->closed_semaphores;
  return Real<int(sem_t*)>("sem_close")(semaphore);
}

int gettimeofday(timeval* now, void* zone) noexcept {
  const int result = Real<int(timeval*, void*)>("gettimeofday")(now, zone);
  if (faults != nullptr && faults->set_time) faults->set_time(now);
  return result;
}

ssize_t getrandom(void* buffer, size_t length, unsigned int flags) {
  if (faults != nullptr && faults->random_bytes.size() >= length) {
    auto& bytes = faults->random_bytes;
    memcpy(buffer, bytes.data(), length);
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    return static_cast<ssize_t>(length);
  }
  return Real<ssize_t(void*, size_t, unsigned int)>("getrandom")(buffer, length, flags);
}

int shm_open(const char* name, int flags, mode_t mode) {
  if (faults != nullptr && faults->shm_open.Fails()) return -1;
  return Real<int(const char*, int, mode_t)>("shm_open")(name, flags, mode);
}

int shm_unlink(const char* name) {
  if (faults != nullptr && faults->shm_unlink.Fails()) return -1;
  return Real<int(const char*)>("shm_unlink")(name);
}

}  // extern "C"

namespace semlock {
namespace {

using testing::Must;
using testing::ScopedName;

constexpr char kTooOften[] = "semaphore or lock released too many times";

class FaultTest : public ::testing::Test {
 protected:
  FaultTest() { ::faults = &faults_; }
  ~FaultTest() override { ::faults = nullptr; }

  static SemLock MakeLock(int kind, int value, int maxvalue) {
    const ScopedName name;
    return Must(SemLock::Create(kind, value, maxvalue, name.get(), true));
  }

  // A hook that counts its calls and abandons at the given one.
  InterruptHook AbandonAtCall(int call) {
    abandon_at_ = call;
    return {[](void* self) {
              auto* const test = static_cast<FaultTest*>(self);
              return ++test->hook_calls_ == test->abandon_at_;
            },
            this};
  }

  Faults faults_;
  int hook_calls_ = 0;
  int abandon_at_ = 0;
};

using SemLockFault = FaultTest;
using ShmFault = FaultTest;

TEST_F(SemLockFault, ClosesTheSemaphoreWhenItsNameCannotBeUnlinked) {
  const ScopedName name;
  faults_.sem_unlink.errnos = {EACCES};
  EXPECT_RAISES(SemLock::Create(kSemaphore, 1, 1, name.get(), true), "PermissionError",
                "Permission denied");
  EXPECT_EQ(faults_.closed_semaphores, 1);
  EXPECT_EQ(access(name.semaphore_file().c_str(), F_OK), 0);
}

TEST_F(SemLockFault, TriesAgainWhenTheFirstLookIsInterrupted) {
  SemLock lock = MakeLock(kSemaphore, 1, 1);
  faults_.sem_trywait.errnos = {EINTR, EINTR};
  EXPECT_TRUE(Must(lock.Acquire(false, std::nullopt, AbandonAtCall(3))));
  EXPECT_EQ(hook_calls_, 2);
}

TEST_F(SemLockFault, AbandonsAtTheFirstLookWhenTheHookSaysSo) {
  SemLock lock = MakeLock(kSemaphore, 1, 1);
  faults_.sem_trywait.errnos = {EINTR};
  EXPECT_EQ(lock.Acquire(true, 30.0, AbandonAtCall(1)).error().type, ErrorType::kAbandoned);
  EXPECT_EQ(lock.count(), 0);
  EXPECT_EQ(Must(lock.GetValue()), 1);
}

TEST_F(SemLockFault, WaitsForTheSameDeadlineAfterEachSignal) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  faults_.sem_timedwait.errnos = {EINTR, EINTR, EINTR};
  EXPECT_FALSE(Must(lock.Acquire(true, 0.01, AbandonAtCall(4))));
  EXPECT_EQ(hook_calls_, 3);
  ASSERT_EQ(faults_.deadlines.size(), 4U);
  for (const timespec& deadline : faults_.deadlines) {
    EXPECT_EQ(deadline.tv_sec, faults_.deadlines[0].tv_sec);
    EXPECT_EQ(deadline.tv_nsec, faults_.deadlines[0].tv_nsec);
  }
}

TEST_F(SemLockFault, ReportsAnyOtherErrnoOfAWait) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  faults_.sem_wait.errnos = {EDEADLK};
  EXPECT_OS_ERROR(lock.Acquire(), EDEADLK);
  faults_.sem_timedwait.errnos = {EINVAL};
  EXPECT_OS_ERROR(lock.Acquire(true, 1.0), EINVAL);
  faults_.sem_trywait.errnos = {EINVAL};
  EXPECT_OS_ERROR(lock.Acquire(false), EINVAL);
  EXPECT_EQ(lock.count(), 0);
}

TEST_F(SemLockFault, CarriesTheMicrosecondsOfTheClockIntoTheDeadline) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  faults_.set_time = [](timeval* now) { *now = {1'000, 999'999}; };
  faults_.sem_timedwait.errnos = {ETIMEDOUT};
  EXPECT_FALSE(Must(lock.Acquire(true, 0.999'999'999'5)));
  ASSERT_EQ(faults_.deadlines.size(), 1U);
  EXPECT_EQ(faults_.deadlines[0].tv_sec, 1'001);
  EXPECT_EQ(faults_.deadlines[0].tv_nsec, 999'999'000);
}

TEST_F(SemLockFault, IsNotWaitedForWhenTheClockWasSetForwardSinceTheDeadline) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  faults_.set_time = [](timeval* now) { now->tv_sec -= 3600; };
  EXPECT_FALSE(Must(lock.Acquire(true, 1000.0)));
}

TEST_F(SemLockFault, IsWaitedForLongerWhenTheClockWasSetBackSinceTheDeadline) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  faults_.set_time = [](timeval* now) { now->tv_sec += 1; };
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(Must(lock.Acquire(true, 0.0)));
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(999));
}

TEST_F(SemLockFault, AsksNoClockWithoutATimeoutAndForAnOwner) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  int asked = 0;
  faults_.set_time = [&asked](timeval*) { ++asked; };
  EXPECT_TRUE(Must(lock.Acquire()));
  EXPECT_TRUE(Must(lock.Acquire(true, 1.0)));
  EXPECT_EQ(asked, 0);
}

TEST_F(SemLockFault, KeepsTheCountWhenThePostFails) {
  for (const int kind : {kRecursiveMutex, kSemaphore}) {
    SemLock lock = MakeLock(kind, 1, 1);
    ASSERT_TRUE(Must(lock.Acquire()));
    faults_.sem_post = {{EINVAL}, 0};
    EXPECT_OS_ERROR(lock.Release(), EINVAL);
    EXPECT_EQ(lock.count(), 1);
    EXPECT_TRUE(lock.IsMine());
    EXPECT_TRUE(lock.Release().has_value());
    EXPECT_EQ(lock.count(), 0);
  }
}

TEST_F(SemLockFault, HasCountedDownWhenThePostHappens) {
  for (const int kind : {kRecursiveMutex, kSemaphore}) {
    SemLock lock = MakeLock(kind, 1, 1);
    ASSERT_TRUE(Must(lock.Acquire()));
    int count_at_post = -1;
    faults_.before_post = [&] { count_at_post = lock.count(); };
    EXPECT_TRUE(lock.Release().has_value());
    EXPECT_EQ(count_at_post, 0);
    faults_.before_post = nullptr;
  }
}

TEST_F(SemLockFault, IsRefusedByTheMaximumOfAllSemaphoresAsByItsOwn) {
  SemLock lock = MakeLock(kSemaphore, 1, kSemValueMax);
  ASSERT_TRUE(Must(lock.Acquire()));
  faults_.sem_post = {{EOVERFLOW}, 0};
  EXPECT_RAISES(lock.Release(), "ValueError", kTooOften);
  EXPECT_EQ(lock.count(), 1);
  EXPECT_TRUE(lock.IsMine());
}

TEST_F(SemLockFault, ReportsAnOverflowThatIsNoBoundOfItsOwn) {
  for (const int maxvalue : {1, kSemValueMax}) {
    SemLock lock = MakeLock(kRecursiveMutex, 1, maxvalue);
    ASSERT_TRUE(Must(lock.Acquire()));
    faults_.sem_post = {{EOVERFLOW}, 0};
    EXPECT_OS_ERROR(lock.Release(), EOVERFLOW);
    EXPECT_EQ(lock.count(), 1);
  }
  SemLock lock = MakeLock(kSemaphore, 0, kSemValueMax - 1);
  faults_.sem_post = {{EOVERFLOW}, 0};
  EXPECT_OS_ERROR(lock.Release(), EOVERFLOW);
  EXPECT_EQ(lock.count(), 0);
}

TEST_F(SemLockFault, IsRefusedTheLastPlaceThatAnotherTookSinceItLooked) {
  SemLock lock = MakeLock(kSemaphore, kSemValueMax - 1, kSemValueMax);
  SemLock other = Must(SemLock::Rebuild(lock.handle(), kSemaphore, kSemValueMax, std::nullopt));
  faults_.after_getvalue = [&](int*) {
    faults_.after_getvalue = nullptr;
    EXPECT_TRUE(other.Release().has_value());
  };
  EXPECT_RAISES(lock.Release(), "ValueError", kTooOften);
  EXPECT_EQ(lock.count(), 0);
  EXPECT_EQ(other.count(), -1);
  EXPECT_EQ(Must(lock.GetValue()), kSemValueMax);
}

TEST_F(SemLockFault, LetsNoOtherThreadReleaseBetweenTheLookAtTheValueAndThePost) {
  const testing::ParkedThread second;  // a process with one thread has no need to
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  std::thread other;
  std::atomic<pid_t> other_tid{0};
  std::atomic<bool> other_done{false};
  Result<void> others_release;
  std::atomic<bool> started{false};
  // Once the first release has read the value, a second begins, and gets as far as it can.
  faults_.after_getvalue = [&](int*) {
    if (started.exchange(true)) return;
    other = std::thread([&] {
      other_tid = testing::CurrentTid();
      others_release = lock.Release();
      other_done = true;
    });
    EXPECT_TRUE(testing::Eventually([&] { return other_done || testing::IsAsleep(other_tid); }));
  };
  EXPECT_TRUE(lock.Release().has_value());
  other.join();
  EXPECT_RAISES(others_release, "ValueError", kTooOften);
  faults_.after_getvalue = nullptr;
  EXPECT_EQ(Must(lock.GetValue()), 1);
  EXPECT_EQ(lock.count(), -1);
}

TEST_F(SemLockFault, WaitsForNoGateWhereTheSemaphoreItselfKeepsTheBound) {
  const testing::ParkedThread second;
  SemLock lock = MakeLock(kSemaphore, 0, kSemValueMax);
  const internal::InsideGate closed(*internal::ReleaseGate::For(testing::AddressOf(lock)));
  EXPECT_TRUE(lock.Release().has_value());
}

TEST_F(SemLockFault, WaitsForNoGateInAProcessOfOneThread) {
  if (!internal::IsSingleThreaded()) GTEST_SKIP() << "skipped: there are other threads, or may be";
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  const internal::InsideGate closed(*internal::ReleaseGate::For(testing::AddressOf(lock)));
  EXPECT_TRUE(lock.Release().has_value());
  EXPECT_RAISES(lock.Release(), "ValueError", kTooOften);
}

TEST_F(SemLockFault, HasNoPermitsButIsNotZeroWhereWaitersCountAsNegative) {
  const SemLock lock = MakeLock(kSemaphore, 0, 1);
  faults_.after_getvalue = [](int* value) { *value = -3; };
  EXPECT_EQ(Must(lock.GetValue()), 0);
  EXPECT_FALSE(Must(lock.IsZero()));
}

TEST_F(SemLockFault, ReportsWhatReadingTheValueSays) {
  SemLock lock = MakeLock(kSemaphore, 1, 1);
  faults_.sem_getvalue.errnos = {EINVAL, EINVAL, EINVAL};
  EXPECT_OS_ERROR(lock.GetValue(), EINVAL);
  EXPECT_OS_ERROR(lock.IsZero(), EINVAL);
  EXPECT_OS_ERROR(lock.Release(), EINVAL);
  EXPECT_EQ(lock.count(), 0);
}

TEST_F(ShmFault, IsRetriedWhenInterrupted) {
  const ScopedName name;
  faults_.shm_open.errnos = {EINTR, EINTR};
  faults_.shm_unlink.errnos = {EINTR};
  const int fd = Must(ShmOpen(name.get(), O_CREAT | O_RDWR, 0600, AbandonAtCall(0)));
  close(fd);
  EXPECT_TRUE(ShmUnlink(name.get(), AbandonAtCall(0)).has_value());
  EXPECT_EQ(hook_calls_, 3);
}

TEST_F(ShmFault, IsAbandonedWhenTheHookSaysSo) {
  const ScopedName name;
  faults_.shm_open.errnos = {EINTR};
  faults_.shm_unlink.errnos = {EINTR};
  EXPECT_EQ(ShmOpen(name.get(), O_CREAT | O_RDWR, 0600, AbandonAtCall(1)).error().type,
            ErrorType::kAbandoned);
  EXPECT_EQ(ShmUnlink(name.get(), AbandonAtCall(2)).error().type, ErrorType::kAbandoned);
}

TEST_F(ShmFault, TriesAnotherNameWhenAGeneratedOneIsTaken) {
  faults_.random_bytes = {0xDE, 0xAD, 0xBE, 0xEF, 0xDE, 0xAD, 0xBE, 0xEF, 0x01, 0x23, 0x45, 0x67};
  SharedMemory first = Must(SharedMemory::Create(std::nullopt, 1));
  SharedMemory second = Must(SharedMemory::Create(std::nullopt, 1));
  EXPECT_EQ(first.name(), "psm_deadbeef");
  EXPECT_EQ(second.name(), "psm_01234567");
  EXPECT_TRUE(first.Unlink().has_value());
  EXPECT_TRUE(second.Unlink().has_value());
}

TEST_F(ShmFault, GivesUpOnGeneratedNamesAfterAThousand) {
  faults_.shm_open.errnos.assign(2000, EEXIST);
  EXPECT_RAISES(SharedMemory::Create(std::nullopt, 1), "FileExistsError", "File exists");
  EXPECT_EQ(faults_.shm_open.calls, 1000U);
}

TEST_F(ShmFault, TellsTheErrorOfTheCleanUpWhenThatFailsToo) {
  const ScopedName name;
  faults_.shm_unlink.errnos = {EACCES};
  EXPECT_OS_ERROR(SharedMemory::Create(name.without_slash(), std::int64_t{1} << 62), EACCES);
}

}  // namespace
}  // namespace semlock
