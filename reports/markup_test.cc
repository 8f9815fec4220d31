// SPDX-License-Identifier: MIT
#include "reports/markup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MarkdownText, LeavesPlainWordsAsTheyAre) {
  EXPECT_EQ(MarkdownText("acquire(timeout=0): it's -1, 2 + 2"), "acquire(timeout=0): it's -1, 2 + 2");
}

TEST(MarkdownText, MarksNothingUp) {
  EXPECT_EQ(MarkdownText("a|b `c` *d* _e_ ~f~ [g](h) \\i <b> & \"j\""),
            "a&#124;b &#96;c&#96; &#42;d&#42; &#95;e&#95; &#126;&#8203;f&#126; &#91;g&#93;(h) &#92;i &lt;b&gt; &amp; &quot;j&quot;");
}

TEST(MarkdownText, NamesNobodyAndLinksNowhere) {
  EXPECT_EQ(MarkdownText("@torvalds"), "&#64;&#8203;torvalds");
  EXPECT_EQ(MarkdownText("me@example.org"), "me&#64;&#8203;example.org");
  EXPECT_EQ(MarkdownText("fixes #12"), "fixes &#35;&#8203;12");
  EXPECT_EQ(MarkdownText("gh-12"), "gh-&#8203;12");
  EXPECT_EQ(MarkdownText("https://evil"), "https:&#8203;//evil");
  EXPECT_EQ(MarkdownText("WWW.evil.org"), "WWW&#8203;.evil.org");
}

TEST(MarkdownText, IsOneLineWhateverItWas) {
  EXPECT_EQ(MarkdownText("a\n# b\r\n\tc"), "a &#35; b  c");
  EXPECT_EQ(MarkdownText("\x1b[31mred\xff"), "&#92;x1b&#91;31mred&#92;xff");
}

TEST(OneLine, IsShortenedBetweenCharactersWithANote) {
  EXPECT_EQ(OneLine("abcdef", 6), "abcdef");
  EXPECT_EQ(OneLine("abcdefg", 6), "abcdef … (1 byte more)");
  EXPECT_EQ(OneLine("abcde\xc3\xa9", 6), "abcde … (2 bytes more)");
}

TEST(OneLine, WritesOutWhatTurnsTheDirectionOfWriting) {
  EXPECT_EQ(OneLine("a\xe2\x80\xae"
                    "b\xe2\x81\xa6"
                    "c\xe2\x80\xa8"),
            "a\\u202eb\\u2066c\xe2\x80\xa8");
}

TEST(MarkdownCode, CannotBeLeft) { EXPECT_EQ(MarkdownCode("</code><script>`"), "<code>&lt;/code&gt;&lt;script&gt;&#96;</code>"); }

TEST(MarkdownBlock, KeepsLinesAndCannotBeLeft) {
  EXPECT_EQ(MarkdownBlock("a\n\n</pre>\n``` *b*\n"), "<pre>\na\n\n&lt;/pre&gt;\n``` *b*\n</pre>\n");
}

TEST(MarkdownBlock, IsBounded) {
  EXPECT_EQ(MarkdownBlock("aaaaaaaa", 4), "<pre>\naaaa\n… (4 bytes more)\n</pre>\n");
  EXPECT_LT(MarkdownBlock(std::string(1'000'000, '\xff')).size(), 70'000U);
}

TEST(HtmlText, HoldsNoTagAndEndsNoAttribute) { EXPECT_EQ(HtmlText("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;"); }

}  // namespace
}  // namespace lockstep::reports
