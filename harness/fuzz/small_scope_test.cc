// SPDX-License-Identifier: MIT
#include "harness/fuzz/small_scope.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "harness/scenario/parser.h"

namespace lockstep::fuzz {
namespace {

const Subject kSubject;

std::set<std::string> Sequences(int operations) {
  std::set<std::string> texts;
  SmallScope scope(operations, kSubject);
  while (const auto chain = scope.Next()) {
    for (const Plan& plan : chain->plans)
      EXPECT_TRUE(texts.insert(Write(plan, "fuzz/x", kSubject).scenario.steps_text).second) << "twice";
  }
  return texts;
}

TEST(SmallScope, HasEachSequenceOnce) {
  const std::set<std::string> texts = Sequences(2);
  EXPECT_GT(texts.size(), 1000u);
  EXPECT_EQ(texts.count("p s = SemLock(1, 0, 1, NAME, False) -> ...\np fork a1\na1 s.acquire() -> blocked\n"
                        "kill a1 SIGKILL\na1 died SIGKILL\nleft NAME\n"),
            1u);
}

// So many as there are operations, for both processes: what is left out where it cannot be done makes
// some of them alike.
TEST(SmallScope, OfOneOperationHasThemAll) {
  const std::set<std::string> texts = Sequences(1);
  EXPECT_GE(texts.size(), Setups().size() * 24);
  EXPECT_LE(texts.size(), Setups().size() * 26);
}

TEST(SmallScope, PutsSeveralIntoOneScenario) {
  SmallScope scope(2, kSubject);
  std::size_t sequences = 0;
  std::size_t scenarios = 0;
  while (const auto chain = scope.Next()) {
    ++scenarios;
    sequences += chain->plans.size();
    ASSERT_TRUE(ParseSteps(chain->written.scenario.steps_text, "t.toml", 1)) << chain->written.scenario.steps_text;
    // Each is on a semaphore of its own, all of its operations there.
    for (std::size_t i = 0; i < chain->plans.size(); ++i) {
      const std::string own = "s" + std::to_string(i + 1) + ".";
      const std::string alone = Write(chain->plans[i], "fuzz/x", kSubject).scenario.steps_text;
      for (std::size_t at = alone.find(" s."); at != std::string::npos; at = alone.find(" s.", at + 1)) {
        const std::string call = alone.substr(at + 3, alone.find('\n', at) - at - 3);
        EXPECT_NE(chain->written.scenario.steps_text.find(own + call), std::string::npos) << own << call;
      }
    }
  }
  EXPECT_LT(scenarios * 4, sequences);
}

}  // namespace
}  // namespace lockstep::fuzz
