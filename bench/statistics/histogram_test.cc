// SPDX-License-Identifier: MIT
#include "bench/statistics/histogram.h"

#include <gtest/gtest.h>

#include <vector>

namespace lockstep::bench {
namespace {

TEST(Histogram, KnowsSmallValuesExactlyAndLargeOnesWithinOnePercent) {
  for (const std::int64_t ns : {0L, 1L, 127L, 255L, 256L, 1'000L, 4'321'987L, 98'765'432'101L}) {
    Histogram histogram;
    histogram.AddMany(ns, 20);
    const double median = histogram.Percentile(0.5).value();
    EXPECT_NEAR(median, static_cast<double>(ns), ns < 256 ? 0 : 0.008 * static_cast<double>(ns)) << ns;
    EXPECT_LE(histogram.buckets().begin()->first, ns);
    EXPECT_GT(Histogram::UpperBound(histogram.buckets().begin()->first), ns);
  }
}

TEST(Histogram, SaysAPercentileOnlyWithTenValuesBeyondIt) {
  Histogram histogram;
  histogram.AddMany(5, 99);
  EXPECT_FALSE(histogram.Percentile(0.9));
  histogram.Add(7);
  EXPECT_EQ(histogram.Percentile(0.9), 5);
  histogram.AddMany(9, 899);
  EXPECT_FALSE(histogram.Percentile(0.99));
  histogram.Add(11);
  EXPECT_EQ(histogram.Percentile(0.99), 9);
}

TEST(Histogram, OfTwoMergedIsThatOfAllValues) {
  Histogram all;
  Histogram odd;
  Histogram even;
  for (std::int64_t i = 1; i < 5'000; ++i) {
    all.Add(i * i);
    (i % 2 == 0 ? even : odd).Add(i * i);
  }
  odd.Merge(even);
  EXPECT_EQ(odd.buckets(), all.buckets());
  EXPECT_EQ(odd.count(), all.count());
}

TEST(Histogram, TakesATimeBeforeItsBeginForNone) {
  Histogram histogram;
  histogram.AddMany(-40, 20);
  EXPECT_EQ(histogram.Percentile(0.5), 0);
}

}  // namespace
}  // namespace lockstep::bench
