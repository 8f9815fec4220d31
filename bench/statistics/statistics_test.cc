// SPDX-License-Identifier: MIT
#include "bench/statistics/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "bench/statistics/random.h"
#include "bench/statistics/test_noise.h"

namespace lockstep::bench {
namespace {

TEST(Quantile, IsOnTheLineBetweenTheTwoNearestValues) {
  EXPECT_DOUBLE_EQ(Quantile({40, 10, 30, 20}, 0), 10);
  EXPECT_DOUBLE_EQ(Quantile({40, 10, 30, 20}, 0.1), 13);
  EXPECT_DOUBLE_EQ(Quantile({40, 10, 30, 20}, 1.0 / 3), 20);
  EXPECT_DOUBLE_EQ(Quantile({40, 10, 30, 20}, 0.75), 32.5);
  EXPECT_DOUBLE_EQ(Quantile({40, 10, 30, 20}, 1), 40);
  EXPECT_DOUBLE_EQ(Quantile({7}, 0.3), 7);
}

TEST(Quantile, IsThatOfTheSortedValuesWhateverTheirOrder) {
  Random random(1);
  for (std::size_t count = 1; count <= 40; ++count) {
    std::vector<double> values(count);
    for (double& value : values) value = static_cast<double>(random.Below(20));
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < count; ++i) {
      const double q = count == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(count - 1);
      EXPECT_NEAR(Quantile(values, q), sorted[i], 1e-9);
    }
  }
}

TEST(Median, OfAnEvenNumberIsHalfwayBetweenTheTwoInTheMiddle) {
  EXPECT_DOUBLE_EQ(Median({5, 1, 3}), 3);
  EXPECT_DOUBLE_EQ(Median({5, 1, 3, 100}), 4);
  EXPECT_DOUBLE_EQ(Median({-2}), -2);
}

TEST(Median, OfNothingOrOfWhatIsNoNumberIsAMistakeOfTheCaller) {
  EXPECT_DEATH(Median({}), "empty");
  EXPECT_DEATH(Median({1, std::numeric_limits<double>::quiet_NaN()}), "Finite");
}

TEST(InterquartileRange, IsFromTheFirstQuartileToTheThird) {
  EXPECT_DOUBLE_EQ(InterquartileRange({1, 2, 3, 4, 5, 6, 7, 8, 1000}), 4);
  EXPECT_DOUBLE_EQ(InterquartileRange({4, 1, 3, 2}), 1.5);
  EXPECT_DOUBLE_EQ(InterquartileRange({4}), 0);
}

TEST(MedianBootstrap, DrawsBlocksOfTheCubeRootOfTheLength) {
  EXPECT_EQ(MedianBootstrap::BlockLength(1), 1U);
  EXPECT_EQ(MedianBootstrap::BlockLength(3), 1U);
  EXPECT_EQ(MedianBootstrap::BlockLength(4), 2U);
  EXPECT_EQ(MedianBootstrap::BlockLength(27), 3U);
  EXPECT_EQ(MedianBootstrap::BlockLength(400), 7U);
}

TEST(MedianBootstrap, IsTheSameForTheSameSeedAndAnotherForAnother) {
  const std::vector<double> series = Noise(1, 30, 0, 1);
  EXPECT_EQ(MedianBootstrap(series, 5).medians(), MedianBootstrap(series, 5).medians());
  EXPECT_NE(MedianBootstrap(series, 5).medians(), MedianBootstrap(series, 6).medians());
  EXPECT_EQ(MedianBootstrap(series, 5).medians().size(), 4000U);
  EXPECT_EQ(MedianBootstrap(series, 5, 123).medians().size(), 123U);
}

// Of 3 values each is drawn by itself, so all 27 draws can be counted out: in 7 the median is the least, in 13 the
// middle one.
TEST(MedianBootstrap, OfThreeValuesHasEachMedianAsOftenAsAllDrawsHave) {
  const MedianBootstrap bootstrap({30, 10, 20}, 1, 100'000);
  EXPECT_DOUBLE_EQ(bootstrap.PAtMost(9), 1.0 / 100'001);
  EXPECT_NEAR(bootstrap.PAtMost(10), 7.0 / 27, 0.01);
  EXPECT_NEAR(bootstrap.PAtMost(25), 20.0 / 27, 0.01);
  EXPECT_DOUBLE_EQ(bootstrap.PAtMost(30), 1);
}

// Of 5 values: a block of 2 from any of 5 places, another, and the first value of a third.
TEST(MedianBootstrap, DrawsEachBlockAroundTheEndAndCutsTheLastOneShort) {
  const std::vector<double> series = {1, 2, 4, 8, 16};
  double at_most_2 = 0;
  for (std::size_t draw = 0; draw < 125; ++draw) {
    const std::size_t first = draw % 5;
    const std::size_t second = draw / 5 % 5;
    const double median = Median({series[first], series[(first + 1) % 5], series[second], series[(second + 1) % 5],
                                  series[draw / 25]});
    if (median <= 2) ++at_most_2;
  }
  EXPECT_NEAR(MedianBootstrap(series, 1, 100'000).PAtMost(2), at_most_2 / 125, 0.01);
}

TEST(MedianBootstrap, OfIndependentValuesHasTheMedianInItsIntervalAboutAsOftenAsItSays) {
  int within = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Interval interval = MedianBootstrap(Noise(seed, 60, 0.5, 1), seed + 1'000'000, 200).At(0.95);
    if (interval.low <= 0.5 && 0.5 <= interval.high) ++within;
  }
  EXPECT_GE(within, 445);  // 89 %
  EXPECT_LE(within, 485);  // 97 %
}

TEST(MedianBootstrap, IsWiderForNeighboursThatAreAlike) {
  double apart = 0;
  double alike = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    // The same values: once each stays on its side of the median for 20 repetitions, once in no order.
    std::vector<double> series = Noise(seed, 400, 0, 1);
    for (std::size_t i = 0; i < series.size(); ++i) series[i] = std::copysign(series[i], i / 20 % 2 == 0 ? 1 : -1);
    const Interval ordered = MedianBootstrap(series, seed, 500).At(0.95);
    Random(seed).Shuffle(series, 0, series.size());
    const Interval mixed = MedianBootstrap(series, seed, 500).At(0.95);
    alike += ordered.high - ordered.low;
    apart += mixed.high - mixed.low;
  }
  EXPECT_GT(alike, 1.5 * apart);
}

TEST(MedianBootstrap, HasWiderIntervalsForMoreConfidence) {
  const MedianBootstrap bootstrap(Noise(3, 50, 0, 1), 3);
  const Interval narrow = bootstrap.At(0.5);
  const Interval wide = bootstrap.At(0.99);
  EXPECT_LT(wide.low, narrow.low);
  EXPECT_LT(narrow.high, wide.high);
  EXPECT_NEAR(bootstrap.PAtMost(narrow.low), 0.25, 0.05);
  EXPECT_NEAR(bootstrap.PAtMost(narrow.high), 0.75, 0.05);
}

TEST(MedianBootstrap, DoubtsOnlyWhatHardlyAnyResampleReaches) {
  const MedianBootstrap bootstrap(Noise(4, 50, 1, 0.1), 4);
  EXPECT_DOUBLE_EQ(bootstrap.PAtMost(0), 1.0 / 4001);
  EXPECT_DOUBLE_EQ(bootstrap.PAtLeast(2), 1.0 / 4001);
  EXPECT_NEAR(bootstrap.PAtMost(Median(bootstrap.medians())), 0.5, 0.05);
  // No difference at all, as between a thing and itself: all resamples are on both sides.
  const MedianBootstrap none({0, 0, 0, 0}, 1);
  EXPECT_DOUBLE_EQ(none.PAtMost(0), 1);
  EXPECT_DOUBLE_EQ(none.PAtLeast(0), 1);
}

TEST(MedianBootstrap, OfTwoSeriesKnowsHowFarTheyAreApart) {
  const MedianBootstrap five(Noise(4, 60, 5, 0.3), 4);
  const MedianBootstrap three(Noise(5, 60, 3, 0.4), 5);
  const Interval apart = five.Less(three, 1).At(0.99);
  EXPECT_LT(apart.low, 2);
  EXPECT_GT(apart.high, 2);
  // Both are uncertain, so that the difference is more so than either.
  const Interval alone = five.At(0.99);
  EXPECT_GT(apart.high - apart.low, alone.high - alone.low);
}

// The example of the 1995 paper, of thrombolysis after infarction: with q = 0.05 the four least are rejected.
TEST(BenjaminiHochberg, RejectsWhatThePaperRejects) {
  const std::vector<double> p = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  const std::vector<bool> rejected = BenjaminiHochberg(p, 0.05);
  EXPECT_EQ(std::count(rejected.begin(), rejected.begin() + 4, true), 4);
  EXPECT_EQ(std::count(rejected.begin(), rejected.end(), true), 4);
}

TEST(BenjaminiHochberg, RejectsAlsoWhatIsAboveItsOwnBoundButBelowOneThatHolds) {
  EXPECT_EQ(BenjaminiHochberg({0.04, 0.9, 0.03, 0.035}, 0.06), (std::vector<bool>{true, false, true, true}));
  EXPECT_EQ(BenjaminiHochberg({0.05, 0.05, 0.05}, 0.05), (std::vector<bool>{true, true, true}));
  EXPECT_EQ(BenjaminiHochberg({0.051}, 0.05), (std::vector<bool>{false}));
  EXPECT_TRUE(BenjaminiHochberg({}, 0.05).empty());
}

// A value is rejected if, for it or a greater one, those up to it are so many that q of them is as much as chance gives.
TEST(BenjaminiHochberg, IsWhatItsDefinitionSaysForAnyValuesInAnyOrder) {
  Random random(5);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<double> p(1 + random.Below(12));
    for (double& one : p) one = static_cast<double>(random.Below(round % 2 == 0 ? 40 : 1'000)) / 3'000;
    const auto all = static_cast<double>(p.size());
    std::vector<bool> expected(p.size());
    std::transform(p.begin(), p.end(), expected.begin(), [&](double one) {
      return std::any_of(p.begin(), p.end(), [&](double bound) {
        const auto up_to_it = std::count_if(p.begin(), p.end(), [bound](double other) { return other <= bound; });
        return one <= bound && bound * all <= 0.0701 * static_cast<double>(up_to_it);
      });
    });
    EXPECT_EQ(BenjaminiHochberg(p, 0.0701), expected);
  }
}

// Each p is what scipy 1.17.1 says: mannwhitneyu(a, b, alternative='two-sided', method='asymptotic').pvalue.
TEST(MannWhitney, SaysWhatScipySays) {
  const double kExact = 1e-12;
  EXPECT_NEAR(MannWhitneyP({1.01, 1.03, 0.99, 1.02, 1.05, 0.98, 1.00, 1.04, 1.06, 0.97},
                           {1.10, 1.12, 1.00, 1.15, 1.08, 1.11, 1.07, 1.03, 1.14, 1.09}),
              0.0028065622375925453, kExact);
  EXPECT_NEAR(MannWhitneyP({12, 15, 11, 19, 14}, {13, 16, 18, 17, 20, 21}), 0.12069080052744556, kExact);
  std::vector<double> a(30);
  std::vector<double> b(25);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = 10.0 + 0.1 * static_cast<double>(i);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = 11.0 + 0.13 * static_cast<double>(i);
  EXPECT_NEAR(MannWhitneyP(a, b), 0.00022122563925292566, kExact);
}

// As above.
TEST(MannWhitney, SaysWhatScipySaysWhenValuesAreEqual) {
  EXPECT_NEAR(MannWhitneyP({1, 2, 2, 3, 3, 3, 4, 5, 5}, {2, 3, 4, 4, 5, 5, 6, 6, 7}), 0.05390997255866893, 1e-12);
  std::vector<double> mostly_0(20, 0);
  mostly_0.resize(25, 1);
  std::vector<double> mostly_1(8, 0);
  mostly_1.resize(30, 1);
  EXPECT_NEAR(MannWhitneyP(mostly_0, mostly_1), 9.866921770661832e-05, 1e-12);
  EXPECT_EQ(MannWhitneyP({5, 5, 5, 5}, {5, 5, 5, 5}), 1);
  EXPECT_EQ(MannWhitneyP({1, 2, 3}, {1, 2, 3}), 1);
  EXPECT_EQ(MannWhitneyP({7}, {9}), 1);
}

TEST(MannWhitney, IsTheSameTheOtherWayRoundAndOnAnotherScale) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<double> a = Noise(seed, 12, 1.0, 0.1);
    std::vector<double> b = Noise(seed + 1'000, 17, 1.1, 0.1);
    const double p = MannWhitneyP(a, b);
    EXPECT_NEAR(MannWhitneyP(b, a), p, 1e-12);
    for (double& value : a) value = -std::exp(value);
    for (double& value : b) value = -std::exp(value);
    EXPECT_NEAR(MannWhitneyP(a, b), p, 1e-12);
  }
}

// 8 values of 16 can be those of a in 12,870 ways. The exact p is the share of those whose U is as far from the middle.
TEST(MannWhitney, IsCloseToWhatCountingOutAllPlacementsGives) {
  std::vector<double> distances;
  std::vector<double> ps;
  for (unsigned chosen = 0; chosen < 1U << 16; ++chosen) {
    if (std::popcount(chosen) != 8) continue;
    double u = -36;  // 8 * 9 / 2
    for (unsigned i = 0; i < 16; ++i) u += (chosen >> i & 1) != 0 ? i + 1 : 0;
    distances.push_back(std::abs(u - 32));
    if (chosen % 101 != 0) continue;
    std::vector<double> a;
    std::vector<double> b;
    for (unsigned i = 0; i < 16; ++i) ((chosen >> i & 1) != 0 ? a : b).push_back(i);
    ps.push_back(distances.back());
    ps.push_back(MannWhitneyP(a, b));
  }
  ASSERT_EQ(distances.size(), 12'870U);
  ASSERT_GT(ps.size(), 100U);
  for (std::size_t i = 0; i < ps.size(); i += 2) {
    const auto as_far = std::count_if(distances.begin(), distances.end(), [&](double other) { return other >= ps[i]; });
    EXPECT_NEAR(ps[i + 1], static_cast<double>(as_far) / 12'870, 0.012);
  }
}

}  // namespace
}  // namespace lockstep::bench
