// SPDX-License-Identifier: MIT
#include "semlock/hold_count.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace semlock::internal {
namespace {

// Threads by name: the class believes what it is told.
constexpr std::uintptr_t kHome = 8;
constexpr std::uintptr_t kOther = 16;

TEST(HoldCount, IsTheSumOfWhatAllThreadsAdded) {
  HoldCount count;
  EXPECT_EQ(count.Get(), 0);
  count.Add(1, kHome);
  count.Add(1, kOther);
  EXPECT_EQ(count.Get(), 2);
  count.Add(-1, kOther);
  count.Add(-1, kOther);
  count.Add(-1, kOther);
  EXPECT_EQ(count.Get(), -1);
  count.Add(1, kHome);
  EXPECT_EQ(count.Get(), 0);
}

TEST(HoldCount, FollowsTheOtherThreadsAcrossZeroBothWays) {
  HoldCount count;
  count.Add(1, kHome);
  for (const int change : {-1, -1, -1, 1, 1, 1, 1, -1}) {
    const int before = count.Get();
    count.Add(change, kOther);
    EXPECT_EQ(count.Get(), before + change);
  }
}

TEST(HoldCount, IsCopiedAsTheSumAndKeepsNoHome) {
  HoldCount count;
  count.Add(1, kHome);
  count.Add(1, kOther);
  HoldCount copy(count);
  EXPECT_EQ(copy.Get(), 2);
  copy.Add(1, kOther);
  copy.Add(1, kHome);
  EXPECT_EQ(copy.Get(), 4);
  EXPECT_EQ(count.Get(), 2);
  count = copy;
  EXPECT_EQ(count.Get(), 4);
}

TEST(HoldCount, IsZeroOnceItIsCleared) {
  HoldCount count;
  count.Add(1, kHome);
  count.Add(1, kOther);
  count.Clear();
  EXPECT_EQ(count.Get(), 0);
  count.Add(-1, kOther);
  count.Add(-1, kHome);
  EXPECT_EQ(count.Get(), -2);
}

TEST(HoldCount, IsOneThreadsAloneWithoutAHome) {
  HoldCount count;
  count.AddAlone(1);
  count.AddAlone(1);
  EXPECT_EQ(count.Get(), 2);
  count.AddAlone(-1);
  count.AddAlone(-1);
  EXPECT_EQ(count.Get(), 0);
}

TEST(HoldCount, LosesNoChangeOfManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 20'000;
  HoldCount count;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (std::uintptr_t i = 1; i <= kThreads; ++i) {
    // Each but the first two takes back what it added.
    threads.emplace_back([&count, i] {
      for (int round = 0; round < kRounds; ++round) {
        count.Add(1, i);
        if (i > 2) count.Add(-1, i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count.Get(), 2 * kRounds);
}

TEST(HoldCount, IsTheSumAtAnInstantHoweverItChanges) {
  constexpr int kRounds = 50'000;
  HoldCount count;
  count.Add(1, kHome);
  count.Add(-1, kHome);
  std::atomic<bool> done{false};
  // Either thread's own part is 0 or 1, in states that come back again and again.
  const auto change = [&](std::uintptr_t self) {
    for (int round = 0; round < kRounds; ++round) {
      count.Add(1, self);
      count.Add(-1, self);
    }
  };
  int wrong = 0;
  std::thread observer([&] {
    while (!done) {
      const int seen = count.Get();
      if (seen < 0 || seen > 2) ++wrong;
    }
  });
  std::thread home(change, kHome);
  std::thread other(change, kOther);
  home.join();
  other.join();
  done = true;
  observer.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(count.Get(), 0);
}

TEST(HoldCount, ShowsNoChangeBeforeTheOneThatItFollowed) {
  constexpr int kRounds = 20'000;
  HoldCount count;
  count.Add(1, kHome);
  count.Add(-1, kHome);
  std::atomic<int> turn{0};
  std::atomic<bool> done{false};
  int wrong = 0;
  std::thread observer([&] {
    while (!done) {
      const int seen = count.Get();
      if (seen < 0 || seen > 1) ++wrong;
    }
  });
  // One raises it and the other lowers it, in turn, so that it is 0 or 1 at any time.
  const auto take_turns = [&](std::uintptr_t self, int mine, int amount) {
    for (int round = 0; round < kRounds; ++round) {
      while (turn.load(std::memory_order_acquire) != mine) std::this_thread::yield();
      count.Add(amount, self);
      turn.store(1 - mine, std::memory_order_release);
    }
  };
  std::thread home(take_turns, kHome, 0, 1);
  std::thread other(take_turns, kOther, 1, -1);
  home.join();
  other.join();
  done = true;
  observer.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(count.Get(), 0);
}

}  // namespace
}  // namespace semlock::internal
