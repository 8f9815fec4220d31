// SPDX-License-Identifier: MIT
#include "reports/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep::reports {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

TEST(Printable, LeavesTextTabsAndLineEndsAsTheyAre) {
  EXPECT_EQ(Printable("a\tb\nc \xc3\xa9 \xf0\x9f\x94\x92"), "a\tb\nc \xc3\xa9 \xf0\x9f\x94\x92");
}

TEST(Printable, WritesControlCharactersOut) {
  EXPECT_EQ(Printable(std::string_view("\x1b[31m\0\x07\x7f", 8)), "\\x1b[31m\\x00\\x07\\x7f");
}

TEST(Printable, WritesTheSecondSetOfControlCharactersOut) {
  // U+009B begins a sequence on some terminals, as ESC [ does.
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m \xc2\xa0"),
            "\\xc2\\x9b31m \xc2\xa0");
}

TEST(Printable, WritesBytesThatAreNoUtf8Out) {
  EXPECT_EQ(Printable("a\xff\xc3(\xed\xa0\x80"
                      "b"),
            "a\\xff\\xc3(\\xed\\xa0\\x80b");
}

TEST(Printable, WritesWhatXmlForbidsOut) {
  EXPECT_EQ(Printable("\xef\xbf\xbe \xef\xbf\xbf"), "\\xef\\xbf\\xbe \\xef\\xbf\\xbf");
}

TEST(Printable, TakesACarriageReturnForPartOfALineEndOnlyBeforeOne) {
  EXPECT_EQ(Printable("a\r\nb\rc"), "a\nb\\x0dc");
}

TEST(Printable, WritesDirectionsOfWritingOut) {
  EXPECT_EQ(Printable("a\u202eb\u2066c\u200fd\u061ce"), "a\\u202eb\\u2066c\\u200fd\\u061ce");
  EXPECT_EQ(Printable("– … ✓ µ é"), "– … ✓ µ é");
}

TEST(Wrapped, BreaksAtTheLastBlankThatFits) {
  EXPECT_THAT(Wrapped("one two three four", 9), ElementsAre("one two", "three", "four"));
  EXPECT_THAT(Wrapped("one two three", 7), ElementsAre("one two", "three"));
}

TEST(Wrapped, BreaksWithinAWordThatIsTooLong) {
  EXPECT_THAT(Wrapped("abcdefgh ij", 4), ElementsAre("abcd", "efgh", "ij"));
}

TEST(Wrapped, CountsCharactersRatherThanBytes) {
  EXPECT_THAT(Wrapped("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 3),
              ElementsAre("\xc3\xa9\xc3\xa9\xc3\xa9", "\xc3\xa9"));
}

TEST(Wrapped, KeepsLineEndsAndEmptyLines) {
  EXPECT_THAT(Wrapped("a\n\nb", 10), ElementsAre("a", "", "b"));
}

TEST(Wrapped, KeepsAnIndent) {
  EXPECT_THAT(Wrapped("    one two", 8), ElementsAre("    one", "two"));
}

TEST(Wrapped, MakesATabFourBlanks) { EXPECT_THAT(Wrapped("a\tbb", 6), ElementsAre("a", "bb")); }

TEST(Wrapped, GivesOneLineForNothing) { EXPECT_THAT(Wrapped("", 10), ElementsAre("")); }

TEST(Wrapped, EndsForEveryWidth) {
  for (std::size_t width = 0; width < 30; ++width) {
    std::string letters;
    for (const std::string& line :
         Wrapped("a  bb   ccc \xc3\xa9\xc3\xa9 dddddddddddddddd e", width)) {
      EXPECT_LE(WidthOf(line), std::max<std::size_t>(width, 1));
      for (const char c : line) {
        if (c != ' ') letters += c;
      }
    }
    EXPECT_EQ(letters,
              "abbccc\xc3\xa9\xc3\xa9"
              "dddddddddddddddde");
  }
}

TEST(Padded, FillsUpToTheWidthInCharacters) {
  EXPECT_EQ(Padded("\xc3\xa9", 3), "\xc3\xa9  ");
  EXPECT_EQ(Padded("long", 2), "long");
}

TEST(DurationText, HasThreeDigitsThatMatter) {
  EXPECT_EQ(DurationText(milliseconds(4)), "0.00 s");
  EXPECT_EQ(DurationText(milliseconds(9987)), "9.99 s");
  EXPECT_EQ(DurationText(milliseconds(9999)), "10.0 s");
  EXPECT_EQ(DurationText(milliseconds(59'990)), "1 min 0 s");
  EXPECT_EQ(DurationText(milliseconds(250'400)), "4 min 10 s");
}

TEST(Counted, TellsOneFromSeveral) {
  EXPECT_EQ(Counted(1, "scenario"), "1 scenario");
  EXPECT_EQ(Counted(61, "scenario"), "61 scenarios");
}

TEST(ShellQuoted, LeavesPlainWordsAndQuotesOthers) {
  EXPECT_EQ(ShellQuoted("python:/usr/bin/python3.14"), "python:/usr/bin/python3.14");
  EXPECT_EQ(ShellQuoted("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(ShellQuoted(""), "''");
}

TEST(TailOf, BeginsWithALineWhereOneBegins) {
  EXPECT_EQ(TailOf("one\ntwo\n", 8), "one\ntwo\n");
  EXPECT_EQ(TailOf("one\ntwo\n", 6), "(4 bytes before)\ntwo\n");
}

TEST(TailOf, OfOneLongLineIsItsEndInWholeCharacters) {
  EXPECT_EQ(TailOf("0123456789\n", 5), "(6 bytes before)\n6789\n");
  EXPECT_EQ(TailOf("aaaaöb", 2), "(4 bytes before)\nöb");
}

}  // namespace
}  // namespace lockstep::reports
