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

}  // namespace
}  // namespace lockstep
