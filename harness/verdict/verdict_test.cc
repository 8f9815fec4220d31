// SPDX-License-Identifier: MIT
#include "harness/verdict/verdict.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using End = ScenarioRun::End;

const Platform kPlatform{Version{{3, 14}}, "", {}};

const Scenario& Sample() {
  static const Scenario scenario = [] {
    Scenario one;
    one.name = "acquire/timeout-zero";
    return one;
  }();
  return scenario;
}

ScenarioRun Ending(End end, const std::string& reason = "") {
  ScenarioRun run;
  run.end = end;
  run.reason = reason;
  return run;
}

ScenarioRun Diverging(const std::string& actual, const std::string& expected = "-> False") {
  ScenarioRun run = Ending(End::kDiverged, "in the engine's words");
  run.divergence =
      Divergence{"p s.acquire(timeout=0) -> False", expected, actual, "s.acquire(timeout=0)", {}};
  return run;
}

ScenarioRun Unclean(const std::vector<std::string>& items) {
  ScenarioRun run;
  run.unclean = items;
  return run;
}

Expectations Expecting(const std::string& verdict, const std::string& reason) {
  auto expectations =
      Expectations::Parse(fmt::format("[[expect]]\nscenario = \"acquire/*\"\nverdict = "
                                      "\"{}\"\nreason = '{}'\nwhy = \"Known.\"\n",
                                      verdict, reason),
                          "e.toml");
  EXPECT_TRUE(expectations.has_value());
  return std::move(*expectations);
}

ScenarioVerdict Judged(ScenarioRun run, Expectations& expectations, NotRun not_run = NotRun::kNo,
                       const ScenarioRun* oracle = nullptr) {
  return Judge(RunnerResult{&Sample(), std::move(run), not_run, {}}, kPlatform, expectations,
               oracle, "cpython-3.14");
}

ScenarioVerdict Judged(ScenarioRun run) {
  Expectations none;
  return Judged(std::move(run), none);
}

// --- Without expectations -----------------------------------------------------------------------

TEST(Judge, PassesWhatCameToItsEndAndLeftNothing) {
  const ScenarioVerdict verdict = Judged(Ending(End::kCompleted));
  EXPECT_EQ(verdict.behaviour, Verdict::kPass);
  EXPECT_EQ(verdict.cleanliness, Verdict::kPass);
  EXPECT_EQ(verdict.Overall(), Verdict::kPass);
  EXPECT_EQ(verdict.reason, "");
  EXPECT_EQ(verdict.scenario, &Sample());
}

TEST(Judge, FailsADivergenceAndSaysNothingOfItsCleanliness) {
  const ScenarioVerdict verdict = Judged(Diverging("-> True"));
  EXPECT_EQ(verdict.behaviour, Verdict::kFail);
  EXPECT_EQ(verdict.cleanliness, Verdict::kNotRun);
  EXPECT_EQ(verdict.Overall(), Verdict::kFail);
  EXPECT_EQ(verdict.reason, "s.acquire(timeout=0): expected -> False, got -> True");
}

TEST(Judge, FailsCleanlinessAloneWhenSomethingIsLeft) {
  const ScenarioVerdict verdict = Judged(Unclean({"a name is left", "a process is left"}));
  EXPECT_EQ(verdict.behaviour, Verdict::kPass);
  EXPECT_EQ(verdict.cleanliness, Verdict::kFail);
  EXPECT_EQ(verdict.Overall(), Verdict::kFail);
  EXPECT_EQ(verdict.reason, "a name is left; a process is left");
}

struct EndCase {
  End end;
  Verdict verdict;
};

void PrintTo(const EndCase& one, std::ostream* out) {
  *out << static_cast<int>(one.end) << " is " << ToText(one.verdict);
}

class WhatWasNotJudged : public testing::TestWithParam<EndCase> {};

TEST_P(WhatWasNotJudged, HasTheVerdictOfItsEndAndItsReason) {
  const ScenarioVerdict verdict = Judged(Ending(GetParam().end, "because"));
  EXPECT_EQ(verdict.behaviour, GetParam().verdict);
  EXPECT_EQ(verdict.cleanliness, Verdict::kNotRun);
  EXPECT_EQ(verdict.Overall(), GetParam().verdict);
  EXPECT_EQ(verdict.reason, "because");
}

INSTANTIATE_TEST_SUITE_P(All, WhatWasNotJudged,
                         testing::Values(EndCase{End::kUnsupported, Verdict::kUnsupported},
                                         EndCase{End::kNotRun, Verdict::kNotRun},
                                         EndCase{End::kHarnessError, Verdict::kHarnessError},
                                         EndCase{End::kTooEarlyToSee, Verdict::kHarnessError}));

// --- Kinds of divergences -----------------------------------------------------------------------

struct KindCase {
  const char* actual;
  const char* expected;
  ExpectedKind kind;
};

void PrintTo(const KindCase& one, std::ostream* out) {
  *out << one.actual << " instead of " << one.expected;
}

class KindOfADivergence : public testing::TestWithParam<KindCase> {};

TEST_P(KindOfADivergence, IsToldByWhatCame) {
  EXPECT_EQ(KindOf(*Diverging(GetParam().actual, GetParam().expected).divergence), GetParam().kind)
      << GetParam().actual;
}

INSTANTIATE_TEST_SUITE_P(
    All, KindOfADivergence,
    testing::Values(KindCase{"-> True", "-> False", ExpectedKind::kFail},
                    KindCase{"raises TypeError: x", "-> False", ExpectedKind::kFail},
                    KindCase{"died SIGSEGV", "-> False", ExpectedKind::kCrash},
                    KindCase{"died SIGSEGV", "exited 0", ExpectedKind::kCrash},
                    KindCase{"exited 2", "-> False", ExpectedKind::kCrash},
                    KindCase{"exited 2", "exited 0", ExpectedKind::kFail},
                    KindCase{"exited 2", "died SIGKILL", ExpectedKind::kFail},
                    KindCase{"-> blocked", "-> False", ExpectedKind::kHang},
                    KindCase{"-> blocked (spinning)", "-> False", ExpectedKind::kHang},
                    KindCase{"no answer: p: in acquire", "-> False", ExpectedKind::kHang},
                    KindCase{"not blocked: p: idle", "still blocked", ExpectedKind::kFail}));

// --- Known failures -----------------------------------------------------------------------------

struct KnownCase {
  const char* verdict;
  const char* reason;
  const char* actual;
  Verdict comes;
  const char* says;
};

void PrintTo(const KnownCase& one, std::ostream* out) {
  *out << one.verdict << " '" << one.reason << "' and '" << one.actual << "'";
}

class KnownFailure : public testing::TestWithParam<KnownCase> {};

TEST_P(KnownFailure, IsExpectedOnlyInItsKindAndWithItsReason) {
  Expectations expectations = Expecting(GetParam().verdict, GetParam().reason);
  const ScenarioVerdict verdict = Judged(Diverging(GetParam().actual), expectations);
  EXPECT_EQ(verdict.behaviour, GetParam().comes);
  EXPECT_EQ(verdict.reason, GetParam().says);
  EXPECT_EQ(verdict.expected, expectations.entries().data());
  EXPECT_EQ(expectations.entries()[0].matched, GetParam().comes == Verdict::kExpectedFail);
  EXPECT_THAT(expectations.Stale(kPlatform), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, KnownFailure,
    testing::Values(KnownCase{"fail", "-> True", "-> True", Verdict::kExpectedFail,
                              "s.acquire(timeout=0): expected -> False, got -> True"},
                    KnownCase{"fail", "raises TypeError: ...", "raises TypeError: no",
                              Verdict::kExpectedFail,
                              "s.acquire(timeout=0): expected -> False, got raises TypeError: no"},
                    KnownCase{"fail", "-> True", "-> None", Verdict::kFail,
                              "expected to fail with -> True, failed with -> None"},
                    KnownCase{"fail", "-> True", "died SIGSEGV", Verdict::kFail,
                              "expected to fail with -> True, crashed with died SIGSEGV"},
                    KnownCase{"fail", "...", "died SIGSEGV", Verdict::kFail,
                              "expected to fail with ..., crashed with died SIGSEGV"},
                    KnownCase{"fail", "...", "-> blocked", Verdict::kFail,
                              "expected to fail with ..., hung with -> blocked"},
                    KnownCase{"crash", "died SIGSEGV", "died SIGSEGV", Verdict::kExpectedFail,
                              "s.acquire(timeout=0): expected -> False, got died SIGSEGV"},
                    KnownCase{"crash", "died SIGSEGV", "died SIGABRT", Verdict::kFail,
                              "expected to crash with died SIGSEGV, crashed with died SIGABRT"},
                    KnownCase{"crash", "died ...", "-> True", Verdict::kFail,
                              "expected to crash with died ..., failed with -> True"},
                    KnownCase{"hang", "-> blocked", "-> blocked", Verdict::kExpectedFail,
                              "s.acquire(timeout=0): expected -> False, got -> blocked"},
                    KnownCase{"hang", "no answer: ...", "no answer: p: running",
                              Verdict::kExpectedFail,
                              "s.acquire(timeout=0): expected -> False, got no answer: p: running"},
                    KnownCase{"hang", "-> blocked", "-> True", Verdict::kFail,
                              "expected to hang with -> blocked, failed with -> True"},
                    KnownCase{"unclean", "a name ...", "-> True", Verdict::kFail,
                              "expected to be unclean with a name ..., failed with -> True"}));

TEST(Judge, FailsAsEverWhereOnlySomethingWasExpectedToBeLacking) {
  Expectations expectations = Expecting("unsupported", "it has no fork");
  const ScenarioVerdict verdict = Judged(Diverging("-> True"), expectations);
  EXPECT_EQ(verdict.behaviour, Verdict::kFail);
  EXPECT_EQ(verdict.expected, nullptr);
}

TEST(Judge, FailsAsEverWhereOnlyTheMachineWasExpectedToLackSomething) {
  Expectations expectations = Expecting("not_run", "no namespaces");
  const ScenarioVerdict verdict = Judged(Diverging("-> True"), expectations);
  EXPECT_EQ(verdict.behaviour, Verdict::kFail);
  EXPECT_EQ(verdict.reason, "s.acquire(timeout=0): expected -> False, got -> True");
  EXPECT_EQ(verdict.expected, nullptr);
  EXPECT_THAT(expectations.Stale(kPlatform), IsEmpty());
}

// --- Known failures that are gone ---------------------------------------------------------------

TEST(Judge, AsksForWhatDiffersBehindAPatternForWhatIsLacking) {
  auto expectations = Expectations::Parse(
      "[[expect]]\nscenario = '*'\nverdict = 'unsupported'\nreason = 'no fork'\nwhy = 'x'\n"
      "[[expect]]\nscenario = 'acquire/*'\nverdict = 'fail'\nreason = '-> True'\nwhy = 'x'\n",
      "e.toml");
  ASSERT_TRUE(expectations.has_value());
  EXPECT_EQ(Judged(Diverging("-> True"), *expectations).Overall(), Verdict::kExpectedFail);
  EXPECT_EQ(Judged(Ending(End::kUnsupported, "no fork"), *expectations).expected,
            expectations->entries().data());
}

class KnownFailureThatPassed : public testing::TestWithParam<const char*> {};

TEST_P(KnownFailureThatPassed, IsAnUnexpectedPassAndItsEntryStale) {
  Expectations expectations = Expecting(GetParam(), "-> True");
  const ScenarioVerdict verdict = Judged(Ending(End::kCompleted), expectations);
  EXPECT_EQ(verdict.behaviour, Verdict::kUnexpectedPass);
  EXPECT_EQ(verdict.cleanliness, Verdict::kPass);
  EXPECT_EQ(verdict.Overall(), Verdict::kUnexpectedPass);
  EXPECT_EQ(verdict.expected, expectations.entries().data());
  EXPECT_EQ(expectations.Stale(kPlatform).size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(All, KnownFailureThatPassed, testing::Values("fail", "crash", "hang"));

TEST(Judge, TellsAKnownFailureThatPassed) {
  Expectations expectations = Expecting("fail", "-> True");
  EXPECT_EQ(Judged(Ending(End::kCompleted), expectations).reason,
            "expected to fail with -> True, passed");
}

TEST(Judge, StillFailsAKnownFailureThatPassedAndLeftSomething) {
  Expectations expectations = Expecting("fail", "-> True");
  const ScenarioVerdict verdict = Judged(Unclean({"a name is left"}), expectations);
  EXPECT_EQ(verdict.behaviour, Verdict::kUnexpectedPass);
  EXPECT_EQ(verdict.cleanliness, Verdict::kFail);
  EXPECT_EQ(verdict.Overall(), Verdict::kFail);
  EXPECT_EQ(verdict.reason, "expected to fail with -> True, passed; a name is left");
}

// --- Known uncleanliness ------------------------------------------------------------------------

TEST(Judge, ExpectsWhatIsKnownToBeLeft) {
  Expectations expectations = Expecting("unclean", "a name is left: ...");
  const ScenarioVerdict verdict =
      Judged(Unclean({"a name is left: NAME", "a name is left: NAME2"}), expectations);
  EXPECT_EQ(verdict.behaviour, Verdict::kPass);
  EXPECT_EQ(verdict.cleanliness, Verdict::kExpectedFail);
  EXPECT_EQ(verdict.Overall(), Verdict::kExpectedFail);
  EXPECT_EQ(verdict.expected, expectations.entries().data());
}

TEST(Judge, ExpectsSeveralThingsToBeLeftWhenTheReasonTellsThemInOrder) {
  Expectations expectations =
      Expecting("unclean", "a name is left: NAME; p has ... descriptors more");
  EXPECT_EQ(Judged(Unclean({"a name is left: NAME", "p has 2 descriptors more"}), expectations)
                .cleanliness,
            Verdict::kExpectedFail);
}

TEST(Judge, FailsWhenMoreIsLeftThanIsKnown) {
  Expectations expectations = Expecting("unclean", "a name is left: ...NAME");
  const ScenarioVerdict verdict =
      Judged(Unclean({"a name is left: NAME", "a process is left"}), expectations);
  EXPECT_EQ(verdict.cleanliness, Verdict::kFail);
  EXPECT_EQ(verdict.reason,
            "expected to be unclean with a name is left: ...NAME, was unclean with a name is left: "
            "NAME; a process is left");
}

TEST(Judge, IsSurprisedByCleanlinessWhereSomethingIsKnownToBeLeft) {
  Expectations expectations = Expecting("unclean", "a name is left");
  const ScenarioVerdict verdict = Judged(Ending(End::kCompleted), expectations);
  EXPECT_EQ(verdict.behaviour, Verdict::kPass);
  EXPECT_EQ(verdict.cleanliness, Verdict::kUnexpectedPass);
  EXPECT_EQ(verdict.reason, "expected to be unclean with a name is left, passed");
  EXPECT_EQ(expectations.Stale(kPlatform).size(), 1U);
}

// --- What is known to be lacking ----------------------------------------------------------------

TEST(Judge, NotesThatALackWasExpected) {
  Expectations expectations = Expecting("unsupported", "it has no capability ...");
  const ScenarioVerdict verdict =
      Judged(Ending(End::kUnsupported, "it has no capability fork"), expectations);
  EXPECT_EQ(verdict.behaviour, Verdict::kUnsupported);
  EXPECT_EQ(verdict.expected, expectations.entries().data());
  EXPECT_FALSE(HasSurprises({verdict}));
}

TEST(Judge, IsSurprisedByALackForAnotherReason) {
  Expectations expectations = Expecting("unsupported", "it has no capability thread");
  const ScenarioVerdict verdict =
      Judged(Ending(End::kUnsupported, "it has no capability fork"), expectations);
  EXPECT_EQ(verdict.expected, nullptr);
  EXPECT_TRUE(HasSurprises({verdict}));
  EXPECT_THAT(expectations.Stale(kPlatform), IsEmpty());
}

TEST(Judge, NotesThatTheMachineWasExpectedToLackSomething) {
  Expectations expectations = Expecting("not_run", "no namespaces");
  const ScenarioVerdict verdict =
      Judged(Ending(End::kNotRun, "no namespaces"), expectations, NotRun::kMachine);
  EXPECT_EQ(verdict.behaviour, Verdict::kNotRun);
  EXPECT_EQ(verdict.expected, expectations.entries().data());
}

TEST(Judge, CallsAnEntryStaleWhenWhatWasLackingIsThere) {
  Expectations expectations = Expecting("unsupported", "it has no capability fork");
  EXPECT_EQ(Judged(Ending(End::kCompleted), expectations).Overall(), Verdict::kPass);
  EXPECT_THAT(expectations.Stale(kPlatform),
              ElementsAre("e.toml:1: 'acquire/*' is expected to be 'unsupported', and passed: "
                          "remove the entry"));
}

TEST(Judge, CallsNoEntryStaleBecauseThisMachineLacksNothing) {
  Expectations expectations = Expecting("not_run", "no namespaces");
  EXPECT_EQ(Judged(Ending(End::kCompleted), expectations).Overall(), Verdict::kPass);
  EXPECT_THAT(expectations.Stale(kPlatform), IsEmpty());
}

// As an adapter's file has them that is used on several machines: all of one pattern.
constexpr const char* kLacks = R"([[expect]]
scenario = "*"
verdict  = "unsupported"
reason   = "it has no capability python"
why      = "x"
[[expect]]
scenario = "*"
verdict  = "unsupported"
reason   = "it has no capability fork"
why      = "x"
[[expect]]
scenario = "*"
verdict  = "not_run"
reason   = "no namespaces"
why      = "x"
)";

TEST(Judge, CallsNoneOfSeveralLacksStaleBecauseThisMachineLacksNothing) {
  Expectations expectations = *Expectations::Parse(kLacks, "e.toml");
  Judged(Ending(End::kUnsupported, "it has no capability python"), expectations);
  Judged(Ending(End::kUnsupported, "it has no capability fork"), expectations);
  EXPECT_THAT(expectations.Stale(kPlatform), IsEmpty());
  Judged(Ending(End::kCompleted), expectations);
  EXPECT_THAT(expectations.Stale(kPlatform), IsEmpty());
}

TEST(Judge, CallsOneOfSeveralLacksStaleThatIsThere) {
  Expectations expectations = *Expectations::Parse(kLacks, "e.toml");
  Judged(Ending(End::kUnsupported, "it has no capability python"), expectations);
  Judged(Ending(End::kCompleted), expectations);
  EXPECT_THAT(expectations.Stale(kPlatform),
              ElementsAre("e.toml:6: '*' is expected to be 'unsupported', and passed: remove the entry"));
}

TEST(Judge, AppliesNoEntryToWhatWasNotSelected) {
  Expectations expectations = Expecting("not_run", "it is not for this version");
  const ScenarioVerdict verdict =
      Judged(Ending(End::kNotRun, "it is not for this version"), expectations, NotRun::kFiltered);
  EXPECT_EQ(verdict.expected, nullptr);
  EXPECT_FALSE(HasSurprises({verdict}));
  EXPECT_THAT(expectations.Stale(kPlatform), IsEmpty());
}

TEST(Judge, NeverExpectsAHarnessError) {
  Expectations expectations = Expecting("fail", "...");
  const ScenarioVerdict verdict = Judged(Ending(End::kHarnessError, "garbage"), expectations);
  EXPECT_EQ(verdict.behaviour, Verdict::kHarnessError);
  EXPECT_EQ(verdict.expected, nullptr);
  EXPECT_THAT(expectations.Stale(kPlatform), IsEmpty());
}

// --- The oracle ---------------------------------------------------------------------------------

ScenarioVerdict JudgedBeside(ScenarioRun run, const ScenarioRun& oracle) {
  Expectations none;
  return Judged(std::move(run), none, NotRun::kNo, &oracle);
}

TEST(Judge, CertifiesNoScenarioThatTheOracleFails) {
  for (const auto& run : {Ending(End::kCompleted), Diverging("-> True")}) {
    const ScenarioVerdict verdict = JudgedBeside(run, Diverging("-> None"));
    EXPECT_EQ(verdict.Overall(), Verdict::kHarnessError);
    EXPECT_EQ(verdict.cleanliness, Verdict::kNotRun);
    EXPECT_EQ(verdict.reason,
              "not certified here: the oracle cpython-3.14: s.acquire(timeout=0): expected -> "
              "False, got -> None");
  }
}

TEST(Judge, CertifiesNoScenarioOnWhichTheOraclesAdapterFails) {
  EXPECT_EQ(JudgedBeside(Ending(End::kCompleted), Ending(End::kHarnessError, "garbage")).reason,
            "not certified here: the oracle cpython-3.14: garbage");
}

TEST(Judge, JudgesAsEverWhereTheOracleLacksSomething) {
  EXPECT_EQ(JudgedBeside(Diverging("-> True"), Ending(End::kUnsupported, "x")).Overall(),
            Verdict::kFail);
  EXPECT_EQ(JudgedBeside(Ending(End::kCompleted), Ending(End::kNotRun, "x")).Overall(),
            Verdict::kPass);
}

TEST(Judge, LeavesAsItIsWhatWasNotRunWhereTheOracleFails) {
  EXPECT_EQ(JudgedBeside(Ending(End::kUnsupported, "x"), Diverging("-> None")).reason, "x");
  EXPECT_EQ(JudgedBeside(Ending(End::kHarnessError, "own"), Diverging("-> None")).reason, "own");
}

TEST(Judge, CertifiesNoCleanlinessThatTheOracleLacks) {
  EXPECT_EQ(JudgedBeside(Unclean({"a name is left"}), Unclean({"a name is left, too"})).reason,
            "not certified here: the oracle cpython-3.14: a name is left, too");
  EXPECT_EQ(JudgedBeside(Ending(End::kCompleted), Unclean({"a name is left, too"})).Overall(),
            Verdict::kPass);
  EXPECT_EQ(JudgedBeside(Unclean({"a name is left"}), Ending(End::kCompleted)).Overall(),
            Verdict::kFail);
}

// --- The whole ----------------------------------------------------------------------------------

std::vector<std::string> TitlesOf(std::vector<ScenarioRun> runs) {
  ImplementationReport report;
  for (ScenarioRun& run : runs) report.verdicts.push_back(Judged(std::move(run)));
  std::vector<std::string> out;
  for (const FailureGroup& group : GroupFailures(report))
    out.push_back(fmt::format("{} x {}", group.verdicts.size(), group.title));
  return out;
}

TEST(GroupFailures, JoinsTheSameStepAndOutcomesAndPutsTheLargestFirst) {
  EXPECT_THAT(TitlesOf({Diverging("-> True"), Diverging("-> blocked"), Diverging("-> blocked"),
                        Ending(End::kCompleted)}),
              ElementsAre("2 x acquire(timeout=0): expected -> False, got -> blocked",
                          "1 x acquire(timeout=0): expected -> False, got -> True"));
}

TEST(GroupFailures, PutsEqualGroupsInTheOrderOfTheCatalogue) {
  EXPECT_THAT(TitlesOf({Diverging("-> True"), Diverging("-> None")}),
              ElementsAre("1 x acquire(timeout=0): expected -> False, got -> True",
                          "1 x acquire(timeout=0): expected -> False, got -> None"));
}

TEST(GroupFailures, JoinsObjectsOfDifferentNames) {
  ScenarioRun other = Diverging("-> True");
  other.divergence->operation = "lock2.acquire(timeout=0)";
  EXPECT_THAT(TitlesOf({Diverging("-> True"), other}),
              ElementsAre("2 x acquire(timeout=0): expected -> False, got -> True"));
}

TEST(GroupFailures, KeepsTheTypeOfAConstructor) {
  ScenarioRun rebuilt = Diverging("-> True");
  rebuilt.divergence->operation = "SemLock._rebuild(h, 1, 1, NAME)";
  EXPECT_THAT(TitlesOf({rebuilt}),
              ElementsAre("1 x SemLock._rebuild(h, 1, 1, NAME): expected -> False, got -> True"));
}

TEST(GroupFailures, JoinsTimesThatDifferFromRunToRun) {
  EXPECT_THAT(
      TitlesOf({Diverging("-> False, early: after 19.12ms"),
                Diverging("-> False, early: after 7ms"), Diverging("no answer: for 1.5 ms")}),
      ElementsAre("2 x acquire(timeout=0): expected -> False, got -> False, early: after ...ms",
                  "1 x acquire(timeout=0): expected -> False, got no answer: for ...ms"));
}

TEST(GroupFailures, JoinsWhatWasLeftByItsKind) {
  EXPECT_THAT(TitlesOf({Unclean({"a name is left: NAME", "a name is left: NAME2"}),
                        Unclean({"a name is left: NAME"})}),
              ElementsAre("2 x a name is left"));
}

TEST(GroupFailures, JoinsAddressesThatDifferFromRunToRun) {
  EXPECT_THAT(TitlesOf({Diverging("-> 140603455602688"), Diverging("-> 140264828428288"),
                        Diverging("no answer: asleep in futex at 0x7fb6aa738000"),
                        Diverging("no answer: asleep in futex at 0x7f0856802000"),
                        Diverging("-> 2147483647"), Diverging("-> 0.1234567890123")}),
              ElementsAre("2 x acquire(timeout=0): expected -> False, got -> …",
                          "2 x acquire(timeout=0): expected -> False, got no answer: asleep in futex at 0x…",
                          "1 x acquire(timeout=0): expected -> False, got -> 2147483647",
                          "1 x acquire(timeout=0): expected -> False, got -> 0.1234567890123"));
}

TEST(GroupFailures, JoinsDeathsInOneCallWhateverItsArguments) {
  ScenarioRun other = Diverging("died SIGABRT");
  other.divergence->operation = "s.acquire(True, 5)";
  other.divergence->expected = "-> True";
  EXPECT_THAT(TitlesOf({Diverging("died SIGABRT"), other}), ElementsAre("2 x acquire(…): expected an answer, got died SIGABRT"));
}

}  // namespace
}  // namespace lockstep
