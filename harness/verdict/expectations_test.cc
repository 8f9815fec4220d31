// SPDX-License-Identifier: MIT
#include "harness/verdict/expectations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Platform kPython314{Version{{3, 14}}, "glibc", Version{{2, 36}}};
const Platform kPython38{Version{{3, 8}}, "glibc", Version{{2, 43}}};

// A whole entry, to which a test adds or in which it replaces a line.
constexpr const char* kEntry =
    "[[expect]]\n"
    "scenario = \"fork/child\"\n"
    "verdict = \"fail\"\n"
    "reason = \"-> True\"\n"
    "why = \"It forgets.\"\n";

std::string With(const std::string& line, const std::string& in_place_of) {
  std::string text = kEntry;
  const std::size_t at = text.find(in_place_of);
  return text.replace(at, in_place_of.size(), line);
}

Expectations Parsed(const std::string& text) {
  auto expectations = Expectations::Parse(text, "e.toml");
  EXPECT_TRUE(expectations.has_value()) << expectations.error().Text();
  return expectations ? std::move(*expectations) : Expectations();
}

std::string MistakeOf(const std::string& text) {
  const auto expectations = Expectations::Parse(text, "e.toml");
  return expectations ? "no mistake" : expectations.error().Text();
}

TEST(Expectations, ReadsEveryKeyOfAnEntry) {
  const Expectations expectations = Parsed(std::string("# known\n") + kEntry +
                                           "when = \">= 3.12 and glibc < 2.41\"\n"
                                           "link = \"https://example.org/1\"\n");
  ASSERT_EQ(expectations.entries().size(), 1U);
  const ExpectedEntry& entry = expectations.entries()[0];
  EXPECT_EQ(entry.scenario, "fork/child");
  EXPECT_EQ(entry.kind, ExpectedKind::kFail);
  EXPECT_EQ(entry.reason, "-> True");
  EXPECT_EQ(entry.why, "It forgets.");
  EXPECT_EQ(entry.link, "https://example.org/1");
  EXPECT_EQ(entry.condition.text, ">= 3.12 and glibc < 2.41");
  EXPECT_EQ(entry.place, "e.toml:2");
}

TEST(Expectations, KnowsEveryVerdictByItsName) {
  for (const ExpectedKind kind :
       {ExpectedKind::kFail, ExpectedKind::kCrash, ExpectedKind::kHang, ExpectedKind::kUnclean,
        ExpectedKind::kUnsupported, ExpectedKind::kNotRun}) {
    const Expectations expectations =
        Parsed(With(std::string("verdict = \"") + ToText(kind) + "\"", "verdict = \"fail\""));
    ASSERT_EQ(expectations.entries().size(), 1U);
    EXPECT_EQ(expectations.entries()[0].kind, kind);
  }
}

TEST(Expectations, AreNoneInAnEmptyFile) {
  EXPECT_THAT(Parsed("# nothing is known\n").entries(), IsEmpty());
}

// --- Which entry applies ------------------------------------------------------------------------

struct PatternCase {
  const char* pattern;
  const char* name;
  bool matches;
};

void PrintTo(const PatternCase& one, std::ostream* out) { *out << one.pattern << " and " << one.name; }

class Pattern : public testing::TestWithParam<PatternCase> {};

TEST_P(Pattern, MatchesWholeNamesWithAnyTextForAStar) {
  Expectations expectations = Parsed(
      With(std::string("scenario = \"") + GetParam().pattern + "\"", "scenario = \"fork/child\""));
  EXPECT_EQ(expectations.Find(GetParam().name, kPython314) != nullptr, GetParam().matches)
      << GetParam().pattern << " and " << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    All, Pattern,
    testing::Values(
        PatternCase{"fork/child", "fork/child", true},
        PatternCase{"fork/child", "fork/child-owns", false},
        PatternCase{"fork/child", "a-fork/child", false}, PatternCase{"fork/*", "fork/child", true},
        PatternCase{"fork/*", "fork/", true}, PatternCase{"fork/*", "forks/child", false},
        PatternCase{"*", "fork/child", true}, PatternCase{"*/child", "fork/child", true},
        PatternCase{"*/child", "fork/children", false}, PatternCase{"f*k/c*d", "fork/child", true},
        PatternCase{"f*k/c*d", "fork/child-died", true}, PatternCase{"*aab", "aaaab", true},
        PatternCase{"a*b*c", "a-b-b", false}, PatternCase{"**", "fork/child", true}));

TEST(Expectations, GivesTheFirstEntryThatMatches) {
  Expectations expectations =
      Parsed(std::string(kEntry) + With("scenario = \"fork/*\"", "scenario = \"fork/child\""));
  EXPECT_EQ(expectations.Find("fork/child", kPython314), expectations.entries().data());
  EXPECT_EQ(expectations.Find("fork/other", kPython314), expectations.entries().data() + 1);
}

TEST(Expectations, PassesOverAnEntryWhoseConditionDoesNotHold) {
  Expectations expectations =
      Parsed(std::string(kEntry) + "when = \">= 3.12\"\n" +
             With("reason = \"-> None\"", "reason = \"-> True\"") + "when = \"< 3.12\"\n");
  ASSERT_NE(expectations.Find("fork/child", kPython38), nullptr);
  EXPECT_EQ(expectations.Find("fork/child", kPython38)->reason, "-> None");
  EXPECT_EQ(expectations.Find("fork/child", kPython314)->reason, "-> True");
}

// --- Stale entries ------------------------------------------------------------------------------

TEST(Expectations, CallAnEntryStaleThatNoScenarioCameTo) {
  EXPECT_THAT(Parsed(kEntry).Stale(kPython314),
              ElementsAre("e.toml:1: 'fork/child' is no scenario's name, or an earlier entry comes "
                          "before it: remove the entry"));
}

TEST(Expectations, CallAnEntryStaleWhoseScenariosAllPassed) {
  Expectations expectations = Parsed(kEntry);
  expectations.Find("fork/child", kPython314)->passed = true;
  EXPECT_THAT(
      expectations.Stale(kPython314),
      ElementsAre("e.toml:1: 'fork/child' is expected to be 'fail', and passed: remove the entry"));
}

TEST(Expectations, KeepAnEntryThatSomeScenarioMatched) {
  Expectations expectations = Parsed(kEntry);
  expectations.Find("fork/child", kPython314)->passed = true;
  expectations.Find("fork/child", kPython314)->matched = true;
  EXPECT_THAT(expectations.Stale(kPython314), IsEmpty());
}

TEST(Expectations, KeepAnEntryOfWhichNothingCouldBeTold) {
  Expectations expectations = Parsed(kEntry);
  expectations.Find("fork/child", kPython314)->unsettled = true;
  EXPECT_THAT(expectations.Stale(kPython314), IsEmpty());
}

TEST(Expectations, KeepAnEntryOfAnotherPlatform) {
  EXPECT_THAT(Parsed(std::string(kEntry) + "when = \"< 3.12\"\n").Stale(kPython314), IsEmpty());
}

// --- Mistakes -----------------------------------------------------------------------------------

TEST(ExpectationsFile, TellsAnUnknownKeyWithTheNearest) {
  EXPECT_EQ(MistakeOf(With("reasn = \"-> True\"", "reason = \"-> True\"")),
            "e.toml:4:1: unknown key 'reasn'; did you mean 'reason'?\n"
            "reasn = \"-> True\"\n"
            "^");
}

TEST(ExpectationsFile, TellsWhatKeysThereAreWhenNoneIsNear) {
  EXPECT_THAT(MistakeOf(std::string(kEntry) + "colour = \"red\"\n"),
              HasSubstr("e.toml:6:1: unknown key 'colour'; expected 'scenario', 'verdict', "
                        "'reason', 'when', 'why' or 'link'\n"));
}

TEST(ExpectationsFile, TellsAnUnknownTable) {
  EXPECT_THAT(MistakeOf("[[expected]]\n"),
              HasSubstr("e.toml:1:3: unknown key 'expected'; did you mean 'expect'?\n"));
}

TEST(ExpectationsFile, TellsATableInOneBracket) {
  EXPECT_THAT(MistakeOf("[expect]\nscenario = \"a/b\"\n"),
              HasSubstr("e.toml:1:1: expected '[[expect]]', in two brackets\n"));
}

TEST(ExpectationsFile, TellsAVerdictThatIsNone) {
  EXPECT_THAT(MistakeOf(With("verdict = \"hnag\"", "verdict = \"fail\"")),
              HasSubstr("e.toml:3:11: 'hnag' is no verdict to expect; did you mean 'hang'?\n"));
}

TEST(ExpectationsFile, DoesNotExpectAPass) {
  EXPECT_THAT(MistakeOf(With("verdict = \"pass\"", "verdict = \"fail\"")),
              HasSubstr("'pass' is no verdict to expect; expected 'fail', 'crash', 'hang', "
                        "'unclean', 'unsupported' or 'not_run'\n"));
}

TEST(ExpectationsFile, TellsAMissingReason) {
  EXPECT_THAT(MistakeOf(With("", "reason = \"-> True\"")),
              HasSubstr("e.toml:1:1: this entry has no 'reason'; expected what comes instead, as "
                        "in \"raises TypeError: ...\"\n"));
}

TEST(ExpectationsFile, TellsAnEmptyReasonAndWhyItMatters) {
  EXPECT_EQ(MistakeOf(With("reason = \" \"", "reason = \"-> True\"")),
            "e.toml:4:10: 'reason' is empty; expected what comes instead, as in \"raises "
            "TypeError: ...\"\n"
            "reason = \" \"\n"
            "         ^\n"
            "  An entry without its reason would hide every other defect of the scenario.");
}

TEST(ExpectationsFile, TellsAMissingWhy) {
  EXPECT_THAT(
      MistakeOf(With("", "why = \"It forgets.\"")),
      HasSubstr(
          "e.toml:1:1: this entry has no 'why'; expected a sentence for people: what differs\n"));
}

TEST(ExpectationsFile, TellsAValueOfTheWrongType) {
  EXPECT_THAT(MistakeOf(With("reason = true", "reason = \"-> True\"")),
              HasSubstr("e.toml:4:10: 'reason' is no string; expected"));
  EXPECT_THAT(MistakeOf(std::string(kEntry) + "link = 12\n"),
              HasSubstr("e.toml:6:8: 'link' is no string; expected"));
  EXPECT_THAT(MistakeOf(std::string(kEntry) + "when = 3.12\n"),
              HasSubstr("e.toml:6:8: 'when' is no string; expected"));
}

TEST(ExpectationsFile, TellsAPatternInAnotherLanguage) {
  EXPECT_THAT(MistakeOf(With("scenario = \"fork/child[0-9]+\"", "scenario = \"fork/child\"")),
              HasSubstr("e.toml:2:12: 'fork/child[0-9]+' is no name of a scenario; expected "
                        "letters, digits, '-', '.', '_' and "
                        "'/', and '*' for any text\n"));
}

TEST(ExpectationsFile, TellsAMistakeInAConditionAtItsPlace) {
  EXPECT_EQ(MistakeOf(std::string(kEntry) + "when = \"glib < 2.41\"\n"),
            "e.toml:6:9: unknown subject 'glib' of a condition; expected a version of Python as in "
            "'>= 3.12', or 'glibc' or "
            "'musl'; did you mean 'glibc'?\n"
            "when = \"glib < 2.41\"\n"
            "        ^");
  EXPECT_THAT(MistakeOf(std::string(kEntry) + "when = \">= 3.12 or so\"\n"),
              HasSubstr("e.toml:6:17: conditions are joined by 'and'"));
}

TEST(ExpectationsFile, TellsASecondEntryForTheSame) {
  EXPECT_THAT(
      MistakeOf(std::string(kEntry) + kEntry),
      HasSubstr("e.toml:7:12: a second entry for 'fork/child'; the first is at e.toml:1\n"));
}

TEST(ExpectationsFile, MayTellBothWhatIsLackingAndWhatDiffers) {
  Expectations expectations =
      Parsed(std::string(kEntry) + With("verdict = \"unsupported\"", "verdict = \"fail\""));
  const ExpectedEntry* conduct = expectations.Find("fork/child", kPython314, Concern::kConduct);
  const ExpectedEntry* lack = expectations.Find("fork/child", kPython314, Concern::kLack);
  ASSERT_NE(conduct, nullptr);
  ASSERT_NE(lack, nullptr);
  EXPECT_EQ(conduct->kind, ExpectedKind::kFail);
  EXPECT_EQ(lack->kind, ExpectedKind::kUnsupported);
}

TEST(ExpectationsFile, TellsWhatIsNoToml) {
  EXPECT_THAT(MistakeOf("[[expect]\n"), HasSubstr("e.toml:1:"));
}

TEST(ExpectationsFile, TellsWhatIsNotUtf8) {
  EXPECT_THAT(MistakeOf("# \xff\n"), HasSubstr("e.toml:1:3: not UTF-8; expected text in UTF-8\n"));
}

TEST(ExpectationsFile, TellsAFileThatIsNotThere) {
  const auto expectations = Expectations::Load("/nowhere/expectations.toml");
  ASSERT_FALSE(expectations.has_value());
  EXPECT_EQ(expectations.error().message, "/nowhere/expectations.toml: No such file or directory");
}

TEST(ExpectationsFile, IsAsItsDocumentShowsIt) {
  std::ifstream page(EXPECTATIONS_PAGE);
  std::string example;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("    ", 0) == 0) example += line.substr(4) + "\n";
  }
  const Expectations expectations = Parsed(example);
  ASSERT_EQ(expectations.entries().size(), 3U);
  EXPECT_EQ(expectations.entries()[0].kind, ExpectedKind::kHang);
  EXPECT_EQ(expectations.entries()[1].condition.text, "< 3.12");
}

TEST(ExpectationsFile, IsLoadedByItsPath) {
  std::string folder = testing::TempDir() + "expectations-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string file = folder + "/expectations.toml";
  std::ofstream(file) << kEntry;
  const auto expectations = Expectations::Load(file);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(expectations.has_value()) << expectations.error().Text();
  EXPECT_EQ(expectations->entries()[0].place, file + ":1");
}

}  // namespace
}  // namespace lockstep
