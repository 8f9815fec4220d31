// SPDX-License-Identifier: MIT
#include "harness/engine/matching.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cmath>
#include <csignal>

#include "harness/engine/testing_run.h"

namespace lockstep {
namespace {

using std::string_literals::operator""s;

// What `expected`, as a transcript writes it, says of an outcome.
bool Match(const std::string& expected, const Actual& actual,
           Messages messages = Messages::kJudge) {
  const Scenario scenario = ScenarioOf(
      "p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\np s.acquire() " + expected + "\n");
  const Expectation expectation = *std::get<Do>(scenario.steps[1].what).expectation;
  return Matches(expectation, actual, messages, [](const Expr& expr) { return expr.value; });
}

TEST(Matches, ComparesValuesWithTheirTypes) {
  EXPECT_TRUE(Match("-> True", Value(true)));
  EXPECT_FALSE(Match("-> True", Value::Int(1)));
  EXPECT_FALSE(Match("-> True", Value(false)));
  EXPECT_TRUE(Match("-> 1", Value::Int(1)));
  EXPECT_FALSE(Match("-> 1", Value(1.0)));
  EXPECT_FALSE(Match("-> 1", Value(true)));
  EXPECT_TRUE(Match("-> None", Value(None{})));
  EXPECT_FALSE(Match("-> None", Value(false)));
  EXPECT_TRUE(Match("-> 'a'", Value("a"s)));
  EXPECT_FALSE(Match("-> 'a'", Value(Bytes{"a"})));
  EXPECT_TRUE(Match("-> nan", Value(std::nan(""))));
}

TEST(Matches, TakesAnyValueOfAType) {
  EXPECT_TRUE(Match("-> int", Value::Int(7)));
  EXPECT_TRUE(Match("-> int", Value(BigInt{"18446744073709551616"})));
  EXPECT_FALSE(Match("-> int", Value(true)));
  EXPECT_FALSE(Match("-> int", Value(1.0)));
  EXPECT_TRUE(Match("-> bool", Value(false)));
  EXPECT_TRUE(Match("-> str", Value(""s)));
  EXPECT_FALSE(Match("-> str", Value(Bytes{""})));
  EXPECT_TRUE(Match("-> bytes", Value(Bytes{""})));
  EXPECT_TRUE(Match("-> float", Value(0.5)));
  EXPECT_FALSE(Match("-> float", Value::Int(1)));
}

TEST(Matches, TakesAnythingThatWasReturnedForAnEllipsis) {
  EXPECT_TRUE(Match("-> ...", Value(None{})));
  EXPECT_TRUE(Match("-> ...", Value(Object{"SemLock"})));
  EXPECT_FALSE(Match("-> ...", Raised{"ValueError", "", std::nullopt}));
}

TEST(Matches, TakesATextThatIsLikeAPattern) {
  EXPECT_TRUE(Match("-> like '<Lock...>'", Value("<Lock(owner=None)>"s)));
  EXPECT_TRUE(Match("-> like 'a...b...c'", Value("abbbc"s)));
  EXPECT_FALSE(Match("-> like '<Lock...>'", Value("<RLock(None, 0)>"s)));
  EXPECT_FALSE(Match("-> like '<Lock...>'", Value(Bytes{"<Lock>"})));
  EXPECT_FALSE(Match("-> like 'a'", Value("aa"s)));
}

TEST(Matches, TakesADeathByItsSignal) {
  EXPECT_TRUE(Match("dies SIGBUS", Ended{SIGBUS}));
  EXPECT_FALSE(Match("dies SIGBUS", Ended{SIGSEGV}));
  EXPECT_FALSE(Match("dies SIGBUS", Ended{SIGBUS << 8}));  // exited with the number as its status
  EXPECT_FALSE(Match("dies SIGBUS", Value(None{})));
}

TEST(Matches, KnowsAnOsErrorByItsErrno) {
  EXPECT_TRUE(Match("raises OSError ENOENT", Raised{"OSError", "", ENOENT}));
  EXPECT_TRUE(Match("raises OSError ENOENT", Raised{"FileNotFoundError", "", ENOENT}));
  EXPECT_TRUE(Match("raises FileNotFoundError", Raised{"OSError", "", ENOENT}));
  EXPECT_TRUE(Match("raises FileNotFoundError", Raised{"FileNotFoundError", "", ENOENT}));
  EXPECT_FALSE(Match("raises OSError ENOENT", Raised{"OSError", "", EEXIST}));
  EXPECT_FALSE(Match("raises OSError ENOENT", Raised{"OSError", "", std::nullopt}));
  EXPECT_FALSE(Match("raises FileNotFoundError", Raised{"OSError", "", EEXIST}));
  EXPECT_FALSE(Match("raises OSError ENOENT", Raised{"ValueError", "", ENOENT}));
  EXPECT_FALSE(Match("raises OSError ENOENT", Value(None{})));
}

TEST(Matches, TellsTheErrnosOfASubclassApartThatHasSeveral) {
  EXPECT_TRUE(Match("raises PermissionError EACCES", Raised{"PermissionError", "", EACCES}));
  EXPECT_TRUE(Match("raises PermissionError EACCES", Raised{"OSError", "", EACCES}));
  EXPECT_FALSE(Match("raises PermissionError EACCES", Raised{"PermissionError", "", EPERM}));
}

TEST(Matches, TakesAnyOsErrorWhenTheTranscriptSaysAny) {
  EXPECT_TRUE(Match("raises OSError any", Raised{"OSError", "", ENOENT}));
  EXPECT_TRUE(Match("raises OSError any", Raised{"FileExistsError", "", EEXIST}));
  EXPECT_FALSE(Match("raises OSError any", Raised{"ValueError", "", std::nullopt}));
}

TEST(Matches, KnowsOtherExceptionsByTheirNameAlone) {
  EXPECT_TRUE(Match("raises ValueError", Raised{"ValueError", "whatever", std::nullopt}));
  EXPECT_FALSE(Match("raises ValueError", Raised{"TypeError", "whatever", std::nullopt}));
  EXPECT_FALSE(
      Match("raises ValueError", Raised{"UnicodeError", "a subclass in Python", std::nullopt}));
}

TEST(Matches, JudgesAMessageOnlyWhereOneIsWritten) {
  const Raised raised{"ValueError", "semaphore or lock released too many times", std::nullopt};
  EXPECT_TRUE(Match("raises ValueError: semaphore or lock released too many times", raised));
  EXPECT_TRUE(Match("raises ValueError: semaphore ... times", raised));
  EXPECT_FALSE(Match("raises ValueError: semaphore or lock released", raised));
  EXPECT_TRUE(Match("raises ValueError: another", raised, Messages::kIgnore));
  EXPECT_FALSE(Match("raises TypeError: another", raised, Messages::kIgnore));
}

TEST(Matches, TakesACallThatIsBlockedForBlockedHoweverItWasSeen) {
  EXPECT_TRUE(Match("-> blocked", Blocked{}));
  EXPECT_TRUE(Match("-> blocked", Blocked{BlockedBy::kPresumed, false, 0}));
  EXPECT_FALSE(Match("-> blocked", Value(true)));
  EXPECT_FALSE(Match("-> True", Blocked{}));
}

TEST(Matches, TakesNoDeathAndNoSilenceForAnOutcome) {
  for (const char* expected : {"-> ...", "raises OSError any", "-> blocked"}) {
    EXPECT_FALSE(Match(expected, Ended{0}));
    EXPECT_FALSE(Match(expected, NoAnswer{}));
    EXPECT_FALSE(Match(expected, Unsupported{"no"}));
  }
}

TEST(Matches, TakesAnyOfTheAlternatives) {
  EXPECT_TRUE(Match("-> 0 or 1", Value::Int(0)));
  EXPECT_TRUE(Match("-> 0 or 1", Value::Int(1)));
  EXPECT_FALSE(Match("-> 0 or 1", Value::Int(2)));
  EXPECT_TRUE(Match("-> True or raises OSError EINTR", Raised{"InterruptedError", "", EINTR}));
  EXPECT_FALSE(Match("-> True or raises OSError EINTR", Value(false)));
}

TEST(MatchesText, LetsDotsStandForAnyText) {
  EXPECT_TRUE(MatchesText("", ""));
  EXPECT_TRUE(MatchesText("abc", "abc"));
  EXPECT_FALSE(MatchesText("abc", "abcd"));
  EXPECT_FALSE(MatchesText("abc", "ab"));
  EXPECT_TRUE(MatchesText("...", ""));
  EXPECT_TRUE(MatchesText("...", "anything"));
  EXPECT_TRUE(MatchesText("a...c", "abc"));
  EXPECT_TRUE(MatchesText("a...c", "ac"));
  EXPECT_FALSE(MatchesText("a...c", "abd"));
  EXPECT_TRUE(MatchesText("a...b...c", "a b b c"));
  EXPECT_FALSE(MatchesText("a...b...c", "acb"));
  EXPECT_TRUE(MatchesText("...b", "aab"));
  EXPECT_TRUE(MatchesText("a...", "a"));
  EXPECT_FALSE(MatchesText("...x...", "none"));
}

TEST(MatchesText, UsesNoCharacterTwice) {
  EXPECT_FALSE(MatchesText("aa...aa", "aaa"));
  EXPECT_TRUE(MatchesText("aa...aa", "aaaa"));
  EXPECT_FALSE(MatchesText("...ab...ab", "ab"));
}

}  // namespace
}  // namespace lockstep
