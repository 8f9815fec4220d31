// SPDX-License-Identifier: MIT
#include "harness/os/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

class InterruptTest : public testing::TestWithParam<int> {};

TEST_P(InterruptTest, SetsAFlagTheFirstTime) {
  TestChild child([] {
    CatchInterrupts();
    if (Interrupted()) return 1;
    ::raise(GetParam());
    return Interrupted() ? 0 : 2;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_P(InterruptTest, EndsTheProcessTheSecondTime) {
  TestChild child([] {
    CatchInterrupts();
    ::raise(GetParam());
    ::raise(GetParam());
    return 0;
  });
  const int status = child.Wait();
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptTest, testing::Values(SIGINT, SIGTERM, SIGHUP));

}  // namespace
}  // namespace lockstep
