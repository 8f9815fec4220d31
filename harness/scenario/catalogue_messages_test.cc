// SPDX-License-Identifier: MIT
// Every message about a scenario's table, to the letter.
#include <gtest/gtest.h>

#include <string>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

std::string MistakeIn(const std::string& file) {
  const Result<std::vector<Scenario>> scenarios = ParseScenarioFile(file, "t.toml");
  return scenarios ? "no mistake" : scenarios.error().message;
}

TEST(CatalogueTable, GuessesTheKeyThatWasMeant) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "lvel = \"core\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:1: unknown key 'lvel'; did you mean 'level'?\n"
            "lvel = \"core\"\n"
            "^");
}

TEST(CatalogueTable, TellsTheFirstUnknownKeyAsWritten) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "zeta = 1\n"
                      "alpha = 2\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:1: unknown key 'zeta'; expected 'name', 'says', 'source', 'rules', 'level', "
            "'needs', 'tags', 'when', 'each', 'cases', 'script' or 'steps'\n"
            "zeta = 1\n"
            "^");
}

TEST(CatalogueTable, GuessesScenarioAtTheTop) {
  EXPECT_EQ(MistakeIn("[[scenaro]]\n"
                      "name = \"t/a\"\n"),
            "t.toml:1:3: unknown key 'scenaro'; did you mean 'scenario'?\n"
            "[[scenaro]]\n"
            "  ^");
}

TEST(CatalogueTable, RefusesAFileWithoutScenarios) {
  EXPECT_EQ(MistakeIn("# nothing\n"),
            "t.toml:1:1: no scenario in this file; expected '[[scenario]]'\n"
            "# nothing\n"
            "^");
}

TEST(CatalogueTable, RefusesOneTableInsteadOfAList) {
  EXPECT_EQ(MistakeIn("[scenario]\n"
                      "name = \"t/a\"\n"),
            "t.toml:1:1: expected '[[scenario]]', in two brackets\n"
            "[scenario]\n"
            "^");
}

TEST(CatalogueTable, RefusesAScenarioWithoutName) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:1:1: this scenario has no 'name'\n"
            "[[scenario]]\n"
            "^");
}

TEST(CatalogueTable, RefusesAScenarioWithoutSays) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:1:1: this scenario has no 'says'\n"
            "[[scenario]]\n"
            "^");
}

TEST(CatalogueTable, RefusesAScenarioWithoutSource) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:1:1: this scenario has no 'source'\n"
            "[[scenario]]\n"
            "^");
}

TEST(CatalogueTable, RefusesAScenarioWithoutSteps) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"),
            "t.toml:1:1: this scenario has no 'steps'\n"
            "[[scenario]]\n"
            "^");
}

TEST(CatalogueTable, RefusesStepsThatAreCommentsOnly) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "# p nop()\n"
                      "'''\n"),
            "t.toml:2:8: this scenario has no steps\n"
            "name = \"t/a\"\n"
            "       ^");
}

TEST(CatalogueTable, RefusesSaysWithoutFullStop) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:3:8: 'says' is one sentence; expected a full stop at its end\n"
            "says = \"A rule\"\n"
            "       ^");
}

TEST(CatalogueTable, RefusesAnEmptySource) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:4:10: 'source' is empty\n"
            "source = \"\"\n"
            "         ^");
}

TEST(CatalogueTable, RefusesANameOfAnotherArea) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"fork/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:2:8: 'fork/a' is in the file of another area; expected 't/a'\n"
            "name = \"fork/a\"\n"
            "       ^");
}

TEST(CatalogueTable, RefusesANameWithoutArea) {
  EXPECT_EQ(
      MistakeIn("[[scenario]]\n"
                "name = \"a\"\n"
                "says = \"A rule.\"\n"
                "source = \"POSIX\"\n"
                "steps = '''\n"
                "p nop()\n"
                "'''\n"),
      "t.toml:2:8: 'a' is no name; expected 'area/what-happens' in lower case, digits and '-'\n"
      "name = \"a\"\n"
      "       ^");
}

TEST(CatalogueTable, RefusesCapitalsInAName) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/BigName\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:2:8: 't/BigName' is no name; expected 'area/what-happens' in lower case, "
            "digits and '-'\n"
            "name = \"t/BigName\"\n"
            "       ^");
}

TEST(CatalogueTable, RefusesANameThatIsTaken) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"
                      "[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:9:8: the name 't/a' is taken, on line 1\n"
            "name = \"t/a\"\n"
            "       ^");
}

TEST(CatalogueTable, RefusesANumberAsAName) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = 7\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:2:8: 'name' is no string; expected text in quotes\n"
            "name = 7\n"
            "       ^");
}

TEST(CatalogueTable, RefusesAnUnknownLevel) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "level = \"basic\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:9: unknown level 'basic'; expected 'core' or 'full'\n"
            "level = \"basic\"\n"
            "        ^");
}

TEST(CatalogueTable, RefusesNeedsThatAreNoList) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "needs = \"python\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:9: 'needs' is no list; expected as in needs = [\"python\"]\n"
            "needs = \"python\"\n"
            "        ^");
}

TEST(CatalogueTable, GuessesTheCapabilityThatWasMeant) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "needs = [\"pyhton\"]\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:10: unknown capability 'pyhton'; did you mean 'python'?\n"
            "needs = [\"pyhton\"]\n"
            "         ^");
}

TEST(CatalogueTable, ListsTheCapabilitiesThatThereAre) {
  EXPECT_EQ(
      MistakeIn("[[scenario]]\n"
                "name = \"t/a\"\n"
                "says = \"A rule.\"\n"
                "source = \"POSIX\"\n"
                "needs = [\"everything\"]\n"
                "steps = '''\n"
                "p nop()\n"
                "'''\n"),
      "t.toml:5:10: unknown capability 'everything'; expected 'fork', 'thread', 'spawn', 'signal', "
      "'rebuild_by_name', 'unnamed', 'shm', 'limits', 'hammer', 'python' or 'sync'\n"
      "needs = [\"everything\"]\n"
      "         ^");
}

TEST(CatalogueTable, RefusesANumberAsACapability) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "needs = [1]\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:10: expected text in quotes in 'needs'\n"
            "needs = [1]\n"
            "         ^");
}

TEST(CatalogueTable, GuessesTheTagThatWasMeant) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "tags = [\"paralel\"]\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:9: unknown tag 'paralel'; did you mean 'parallel'?\n"
            "tags = [\"paralel\"]\n"
            "        ^");
}

TEST(CatalogueTable, RefusesATagWithBlanks) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "tags = [\"a b\"]\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:9: 'a b' is no tag; expected lower case, digits and '-'\n"
            "tags = [\"a b\"]\n"
            "        ^");
}

TEST(CatalogueTable, RefusesABadCondition) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "when = \">= three\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:12: expected a version as in '3.12', found 'three'\n"
            "when = \">= three\"\n"
            "           ^");
}

TEST(CatalogueTable, RefusesAConditionThatGoesOn) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "when = \">= 3.12 or so\"\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:17: conditions are joined by 'and'; for 'or' write a step for each\n"
            "when = \">= 3.12 or so\"\n"
            "                ^");
}

TEST(CatalogueTable, RefusesANumberAsACondition) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "when = 3.12\n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:8: 'when' is no string; expected as in when = \">= 3.12\"\n"
            "when = 3.12\n"
            "       ^");
}

TEST(CatalogueTable, RefusesStepsInABasicString) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = \"\"\"\n"
                      "p nop()\n"
                      "\"\"\"\n"),
            "t.toml:5:9: expected steps in a literal multi-line string, between ''' and '''; "
            "others change backslashes\n"
            "steps = \"\"\"\n"
            "        ^");
}

TEST(CatalogueTable, RefusesStepsInAnOrdinaryString) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "steps = \"p nop()\"\n"),
            "t.toml:5:9: expected steps in a literal multi-line string, between ''' and '''; "
            "others change backslashes\n"
            "steps = \"p nop()\"\n"
            "        ^");
}

TEST(CatalogueTable, TellsASyntaxErrorOfToml) {
  EXPECT_EQ(MistakeIn("[[scenario]]\n"
                      "name = \"t/a\"\n"
                      "says = \"A rule.\"\n"
                      "source = \"POSIX\"\n"
                      "level = \n"
                      "steps = '''\n"
                      "p nop()\n"
                      "'''\n"),
            "t.toml:5:9: Error while parsing key-value pair: expected value, saw '\\n'\n"
            "level = \n"
            "        ^");
}

TEST(CatalogueTable, TellsADuplicateKey) {
  EXPECT_EQ(
      MistakeIn("[[scenario]]\n"
                "name = \"t/a\"\n"
                "says = \"A rule.\"\n"
                "source = \"POSIX\"\n"
                "level = \"core\"\n"
                "level = \"full\"\n"
                "steps = '''\n"
                "p nop()\n"
                "'''\n"),
      "t.toml:6:9: Error while parsing key-value pair: cannot redefine existing string 'level'\n"
      "level = \"full\"\n"
      "        ^");
}

}  // namespace
}  // namespace lockstep
