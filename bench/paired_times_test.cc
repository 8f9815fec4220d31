// SPDX-License-Identifier: MIT
#include "bench/paired_times.h"

#include <gtest/gtest.h>

namespace lockstep::bench {
namespace {

TEST(PairedTimes, MedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(Median({}), 0);
  EXPECT_EQ(Median({7}), 7);
  EXPECT_EQ(Median({9, 1, 5}), 5);
  EXPECT_EQ(Median({8, 2, 4, 1}), 3);
}

TEST(PairedTimes, RatioStaysWhenTheMachineSlowsDownInBetween) {
  PairedTimes times;
  for (const double slowness : {1.0, 1.0, 3.0, 3.0, 3.0}) times.Add(20 * slowness, 10 * slowness);
  EXPECT_EQ(times.measured_ns(), 60);
  EXPECT_EQ(times.floor_ns(), 30);
  EXPECT_EQ(times.x_floor(), 2);
}

TEST(PairedTimes, OneSpoiltBatchChangesNothing) {
  PairedTimes times;
  for (int i = 0; i < 10; ++i) times.Add(20, i == 4 ? 4000 : 10);
  EXPECT_EQ(times.x_floor(), 2);
  EXPECT_EQ(times.floor_ns(), 10);
}

}  // namespace
}  // namespace lockstep::bench
