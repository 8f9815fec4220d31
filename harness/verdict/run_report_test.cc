// SPDX-License-Identifier: MIT
// What verdicts come to together: counts, rounds, the exit status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/verdict/verdict.h"

namespace lockstep {
namespace {

using testing::IsEmpty;

const Scenario& Sample() {
  static const Scenario sample;
  return sample;
}

ScenarioVerdict VerdictOf(Verdict behaviour, Verdict cleanliness = Verdict::kPass,
                          NotRun not_run = NotRun::kNo) {
  ScenarioVerdict verdict;
  verdict.scenario = &Sample();
  verdict.behaviour = behaviour;
  verdict.cleanliness = cleanliness;
  verdict.not_run = not_run;
  return verdict;
}

RunReport ReportOf(const std::vector<ScenarioVerdict>& verdicts) {
  RunReport report;
  report.implementations.emplace_back().verdicts = verdicts;
  return report;
}

RunReport Strict(RunReport report) {
  report.strict = true;
  return report;
}

TEST(Counts, CountEachScenarioOnceByTheWorseOfItsParts) {
  const RunReport report =
      ReportOf({VerdictOf(Verdict::kPass), VerdictOf(Verdict::kPass, Verdict::kFail),
                VerdictOf(Verdict::kExpectedFail), VerdictOf(Verdict::kUnexpectedPass),
                VerdictOf(Verdict::kUnsupported, Verdict::kNotRun),
                VerdictOf(Verdict::kNotRun, Verdict::kNotRun, NotRun::kMachine),
                VerdictOf(Verdict::kNotRun, Verdict::kNotRun, NotRun::kFiltered),
                VerdictOf(Verdict::kHarnessError)});
  const Counts counts = report.implementations[0].Count();
  EXPECT_EQ(counts.pass, 1);
  EXPECT_EQ(counts.fail, 1);
  EXPECT_EQ(counts.expected_fail, 1);
  EXPECT_EQ(counts.unexpected_pass, 1);
  EXPECT_EQ(counts.unsupported, 1);
  EXPECT_EQ(counts.not_run, 1);
  EXPECT_EQ(counts.not_selected, 1);
  EXPECT_EQ(counts.harness_error, 1);
  EXPECT_EQ(counts.judged(), 4);
}

TEST(ExitStatus, IsZeroWhenAllIsAsExpected) {
  EXPECT_EQ(ExitStatus(ReportOf({VerdictOf(Verdict::kPass), VerdictOf(Verdict::kExpectedFail), VerdictOf(Verdict::kUnsupported)})),
            0);
}

TEST(ExitStatus, IsOneForADivergence) {
  EXPECT_EQ(ExitStatus(ReportOf({VerdictOf(Verdict::kPass), VerdictOf(Verdict::kFail)})), 1);
  EXPECT_EQ(ExitStatus(ReportOf({VerdictOf(Verdict::kPass, Verdict::kFail)})), 1);
}

TEST(ExitStatus, IsThreeWhenTheHarnessFailedWhateverElseDiverged) {
  EXPECT_EQ(ExitStatus(ReportOf({VerdictOf(Verdict::kFail), VerdictOf(Verdict::kHarnessError)})), 3);
}

TEST(ExitStatus, IsThreeWhenAnImplementationCouldNotBeStarted) {
  RunReport report = ReportOf({VerdictOf(Verdict::kPass)});
  report.implementations.emplace_back().introduction.failure = "no such file";
  EXPECT_EQ(ExitStatus(report), 3);
}

TEST(ExitStatus, IsFiveForAnExpectedFailureThatPassed) {
  EXPECT_EQ(ExitStatus(ReportOf({VerdictOf(Verdict::kUnexpectedPass)})), 5);
}

TEST(ExitStatus, IsFiveForStaleExpectationsButOneBeforeThat) {
  RunReport report = ReportOf({VerdictOf(Verdict::kPass)});
  report.implementations[0].stale = {"e.toml:1: x"};
  EXPECT_EQ(ExitStatus(report), 5);
  report.implementations[0].verdicts.push_back(VerdictOf(Verdict::kFail));
  EXPECT_EQ(ExitStatus(report), 1);
}

TEST(ExitStatus, IsFourWhenNothingWasJudged) {
  EXPECT_EQ(ExitStatus(RunReport()), 4);
  EXPECT_EQ(ExitStatus(ReportOf({})), 4);
  EXPECT_EQ(ExitStatus(ReportOf({VerdictOf(Verdict::kUnsupported), VerdictOf(Verdict::kNotRun)})), 4);
}

TEST(ExitStatus, IsFourWhenOneOfSeveralWasNotJudged) {
  RunReport report = ReportOf({VerdictOf(Verdict::kPass)});
  report.implementations.emplace_back().verdicts = {VerdictOf(Verdict::kUnsupported)};
  EXPECT_EQ(ExitStatus(report), 4);
}

TEST(ExitStatus, IsZeroWhenNothingWasSelectedForOneOfSeveral) {
  RunReport report = ReportOf({VerdictOf(Verdict::kPass)});
  report.implementations.emplace_back().verdicts = {
      VerdictOf(Verdict::kNotRun, Verdict::kNotRun, NotRun::kFiltered)};
  EXPECT_EQ(ExitStatus(Strict(report)), 0);
}

TEST(ExitStatus, IsFourUnderStrictForASurprise) {
  const RunReport report = ReportOf({VerdictOf(Verdict::kPass), VerdictOf(Verdict::kUnsupported)});
  EXPECT_EQ(ExitStatus(report), 0);
  EXPECT_EQ(ExitStatus(Strict(report)), 4);
}

TEST(ExitStatus, IsZeroUnderStrictForALackThatIsListed) {
  RunReport report = ReportOf({VerdictOf(Verdict::kPass), VerdictOf(Verdict::kUnsupported)});
  const ExpectedEntry entry;
  report.implementations[0].verdicts[1].expected = &entry;
  EXPECT_EQ(ExitStatus(Strict(report)), 0);
}

TEST(ExitStatus, IsThatOfAnInterruptBeforeAllElse) {
  RunReport report =
      ReportOf({VerdictOf(Verdict::kHarnessError),
                VerdictOf(Verdict::kNotRun, Verdict::kNotRun, NotRun::kInterrupted)});
  report.implementations[0].verdicts[1].reason = "interrupted";
  EXPECT_EQ(ExitStatus(report), 130);
  RunReport told = ReportOf({VerdictOf(Verdict::kPass)});
  told.interrupted = true;
  EXPECT_EQ(ExitStatus(told), 130);
}

TEST(ExitStatus, IsNotThatOfAnInterruptWhenTheTimeGivenIsOver) {
  RunReport report =
      ReportOf({VerdictOf(Verdict::kPass),
                VerdictOf(Verdict::kNotRun, Verdict::kNotRun, NotRun::kInterrupted)});
  report.implementations[0].verdicts[1].reason = "the time given is over";
  EXPECT_EQ(ExitStatus(report), 0);
  EXPECT_EQ(ExitStatus(Strict(report)), 4);
}

// --- Groups -------------------------------------------------------------------------------------

TEST(GroupFailures, LeavesOutWhatDidNotFail) {
  ImplementationReport report;
  for (const Verdict verdict : {Verdict::kPass, Verdict::kExpectedFail, Verdict::kUnexpectedPass,
                                Verdict::kUnsupported, Verdict::kNotRun, Verdict::kHarnessError}) {
    report.verdicts.push_back(VerdictOf(verdict));
  }
  EXPECT_THAT(GroupFailures(report), IsEmpty());
}

TEST(Rounds, TheWorstIsKeptWithHowOftenItCame) {
  ScenarioVerdict kept = VerdictOf(Verdict::kPass);
  EXPECT_EQ(RoundsText(kept), "");
  AddRound(&kept, VerdictOf(Verdict::kPass));
  EXPECT_EQ(RoundsText(kept), "");
  AddRound(&kept, VerdictOf(Verdict::kFail));
  AddRound(&kept, VerdictOf(Verdict::kPass));
  AddRound(&kept, VerdictOf(Verdict::kFail));
  EXPECT_EQ(kept.Overall(), Verdict::kFail);
  EXPECT_EQ(RoundsText(kept), "in 2 of 5 rounds");
}

TEST(Rounds, ThatWereNotBegunForWantOfTimeDoNotCount) {
  const ScenarioVerdict cut = VerdictOf(Verdict::kNotRun, Verdict::kNotRun, NotRun::kInterrupted);
  ScenarioVerdict kept = VerdictOf(Verdict::kPass);
  AddRound(&kept, cut);
  EXPECT_EQ(kept.Overall(), Verdict::kPass);
  EXPECT_EQ(kept.rounds, 1);
  ScenarioVerdict begun_later = cut;
  AddRound(&begun_later, VerdictOf(Verdict::kFail));
  AddRound(&begun_later, VerdictOf(Verdict::kPass));
  EXPECT_EQ(begun_later.Overall(), Verdict::kFail);
  EXPECT_EQ(RoundsText(begun_later), "in 1 of 2 rounds");
}

TEST(FailureTitle, OfAnErrorOfTheHarnessIsItsReason) {
  ScenarioVerdict verdict = VerdictOf(Verdict::kHarnessError);
  verdict.reason = "not certified here: the oracle leaves something behind";
  verdict.run.unclean = {"a name is left behind in /dev/shm: sem.x"};
  EXPECT_EQ(FailureTitle(verdict), verdict.reason);
  verdict.behaviour = Verdict::kPass;
  verdict.cleanliness = Verdict::kFail;
  EXPECT_EQ(FailureTitle(verdict), "a name is left behind in /dev/shm");
}

}  // namespace
}  // namespace lockstep
