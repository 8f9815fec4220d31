// SPDX-License-Identifier: MIT
#include "harness/os/affinity.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>

#include <thread>

#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

TEST(AllowedCpus, AreThoseOfTheProcessAndStayTheSameWhenAThreadIsPinned) {
  const std::vector<int> before = AllowedCpus();
  ASSERT_FALSE(before.empty());
  std::thread([&] { PinThread(0, {before.front()}); }).join();
  EXPECT_EQ(AllowedCpus(), before);
}

TEST(PinThread, PutsTheCallerOnOneCpu) {
  const int cpu = AllowedCpus().back();
  std::thread([&] {
    ASSERT_TRUE(PinThread(0, {cpu}));
    cpu_set_t set;
    ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    EXPECT_EQ(CPU_COUNT(&set), 1);
    EXPECT_TRUE(CPU_ISSET(static_cast<std::size_t>(cpu), &set));
  }).join();
}

TEST(PinThread, SaysThatAThreadIsGone) {
  TestChild child([] { return 0; });
  child.Wait();
  EXPECT_FALSE(PinThread(child.pid(), {AllowedCpus().front()}));
}

TEST(AskForPreciseTimers, SetsTheSlackOfTheCallingThreadAlone) {
  const int before = ::prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  std::thread([] {
    AskForPreciseTimers();
    EXPECT_EQ(::prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 1);
  }).join();
  EXPECT_EQ(::prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), before);
}

}  // namespace
}  // namespace lockstep
