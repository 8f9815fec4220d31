// SPDX-License-Identifier: MIT
#include "harness/text/toml_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lockstep {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(TomlFile, IsReadWithItsLines) {
  const TomlFile file("[[thing]]\r\nname = \"x\"\n", "t.toml");
  EXPECT_FALSE(file.any_mistake());
  EXPECT_EQ(file.name(), "t.toml");
  ASSERT_THAT(file.lines(), SizeIs(2));
  EXPECT_EQ(file.Line(1), "[[thing]]");
  EXPECT_EQ(file.Line(3), "");
}

TEST(TomlFile, ThatIsNoneSaysWhere) {
  const TomlFile file("name = \"x\"\nother\n", "t.toml");
  ASSERT_TRUE(file.any_mistake());
  EXPECT_THAT(file.error().message, StartsWith("t.toml:2:"));
  EXPECT_THAT(file.error().message, HasSubstr("\nother\n"));
  EXPECT_TRUE(file.root().empty());
}

TEST(TomlFile, ThatIsNotUtf8SaysWhere) {
  const TomlFile file("a = \"ü\"\nb = \"\xff\"\n", "t.toml");
  ASSERT_TRUE(file.any_mistake());
  EXPECT_EQ(file.error().message, "t.toml:2:6: not UTF-8; expected text in UTF-8\nb = \"\xef\xbf\xbd\"\n     ^");
  EXPECT_TRUE(file.root().empty());
}

TEST(TomlFile, KeepsItsFirstMistakeWithItsHint) {
  TomlFile file("a = 1\nb = 2\n", "t.toml");
  file.Report(*file.root().get("b"), "wrong", "mend it");
  file.Report(*file.root().get("a"), "wrong, too", "mend that");
  EXPECT_EQ(file.error().message, "t.toml:2:5: wrong\nb = 2\n    ^");
  EXPECT_EQ(file.error().hint, "mend it");
}

TEST(TomlFile, NamesTheFirstUnknownKeyAsItWasWritten) {
  TomlFile file("zeal = 1\nnane = 2\n", "t.toml");
  file.CheckKeys(file.root(), {"name", "zeal"});
  EXPECT_THAT(file.error().message, StartsWith("t.toml:2:1: unknown key 'nane'; did you mean 'name'?\n"));
  TomlFile other("zeal = 1\nall = 2\n", "t.toml");
  other.CheckKeys(other.root(), {"name", "word"});
  EXPECT_THAT(other.error().message, StartsWith("t.toml:1:1: unknown key 'zeal'; expected 'name' or 'word'\n"));
}

TEST(TomlFile, GivesItsTablesInOrder) {
  TomlFile file("[[thing]]\nname = 'b'\n[[thing]]\nname = 'a'\n", "t.toml");
  const auto tables = file.Tables("thing");
  ASSERT_THAT(tables, SizeIs(2));
  EXPECT_EQ(PositionOf(*tables[1]).line, 3);
  TomlFile empty("", "t.toml");
  EXPECT_THAT(empty.Tables("thing"), IsEmpty());
  EXPECT_FALSE(empty.any_mistake());
}

TEST(TomlFile, WantsTablesInTwoBracketsAndNothingElse) {
  for (const char* text : {"[thing]\nname = 'a'\n", "thing = 1\n", "thing = [1]\n"}) {
    TomlFile file(text, "t.toml");
    EXPECT_THAT(file.Tables("thing"), IsEmpty()) << text;
    ASSERT_TRUE(file.any_mistake()) << text;
    EXPECT_THAT(file.error().message, HasSubstr(": expected '[[thing]]', in two brackets\n")) << text;
  }
  TomlFile file("[[think]]\nname = 'a'\n", "t.toml");
  EXPECT_THAT(file.Tables("thing"), IsEmpty());
  EXPECT_THAT(file.error().message, StartsWith("t.toml:1:3: unknown key 'think'; did you mean 'thing'?\n"));
}

TEST(TomlFile, WantsTextInQuotes) {
  TomlFile file("a = 'x'\nb = 7\n", "t.toml");
  EXPECT_EQ(file.Text(*file.root().get("a"), "a"), "x");
  EXPECT_FALSE(file.any_mistake());
  EXPECT_EQ(file.Text(*file.root().get("b"), "b", "a name"), "");
  EXPECT_THAT(file.error().message, StartsWith("t.toml:2:5: 'b' is no string; expected a name\n"));
}

TEST(TomlFile, KnowsWhereTheTextBetweenQuotesStands) {
  const TomlFile file("# ö\nk = [ 'ü', \"so it is\" ]\n", "t.toml");
  const toml::node* item = file.root().get_as<toml::array>("k")->get(1);
  const SourceLine line = file.InQuotes(*item->as_string());
  EXPECT_EQ(line.text, "so it is");
  EXPECT_EQ(line.At(3).line, 2);
  EXPECT_EQ(line.At(3).column, 16);  // the "i" of "it"
}

}  // namespace
}  // namespace lockstep
