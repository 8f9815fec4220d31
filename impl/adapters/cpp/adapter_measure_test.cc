// SPDX-License-Identifier: MIT
//
// The adapters of the reference and of the example, driven over their FIFOs: `measure`. What is measured is not
// looked at but for what holds on any machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reply.h"
#include "test_harness.h"

namespace lockstep::adapter {
namespace {

using testing::AllOf;
using testing::Each;
using testing::Gt;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::int64_t kNsPerMs = 1'000'000;

class MeasureTest : public testing::TestWithParam<const char*> {
 protected:
  void MakeSemaphore(const std::string& object, int value, const std::string& name, bool unlink = true) {
    const std::string reply =
        root_.Call("SemLock", R"("as": ")" + object + R"(", "args": [1, )" + std::to_string(value) + R"(, 1, ")" + name +
                                  R"(", )" + (unlink ? "true" : "false") + "]");
    ASSERT_THAT(reply, StartsWith(R"("returned": {"object": "SemLock"})"));
  }
  void MakeSemaphore(int value) { MakeSemaphore("s", value, adapter_.FreshName()); }

  std::string Measure(const std::string& args) { return root_.Call("measure", R"("on": "s", "args": [)" + args + "]"); }

  TestAdapter adapter_{GetParam()};
  TestActor& root_ = adapter_.root();
};

using AnyMeasureTest = MeasureTest;
using ReferenceMeasureTest = MeasureTest;

INSTANTIATE_TEST_SUITE_P(Adapters, AnyMeasureTest, testing::Values(LOCKSTEP_REFERENCE_ADAPTER, LOCKSTEP_EXAMPLE_ADAPTER));
INSTANTIATE_TEST_SUITE_P(Reference, ReferenceMeasureTest, testing::Values(LOCKSTEP_REFERENCE_ADAPTER));

TEST_P(AnyMeasureTest, ClaimsToMeasure) { EXPECT_THAT(root_.hello(), HasSubstr(R"("measure")")); }

TEST_P(AnyMeasureTest, TimesPairsInBursts) {
  MakeSemaphore(1);
  EXPECT_THAT(ReturnedInts(Measure(R"("pairs", 100, 7)")), AllOf(SizeIs(7), Each(Gt(0))));
  EXPECT_THAT(root_.notes, SizeIs(1)) << "it has to be announced";
  EXPECT_EQ(root_.Call("_get_value", R"("on": "s")"), R"("returned": 1)");
}

TEST_P(AnyMeasureTest, TimesTriesThatGetNothing) {
  MakeSemaphore(0);
  EXPECT_THAT(ReturnedInts(Measure(R"("tries", 100, 3)")), AllOf(SizeIs(3), Each(Gt(0))));
}

TEST_P(AnyMeasureTest, RaisesWhereATryGetsAUnit) {
  MakeSemaphore(1);
  EXPECT_EQ(Measure(R"("tries", 100, 3)"),
            R"("raised": {"type": "RuntimeError", "message": "acquire(False) returned True", "errno": null})");
}

TEST_P(AnyMeasureTest, TimesLooksAtTheValue) {
  MakeSemaphore(1);
  EXPECT_THAT(ReturnedInts(Measure(R"("values", 100, 3)")), AllOf(SizeIs(3), Each(Gt(0))));
}

TEST_P(AnyMeasureTest, TimesCreations) {
  const std::string name = adapter_.FreshName();
  const std::string fields = R"("args": ["creations", 5, 2, 1, ")" + name + "\"]";
  EXPECT_THAT(ReturnedInts(root_.Call("measure", fields)), AllOf(SizeIs(2), Each(Gt(0))));
}

TEST_P(AnyMeasureTest, TimesEachCallThatTimesOut) {
  MakeSemaphore(0);
  // A deadline of CLOCK_REALTIME by CLOCK_MONOTONIC: the two may be a little apart.
  EXPECT_THAT(ReturnedInts(Measure(R"("timeouts", 0.002, 5)")), AllOf(SizeIs(5), Each(Gt(kNsPerMs))));
  EXPECT_THAT(ReturnedInts(Measure(R"("timeouts", 0, 5)")), AllOf(SizeIs(5), Each(Gt(0))));
}

TEST_P(AnyMeasureTest, RaisesWhereATimeoutGetsAUnit) {
  MakeSemaphore(1);
  EXPECT_EQ(Measure(R"("timeouts", 0.002, 5)"),
            R"("raised": {"type": "RuntimeError", "message": "acquire() with a timeout returned True", "errno": null})");
}

TEST_P(AnyMeasureTest, GoesOnUntilAnInstantAndCountsTurns) {
  MakeSemaphore(1);
  const std::int64_t instant_ns = NowNs() + 5 * kNsPerMs;
  const std::string turns = Measure("\"until\", " + std::to_string(instant_ns));
  EXPECT_GE(NowNs(), instant_ns);
  ASSERT_THAT(turns, StartsWith(R"("returned": )"));
  EXPECT_EQ(std::stoll(turns.substr(turns.find(' ') + 1)) % 16, 0) << turns;
  EXPECT_EQ(Measure(R"("until", 0)"), R"("returned": 16)") << "it looks after the 16th";
}

TEST_P(AnyMeasureTest, HandsOverToAnotherThreadAndBack) {
  MakeSemaphore("s", 0, adapter_.FreshName());
  MakeSemaphore("t", 1, adapter_.FreshName());
  const auto thread = adapter_.NewActor(root_, "thread", "other");
  constexpr std::int64_t kIdleNs = 100'000;
  root_.Start("measure", R"("on": "s", "args": ["hand_over", 10, 0, "t"])");
  const auto theirs = ReturnedInts(thread->Call("measure", R"("on": "t", "args": ["hand_over", 10, 100000, "s"])"));
  const auto ours = ReturnedInts(root_.Finish());
  ASSERT_THAT(theirs, SizeIs(10));
  ASSERT_THAT(ours, SizeIs(10));
  for (std::size_t turn = 0; turn < 10; ++turn) {
    EXPECT_GE(ours[turn], theirs[turn] + kIdleNs);
    if (turn == 0) continue;
    EXPECT_GT(theirs[turn], ours[turn - 1]);
  }
}

TEST_P(AnyMeasureTest, RefusesArgumentsThatAreNotAsTheyAreToBe) {
  MakeSemaphore(1);
  EXPECT_EQ(Measure(R"("speed", 1, 1)"),
            R"("error": "measure: takes pairs, tries, values, rebuilds, creations, forks, timeouts, until or hand_over first")");
  EXPECT_EQ(root_.Call("measure", R"("on": "s")"),
            R"("error": "measure: takes pairs, tries, values, rebuilds, creations, forks, timeouts, until or hand_over first")");
  for (const char* args : {"1", "0, 1", "1, 0", "1, 20001", "-1, 1", "true, 1", "1, 1.0", "1, 1, 1"}) {
    EXPECT_EQ(Measure(std::string("\"pairs\", ") + args),
              R"("error": "measure: pairs takes turns and bursts, at least 1, and at most 20,000 bursts")")
        << args;
  }
  EXPECT_EQ(Measure(R"("creations", 1, 1, 1, 7)"),
            R"("error": "measure: creations takes turns and bursts, at least 1, and at most 20,000 bursts; a kind and a name")");
  EXPECT_EQ(Measure(R"("timeouts", "soon", 1)"), R"("error": "measure: timeouts takes seconds, and 1 to 20,000 turns")");
  EXPECT_EQ(Measure(R"("until", 0.5)"), R"("error": "measure: until takes an instant in ns")");
  EXPECT_EQ(Measure(R"("hand_over", 1, 0, "nobody")"),
            R"("error": "measure: hand_over takes 1 to 20,000 turns, idle ns, and the name of another SemLock")");
  EXPECT_EQ(root_.Call("measure", R"("on": "x", "args": ["pairs", 1, 1])"), R"("error": "there is no object 'x'")");
}

TEST_P(ReferenceMeasureTest, TimesRebuildsAndForks) {
  MakeSemaphore("s", 1, adapter_.FreshName(), false);
  EXPECT_THAT(ReturnedInts(Measure(R"("rebuilds", 10, 3)")), AllOf(SizeIs(3), Each(Gt(0))));
  EXPECT_THAT(ReturnedInts(Measure(R"("forks", 1, 2)")), AllOf(SizeIs(2), Each(Gt(0))));
}

TEST_P(ReferenceMeasureTest, DoesNotRebuildWhatWouldBeUnmapped) {
  MakeSemaphore(1);
  EXPECT_EQ(Measure(R"("rebuilds", 10, 3)"), R"("error": "measure: rebuilds takes a SemLock that has a name")");
}

TEST_P(ReferenceMeasureTest, RaisesWhatACallRaises) {
  const std::string name = adapter_.FreshName();
  MakeSemaphore("s", 1, name, false);
  root_.Call("sem_unlink", R"("args": [")" + name + "\"]");
  constexpr char kGone[] = R"("raised": {"type": "FileNotFoundError", "message": "No such file or directory", "errno": 2})";
  EXPECT_EQ(Measure(R"("rebuilds", 10, 3)"), kGone);
  EXPECT_EQ(Measure(R"("forks", 1, 3)"),
            R"("raised": {"type": "RuntimeError", "message": "the forked child did not do its turn: status 256", "errno": null})");
  EXPECT_THAT(root_.Call("measure", R"("args": ["creations", 5, 2, 7, ")" + name + "\"]"),
              StartsWith(R"("raised": {"type": "ValueError")"));
  root_.Call("SemLock", R"("as": "s", "args": [1, 2, 1, ")" + name + R"(", true])");
  EXPECT_THAT(Measure(R"("pairs", 1, 1)"), StartsWith(R"("raised": {"type": "ValueError")"));
}

}  // namespace
}  // namespace lockstep::adapter
