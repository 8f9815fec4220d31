// SPDX-License-Identifier: MIT
#include "harness/fuzz/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "harness/fuzz/generator.h"
#include "harness/model/model.h"
#include "harness/scenario/parser.h"

namespace lockstep::fuzz {
namespace {

const Subject kSubject;

// As small as it gets while it shows something.
std::string Smallest(const std::string& transcript, const std::function<bool(const std::string&)>& shows) {
  const auto steps = ParseSteps(transcript, "t.toml", 1);
  EXPECT_TRUE(steps) << steps.error().Text();
  Writer writer("fuzz/x", kSubject);
  writer.Repeat(*steps);
  Scenario scenario = writer.Take().scenario;
  EXPECT_TRUE(shows(scenario.steps_text)) << scenario.steps_text;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (Written& one : Smaller(scenario, kSubject)) {
      if (!shows(one.scenario.steps_text)) continue;
      scenario = std::move(one.scenario);
      smaller = true;
      break;
    }
  }
  return scenario.steps_text;
}

std::string Shrunk(const std::string& transcript, const std::string& what) {
  return Smallest(transcript, [&](const std::string& text) { return text.find(what) != std::string::npos; });
}

const std::string kLong =
    "p s = SemLock(1, 2, 2, NAME2, False) -> ...\n"
    "p fork a1\n"
    "p fork a2\n"
    "a1 s.acquire() -> True\n"
    "a2 s.acquire(timeout=60.0) -> True\n"
    "p s._count() -> 0\n"
    "p s.acquire(timeout=60.0) -> blocked\n"
    "a2 s.release() -> None\n"
    "p returns True\n"
    "a1 exit(3)\n";

TEST(Shrink, DropsStepsAndActors) {
  EXPECT_EQ(Shrunk(kLong, "s._count()"), "p s = SemLock(1, 0, 1, NAME, True) -> ...\np s._count() -> 0\n");
}

TEST(Shrink, GivesUnitsFromTheStartRatherThanByCalls) {
  EXPECT_EQ(Shrunk(kLong, "-> blocked"), "p s = SemLock(1, 0, 1, NAME, True) -> ...\np s.acquire() -> blocked\n");
}

TEST(Shrink, MergesProcessesIntoThreads) {
  EXPECT_EQ(Shrunk(kLong, "p returns True"),
            "p s = SemLock(1, 0, 1, NAME, True) -> ...\np thread a2\np s.acquire() -> blocked\n"
            "a2 s.release() -> None\np returns True\n");
}

TEST(Shrink, DoesWithOneObject) {
  EXPECT_EQ(Shrunk("p s = SemLock(1, 0, 1, NAME, False) -> ...\np t = SemLock._rebuild(0, 1, 1, NAME) -> ...\n"
                   "p t.acquire() -> blocked\nleft NAME\n",
                   "-> blocked"),
            "p s = SemLock(1, 0, 1, NAME, True) -> ...\np s.acquire() -> blocked\n");
}

TEST(Shrink, LooksEarlier) {
  const auto steps = ParseSteps(kLong, "t.toml", 1);
  Writer writer("fuzz/x", kSubject);
  writer.Repeat(*steps);
  std::set<std::string> texts;
  for (const Written& one : Smaller(writer.Take().scenario, kSubject)) texts.insert(one.scenario.steps_text);
  EXPECT_EQ(texts.count(kLong.substr(0, kLong.find("a2 s.acquire")) + "a1 s._count() -> 1\nleft NAME2\n"), 1u);
}

// Each is a transcript that the model agrees with, smaller, and there once.
TEST(Shrink, IsOfTranscripts) {
  Generator generator(3);
  for (int i = 0; i < 20; ++i) {
    const Written written = Write(generator.Next().value(), "fuzz/x", kSubject);
    std::set<std::string> texts;
    for (const Written& one : Smaller(written.scenario, kSubject)) {
      EXPECT_TRUE(IsSmaller(one.scenario, written.scenario));
      EXPECT_TRUE(texts.insert(one.scenario.steps_text).second);
      const auto steps = ParseSteps(one.scenario.steps_text, "t.toml", 1);
      ASSERT_TRUE(steps) << steps.error().Text();
      const Opinion opinion = OpinionOf(one.scenario, Platform{kSubject.like, "", {}, nullptr});
      ASSERT_EQ(opinion.unknown, "");
      ASSERT_FALSE(opinion.contradiction) << opinion.contradiction->text << one.scenario.steps_text;
    }
  }
}

TEST(Generator, GivesTheSameForTheSameSeed) {
  Generator one(7);
  Generator same(7);
  Generator other(8);
  bool differs = false;
  for (int i = 0; i < 50; ++i) {
    const Plan plan = one.Next().value();
    EXPECT_EQ(plan, same.Next().value());
    differs = differs || !(plan == other.Next().value());
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace lockstep::fuzz
