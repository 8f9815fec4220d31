// SPDX-License-Identifier: MIT
#include "bench/semaphores.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace lockstep::bench {
namespace {

template <class Semaphore>
class Semaphores : public testing::Test {};

#if LOCKSTEP_BENCH_HAS_BOOST
using Kinds = testing::Types<RawSemaphore, FutexSemaphore, BoostSemaphore>;
#else
using Kinds = testing::Types<RawSemaphore, FutexSemaphore>;
#endif
TYPED_TEST_SUITE(Semaphores, Kinds);

TYPED_TEST(Semaphores, GiveAsManyPermitsAsTheyHave) {
  SharedObject<TypeParam> semaphore(1U);
  EXPECT_TRUE(semaphore->TryWait());
  EXPECT_FALSE(semaphore->TryWait());
  semaphore->Post();
  semaphore->Post();
  semaphore->Wait();
  EXPECT_TRUE(semaphore->TryWait());
  EXPECT_FALSE(semaphore->TryWait());
}

TYPED_TEST(Semaphores, LetOneInAtATimeAndForgetNobody) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 5000;
  SharedObject<TypeParam> semaphore(1U);
  int entered = 0;  // not atomic: what the semaphore is for
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < kTurns; ++turn) {
        semaphore->Wait();
        ++entered;
        semaphore->Post();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(entered, kThreads * kTurns);
}

TYPED_TEST(Semaphores, WakeAnotherProcess) {
  SharedObject<TypeParam> there(0U);
  SharedObject<TypeParam> back(0U);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::alarm(60);  // ends it, should this test be ended first
    for (int turn = 0; turn < 100; ++turn) {
      there->Wait();
      back->Post();
    }
    ::_exit(0);
  }
  for (int turn = 0; turn < 100; ++turn) {
    there->Post();
    back->Wait();
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(back->TryWait());
}

}  // namespace
}  // namespace lockstep::bench
