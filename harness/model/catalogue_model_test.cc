// SPDX-License-Identifier: MIT
// The model and the catalogue, which CPython certifies, agree wherever the model has an opinion.
#include <gtest/gtest.h>

#include "harness/model/model.h"
#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

// Those that the model has an opinion of from their first step to their last: what it does not know
// would else be no contradiction either.
constexpr std::size_t kWholeAtLeast = 680;

TEST(CatalogueAndModel, ContradictEachOtherNowhere) {
  const auto scenarios = LoadScenarios(LOCKSTEP_ROOT "/scenarios");
  ASSERT_TRUE(scenarios) << scenarios.error().Text();
  std::size_t whole = 0;
  for (const std::string version : {"3.8", "3.11", "3.14"}) {
    const Platform platform{*Version::Parse(version), "glibc", *Version::Parse("2.36"), nullptr};
    whole = 0;
    for (const Scenario& scenario : *scenarios) {
      if (!scenario.condition.Holds(platform)) continue;
      const Opinion opinion = OpinionOf(scenario, platform);
      if (opinion.unknown.empty()) ++whole;
      EXPECT_FALSE(opinion.contradiction)
          << scenario.name << " like " << version << ": " << opinion.contradiction->text;
    }
  }
  EXPECT_GE(whole, kWholeAtLeast);
}

}  // namespace
}  // namespace lockstep
