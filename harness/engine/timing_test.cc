// SPDX-License-Identifier: MIT
#include "harness/engine/timing.h"

#include <gtest/gtest.h>

#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(JudgeElapsed, ForgivesWhatClocksMayDifferBeforeItsTime) {
  // 40 µs, and 500 parts in a million of 50 ms.
  EXPECT_EQ(JudgeElapsed(milliseconds(50), milliseconds(50)), Elapsed::kInTolerance);
  EXPECT_EQ(JudgeElapsed(milliseconds(50), microseconds(49'935)), Elapsed::kInTolerance);
  EXPECT_EQ(JudgeElapsed(milliseconds(50), microseconds(49'934)), Elapsed::kEarly);
  EXPECT_EQ(JudgeElapsed(milliseconds(50), milliseconds(0)), Elapsed::kEarly);
}

TEST(JudgeElapsed, SeesTwoPercentThoughTheWakeUpWasSlow) {
  EXPECT_EQ(JudgeElapsed(milliseconds(20), microseconds(19'600 + 340)), Elapsed::kEarly);
  EXPECT_EQ(JudgeElapsed(milliseconds(100), microseconds(98'000 + 1'900)), Elapsed::kEarly);
}

TEST(JudgeElapsed, ForgivesATenthOfTheWaitAfterItsTime) {
  EXPECT_EQ(JudgeElapsed(milliseconds(50), milliseconds(55)), Elapsed::kInTolerance);
  EXPECT_EQ(JudgeElapsed(milliseconds(50), microseconds(55'001)), Elapsed::kLate);
  EXPECT_EQ(JudgeElapsed(std::chrono::seconds(1), milliseconds(1100)), Elapsed::kInTolerance);
}

TEST(JudgeElapsed, ForgivesTwoMillisecondsOfAShortWait) {
  EXPECT_EQ(JudgeElapsed(milliseconds(10), milliseconds(12)), Elapsed::kInTolerance);
  EXPECT_EQ(JudgeElapsed(milliseconds(10), microseconds(12'001)), Elapsed::kLate);
  EXPECT_EQ(JudgeElapsed(milliseconds(0), milliseconds(2)), Elapsed::kInTolerance);
  EXPECT_EQ(JudgeElapsed(milliseconds(0), microseconds(2001)), Elapsed::kLate);
  EXPECT_EQ(JudgeElapsed(milliseconds(0), milliseconds(0)), Elapsed::kInTolerance);
}

constexpr nanoseconds kRound = std::chrono::seconds(1);
using Judgement = StarvationJudge::Judgement;

TEST(StarvationJudge, WaitsOnceForWhateverHadTimeBefore) {
  StarvationJudge judge;
  EXPECT_EQ(judge.Judge(5'000'000'000, kRound), Judgement::kWait);
  EXPECT_EQ(judge.Judge(6'000'000'000, kRound), Judgement::kHadItsTime);
}

TEST(StarvationJudge, WaitsForWhatHasHardlyHadACpu) {
  StarvationJudge judge;
  EXPECT_EQ(judge.Judge(1'000, kRound), Judgement::kWait);
  EXPECT_EQ(judge.Judge(49'000'000, kRound), Judgement::kWait);
  EXPECT_EQ(judge.Judge(98'000'000, kRound), Judgement::kWait);
  EXPECT_EQ(judge.Judge(148'000'000, kRound), Judgement::kHadItsTime);
}

TEST(StarvationJudge, DoesNotWaitForEver) {
  StarvationJudge judge;
  for (int i = 0; i < StarvationJudge::kRounds; ++i) ASSERT_EQ(judge.Judge(7, kRound), Judgement::kWait);
  EXPECT_EQ(judge.Judge(7, kRound), Judgement::kStarved);
}

TEST(TimeControl, TakesAsLongAsItIsAskedTo) {
  const nanoseconds took = TimeControl(milliseconds(5));
  EXPECT_NE(JudgeElapsed(milliseconds(5), took), Elapsed::kEarly);
  EXPECT_LT(took, kTestPatience);
}

}  // namespace
}  // namespace lockstep
