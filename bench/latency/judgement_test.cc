// SPDX-License-Identifier: MIT
#include "bench/latency/judgement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace lockstep::bench {
namespace {

// Logarithms of ratios around `change`, with so much noise.
std::vector<double> Series(double change, double noise, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(std::log1p(change), noise);
  std::vector<double> series;
  for (std::size_t i = 0; i < count; ++i) series.push_back(normal(random));
  return series;
}

Evidence Changed(double change, double noise, std::size_t count, std::uint64_t seed = 1) {
  return {"free", Series(change, noise, count, seed), {}, Series(0, noise, count, seed + 1000)};
}

PerformanceVerdict VerdictOf(const Evidence& evidence) { return Judge({evidence}, {}).front().verdict; }

TEST(Judgement, CallsWhatTakesTenPercentLongerSlower) {
  const Judgement judgement = Judge({Changed(0.1, 0.01, 12)}, {}).front();
  EXPECT_EQ(judgement.verdict, PerformanceVerdict::kSlower);
  EXPECT_NEAR(judgement.change, 0.1, 0.02);
  EXPECT_LE(judgement.interval.low, judgement.change);
  EXPECT_GE(judgement.interval.high, judgement.change);
  EXPECT_NEAR(judgement.margin, 0.03, 0.01);
}

TEST(Judgement, CallsWhatTakesTenPercentLessFaster) {
  EXPECT_EQ(VerdictOf(Changed(-0.1, 0.01, 12)), PerformanceVerdict::kFaster);
}

TEST(Judgement, CallsOneThingTheSameAsItself) {
  const Judgement judgement = Judge({Changed(0, 0.01, 12)}, {}).front();
  EXPECT_EQ(judgement.verdict, PerformanceVerdict::kSame);
  EXPECT_LT(judgement.smallest, 0.06);
}

TEST(Judgement, DoesNotCallAChangeBelowTheMarginOne) {
  EXPECT_EQ(VerdictOf(Changed(0.015, 0.005, 40)), PerformanceVerdict::kSame);
}

TEST(Judgement, IsInconclusiveWhereTheNoiseIsLargerThanTheChange) {
  const Judgement judgement = Judge({Changed(0.1, 0.4, 12)}, {}).front();
  EXPECT_EQ(judgement.verdict, PerformanceVerdict::kInconclusive);
  EXPECT_EQ(judgement.why, "not sure yet");
  EXPECT_GT(judgement.smallest, 0.1);
}

TEST(Judgement, IsInconclusiveOnAMachineWhereTwoCopiesDiffer) {
  Evidence evidence = Changed(0.2, 0.01, 12);
  evidence.control = Series(0.2, 0.01, 12, 7);
  const Judgement judgement = Judge({evidence}, {}).front();
  EXPECT_EQ(judgement.verdict, PerformanceVerdict::kInconclusive);
  EXPECT_EQ(judgement.why, "two copies of one thing differ: the machine");
}

TEST(Judgement, WantsEightRepetitions) {
  EXPECT_EQ(Judge({Changed(0.5, 0.001, 7)}, {}).front().why, "too few repetitions");
  EXPECT_EQ(VerdictOf(Changed(0.5, 0.001, 8)), PerformanceVerdict::kSlower);
}

TEST(Judgement, ComparesWithABaselineOfAnotherTimeByTheCommonUnit) {
  Evidence evidence;
  evidence.changes = Series(1.65, 0.01, 20, 1);  // 2.65 times the unit
  evidence.stored = Series(1.2, 0.01, 20, 2);    // 2.2 times
  evidence.control = Series(0, 0.01, 20, 3);
  const Judgement judgement = Judge({evidence}, {}).front();
  EXPECT_EQ(judgement.verdict, PerformanceVerdict::kSlower);
  EXPECT_NEAR(judgement.change, 2.65 / 2.2 - 1, 0.03);
  evidence.stored = Series(1.65, 0.01, 20, 2);
  EXPECT_EQ(VerdictOf(evidence), PerformanceVerdict::kSame);
}

TEST(Judgement, IsWrongAboutOneThingAgainstItselfHardlyEver) {
  int wrong = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    std::vector<Evidence> suite;
    for (std::uint64_t i = 0; i < 8; ++i) suite.push_back(Changed(0, 0.03, 12, seed * 100 + i));
    for (const Judgement& one : Judge(suite, {})) {
      const bool changed = one.verdict == PerformanceVerdict::kSlower || one.verdict == PerformanceVerdict::kFaster;
      wrong += changed ? 1 : 0;
    }
  }
  EXPECT_LE(wrong, 1);
}

TEST(Judgement, SeesFivePercentThroughTwoPercentOfNoise) {
  int seen = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) seen += VerdictOf(Changed(0.05, 0.02, 40, seed)) == PerformanceVerdict::kSlower ? 1 : 0;
  EXPECT_GE(seen, 95);
}

}  // namespace
}  // namespace lockstep::bench
