// SPDX-License-Identifier: MIT
// Runs that are made up, judged; contracts; what is removed from /dev/shm.
#include <gtest/gtest.h>

#include "harness/faults/campaign.h"

namespace lockstep::faults {
namespace {

const Ending kFineOne = {
    "p fork c\nkill c at futex:exit#1\nc s.release() dies SIGKILL\np s.acquire() -> True\n"};
const Ending kLost = {kFineOne.lines, "a wake-up is lost", 1, 9};
const Ending kNamed = {kFineOne.lines, "a name stays", 9, 0};

Case Of(Sweep sweep, const Ending& variant) {
  return Case{sweep, "subject", "futex:exit#1", {variant}, false, false};
}

ScenarioRun Ended(ScenarioRun::End end, const std::string& reason = "") {
  ScenarioRun run;
  run.end = end;
  run.reason = reason;
  return run;
}

ScenarioRun Diverged(int line, const std::string& actual) {
  ScenarioRun run = Ended(ScenarioRun::End::kDiverged);
  run.divergence = Divergence{"p s.acquire()", "-> True", actual, "s.acquire()", {line, 1}};
  return run;
}

ScenarioRun Unclean(const std::string& what) {
  ScenarioRun run;
  run.unclean = {what};
  return run;
}

Tried Judge(Sweep sweep, const Ending& variant, const ScenarioRun& run,
            const Contract& contract = {}) {
  return JudgeVariant(Of(sweep, variant), variant, run, contract);
}

TEST(JudgeTest, WhatCameTrueIsFine) {
  EXPECT_EQ(Judge(Sweep::kKills, kFineOne, ScenarioRun{}).outcome, Outcome::kFine);
}

TEST(JudgeTest, WhatTheContractHasToAllowIsAllowedUpToItsLevel) {
  EXPECT_EQ(Judge(Sweep::kKills, kLost, ScenarioRun{}, {1, 0}).outcome, Outcome::kAllowed);
  const Tried found = Judge(Sweep::kKills, kLost, ScenarioRun{}, {2, 0});
  EXPECT_EQ(found.outcome, Outcome::kFinding);
  EXPECT_TRUE(found.ruled_out);
  EXPECT_EQ(found.what, "a wake-up is lost, which C2/L0 rules out");
  EXPECT_EQ(Judge(Sweep::kKills, kNamed, ScenarioRun{}, {1, 0}).outcome, Outcome::kAllowed);
  EXPECT_EQ(Judge(Sweep::kKills, kNamed, ScenarioRun{}, {1, 1}).outcome, Outcome::kFinding);
}

TEST(JudgeTest, WhatDiffersMayComeTrueOtherwise) {
  const Tried tried = Judge(Sweep::kKills, kFineOne, Diverged(4, "-> False"));
  EXPECT_EQ(tried.outcome, Outcome::kFinding);
  EXPECT_TRUE(tried.next);
  EXPECT_EQ(tried.what, "s.acquire(): expected -> True, got -> False");
}

TEST(JudgeTest, WhoeverDoesNotAnswerWillNotInAnotherTranscript) {
  EXPECT_FALSE(Judge(Sweep::kErrors, kFineOne, Diverged(4, "no answer: p: running")).next);
}

TEST(JudgeTest, UnderC0NothingIsPromisedAfterADeathAndAllBeforeIt) {
  EXPECT_EQ(Judge(Sweep::kKills, kFineOne, Diverged(4, "-> False"), {0, 0}).outcome,
            Outcome::kAllowed);
  EXPECT_EQ(Judge(Sweep::kKills, kFineOne, Diverged(1, "-> False"), {0, 0}).outcome,
            Outcome::kFinding);
  EXPECT_EQ(Judge(Sweep::kErrors, kFineOne, Diverged(4, "-> False"), {0, 0}).outcome,
            Outcome::kFinding);
}

TEST(JudgeTest, WhatIsLeftBehindIsAFindingButNamesOfADeathUnderL0) {
  const std::string name = "a name is left behind in /dev/shm: sem.abcdef";
  const std::string descriptor = "p has 1 descriptors more than it should: 5 at the start";
  EXPECT_EQ(Judge(Sweep::kKills, kFineOne, Unclean(name)).outcome, Outcome::kAllowed);
  EXPECT_EQ(Judge(Sweep::kKills, kFineOne, Unclean(name), {1, 1}).outcome, Outcome::kFinding);
  EXPECT_EQ(Judge(Sweep::kErrors, kFineOne, Unclean(name)).outcome, Outcome::kFinding);
  EXPECT_EQ(Judge(Sweep::kKills, kFineOne, Unclean(descriptor)).outcome, Outcome::kFinding);
}

TEST(JudgeTest, WhatCouldNotBeRemovedMayStay) {
  Case one = Of(Sweep::kErrors, kFineOne);
  one.may_leave_names = true;
  EXPECT_EQ(
      JudgeVariant(one, kFineOne, Unclean("a name is left behind in /dev/shm: sem.abcdef"), {})
          .outcome,
      Outcome::kFine);
  EXPECT_EQ(
      JudgeVariant(one, kFineOne, Unclean("p has 1 descriptors more than it should"), {}).outcome,
      Outcome::kFinding);
  one.may_leave_descriptors = true;
  EXPECT_EQ(
      JudgeVariant(one, kFineOne, Unclean("p has 1 descriptors more than it should"), {}).outcome,
      Outcome::kFine);
}

TEST(JudgeTest, APointThatDidNotComeIsTriedAgainAndNeverAFinding) {
  const Tried tried = Judge(
      Sweep::kKills, kFineOne,
      Ended(ScenarioRun::End::kNotRun, "c never came to futex:exit#1; its call made: nothing"));
  EXPECT_EQ(tried.outcome, Outcome::kNeverCame);
  EXPECT_TRUE(tried.again);
  EXPECT_FALSE(
      Judge(Sweep::kKills, kFineOne, Ended(ScenarioRun::End::kNotRun, "ptrace is denied here"))
          .again);
  EXPECT_EQ(
      Judge(Sweep::kKills, kFineOne, Ended(ScenarioRun::End::kNotRun, "ptrace is denied here"))
          .outcome,
      Outcome::kNotRun);
  EXPECT_EQ(Judge(Sweep::kKills, kFineOne, Ended(ScenarioRun::End::kUnsupported, "no")).outcome,
            Outcome::kUnsupported);
  EXPECT_EQ(Judge(Sweep::kKills, kFineOne, Ended(ScenarioRun::End::kHarnessError, "no")).outcome,
            Outcome::kTrouble);
}

TEST(ContractTest, ReadsLevels) {
  EXPECT_EQ(ParseContract("C2/L1", {})->Text(), "C2/L1");
  EXPECT_EQ(ParseContract("C3", {1, 1})->Text(), "C3/L1");
  EXPECT_EQ(ParseContract("L1", {2, 0})->Text(), "C2/L1");
  for (const char* wrong : {"", "C4", "L2", "c1", "C", "L1/C2", "C1/C2", "C1/", "/L1", "C1/L1/"})
    EXPECT_FALSE(ParseContract(wrong, {})) << wrong;
}

TEST(ContractTest, IsTheOneThatIsDeclared) {
  Implementation implementation;
  EXPECT_EQ(ContractOf(implementation).Text(), "C1/L0");
  implementation.crash = "C3";
  implementation.names = "L1";
  EXPECT_EQ(ContractOf(implementation).Text(), "C3/L1");
}

TEST(FileTest, IsAScenarioOfOneCase) {
  Judged judged;
  judged.what = "s.acquire(): expected\n-> True";
  judged.scenario.says = "It goes on.";
  judged.scenario.source = "harness/faults/README.md: kills";
  judged.scenario.steps_text = "p fork c\n";
  EXPECT_EQ(FileOf(judged, "mine"),
            "# s.acquire(): expected -> True\n[[scenario]]\nname   = \"mine/found\"\nsays   = \"It "
            "goes on.\"\n"
            "source = \"harness/faults/README.md: kills\"\nsteps  = '''\np fork c\n'''\n");
}

}  // namespace
}  // namespace lockstep::faults
