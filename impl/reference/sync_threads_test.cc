// SPDX-License-Identifier: MIT
//
// Several threads of one process on one Condition, Event or Barrier; meant for ThreadSanitizer too:
// what the tests count is not atomic and guarded by nothing but these types.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "semlock/semlock.h"
#include "test_support.h"

namespace semlock {
namespace {

using testing::Must;

void RunThreads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

TEST(ConditionThreads, PassEverythingThroughAQueueOfOne) {
  constexpr int kItems = 2000;
  constexpr int kConsumers = 3;
  constexpr int kEnd = -1;
  Condition condition = Must(Condition::Create());
  std::deque<int> queue;
  std::array<long, kConsumers> sums{};
  const auto put = [&](int item) {
    Must(condition.Acquire());
    ASSERT_TRUE(Must(condition.WaitFor([&] { return queue.empty(); })));
    queue.push_back(item);
    Must(condition.NotifyAll());
    Must(condition.Release());
  };
  const auto take = [&] {
    Must(condition.Acquire());
    EXPECT_TRUE(Must(condition.WaitFor([&] { return !queue.empty(); }, 30.0)));
    const int item = queue.front();
    queue.pop_front();
    Must(condition.NotifyAll());
    Must(condition.Release());
    return item;
  };
  RunThreads(kConsumers + 1, [&](int index) {
    if (index == kConsumers) {
      for (int item = 1; item <= kItems; ++item) put(item);
      for (int i = 0; i < kConsumers; ++i) put(kEnd);
      return;
    }
    for (int item = take(); item != kEnd; item = take()) {
      sums[static_cast<std::size_t>(index)] += item;
    }
  });
  long sum = 0;
  for (const long part : sums) sum += part;
  EXPECT_EQ(sum, long{kItems} * (kItems + 1) / 2);
  EXPECT_EQ(Must(condition.wait_semaphore().GetValue()), 0);
}

TEST(ConditionThreads, LoseNoWakeUpWhenWaitsRunOut) {
  constexpr int kRounds = 300;
  Condition condition = Must(Condition::Create());
  int wanted = 0;
  bool done = false;
  RunThreads(3, [&](int index) {
    if (index == 0) {
      for (int round = 0; round < kRounds; ++round) {
        Must(condition.Acquire());
        ++wanted;
        Must(condition.Notify());
        Must(condition.Release());
      }
      Must(condition.Acquire());
      done = true;
      Must(condition.NotifyAll());
      Must(condition.Release());
      return;
    }
    Must(condition.Acquire());
    while (!done) static_cast<void>(Must(condition.Wait(20e-6)));
    Must(condition.Release());
  });
  EXPECT_EQ(wanted, kRounds);
  Must(condition.Acquire());
  Must(condition.Notify());
  EXPECT_EQ(Must(condition.sleeping_count().GetValue()), 0);
  EXPECT_EQ(Must(condition.woken_count().GetValue()), 0);
}

TEST(EventThreads, ShowWhatWasWrittenBeforeTheSetting) {
  constexpr int kRounds = 500;
  Event ping = Must(Event::Create());
  Event pong = Must(Event::Create());
  int ball = 0;
  RunThreads(2, [&](int index) {
    Event& mine = index == 0 ? ping : pong;
    Event& others = index == 0 ? pong : ping;
    for (int round = 0; round < kRounds; ++round) {
      const bool first = index == 0 && round == 0;
      EXPECT_TRUE(first || Must(mine.Wait()));
      Must(mine.Clear());
      EXPECT_EQ(ball++, 2 * round + index);
      Must(others.Set());
    }
  });
  EXPECT_EQ(ball, 2 * kRounds);
}

TEST(BarrierThreads, MeetInEveryRoundAndHaveEachNumberOnce) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kRounds = 300;
  int actions = 0;
  Barrier barrier = Must(Barrier::Create(int{kThreads}, [&]() -> Result<void> {
    ++actions;
    return {};
  }));
  std::array<std::array<int, kRounds>, kThreads> indices{};
  RunThreads(int{kThreads}, [&](int thread) {
    for (std::size_t round = 0; round < kRounds; ++round) {
      indices[static_cast<std::size_t>(thread)][round] = Must(barrier.Wait());
      // The next action waits for this thread too.
      EXPECT_EQ(actions, static_cast<int>(round) + 1);
      EXPECT_FALSE(barrier.broken());
      EXPECT_LT(barrier.n_waiting(), int{kThreads});
    }
  });
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::array<int, kThreads> seen{};
    for (const auto& of_thread : indices) ++seen.at(static_cast<std::size_t>(of_thread[round]));
    EXPECT_EQ(seen, (std::array<int, kThreads>{1, 1, 1, 1})) << "in round " << round;
  }
}

}  // namespace
}  // namespace semlock
