// SPDX-License-Identifier: MIT
// Semaphores with a defect, and semaphores that wait in other ways: what the executor makes of
// them.
#include <gtest/gtest.h>

#include "harness/engine/executor.h"
#include "harness/engine/testing_run.h"

namespace lockstep {
namespace {

using std::string_literals::operator""s;

const std::string kSemaphore0 = "p s = SemLock(SEMAPHORE, 0, 2, NAME, True)\n";
const std::string kSemaphore1 = "p s = SemLock(SEMAPHORE, 1, 2, NAME, True)\n";
const std::string kOneWaiter = kSemaphore0 + "p fork c\nc s.acquire() -> blocked\n";
const std::string kTwoWaiters =
    kSemaphore0 + "p fork a\np fork b\na s.acquire() -> blocked\nb s.acquire() -> blocked\n";

ScenarioRun RunOn(const std::string& defect, const std::string& steps, double timeout_scale = 1) {
  TestSession test(DefectiveCommand(defect), timeout_scale);
  return RunSteps(test, steps);
}

TEST(Defects, AreNotSeenInThePlainSemaphore) {
  TestSession test(DefectiveCommand("plain"));
  EXPECT_EQ(
      Summary(RunSteps(
          test, kOneWaiter + "p s.release() -> None\nc returns True\np s._get_value() -> 0\n")),
      "completed");
  EXPECT_EQ(
      Summary(RunSteps(
          test, kTwoWaiters +
                    "p s.release() -> None\na|b returns True as w, other l\nl still blocked\n")),
      "completed");
  EXPECT_EQ(
      Summary(RunTimed(test, kSemaphore0 + "p s.acquire(timeout=0.02) -> False after 20ms\n")),
      "completed");
}

TEST(LostWakeup, IsAWaiterThatStaysBlocked) {
  const ScenarioRun run =
      RunOn("lost-wakeup", kOneWaiter + "p s.release() -> None\nc returns True\n");
  EXPECT_EQ(Summary(run), "diverged: c returns True: expected returns True, got -> blocked");
  EXPECT_LT(run.wall, std::chrono::seconds(4));
}

TEST(LostWakeup, LeavesNoneOfSeveralWaitersToComeBack) {
  EXPECT_EQ(
      Summary(RunOn("lost-wakeup", kTwoWaiters + "p s.release() -> None\na|b returns True\n")),
      "diverged: a|b returns True: expected exactly one to come back, got none of them came back");
}

TEST(DoubleWakeup, HasTwoOfSeveralWaitersComeBack) {
  EXPECT_EQ(
      Summary(RunOn("double-wakeup", kTwoWaiters + "p s.release() -> None\na|b returns True\n")),
      "diverged: a|b returns True: expected exactly one to come back, got came back: a b");
}

TEST(EarlyTimeout, IsSeenInTheFirstRepeat) {
  TestSession test(DefectiveCommand("early"));
  const ScenarioRun run =
      RunTimed(test, kSemaphore0 + "p s.acquire(timeout=0.1) -> False after 100ms\n");
  // On a machine under load a wait of 80 ms may take 100: then a later repeat shows it.
  EXPECT_TRUE(Summary(run).find("-> False, early: after 8") != std::string::npos || run.repeats > 1)
      << Summary(run);
  EXPECT_EQ(run.end, ScenarioRun::End::kDiverged);
}

TEST(LateTimeout, IsSeenOnceTheMachineIsFoundNotToBlame) {
  TestSession test(DefectiveCommand("late"));
  const ScenarioRun run =
      RunTimed(test, kSemaphore0 + "p s.acquire(timeout=0.02) -> False after 20ms\n");
  EXPECT_EQ(Summary(run), "diverged: a timed wait ends late");
  EXPECT_GE(run.repeats, 10);
}

TEST(DeathInACall, IsWhatCameOfTheCall) {
  EXPECT_EQ(Summary(RunOn("dies", kSemaphore0 + "p s.acquire() -> True\n")),
            "diverged: p s.acquire() -> True: expected -> True, got died SIGABRT");
  EXPECT_EQ(Summary(RunOn("dies", kSemaphore0 + "p s.acquire() -> blocked\n")),
            "diverged: p s.acquire() -> blocked: expected -> blocked, got died SIGABRT");
}

TEST(Silence, OfACallThatWasNotAnnouncedIsTheAdaptersFault) {
  const ScenarioRun run = RunOn("hangs", kSemaphore1 + "p s.release() -> None\n", 0.2);
  EXPECT_TRUE(Summary(run).starts_with("harness error: p: the adapter does not answer"))
      << Summary(run);
  EXPECT_LT(run.wall, std::chrono::seconds(10));
}

TEST(Cleanliness, FindsAName) {
  EXPECT_EQ(Summary(RunOn("leaves-a-name", kSemaphore1)),
            "completed; unclean: a name is left behind in /dev/shm: sem.BARE-more");
}

TEST(Cleanliness, FindsAProcessAndEndsIt) {
  TestSession test(DefectiveCommand("leaves-a-process"));
  const ScenarioRun run = RunSteps(test, kSemaphore1 + "p s.release() -> None\n");
  EXPECT_TRUE(Summary(run).starts_with("completed; unclean: a process is left behind: "))
      << Summary(run);
  EXPECT_TRUE(Summary(run).ends_with("semaphore_adapter.py leaves-a-process")) << Summary(run);
  EXPECT_TRUE(WaitUntil([&] { return LivingBelow(test.supervisor().pid()).size() == 1; }));
  EXPECT_EQ(Summary(RunSteps(test, kSemaphore1)), "completed");
}

TEST(Cleanliness, FindsDescriptors) {
  const ScenarioRun run =
      RunOn("leaks", kSemaphore0 + "p s.release() -> None\np s.release() -> None\n");
  EXPECT_TRUE(
      Summary(run).starts_with("completed; unclean: p has 2 descriptors more than it should: "))
      << Summary(run);
}

TEST(Cleanliness, IsNotJudgedOfAScenarioThatStoppedHalfWay) {
  const ScenarioRun run = RunOn(
      "leaves-a-process", kSemaphore1 + "p s.release() -> None\np s._get_value() -> 0\n", 0.2);
  EXPECT_EQ(Summary(run), "diverged: p s._get_value() -> 0: expected -> 0, got -> 2");
}

// --- Other ways to wait
// -------------------------------------------------------------------------------------

// What the trace notes of how the second step was seen blocked.
std::string NoteOfBlocked(const ScenarioRun& run) {
  return run.trace.size() < 2 ? "not so far: " + Summary(run)
                              : run.trace[1].outcome + ", " + run.trace[1].note;
}

TEST(OtherWaits, OnALockInPrivateMemoryAreSeenByTheirQuiet) {
  const ScenarioRun run =
      RunOn("private-lock", kSemaphore0 + "p s.acquire() -> blocked\np still blocked\n");
  EXPECT_EQ(Summary(run), "completed");
  EXPECT_EQ(NoteOfBlocked(run), "-> blocked (asleep, nothing moved), asleep, nothing moved");
}

TEST(OtherWaits, InASleepAreSeenByTheirQuiet) {
  EXPECT_EQ(NoteOfBlocked(RunOn("sleeps", kSemaphore0 + "p s.acquire() -> blocked\n")),
            "-> blocked (asleep, nothing moved), asleep, nothing moved");
}

TEST(OtherWaits, ThatAreDeclaredAreSeenAtOnce) {
  Implementation implementation = ImplementationOf(DefectiveCommand("sleeps"));
  implementation.blocking_calls = {"clock_nanosleep", "nanosleep", "select", "pselect6"};
  TestSession test(implementation);
  EXPECT_EQ(NoteOfBlocked(RunSteps(test, kSemaphore0 + "p s.acquire() -> blocked\n")),
            "-> blocked (asleep in a system call that it declares), asleep in a system call that "
            "it declares");
}

TEST(OtherWaits, ThatBurnCpuAreReportedAsSpinning) {
  const ScenarioRun run = RunOn(
      "spins",
      kSemaphore0 + "p fork c\nc s.acquire() -> blocked\np s.release() -> None\nc returns True\n");
  EXPECT_EQ(Summary(run), "completed");
  EXPECT_EQ(run.trace[2].outcome, "-> blocked (spinning: it burns CPU while it waits)");
}

TEST(OtherWaits, OfNoOneThreadArePresumed) {
  const ScenarioRun run = RunOn(
      "waits-as-process",
      kSemaphore0 + "p fork c\nc s.acquire() -> blocked\np s.release() -> None\nc returns True\n");
  EXPECT_EQ(Summary(run), "completed");
  EXPECT_EQ(run.trace[2].outcome, "-> blocked (presumed: announced and unanswered)");
}

TEST(OtherWaits, ThatLookAgainAndAgainReturnWhenTheyMay) {
  Implementation implementation = ImplementationOf(DefectiveCommand("polls"));
  implementation.blocking_calls = {"select", "pselect6", "poll", "ppoll"};
  TestSession test(implementation);
  EXPECT_EQ(
      Summary(RunSteps(test, kTwoWaiters + "p s.release() -> None\na|b returns True as w, other "
                                           "l\np s.release() -> None\nl returns True\n")),
      "completed");
}

}  // namespace
}  // namespace lockstep
