// SPDX-License-Identifier: MIT
#include "bench/statistics/random.h"

#include <gtest/gtest.h>

#include <map>

namespace lockstep::bench {
namespace {

// The numbers are those of Rosetta Code, "Pseudo-random numbers/Splitmix64".
TEST(Random, IsSplitMix64) {
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317U);
  EXPECT_EQ(random.Next(), 3203168211198807973U);
  EXPECT_EQ(random.Next(), 9817491932198370423U);
}

TEST(Random, DrawsEveryNumberBelowItsBoundAboutAsOften) {
  Random random(1);
  std::map<std::size_t, int> seen;
  for (int i = 0; i < 70'000; ++i) ++seen[random.Below(7)];
  ASSERT_EQ(seen.size(), 7U);
  for (const auto& [number, times] : seen) {
    EXPECT_LT(number, 7U);
    EXPECT_NEAR(times, 10'000, 500) << number;
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0U);
}

TEST(Random, ShufflesAPartIntoEveryOrderAboutAsOftenAndLeavesTheRest) {
  Random random(2);
  std::map<std::vector<int>, int> seen;
  for (int i = 0; i < 24'000; ++i) {
    std::vector<int> values = {9, 1, 2, 3, 4, 8};
    random.Shuffle(values, 1, 5);
    EXPECT_EQ(values.front(), 9);
    EXPECT_EQ(values.back(), 8);
    ++seen[values];
  }
  EXPECT_EQ(seen.size(), 24U);
  for (const auto& [order, times] : seen) EXPECT_NEAR(times, 1'000, 200);
}

}  // namespace
}  // namespace lockstep::bench
