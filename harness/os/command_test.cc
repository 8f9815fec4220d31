// SPDX-License-Identifier: MIT
#include "harness/os/command.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "harness/os/process_view.h"
#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

using std::chrono::milliseconds;

Result<CommandOutput> Shell(const std::string& script, nanoseconds limit = kTestPatience) {
  return RunCommand({"/bin/sh", "-c", script}, {"PATH=/usr/bin:/bin", "WORD=given"}, limit);
}

TEST(RunCommand, GivesOutputAndStatus) {
  const auto result = Shell("echo hello; exit 3");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "hello\n");
  ASSERT_TRUE(WIFEXITED(result->status));
  EXPECT_EQ(WEXITSTATUS(result->status), 3);
}

TEST(RunCommand, GivesTheSignalOfACommandThatDied) {
  const auto result = Shell("kill -SEGV $$");
  ASSERT_TRUE(result);
  ASSERT_TRUE(WIFSIGNALED(result->status));
  EXPECT_EQ(WTERMSIG(result->status), SIGSEGV);
}

TEST(RunCommand, ThrowsStandardErrorAway) {
  const auto result = Shell("echo out; echo err >&2");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "out\n");
}

TEST(RunCommand, GivesAnEmptyStandardInput) {
  const auto result = Shell("cat");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "");
}

TEST(RunCommand, GivesTheEnvironmentAndNoOther) {
  const auto result = Shell("echo $WORD; echo \"[$HOME]\"");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "given\n[]\n");
}

TEST(RunCommand, GivesSignalsTheirDefaults) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto result = Shell("kill -PIPE $$; echo survived");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "");
  EXPECT_TRUE(WIFSIGNALED(result->status));
}

TEST(RunCommand, SaysWhatCannotBeRun) {
  const auto result = RunCommand({"/nowhere/at-all"}, {}, kTestPatience);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "cannot run /nowhere/at-all: No such file or directory");
}

TEST(RunCommand, KillsTheWholeGroupWhenTimeIsUp) {
  // The background process holds the output open, and says who it is before it lingers.
  const TestFolder folder;
  const std::string pid_file = folder.path() + "/pid";
  AdoptOrphans();
  const auto result = Shell("sleep 60 & echo $! >" + pid_file + "; wait", milliseconds(300));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "/bin/sh did not end in time");
  const pid_t background = std::atoi(ReadSmallFile(pid_file).c_str());
  ASSERT_GT(background, 0);
  EXPECT_TRUE(WaitUntil([&] {
    ReapAll();
    return ReadSmallFile("/proc/" + std::to_string(background) + "/stat").empty();
  }));
}

TEST(RunCommand, IsNotFooledByACommandThatClosesItsOutputAndLivesOn) {
  const auto result = Shell("exec >&-; sleep 60", milliseconds(300));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "/bin/sh did not end in time");
}

TEST(RunCommand, EndsACommandThatHasMoreToSayThanIsWanted) {
  const auto result = Shell("while echo yes; do :; done 2>/dev/null; exec yes");
  ASSERT_TRUE(result);
  EXPECT_GE(result->output.size(), 1u << 20);
  EXPECT_LT(result->output.size(), (1u << 20) + 65536);
}

class FindOnPathTest : public testing::Test {
 protected:
  FindOnPathTest() : before_(std::getenv("PATH")) {}
  ~FindOnPathTest() override { ::setenv("PATH", before_.c_str(), 1); }
  const std::string before_;
};

TEST_F(FindOnPathTest, TakesTheFirstFolderThatHasIt) {
  ::setenv("PATH", "/nowhere:/bin:/usr/bin", 1);
  EXPECT_EQ(FindOnPath("sh"), "/bin/sh");
}

TEST_F(FindOnPathTest, FindsNothingWhereNothingIs) {
  ::setenv("PATH", "/nowhere", 1);
  EXPECT_EQ(FindOnPath("sh"), "");
}

TEST_F(FindOnPathTest, TakesNoFolderForACommand) {
  EXPECT_EQ(FindOnPath("/usr/bin"), "");
  ::setenv("PATH", "/usr", 1);
  EXPECT_EQ(FindOnPath("bin"), "");
}

TEST_F(FindOnPathTest, LooksAtACommandWithASlashAsItIs) {
  ::setenv("PATH", "/nowhere", 1);
  EXPECT_EQ(FindOnPath("/bin/sh"), "/bin/sh");
  EXPECT_EQ(FindOnPath("./sh"), "");
}

}  // namespace
}  // namespace lockstep
