// SPDX-License-Identifier: MIT
#include "reports/page/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Html, LiteralsAreMarkupAndAllElseIsText) {
  const std::string name = "<b>&\"'";
  EXPECT_EQ((Html() << "<p>" << name << " " << 7).text(), "<p>&lt;b&gt;&amp;&quot;&#39; 7");
}

TEST(Html, ControlCharactersAndBytesThatAreNoTextAreWrittenOut) {
  EXPECT_EQ(Escaped("a\x1b[31m\xff\n"), "a\\x1b[31m\\xff\n");
  EXPECT_EQ(Escaped(std::string_view("\0</script>", 10)), "\\x00&lt;/script&gt;");
}

TEST(Html, TextDoesNotTurnTheDirectionOfWhatStandsBehindIt) {
  EXPECT_EQ(Escaped("a\u202eb\u2066c\u200fd\u061ce"), "a\\u202eb\\u2066c\\u200fd\\u061ce");
  EXPECT_EQ(Escaped("– … ✓ µ é"), "– … ✓ µ é");
}

TEST(Html, LongTextLosesItsMiddleAndSaysSo) {
  const std::string text = Shortened(std::string(1 << 20, 'a') + "end", 900);
  EXPECT_LT(text.size(), 1000U);
  EXPECT_THAT(text, HasSubstr("aaa […1047679 bytes are left out here…] aaa"));
  EXPECT_TRUE(text.ends_with("end"));
  EXPECT_EQ(Shortened("short", 5), "short");
}

TEST(Html, CharactersStayWholeWhereTextIsCut) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "é";
  for (std::size_t most = 10; most < 30; ++most) EXPECT_THAT(Escaped(Shortened(text, most)), Not(HasSubstr("\\x"))) << most;
}

TEST(Html, OnlyAddressesOfTheWebAreLinks) {
  EXPECT_EQ(Html().Link("https://example.org/?a=1&b").text(),
            "<a rel=\"noopener noreferrer\" href=\"https://example.org/?a=1&amp;b\">https://example.org/?a=1&amp;b</a>");
  for (const char* other : {"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "Lib/threading.py",
                            "https://x\" onmouseover=\"y", "//example.org", "\x01javascript:alert(1)"}) {
    EXPECT_THAT(Html().Link(other).text(), Not(HasSubstr("<a"))) << other;
  }
}

}  // namespace
}  // namespace lockstep::reports
