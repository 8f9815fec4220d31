// SPDX-License-Identifier: MIT
// What holds for every combination that there is: the cases are few enough to try them all.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "harness/verdict/verdict.h"

namespace lockstep {
namespace {

using End = ScenarioRun::End;

constexpr Verdict kVerdicts[] = {
    Verdict::kPass,        Verdict::kFail,   Verdict::kExpectedFail, Verdict::kUnexpectedPass,
    Verdict::kUnsupported, Verdict::kNotRun, Verdict::kHarnessError};
constexpr End kEnds[] = {End::kCompleted, End::kDiverged,     End::kUnsupported,
                         End::kNotRun,    End::kHarnessError, End::kTooEarlyToSee};

int StatusOf(Verdict behaviour, Verdict cleanliness) {
  RunReport report;
  ScenarioVerdict verdict;
  verdict.behaviour = behaviour;
  verdict.cleanliness = cleanliness;
  report.implementations.emplace_back().verdicts = {verdict};
  return ExitStatus(report);
}

// From the best exit status to the worst.
int RankOf(int status) {
  constexpr int kOrder[] = {0, 4, 5, 1, 3, 130};
  for (int i = 0; i < 6; ++i) {
    if (kOrder[i] == status) return i;
  }
  ADD_FAILURE() << "an exit status that is none: " << status;
  return -1;
}

TEST(Overall, IsOneOfTheParts) {
  for (const Verdict behaviour : kVerdicts) {
    for (const Verdict cleanliness : kVerdicts) {
      ScenarioVerdict verdict;
      verdict.behaviour = behaviour;
      verdict.cleanliness = cleanliness;
      EXPECT_TRUE(verdict.Overall() == behaviour || verdict.Overall() == cleanliness);
    }
  }
}

TEST(Overall, DoesNotDependOnWhichPartIsWhich) {
  for (const Verdict one : kVerdicts) {
    for (const Verdict other : kVerdicts) {
      ScenarioVerdict verdict;
      verdict.behaviour = one;
      verdict.cleanliness = other;
      ScenarioVerdict turned;
      turned.behaviour = other;
      turned.cleanliness = one;
      EXPECT_EQ(verdict.Overall(), turned.Overall());
    }
  }
}

TEST(Overall, NeverGatesBetterThanEitherPart) {
  for (const Verdict behaviour : kVerdicts) {
    for (const Verdict cleanliness : kVerdicts) {
      // A part that was not run says nothing; beside it the other decides.
      if (behaviour == Verdict::kNotRun || cleanliness == Verdict::kNotRun) continue;
      // Nor does a lack, beside something that was judged.
      if (behaviour == Verdict::kUnsupported || cleanliness == Verdict::kUnsupported) continue;
      const int whole = RankOf(StatusOf(behaviour, cleanliness));
      EXPECT_GE(whole, RankOf(StatusOf(behaviour, behaviour)));
      EXPECT_GE(whole, RankOf(StatusOf(cleanliness, cleanliness)));
    }
  }
}

TEST(Overall, LeavesTheOtherPartWhenOneWasNotRun) {
  for (const Verdict behaviour : kVerdicts) {
    if (behaviour == Verdict::kPass)
      continue;  // what passed was run to its end, and so was judged in both parts
    ScenarioVerdict verdict;
    verdict.behaviour = behaviour;
    verdict.cleanliness = Verdict::kNotRun;
    EXPECT_EQ(verdict.Overall(), behaviour);
  }
}

// One combination of everything that Judge looks at.
struct Combination {
  End end;
  bool clean;
  const char* actual;  // of a divergence
  const char* entry;   // the verdict that is expected; nullptr: no entry
  bool reason_matches;
  const End* oracle;  // nullptr: none

  ScenarioRun Run(End its_end) const {
    ScenarioRun run;
    run.end = its_end;
    run.reason = "because";
    if (its_end == End::kDiverged)
      run.divergence = Divergence{"p f() -> 1", "-> 1", actual, "f()", {}};
    if (its_end == End::kCompleted && !clean) run.unclean = {"a name is left"};
    return run;
  }
  std::string Text() const {
    return fmt::format("end {}, clean {}, actual {}, entry {} (matches: {}), oracle {}",
                       static_cast<int>(end), clean, actual, entry == nullptr ? "none" : entry,
                       reason_matches, oracle == nullptr ? -1 : static_cast<int>(*oracle));
  }
};

void ForEach(const std::function<void(const Combination&, const ScenarioVerdict&,
                                      const Expectations&)>& check) {
  Scenario scenario;
  scenario.name = "a/b";
  const char* entries[] = {nullptr, "fail", "crash", "hang", "unclean", "unsupported", "not_run"};
  std::vector<const End*> oracles = {nullptr};
  for (const End& end : kEnds) oracles.push_back(&end);
  for (const End end : kEnds) {
    for (const bool clean : {true, false}) {
      for (const char* actual : {"-> 2", "died SIGSEGV", "-> blocked"}) {
        for (const char* entry : entries) {
          for (const bool matches : {true, false}) {
            for (const End* oracle : oracles) {
              const Combination combination{end, clean, actual, entry, matches, oracle};
              Expectations expectations;
              if (entry != nullptr) {
                const auto text = fmt::format(
                    "[[expect]]\nscenario=\"a/*\"\nverdict=\"{}\"\nreason=\"{}\"\nwhy=\"x\"\n",
                    entry, matches ? "..." : "nothing of the kind");
                expectations = *Expectations::Parse(text, "e.toml");
              }
              ScenarioRun of_oracle;
              if (oracle != nullptr) of_oracle = combination.Run(*oracle);
              const NotRun not_run = end == End::kNotRun ? NotRun::kMachine : NotRun::kNo;
              const ScenarioVerdict verdict =
                  Judge(RunnerResult{&scenario, combination.Run(end), not_run, {}}, Platform{},
                        expectations, oracle == nullptr ? nullptr : &of_oracle);
              SCOPED_TRACE(combination.Text());
              check(combination, verdict, expectations);
            }
          }
        }
      }
    }
  }
}

TEST(EveryVerdict, IsAPassOnlyOfWhatCameToItsEnd) {
  ForEach([](const Combination& given, const ScenarioVerdict& verdict, const Expectations&) {
    if (verdict.Overall() != Verdict::kPass) return;
    EXPECT_EQ(given.end, End::kCompleted);
    EXPECT_TRUE(given.clean);
    EXPECT_EQ(verdict.reason, "");
  });
}

TEST(EveryVerdict, ExceptAPassHasAReason) {
  ForEach([](const Combination&, const ScenarioVerdict& verdict, const Expectations&) {
    if (verdict.Overall() != Verdict::kPass) {
      EXPECT_NE(verdict.reason, "");
    }
  });
}

TEST(EveryVerdict, IsAnExpectedFailureOnlyWithAnEntryThatMatched) {
  ForEach([](const Combination& given, const ScenarioVerdict& verdict,
             const Expectations& expectations) {
    if (verdict.Overall() != Verdict::kExpectedFail) return;
    EXPECT_TRUE(given.reason_matches);
    ASSERT_NE(verdict.expected, nullptr);
    EXPECT_TRUE(expectations.entries()[0].matched);
  });
}

TEST(EveryVerdict, OfADivergenceIsNeverGreenWithoutAnEntryForIt) {
  ForEach([](const Combination& given, const ScenarioVerdict& verdict, const Expectations&) {
    if (given.end != End::kDiverged || (given.entry != nullptr && given.reason_matches)) return;
    EXPECT_TRUE(verdict.Overall() == Verdict::kFail || verdict.Overall() == Verdict::kHarnessError);
  });
}

TEST(EveryVerdict, OfWhatWasRunIsAHarnessErrorWhereTheOracleFails) {
  ForEach([](const Combination& given, const ScenarioVerdict& verdict, const Expectations&) {
    const bool ran = given.end == End::kCompleted || given.end == End::kDiverged;
    const bool oracle_fails = given.oracle != nullptr && (*given.oracle == End::kDiverged ||
                                                          *given.oracle == End::kHarnessError ||
                                                          *given.oracle == End::kTooEarlyToSee);
    if (ran && oracle_fails) {
      EXPECT_EQ(verdict.Overall(), Verdict::kHarnessError);
    }
  });
}

TEST(EveryVerdict, JudgesCleanlinessOnlyOfWhatCameToItsEnd) {
  ForEach([](const Combination& given, const ScenarioVerdict& verdict, const Expectations&) {
    if (given.end != End::kCompleted) {
      EXPECT_EQ(verdict.cleanliness, Verdict::kNotRun);
    }
  });
}

TEST(EveryVerdict, MakesItsEntryStaleOnlyByAPass) {
  ForEach([](const Combination& given, const ScenarioVerdict&, const Expectations& expectations) {
    if (given.entry == nullptr || given.end == End::kCompleted) return;
    EXPECT_TRUE(expectations.Stale(Platform{}).empty());
  });
}

}  // namespace
}  // namespace lockstep
