// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/protocol/message.h"

namespace lockstep {
namespace {

bool Add(LineBuffer& buffer, const std::string& text) {
  return buffer.Add(text.data(), text.size());
}

std::vector<std::string> TakeAll(LineBuffer& buffer) {
  std::vector<std::string> lines;
  while (const auto line = buffer.Next()) lines.emplace_back(*line);
  return lines;
}

TEST(LineBuffer, GivesWholeLinesAndKeepsTheRest) {
  LineBuffer buffer;
  EXPECT_FALSE(buffer.Next());
  EXPECT_TRUE(Add(buffer, "one\ntwo\nthr"));
  EXPECT_EQ(TakeAll(buffer), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(buffer.Rest(), "thr");
  EXPECT_TRUE(Add(buffer, "ee\n"));
  EXPECT_EQ(TakeAll(buffer), std::vector<std::string>{"three"});
  EXPECT_EQ(buffer.Rest(), "");
}

TEST(LineBuffer, GivesTheSameLinesWhereverTheStreamIsCut) {
  const std::string stream = "\nfirst\n\n\nsecond line\nü\nrest";
  const std::vector<std::string> expected = {"", "first", "", "", "second line", "ü"};
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second) {
      LineBuffer buffer;
      std::vector<std::string> lines;
      for (const std::string& part :
           {stream.substr(0, first), stream.substr(first, second - first), stream.substr(second)}) {
        ASSERT_TRUE(Add(buffer, part));
        for (const std::string& line : TakeAll(buffer)) lines.push_back(line);
      }
      ASSERT_EQ(lines, expected) << "cut at " << first << " and " << second;
      ASSERT_EQ(buffer.Rest(), "rest");
    }
  }
}

TEST(LineBuffer, HoldsALineOfExactlyTheLimit) {
  LineBuffer buffer;
  EXPECT_TRUE(Add(buffer, std::string(kLineLimit - 1, 'x')));
  EXPECT_TRUE(Add(buffer, "\n"));
  EXPECT_EQ(TakeAll(buffer), std::vector<std::string>{std::string(kLineLimit - 1, 'x')});
}

TEST(LineBuffer, RefusesALineOfOneByteMoreEndedOrNot) {
  LineBuffer ended;
  EXPECT_FALSE(Add(ended, std::string(kLineLimit, 'x') + "\n"));
  LineBuffer unended;
  EXPECT_TRUE(Add(unended, std::string(kLineLimit - 1, 'x')));
  EXPECT_FALSE(Add(unended, "x"));
}

TEST(LineBuffer, CountsEachLineForItself) {
  LineBuffer buffer;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Add(buffer, std::string(kLineLimit - 10, 'x') + "\n"));
    EXPECT_EQ(TakeAll(buffer).size(), 1u);
  }
}

TEST(LineBuffer, DoesNotGrowWithWhatWasTaken) {
  LineBuffer buffer;
  // 64 MiB in all: were they kept, the limit would be passed.
  const std::string line = std::string(65535, 'x') + "\n";
  for (int i = 0; i < 1024; ++i) {
    ASSERT_TRUE(Add(buffer, line));
    ASSERT_EQ(TakeAll(buffer).size(), 1u);
  }
}

}  // namespace
}  // namespace lockstep
