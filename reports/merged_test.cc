// SPDX-License-Identifier: MIT
#include "reports/merged.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/sample_report.h"

namespace lockstep::reports {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A report of one implementation with these verdicts, by the scenario's name.
StoredReport Stored(const std::string& implementation, const std::vector<std::pair<std::string, Verdict>>& verdicts) {
  StoredReport stored;
  ImplementationReport& one = stored.report.implementations.emplace_back();
  one.name = implementation;
  for (const auto& [name, behaviour] : verdicts) {
    ScenarioVerdict verdict;
    verdict.scenario = &stored.scenarios.emplace_back(MakeScenario(name, "It is so.", "p nop()\n"));
    verdict.behaviour = behaviour;
    verdict.cleanliness = Verdict::kPass;
    one.verdicts.push_back(std::move(verdict));
  }
  stored.exit_status = 0;
  return stored;
}

std::vector<StoredReport> List(StoredReport one, StoredReport two) {
  std::vector<StoredReport> list;
  list.push_back(std::move(one));
  list.push_back(std::move(two));
  return list;
}

TEST(Merge, LaysImplementationsOfSeveralReportsSideBySide) {
  const auto reports = List(Stored("a", {{"timeout/x", Verdict::kPass}, {"fork/y", Verdict::kFail}}),
                            Stored("b", {{"timeout/x", Verdict::kPass}, {"timeout/z", Verdict::kPass}}));
  const MergedReport merged = Merge(reports, {"1", "2"});
  ASSERT_EQ(merged.implementations.size(), 2U);
  ASSERT_EQ(merged.areas.size(), 2U);
  EXPECT_EQ(merged.areas[0].name, "timeout");
  EXPECT_EQ(merged.areas[0].scenarios.size(), 2U);
  EXPECT_EQ(merged.Find("a")->Find("fork/y")->Overall(), Verdict::kFail);
  EXPECT_EQ(merged.Find("b")->Find("fork/y"), nullptr);
  EXPECT_EQ(merged.Find("a")->Count().fail, 1);
  EXPECT_THAT(merged.withheld, IsEmpty());
}

TEST(Merge, TakesTheLatestReportOfOneImplementation) {
  const auto reports = List(Stored("a", {{"fork/y", Verdict::kFail}, {"fork/only-then", Verdict::kPass}}),
                            Stored("a", {{"fork/y", Verdict::kPass}}));
  const MergedReport merged = Merge(reports, {"1", "2"});
  ASSERT_EQ(merged.implementations.size(), 1U);
  EXPECT_EQ(merged.Find("a")->Find("fork/y")->Overall(), Verdict::kPass);
  EXPECT_NE(merged.Find("a")->Find("fork/only-then"), nullptr);
}

TEST(Merge, WithholdsWhatIsNoResult) {
  auto reports = List(Stored("a", {{"fork/y", Verdict::kHarnessError}}), Stored("b", {{"fork/y", Verdict::kPass}}));
  reports[1].cut_off = "it has no footer";
  const MergedReport merged = Merge(reports, {"one.jsonl", "two.jsonl"});
  EXPECT_THAT(merged.withheld, Contains("nothing was judged of a"));
  EXPECT_THAT(merged.withheld, Contains("two.jsonl was cut off: it has no footer"));
}

TEST(Merge, WhatWasNotBegunForWantOfTimeSaysNothingBesideWhatIsKnown) {
  auto reports = List(Stored("a", {{"fork/y", Verdict::kFail}}), Stored("a", {{"fork/y", Verdict::kNotRun}}));
  reports[1].report.implementations[0].verdicts[0].not_run = NotRun::kInterrupted;
  EXPECT_EQ(Merge(reports, {"1", "2"}).Find("a")->Find("fork/y")->Overall(), Verdict::kFail);
}

TEST(Merge, AStaleExpectationStaysUntilAReportOfAllThatThereWasSaysOtherwise) {
  auto reports = List(Stored("a", {{"fork/y", Verdict::kPass}, {"fork/z", Verdict::kPass}}), Stored("a", {{"fork/y", Verdict::kPass}}));
  reports[0].report.implementations[0].stale = {"e.toml:3: matches nothing"};
  EXPECT_THAT(Merge(reports, {"1", "2"}).Find("a")->report->stale, Contains("e.toml:3: matches nothing"));
  reports[1] = Stored("a", {{"fork/y", Verdict::kPass}, {"fork/z", Verdict::kPass}});
  EXPECT_THAT(Merge(reports, {"1", "2"}).Find("a")->report->stale, IsEmpty());
}

TEST(Merge, WhoseVerdictsWereAskedForOnceIsJudged) {
  auto reports = List(Stored("a", {{"fork/y", Verdict::kFail}}), Stored("a", {{"fork/z", Verdict::kPass}}));
  reports[1].report.implementations[0].only_oracle = true;
  EXPECT_FALSE(Merge(reports, {"1", "2"}).Find("a")->report->only_oracle);
}

TEST(Merge, ShowsAScenarioAsTheLatestReportHasIt) {
  auto reports = List(Stored("a", {{"fork/y", Verdict::kPass}}), Stored("b", {{"fork/y", Verdict::kPass}}));
  reports[1].scenarios.front().says = "It is so now.";
  EXPECT_EQ(Merge(reports, {"1", "2"}).areas[0].scenarios[0]->says, "It is so now.");
}

TEST(Merge, AShardByItselfMayHaveNothingToJudge) {
  auto reports = List(Stored("a", {{"surface/y", Verdict::kUnsupported}}), Stored("a", {{"surface/z", Verdict::kUnsupported}}));
  EXPECT_THAT(Merge(reports, {"1", "2"}).withheld, Contains("nothing was judged of a"));
  for (StoredReport& one : reports) one.header.shard = "1/2";
  EXPECT_THAT(Merge(reports, {"1", "2"}).withheld, Contains("nothing was judged of a"));
  reports.pop_back();
  EXPECT_THAT(Merge(reports, {"1"}).withheld, IsEmpty());
}

TEST(Merge, WithholdsWhatCouldNotBeStartedWhateverItDidBefore) {
  auto reports = List(Stored("a", {{"fork/y", Verdict::kPass}}), Stored("a", {}));
  reports[1].report.implementations[0].introduction.failure = "No such file";
  EXPECT_THAT(Merge(reports, {"1", "2"}).withheld, Contains("a could not be started"));
}

TEST(Merge, AFailureThatALaterFileHasNotIsSaidToBeSuperseded) {
  const auto reports = List(Stored("a", {{"fork/y", Verdict::kFail}}), Stored("a", {{"fork/y", Verdict::kPass}}));
  EXPECT_THAT(Merge(reports, {"1.jsonl", "2.jsonl"}).notes,
              Contains("a: 1 failure of an earlier file is superseded by 2.jsonl, which began later"));
}

TEST(Merge, WithholdsWhatLacksAShard) {
  auto reports = List(Stored("a", {{"fork/y", Verdict::kPass}}), Stored("a", {{"fork/z", Verdict::kPass}}));
  reports[0].header.shard = "1/3";
  reports[1].header.shard = "3/3";
  EXPECT_THAT(Merge(reports, {"1", "2"}).withheld, ::testing::ElementsAre("shard 2/3 is missing"));
  reports.push_back(Stored("a", {{"fork/x", Verdict::kPass}}));
  reports[2].header.shard = "2/3";
  EXPECT_THAT(Merge(reports, {"1", "2", "3"}).withheld, IsEmpty());
  reports.resize(1);
  EXPECT_THAT(Merge(reports, {"1"}).withheld, IsEmpty());
  EXPECT_THAT(Merge(reports, {"1"}).notes, Contains("this is shard 1/3 alone"));
}

TEST(Merge, WithholdsAShardThatAnotherImplementationHas) {
  std::vector<StoredReport> reports;
  for (const auto& [name, shard] : {std::pair("a", "1/2"), {"a", "2/2"}, {"b", "1/2"}}) {
    reports.push_back(Stored(name, {{std::string("fork/") + shard[0], Verdict::kPass}}));
    reports.back().header.shard = shard;
  }
  EXPECT_THAT(Merge(reports, {"1", "2", "3"}).withheld, ::testing::ElementsAre("shard 2/2 of b is missing"));
  // An oracle that was there only to be laid beside needs none.
  reports[2].report.implementations[0].only_oracle = true;
  EXPECT_THAT(Merge(reports, {"1", "2", "3"}).withheld, IsEmpty());
}

TEST(Merge, AReportThatWasCutShortOrOfAnOracleAloneTakesNothingBack) {
  auto reports = List(Stored("a", {{"fork/y", Verdict::kPass}}), Stored("a", {{"fork/y", Verdict::kNotRun}}));
  ImplementationReport& first = reports[0].report.implementations[0];
  ImplementationReport& second = reports[1].report.implementations[0];
  first.stale = {"e.toml:3: matches nothing"};
  first.introduction.hello = Hello{};
  first.introduction.hello->version = "7";
  second.verdicts[0].not_run = NotRun::kInterrupted;
  const MergedReport cut = Merge(reports, {"1", "2"});
  EXPECT_THAT(cut.Find("a")->report->stale, Contains("e.toml:3: matches nothing"));
  ASSERT_TRUE(cut.Find("a")->report->introduction.hello);
  EXPECT_EQ(cut.Find("a")->report->introduction.hello->version, "7");
  second.verdicts[0].not_run = NotRun::kNo;
  second.verdicts[0].behaviour = Verdict::kPass;
  second.only_oracle = true;
  EXPECT_THAT(Merge(reports, {"1", "2"}).Find("a")->report->stale, Contains("e.toml:3: matches nothing"));
  second.only_oracle = false;
  EXPECT_THAT(Merge(reports, {"1", "2"}).Find("a")->report->stale, IsEmpty());
}

}  // namespace
}  // namespace lockstep::reports
