// SPDX-License-Identifier: MIT
#include "reports/transcript_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/sample_report.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

using testing::HasSubstr;

const Platform kPlatform{Version{{3, 14}}, "", {}};

std::string TextOf(const std::vector<TranscriptRow>& rows, const TranscriptLayout& layout = {}) {
  std::string out;
  for (const TranscriptLine& line : LayOut(rows, layout)) out += line.text + "\n";
  return out;
}

ScenarioVerdict VerdictOf(const Scenario& scenario, ScenarioRun run) {
  ScenarioVerdict verdict;
  verdict.scenario = &scenario;
  verdict.run = std::move(run);
  return verdict;
}

// The transcript of a run with these outcomes, as the trace of each line has them.
std::string Transcript(const std::string& steps, const std::vector<std::string>& outcomes) {
  const Scenario scenario = MakeScenario("a/b", "Says.", steps);
  return TextOf(TranscriptOf(VerdictOf(scenario, MakeRun(scenario, outcomes)), nullptr, kPlatform));
}

TEST(Transcript, PutsWhatCameBesideWhatWasExpected) {
  EXPECT_EQ(Transcript("p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np s.acquire(False) -> True\np "
                       "s._count() -> 1\n",
                       {"-> <SemLock>", "-> True", "-> 1"}),
            "    step                  expected  got\n"
            "    p   s = SemLock(SEMAPHORE, 1, 1, NAME, True)\n"
            "    p   s.acquire(False)  -> True   -> True\n"
            "    p   s._count()        -> 1      -> 1\n");
}

TEST(Transcript, TellsACallThatReturnsLaterInItsOwnWords) {
  EXPECT_THAT(Transcript("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np fork c\nc s.acquire() -> "
                         "blocked\np s.release()\nc returns True\n",
                         {"-> <SemLock>", "", "-> blocked", "-> None", "-> True"}),
              HasSubstr("    c                returns True  returns True\n"));
}

TEST(Transcript, LeavesConditionsOut) {
  EXPECT_THAT(
      Transcript("p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np s._count() -> 0 when >= 3.12\n",
                 {"-> <SemLock>", "-> 0"}),
      HasSubstr("    p   s._count()  -> 0      -> 0\n"));
}

TEST(Transcript, LeavesOutStepsOfOtherPlatforms) {
  const Scenario scenario =
      MakeScenario("a/b", "Says.",
                   "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np s._count() -> 1 when < 3.12\n");
  EXPECT_EQ(
      TranscriptOf(VerdictOf(scenario, MakeRun(scenario, {"-> <SemLock>"})), nullptr, kPlatform)
          .size(),
      1U);
}

TEST(Transcript, GivesEachOfAGroupItsLine) {
  const Scenario scenario = MakeScenario("a/b", "Says.",
                                         "p s = SemLock(SEMAPHORE, 4, 4, NAME, True)\n"
                                         "p fork w[1..2]\n"
                                         "w[*] s.acquire() -> True\n"
                                         "w[*] s._count() -> 1\n");
  ScenarioRun run = MakeRun(scenario, {"-> <SemLock>", "", "-> True"});
  run.trace.insert(run.trace.begin() + 1, run.trace[1]);
  run.trace.push_back(run.trace.back());
  run.trace[3].actor = "w1";
  run.trace[4].actor = "w2";
  EXPECT_EQ(TextOf(TranscriptOf(VerdictOf(scenario, run), nullptr, kPlatform)),
            "    step               expected  got\n"
            "    p     s = SemLock(SEMAPHORE, 4, 4, NAME, True)\n"
            "    p     fork w[1..2]\n"
            "    w1    s.acquire()  -> True   -> True\n"
            "    w2    s.acquire()  -> True   -> True\n"
            "          (not reached)\n"
            "    w[*]  s._count()   -> 1\n");
}

TEST(Transcript, ShowsTheCallsOfTogetherOneByOne) {
  const Scenario scenario =
      MakeScenario("a/b", "Says.",
                   "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np fork c\ntogether { p s.acquire() "
                   "-> True; c s.acquire() -> blocked }\n");
  ScenarioRun run = MakeRun(scenario, {"-> <SemLock>", ""});
  TraceEntry entry;
  entry.actor = "p";
  entry.step = std::get<Together>(scenario.steps[2].what).steps[0].text;
  entry.outcome = "-> True";
  run.trace.push_back(entry);
  EXPECT_THAT(TextOf(TranscriptOf(VerdictOf(scenario, run), nullptr, kPlatform)),
              HasSubstr("    p   s.acquire()  -> True     -> True\n"
                        "        (not reached)\n"
                        "    c   s.acquire()  -> blocked\n"));
}

TEST(Transcript, MarksTheStepThatDivergedWithWhatCameInFull) {
  const Scenario scenario = MakeScenario("a/b", "Says.",
                                         "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np "
                                         "s.acquire(timeout=0.02) -> False after 20ms\n");
  const ScenarioRun run =
      MakeDivergence(scenario, {"-> <SemLock>", "-> False"}, "a timed wait ends early",
                     "-> False after 20ms", "-> False, early: after 19.12ms");
  EXPECT_EQ(
      TextOf(TranscriptOf(VerdictOf(scenario, run), nullptr, kPlatform)),
      "    step                         expected             got\n"
      "    p   s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
      "  > p   s.acquire(timeout=0.02)  -> False after 20ms  -> False, early: after 19.12ms\n");
}

TEST(Transcript, TellsADivergenceThatTheTraceHasNoLineOf) {
  const Scenario scenario =
      MakeScenario("a/b", "Says.", "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n");
  ScenarioRun run = MakeRun(scenario, {"-> <SemLock>"});
  run.divergence = Divergence{"hammer: entries 8", "hammer: entries 8", "entries 7", "hammer", {}};
  EXPECT_THAT(TextOf(TranscriptOf(VerdictOf(scenario, run), nullptr, kPlatform)),
              HasSubstr("  > hammer: entries 8  hammer: entries 8  entries 7\n"));
}

TEST(Transcript, PutsTheOraclesOutcomesBesideTheSameSteps) {
  const Scenario scenario = MakeScenario("a/b", "Says.",
                                         "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np "
                                         "s.acquire(False) -> True\np s.acquire(False) -> False\n");
  const ScenarioRun oracle = MakeRun(scenario, {"-> <SemLock>", "-> True", "-> False"});
  const ScenarioRun run = MakeDivergence(scenario, {"-> <SemLock>", "-> True", "-> True"},
                                         "s.acquire(False)", "-> False", "-> True");
  TranscriptLayout layout;
  layout.oracle_name = "cpython";
  EXPECT_THAT(TextOf(TranscriptOf(VerdictOf(scenario, run), &oracle, kPlatform), layout),
              HasSubstr("    step                  expected  got      cpython\n"
                        "    p   s = SemLock(SEMAPHORE, 1, 1, NAME, True)\n"
                        "    p   s.acquire(False)  -> True   -> True  -> True\n"
                        "  > p   s.acquire(False)  -> False  -> True  -> False\n"));
}

TEST(Transcript, HasNoColumnForAnOracleThatTookNoneOfTheSteps) {
  const Scenario scenario = MakeScenario("a/b", "Says.",
                                         "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\n"
                                         "p s._count() -> 0 when >= 3.14\n"
                                         "p s._count() -> 1 when < 3.14\n");
  ScenarioRun oracle = MakeRun(scenario, {"-> <SemLock>", "-> 1", "-> 1"});
  oracle.trace.erase(oracle.trace.begin() + 1);
  const ScenarioRun run =
      MakeDivergence(scenario, {"-> <SemLock>", "-> 1"}, "s._count()", "-> 0", "-> 1");
  TranscriptLayout layout;
  layout.oracle_name = "cpython-3.13.1";
  EXPECT_EQ(TextOf(TranscriptOf(VerdictOf(scenario, run), &oracle, kPlatform), layout),
            "    step            expected  got\n"
            "    p   s = SemLock(SEMAPHORE, 1, 1, NAME, True)\n"
            "  > p   s._count()  -> 0      -> 1\n");
}

TEST(Transcript, WrapsWhatIsTooWideWithinItsColumn) {
  const Scenario scenario = MakeScenario(
      "a/b", "Says.", "p SemLock(7, 0, 1, NAME, True) raises ValueError: unrecognized kind\n");
  const ScenarioRun run =
      MakeDivergence(scenario, {"raises TypeError: an integer is required, and this is a float"},
                     "SemLock(7, 0, 1, NAME, True)", "raises ValueError: unrecognized kind",
                     "raises TypeError: an integer is required, and this is a float");
  TranscriptLayout layout;
  layout.width = 80;
  EXPECT_EQ(TextOf(TranscriptOf(VerdictOf(scenario, run), nullptr, kPlatform), layout),
            "    step                      expected                  got\n"
            "  > p   SemLock(7, 0, 1,      raises ValueError:        raises TypeError: an\n"
            "        NAME, True)           unrecognized kind         integer is required, and\n"
            "                                                        this is a float\n");
}

TEST(Transcript, IsNeverWiderThanItsLayout) {
  const Scenario scenario = MakeScenario(
      "a/b", "Says.", "p SemLock(7, 0, 1, NAME, True) raises ValueError: unrecognized kind\n");
  const std::string long_text =
      "raises TypeError: " + std::string(300, 'x') + " and more words of it";
  const ScenarioRun run = MakeDivergence(scenario, {long_text}, "SemLock()",
                                         "raises ValueError: unrecognized kind", long_text);
  for (std::size_t width = 60; width <= 120; ++width) {
    TranscriptLayout layout;
    layout.width = width;
    layout.oracle_name = "cpython-3.14.8";
    for (const TranscriptLine& line :
         LayOut(TranscriptOf(VerdictOf(scenario, run), &run, kPlatform), layout)) {
      EXPECT_LE(WidthOf(line.text), width) << line.text;
    }
  }
}

TEST(Transcript, ShowsTheLinesAroundTheDivergenceOfALongOne) {
  std::string steps = "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\n";
  std::vector<std::string> outcomes = {"-> <SemLock>"};
  for (int i = 0; i < 30; ++i) steps += "p s._count() -> 0\n";
  for (int i = 0; i < 20; ++i) outcomes.emplace_back("-> 0");
  outcomes.back() = "-> 1";
  const Scenario scenario = MakeScenario("a/b", "Says.", steps);
  TranscriptLayout layout;
  layout.most_rows = 4;
  EXPECT_EQ(TextOf(TranscriptOf(VerdictOf(scenario, MakeDivergence(scenario, outcomes, "s._count()",
                                                                   "-> 0", "-> 1")),
                                nullptr, kPlatform),
                   layout),
            "    step            expected  got\n"
            "        (18 lines before)\n"
            "    p   s._count()  -> 0      -> 0\n"
            "    p   s._count()  -> 0      -> 0\n"
            "  > p   s._count()  -> 0      -> 1\n"
            "        (not reached)\n"
            "    p   s._count()  -> 0\n"
            "        (9 lines behind)\n");
}

TEST(Transcript, EscapesWhatAProgramSaid) {
  EXPECT_THAT(Transcript("p eval('x') -> ...\n", {"-> 'a\x1b[2J\nb'"}),
              HasSubstr("-> 'a\\x1b[2J\\nb'\n"));
}

}  // namespace
}  // namespace lockstep::reports
