// SPDX-License-Identifier: MIT
// Every message about transcripts in files and about templates, to the letter.
#include <gtest/gtest.h>

#include <string>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

std::string MistakeIn(const std::string& file) {
  const Result<std::vector<Scenario>> scenarios = ParseScenarioFile(file, "t.toml");
  return scenarios ? "no mistake" : scenarios.error().message;
}

TEST(CatalogueTranscript, CountsLinesFromTheTopOfTheFile) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "    p nop()\n"
                      "    p fork stop\n"
                      "'''\n"),
            "t.toml:7:12: 'stop' is reserved, never an actor\n"
            "    p fork stop\n"
            "           ^");
}

TEST(CatalogueTranscript, CountsColumnsOnTheLineOfTheKey) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''p fork stop'''\n"),
            "t.toml:5:19: 'stop' is reserved, never an actor\n"
            "steps = '''p fork stop'''\n"
            "                  ^");
}

TEST(CatalogueTranscript, CountsLinesWithCarriageReturns) {
  EXPECT_EQ(MistakeIn("[[scenario]]\r\n"
                      "name = \"t/a\"\r\n"
                      "says = \"A rule.\"\r\n"
                      "source = \"POSIX\"\r\n"
                      "steps = '''\r\n"
                      "  p fork stop\r\n"
                      "'''\r\n"),
            "t.toml:6:10: 'stop' is reserved, never an actor\n"
            "  p fork stop\n"
            "         ^");
}

TEST(CatalogueTranscript, IsCheckedWhereTheScenarioAppliesOnly) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "when = \">= 3.12\"\n"
                      "steps = '''\n"
                      "p fork c when < 3.12\n"
                      "c nop()\n"
                      "'''\n"),
            "t.toml:8:1: actor 'c' is not there; it is not made before this step\n"
            "c nop()\n"
            "^");
}

TEST(CatalogueTemplate, RefusesAnUnknownPlaceholderInTheName) {
  EXPECT_EQ(
      MistakeIn("[[scenario]]\n"
                "name = \"t/{x}\"\n"
                "says = \"A rule.\"\n"
                "source = \"POSIX\"\n"
                "steps = '''\n"
                "p nop()\n"
                "'''\n"),
      "t.toml:2:8: '{x}' is no placeholder of this scenario; expected one of 'each' or 'cases'\n"
      "name = \"t/{x}\"\n"
      "       ^");
}

TEST(CatalogueTemplate, RefusesAPlaceholderThatIsNotUsed) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "each = {x = [\"1\"]}\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:2:8: '{x}' is used nowhere; expected it in 'name', 'says' or 'steps'\n"
            "name = \"t/a\"\n"
            "       ^");
}

TEST(CatalogueTemplate, RefusesPlaceholdersThatAreNotInTheName) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "each = {x = [\"1\", \"2\"]}\n"
                      "steps = '''\n"
                      "p umask({x})\n"
                      "'''\n"),
            "t.toml:2:8: the name 't/a' is taken, on line 1; expected every placeholder in 'name'\n"
            "name = \"t/a\"\n"
            "       ^");
}

TEST(CatalogueTemplate, RefusesAValueThatIsNoText) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "each = {x = [1]}\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:14: expected text in quotes, or {text = \"1e300\", name = \"huge\"}\n"
            "each = {x = [1]}\n"
            "             ^");
}

TEST(CatalogueTemplate, RefusesAListThatIsNone) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "each = {x = \"1\"}\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:13: expected a list of values for 'x'\n"
            "each = {x = \"1\"}\n"
            "            ^");
}

TEST(CatalogueTemplate, RefusesATableThatIsNone) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "each = [\"1\"]\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:8: expected a table of lists, as in each = {timeout = [\"-1\", \"-inf\"]}\n"
            "each = [\"1\"]\n"
            "       ^");
}

TEST(CatalogueTemplate, RefusesAValueOfTwoLines) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "each = {x = [\"1\\n2\"]}\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:14: a value is part of a line; expected no line end in it\n"
            "each = {x = [\"1\\n2\"]}\n"
            "             ^");
}

TEST(CatalogueTemplate, RefusesACaseThatLacksAPlaceholder) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "cases = [{x = \"1\", y = \"2\"}, {x = \"1\"}]\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:30: this case has no 'y', which the first has\n"
            "cases = [{x = \"1\", y = \"2\"}, {x = \"1\"}]\n"
            "                             ^");
}

TEST(CatalogueTemplate, RefusesACaseWithAnotherPlaceholder) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "cases = [{x = \"1\"}, {x = \"1\", y = \"2\"}]\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:21: this case has 'y', which the first has not\n"
            "cases = [{x = \"1\"}, {x = \"1\", y = \"2\"}]\n"
            "                    ^");
}

TEST(CatalogueTemplate, RefusesCasesThatAreNoTables) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "cases = [\"1\"]\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:9: expected a list of tables, as in cases = [{value = \"1\", kind = \"0\"}]\n"
            "cases = [\"1\"]\n"
            "        ^");
}

TEST(CatalogueTemplate, TellsWhichValuesMadeTheMistake) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/{x}\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "each = {x = [\"1\", \"$\"]}\n"
                      "steps = '''\n"
                      "  p umask(0 + {x})\n"
                      "'''\n"),
            "t.toml:7:15: unexpected character '$' (with x=$)\n"
            "  p umask(0 + {x})\n"
            "              ^");
}

TEST(CatalogueTemplate, CountsColumnsBehindAPlaceholderInTheFile) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/{long_one}\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "each = {long_one = [\"1\"]}\n"
                      "steps = '''\n"
                      "  p umask({long_one}, $)\n"
                      "'''\n"),
            "t.toml:7:23: unexpected character '$' (with long_one=1)\n"
            "  p umask({long_one}, $)\n"
            "                      ^");
}

TEST(CatalogueTemplate, CountsColumnsBehindAPlaceholderOnTheLineOfTheKey) {
  EXPECT_EQ(MistakeIn("[[scenario]]\nname = \"t/{x}\"\nsays = \"A rule.\"\nsource = \"POSIX\"\n"
                      "each = {x = [\"123456\"]}\nsteps = '''p umask({x}, $)'''\n"),
            "t.toml:6:25: unexpected character '$' (with x=123456)\n"
            "steps = '''p umask({x}, $)'''\n"
            "                        ^");
}

}  // namespace
}  // namespace lockstep
