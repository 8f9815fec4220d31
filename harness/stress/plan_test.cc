// SPDX-License-Identifier: MIT
#include "harness/stress/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lockstep::stress {
namespace {

constexpr int kPlans = 2000;
const std::set<std::string> kAll = {"fork", "thread", "signal", "rebuild_by_name", "load"};

bool Has(const RoundPlan& round, Use use) {
  return std::any_of(round.semaphores.begin(), round.semaphores.end(), [&](const SemaphorePlan& one) { return one.use == use; });
}
int WeightOf(const EpochPlan& epoch, const std::string& what) {
  for (const auto& [name, weight] : epoch.mix) {
    if (name == what) return weight;
  }
  return 0;
}

TEST(Plan, IsTheSameForTheSameSeed) {
  Random one(7);
  Random other(7);
  for (int i = 0; i < 20; ++i) {
    const RoundPlan a = PlanRound(one, {}, kAll);
    const RoundPlan b = PlanRound(other, {}, kAll);
    EXPECT_EQ(a.processes, b.processes);
    EXPECT_EQ(a.semaphores.size(), b.semaphores.size());
    EXPECT_EQ(PlanEpoch(one, {}, a, i, Last::kKill, kAll).mix, PlanEpoch(other, {}, b, i, Last::kKill, kAll).mix);
  }
}

TEST(Plan, NeverHasOneWaitForWhatAnotherGivesWhoWaitsForIt) {
  Random random(1);
  for (int i = 0; i < kPlans; ++i) {
    const RoundPlan round = PlanRound(random, {}, kAll);
    EXPECT_FALSE(Has(round, Use::kHandOver) && Has(round, Use::kPass));
    EXPECT_EQ(Has(round, Use::kPass), Has(round, Use::kPassBack));
  }
}

TEST(Plan, KillsNobodyWhoMayOwnARecursiveMutex) {
  Random random(2);
  int kills = 0;
  for (int i = 0; i < kPlans; ++i) {
    const RoundPlan round = PlanRound(random, {}, kAll);
    const EpochPlan epoch = PlanEpoch(random, {}, round, 1, Last::kKill, kAll);
    kills += epoch.kills ? 1 : 0;
    const auto is_recursive = [](const SemaphorePlan& one) { return one.kind == 0; };
    const bool owned = std::any_of(round.semaphores.begin(), round.semaphores.end(), is_recursive);
    EXPECT_FALSE(owned && epoch.kills);
    EXPECT_TRUE(!epoch.kills || epoch.recorded) << "a kill is judged by the history alone";
  }
  EXPECT_GT(kills, kPlans / 4);
}

TEST(Plan, PlantsCanariesWhereTheyAreNotRefused) {
  Random random(3);
  int canaries = 0;
  for (int i = 0; i < kPlans; ++i) {
    const RoundPlan round = PlanRound(random, {}, kAll);
    const EpochPlan epoch = PlanEpoch(random, {}, round, 1, Last::kCanary, kAll);
    if (epoch.canary.empty()) continue;
    ++canaries;
    const auto is_it = [&](const SemaphorePlan& one) { return one.object == epoch.canary; };
    const auto one = std::find_if(round.semaphores.begin(), round.semaphores.end(), is_it);
    ASSERT_NE(one, round.semaphores.end());
    EXPECT_GT(one->maxvalue, 1000);
    EXPECT_EQ(one->kind, 1);
    EXPECT_FALSE(epoch.kills);
  }
  EXPECT_GT(canaries, kPlans / 2);
}

TEST(Plan, AsksForNothingThatIsLackingOrTurnedOff) {
  Random random(4);
  Limits limits;
  limits.processes = 3;
  limits.threads = 4;
  limits.density = Density::kNone;
  limits.amplifiers = {false, false, false, false, false};
  for (int i = 0; i < kPlans; ++i) {
    const RoundPlan round = PlanRound(random, limits, {"load"});
    EXPECT_EQ(round.processes, 3);
    EXPECT_EQ(round.threads, 1);
    const EpochPlan epoch = PlanEpoch(random, limits, round, i, Last::kKill, {"load"});
    EXPECT_FALSE(epoch.kills || epoch.stops || epoch.signals || epoch.pinned || epoch.recorded);
    EXPECT_EQ(WeightOf(epoch, "fork") + WeightOf(epoch, "rebuild"), 0);
  }
}

}  // namespace
}  // namespace lockstep::stress
