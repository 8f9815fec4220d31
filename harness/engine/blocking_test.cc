// SPDX-License-Identifier: MIT
// Blocked or not: on real processes, which wait in every way that there is.
#include "harness/engine/blocking.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>

#include "harness/engine/testing_run.h"

namespace lockstep {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Windows so long that no weaker sign ever counts, and so short that a test need not wait for it.
BlockedDetector::Options Sure() { return {{}, true, hours(1), hours(1)}; }
BlockedDetector::Options Quick() { return {{}, true, milliseconds(30), milliseconds(100)}; }

class BlockedDetectorTest : public testing::Test {
 protected:
  // An adapter whose actor `p` has a semaphore `s` of value 0.
  void Start(std::vector<std::string> command, BlockedDetector::Options options) {
    test_ = std::make_unique<TestSession>(std::move(command));
    auto crew = test_->session().Begin();
    ASSERT_TRUE(crew) << crew.error().message;
    crew_ = std::move(*crew);
    const auto made = Ask(RequestFor("SemLock", "",
                                     {Value::Int(1), Value::Int(0), Value::Int(1),
                                      Value("/" + test_->name_prefix()), Value(true)},
                                     "s"));
    ASSERT_TRUE(made && !made->handles.empty());
    p().process->handles["s"] = made->handles;
    detector_ = std::make_unique<BlockedDetector>(*crew_, std::move(options));
  }
  void TearDown() override {
    if (crew_ != nullptr) test_->session().End(*crew_);
  }

  Actor& p() { return *crew_->Find("p"); }
  std::optional<Reply> Ask(Request request) {
    return crew_->Ask(p(), std::move(request), kTestPatience);
  }
  void SendAcquire(std::vector<Value> args = {}) {
    detector_->Restart(p());
    crew_->Send(p(), RequestFor("acquire", "s", std::move(args)));
    ASSERT_TRUE(WaitUntil([&] {
      crew_->Pump(nanoseconds(0));
      return p().in_flight->announced;
    }));
  }
  // What is seen as soon as anything is.
  std::optional<Blocked> See() {
    std::optional<Blocked> seen;
    WaitUntil([&] {
      crew_->Pump(nanoseconds(0));
      seen = detector_->Look(p());
      return seen.has_value();
    });
    return seen;
  }

  std::unique_ptr<TestSession> test_;
  std::unique_ptr<Crew> crew_;
  std::unique_ptr<BlockedDetector> detector_;
};

TEST_F(BlockedDetectorTest, IsSureOfAFutexOnTheSemaphore) {
  Start(ReferenceCommand(), Sure());
  SendAcquire();
  const auto seen = See();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->by, BlockedBy::kFutex);
  EXPECT_TRUE(seen->for_ever);
  EXPECT_GT(seen->seen_ns, p().in_flight->begin_ns);
}

TEST_F(BlockedDetectorTest, SeesThatAWaitHasADeadline) {
  Start(ReferenceCommand(), Sure());
  SendAcquire({Value(true), Value(60.0)});
  const auto seen = See();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->by, BlockedBy::kFutex);
  EXPECT_FALSE(seen->for_ever);
}

TEST_F(BlockedDetectorTest, IsSureWhereTheHandleIsNotKnownToo) {
  Start(ReferenceCommand(), Sure());
  p().process->handles.clear();
  SendAcquire();
  const auto seen = See();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->by, BlockedBy::kFutex);
}

TEST_F(BlockedDetectorTest, SeesNothingOfAnActorThatIsIdle) {
  Start(ReferenceCommand(), Quick());
  EXPECT_FALSE(detector_->Look(p()));
  EXPECT_EQ(detector_->Whereabouts(p()), "p: idle");
}

TEST_F(BlockedDetectorTest, DoesNotTakeAFutexInPrivateMemoryForTheSemaphore) {
  Start(DefectiveCommand("private-lock"), Sure());
  SendAcquire();
  ASSERT_TRUE(WaitUntil([&] { return p().probe.Look().InFutexWait(); }));
  EXPECT_FALSE(detector_->Look(p()));
  EXPECT_NE(detector_->Whereabouts(p()).find("which is not its semaphore"), std::string::npos);
}

TEST_F(BlockedDetectorTest, DoesNotTakeItForTheSemaphoreWhereTheHandleIsNotKnownEither) {
  Start(DefectiveCommand("private-lock"), Sure());
  p().process->handles.clear();
  SendAcquire();
  ASSERT_TRUE(WaitUntil([&] { return p().probe.Look().InFutexWait(); }));
  EXPECT_FALSE(detector_->Look(p()));
}

TEST_F(BlockedDetectorTest, DoesNotTakeAnotherSemaphoreForThisOne) {
  Start(ReferenceCommand(), Sure());
  const auto other = Ask(RequestFor("SemLock", "",
                                    {Value::Int(1), Value::Int(0), Value::Int(1),
                                     Value("/" + test_->name_prefix() + "-2"), Value(true)},
                                    "t"));
  ASSERT_TRUE(other && !other->handles.empty());
  p().process->mappings.clear();
  std::swap(p().process->handles["s"], p().process->handles["t"]);
  p().process->handles["s"] = other->handles;
  SendAcquire();
  ASSERT_TRUE(WaitUntil([&] { return p().probe.Look().InFutexWait(); }));
  EXPECT_FALSE(detector_->Look(p()));
}

TEST_F(BlockedDetectorTest, FallsBackOnQuietWhereItCannotBeSure) {
  Start(DefectiveCommand("private-lock"), Quick());
  SendAcquire();
  const auto seen = See();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->by, BlockedBy::kQuiet);
}

TEST_F(BlockedDetectorTest, WaitsForTheWholeWindowBeforeItCallsASleepQuiet) {
  Start(DefectiveCommand("sleeps"), Quick());
  SendAcquire();
  const std::int64_t before = MonotonicNs();
  const auto seen = See();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->by, BlockedBy::kQuiet);
  EXPECT_GE(nanoseconds(seen->seen_ns - before), milliseconds(29));
}

TEST_F(BlockedDetectorTest, TakesACallThatTheImplementationDeclares) {
  BlockedDetector::Options options = Sure();
  options.declared_calls = {SYS_clock_nanosleep, SYS_nanosleep, SYS_select, SYS_pselect6};
  Start(DefectiveCommand("sleeps"), options);
  SendAcquire();
  const auto seen = See();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->by, BlockedBy::kDeclared);
}

TEST_F(BlockedDetectorTest, TellsOneThatBurnsCpu) {
  Start(DefectiveCommand("spins"), Quick());
  SendAcquire();
  const auto seen = See();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->by, BlockedBy::kSpinning);
}

TEST_F(BlockedDetectorTest, DoesNotTakeOneForQuietThatLooksAgainAndAgain) {
  BlockedDetector::Options options = Sure();
  options.quiet_window = std::chrono::seconds(10);
  Start(DefectiveCommand("polls"), options);
  SendAcquire();
  const std::uint64_t first = p().probe.ReadActivity()->switches;
  ASSERT_TRUE(WaitUntil(
      [&] { return detector_->Look(p()) || p().probe.ReadActivity()->switches > first + 20; }));
  EXPECT_FALSE(detector_->Look(p()));
}

TEST_F(BlockedDetectorTest, PresumesWhereNoThreadCanBeLookedAt) {
  BlockedDetector::Options options = Quick();
  options.look_at_thread = false;
  Start(DefectiveCommand("plain"), options);
  SendAcquire();
  const auto seen = See();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->by, BlockedBy::kPresumed);
}

TEST_F(BlockedDetectorTest, DoesNotTakeAStoppedThreadForABlockedOne) {
  Start(ReferenceCommand(), Quick());
  SendAcquire();
  ASSERT_TRUE(See());
  ASSERT_TRUE(SendSignalTo(*p().process, SIGSTOP));
  ASSERT_TRUE(WaitUntil([&] { return p().probe.Look().kind == ThreadState::Kind::kStopped; }));
  EXPECT_FALSE(detector_->Look(p()));
  ASSERT_TRUE(SendSignalTo(*p().process, SIGCONT));
  const auto again = See();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->by, BlockedBy::kFutex);
}

TEST_F(BlockedDetectorTest, SeesNothingOfADeadProcess) {
  Start(ReferenceCommand(), Quick());
  SendAcquire();
  ASSERT_TRUE(See());
  ASSERT_TRUE(SendSignalTo(*p().process, SIGKILL));
  ASSERT_TRUE(WaitUntil([&] {
    crew_->Pump(nanoseconds(0));
    return p().process->dead;
  }));
  EXPECT_FALSE(detector_->Look(p()));
  EXPECT_EQ(detector_->Whereabouts(p()), "p: died SIGKILL");
}

TEST_F(BlockedDetectorTest, SaysWhereABlockedActorIs) {
  Start(ReferenceCommand(), Sure());
  SendAcquire();
  ASSERT_TRUE(See());
  const std::string where = detector_->Whereabouts(p());
  EXPECT_TRUE(where.starts_with("p: in acquire for ")) << where;
  EXPECT_NE(where.find(" ms, asleep in futex at 0x"), std::string::npos) << where;
  EXPECT_TRUE(where.ends_with(", for ever, on s")) << where;
}

TEST_F(BlockedDetectorTest, FindsEverythingStillWhenNothingIsAsked) {
  Start(ReferenceCommand(), Sure());
  EXPECT_EQ(detector_->Quiescent(), BlockedDetector::Stillness::kSure);
}

TEST_F(BlockedDetectorTest, FindsEverythingStillWhenAllSleepOnTheirSemaphore) {
  Start(ReferenceCommand(), Sure());
  SendAcquire();
  ASSERT_TRUE(See());
  EXPECT_TRUE(
      WaitUntil([&] { return detector_->Quiescent() == BlockedDetector::Stillness::kSure; }));
}

TEST_F(BlockedDetectorTest, FindsAStoppedCallStill) {
  Start(ReferenceCommand(), Sure());
  SendAcquire();
  ASSERT_TRUE(See());
  ASSERT_TRUE(SendSignalTo(*p().process, SIGSTOP));
  EXPECT_TRUE(
      WaitUntil([&] { return detector_->Quiescent() == BlockedDetector::Stillness::kSure; }));
  ASSERT_TRUE(SendSignalTo(*p().process, SIGCONT));
}

TEST_F(BlockedDetectorTest, DoesNotFindItStillWhileOneRuns) {
  Start(DefectiveCommand("spins"), Sure());
  SendAcquire();
  ASSERT_TRUE(WaitUntil([&] { return p().probe.Look().kind == ThreadState::Kind::kRunning; }));
  EXPECT_FALSE(detector_->Quiescent());
}

TEST_F(BlockedDetectorTest, IsNotSureThatASleeperOfAWeakerKindStaysAsleep) {
  BlockedDetector::Options options = Sure();
  options.declared_calls = {SYS_clock_nanosleep, SYS_nanosleep, SYS_select, SYS_pselect6};
  Start(DefectiveCommand("sleeps"), options);
  SendAcquire();
  ASSERT_TRUE(See());
  EXPECT_TRUE(
      WaitUntil([&] { return detector_->Quiescent() == BlockedDetector::Stillness::kLooksSo; }));
}

}  // namespace
}  // namespace lockstep
