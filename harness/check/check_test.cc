// SPDX-License-Identifier: MIT
#include "harness/check/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>

namespace lockstep::check {
namespace {

constexpr std::int64_t kUnbounded = 1000;

History Of(std::int64_t initial, std::vector<Operation> operations, std::int64_t most = kUnbounded) {
  return {initial, most, std::move(operations)};
}

TEST(Check, ExplainsAPostAndATake) {
  const History history = Of(0, {{Kind::kRelease, 0, 1, 4, 0}, {Kind::kAcquire, 1, 2, 3, 0}});
  EXPECT_EQ(CheckSweep(history).verdict, Verdict::kOk);
  EXPECT_EQ(CheckGreedy(history).verdict, Verdict::kOk);
  EXPECT_EQ(CheckFrontier(history).verdict, Verdict::kOk);
  EXPECT_EQ(CheckSearch(history).verdict, Verdict::kOk);
}

TEST(Check, NamesTheTakeThatNothingExplains) {
  // Back before the post was called.
  const History history = Of(0, {{Kind::kAcquire, 1, 1, 2, 0}, {Kind::kRelease, 0, 3, 4, 0}});
  for (const auto& result : {CheckSweep(history), CheckGreedy(history), CheckFrontier(history), CheckSearch(history)}) {
    EXPECT_EQ(result.verdict, Verdict::kViolation);
    EXPECT_EQ(result.operation, 0u);
    EXPECT_NE(result.why.find("a1 acquire() -> True"), std::string::npos) << result.why;
  }
}

TEST(Check, LetsATimeoutSeeAnyInstantOfItsCall) {
  // The value was 0 in its midst alone.
  const History history = Of(1, {{Kind::kFailedAcquire, 0, 1, 8, 0}, {Kind::kAcquire, 1, 2, 3, 0}, {Kind::kRelease, 1, 5, 6, 0}});
  EXPECT_EQ(CheckFrontier(history).verdict, Verdict::kOk);
  EXPECT_EQ(CheckSweep(history).verdict, Verdict::kUnknown);
  const History later = Of(1, {{Kind::kFailedAcquire, 0, 7, 8, 0}, {Kind::kAcquire, 1, 2, 3, 0}, {Kind::kRelease, 1, 5, 6, 0}});
  EXPECT_EQ(CheckFrontier(later).verdict, Verdict::kViolation);
}

TEST(Check, LetsWhoeverDiedHaveDoneItOrNot) {
  const Operation lost{Kind::kRelease, 0, 1, kNever, 0};
  EXPECT_EQ(CheckFrontier(Of(0, {lost, {Kind::kAcquire, 1, 2, 3, 0}})).verdict, Verdict::kOk);
  EXPECT_EQ(CheckFrontier(Of(0, {lost, {Kind::kFailedAcquire, 1, 2, 3, 0}})).verdict, Verdict::kOk);
  EXPECT_EQ(CheckFrontier(Of(0, {lost, {Kind::kAcquire, 1, 2, 3, 0}, {Kind::kAcquire, 2, 4, 5, 0}})).verdict,
            Verdict::kViolation);
}

TEST(Check, LetsNobodyDoAnythingOnceItIsDead) {
  Operation lost{Kind::kRelease, 0, 1, kNever, 0};
  lost.dead_by = 5;
  const Operation saw_none{Kind::kFailedAcquire, 1, 6, 7, 0};
  const Operation took{Kind::kAcquire, 1, 8, 9, 0};
  EXPECT_EQ(CheckFrontier(Of(0, {lost, took})).verdict, Verdict::kOk);
  EXPECT_EQ(CheckFrontier(Of(0, {lost, saw_none})).verdict, Verdict::kOk);
  EXPECT_EQ(CheckFrontier(Of(0, {lost, saw_none, took})).verdict, Verdict::kViolation);
  EXPECT_EQ(CheckSearch(Of(0, {lost, saw_none, took})).verdict, Verdict::kViolation);
}

TEST(Check, LetsTwoWhoDieAtOneInstantBothHaveDoneIt) {
  Operation one{Kind::kRelease, 0, 5, kNever, 0};
  Operation other{Kind::kRelease, 1, 1, kNever, 0};
  one.dead_by = other.dead_by = 20;
  const Operation saw{Kind::kGetValue, 2, 30, 31, 3};
  EXPECT_EQ(CheckFrontier(Of(1, {one, other, saw})).verdict, Verdict::kOk);
  EXPECT_EQ(CheckFrontier(Of(1, {other, one, saw})).verdict, Verdict::kOk);
}

TEST(Check, KeepsTheUpperBound) {
  const std::vector<Operation> twice = {{Kind::kRelease, 0, 1, 2, 0}, {Kind::kRelease, 0, 3, 4, 0}};
  EXPECT_EQ(CheckFrontier(Of(0, twice, 1)).verdict, Verdict::kViolation);
  EXPECT_EQ(CheckGreedy(Of(0, twice, 1)).verdict, Verdict::kViolation);
  EXPECT_EQ(CheckSweep(Of(0, twice, 1)).verdict, Verdict::kUnknown);
}

TEST(Check, SaysWhenItDoesNotKnow) {
  std::vector<Operation> many;
  for (int i = 0; i < 70; ++i) many.push_back({Kind::kRelease, i, 1, 2 + i, 0});
  EXPECT_EQ(CheckFrontier(Of(0, many)).verdict, Verdict::kUnknown);
  EXPECT_EQ(CheckSearch(Of(0, many)).verdict, Verdict::kUnknown);
  const std::vector<Operation> two = {{Kind::kRelease, 0, 1, 4, 0}, {Kind::kAcquire, 1, 2, 3, 0}};
  EXPECT_EQ(CheckFrontier(Of(0, two), 0).verdict, Verdict::kUnknown);
  EXPECT_EQ(CheckSearch(Of(0, two), 0).verdict, Verdict::kUnknown);
}

// --- Against every order there is

bool AnyOrder(const History& history, std::vector<bool>* done, std::int64_t value) {
  const auto& all = history.operations;
  std::int64_t until = kNever;
  bool needed = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if ((*done)[i]) continue;
    until = std::min(until, all[i].returned);
    needed = needed || all[i].returned != kNever;
  }
  if (!needed) return true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if ((*done)[i] || all[i].called > until) continue;
    const auto after_death = [&](std::size_t other) { return (*done)[other] && all[other].called > all[i].dead_by; };
    bool too_late = false;
    for (std::size_t other = 0; other < all.size(); ++other) too_late = too_late || after_death(other);
    if (too_late) continue;
    std::int64_t next = value;
    switch (all[i].kind) {
      case Kind::kRelease:
        if (value >= history.most) continue;
        ++next;
        break;
      case Kind::kAcquire:
        if (value <= 0) continue;
        --next;
        break;
      case Kind::kFailedAcquire:
        if (value != 0) continue;
        break;
      case Kind::kGetValue:
        if (value != all[i].value) continue;
        break;
      case Kind::kIsZero:
        if ((value == 0) != (all[i].value != 0)) continue;
        break;
      case Kind::kRefusedRelease:
        if (value < all[i].value) continue;
        break;
    }
    (*done)[i] = true;
    const bool found = AnyOrder(history, done, next);
    (*done)[i] = false;
    if (found) return true;
  }
  return false;
}

Verdict BruteForce(const History& history) {
  std::vector<bool> done(history.operations.size());
  return AnyOrder(history, &done, history.initial) ? Verdict::kOk : Verdict::kViolation;
}

History RandomHistory(std::mt19937* random) {
  const auto any = [&](int below) { return static_cast<int>((*random)() % static_cast<unsigned>(below)); };
  History history{any(3), any(2) == 0 ? kUnbounded : 2, {}};
  const int actors = 1 + any(4);
  for (int actor = 0; actor < actors; ++actor) {
    std::int64_t now = any(4);
    for (int i = any(4); i >= 0 && history.operations.size() < 8; --i) {
      Operation one;
      const int kind = any(10);
      one.kind = kind < 4 ? Kind::kAcquire : kind < 7 ? Kind::kRelease : static_cast<Kind>(2 + any(4));
      one.actor = actor;
      one.called = now;
      one.returned = now + any(6);
      one.value = one.kind == Kind::kIsZero ? any(2) : any(3);
      now = one.returned + 1 + any(3);
      const bool dies = any(8) == 0;
      if (dies && any(3) != 0) one.dead_by = one.returned;
      if (dies) one.returned = kNever;
      history.operations.push_back(one);
      if (dies) break;
    }
  }
  return history;
}

std::string ToText(const History& history) {
  std::string text = "from " + std::to_string(history.initial) + ", at most " + std::to_string(history.most) + "\n";
  for (const Operation& one : history.operations) {
    text += std::to_string(one.called) + ".." + (one.returned == kNever ? "" : std::to_string(one.returned)) + " " +
            check::ToText(one) + "\n";
  }
  return text;
}

// What was seen until the return of one operation: who is back later may or may not have happened.
History Until(const History& history, std::int64_t returned, std::size_t operation, bool with_it) {
  History cut{history.initial, history.most, {}};
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    Operation one = history.operations[i];
    const bool is_back = one.returned < returned || (i == operation && with_it);
    if (one.called > returned) continue;
    if (!is_back && one.kind != Kind::kRelease && one.kind != Kind::kAcquire) continue;
    if (!is_back) one.returned = kNever;
    cut.operations.push_back(one);
  }
  return cut;
}

TEST(Check, AgreesWithBruteForce) {
  const char* asked = std::getenv("LOCKSTEP_HISTORIES");
  const int histories = asked == nullptr ? 200000 : std::atoi(asked);
  std::mt19937 random(1);
  int violations = 0;
  int exact = 0;
  for (int i = 0; i < histories; ++i) {
    const History history = RandomHistory(&random);
    const Verdict right = BruteForce(history);
    violations += right == Verdict::kViolation ? 1 : 0;
    const Judgement frontier = CheckFrontier(history);
    ASSERT_EQ(frontier.verdict, right) << ToText(history);
    ASSERT_EQ(CheckSearch(history).verdict, right) << ToText(history);
    for (const Judgement& result : {CheckSweep(history), CheckGreedy(history)}) {
      if (result.verdict == Verdict::kUnknown) continue;
      ++exact;
      ASSERT_EQ(result.verdict, right) << ToText(history);
    }
    if (right != Verdict::kViolation) continue;
    // It names the first return that nothing explains.
    const std::int64_t returned = history.operations[frontier.operation].returned;
    EXPECT_EQ(BruteForce(Until(history, returned, frontier.operation, false)), Verdict::kOk) << ToText(history);
  }
  EXPECT_GT(violations, histories / 5);
  EXPECT_LT(violations, histories * 4 / 5);
  EXPECT_GT(exact, histories / 5);
}

}  // namespace
}  // namespace lockstep::check
