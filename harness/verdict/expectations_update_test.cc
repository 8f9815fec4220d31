// SPDX-License-Identifier: MIT
#include "harness/verdict/expectations_update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <utility>

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Platform kPlatform{*Version::Parse("3.14"), "", {}, nullptr};

// A run of several scenarios, judged by a file and then written into it.
class UpdateTest : public testing::Test {
 protected:
  void Fails(const std::string& name, const std::string& actual) {
    ScenarioRun run;
    run.end = ScenarioRun::End::kDiverged;
    run.divergence = Divergence{"p nop()", "-> None", actual, "nop()", {}};
    Came(name, std::move(run));
  }
  void Passes(const std::string& name) { Came(name, ScenarioRun{}); }
  void LeavesBehind(const std::string& name, const std::string& what) {
    ScenarioRun run;
    run.unclean = {what};
    Came(name, std::move(run));
  }
  void Lacks(const std::string& name, const std::string& reason) {
    ScenarioRun run;
    run.end = ScenarioRun::End::kUnsupported;
    run.reason = reason;
    Came(name, std::move(run));
  }

  // The file after an update; what it was is `text`.
  std::string Updated(const std::string& text) {
    auto expectations = Expectations::Parse(text, "e.toml");
    EXPECT_TRUE(expectations);
    std::vector<ScenarioVerdict> verdicts;
    for (auto& [scenario, run] : runs_) {
      verdicts.push_back(
          Judge(RunnerResult{scenario, run, NotRun::kNo, kPlatform}, kPlatform, *expectations, nullptr));
    }
    const auto update = UpdateExpectations(text, *expectations, verdicts, kPlatform);
    if (!update) return update.error().Text();
    changes_ = update->changes;
    by_hand_ = update->by_hand;
    if (by_hand_.empty()) ExpectRight(update->text);
    return update->text;
  }

  // The same runs, judged by what was written: nothing is stale, and nothing fails.
  void ExpectRight(const std::string& text) {
    auto expectations = Expectations::Parse(text, "e.toml");
    ASSERT_TRUE(expectations) << text;
    for (auto& [scenario, run] : runs_) {
      const Verdict overall =
          Judge(RunnerResult{scenario, run, NotRun::kNo, kPlatform}, kPlatform, *expectations, nullptr)
              .Overall();
      EXPECT_TRUE(overall != Verdict::kFail && overall != Verdict::kUnexpectedPass)
          << scenario->name << ": " << ToText(overall) << "\n" << text;
    }
    EXPECT_THAT(expectations->Stale(kPlatform), IsEmpty()) << text;
  }

  std::vector<std::string> changes_;
  std::vector<std::string> by_hand_;

 private:
  void Came(const std::string& name, ScenarioRun run) {
    scenarios_.emplace_back().name = name;
    runs_.emplace_back(&scenarios_.back(), std::move(run));
  }
  std::deque<Scenario> scenarios_;
  std::vector<std::pair<const Scenario*, ScenarioRun>> runs_;
};

constexpr const char* kFile = R"(# What is known.

# A comment of its own.
[[expect]]
scenario = "t/a"
verdict  = "fail"
reason   = "-> 1"
why      = "It counts from one."

[[expect]]
scenario = "t/b"
verdict  = "fail"
reason   = "-> 2"
when     = ">= 3.0"
why      = "It counts from two."
)";

TEST_F(UpdateTest, LeavesAFileThatIsRightAsItIs) {
  Fails("t/a", "-> 1");
  Fails("t/b", "-> 2");
  EXPECT_EQ(Updated(kFile), kFile);
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(UpdateTest, RemovesWhatPassedAndKeepsTheComments) {
  Passes("t/a");
  Fails("t/b", "-> 2");
  const std::string text = Updated(kFile);
  EXPECT_THAT(changes_, ElementsAre("removed t/a: it passed"));
  EXPECT_EQ(text.find("t/a"), std::string::npos);
  EXPECT_THAT(text, HasSubstr("# What is known.\n\n# A comment of its own.\n[[expect]]\nscenario = \"t/b\""));
}

TEST_F(UpdateTest, RemovesWhatMatchedNothing) {
  Fails("t/b", "-> 2");
  Updated(kFile);
  EXPECT_THAT(changes_, ElementsAre("removed t/a: it matched nothing"));
}

TEST_F(UpdateTest, LeavesEntriesOfOtherPlatforms) {
  const std::string text = std::string(kFile) + "\n[[expect]]\nscenario = \"t/c\"\nverdict = \"fail\"\n"
                           "reason = \"x\"\nwhen = \"< 3.8\"\nwhy = \"Old.\"\n";
  Fails("t/a", "-> 1");
  Fails("t/b", "-> 2");
  EXPECT_EQ(Updated(text), text);
}

TEST_F(UpdateTest, ChangesVerdictAndReasonInPlace) {
  Fails("t/a", "-> blocked");
  Fails("t/b", "-> 2");
  EXPECT_THAT(Updated(kFile), HasSubstr("scenario = \"t/a\"\nverdict  = \"hang\"\nreason   = \"-> blocked\"\n"
                                        "why      = \"Not explained yet. Before it changed: It counts from "
                                        "one.\"\n"));
  EXPECT_THAT(changes_, ElementsAre("changed t/a: hang, -> blocked"));
}

TEST_F(UpdateTest, AddsAFailureAtTheEnd) {
  Fails("t/a", "-> 1");
  Fails("t/b", "-> 2");
  Fails("t/c", "raises ValueError: a \"b\"");
  EXPECT_EQ(Updated(kFile), std::string(kFile) +
                                "\n[[expect]]\nscenario = \"t/c\"\nverdict  = \"fail\"\n"
                                "reason   = \"raises ValueError: a \\\"b\\\"\"\n"
                                "why      = \"Not explained yet.\"\n");
}

TEST_F(UpdateTest, PutsAnExceptionBeforeThePatternThatWouldHideIt) {
  const std::string text =
      "[[expect]]\nscenario = \"t/*\"\nverdict = \"fail\"\nreason = \"-> 1\"\nwhy = \"It counts.\"\n";
  Fails("t/a", "-> 1");
  Fails("t/b", "-> 2");
  const std::string updated = Updated(text);
  EXPECT_LT(updated.find("t/b"), updated.find("t/*"));
  EXPECT_THAT(changes_, ElementsAre("added t/b, before 't/*': fail, -> 2"));
}

TEST_F(UpdateTest, LeavesAPatternThatSomePassToPeople) {
  const std::string text =
      "[[expect]]\nscenario = \"t/*\"\nverdict = \"fail\"\nreason = \"-> 1\"\nwhy = \"It counts.\"\n";
  Fails("t/a", "-> 1");
  Passes("t/b");
  EXPECT_EQ(Updated(text), text);
  EXPECT_THAT(by_hand_, ElementsAre("e.toml:1: some of 't/*' pass, others do not: narrow the pattern"));
}

TEST_F(UpdateTest, LeavesAPatternThatSomePassAndSomeFailOtherwiseToPeople) {
  const std::string text =
      "[[expect]]\nscenario = \"t/*\"\nverdict = \"fail\"\nreason = \"-> 1\"\nwhy = \"It counts.\"\n";
  Fails("t/a", "-> 2");
  Passes("t/b");
  EXPECT_THAT(Updated(text), HasSubstr("scenario = \"t/a\""));
  EXPECT_THAT(by_hand_, ElementsAre("e.toml:1: some of 't/*' pass, others do not: narrow the pattern"));
}

TEST_F(UpdateTest, ChangesAFailureThatIsNowOnlyUnclean) {
  LeavesBehind("t/a", "a name is left behind in /dev/shm: sem.BARE");
  Fails("t/b", "-> 2");
  EXPECT_THAT(Updated(kFile), HasSubstr("verdict  = \"unclean\"\n"
                                        "reason   = \"a name is left behind in /dev/shm: sem.BARE\"\n"));
  EXPECT_THAT(changes_, ElementsAre("changed t/a: unclean, a name is left behind in /dev/shm: sem.BARE"));
}

TEST_F(UpdateTest, EditsIndentedEntriesAndKeepsCommentsBehindValues) {
  const std::string text =
      "  [[expect]]\n  scenario = \"t/a\"\n  verdict = \"fail\"  # so far\n"
      "  reason = 'a # \"b\"' # told upstream\n  why = \"x\"\n\n"
      "  [[expect]]\n  scenario = \"t/b\"\n  verdict = \"fail\"\n  reason = \"-> 2\"\n  why = \"y\"\n\n"
      "  [[expect]]\n  scenario = \"t/c\"\n  verdict = \"fail\"\n  reason = \"-> 3\"\n  why = \"z\"\n";
  Fails("t/a", "-> blocked");
  Passes("t/b");
  Fails("t/c", "-> 3");
  EXPECT_EQ(Updated(text),
            "  [[expect]]\n  scenario = \"t/a\"\n  verdict = \"hang\"  # so far\n"
            "  reason = \"-> blocked\"  # told upstream\n"
            "  why = \"Not explained yet. Before it changed: x\"\n\n"
            "  [[expect]]\n  scenario = \"t/c\"\n  verdict = \"fail\"\n  reason = \"-> 3\"\n  why = \"z\"\n");
}

TEST_F(UpdateTest, RefusesAFileWhoseLinesItCannotEdit) {
  Passes("t/a");
  EXPECT_THAT(Updated("expect = [{scenario = \"t/a\", verdict = \"fail\", reason = \"-> 1\", "
                      "why = \"x\"}]\n"),
              HasSubstr("write each entry as a table [[expect]] of its own"));
  Fails("t/b", "-> 2");
  EXPECT_THAT(Updated("[[expect]]\nscenario = \"t/b\"\nverdict = \"fail\"\nreason = \"\"\"\n-> 1\n\"\"\"\nwhy = "
                      "\"x\"\n"),
              HasSubstr("laid out as --update cannot edit it"));
}

TEST_F(UpdateTest, ListsWhatIsLackingOncePerReason) {
  Lacks("t/a", "it has no capability fork");
  Lacks("t/b", "it has no capability fork");
  Lacks("t/c", "it has no capability python");
  Updated("");
  EXPECT_THAT(changes_, ElementsAre("added *: unsupported, it has no capability fork (2 scenarios)",
                                    "added *: unsupported, it has no capability python (1 scenario)"));
}

TEST_F(UpdateTest, LeavesTimesAndAddressesOpen) {
  Fails("t/a", "-> False, early: after 19.87ms");
  Fails("t/b", "-> 140251004923904");
  const std::string text = Updated("");
  EXPECT_THAT(text, HasSubstr("reason   = \"-> False, early: after ...ms\""));
  EXPECT_THAT(text, HasSubstr("reason   = \"-> ...\""));
}

}  // namespace
}  // namespace lockstep
