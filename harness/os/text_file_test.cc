// SPDX-License-Identifier: MIT
#include "harness/os/text_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

class TextFileTest : public testing::Test {
 protected:
  const TestFolder folder_;
  const std::string path_ = folder_.path() + "/f";
};

TEST_F(TextFileTest, ReadsWhatWasWritten) {
  const std::string text = std::string("a\0b\r\n", 5) + std::string(100'000, 'x');
  ASSERT_TRUE(ReplaceTextFile(path_, text));
  EXPECT_EQ(ReadTextFile(path_), text);
  ASSERT_TRUE(ReplaceTextFile(path_, ""));
  EXPECT_EQ(ReadTextFile(path_), "");
}

TEST_F(TextFileTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(ReadTextFile(path_).error().message, path_ + ": No such file or directory");
  EXPECT_EQ(ReadTextFile(folder_.path()).error().message, folder_.path() + ": Is a directory");
}

TEST_F(TextFileTest, LeavesWhatItCannotReplaceAndNothingBesideIt) {
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  EXPECT_EQ(ReplaceTextFile(path_, "text").error().message,
            "cannot write " + path_ + ": Is a directory");
  EXPECT_NE(::access((path_ + ".new").c_str(), F_OK), 0);
  EXPECT_EQ(ReplaceTextFile("/nowhere/f", "text").error().message,
            "cannot write /nowhere/f: No such file or directory");
}

TEST_F(TextFileTest, ReplacesWhatALinkLeadsTo) {
  const std::string link = folder_.path() + "/link";
  ASSERT_TRUE(ReplaceTextFile(path_, "before"));
  ASSERT_EQ(::symlink(path_.c_str(), link.c_str()), 0);
  ASSERT_TRUE(ReplaceTextFile(link, "after"));
  EXPECT_EQ(ReadTextFile(path_), "after");
  struct stat info = {};
  ASSERT_EQ(::lstat(link.c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
}

TEST_F(TextFileTest, WritesIntoWhatIsNoRegularFile) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  EXPECT_TRUE(ReplaceTextFile(path_, "text"));
  char got[8] = {};
  EXPECT_EQ(::read(reader, got, sizeof got), 4);
  EXPECT_STREQ(got, "text");
  ::close(reader);
  struct stat info = {};
  ASSERT_EQ(::lstat(path_.c_str(), &info), 0);
  EXPECT_TRUE(S_ISFIFO(info.st_mode));
}

TEST_F(TextFileTest, WritesInPlaceWhereNothingMayStandBesideIt) {
  ASSERT_TRUE(ReplaceTextFile(path_, "before, and longer"));
  // Not even root may make a file where a folder is.
  ASSERT_EQ(::mkdir((path_ + ".new").c_str(), 0700), 0);
  ASSERT_TRUE(ReplaceTextFile(path_, "after"));
  EXPECT_EQ(ReadTextFile(path_), "after");
}

}  // namespace
}  // namespace lockstep
