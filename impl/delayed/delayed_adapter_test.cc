// SPDX-License-Identifier: MIT
//
// The delayed adapter beside the reference's: what it adds is seen from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "test_harness.h"

namespace lockstep::adapter {
namespace {

using testing::AllOf;
using testing::Each;
using testing::Ge;
using testing::Gt;
using testing::HasSubstr;
using testing::Le;
using testing::SizeIs;

// What else runs may spoil a calibration, which then says so; hardly so many, one after another.
constexpr std::size_t kStarts = 5;

// How much longer than the reference's a burst of the adapter's takes. Bursts of the two take turns, so that a
// machine under load slows both down alike.
double MedianRatio(TestActor& delayed, TestActor& reference) {
  constexpr int kRounds = 51;
  const std::string burst = R"("on": "s", "args": ["pairs", 1000, 1])";
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    const auto with = ReturnedInts(delayed.Call("measure", burst));
    const auto without = ReturnedInts(reference.Call("measure", burst));
    if (with.empty() || without.empty()) return 0;
    ratios.push_back(static_cast<double>(with[0]) / static_cast<double>(without[0]));
  }
  std::sort(ratios.begin(), ratios.end());
  return ratios[kRounds / 2];
}

void MakeSemaphore(TestAdapter& adapter, int value) {
  adapter.root().Call("SemLock", R"("as": "s", "args": [1, )" + std::to_string(value) + R"(, 1, ")" + adapter.FreshName() +
                                     R"(", true])");
}

TEST(Delayed, TakesAsMuchLongerAsItWasTold) {
  TestAdapter reference(LOCKSTEP_REFERENCE_ADAPTER);
  MakeSemaphore(reference, 1);
  double ratio = 0;
  std::vector<std::int64_t> percent;
  do {
    TestAdapter delayed(LOCKSTEP_DELAYED_ADAPTER, {"--free-delay-percent", "100"});
    MakeSemaphore(delayed, 1);
    ratio = MedianRatio(delayed.root(), reference.root());
    percent.push_back(IntField(delayed.root().hello(), "free_delay_percent"));
  } while ((percent.back() < 80 || percent.back() > 125 || ratio < 1.6 || ratio > 2.6) && percent.size() < kStarts);
  EXPECT_THAT(percent.back(), AllOf(Ge(80), Le(125))) << testing::PrintToString(percent);
  EXPECT_THAT(ratio, AllOf(Gt(1.6), Le(2.6)));
}

TEST(Delayed, TakesAsManyNsLongerAsItWasTold) {
  std::vector<std::int64_t> added_ns;
  do {
    TestAdapter delayed(LOCKSTEP_DELAYED_ADAPTER, {"--free-delay-ns", "200"});
    added_ns.push_back(IntField(delayed.root().hello(), "free_delay_ns"));
  } while ((added_ns.back() < 160 || added_ns.back() > 250) && added_ns.size() < kStarts);
  EXPECT_THAT(added_ns.back(), AllOf(Ge(160), Le(250))) << testing::PrintToString(added_ns);
}

TEST(Delayed, DelaysNothingUnlessTold) {
  TestAdapter delayed(LOCKSTEP_DELAYED_ADAPTER);
  EXPECT_THAT(delayed.root().hello(), HasSubstr(R"("implementation": "delayed")"));
  EXPECT_EQ(IntField(delayed.root().hello(), "free_delay_ns"), 0);
  MakeSemaphore(delayed, 0);
  EXPECT_THAT(ReturnedInts(delayed.root().Call("measure", R"("on": "s", "args": ["tries", 10, 2])")), AllOf(SizeIs(2), Each(Gt(0))));
}

TEST(Delayed, WaitsBeforeEachRelease) {
  constexpr std::int64_t kDelayNs = 3'000'000;
  TestAdapter delayed(LOCKSTEP_DELAYED_ADAPTER, {"--hand-over-delay-ns", std::to_string(kDelayNs)});
  MakeSemaphore(delayed, 0);
  EXPECT_EQ(delayed.root().Call("release", R"("on": "s")"), R"("returned": null)");
  EXPECT_GE(delayed.root().elapsed_ns(), kDelayNs);
}

TEST(Delayed, RefusesWhatItCannotRead) {
  for (const char* arguments :
       {"--free-delay-ns", "--free-delay-ns fast", "--free-delay-ns -1", "--free-delay-percent 1001",
        "--free-delay-percent nan", "--slow 1", "--free-delay-ns 1 --free-delay-percent 1"}) {
    const std::string command = std::string(LOCKSTEP_DELAYED_ADAPTER) + " " + arguments + " 2>/dev/null </dev/null";
    const int status = system(command.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe): a test's own words
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 2) << arguments;
  }
}

}  // namespace
}  // namespace lockstep::adapter
