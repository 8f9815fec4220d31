// SPDX-License-Identifier: MIT
#include "channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace lockstep::adapter {
namespace {

// A channel and the harness's two ends of it.
class ChannelTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "lockstep-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    const std::string path = directory_ + "/c";
    ASSERT_EQ(mkfifo((path + ".in").c_str(), 0600), 0);
    ASSERT_EQ(mkfifo((path + ".out").c_str(), 0600), 0);
    to_fd_ = open((path + ".in").c_str(), O_RDWR | O_CLOEXEC);
    from_fd_ = open((path + ".out").c_str(), O_RDWR | O_CLOEXEC);
    std::string problem;
    channel_ = Channel::OpenFifos(path, &problem);
    ASSERT_NE(channel_, nullptr) << problem;
  }

  void TearDown() override {
    if (to_fd_ >= 0) close(to_fd_);
    if (from_fd_ >= 0) close(from_fd_);
    std::filesystem::remove_all(directory_);
  }

  void Send(const std::string& text) {
    ASSERT_EQ(write(to_fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  std::string directory_;
  int to_fd_ = -1;
  int from_fd_ = -1;
  std::unique_ptr<Channel> channel_;
};

TEST_F(ChannelTest, SplitsWhatArrivesIntoLines) {
  Send("one\n\nthr");
  std::string_view line;
  ASSERT_EQ(channel_->ReadLine(-1, &line), Channel::Read::kLine);
  EXPECT_EQ(line, "one");
  ASSERT_EQ(channel_->ReadLine(-1, &line), Channel::Read::kLine);
  EXPECT_EQ(line, "");
  Send("ee\n");
  ASSERT_EQ(channel_->ReadLine(-1, &line), Channel::Read::kLine);
  EXPECT_EQ(line, "three");
}

TEST_F(ChannelTest, EndsWhenTheHarnessHangsUpAndDropsHalfALine) {
  Send("whole\nhalf");
  close(to_fd_);
  to_fd_ = -1;
  std::string_view line;
  ASSERT_EQ(channel_->ReadLine(-1, &line), Channel::Read::kLine);
  EXPECT_EQ(line, "whole");
  EXPECT_EQ(channel_->ReadLine(-1, &line), Channel::Read::kEnd);
}

TEST_F(ChannelTest, IsInterruptedWhenTheWakeDescriptorIsReadable) {
  const int wake_fd = eventfd(1, EFD_CLOEXEC);
  std::string_view line;
  EXPECT_EQ(channel_->ReadLine(wake_fd, &line), Channel::Read::kInterrupted);
  std::uint64_t count = 0;
  ASSERT_EQ(read(wake_fd, &count, sizeof count), static_cast<ssize_t>(sizeof count));
  Send("line\n");
  EXPECT_EQ(channel_->ReadLine(wake_fd, &line), Channel::Read::kLine);
  EXPECT_EQ(line, "line");
  close(wake_fd);
}

TEST_F(ChannelTest, RefusesALineOfMoreThanOneMebibyte) {
  const std::string part(4096, 'x');
  std::string_view line;
  const pid_t writer = fork();
  if (writer == 0) {
    for (int i = 0; i < 257; ++i) {
      if (write(to_fd_, part.data(), part.size()) < 0) break;
    }
    _exit(0);
  }
  EXPECT_EQ(channel_->ReadLine(-1, &line), Channel::Read::kTooLong);
  kill(writer, SIGKILL);
  EXPECT_EQ(waitpid(writer, nullptr, 0), writer);
}

TEST_F(ChannelTest, TellsThatNobodyReadsAnyMore) {
  signal(SIGPIPE, SIG_IGN);
  EXPECT_TRUE(channel_->WriteLine("a\n"));
  close(from_fd_);
  from_fd_ = -1;
  EXPECT_FALSE(channel_->WriteLine("b\n"));
}

TEST_F(ChannelTest, HasDescriptorsThatAreClosedOnExec) {
  int seen = 0;
  for (int fd = 3; fd < 64; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    const auto target =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).string();
    if (!target.starts_with(directory_)) continue;
    EXPECT_NE(flags & FD_CLOEXEC, 0) << target;
    ++seen;
  }
  EXPECT_EQ(seen, 4);  // the channel's two and the harness's two
}

TEST(Channel, SaysWhichFifoIsMissing) {
  std::string problem;
  EXPECT_EQ(Channel::OpenFifos("/nowhere/c", &problem), nullptr);
  EXPECT_EQ(problem, "/nowhere/c.in: No such file or directory");
}

}  // namespace
}  // namespace lockstep::adapter
