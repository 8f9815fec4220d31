// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

Version V(const std::string& text) { return Version::Parse(text).value(); }

TEST(Version, IsComparedNumberByNumber) {
  EXPECT_LT(V("3.9"), V("3.14"));
  EXPECT_LT(V("3.14"), V("3.14.1"));
  EXPECT_GT(V("10"), V("9.9.9"));
}

TEST(Version, HasZeroesForWhatIsMissing) {
  EXPECT_EQ(V("3"), V("3.0.0"));
  EXPECT_GE(V("3.12"), V("3.12.0"));
}

TEST(Version, KeepsItsText) { EXPECT_EQ(V("3.14.2").Text(), "3.14.2"); }

TEST(Version, RefusesWhatIsNone) {
  for (const std::string text :
       {"", ".", "3.", ".3", "3..1", "3.x", "-3", "3.-1", "3 ", "99999999999"}) {
    EXPECT_FALSE(Version::Parse(text).has_value()) << text;
  }
}

Condition When(const std::string& text) {
  return ParseSteps("p nop() when " + text, "t.toml", 1).value().at(0).condition;
}

bool OnPython(const std::string& condition, const std::string& version) {
  return When(condition).Holds(Platform{V(version), "", {}});
}

TEST(Condition, ComparesPythonsVersion) {
  EXPECT_TRUE(OnPython(">= 3.12", "3.12"));
  EXPECT_TRUE(OnPython(">= 3.12", "3.14.2"));
  EXPECT_FALSE(OnPython(">= 3.12", "3.9"));
  EXPECT_TRUE(OnPython("< 3.12", "3.11.9"));
  EXPECT_TRUE(OnPython("<= 3.12", "3.12"));
  EXPECT_FALSE(OnPython("> 3.12", "3.12"));
  EXPECT_TRUE(OnPython("== 3.12", "3.12"));
  EXPECT_TRUE(OnPython("!= 3.12", "3.13"));
  EXPECT_TRUE(OnPython("python < 3.12", "3.8"));
}

TEST(Condition, HoldsWhenEveryTermDoes) {
  EXPECT_TRUE(OnPython(">= 3.8 and < 3.12", "3.10"));
  EXPECT_FALSE(OnPython(">= 3.8 and < 3.12", "3.12"));
}

TEST(Condition, ComparesTheVersionOfThisCLibraryOnly) {
  const Platform glibc{V("3.14"), "glibc", V("2.36")};
  EXPECT_TRUE(When("glibc < 2.41").Holds(glibc));
  EXPECT_FALSE(When("glibc >= 2.41").Holds(glibc));
  EXPECT_FALSE(When("musl >= 0").Holds(glibc));
}

TEST(Condition, OnALibraryNeverHoldsWhereItIsUnknown) {
  const Platform unknown{V("3.14"), "", {}};
  EXPECT_FALSE(When("glibc >= 0").Holds(unknown));
  EXPECT_FALSE(When("glibc != 2.41").Holds(unknown));
}

TEST(Condition, HoldsAlwaysWhenThereIsNone) { EXPECT_TRUE(Condition{}.Holds(Platform{})); }

TEST(Condition, ChoosesTheStepsOfAPlatform) {
  Scenario scenario;
  scenario.steps =
      ParseSteps("p nop() when < 3.12\np umask(0) when >= 3.12\np umask(1)", "t.toml", 1).value();
  const std::vector<const Step*> steps = scenario.StepsFor(Platform{V("3.14"), "", {}});
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0], &scenario.steps[1]);
}

TEST(Condition, KeepsCheckingApartWhatIsOnDifferentPlatforms) {
  // On each platform `c` is made once, and its call is judged before the next.
  const std::string transcript =
      "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
      "p fork c when >= 3.12\n"
      "start c when < 3.12\n"
      "p s.acquire('x') -> blocked when >= 3.12\n"
      "p s.acquire('x') raises TypeError when < 3.12\n"
      "p returns True when >= 3.12\n"
      "p nop()";
  const Result<std::vector<Step>> steps = ParseSteps(transcript, "t.toml", 1);
  EXPECT_TRUE(steps.has_value()) << steps.error().Text();
}

}  // namespace
}  // namespace lockstep
