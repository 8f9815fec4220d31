// SPDX-License-Identifier: MIT
// Each kind of step on the reference: as it should be, and not so.
#include "harness/engine/executor.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "harness/engine/testing_run.h"
#include "harness/os/interrupt.h"

namespace lockstep {
namespace {

using std::string_literals::operator""s;

constexpr const char* kSemaphore0 = "p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\n";
constexpr const char* kSemaphore1 = "p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\n";
constexpr const char* kTwoWaiters =
    "p s = SemLock(SEMAPHORE, 0, 2, NAME, unlink=True)\np fork a\np fork b\na s.acquire() -> "
    "blocked\nb s.acquire() -> blocked\n";

class ExecutorTest : public testing::Test {
 protected:
  std::string Run(const std::string& steps) { return Summary(Remember(RunSteps(test_, steps))); }
  std::string Timed(const std::string& steps) { return Summary(Remember(RunTimed(test_, steps))); }
  const ScenarioRun& Remember(ScenarioRun run) { return run_ = std::move(run); }
  // For what is to be given up on: a tenth of every bound.
  std::string RunImpatiently(const std::string& steps) {
    TestSession impatient(ReferenceCommand(), 0.1);
    return Summary(Remember(RunSteps(impatient, steps)));
  }

  TestSession test_{ReferenceCommand()};
  ScenarioRun run_;
};

// --- Calls
// ------------------------------------------------------------------------------------------------

TEST_F(ExecutorTest, CompletesWhenEveryStepIsAsExpected) {
  EXPECT_EQ(Run(kSemaphore1 +
                "p s.acquire() -> True\np s.acquire(False) -> False\np s.release() -> None\n"s),
            "completed");
  ASSERT_EQ(run_.trace.size(), 4u);
  EXPECT_EQ(run_.trace[1].actor, "p");
  EXPECT_EQ(run_.trace[1].outcome, "-> True");
  EXPECT_GT(run_.trace[1].begin_ns, 0);
  EXPECT_GE(run_.trace[1].end_ns, run_.trace[1].begin_ns);
}

TEST_F(ExecutorTest, DivergesAtTheFirstValueThatIsAnother) {
  EXPECT_EQ(Run(kSemaphore1 + "p s.acquire() -> False\np s.release() -> 7\n"s),
            "diverged: p s.acquire() -> False: expected -> False, got -> True");
  ASSERT_TRUE(run_.divergence);
  EXPECT_EQ(run_.divergence->step, "p s.acquire() -> False");
  EXPECT_EQ(run_.divergence->expected, "-> False");
  EXPECT_EQ(run_.divergence->actual, "-> True");
  EXPECT_EQ(run_.divergence->operation, "s.acquire()");
  EXPECT_EQ(run_.divergence->position.line, 2);
  EXPECT_EQ(run_.trace.size(), 2u);
  ASSERT_EQ(run_.whereabouts.size(), 1u);
  EXPECT_EQ(run_.whereabouts[0], "p: idle");
}

TEST_F(ExecutorTest, DivergesWhenACallRaisesThatWasNotTo) {
  EXPECT_EQ(Run("p sem_unlink(NAME)\n"),
            "diverged: p sem_unlink(NAME): expected that it does not raise, got raises "
            "FileNotFoundError ENOENT: No such file or directory");
}

TEST_F(ExecutorTest, JudgesErrnoAndMessage) {
  EXPECT_EQ(Run("p sem_unlink(NAME) raises OSError ENOENT: No such file or directory\n"),
            "completed");
  EXPECT_EQ(Run("p sem_unlink(NAME) raises OSError EACCES\n"),
            "diverged: p sem_unlink(NAME) raises OSError EACCES: expected raises OSError EACCES, "
            "got raises FileNotFoundError ENOENT: No such file or directory");
  EXPECT_EQ(Run("p sem_unlink(NAME) raises OSError ENOENT: Nope\n"),
            "diverged: p sem_unlink(NAME) raises OSError ENOENT: Nope: expected raises OSError "
            "ENOENT: Nope, "
            "got raises FileNotFoundError ENOENT: No such file or directory");
}

TEST_F(ExecutorTest, JudgesNoMessageWhenToldToIgnoreThem) {
  EXPECT_EQ(Summary(RunSteps(test_, "p sem_unlink(NAME) raises OSError ENOENT: Nope\n",
                             Messages::kIgnore)),
            "completed");
}

TEST_F(ExecutorTest, WritesFreshNamesAsTheTranscriptDoes) {
  EXPECT_EQ(Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=False)\np s.name -> 'x'\n"),
            "diverged: p s.name -> 'x': expected -> 'x', got -> 'NAME'");
  EXPECT_EQ(Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=False)\np s.name -> NAME\np "
                "sem_unlink(NAME)\n"),
            "completed");
}

TEST_F(ExecutorTest, KeepsPlainValuesAndHandsThemOn) {
  EXPECT_EQ(Run(kSemaphore1 + "p k = s.kind\np fork c\np s.kind -> k\nc s.kind -> p.k\np fd = "
                              "shm_open(NAME2, O_CREAT | O_EXCL | O_RDWR, 0o600)\n"
                              "p close_fd(fd) -> None\np shm_unlink(NAME2)\n"s),
            "completed");
}

// --- Blocked
// -----------------------------------------------------------------------------------------------

TEST_F(ExecutorTest, SeesACallBlockedAndLaterReturn) {
  EXPECT_EQ(Run(kSemaphore0 +
                "p fork c\nc s.acquire() -> blocked\np s.release() -> None\nc returns True\n"s),
            "completed");
  EXPECT_GT(run_.trace[2].seen_blocked_ns, 0);
  EXPECT_EQ(run_.trace[2].note, "");
}

TEST_F(ExecutorTest, DivergesWhenACallDoesNotBlock) {
  EXPECT_EQ(Run(kSemaphore1 + "p s.acquire() -> blocked\n"s),
            "diverged: p s.acquire() -> blocked: expected -> blocked, got -> True");
}

TEST_F(ExecutorTest, DoesNotWaitForWhatCanNeverCome) {
  EXPECT_EQ(Run(kSemaphore0 + "p s.acquire() -> True\n"s),
            "diverged: p s.acquire() -> True: expected -> True, got -> blocked");
  EXPECT_LT(run_.wall, std::chrono::seconds(4));
  EXPECT_EQ(Run(kSemaphore0 + "p fork c\nc s.acquire() -> blocked\nc returns True\n"s),
            "diverged: c returns True: expected returns True, got -> blocked");
  EXPECT_LT(run_.wall, std::chrono::seconds(4));
}

TEST_F(ExecutorTest, LeavesTheChildOfAThreadThatHasEndedToBeReapedLater) {
  EXPECT_EQ(Run(kSemaphore1 + "p thread t\nt fork c\nt end()\nkill c SIGKILL\nc died SIGKILL\n"
                              "p s.acquire() -> True\n"s),
            "completed");
}

TEST_F(ExecutorTest, NamesEveryOneOfThreeThatDidNotComeBack) {
  EXPECT_EQ(Run(kTwoWaiters +
                "p fork c\nc s.acquire() -> blocked\np s.release() -> None\n"
                "a|b|c returns True as w, other l, m\n"
                "w s._count() -> 1\nl still blocked\nm still blocked\nkill l SIGKILL\n"
                "l died SIGKILL\np s.release() -> None\nm returns True\n"s),
            "completed");
}

TEST_F(ExecutorTest, DivergesWhenWhatIsAwaitedReturnsAnotherValue) {
  EXPECT_EQ(Run(kSemaphore0 +
                "p fork c\nc s.acquire() -> blocked\np s.release() -> None\nc returns False\n"s),
            "diverged: c returns False: expected returns False, got -> True");
}

TEST_F(ExecutorTest, FindsStillBlockedWhatIsBlocked) {
  EXPECT_EQ(Run(kTwoWaiters + "a still blocked\nb still blocked\n"s), "completed");
}

TEST_F(ExecutorTest, DivergesWhenItIsNotBlockedAnyMore) {
  EXPECT_EQ(Run(kSemaphore0 +
                "p fork c\nc s.acquire() -> blocked\np s.release() -> None\nc still blocked\n"s),
            "diverged: c still blocked: expected still blocked, got -> True");
}

TEST_F(ExecutorTest, TakesExactlyOneOfSeveralWaiters) {
  EXPECT_EQ(
      Run(kTwoWaiters +
          "p s.release() -> None\na|b returns True as w, other l\nl still blocked\np s.release() -> None\nl returns True\n"s),
      "completed");
}

TEST_F(ExecutorTest, DivergesWhenNoneOfSeveralComesBack) {
  EXPECT_EQ(
      Run(kTwoWaiters + "a|b returns True\n"s),
      "diverged: a|b returns True: expected exactly one to come back, got none of them came back");
}

TEST_F(ExecutorTest, DivergesWhenTwoOfSeveralComeBack) {
  EXPECT_EQ(Run(kTwoWaiters + "p s.release() -> None\np s.release() -> None\na|b returns True\n"s),
            "diverged: a|b returns True: expected exactly one to come back, got came back: a b");
}

TEST_F(ExecutorTest, DivergesWhenTheOneThatComesBackReturnsAnotherValue) {
  EXPECT_EQ(Run(kTwoWaiters + "p s.release() -> None\na|b returns False\n"s),
            "diverged: a|b returns False: expected returns False, got -> True");
}

TEST_F(ExecutorTest, SaysThatATimedCallEndedBeforeItWasSeenBlocked) {
  EXPECT_EQ(Run(kSemaphore0 + "p s.acquire(timeout=0.0000001) -> blocked\n"s),
            "too early to see: p s.acquire(timeout=0.0000001) -> blocked ended before it could be "
            "seen blocked");
}

TEST_F(ExecutorTest, TriesATimedCallAgainWithMoreTime) {
  // 64 times a tenth of a microsecond is too little as well.
  EXPECT_EQ(Timed(kSemaphore0 + "p s.acquire(timeout=0.0000001) -> blocked\n"s),
            "harness error: p s.acquire(timeout=0.0000001) -> blocked ended before it could be "
            "seen blocked");
  EXPECT_EQ(run_.repeats, 4);
  EXPECT_EQ(Timed(kSemaphore0 + "p s.acquire(timeout=0.002) -> blocked\np returns False\n"s),
            "completed");
}

// --- Elapsed time
// --------------------------------------------------------------------------------------------

TEST_F(ExecutorTest, JudgesATimedWaitFiveTimes) {
  EXPECT_EQ(Timed(kSemaphore0 + "p s.acquire(timeout=0.01) -> False after 10ms\n"s), "completed");
  EXPECT_GE(run_.repeats, 5);
}

TEST_F(ExecutorTest, DivergesAtOnceWhenAWaitEndsEarly) {
  const std::string told = Timed(kSemaphore0 + "p s.acquire(timeout=0.01) -> False after 400ms\n"s);
  EXPECT_TRUE(
      told.starts_with("diverged: p s.acquire(timeout=0.01) -> False after 400ms: expected -> "
                       "False after 400ms, got -> False, early: after "))
      << told;
  EXPECT_EQ(run_.repeats, 1);
  EXPECT_EQ(run_.divergence->operation, "a timed wait ends early");
}

TEST_F(ExecutorTest, DivergesWhenEveryRepeatOfAWaitEndsLate) {
  EXPECT_EQ(Timed(kSemaphore0 + "p s.acquire(timeout=0.03) -> False after 3ms\n"s),
            "diverged: a timed wait ends late");
  EXPECT_GE(run_.repeats, 10);
  EXPECT_EQ(run_.divergence->expected, "after 3ms");
  EXPECT_TRUE(run_.divergence->actual.starts_with("late: after 3")) << run_.divergence->actual;
}

// --- Actors
// ---------------------------------------------------------------------------------------------------

TEST_F(ExecutorTest, MakesActorsOfEveryKind) {
  EXPECT_EQ(Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=False)\np fork c\np thread t\np spawn "
                "x\nstart y\n"
                "c s.acquire() -> True\nt s.acquire(False) -> False\nx s.acquire(False) -> "
                "False\nc s.release()\nx s.acquire() -> True\n"
                "y u = SemLock._rebuild(0, SEMAPHORE, 1, NAME)\ny u.acquire(False) -> False\np "
                "sem_unlink(NAME)\n"),
            "completed");
}

TEST_F(ExecutorTest, JudgesWhatRebuildingRaisesInASpawnedProcess) {
  const std::string gone =
      "p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=False)\np sem_unlink(NAME)\n";
  EXPECT_EQ(Run(gone + "p spawn c raises FileNotFoundError\n"), "completed");
  const std::string told = Run(gone + "p spawn c\n");
  EXPECT_TRUE(told.starts_with(
      "diverged: p spawn c: expected that it does not raise, got raises FileNotFoundError ENOENT"))
      << told;
}

TEST_F(ExecutorTest, JudgesHowAProcessEnds) {
  EXPECT_EQ(Run("p fork c\nkill c SIGKILL\nc died SIGKILL\n"), "completed");
  EXPECT_EQ(Run("start c\nkill c SIGKILL\nc died SIGKILL\n"), "completed");
  EXPECT_EQ(Run("p fork c\nkill c SIGKILL\nc died SIGTERM\n"),
            "diverged: c died SIGTERM: expected died SIGTERM, got died SIGKILL");
  EXPECT_EQ(Run("p fork c\nkill c SIGTERM\nc exited 0\n"),
            "diverged: c exited 0: expected exited 0, got died SIGTERM");
  EXPECT_EQ(Run("p fork c\nc exit(3)\nc exited 3\n"), "completed");
  EXPECT_EQ(Run("p fork c\nc exit(3)\nc exited 4\n"),
            "diverged: c exited 4: expected exited 4, got exited 3");
}

TEST_F(ExecutorTest, DoesNotWaitForEverForAProcessThatDoesNotEnd) {
  EXPECT_EQ(RunImpatiently("p fork c\nsignal c SIGCONT\nc died SIGCONT\n"),
            "diverged: c died SIGCONT: expected that its process ends, got alive: c: idle");
}

TEST_F(ExecutorTest, DivergesWhenAProcessDiesInACall) {
  EXPECT_EQ(
      Run(kSemaphore0 + "p fork c\nc s.acquire() -> blocked\nsignal c SIGTERM\nc returns True\n"s),
      "diverged: c returns True: expected returns True, got died SIGTERM");
}

// --- Signals
// -----------------------------------------------------------------------------------------------------

TEST_F(ExecutorTest, WaitsUntilAHandlerHasRun) {
  EXPECT_EQ(Run("p on SIGUSR1 return\nsignal p SIGUSR1\np handled SIGUSR1\n"), "completed");
}

TEST_F(ExecutorTest, DivergesWhenNoHandlerRuns) {
  EXPECT_EQ(RunImpatiently("p on SIGUSR1 return\np on SIGUSR2 return\nsignal p SIGUSR1\np handled "
                           "SIGUSR1\nsignal p SIGUSR1\np handled SIGUSR2\n"),
            "diverged: p handled SIGUSR2: expected that its handler runs, got its handler has not "
            "run: p: idle");
}

TEST_F(ExecutorTest, InterruptsAWaitByWhatAHandlerRaises) {
  EXPECT_EQ(
      Run(kSemaphore0 +
          "p on SIGUSR1 raise KeyboardInterrupt\np s.acquire() -> blocked\nsignal p SIGUSR1\np raises KeyboardInterrupt\n"s),
      "completed");
}

TEST_F(ExecutorTest, HasAHandlerMakeACall) {
  EXPECT_EQ(
      Run(kSemaphore0 +
          "p on SIGUSR1 call s.release()\np s.acquire() -> blocked\nsignal p SIGUSR1\np handled SIGUSR1\np returns True\n"s),
      "completed");
}

TEST_F(ExecutorTest, StopsAndContinuesAProcess) {
  EXPECT_EQ(
      Run(kSemaphore0 +
          "p fork c\nc s.acquire() -> blocked\nstop c\np s.release() -> None\ncont c\nc returns True\n"s),
      "completed");
}

// --- Together, and hammers
// ---------------------------------------------------------------------------------------

TEST_F(ExecutorTest, SendsEveryCallBeforeItAwaitsAnswers) {
  EXPECT_EQ(
      Run(kSemaphore0 + "p fork c\ntogether {\nc s.acquire() -> True\np s.release() -> None\n}\n"s),
      "completed");
}

TEST_F(ExecutorTest, JudgesEachCallOfThoseMadeTogether) {
  EXPECT_EQ(Run(kSemaphore0 +
                "p fork c\ntogether {\nc s.acquire() -> False\np s.release() -> None\n}\n"s),
            "diverged: c s.acquire() -> False: expected -> False, got -> True");
}

TEST_F(ExecutorTest, CountsWhatHammersDidTogether) {
  const std::string hammers =
      "p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\np fork w[1..3]\ntogether { w[*] hammer s "
      "50 }\n";
  EXPECT_EQ(Run(hammers + "hammer: entries 150, counter 150, inside <= 1, value 1\n"), "completed");
  EXPECT_EQ(Run(hammers + "hammer: entries 151\n"),
            "diverged: hammer: entries 151: expected hammer: entries 151, got entries 150, counter "
            "150, inside 1");
  EXPECT_EQ(Run(hammers + "hammer: value 0\n"),
            "diverged: hammer: value 0: expected hammer: value 0, got entries 150, counter 150, "
            "inside 1, value 1");
}

// --- What is left, and the machine
// ----------------------------------------------------------------------------------

TEST_F(ExecutorTest, AllowsANameThatIsToRemain) {
  EXPECT_EQ(Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=False)\nleft NAME\n"), "completed");
  EXPECT_TRUE(test_.supervisor().ShmNames().empty());
}

TEST_F(ExecutorTest, DivergesWhenANameIsGoneThatWasToRemain) {
  EXPECT_EQ(Run(kSemaphore1 + "left NAME\n"s),
            "diverged: left NAME: expected that the name remains, got it is gone");
}

TEST_F(ExecutorTest, FindsANameUncleanThatNobodySpokeOf) {
  EXPECT_EQ(Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=False)\n"),
            "completed; unclean: a name is left behind in /dev/shm: sem.BARE");
  EXPECT_TRUE(test_.supervisor().ShmNames().empty());
}

TEST_F(ExecutorTest, FindsADescriptorUncleanThatIsNotTheScenariosOwn) {
  EXPECT_EQ(Run("p fd = shm_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0o600)\np shm_unlink(NAME)\n"),
            "completed");
}

TEST_F(ExecutorTest, HasAMachineOfItsOwnOrSaysThatItHasNot) {
  const std::string steps =
      "machine shm size=4K inodes=8 full\np SemLock(SEMAPHORE, 1, 1, NAME, unlink=True) raises "
      "OSError ENOSPC\n";
  if (test_.supervisor().isolation() == Isolation::kNone) {
    EXPECT_EQ(Run(steps),
              "not run: it needs a /dev/shm of its own, and namespaces are denied here");
    return;
  }
  EXPECT_EQ(Run(steps), "completed");
  EXPECT_EQ(Run(kSemaphore1), "completed");
}

TEST_F(ExecutorTest, HasNoMachineOfItsOwnWithoutANamespace) {
  TestSession none(ReferenceCommand(), 1, Isolation::kNone);
  EXPECT_EQ(Summary(RunSteps(none,
                             "machine shm read-only\np SemLock(SEMAPHORE, 1, 1, NAME, unlink=True) "
                             "raises OSError any\n")),
            "not run: it needs a /dev/shm of its own, and namespaces are denied here");
}

// --- Other endings
// ----------------------------------------------------------------------------------------------------

TEST_F(ExecutorTest, IsUnsupportedWhereTheImplementationLacksAnOperation) {
  TestSession fake(FakeCommand("always-unsupported"));
  EXPECT_EQ(Summary(RunSteps(fake, kSemaphore1)), "unsupported: everything is");
}

TEST_F(ExecutorTest, LeavesNothingBehindWhenItStopsHalfWay) {
  EXPECT_EQ(Run("p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=False)\np fork c\nc s.acquire() -> "
                "blocked\np s._get_value() -> 9\n"),
            "diverged: p s._get_value() -> 9: expected -> 9, got -> 0");
  EXPECT_TRUE(test_.supervisor().ShmNames().empty());
  EXPECT_EQ(LivingBelow(test_.supervisor().pid()).size(), 1u);  // the warm process
  ASSERT_EQ(run_.whereabouts.size(), 2u);
  EXPECT_NE(run_.whereabouts[1].find("c: in acquire for "), std::string::npos);
}

// --- What a call does to its process or thread
// ---------------------------------------------------------------------

constexpr const char* kEmptied =
    "p m = SharedMemory(BARE, create=True, size=5000)\np fd = shm_open(NAME, O_RDWR)\np "
    "ftruncate(fd, 0)\np fork c\n";

TEST_F(ExecutorTest, TakesADeathInACallThatWasToBe) {
  EXPECT_EQ(Run(kEmptied + "c m.buf[0:1] dies SIGBUS\np m.unlink()\n"s), "completed");
  EXPECT_EQ(Run(kEmptied + "c m.buf[0:1] raises ValueError or dies SIGBUS\np m.unlink()\n"s),
            "completed");
}

TEST_F(ExecutorTest, DivergesWhenACallDiesOfAnotherSignalOrNotAtAll) {
  EXPECT_EQ(Run(kEmptied + "c m.buf[0:1] dies SIGSEGV\np m.unlink()\n"s),
            "diverged: c m.buf[0:1] dies SIGSEGV: expected dies SIGSEGV, got died SIGBUS");
  EXPECT_EQ(Run("p fork c\nc nop() dies SIGBUS\n"),
            "diverged: c nop() dies SIGBUS: expected dies SIGBUS, got -> None");
}

TEST_F(ExecutorTest, WaitsUntilAThreadThatEndsIsGone) {
  EXPECT_EQ(Run("p s = SemLock(RECURSIVE_MUTEX, 1, 1, NAME, unlink=True)\np thread t\n"
                "t s.acquire() -> True\nt end()\np s.acquire(False) -> False\n"),
            "completed");
}

TEST_F(ExecutorTest, TakesForAwaitedWhatCameAtOnceThoughItMightHaveBlocked) {
  EXPECT_EQ(Run(kSemaphore1 + "p fork a\na s.acquire() -> True or blocked\na returns True\n"s),
            "completed");
  EXPECT_EQ(Run(kSemaphore1 + "p fork a\na s.acquire() -> True or blocked\na returns False\n"s),
            "diverged: a returns False: expected returns False, got -> True");
  EXPECT_EQ(Run(kSemaphore0 + "p fork a\na s.acquire() -> True or blocked\np s.release()\n"
                              "a returns True\n"s),
            "completed");
}

TEST_F(ExecutorTest, StartsAProcessOfItsOwnWhereThereIsNoOther) {
  EXPECT_EQ(Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, False)\nstart w on B\n"
                "w t = SemLock._rebuild(0, SEMAPHORE, 1, NAME)\nw t.acquire() -> True\n"
                "p s.acquire(False) -> False\np sem_unlink(NAME)\n"),
            "completed");
}

TEST_F(ExecutorTest, StopsWhenTheHarnessIsInterruptedInACall) {
  TestChild harness([] {
    CatchInterrupts();
    TestSession test(ReferenceCommand());
    if (!test.session().Ensure()) return 1;
    const pid_t supervisor = test.supervisor().pid();
    std::thread user([supervisor] {
      WaitUntil([supervisor] {
        for (const pid_t pid : LivingBelow(supervisor)) {
          if (ThreadProbe(pid, pid).Look().InFutexWait()) return true;
        }
        return false;
      });
      ::kill(::getpid(), SIGINT);
    });
    const ScenarioRun run = RunSteps(test, kSemaphore0 + "p s.acquire(timeout=9) -> False\n"s);
    user.join();
    return run.end == ScenarioRun::End::kNotRun && run.reason == "interrupted" ? 0 : 2;
  });
  EXPECT_EQ(harness.Wait(), 0);
}

}  // namespace
}  // namespace lockstep
