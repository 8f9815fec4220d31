// SPDX-License-Identifier: MIT
//
// What a permit that is free costs beside time: no system call and no allocation.
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>
#include <optional>
#include <ostream>
#include <string>
#include <thread>

#include "semlock/sem_lock.h"
#include "test_support.h"

namespace {
std::atomic<int> allocations{0};
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace semlock {
namespace {

using testing::Must;

constexpr int kRounds = 1000;
constexpr int kCannotTell = 77;

// Runs `body` in a child that the kernel kills at any system call but read, write and exit: what
// `body` returns, 128 and the signal, or kCannotTell.
int RunWithoutSystemCalls(const std::function<int()>& body) {
  if (testing::kUnderThreadSanitizer) return kCannotTell;
  testing::Child child([&body] {
    // Once before, for what a first call does for good: the linker looks up names.
    int status = body();
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) return kCannotTell;
    for (int round = 0; round < kRounds && status == 0; ++round) status = body();
    // Not _exit(), which ends all threads and is not among the permitted calls.
    syscall(SYS_exit, status);
    return kCannotTell;
  });
  return child.Wait();
}

struct Shape {
  const char* name;
  int kind;
  int maxvalue;
  bool has_threads;
};

// For the names of the tests.
void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

class SemLockFreePath : public ::testing::TestWithParam<Shape> {
 protected:
  SemLockFreePath() : lock_(Must(SemLock::CreateUnnamed(GetParam().kind, 1, GetParam().maxvalue))) {
    // A forked child has one thread, but the libc goes on to take it for one that may have more.
    if (GetParam().has_threads) second_.emplace();
  }

  // An acquire, with an inner one for a mutex, and a release.
  int Pair() {
    const bool nests = lock_.kind() == kRecursiveMutex;
    if (!*lock_.Acquire()) return 1;
    if (nests && (!*lock_.Acquire(false) || !lock_.Release())) return 2;
    if (lock_.count() != 1 || !lock_.IsMine()) return 3;
    return lock_.Release() ? 0 : 4;
  }

  SemLock lock_;
  std::optional<testing::ParkedThread> second_;
};

INSTANTIATE_TEST_SUITE_P(OfEachShape, SemLockFreePath,
                         ::testing::Values(Shape{"Mutex", kRecursiveMutex, 1, false},
                                           Shape{"MutexAmongThreads", kRecursiveMutex, 1, true},
                                           Shape{"Lock", kSemaphore, 1, false},
                                           Shape{"LockAmongThreads", kSemaphore, 1, true},
                                           Shape{"Semaphore", kSemaphore, kSemValueMax, false},
                                           Shape{"SemaphoreAmongThreads", kSemaphore, kSemValueMax,
                                                 true}),
                         [](const auto& shape) { return std::string(shape.param.name); });

TEST_P(SemLockFreePath, MakesNoSystemCall) {
  const int status = RunWithoutSystemCalls([this] { return Pair(); });
  if (status == kCannotTell) GTEST_SKIP() << "skipped: system calls may not be filtered here";
  EXPECT_EQ(status, 0);
}

TEST_P(SemLockFreePath, AllocatesNothing) {
  const int before = allocations;
  int status = 0;
  for (int round = 0; round < kRounds && status == 0; ++round) status = Pair();
  const int after = allocations;
  EXPECT_EQ(status, 0);
  EXPECT_EQ(after, before);
}

TEST_P(SemLockFreePath, IsAsFreeForAThreadThatIsNotTheFirst) {
  std::thread([this] { EXPECT_EQ(Pair(), 0); }).join();
  const int status = RunWithoutSystemCalls([this] { return Pair(); });
  if (status == kCannotTell) GTEST_SKIP() << "skipped: system calls may not be filtered here";
  EXPECT_EQ(status, 0);
}

// That the tests above would notice.
TEST(SemLockFreePathTest, EndsAtASystemCall) {
  const int status = RunWithoutSystemCalls([] { return getppid() > 0 ? 0 : 1; });
  if (status == kCannotTell) GTEST_SKIP() << "skipped: system calls may not be filtered here";
  EXPECT_EQ(status, 128 + SIGKILL);
}

TEST(SemLockFreePathTest, CountsAllocations) {
  const int before = allocations;
  const std::string text(100, 'x');
  EXPECT_GT(allocations, before) << text;
}

}  // namespace
}  // namespace semlock
