// SPDX-License-Identifier: MIT
#include "reports/page/swim_lane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep::reports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TraceEntry Entry(const std::string& actor, const std::string& step, const std::string& outcome, std::int64_t begin_ns = 0,
                 std::int64_t end_ns = 0, std::int64_t seen_blocked_ns = 0) {
  TraceEntry entry;
  entry.actor = actor;
  entry.step = step;
  entry.outcome = outcome;
  entry.begin_ns = begin_ns;
  entry.end_ns = end_ns;
  entry.seen_blocked_ns = seen_blocked_ns;
  return entry;
}

// A child waits, and its parent's release ends that.
std::vector<TraceEntry> HandOver() {
  return {Entry("p", "p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)", "-> <SemLock>", 1'000'000, 1'050'000),
          Entry("p", "p fork c", ""),
          Entry("c", "c s.acquire() -> blocked", "-> blocked", 2'000'000, 0, 2'080'000),
          Entry("p", "p s.release() -> None", "-> None", 3'000'000, 3'004'000),
          Entry("c", "c returns True", "-> True", 2'001'000, 3'010'000)};
}

TEST(SwimLane, AWaitIsOneCallFromItsBeginToItsReturn) {
  const Lanes lanes = LanesOf(HandOver());
  EXPECT_THAT(lanes.actors, ElementsAre("p", "c"));
  ASSERT_THAT(lanes.calls, SizeIs(3));
  const Lanes::Call& wait = lanes.calls[1];
  EXPECT_EQ(wait.lane, 1U);
  EXPECT_EQ(wait.begin, 2'000'000);
  EXPECT_EQ(wait.seen_blocked, 2'080'000);
  EXPECT_EQ(wait.end, 3'010'000);
  EXPECT_TRUE(wait.returned);
  EXPECT_EQ(wait.entry, 2U);
  EXPECT_EQ(wait.ended_entry, 4U);
}

TEST(SwimLane, AForkIsPlacedBetweenItsNeighboursAndAReleaseLeadsToWhomItWoke) {
  const Lanes lanes = LanesOf(HandOver());
  ASSERT_THAT(lanes.arrows, SizeIs(2));
  EXPECT_FALSE(lanes.arrows[0].wakes);
  EXPECT_EQ(lanes.arrows[0].to, 1U);
  EXPECT_GT(lanes.arrows[0].to_time, 1'050'000);
  EXPECT_LT(lanes.arrows[0].to_time, 2'000'000);
  EXPECT_TRUE(lanes.arrows[1].wakes);
  EXPECT_EQ(lanes.arrows[1].from_time, 3'004'000);
  EXPECT_EQ(lanes.arrows[1].to_time, 3'010'000);
}

TEST(SwimLane, AReleaseOfAnotherObjectBesideOneThatFitsWakesNobody) {
  std::vector<TraceEntry> trace = HandOver();
  trace.insert(trace.begin() + 4, Entry("p", "p t.release() -> None", "-> None", 3'006'000, 3'008'000));
  const Lanes lanes = LanesOf(trace);
  ASSERT_THAT(lanes.arrows, SizeIs(2));
  EXPECT_EQ(lanes.arrows[1].from_time, 3'004'000);
}

TEST(SwimLane, AProcessThatIsKilledEndsItsWait) {
  std::vector<TraceEntry> trace = HandOver();
  trace.resize(3);
  trace.push_back(Entry("c", "kill c SIGKILL", ""));
  trace.push_back(Entry("c", "c died SIGKILL", "died SIGKILL"));
  const Lanes lanes = LanesOf(trace);
  ASSERT_THAT(lanes.calls, SizeIs(2));
  EXPECT_FALSE(lanes.calls[1].returned);
  ASSERT_THAT(lanes.marks, SizeIs(2));
  EXPECT_EQ(lanes.marks[0].kind, Lanes::Mark::Kind::kKill);
  EXPECT_EQ(lanes.marks[1].kind, Lanes::Mark::Kind::kDied);
  EXPECT_EQ(lanes.calls[1].end, lanes.marks[1].at);
}

TEST(SwimLane, WithItsProcessAThreadsWaitEnds) {
  const Lanes lanes = LanesOf({Entry("p", "p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)", "-> <SemLock>", 1'000'000, 1'050'000),
                               Entry("p", "p thread t", ""),
                               Entry("t", "t thread u", ""),
                               Entry("t", "t s.acquire() -> blocked", "-> blocked", 2'000'000, 0, 2'080'000),
                               Entry("u", "u s.acquire() -> blocked", "-> blocked", 2'100'000, 0, 2'180'000),
                               Entry("p", "kill p SIGKILL", ""),
                               Entry("p", "p died SIGKILL", "died SIGKILL"),
                               Entry("q", "q s.release() -> None", "-> None", 9'000'000, 9'004'000)});
  ASSERT_THAT(lanes.calls, SizeIs(4));
  for (const std::size_t thread : {1U, 2U}) {
    EXPECT_EQ(lanes.calls[thread].lane, thread);
    EXPECT_EQ(lanes.calls[thread].end, lanes.marks.back().at);
  }
  EXPECT_LT(lanes.marks.back().at, 9'000'000);
}

TEST(SwimLane, WhatIsArmedIsNoKill) {
  std::vector<TraceEntry> trace = HandOver();
  trace.insert(trace.begin() + 2, Entry("c", "kill c at futex:entry#1", ""));
  EXPECT_THAT(LanesOf(trace).marks, IsEmpty());
}

TEST(SwimLane, AGroupIsMadeAtOnce) {
  const std::vector<TraceEntry> trace = {Entry("p", "p fork w[1..2]", ""), Entry("p", "p fork w[1..2]", ""),
                                         Entry("w1", "w[*] s.acquire()", "-> True", 10'000, 20'000),
                                         Entry("w2", "w[*] s.acquire()", "-> True", 30'000, 40'000)};
  const Lanes lanes = LanesOf(trace);
  EXPECT_THAT(lanes.actors, ElementsAre("p", "w1", "w2"));
  EXPECT_THAT(lanes.arrows, SizeIs(2));
}

TEST(SwimLane, ATraceWithoutStampsIsNotDrawn) {
  EXPECT_TRUE(DrawLanes(LanesOf({Entry("p", "p fork c", "")}), {1}).empty());
  EXPECT_TRUE(DrawLanes(LanesOf({}), {}).empty());
}

TEST(SwimLane, IsDrawnInOneShortPictureWithTheTranscriptsNumbers) {
  const std::string svg = DrawLanes(LanesOf(HandOver()), {1, 2, 3, 4, 5}).text();
  EXPECT_THAT(svg, HasSubstr("aria-label=\"Lanes of p, c: 3 calls, 1 of them seen blocked, in 2.0 ms\""));
  EXPECT_THAT(svg, HasSubstr("<path class=q "));  // blocked
  EXPECT_THAT(svg, HasSubstr("<path class=m "));  // forked
  EXPECT_THAT(svg, HasSubstr("<path class=k "));  // woken
  EXPECT_THAT(svg, HasSubstr(">5</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">2</text>"))) << "a fork is no call";
  EXPECT_LT(svg.size(), 900U);
}

TEST(SwimLane, AnActorsNameIsNoMarkup) {
  const std::string svg = DrawLanes(LanesOf({Entry("<b>", "<b> s.f()", "-> 1", 1000, 2000)}), {1}).text();
  EXPECT_THAT(svg, Not(HasSubstr("<b>")));
  EXPECT_THAT(svg, HasSubstr("&lt;b&gt;"));
}

TEST(SwimLane, ATraceOfEndlessLengthIsNotDrawn) {
  std::vector<TraceEntry> trace;
  for (int i = 0; i < 5000; ++i) trace.push_back(Entry("p", "p s.f()", "-> 1", 1000 + i * 10, 1005 + i * 10));
  EXPECT_LT(DrawLanes(LanesOf(trace), {}).text().size(), 200U);
}

TEST(SwimLane, WhatWasToComeOfASpawnIsNobody) {
  const Lanes refused = LanesOf({Entry("p", "p s.release() -> None", "-> None", 1'000'000, 1'050'000),
                                 Entry("p", "p spawn c raises FileNotFoundError", "raises FileNotFoundError")});
  EXPECT_THAT(refused.actors, ElementsAre("p"));
  EXPECT_THAT(refused.arrows, IsEmpty());
  const Lanes made = LanesOf({Entry("p", "p s.release() -> None", "-> None", 1'000'000, 1'050'000),
                              Entry("p", "p fork c when >= 3.12", "")});
  EXPECT_THAT(made.actors, ElementsAre("p", "c"));
}

TEST(SwimLane, BeginsShortlyBeforeItsFirstStamp) {
  constexpr std::int64_t kUptime = 60'000'000'000'000;
  const Lanes lanes = LanesOf({Entry("p", "p fork c", ""), Entry("c", "c s.release() -> None", "-> None", kUptime, kUptime + 5'000)});
  ASSERT_THAT(lanes.arrows, SizeIs(1));
  EXPECT_LT(lanes.arrows[0].from_time, kUptime);
  EXPECT_GT(lanes.arrows[0].from_time, kUptime - 1'000'000'000);
}

}  // namespace
}  // namespace lockstep::reports
