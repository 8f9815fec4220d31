// SPDX-License-Identifier: MIT
#include "harness/fuzz/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "harness/model/model.h"
#include "harness/scenario/parser.h"

namespace lockstep::fuzz {
namespace {

using ::testing::HasSubstr;

const Subject kSubject;

Subject SubjectLike(const Version& like) {
  Subject subject;
  subject.like = like;
  return subject;
}

Plan RandomPlan(std::mt19937* random) {
  const auto any = [&](int below) { return static_cast<std::uint8_t>((*random)() % static_cast<unsigned>(below)); };
  Plan plan{any(24), {}};
  for (int i = any(120); i > 0; --i) plan.choices.push_back({static_cast<Action>(any(kActions)), any(24), any(24), any(24)});
  return plan;
}

TEST(Plan, OfNothingIsASemaphore) {
  EXPECT_EQ(Write({}, "fuzz/x", kSubject).scenario.steps_text, "p s = SemLock(1, 1, 1, NAME, False) -> ...\nleft NAME\n");
}

TEST(Plan, LeavesOutWhatCannotBeDone) {
  // Nobody but p is there to be killed, no thread to be ended.
  const Plan plan{1, {{Action::kKill, 0, 0, 0}, {Action::kEndThread, 0, 0, 0}, {Action::kAcquire, 0, 0, 0},
                      {Action::kRelease, 0, 0, 0}}};
  EXPECT_EQ(Write(plan, "fuzz/x", kSubject).scenario.steps_text,
            "p s = SemLock(1, 0, 1, NAME, False) -> ...\np s.acquire() -> blocked\nleft NAME\n");
}

TEST(Plan, NamesWhoeverIsWoken) {
  const Plan plan{1, {{Action::kFork, 0, 0, 0}, {Action::kFork, 0, 0, 0}, {Action::kAcquire, 1, 0, 0},
                      {Action::kAcquire, 1, 0, 0}, {Action::kRelease, 0, 0, 0}, {Action::kCount, 1, 0, 0}}};
  EXPECT_THAT(Write(plan, "fuzz/x", kSubject).scenario.steps_text,
              HasSubstr("a1 s.acquire() -> blocked\na2 s.acquire() -> blocked\np s.release() -> None\n"
                        "a1|a2 returns True as w1, other l1x1\nw1 s._count() -> 1\n"));
}

// What is written is a transcript, and one that the model has no objection to.
TEST(Plan, BecomesATranscriptWhateverItIs) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const Platform platform{*Version::Parse(i % 2 == 0 ? "3.14" : "3.8"), "", {}, nullptr};
    const Written written = Write(RandomPlan(&random), "fuzz/x", SubjectLike(platform.like));
    const auto steps = ParseSteps(written.scenario.steps_text, "t.toml", 1);
    ASSERT_TRUE(steps) << steps.error().Text() << written.scenario.steps_text;
    ASSERT_EQ(steps->size(), written.scenario.steps.size());
    const Opinion opinion = OpinionOf(written.scenario, platform);
    ASSERT_EQ(opinion.unknown, "") << written.scenario.steps_text;
    ASSERT_FALSE(opinion.contradiction) << opinion.contradiction->text << written.scenario.steps_text;
    // And nobody can be in doubt what is left.
    Model model(platform.like);
    for (const Step& step : written.scenario.steps) model.Take(step);
    ASSERT_TRUE(model.NamesLeft()) << written.scenario.steps_text;
  }
}

TEST(Plan, ShowsWhatACampaignMustHaveSeen) {
  std::mt19937 random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    seen.merge(Write(RandomPlan(&random), "fuzz/x", kSubject).sights);
  }
  for (const std::string& sight : RequiredSights(kSubject)) EXPECT_EQ(seen.count(sight), 1u) << sight;
}

}  // namespace
}  // namespace lockstep::fuzz
