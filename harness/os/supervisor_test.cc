// SPDX-License-Identifier: MIT
// Starting a supervisor, and commands below it.
#include "harness/os/supervisor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "harness/os/affinity.h"
#include "harness/os/command.h"
#include "harness/os/process_view.h"
#include "harness/os/testing_launch.h"

namespace lockstep {
namespace {

TEST_P(SupervisorTest, IsAProcessBelowTheHarness) {
  EXPECT_EQ(supervisor_->isolation(), GetParam());
  const std::vector<pid_t> below = LivingBelow(::getpid());
  EXPECT_NE(std::find(below.begin(), below.end(), supervisor_->pid()), below.end());
}

TEST_P(SupervisorTest, RunsACommandAndHandsItsOutputOn) {
  EXPECT_EQ(OutputOf(Shell("echo out; echo err >&2")), "out\nerr\n");
}

TEST_P(SupervisorTest, SaysWhatCannotBeRun) {
  const auto missing = supervisor_->Launch(Command({"/nowhere/at-all", "x"}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "cannot run /nowhere/at-all: No such file or directory");
  const auto directory = supervisor_->Launch(Command({"/usr"}));
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().message, "cannot run /usr: Permission denied");
}

TEST_P(SupervisorTest, GoesOnAfterACommandThatCannotBeRun) {
  ASSERT_FALSE(supervisor_->Launch(Command({"/nowhere/at-all"})));
  EXPECT_EQ(OutputOf(Shell("echo still here")), "still here\n");
}

TEST_P(SupervisorTest, GivesTheEnvironmentAndNoOther) {
  ::setenv("LOCKSTEP_TEST_VARIABLE", "the harness's", 1);
  LaunchOptions options = Command({"/usr/bin/env"});
  options.environment = {"A=1", "B=two words", "EMPTY="};
  EXPECT_EQ(OutputOf(options), "A=1\nB=two words\nEMPTY=\n");
  ::unsetenv("LOCKSTEP_TEST_VARIABLE");
}

TEST_P(SupervisorTest, LooksForTheCommandOnThePathOfItsEnvironment) {
  const TestFolder folder;
  const std::string script = folder.Write("lockstep-test-command", "#!/bin/sh\necho found\n");
  ASSERT_EQ(::chmod(script.c_str(), 0755), 0);
  LaunchOptions options = Command({"lockstep-test-command"});
  EXPECT_EQ(OutputOf(options), "cannot run lockstep-test-command: No such file or directory");
  options.environment = {"PATH=" + folder.path()};
  EXPECT_EQ(OutputOf(options), "found\n");
}

TEST_P(SupervisorTest, PassesArgumentsAsTheyAre) {
  EXPECT_EQ(OutputOf(Command({"/usr/bin/printf", "[%s]", "", "a b", "$HOME", "ü\n"})),
            "[][a b][$HOME][ü\n]");
}

TEST_P(SupervisorTest, StartsInTheDirectoryAsked) {
  const TestFolder folder;
  LaunchOptions options = Shell("pwd -P");
  options.directory = folder.path();
  EXPECT_EQ(OutputOf(options), folder.path() + "\n");
}

TEST_P(SupervisorTest, SaysThatTheDirectoryIsMissing) {
  LaunchOptions options = Shell("pwd");
  options.directory = "/nowhere";
  const auto launched = supervisor_->Launch(options);
  ASSERT_FALSE(launched);
  EXPECT_EQ(launched.error().message, "cannot start in /nowhere: No such file or directory");
}

TEST_P(SupervisorTest, TakesEveryCapabilityAway) {
  EXPECT_EQ(OutputOf(Shell("grep -E 'CapPrm|CapEff|CapAmb|NoNewPrivs' /proc/self/status")),
            "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
            "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\n");
}

TEST_P(SupervisorTest, LeavesNoCapabilityToGain) {
  // Without a namespace of its own an ordinary user may not empty the bounding set; NoNewPrivs makes
  // it one that nothing can be gained from.
  if (GetParam() == Isolation::kNone && ::geteuid() != 0)
    GTEST_SKIP() << "only root may empty the bounding set where namespaces are denied";
  EXPECT_EQ(OutputOf(Shell("grep CapBnd /proc/self/status")), "CapBnd:\t0000000000000000\n");
}

TEST_P(SupervisorTest, KeepsTheUserAsItIs) {
  EXPECT_EQ(OutputOf(Shell("id -u; id -g")), fmt::format("{}\n{}\n", ::geteuid(), ::getegid()));
}

TEST_P(SupervisorTest, GivesSignalsTheirDefaultsAndBlocksNone) {
  EXPECT_EQ(OutputOf(Command({"grep", "-E", "SigBlk|SigIgn", "/proc/self/status"})),
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_P(SupervisorTest, GivesThreeDescriptorsAndNoOther) {
  const UniqueFd leaky(::open("/dev/null", O_RDONLY));  // inheritable
  ASSERT_TRUE(leaky.valid());
  EXPECT_EQ(OutputOf(Shell(
                "for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$n ] && echo $n; done; true")),
            "0\n1\n2\n");
}

TEST_P(SupervisorTest, RunsTheCommandInASessionOfItsOwn) {
  const auto fields = [&](const std::string& stat) {
    std::istringstream words(stat);
    std::string pid, name, state, parent, group, session;
    words >> pid >> name >> state >> parent >> group >> session;
    return std::pair(pid, session);
  };
  const auto [pid, session] = fields(OutputOf(Command({"cat", "/proc/self/stat"})));
  EXPECT_NE(pid, "");
  EXPECT_EQ(pid, session);
}

TEST_P(SupervisorTest, PinsTheCommandToOneCpu) {
  LaunchOptions options = Shell("grep Cpus_allowed_list /proc/self/status");
  options.cpus = {AllowedCpus().back()};
  EXPECT_EQ(OutputOf(options), fmt::format("Cpus_allowed_list:\t{}\n", AllowedCpus().back()));
}

TEST_P(SupervisorTest, RefusesAnEnvironmentThatDoesNotFit) {
  LaunchOptions options = Shell("true");
  options.environment.push_back("LARGE=" + std::string(140'000, 'x'));
  const auto launched = supervisor_->Launch(options);
  ASSERT_FALSE(launched);
  EXPECT_EQ(launched.error().hint, "unset what is large in the environment");
  EXPECT_EQ(OutputOf(Shell("echo unharmed")), "unharmed\n");
}

TEST_P(SupervisorTest, HandsOnAnEnvironmentOfOneHundredKibibytes) {
  LaunchOptions options = Shell("echo ${#LARGE}");
  options.environment.push_back("LARGE=" + std::string(100'000, 'x'));
  EXPECT_EQ(OutputOf(options), "100000\n");
}

TEST_P(SupervisorTest, TellsHowAProcessEndedThatItReaped) {
  const auto exits = supervisor_->Launch(Program({"exit", "7"}));
  const auto dies = supervisor_->Launch(Program({"die", std::to_string(SIGTERM)}));
  ASSERT_TRUE(exits && dies);
  const auto exited = supervisor_->AwaitReapedStatus(*exits, kTestPatience);
  const auto died = supervisor_->AwaitReapedStatus(*dies, kTestPatience);
  ASSERT_TRUE(exited && died);
  EXPECT_EQ(WEXITSTATUS(*exited), 7);
  ASSERT_TRUE(WIFSIGNALED(*died));
  EXPECT_EQ(WTERMSIG(*died), SIGTERM);
  supervisor_->ForgetReaped();
  EXPECT_FALSE(supervisor_->ReapedStatus(*exits));
}

TEST_P(SupervisorTest, KnowsNoStatusOfAProcessThatLives) {
  const auto lives = supervisor_->Launch(Program({"linger"}));
  ASSERT_TRUE(lives);
  EXPECT_FALSE(supervisor_->ReapedStatus(*lives));
  EXPECT_FALSE(supervisor_->AwaitReapedStatus(*lives, std::chrono::milliseconds(1)));
}

TEST_P(SupervisorTest, SaysThatItIsGoneOnceItWasKilled) {
  // Without a namespace the supervisor is the guardian itself, and the harness's own child.
  ASSERT_EQ(::kill(supervisor_->pid(), SIGKILL), 0);
  const auto killed = supervisor_->KillAll();
  ASSERT_FALSE(killed);
  EXPECT_EQ(killed.error().message, "the supervisor is gone");
  EXPECT_FALSE(supervisor_->Launch(Shell("true")));
}

INSTANTIATE_TEST_SUITE_P(Isolations, SupervisorTest, testing::ValuesIn(IsolationsHere()),
                         [](const auto& about) { return ToText(about.param); });

TEST(ProbeIsolation, FindsTheStrongestThatStartsUnlessAskedForNone) {
  const char* asked = std::getenv("LOCKSTEP_ISOLATION");
  if (asked != nullptr && std::string(asked) == "none") {
    EXPECT_EQ(ProbeIsolation().isolation, Isolation::kNone);
    EXPECT_EQ(ProbeIsolation().why_not, "LOCKSTEP_ISOLATION=none asks for it");
    return;
  }
  const std::vector<Isolation> here = IsolationsHere();
  EXPECT_EQ(ProbeIsolation().isolation, here.back());
  EXPECT_EQ(ProbeIsolation().why_not.empty(), ProbeIsolation().isolation != Isolation::kNone);
}

TEST(ProbeIsolation, TakesNoneWhenTheEnvironmentAsksForIt) {
  // It is asked once a process: in another one, of this program, the test above has the variable.
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto other = RunCommand({self, "--gtest_filter=ProbeIsolation.FindsTheStrongest*"},
                                {"LOCKSTEP_ISOLATION=none"}, kTestPatience);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->status, 0) << other->output;
}

}  // namespace
}  // namespace lockstep
