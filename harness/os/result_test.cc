// SPDX-License-Identifier: MIT
#include "harness/os/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace lockstep {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Fail("odd", "give an even one");
  return number / 2;
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(*Half(4), 2);
  ASSERT_FALSE(Half(3));
  EXPECT_EQ(Half(3).error().message, "odd");
}

TEST(Error, PutsTheHintOnALineOfItsOwn) {
  EXPECT_EQ(Half(3).error().Text(), "odd\n  give an even one");
  EXPECT_EQ((Error{"plain", ""}.Text()), "plain");
}

TEST(FailErrno, SaysWhatAndWhy) {
  EXPECT_EQ(FailErrno("open x", ENOENT).value().message, "open x: No such file or directory");
}

TEST(CheckDeathTest, SaysWhereAndThatItIsOurOwnFault) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(CHECK(1 == 2),
               "result_test.cc:[0-9]+: CHECK failed: 1 == 2\nThis is a defect of Lockstep");
}

}  // namespace
}  // namespace lockstep
