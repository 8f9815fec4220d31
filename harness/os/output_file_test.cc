// SPDX-License-Identifier: MIT
#include "harness/os/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/os/process_view.h"
#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

TEST(OpenToWriteAlone, EmptiesWhatWasThere) {
  const TestFolder folder;
  const std::string path = folder.path() + "/f";
  for (const char* text : {"long", "s"}) {
    const auto fd = OpenToWriteAlone(path);
    ASSERT_TRUE(fd);
    ASSERT_GT(::write(fd->get(), text, std::string(text).size()), 0);
  }
  EXPECT_EQ(ReadSmallFile(path), "s");
}

TEST(OpenToWriteAlone, LeavesWhatAnotherWrites) {
  const TestFolder folder;
  const std::string path = folder.path() + "/f";
  const auto first = OpenToWriteAlone(path);
  ASSERT_TRUE(first);
  ASSERT_EQ(::write(first->get(), "kept", 4), 4);
  const auto second = OpenToWriteAlone(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, path + " is being written by another run");
  EXPECT_EQ(ReadSmallFile(path), "kept");
}

TEST(OpenToWriteAlone, TakesWhatCannotBeEmptied) { EXPECT_TRUE(OpenToWriteAlone("/dev/null")); }

TEST(OpenToWriteAlone, SaysWhyItCannot) {
  const auto fd = OpenToWriteAlone("/nowhere/f");
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().message, "/nowhere/f: No such file or directory");
}

}  // namespace
}  // namespace lockstep
