// SPDX-License-Identifier: MIT
#include "harness/os/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

// Longer than the 64 KiB that a pipe holds.
std::string LongLine() { return std::string(300'000, 'x') + "\n"; }

class ChannelTest : public testing::Test {
 protected:
  Channel Make() {
    auto channel = Channel::Make(folder_.path() + "/c");
    CHECK(channel.has_value());
    return std::move(*channel);
  }
  // The adapter's ends, opened as PROTOCOL.md says.
  void OpenTheOtherSide() {
    their_in_.Reset(::open((folder_.path() + "/c.in").c_str(), O_RDONLY | O_CLOEXEC));
    their_out_.Reset(::open((folder_.path() + "/c.out").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(their_in_.valid() && their_out_.valid());
  }
  bool Exists(const std::string& name) const {
    return std::filesystem::exists(folder_.path() + "/" + name);
  }

  TestFolder folder_;
  UniqueFd their_in_;
  UniqueFd their_out_;
};

TEST_F(ChannelTest, LetsTheOtherSideOpenBothEndsWithoutWaiting) {
  const Channel channel = Make();
  OpenTheOtherSide();
}

TEST_F(ChannelTest, CarriesALineEachWay) {
  Channel channel = Make();
  OpenTheOtherSide();
  EXPECT_TRUE(channel.Write("to the adapter\n"));
  EXPECT_EQ(ReadLine(their_in_.get()), "to the adapter\n");
  ASSERT_EQ(::write(their_out_.get(), "back\n", 5), 5);
  std::string got;
  EXPECT_EQ(channel.ReadSome(got), Channel::Read::kData);
  EXPECT_EQ(got, "back\n");
}

TEST_F(ChannelTest, AppendsToWhatIsThereAndSaysWhenThereIsNothing) {
  Channel channel = Make();
  OpenTheOtherSide();
  std::string got = "before";
  EXPECT_EQ(channel.ReadSome(got), Channel::Read::kNothing);
  EXPECT_EQ(got, "before");
  ASSERT_EQ(::write(their_out_.get(), "+", 1), 1);
  EXPECT_EQ(channel.ReadSome(got), Channel::Read::kData);
  EXPECT_EQ(got, "before+");
}

TEST_F(ChannelTest, WritesALineThatIsLongerThanThePipe) {
  Channel channel = Make();
  OpenTheOtherSide();
  std::string got;
  std::thread reader([&] { got = ReadLine(their_in_.get()); });
  EXPECT_TRUE(channel.Write(LongLine()));
  reader.join();
  EXPECT_EQ(got, LongLine());
}

TEST_F(ChannelTest, ReadsALineThatIsLongerThanThePipe) {
  Channel channel = Make();
  OpenTheOtherSide();
  const std::string line = LongLine();
  std::thread writer([&] {
    for (std::size_t at = 0; at < line.size();) {
      const ssize_t n = ::write(their_out_.get(), line.data() + at, line.size() - at);
      ASSERT_GT(n, 0);
      at += static_cast<std::size_t>(n);
    }
  });
  std::string got;
  EXPECT_TRUE(WaitUntil([&] {
    while (channel.ReadSome(got) == Channel::Read::kData) {
    }
    return got.ends_with('\n');
  }));
  writer.join();
  EXPECT_EQ(got, line);
}

TEST_F(ChannelTest, GivesUpOnALineThatNobodyReads) {
  const Channel channel = Make();
  OpenTheOtherSide();
  const std::int64_t before = MonotonicNs();
  EXPECT_FALSE(channel.Write(LongLine()));
  EXPECT_LT(nanoseconds(MonotonicNs() - before), std::chrono::seconds(10));
}

TEST_F(ChannelTest, SaysThatTheReaderIsGoneAndSurvivesIt) {
  Channel channel = Make();
  OpenTheOtherSide();
  channel.Settle();
  their_in_.Reset();
  EXPECT_FALSE(channel.Write("nobody reads this\n"));
}

TEST_F(ChannelTest, IsNotAtItsEndBeforeTheOtherSideHasOpenedIt) {
  Channel channel = Make();
  std::string got;
  EXPECT_EQ(channel.ReadSome(got), Channel::Read::kNothing);
}

TEST_F(ChannelTest, SeesTheOtherSidesEndOnlyOnceSettled) {
  Channel channel = Make();
  OpenTheOtherSide();
  std::string got;
  their_out_.Reset();
  EXPECT_EQ(channel.ReadSome(got), Channel::Read::kNothing);
  channel.Settle();
  EXPECT_EQ(channel.ReadSome(got), Channel::Read::kClosed);
}

TEST_F(ChannelTest, RemovesItsFilesWhenSettled) {
  Channel channel = Make();
  EXPECT_TRUE(Exists("c.in") && Exists("c.out"));
  channel.Settle();
  EXPECT_FALSE(Exists("c.in") || Exists("c.out"));
}

TEST_F(ChannelTest, RemovesItsFilesWhenDestroyedUnsettled) {
  { const Channel channel = Make(); }
  EXPECT_FALSE(Exists("c.in") || Exists("c.out"));
}

TEST_F(ChannelTest, KeepsItsFilesWhenMovedFrom) {
  Channel channel = Make();
  {
    const Channel moved = std::move(channel);
    EXPECT_TRUE(Exists("c.in") && Exists("c.out"));
  }
  EXPECT_FALSE(Exists("c.in") || Exists("c.out"));
}

TEST_F(ChannelTest, SaysWhichFileCannotBeMade) {
  const auto channel = Channel::Make(folder_.path() + "/nowhere/c");
  ASSERT_FALSE(channel);
  EXPECT_EQ(channel.error().message,
            "mkfifo " + folder_.path() + "/nowhere/c.in: No such file or directory");
}

TEST_F(ChannelTest, LeavesNoHalfOfAPairBehind) {
  folder_.Write("c.out", "in the way");
  const auto channel = Channel::Make(folder_.path() + "/c");
  ASSERT_FALSE(channel);
  EXPECT_EQ(channel.error().message, "mkfifo " + folder_.path() + "/c.out: File exists");
  EXPECT_FALSE(Exists("c.in"));
}

class OutputCaptureTest : public testing::Test {
 protected:
  OutputCaptureTest() : capture_(std::move(*OutputCapture::Make())) {}
  void Print(const std::string& text) {
    ASSERT_EQ(::write(capture_.write_fd(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  OutputCapture capture_;
};

TEST_F(OutputCaptureTest, HasWhatWasPrinted) {
  Print("one\n");
  capture_.Drain();
  Print("two\n");
  capture_.Drain();
  EXPECT_EQ(capture_.Text(), "one\ntwo\n");
}

TEST_F(OutputCaptureTest, DoesNotWaitWhenNothingWasPrinted) {
  capture_.Drain();
  EXPECT_EQ(capture_.Text(), "");
}

TEST_F(OutputCaptureTest, KeepsFourKibibytesOfTheHeadAndTwelveOfTheTailAndSaysWhatIsMissing) {
  Print(std::string(4 * 1024, 'a') + std::string(20'000, 'x') + std::string(12 * 1024 - 1, 'b') +
        "\n");
  capture_.Drain();
  EXPECT_EQ(capture_.Text(), std::string(4 * 1024, 'a') + "\n[20000 bytes here are not shown]\n" +
                                 std::string(12 * 1024 - 1, 'b') + "\n");
}

TEST_F(OutputCaptureTest, ReturnsFromAFloodAndKeepsItsTail) {
  TestChild flood([&] {
    const std::string line(4096, 'f');
    while (::write(capture_.write_fd(), line.data(), line.size()) > 0) {
    }
    return 0;
  });
  pollfd readable{capture_.read_fd(), POLLIN, 0};
  ASSERT_GT(::poll(&readable, 1, 20'000), 0);
  const std::int64_t before = MonotonicNs();
  for (int i = 0; i < 20; ++i) capture_.Drain();
  EXPECT_LT(nanoseconds(MonotonicNs() - before), std::chrono::seconds(10));
  EXPECT_LE(capture_.Text().size(), 17u * 1024);
}

TEST_F(OutputCaptureTest, StartsAnewWhenCleared) {
  Print(std::string(20'000, 'a'));
  capture_.Drain();
  capture_.Clear();
  Print("b");
  capture_.Drain();
  EXPECT_EQ(capture_.Text(), "b");
}

}  // namespace
}  // namespace lockstep
