// SPDX-License-Identifier: MIT
#include "reports/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/sample_report.h"

namespace lockstep::reports {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

StoredReport Stored(Verdict behaviour, std::optional<int> exit_status) {
  StoredReport stored;
  ImplementationReport& one = stored.report.implementations.emplace_back();
  one.name = "a";
  ScenarioVerdict& verdict = one.verdicts.emplace_back();
  verdict.scenario = &stored.scenarios.emplace_back(MakeScenario("fork/y", "It is so.", "p nop()\n"));
  verdict.behaviour = behaviour;
  verdict.cleanliness = behaviour == Verdict::kPass ? Verdict::kPass : Verdict::kNotRun;
  stored.exit_status = exit_status;
  if (!exit_status) stored.cut_off = "x.jsonl:2: the report ends without a footer";
  return stored;
}

Summary Of(StoredReport one) {
  std::vector<StoredReport> reports;
  reports.push_back(std::move(one));
  return Summarize(reports, {"x.jsonl"});
}

TEST(Summarize, HasTheStatusOfTheOneRun) {
  EXPECT_EQ(Of(Stored(Verdict::kPass, 0)).exit_status, 0);
  EXPECT_EQ(Of(Stored(Verdict::kPass, 5)).exit_status, 5);
}

TEST(Summarize, WithholdsAReportThatWasCutOff) {
  const Summary summary = Of(Stored(Verdict::kPass, std::nullopt));
  EXPECT_EQ(summary.exit_status, 3);
  EXPECT_THAT(summary.withheld, ElementsAre("x.jsonl:2: the report ends without a footer: it was cut off"));
}

TEST(Summarize, TakesAnInterruptedRunForOneThatDidNotComeToItsEnd) {
  StoredReport stored = Stored(Verdict::kPass, 130);
  stored.report.interrupted = true;
  const Summary summary = Of(std::move(stored));
  EXPECT_EQ(summary.exit_status, 3);
  EXPECT_THAT(summary.withheld, ElementsAre("x.jsonl: the run was interrupted"));
}

TEST(Summarize, JudgesSeveralByTheLatestOfEach) {
  std::vector<StoredReport> reports;
  reports.push_back(Stored(Verdict::kFail, 1));
  reports.push_back(Stored(Verdict::kPass, 0));
  const Summary summary = Summarize(reports, {"1", "2"});
  EXPECT_EQ(summary.exit_status, 0);
  ASSERT_EQ(summary.report.implementations.size(), 1U);
  EXPECT_EQ(summary.report.implementations[0].verdicts.size(), 1U);
  EXPECT_THAT(summary.withheld, IsEmpty());
}

TEST(Summarize, IsStrictIfAnyRunWas) {
  std::vector<StoredReport> reports;
  reports.push_back(Stored(Verdict::kPass, 0));
  reports.push_back(Stored(Verdict::kUnsupported, 4));
  reports.back().report.implementations[0].verdicts[0].scenario =
      &reports.back().scenarios.emplace_back(MakeScenario("fork/z", "So.", "p nop()\n"));
  EXPECT_EQ(Summarize(reports, {"1", "2"}).exit_status, 0);
  reports.front().report.strict = true;
  EXPECT_EQ(Summarize(reports, {"1", "2"}).exit_status, 4);
}

TEST(PlaceIn, TakesFileAndLineApart) {
  EXPECT_EQ(PlaceIn("impl/a/expectations.toml:12: fork/*: nothing matches").file, "impl/a/expectations.toml");
  EXPECT_EQ(PlaceIn("impl/a/expectations.toml:12: fork/*: nothing matches").line, 12);
  EXPECT_EQ(PlaceIn("a:b.toml:3").file, "a:b.toml");
  EXPECT_EQ(PlaceIn("no place").file, "no place");
  EXPECT_EQ(PlaceIn("no place").line, 0);
}

}  // namespace
}  // namespace lockstep::reports
