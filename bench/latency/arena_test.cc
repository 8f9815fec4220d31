// SPDX-License-Identifier: MIT
#include "bench/latency/arena.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/latency/survey.h"
#include "bench/statistics/statistics.h"
#include "harness/adapter/testing_session.h"
#include "harness/os/affinity.h"
#include "harness/os/call_tracer.h"

namespace lockstep::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ArenaTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Arena>> Make(const std::vector<std::vector<std::string>>& commands, double timeout_scale = 1) {
    std::vector<Entrant> entrants;
    for (const auto& command : commands) entrants.push_back({"e" + std::to_string(entrants.size()), ImplementationOf(command)});
    Arena::Options options;
    options.channel_dir = folder_.path();
    options.name_prefix = TestNamePrefix();
    options.timeout_scale = timeout_scale;
    return Arena::Make(std::move(entrants), options);
  }

  static Quantity Named(const std::string& name) {
    for (const Quantity& one : AllQuantities(AllowedCpus().size() > 1)) {
      if (one.name == name) return one;
    }
    ADD_FAILURE() << name;
    return {};
  }

  TestFolder folder_;
};

TEST_F(ArenaTest, MeasuresEveryQuantityOfEveryEntrant) {
  auto arena = Make({ReferenceCommand(), PythonCommand()});
  ASSERT_TRUE(arena) << arena.error().Text();
  const std::vector<Quantity> quantities = AllQuantities(AllowedCpus().size() > 1);
  const Repetition repetition = (*arena)->Run(quantities);
  ASSERT_EQ(repetition.size(), 2U);
  for (std::size_t entrant = 0; entrant < repetition.size(); ++entrant) {
    EXPECT_THAT((*arena)->trouble(entrant), IsEmpty());
    for (std::size_t i = 0; i < quantities.size(); ++i) {
      ASSERT_TRUE(repetition[entrant][i]) << quantities[i].name;
      const Measured& measured = *repetition[entrant][i];
      EXPECT_GT(measured.value, 0) << quantities[i].name;
      const bool single = quantities[i].form == Quantity::Form::kCalls || quantities[i].form == Quantity::Form::kHandOver ||
                          quantities[i].form == Quantity::Form::kTimeouts;
      EXPECT_EQ(!measured.samples.empty(), single) << quantities[i].name;
      EXPECT_EQ(measured.fairness.has_value(), quantities[i].form == Quantity::Form::kContended);
    }
  }
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool kIsSanitized = true;  // so that a loop in C++ may take longer than one in Python
#else
constexpr bool kIsSanitized = false;
#endif

TEST_F(ArenaTest, SeesThatALoopInPythonTakesLongerThanOneInCpp) {
  if (kIsSanitized) GTEST_SKIP() << "skipped: what is sanitized is no loop in C++ as others know it";
  auto arena = Make({ReferenceCommand(), PythonCommand()});
  ASSERT_TRUE(arena) << arena.error().Text();
  std::vector<double> ratios;
  for (int i = 0; i < 3; ++i) {
    const Repetition repetition = (*arena)->Run({Named("get-value")});
    ratios.push_back(repetition[1][0].value().value / repetition[0][0].value().value);
  }
  EXPECT_GT(Median(ratios), 1.5);
}

TEST_F(ArenaTest, FindsNoSystemCallInAFreePairAndTwoFutexCallsInAHandOver) {
  auto arena = Make({ReferenceCommand()});
  ASSERT_TRUE(arena) << arena.error().Text();
  (*arena)->Count({Named("free/counting"), Named("hand-over/same-cpu/0us")});
  const Counts& counts = (*arena)->counts(0);
  // One waits, and one wakes it.
  EXPECT_EQ(counts.voluntary_switches, 1);
  const auto supervisor = Supervisor::Start(Isolation::kNone, TestNamePrefix());
  ASSERT_TRUE(supervisor);
  if (const auto traced = TryTracing(supervisor->pid()); !traced) GTEST_SKIP() << "skipped: " << traced.error().Text();
  EXPECT_EQ(counts.syscalls, 0);
  EXPECT_EQ(counts.futexes, 2);
}

TEST_F(ArenaTest, TellsWhyAnEntrantIsMeasuredNoMore) {
  auto arena = Make({ReferenceCommand(), {"/nonexistent/adapter"}});
  ASSERT_TRUE(arena) << arena.error().Text();
  const Repetition repetition = (*arena)->Run({Named("free/recursive")});
  EXPECT_TRUE(repetition[0][0]);
  EXPECT_FALSE(repetition[1][0]);
  EXPECT_THAT((*arena)->trouble(1), HasSubstr("/nonexistent/adapter"));
}

TEST_F(ArenaTest, LeavesOutWhatAnAdapterHasNoCapabilityFor) {
  auto arena = Make({FakeCommand("well-behaved")});
  ASSERT_TRUE(arena) << arena.error().Text();
  EXPECT_EQ((*arena)->Lacks(0, Named("free/recursive")), "measure");
  const Repetition repetition = (*arena)->Run({Named("free/recursive")});
  EXPECT_FALSE(repetition[0][0]);
  EXPECT_THAT((*arena)->trouble(0), IsEmpty());
}

TEST_F(ArenaTest, LeavesNoNameBehind) {
  const std::string prefix = TestNamePrefix();
  {
    auto arena = Make({ReferenceCommand()});
    ASSERT_TRUE(arena) << arena.error().Text();
    (*arena)->Run({Named("create-unlink"), Named("rebuild")});
  }
  auto supervisor = Supervisor::Start(Isolation::kNone, prefix);
  ASSERT_TRUE(supervisor);
  EXPECT_THAT(supervisor->ShmNames(), IsEmpty());
}

TEST_F(ArenaTest, SurveysWithRatiosToTheUnit) {
  auto arena = Make({ReferenceCommand(), PythonCommand()});
  ASSERT_TRUE(arena) << arena.error().Text();
  SurveyOptions options;
  options.quantities = {Named("get-value"), Named("contended/2")};
  options.unit = 0;
  options.about = {0, 1};
  int told = 0;
  const Survey survey = Measure(**arena, options, [&](const Survey&) { ++told; });
  EXPECT_EQ(survey.repetitions, kLeastSurveyed);
  EXPECT_EQ(told, static_cast<int>(kLeastSurveyed));
  std::map<std::string, Series> by_name;
  for (const Series& one : survey.series) by_name[one.implementation + " " + one.quantity] = one;
  EXPECT_EQ(by_name["e0 get-value"].ratios, std::vector<double>(kLeastSurveyed, 1));
  if (!kIsSanitized) {
    EXPECT_GT(Median(by_name["e1 get-value"].ratios), 1.2);
  }
  EXPECT_EQ(by_name["e1 fairness/2"].values.size(), kLeastSurveyed);
  EXPECT_EQ(by_name["e0 contended/2"].unit, "pairs/s");
}

}  // namespace
}  // namespace lockstep::bench
