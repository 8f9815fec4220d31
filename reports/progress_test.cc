// SPDX-License-Identifier: MIT
#include "reports/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace lockstep::reports {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

ScenarioVerdict VerdictOf(const Scenario& scenario, Verdict behaviour) {
  ScenarioVerdict verdict;
  verdict.scenario = &scenario;
  verdict.behaviour = behaviour;
  return verdict;
}

class ProgressTest : public testing::Test {
 protected:
  ProgressTest() { scenario_.name = "fork/child-owns"; }
  Scenario scenario_;
  std::ostringstream out_;
};

TEST_F(ProgressTest, IsOneLineThatIsWrittenAnew) {
  Progress progress(out_, true, 80);
  progress.Start("gopy", 431);
  EXPECT_EQ(out_.str(), "\r\x1b[K[  0/431] gopy");
  out_.str("");
  progress.Add(VerdictOf(scenario_, Verdict::kFail));
  EXPECT_EQ(out_.str(), "\r\x1b[K[  1/431] gopy, 1 failed  fork/child-owns");
}

TEST_F(ProgressTest, IsQuietWhereThereIsNoTerminal) {
  {
    Progress progress(out_, false, 80);
    progress.Start("gopy", 431);
    progress.Add(VerdictOf(scenario_, Verdict::kFail));
  }
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ProgressTest, LeavesNothingBehind) {
  {
    Progress progress(out_, true, 80);
    progress.Start("gopy", 431);
  }
  EXPECT_THAT(out_.str(), EndsWith("gopy\r\x1b[K"));
}

TEST_F(ProgressTest, ClearsItsLineOnce) {
  Progress progress(out_, true, 80);
  progress.Start("gopy", 431);
  progress.Clear();
  out_.str("");
  progress.Clear();
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ProgressTest, DoesNotRedrawForEachOfManyPasses) {
  Progress progress(out_, true, 80);
  progress.Start("gopy", 100'000);
  out_.str("");
  constexpr int kMany = 10'000;
  for (int i = 0; i < kMany; ++i) progress.Add(VerdictOf(scenario_, Verdict::kPass));
  // Ten thousand take some milliseconds: a few redraws at the most.
  EXPECT_LT(out_.str().size(), 100U * 60U);
}

TEST_F(ProgressTest, IsNeverWiderThanTheTerminal) {
  Progress progress(out_, true, 20);
  progress.Start("an-implementation-of-a-long-name", 431);
  EXPECT_EQ(out_.str(), "\r\x1b[K[  0/431]");
}

}  // namespace
}  // namespace lockstep::reports
