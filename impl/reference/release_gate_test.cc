// SPDX-License-Identifier: MIT
#include "release_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "test_support.h"

namespace semlock::internal {
namespace {

using testing::Child;
using testing::Eventually;

TEST(ReleaseGate, LetsOneThreadInAtATime) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20'000;
  ReleaseGate gate;
  int inside = 0;  // not atomic: two threads at once would lose increments
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const InsideGate in(gate);
        ++inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(inside, kThreads * kRounds);
}

TEST(ReleaseGate, LetsEverySleeperInInTheEnd) {
  constexpr int kThreads = 4;
  ReleaseGate gate;
  std::atomic<int> passed{0};
  std::vector<std::atomic<pid_t>> tids(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  gate.Enter();
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      tids[static_cast<std::size_t>(i)] = testing::CurrentTid();
      const InsideGate in(gate);
      ++passed;
    });
  }
  for (std::atomic<pid_t>& tid : tids) {
    EXPECT_TRUE(Eventually([&] { return testing::IsAsleep(tid); }));
  }
  EXPECT_EQ(passed, 0);
  gate.Leave();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, kThreads);
}

TEST(ReleaseGate, IsNotLeftToTheWaitersByOneThatComesAndGoes) {
  constexpr int kPasses = 100;
  ReleaseGate gate;
  std::atomic<bool> done{false};
  std::thread other([&] {
    for (int pass = 0; pass < kPasses; ++pass) {
      const InsideGate in(gate);
    }
    done = true;
  });
  while (!done) {
    const InsideGate in(gate);
  }
  other.join();
}

TEST(ReleaseGate, IsOpenToAForkedChildWhoseParentHadClosedIt) {
  ReleaseGate* const gate = ReleaseGate::For(nullptr);
  gate->Enter();
  Child child([&] {
    gate->Enter();
    gate->Leave();
    gate->Enter();
    gate->Leave();
    return 7;
  });
  EXPECT_EQ(child.Wait(), 7);
  gate->Leave();
}

TEST(ReleaseGate, IsNeededFromTheMomentThatThereIsASecondThread) {
  const testing::ParkedThread second;
  EXPECT_FALSE(IsSingleThreaded());
}

TEST(ReleaseGate, IsOneForAllObjectsOnAnAddress) {
  const int semaphore = 0;
  EXPECT_EQ(ReleaseGate::For(&semaphore), ReleaseGate::For(&semaphore));
}

TEST(ReleaseGate, IsSeldomSharedByPagesThatLieSideBySide) {
  constexpr std::size_t kPage = 4096;
  static char pages[17 * kPage];
  int shared = 0;
  for (std::size_t page = 1; page <= 16; ++page) {
    if (ReleaseGate::For(pages + page * kPage) == ReleaseGate::For(pages)) ++shared;
  }
  EXPECT_LE(shared, 1);
}

}  // namespace
}  // namespace semlock::internal
