// SPDX-License-Identifier: MIT
#include "harness/scenario/interleavings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using transcript::AllInterleavings;
using transcript::CountInterleavings;

std::vector<Step> Parsed(const std::string& text) {
  auto steps = ParseSteps("p fork a\np fork b\n" + text, "t.toml", 1);
  EXPECT_TRUE(steps.has_value()) << steps.error().Text();
  return steps ? *std::move(steps) : std::vector<Step>();
}

std::string MistakeIn(const std::string& transcript) {
  const auto steps = ParseSteps(transcript, "t.toml", 1);
  return steps ? "" : steps.error().message;
}

std::string TextOf(const std::vector<Step>& steps) {
  std::string out;
  for (const Step& step : steps) out += ToText(step) + "; ";
  return out;
}

std::vector<Scenario> Scenarios(const std::string& steps) {
  auto scenarios = ParseScenarioFile("[[scenario]]\nname = \"t/a\"\nsays = \"A rule.\"\nsource = "
                                     "\"POSIX\"\nsteps = '''\np fork a\np fork b\n" +
                                         steps + "'''\n",
                                     "t.toml");
  EXPECT_TRUE(scenarios.has_value()) << scenarios.error().Text();
  return scenarios ? *std::move(scenarios) : std::vector<Scenario>();
}

TEST(Interleavings, AreOneWhereThereIsNoBlock) {
  const std::vector<Step> steps = Parsed("a nop()\nb nop()\n");
  EXPECT_EQ(CountInterleavings(steps, 100), 1u);
  const auto all = AllInterleavings(steps);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].order, "");
  EXPECT_EQ(TextOf(all[0].steps), TextOf(steps));
}

TEST(Interleavings, KeepEachActorsOwnOrderAndWhatStandsAround) {
  const std::vector<Step> steps =
      Parsed("interleave {\na umask(1)\na umask(2)\nb umask(3)\n}\np nop()\n");
  EXPECT_EQ(CountInterleavings(steps, 100), 3u);
  std::vector<std::string> texts;
  for (const auto& one : AllInterleavings(steps)) texts.push_back(TextOf(one.steps));
  const std::string before = "p fork a; p fork b; ";
  EXPECT_THAT(texts,
              ElementsAre(before + "a umask(1); a umask(2); b umask(3); p nop(); ",
                          before + "a umask(1); b umask(3); a umask(2); p nop(); ",
                          before + "b umask(3); a umask(1); a umask(2); p nop(); "));
}

TEST(Interleavings, OfTwoBlocksAreAllOfOneWithAllOfTheOther) {
  const std::vector<Step> steps =
      Parsed("interleave {\na nop()\nb nop()\n}\ninterleave {\nb nop()\na nop()\n}\n");
  EXPECT_EQ(CountInterleavings(steps, 100), 4u);
  std::set<std::string> orders;
  for (const auto& one : AllInterleavings(steps)) orders.insert(one.order);
  EXPECT_THAT(orders, ElementsAre("a-b-a-b", "a-b-b-a", "b-a-a-b", "b-a-b-a"));
}

TEST(Interleavings, AreCountedAsTheyAreMade) {
  for (int a = 1; a <= 4; ++a) {
    for (int b = 0; b <= 3; ++b) {
      std::string text = "interleave {\n";
      for (int i = 0; i < a; ++i) text += "a nop()\n";
      for (int i = 0; i < b; ++i) text += "b nop()\n";
      const std::vector<Step> steps = Parsed(text + "p nop()\n}\n");
      EXPECT_EQ(CountInterleavings(steps, 100000), AllInterleavings(steps).size());
    }
  }
}

TEST(Interleavings, AreNotCountedBeyondTheBound) {
  std::string text = "interleave {\n";
  for (int i = 0; i < 5; ++i) text += "a nop()\nb nop()\n";
  const std::vector<Step> steps = Parsed(text + "}\n");
  EXPECT_EQ(CountInterleavings(steps, 252), 252u);
  EXPECT_EQ(CountInterleavings(steps, 251), std::nullopt);
}

TEST(Interleavings, AreScenariosWithTheirTurnsInTheirNames) {
  const std::vector<Scenario> all = Scenarios("interleave {\na nop()\nb nop()\n}\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "t/a.a-b");
  EXPECT_EQ(all[1].name, "t/a.b-a");
  EXPECT_EQ(all[1].steps_text, "p fork a\np fork b\nb nop()\na nop()\n");
}

TEST(InterleavingMistakes, AreToldAtTheirPlace) {
  EXPECT_EQ(MistakeIn("interleave {\np nop()\n"),
            "t.toml:1:1: this 'interleave' has no end; expected a line with '}'\n"
            "interleave {\n"
            "^");
  EXPECT_EQ(MistakeIn("interleave {\n}\n"),
            "t.toml:1:1: 'interleave' is empty; expected calls of actors, a line each\n"
            "interleave {\n"
            "^");
  EXPECT_EQ(MistakeIn("interleave {\ninterleave {\np nop()\n}\n}\n"),
            "t.toml:2:1: 'interleave' within 'interleave'\n"
            "interleave {\n"
            "^");
  EXPECT_EQ(MistakeIn("interleave {\np fork c\n}\n"),
            "t.toml:2:1: 'interleave' takes calls of one actor each, and what comes of them\n"
            "p fork c\n"
            "^");
}

TEST(InterleavingMistakes, TooManyOrders) {
  std::string text =
      "[[scenario]]\nname = \"t/a\"\nsays = \"A rule.\"\nsource = \"POSIX\"\nsteps = '''\np fork "
      "a\ninterleave {\n";
  for (int i = 0; i < 5; ++i) text += "a nop()\np nop()\n";
  const auto scenarios = ParseScenarioFile(text + "}\n'''\n", "t.toml");
  ASSERT_FALSE(scenarios.has_value());
  EXPECT_THAT(scenarios.error().message,
              ::testing::HasSubstr("t.toml:2:8: these steps have more than 100 orders; expected "
                                   "fewer steps in 'interleave'"));
}

}  // namespace
}  // namespace lockstep
