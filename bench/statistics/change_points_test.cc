// SPDX-License-Identifier: MIT
#include "bench/statistics/change_points.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bench/statistics/random.h"
#include "bench/statistics/statistics.h"
#include "bench/statistics/test_noise.h"

namespace lockstep::bench {
namespace {

// From `index` on, by `factor`.
std::vector<double> WithStep(std::vector<double> series, std::size_t index, double factor) {
  for (std::size_t i = index; i < series.size(); ++i) series[i] *= factor;
  return series;
}

std::vector<ChangePoint> Find(const std::vector<double>& series, std::uint64_t seed) {
  ChangePointOptions options;
  options.seed = seed;
  return FindChangePoints(series, options);
}

// Whether there is one for each of `places`, at most one value off it, and no other.
bool AreAt(const std::vector<ChangePoint>& found, const std::vector<std::size_t>& places) {
  return std::equal(found.begin(), found.end(), places.begin(), places.end(), [](const ChangePoint& point, std::size_t place) {
    return point.index + 1 >= place && point.index <= place + 1;
  });
}

TEST(ChangePoints, AreNotFoundInNoise) {
  for (const double deviation : {1, 3, 20}) {
    int found = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) found += Find(Noise(seed, 50, 100, deviation), seed).empty() ? 0 : 1;
    EXPECT_LE(found, 1) << deviation;
  }
}

TEST(ChangePoints, AreNotFoundInALongSeriesOfNoise) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) found += Find(Noise(seed, 400, 100, 3), seed).empty() ? 0 : 1;
  EXPECT_LE(found, 1);
}

TEST(ChangePoints, AreNotFoundAmongEqualValues) {
  EXPECT_TRUE(Find(std::vector<double>(50, 0.1), 1).empty());
  EXPECT_TRUE(Find(std::vector<double>(130, 0), 1).empty());
}

TEST(ChangePoints, OfAStepOfTenPercentInThreePercentOfNoiseAreFoundWhereItIs) {
  int found = 0;
  int near = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (const double factor : {1.1, 0.9}) {
      const auto points = Find(WithStep(Noise(seed, 30, 100, 3), 15, factor), seed);
      if (points.size() != 1) continue;
      ++found;
      if (AreAt(points, {15})) ++near;
      EXPECT_LE(points[0].p, 0.001);
    }
  }
  EXPECT_GE(found, 198);
  EXPECT_GE(near, 185);
}

TEST(ChangePoints, SayTheMediansOnBothSides) {
  const std::vector<double> series = WithStep(WithStep(Noise(7, 48, 100, 1), 16, 1.5), 32, 0.8);
  const auto points = Find(series, 7);
  ASSERT_TRUE(AreAt(points, {16, 32}));
  ASSERT_EQ(points[0].index, 16U);
  ASSERT_EQ(points[1].index, 32U);
  EXPECT_EQ(points[0].before, Median({series.begin(), series.begin() + 16}));
  EXPECT_EQ(points[0].after, Median({series.begin() + 16, series.begin() + 32}));
  EXPECT_EQ(points[1].before, points[0].after);
  EXPECT_EQ(points[1].after, Median({series.begin() + 32, series.end()}));
}

TEST(ChangePoints, OfLessThanFivePercentAreNotReported) {
  ChangePointOptions all;
  all.least_change = 0.02;
  int seen = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<double> series = WithStep(Noise(seed, 30, 100, 1), 15, 1.03);
    EXPECT_TRUE(Find(series, seed).empty());
    seen += FindChangePoints(series, all).empty() ? 0 : 1;
  }
  EXPECT_GE(seen, 40) << "they are there: it is the least change that takes them away";
}

TEST(ChangePoints, OfWhichNoneIsGreatAreTakenTogether) {
  std::vector<double> series = Noise(1, 48, 100, 0.2);
  for (const std::size_t index : {12, 24, 36}) series = WithStep(series, index, 1.03);
  const auto points = Find(series, 1);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_GE(points[0].after, 1.05 * points[0].before);
}

TEST(ChangePoints, OfTwoStepsAreFoundBoth) {
  int up_and_up = 0;
  int up_and_down = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const std::vector<double> once = WithStep(Noise(seed, 45, 100, 2), 15, 1.15);
    up_and_up += AreAt(Find(WithStep(once, 30, 1.15), seed), {15, 30}) ? 1 : 0;
    up_and_down += AreAt(Find(WithStep(once, 30, 1 / 1.15), seed), {15, 30}) ? 1 : 0;
  }
  EXPECT_GE(up_and_up, 97);
  EXPECT_GE(up_and_down, 97);
}

TEST(ChangePoints, NeedThreeValuesAfterTheChange) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<double> series = Noise(seed, 50, 100, 0.5);
    EXPECT_TRUE(AreAt(Find(WithStep(series, 46, 1.3), seed), {46}));
    const auto two = Find(WithStep(series, 48, 1.3), seed);
    EXPECT_TRUE(two.empty() || two[0].index <= 47);
  }
}

TEST(ChangePoints, AreNotMadeByOutliers) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<double> series = Noise(seed, 50, 100, 2);
    series[20] *= 3;
    series[35] *= 2;
    series[49] *= 4;
    EXPECT_TRUE(Find(series, seed).empty());
  }
}

TEST(ChangePoints, AreNotFoundInFewerValuesThanCanTell) {
  for (std::size_t count = 0; count < 14; ++count) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      EXPECT_TRUE(Find(WithStep(Noise(seed, count, 100, 1), count / 2, 2), seed).empty()) << count;
    }
  }
  EXPECT_TRUE(AreAt(Find(WithStep(Noise(1, 20, 100, 1), 10, 2), 1), {10}));
}

TEST(ChangePoints, OfALongSeriesAreFoundWhereverTheyAre) {
  for (std::size_t index = 8; index <= 165; ++index) {
    const std::vector<double> series = WithStep(Noise(index, 173, 100, 1), index, index % 2 == 0 ? 1.1 : 0.9);
    EXPECT_TRUE(AreAt(Find(series, index), {index})) << index;
  }
}

TEST(ChangePoints, OfALongSeriesAreFoundAmongTheNewestValuesAsInAShortOne) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_TRUE(AreAt(Find(WithStep(Noise(seed, 76, 100, 0.5), 73, 1.3), seed), {73})) << seed;
  }
}

TEST(ChangePoints, AreNeverCloserThanTheLeastSegmentNorLessThanTheLeastChangeNorLikelyByChance) {
  const ChangePointOptions options;
  std::size_t found = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    std::vector<double> series = Noise(seed, 130, 100, 6);
    Random random(seed);
    for (int i = 0; i < 4; ++i) series = WithStep(series, random.Below(130), 0.75 + 0.01 * static_cast<double>(random.Below(60)));
    std::size_t last = 0;
    for (const ChangePoint& point : Find(series, seed)) {
      EXPECT_GE(point.index, last + options.least_segment);
      EXPECT_LE(point.index + options.least_segment, series.size());
      EXPECT_GE(std::abs(point.after - point.before), options.least_change * point.before);
      EXPECT_LE(point.p, options.max_p);
      last = point.index;
      ++found;
    }
  }
  EXPECT_GE(found, 100U);
}

TEST(ChangePoints, OfManyStepsInALongSeriesAreFoundAll) {
  const std::vector<std::size_t> places = {40, 49, 76, 110, 160, 200, 251, 290};
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    std::vector<double> series = Noise(seed, 300, 100, 2);
    double factor = 1.2;
    for (const std::size_t place : places) {
      series = WithStep(series, place, factor);
      factor = 1 / factor;
    }
    EXPECT_TRUE(AreAt(Find(series, seed), places)) << seed;
  }
}

TEST(ChangePoints, AreTheSameForTheSameSeedAndOnAnotherScale) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<double> series = WithStep(Noise(seed, 120, 100, 3), 70, 1.2);
    std::vector<double> scaled = series;
    for (double& value : scaled) value *= 1024;  // without rounding
    const auto points = Find(series, seed);
    const auto again = Find(series, seed);
    const auto in_other_units = Find(scaled, seed);
    ASSERT_EQ(points.size(), again.size());
    ASSERT_EQ(points.size(), in_other_units.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      EXPECT_EQ(points[i].index, again[i].index);
      EXPECT_EQ(points[i].p, again[i].p);
      EXPECT_EQ(points[i].index, in_other_units[i].index);
      EXPECT_EQ(points[i].before * 1024, in_other_units[i].before);
    }
  }
}

// One cut, whatever it is worth: 20 values are cut, and what is left of them is too short for segments of 7 or more.
ChangePointOptions OneCut() {
  ChangePointOptions options;
  options.least_segment = 7;
  options.max_p = 1;
  options.permutations = 99;
  options.least_change = 0;
  return options;
}

// As the paper defines it, sum by sum.
double EnergyGain(const std::vector<double>& series, std::size_t cut, std::size_t end) {
  const auto mean_distance = [&](std::size_t first_a, std::size_t end_a, std::size_t first_b, std::size_t end_b) {
    double sum = 0;
    double pairs = 0;
    for (std::size_t i = first_a; i < end_a; ++i) {
      for (std::size_t j = std::max(first_b, first_a == first_b ? i + 1 : 0); j < end_b; ++j) {
        sum += std::abs(series[i] - series[j]);
        ++pairs;
      }
    }
    return sum / pairs;
  };
  const auto n = static_cast<double>(cut);
  const auto m = static_cast<double>(end - cut);
  return n * m / (n + m) *
         (2 * mean_distance(0, cut, cut, end) - mean_distance(0, cut, 0, cut) - mean_distance(cut, end, cut, end));
}

TEST(ChangePoints, AreWhereTheEnergyDistanceSummedUpPlainlyIsGreatest) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const std::vector<double> series = WithStep(Noise(seed, 20, 100, 10), 5 + seed % 11, 1.1);
    std::size_t best = 0;
    double greatest = 0;
    for (std::size_t end = 14; end <= 20; ++end) {
      for (std::size_t cut = 7; cut + 7 <= end; ++cut) {
        const double gain = EnergyGain(series, cut, end);
        if (gain <= greatest) continue;
        greatest = gain;
        best = cut;
      }
    }
    const auto points = FindChangePoints(series, OneCut());
    ASSERT_EQ(points.size(), greatest > 0 ? 1U : 0U) << seed;
    EXPECT_EQ(points.empty() ? 0 : points[0].index, best) << seed;
  }
}

// Of the 3432 orders of seven equal values and seven others, two are as good as the clearest.
TEST(ChangePoints, HaveTheShareOfOrdersThatAreAsGoodForTheirPValue) {
  ChangePointOptions options = OneCut();
  options.permutations = 99'999;
  const auto points = FindChangePoints(WithStep(std::vector<double>(14, 0.1), 7, 1.7), options);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].index, 7U);
  EXPECT_NEAR(points[0].p, 2.0 / 3432, 0.0003);
}

// The order that was measured counts, or else there would be a p of 0.
TEST(ChangePoints, HaveOneOfAllOrdersTriedForTheirLeastPValue) {
  const auto points = Find(WithStep(Noise(1, 50, 100, 1), 25, 3), 1);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_DOUBLE_EQ(points[0].p, 1.0 / 2'000);
}

TEST(ChangePoints, OfNoiseHavePValuesThatAreSpreadEvenly) {
  std::vector<double> ps;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const auto points = FindChangePoints(Noise(seed, 20, 100, 10), OneCut());
    ps.push_back(points.empty() ? 1 : points[0].p);
  }
  for (const double share : {0.05, 0.1, 0.25, 0.5, 0.75}) {
    const auto at_most = std::count_if(ps.begin(), ps.end(), [share](double p) { return p <= share + 1e-9; });
    EXPECT_NEAR(static_cast<double>(at_most) / 500, share, 0.06);
  }
}

}  // namespace
}  // namespace lockstep::bench
