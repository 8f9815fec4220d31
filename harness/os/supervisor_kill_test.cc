// SPDX-License-Identifier: MIT
// What ends with a supervisor, with its KillAll, and with the harness.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "harness/os/process_view.h"
#include "harness/os/testing_launch.h"

namespace lockstep {
namespace {

constexpr std::chrono::seconds kKillBound{10};

class SupervisorKillTest : public SupervisorTest {
 protected:
  std::vector<pid_t> Below() const { return LivingBelow(supervisor_->pid()); }
};

TEST_P(SupervisorKillTest, KillsAProcessThatIgnoresSignals) {
  ASSERT_TRUE(supervisor_->Launch(Shell("trap '' TERM INT HUP; while true; do sleep 60; done")));
  ASSERT_TRUE(supervisor_->KillAll());
  EXPECT_TRUE(Below().empty());
}

TEST_P(SupervisorKillTest, KillsATree) {
  ASSERT_TRUE(supervisor_->Launch(Program({"tree", "4"})));
  ASSERT_TRUE(WaitUntil([&] { return Below().size() == 31; }));
  ASSERT_TRUE(supervisor_->KillAll());
  EXPECT_TRUE(Below().empty());
}

TEST_P(SupervisorKillTest, KillsADaemon) {
  ASSERT_TRUE(supervisor_->Launch(Program({"daemon"})));
  // The first two have ended, and the daemon is the supervisor's.
  ASSERT_TRUE(
      WaitUntil([&] { return Below().size() == 1 && ChildrenOf(supervisor_->pid()).size() == 1; }));
  ASSERT_TRUE(supervisor_->KillAll());
  EXPECT_TRUE(Below().empty());
}

TEST_P(SupervisorKillTest, KillsAProcessThatForksAndExitsWithoutEnd) {
  const auto first = supervisor_->Launch(Program({"run-away"}));
  ASSERT_TRUE(first);
  ASSERT_TRUE(supervisor_->AwaitReapedStatus(*first, kTestPatience));  // so it has forked
  const std::int64_t before = MonotonicNs();
  ASSERT_TRUE(supervisor_->KillAll());
  EXPECT_LT(nanoseconds(MonotonicNs() - before), kKillBound);
  EXPECT_TRUE(Below().empty());
}

TEST_P(SupervisorKillTest, KillsAStoppedProcess) {
  const auto inner = supervisor_->Launch(Program({"linger"}));
  ASSERT_TRUE(inner);
  const auto outer = OuterChild(supervisor_->pid(), *inner);
  ASSERT_TRUE(outer);
  ASSERT_EQ(::kill(*outer, SIGSTOP), 0);
  ASSERT_TRUE(supervisor_->KillAll());
  EXPECT_TRUE(Below().empty());
}

TEST_P(SupervisorKillTest, TellsTheStatusOfWhatItKilled) {
  const auto inner = supervisor_->Launch(Program({"linger"}));
  ASSERT_TRUE(inner);
  ASSERT_TRUE(supervisor_->KillAll());
  const auto status = supervisor_->ReapedStatus(*inner);
  ASSERT_TRUE(status);
  EXPECT_EQ(*status, SIGKILL);
}

TEST_P(SupervisorKillTest, RunsOnAfterKillingAll) {
  ASSERT_TRUE(supervisor_->KillAll());
  ASSERT_TRUE(supervisor_->KillAll());
  EXPECT_EQ(OutputOf(Shell("echo again")), "again\n");
}

TEST_P(SupervisorKillTest, EndsEverythingWhenDestroyed) {
  ASSERT_TRUE(supervisor_->Launch(Program({"tree", "3"})));
  ASSERT_TRUE(supervisor_->Launch(Program({"daemon"})));
  ASSERT_TRUE(WaitUntil([&] { return Below().size() == 16; }));
  const std::vector<pid_t> before = LivingBelow(::getpid());
  supervisor_.reset();
  for (const pid_t pid : before) EXPECT_NE(::kill(pid, 0), 0) << CommandLineOf(pid);
}

INSTANTIATE_TEST_SUITE_P(Isolations, SupervisorKillTest, testing::ValuesIn(IsolationsHere()),
                         [](const auto& about) { return ToText(about.param); });

// --- The harness's own end
// -----------------------------------------------------------------------------

class KilledHarnessTest : public testing::TestWithParam<Isolation> {
 protected:
  KilledHarnessTest() { AdoptOrphans(); }
  ~KilledHarnessTest() override {
    EXPECT_TRUE(WaitUntil([] {
      ReapAll();
      return ChildrenOf(::getpid()).empty();
    }));
  }

  // A harness that starts a supervisor, runs things below it, makes a name in its /dev/shm, says
  // so, and waits.
  int BeAHarness(int say_fd) const {
    auto supervisor = Supervisor::Start(GetParam(), prefix_);
    if (!supervisor) return 1;
    for (const char* what : {"linger", "daemon", "tree"}) {
      LaunchOptions options;
      options.argv = {LOCKSTEP_TESTING_PROGRAM, what, "2"};
      if (!supervisor->Launch(options)) return 2;
    }
    const UniqueFd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    LaunchOptions open;
    open.output_fd = nowhere.get();
    open.argv = {LOCKSTEP_TESTING_PROGRAM, "shm-open", "/" + prefix_};
    if (!supervisor->Launch(open)) return 3;
    // One, one and seven processes, and a name.
    const bool ready = WaitUntil([&] {
      return LivingBelow(supervisor->pid()).size() == 9 && supervisor->ShmNames().size() == 1;
    });
    if (!ready || ::write(say_fd, "ready\n", 6) != 6) return 4;
    while (true) ::pause();
  }

  const std::string prefix_ = TestNamePrefix();
};

TEST_P(KilledHarnessTest, TakesEverythingBelowWithItAndLeavesNoName) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd reader(fds[0]);
  UniqueFd writer(fds[1]);
  TestChild harness([&] { return BeAHarness(writer.get()); });
  writer.Reset();
  ASSERT_EQ(ReadLine(reader.get()), "ready\n");
  // With the supervisor, and its guardian. What was counted so far may have been on its way to
  // becoming a daemon.
  const std::size_t expected = GetParam() == Isolation::kNone ? 10 : 11;
  std::vector<pid_t> below;
  ASSERT_TRUE(WaitUntil([&] {
    below = LivingBelow(harness.pid());
    return below.size() == expected;
  }));
  EXPECT_EQ(OwnShmNames(prefix_).size(), GetParam() == Isolation::kNone ? 1u : 0u);

  harness.Signal(SIGKILL);
  harness.Wait();
  EXPECT_TRUE(WaitUntil([&] {
    ReapAll();
    for (const pid_t pid : below) {
      if (::kill(pid, 0) == 0) return false;
    }
    return true;
  }));
  EXPECT_TRUE(WaitUntil([&] { return OwnShmNames(prefix_).empty(); }));
}

TEST_P(KilledHarnessTest, TakesARunAwayWithIt) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd reader(fds[0]);
  UniqueFd writer(fds[1]);
  TestChild harness([&] {
    auto supervisor = Supervisor::Start(GetParam(), prefix_);
    if (!supervisor) return 1;
    LaunchOptions options;
    options.argv = {LOCKSTEP_TESTING_PROGRAM, "run-away"};
    const auto first = supervisor->Launch(options);
    if (!first || !supervisor->AwaitReapedStatus(*first, kTestPatience)) return 2;
    if (::write(writer.get(), "ready\n", 6) != 6) return 3;
    while (true) ::pause();
  });
  writer.Reset();
  ASSERT_EQ(ReadLine(reader.get()), "ready\n");
  harness.Signal(SIGKILL);
  harness.Wait();
  // Adopted orphans would be ours: none is left once nobody is below us.
  EXPECT_TRUE(WaitUntil([] {
    ReapAll();
    return ChildrenOf(::getpid()).empty();
  }));
}

TEST_P(KilledHarnessTest, IsNotSurvivedByASupervisorOfAnotherOne) {
  // Each supervisor closes what belongs to others: one that lives on must not keep another's
  // control socket open.
  auto other = Supervisor::Start(GetParam(), prefix_ + "-other");
  ASSERT_TRUE(other);
  auto first = std::make_unique<Supervisor>(std::move(*Supervisor::Start(GetParam(), prefix_)));
  auto second = Supervisor::Start(GetParam(), prefix_ + "-second");
  ASSERT_TRUE(second);
  const pid_t pid = first->pid();
  const std::int64_t before = MonotonicNs();
  first.reset();
  EXPECT_LT(nanoseconds(MonotonicNs() - before), kKillBound);
  EXPECT_NE(::kill(pid, 0), 0);
}

INSTANTIATE_TEST_SUITE_P(Isolations, KilledHarnessTest, testing::ValuesIn(IsolationsHere()),
                         [](const auto& about) { return ToText(about.param); });

}  // namespace
}  // namespace lockstep
