// SPDX-License-Identifier: MIT
//
// The reference adapter, driven over its FIFOs: signals.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "signals.h"
#include "test_harness.h"

namespace lockstep::adapter {
namespace {

constexpr char kNone[] = R"("returned": null)";
constexpr char kTrue[] = R"("returned": true)";
constexpr char kHandled[] = R"({"handled": "SIGUSR1"})";

class SignalTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(root_
                    .Call("SemLock", R"("as": "s", "args": [1, 0, 8, ")" + adapter_.FreshName() +
                                         R"(", true])")
                    .starts_with(R"("returned": )"));
  }

  std::string OnSignal(TestActor& actor, const std::string& arguments) {
    return actor.Call("on_signal", R"("args": [)" + arguments + "]");
  }

  // Has the actor wait for a permit, without or with a limit.
  void Block(TestActor& actor, const std::string& arguments = "[]") {
    actor.Start("acquire", R"("on": "s", "args": )" + arguments);
    EXPECT_TRUE(actor.Note().starts_with(R"({"calling": )"));
    actor.ExpectBlocked();
  }

  void End(TestActor& child) {
    child.HangUp();
    EXPECT_EQ(root_.Call("reap", R"("args": [)" + std::to_string(child.pid()) + "]"),
              R"("returned": 0)");
  }

  std::string Release(TestActor& actor) { return actor.Call("release", R"("on": "s")"); }

  TestAdapter adapter_{ReferenceAdapter()};
  TestActor& root_ = adapter_.root();
};

TEST_F(SignalTest, RunsAnActionInAWaitAndGoesOnWaiting) {
  TestActor child(adapter_.directory(), "c");
  root_.Call("fork", R"("args": ["c"])");
  child.ExpectHello();
  EXPECT_EQ(OnSignal(child, R"("SIGUSR1", "return")"), kNone);
  Block(child);
  for (int i = 0; i < 3; ++i) {
    kill(child.pid(), SIGUSR1);
    EXPECT_EQ(child.Note(), kHandled);
    child.ExpectBlocked();
  }
  EXPECT_EQ(Release(root_), kNone);
  EXPECT_EQ(child.Finish(), kTrue);
  End(child);
}

TEST_F(SignalTest, KeepsTheDeadlineOfAWaitThatIsInterrupted) {
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "return")"), kNone);
  Block(root_, "[true, 0.2]");
  kill(root_.pid(), SIGUSR1);
  EXPECT_EQ(root_.Note(), kHandled);
  EXPECT_EQ(root_.Finish(), R"("returned": false)");
  EXPECT_GE(root_.elapsed_ns(), 199'800'000);
}

TEST_F(SignalTest, AbandonsAWaitWithWhatTheActionRaises) {
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "raise", "KeyError")"), kNone);
  Block(root_);
  kill(root_.pid(), SIGUSR1);
  EXPECT_EQ(root_.Note(), kHandled);
  EXPECT_EQ(root_.Finish(),
            R"("raised": {"type": "KeyError", "message": "SIGUSR1", "errno": null})");
  EXPECT_EQ(root_.Call("_count", R"("on": "s")"), R"("returned": 0)");
}

TEST_F(SignalTest, CallsWhatTheActionSaysInTheMiddleOfAWait) {
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "call", {"op": "release", "on": "s"})"), kNone);
  Block(root_);
  kill(root_.pid(), SIGUSR1);
  EXPECT_EQ(root_.Note(), kHandled);
  EXPECT_EQ(root_.Finish(), kTrue);
}

TEST_F(SignalTest, RunsAnActionAtOnceWhileTheActorIsIdle) {
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "call", {"op": "release", "on": "s"})"), kNone);
  kill(root_.pid(), SIGUSR1);  // it may be on its way to the next request: no matter
  EXPECT_EQ(root_.Note(), kHandled);
  EXPECT_EQ(root_.Call("_get_value", R"("on": "s")"), R"("returned": 1)");
  root_.ExpectIdle();
  kill(root_.pid(), SIGUSR1);
  EXPECT_EQ(root_.Note(), kHandled);
  EXPECT_EQ(root_.Call("_get_value", R"("on": "s")"), R"("returned": 2)");
}

TEST_F(SignalTest, NeverMissesASignalThatComesBetweenTwoRequests) {
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "return")"), kNone);
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(root_.Call("nop"), kNone);
    kill(root_.pid(), SIGUSR1);
    ASSERT_EQ(root_.Note(), kHandled);
  }
}

TEST_F(SignalTest, DropsWhatAnActionRaisesOutsideOfACall) {
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "raise", "KeyError")"), kNone);
  kill(root_.pid(), SIGUSR1);
  EXPECT_EQ(root_.Note(), kHandled);
  EXPECT_EQ(root_.Call("nop"), kNone);
}

TEST_F(SignalTest, HasTheKernelIgnoreASignalOrTakeItsDefault) {
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "ignore")"), kNone);
  kill(root_.pid(), SIGUSR1);
  EXPECT_EQ(root_.Call("nop"), kNone);
  EXPECT_TRUE(root_.notes.empty());
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "default")"), kNone);
  kill(root_.pid(), SIGUSR1);
  EXPECT_EQ(WTERMSIG(adapter_.Wait()), SIGUSR1);
}

TEST_F(SignalTest, LeavesTheWaitsOfThreadsAloneAndRunsActionsOnTheMainThread) {
  TestActor thread(adapter_.directory(), "t");
  EXPECT_EQ(root_.Call("thread", R"("args": ["t"])"), kNone);
  thread.ExpectHello();
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "raise", "KeyError")"), kNone);
  Block(thread);
  // To that very thread.
  ASSERT_EQ(syscall(SYS_tgkill, thread.pid(), thread.tid(), SIGUSR1), 0);
  EXPECT_EQ(root_.Note(), kHandled);
  thread.ExpectBlocked();
  EXPECT_EQ(Release(root_), kNone);
  EXPECT_EQ(thread.Finish(), kTrue);
}

TEST_F(SignalTest, TellsTheActorThatInstalledTheAction) {
  TestActor thread(adapter_.directory(), "t");
  EXPECT_EQ(root_.Call("thread", R"("args": ["t"])"), kNone);
  thread.ExpectHello();
  EXPECT_EQ(OnSignal(thread, R"("SIGUSR1", "return")"), kNone);
  kill(root_.pid(), SIGUSR1);
  EXPECT_EQ(thread.Note(), kHandled);
}

TEST_F(SignalTest, GivesAForkedChildActionsOfItsOwn) {
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "return")"), kNone);
  TestActor child(adapter_.directory(), "c");
  root_.Call("fork", R"("args": ["c"])");
  child.ExpectHello();
  kill(child.pid(), SIGUSR1);
  EXPECT_EQ(child.Note(), kHandled);
  EXPECT_EQ(root_.Call("nop"), kNone);
  EXPECT_TRUE(root_.notes.empty());
  End(child);
}

TEST_F(SignalTest, LetsAWaitGoOnWhenItIsToBeRestartedAndDropsWhatTheActionRaises) {
  TestActor child(adapter_.directory(), "c");
  root_.Call("fork", R"("args": ["c"])");
  child.ExpectHello();
  EXPECT_EQ(root_.Call("on_signal", R"("args": ["SIGUSR1", "raise", "KeyError"], "restart": true)"),
            kNone);
  Block(root_);
  kill(root_.pid(), SIGUSR1);
  EXPECT_EQ(Release(child), kNone);
  EXPECT_EQ(root_.Finish(), kTrue);
  EXPECT_EQ(root_.notes, std::vector<std::string>{kHandled});
  End(child);
}

TEST_F(SignalTest, RefusesAnActionThatItDoesNotKnow) {
  EXPECT_EQ(OnSignal(root_, R"("SIGNONE", "return")"), R"("error": "no signal 'SIGNONE'")");
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "dance")"), R"("error": "no action 'dance'")");
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "raise")"),
            R"("error": "'raise' needs the name of a type")");
  EXPECT_EQ(OnSignal(root_, R"("SIGUSR1", "call")"), R"("error": "'call' needs a request")");
  EXPECT_EQ(OnSignal(root_, R"("SIGKILL", "return")"),
            R"("raised": {"type": "OSError", "message": "Invalid argument", "errno": 22})");
}

TEST(SignalNumber, KnowsTheSignalsByTheirNames) {
  EXPECT_EQ(SignalNumber("SIGUSR1"), SIGUSR1);
  EXPECT_EQ(SignalNumber("SIGKILL"), SIGKILL);
  EXPECT_EQ(SignalNumber("SIGRTMIN"), SIGRTMIN);
  EXPECT_EQ(SignalNumber("SIGRTMIN+2"), SIGRTMIN + 2);
  EXPECT_EQ(SignalNumber("SIGRTMAX"), SIGRTMAX);
  for (const char* name : {"", "USR1", "SIGRTMIN+", "SIGRTMIN2", "SIGRTMIN+99", "SIGRTMIN+1x"}) {
    EXPECT_EQ(SignalNumber(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace lockstep::adapter
