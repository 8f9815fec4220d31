// SPDX-License-Identifier: MIT
//
// Several threads of one process on one SemLock; meant for ThreadSanitizer too.
#include <gtest/gtest.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "semlock/sem_lock.h"
#include "test_support.h"

namespace semlock {
namespace {

using testing::Eventually;
using testing::Must;

constexpr int kThreads = 4;

void RunThreads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

SemLock MakeLock(int kind, int value, int maxvalue) {
  const testing::ScopedName name;
  return Must(SemLock::Create(kind, value, maxvalue, name.get(), true));
}

// A thread that waits for a permit, and whether it sleeps yet.
class Waiter {
 public:
  explicit Waiter(SemLock& lock, std::optional<double> timeout_s = std::nullopt,
                  InterruptHook hook = {})
      : lock_(lock), thread_([this, timeout_s, hook] {
          tid_ = testing::CurrentTid();
          result_ = lock_.Acquire(true, timeout_s, hook);
        }) {}
  ~Waiter() {
    if (!thread_.joinable()) return;
    // A failed test leaves it waiting for ever: one permit ends that.
    sem_post(static_cast<sem_t*>(testing::AddressOf(lock_)));
    thread_.join();
  }

  bool IsBlocked() const { return testing::IsBlockedOn(getpid(), tid_, lock_.handle()); }
  void Signal(int signal_number) { pthread_kill(thread_.native_handle(), signal_number); }

  Result<bool> Join() {
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  SemLock& lock_;
  std::atomic<pid_t> tid_{0};
  Result<bool> result_ = false;
  std::thread thread_;  // last: it uses the others
};

TEST(SemLockThreads, ExcludeEachOtherInNestedSections) {
  constexpr int kRounds = 2000;
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  int sections = 0;  // not atomic: two owners at once would lose increments
  RunThreads(kThreads, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      ASSERT_TRUE(Must(lock.Acquire()));
      ASSERT_TRUE(Must(lock.Acquire()));
      ++sections;
      ASSERT_TRUE(lock.Release().has_value());
      ASSERT_TRUE(lock.Release().has_value());
    }
  });
  EXPECT_EQ(sections, kThreads * kRounds);
  EXPECT_EQ(lock.count(), 0);
  EXPECT_EQ(Must(lock.GetValue()), 1);
}

TEST(SemLockThreads, FindACountOfOneWhenTheyHaveJustBecomeOwner) {
  constexpr int kRounds = 20'000;
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  std::atomic<int> wrong_counts{0};
  RunThreads(kThreads, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      ASSERT_TRUE(Must(lock.Acquire(true, 30.0)));
      if (lock.count() != 1) ++wrong_counts;
      ASSERT_TRUE(lock.Release().has_value());
    }
  });
  EXPECT_EQ(wrong_counts, 0);
}

TEST(SemLockThreads, AreNotTheOwnerOnceTheyHaveReleased) {
  constexpr int kRounds = 100'000;
  constexpr std::chrono::milliseconds kEnough{200};
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  std::atomic<int> false_owners{0};
  std::atomic<int> turn{0};
  const auto end = std::chrono::steady_clock::now() + kEnough;
  // Each owns it in turn, and the one that has just owned it looks without a pause while the other
  // becomes the owner: the moment that matters lasts for two instructions.
  RunThreads(2, [&](int self) {
    for (int round = 0; round < kRounds; ++round) {
      for (int now = turn; now != self; now = turn) {
        if (now < 0) return;
        if (lock.IsMine()) ++false_owners;
      }
      ASSERT_TRUE(Must(lock.Acquire()));
      ASSERT_TRUE(lock.Release().has_value());
      const bool enough = round == kRounds - 1 || std::chrono::steady_clock::now() > end;
      turn = enough ? -1 : 1 - self;
      if (enough) return;
    }
  });
  EXPECT_EQ(false_owners, 0);
}

TEST(SemLockThreads, NeverReleaseAboveTheMaximum) {
  constexpr int kRounds = 100'000;
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  std::atomic<int> above{0};
  RunThreads(kThreads, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      if (lock.Release().has_value() && Must(lock.GetValue()) > 1) ++above;
      static_cast<void>(Must(lock.Acquire(false)));
    }
  });
  EXPECT_EQ(above, 0);
}

TEST(SemLockThreads, NeverReleaseAboveTheMaximumOfAllSemaphores) {
  constexpr int kRounds = 20'000;
  SemLock lock = MakeLock(kSemaphore, kSemValueMax - 1, kSemValueMax);
  std::atomic<int> released{0};
  std::atomic<int> taken{0};
  std::atomic<int> strange{0};
  RunThreads(kThreads, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      const Result<void> result = lock.Release();
      if (result) {
        ++released;
        if (Must(lock.Acquire(false))) ++taken;
      } else if (result.error().type != ErrorType::kValueError) {
        ++strange;
      }
    }
  });
  EXPECT_EQ(strange, 0);
  EXPECT_EQ(lock.count(), taken - released);
  EXPECT_EQ(Must(lock.GetValue()), kSemValueMax - 1 - (taken - released));
}

TEST(SemLockThreads, ShareOneCountWhereSomeOnlyTakeAndOthersOnlyGive) {
  constexpr int kRounds = 20'000;
  for (const int maxvalue : {kThreads * kRounds, kSemValueMax}) {
    SemLock lock = MakeLock(kSemaphore, 0, maxvalue);
    RunThreads(kThreads, [&](int index) {
      for (int round = 0; round < kRounds; ++round) {
        if (index % 2 == 0) {
          ASSERT_TRUE(lock.Release().has_value());
        } else {
          ASSERT_TRUE(Must(lock.Acquire()));
        }
      }
    });
    EXPECT_EQ(lock.count(), 0);
    EXPECT_EQ(Must(lock.GetValue()), 0);
  }
}

TEST(SemLockThreads, NeverSeeACountThatWasNone) {
  constexpr int kRounds = 50'000;
  SemLock lock = MakeLock(kSemaphore, 1, 1);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::thread observer([&] {
    while (!done) {
      const int count = lock.count();
      if (count < 0 || count > 1) ++wrong;
    }
  });
  RunThreads(2, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      ASSERT_TRUE(Must(lock.Acquire()));
      ASSERT_TRUE(lock.Release().has_value());
    }
  });
  done = true;
  observer.join();
  EXPECT_EQ(wrong, 0);
}

TEST(SemLockThreads, LoseNoPermitAndNoCountOfASemaphore) {
  constexpr int kRounds = 5000;
  constexpr int kPermits = 3;
  SemLock lock = MakeLock(kSemaphore, kPermits, kPermits);
  std::atomic<int> inside{0};
  std::atomic<int> most_inside{0};
  RunThreads(kThreads, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      ASSERT_TRUE(Must(lock.Acquire()));
      const int now = ++inside;
      if (now > most_inside) most_inside = now;
      --inside;
      ASSERT_TRUE(lock.Release().has_value());
    }
  });
  EXPECT_LE(most_inside, kPermits);
  EXPECT_EQ(lock.count(), 0);
  EXPECT_EQ(Must(lock.GetValue()), kPermits);
}

TEST(SemLockThreads, TakeAPermitExactlyWhenATimedWaitSaysSo) {
  constexpr int kPosts = 3000;
  SemLock lock = MakeLock(kSemaphore, 0, kSemValueMax);
  std::atomic<bool> posted_all{false};
  std::atomic<int> taken{0};
  RunThreads(kThreads, [&](int index) {
    if (index == 0) {
      for (int post = 0; post < kPosts; ++post) ASSERT_TRUE(lock.Release().has_value());
      posted_all = true;
      return;
    }
    while (!posted_all) {
      if (Must(lock.Acquire(true, 20e-6))) ++taken;
    }
  });
  EXPECT_EQ(Must(lock.GetValue()), kPosts - taken);
  EXPECT_EQ(lock.count(), taken - kPosts);
}

TEST(SemLockThreads, AreWokenOneByOneAsPermitsAreGivenBack) {
  SemLock lock = MakeLock(kSemaphore, 0, 2);
  Waiter first(lock);
  Waiter second(lock);
  ASSERT_TRUE(Eventually([&] { return first.IsBlocked() && second.IsBlocked(); }));
  ASSERT_TRUE(lock.Release().has_value());
  // The release made -1 of the count, the one that was woken made 0 of it.
  ASSERT_TRUE(Eventually([&] { return lock.count() == 0; }));
  EXPECT_TRUE(first.IsBlocked() || second.IsBlocked());
  ASSERT_TRUE(lock.Release().has_value());
  EXPECT_TRUE(Must(first.Join()));
  EXPECT_TRUE(Must(second.Join()));
}

TEST(SemLockThreads, MayWorkOnTheObjectWhileOneWaits) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  ASSERT_TRUE(Must(lock.Acquire()));
  Waiter waiter(lock);
  ASSERT_TRUE(Eventually([&] { return waiter.IsBlocked(); }));
  EXPECT_TRUE(lock.IsMine());
  EXPECT_TRUE(Must(lock.Acquire()));
  EXPECT_TRUE(lock.Release().has_value());
  EXPECT_TRUE(Must(lock.IsZero()));
  EXPECT_TRUE(lock.Release().has_value());
  EXPECT_TRUE(Must(waiter.Join()));
  EXPECT_EQ(lock.count(), 1);
  EXPECT_FALSE(lock.IsMine());
}

TEST(SemLockThreads, MayNotReleaseTheMutexOfAnother) {
  SemLock lock = MakeLock(kRecursiveMutex, 1, 1);
  ASSERT_TRUE(Must(lock.Acquire()));
  RunThreads(1, [&](int) {
    EXPECT_FALSE(lock.IsMine());
    EXPECT_EQ(lock.count(), 1);
    EXPECT_FALSE(Must(lock.Acquire(true, 0.001)));
    EXPECT_RAISES(lock.Release(), "AssertionError",
                  "attempt to release recursive lock not owned by thread");
  });
  EXPECT_EQ(lock.count(), 1);
  EXPECT_TRUE(lock.IsMine());
}

TEST(SemLockThreads, ShareTheMarkOfAMutexWithTwoPermits) {
  SemLock lock = MakeLock(kRecursiveMutex, 2, 2);
  ASSERT_TRUE(Must(lock.Acquire()));
  RunThreads(1, [&](int) { EXPECT_TRUE(Must(lock.Acquire())); });
  EXPECT_EQ(lock.count(), 2);
  EXPECT_FALSE(lock.IsMine());
  EXPECT_RAISES(lock.Release(), "AssertionError",
                "attempt to release recursive lock not owned by thread");
}

TEST(SemLockThreads, LastToAcquireASemaphoreIsTheOneWhoseItIs) {
  SemLock lock = MakeLock(kSemaphore, 2, 2);
  ASSERT_TRUE(Must(lock.Acquire()));
  RunThreads(1, [&](int) {
    EXPECT_TRUE(Must(lock.Acquire()));
    EXPECT_TRUE(lock.IsMine());
  });
  EXPECT_FALSE(lock.IsMine());
}

std::atomic<int> signals_handled{0};

// SIGUSR1 handled without SA_RESTART for the life of a test, so that waits see EINTR.
class SignalTest : public ::testing::Test {
 protected:
  SignalTest() {
    signals_handled = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { ++signals_handled; };
    sigaction(SIGUSR1, &action, &before_);
  }
  ~SignalTest() override { sigaction(SIGUSR1, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

using SemLockSignal = SignalTest;

TEST_F(SemLockSignal, DoesNotEndAWait) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  Waiter waiter(lock);
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(Eventually([&] { return waiter.IsBlocked(); }));
    waiter.Signal(SIGUSR1);
    ASSERT_TRUE(Eventually([&] { return signals_handled == i; }));
  }
  ASSERT_TRUE(lock.Release().has_value());
  EXPECT_TRUE(Must(waiter.Join()));
}

TEST_F(SemLockSignal, EndsAWaitWhenTheHookSaysSo) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  std::atomic<int> calls{0};
  const InterruptHook abandon_at_second = {
      [](void* context) { return ++*static_cast<std::atomic<int>*>(context) == 2; }, &calls};
  Waiter waiter(lock, std::nullopt, abandon_at_second);
  ASSERT_TRUE(Eventually([&] { return waiter.IsBlocked(); }));
  waiter.Signal(SIGUSR1);
  ASSERT_TRUE(Eventually([&] { return calls == 1 && waiter.IsBlocked(); }));
  waiter.Signal(SIGUSR1);
  const Result<bool> result = waiter.Join();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().type, ErrorType::kAbandoned);
  EXPECT_EQ(lock.count(), 0);
  EXPECT_EQ(Must(lock.GetValue()), 0);
}

TEST_F(SemLockSignal, LetsTheHookReleaseTheVerySemaphoreThatIsAwaited) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  const InterruptHook release = {[](void* context) {
                                   EXPECT_TRUE(static_cast<SemLock*>(context)->Release());
                                   return false;
                                 },
                                 &lock};
  Waiter waiter(lock, std::nullopt, release);
  ASSERT_TRUE(Eventually([&] { return waiter.IsBlocked(); }));
  waiter.Signal(SIGUSR1);
  EXPECT_TRUE(Must(waiter.Join()));
  EXPECT_EQ(lock.count(), 0);
}

TEST_F(SemLockSignal, EndsATimedWaitWhenTheHookSaysSo) {
  SemLock lock = MakeLock(kSemaphore, 0, 1);
  Waiter waiter(lock, 30.0, {[](void*) { return true; }, nullptr});
  ASSERT_TRUE(Eventually([&] { return waiter.IsBlocked(); }));
  waiter.Signal(SIGUSR1);
  EXPECT_EQ(waiter.Join().error().type, ErrorType::kAbandoned);
}

}  // namespace
}  // namespace semlock
