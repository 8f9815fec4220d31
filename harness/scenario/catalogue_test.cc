// SPDX-License-Identifier: MIT
// Scenario files: what a table becomes, templates, folders, and the examples of the language's
// page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "harness/scenario/behaviours.h"
#include "harness/scenario/parser.h"
#include "harness/scenario/testing_certificates.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Scenario> Parsed(const std::string& text, const std::string& file = "t.toml") {
  Result<std::vector<Scenario>> scenarios = ParseScenarioFile(text, file);
  if (scenarios) return *std::move(scenarios);
  ADD_FAILURE() << scenarios.error().Text();
  return {};
}

std::string Table(const std::string& name, const std::string& steps, const std::string& more = "") {
  return "[[scenario]]\nname = \"" + name + "\"\nsays = \"A rule.\"\nsource = \"POSIX\"\n" + more +
         "steps = '''\n" + steps + "\n'''\n";
}

Scenario One(const std::string& steps, const std::string& more = "") {
  const std::vector<Scenario> scenarios = Parsed(Table("t/a", steps, more));
  return scenarios.size() == 1 ? scenarios[0] : Scenario{};
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// A folder of this test's own, removed with everything in it.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "lockstep-catalogue-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(path_ / file) << text;
  }
  std::string Path(const std::string& file = "") const {
    return file.empty() ? path_.string() : (path_ / file).string();
  }

 private:
  fs::path path_;
};

TEST(Catalogue, ReadsWhatATableSays) {
  const Scenario scenario = One(
      "p nop()", "level = \"core\"\nwhen = \">= 3.12\"\ntags = [\"slow\"]\nneeds = [\"python\"]\n");
  EXPECT_EQ(scenario.name, "t/a");
  EXPECT_EQ(scenario.Area(), "t");
  EXPECT_EQ(scenario.says, "A rule.");
  EXPECT_EQ(scenario.source, "POSIX");
  EXPECT_EQ(scenario.level, Level::kCore);
  EXPECT_EQ(scenario.condition.text, ">= 3.12");
  EXPECT_THAT(scenario.tags, ElementsAre("slow"));
  EXPECT_THAT(scenario.needs, ElementsAre("python"));
  EXPECT_EQ(scenario.file, "t.toml");
  EXPECT_EQ(scenario.line, 1);
  EXPECT_EQ(scenario.steps.size(), 1u);
}

TEST(Catalogue, IsOfTheFullLevelUnlessItSaysSo) { EXPECT_EQ(One("p nop()").level, Level::kFull); }

TEST(Catalogue, KeepsScenariosInTheirOrder) {
  const std::vector<Scenario> scenarios = Parsed(Table("t/b", "p nop()") + Table("t/a", "p nop()"));
  EXPECT_EQ(scenarios[0].name, "t/b");
  EXPECT_EQ(scenarios[1].line, 8);
}

TEST(Catalogue, KeepsTheTranscriptWithoutItsIndent) {
  EXPECT_EQ(One("\n    p nop()   # why\n\n      p umask(0)\n  ").steps_text,
            "p nop()   # why\n\n  p umask(0)\n");
}

TEST(Catalogue, TellsWhichLineAStepStandsOn) {
  EXPECT_EQ(One("p nop()\np nop()").steps[1].position.line, 7);
}

TEST(Catalogue, TakesATranscriptThatEndsInAQuote) {
  const std::string file =
      "[[scenario]]\nname = \"t/a\"\nsays = \"A rule.\"\nsource = \"POSIX\"\nsteps = '''p "
      "sem_unlink(\"a\")'''\n";
  EXPECT_EQ(Parsed(file).at(0).steps_text, "p sem_unlink(\"a\")\n");
}

// --- What steps show of themselves
// ----------------------------------------------------------------

TEST(Needs, AreWhatTheStepsUse) {
  const std::string s = "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\n";
  EXPECT_THAT(One(s + "p s.acquire()").needs, IsEmpty());
  EXPECT_THAT(One("p fork c").needs, ElementsAre("fork"));
  EXPECT_THAT(One("p thread c").needs, ElementsAre("thread"));
  EXPECT_THAT(One("p spawn c").needs, ElementsAre("spawn"));
  EXPECT_THAT(One("start c").needs, IsEmpty());
  EXPECT_THAT(One("p on SIGUSR1 return").needs, ElementsAre("signal"));
  EXPECT_THAT(One("signal p SIGUSR1").needs, ElementsAre("signal"));
  EXPECT_THAT(One("start c\nkill c SIGKILL").needs, IsEmpty());
  EXPECT_THAT(One("p t = SemLock._rebuild(0, SEMAPHORE, 1, NAME)").needs,
              ElementsAre("rebuild_by_name"));
  EXPECT_THAT(One("p t = SemLock._rebuild(0, SEMAPHORE, 1, name=NAME)").needs,
              ElementsAre("rebuild_by_name"));
  EXPECT_THAT(One(s + "p t = SemLock._rebuild(s.handle, SEMAPHORE, 1, None)").needs, IsEmpty());
  EXPECT_THAT(One("p u = SemLock.unnamed(SEMAPHORE, 1, 1)").needs, ElementsAre("unnamed"));
  EXPECT_THAT(One("p shm_unlink(NAME)").needs, ElementsAre("shm"));
  EXPECT_THAT(One("p m = SharedMemory(BARE, create=True, size=16)\np m.buf[0:1]").needs,
              ElementsAre("shm"));
  EXPECT_THAT(One("p umask(0)").needs, ElementsAre("limits"));
  EXPECT_THAT(One("p rlimit('NOFILE', 0)").needs, ElementsAre("limits"));
  EXPECT_THAT(One(s + "p hammer s 5").needs, ElementsAre("hammer"));
  EXPECT_THAT(One("p eval('1')").needs, ElementsAre("python"));
}

TEST(Needs, AreFoundInsideOfTogetherAndHandlers) {
  EXPECT_THAT(One("together { p umask(0) }").needs, ElementsAre("limits"));
  EXPECT_THAT(One("p on SIGUSR1 call umask(0)").needs, ElementsAre("limits", "signal"));
}

TEST(Needs, AreAddedToThoseWritten) {
  EXPECT_THAT(One("p fork c", "needs = [\"python\"]\n").needs, ElementsAre("fork", "python"));
}

TEST(Tags, SayWhichScenariosJudgeTime) {
  EXPECT_TRUE(One("p nop() -> None after 5ms").IsTiming());
  EXPECT_TRUE(One("together { p nop() -> None after 5ms }").IsTiming());
  EXPECT_FALSE(One("p nop() -> None").IsTiming());
}

TEST(Tags, SayWhichScenariosRunInParallel) {
  EXPECT_THAT(One("p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np hammer s 5").tags,
              ElementsAre("parallel"));
}

// --- Templates
// ------------------------------------------------------------------------------------

TEST(Templates, MakeAScenarioOfEachCombination) {
  const std::vector<Scenario> scenarios = Parsed(Table(
      "t/x-{b}-{a}", "p umask({b} + {a})", "each = {b = [\"1\", \"2\"], a = [\"3\", \"4\"]}\n"));
  ASSERT_EQ(scenarios.size(), 4u);
  EXPECT_EQ(scenarios[0].name, "t/x-1-3");
  EXPECT_EQ(scenarios[1].name, "t/x-1-4");
  EXPECT_EQ(scenarios[3].name, "t/x-2-4");
  EXPECT_EQ(scenarios[3].steps_text, "p umask(2 + 4)\n");
  EXPECT_EQ(scenarios[3].steps[0].text, "p umask(2 + 4)");
}

TEST(Templates, MakeAScenarioOfEachCase) {
  const std::vector<Scenario> scenarios =
      Parsed(Table("t/x-{a}", "p umask({a}) -> {b}",
                   "cases = [{a = \"1\", b = \"int\"}, {a = \"2\", b = \"7\"}]\n"));
  ASSERT_EQ(scenarios.size(), 2u);
  EXPECT_EQ(scenarios[1].name, "t/x-2");
  EXPECT_EQ(scenarios[1].steps[0].text, "p umask(2) -> 7");
}

TEST(Templates, FillInWhatTheScenarioSays) {
  const std::string file =
      "[[scenario]]\nname = \"t/{a}\"\nsays = \"For {a} too.\"\nsource = \"POSIX\"\n"
      "each = {a = [\"1\"]}\nsteps = '''p nop()'''\n";
  EXPECT_EQ(Parsed(file).at(0).says, "For 1 too.");
}

TEST(Templates, MakeValuesFitForNames) {
  const std::vector<Scenario> scenarios = Parsed(
      Table("t/{a}", "p umask({a})",
            "each = {a = [\"-1\", \"2**3\", {text=\"10**30\", name=\"huge\"}, \"'x_Y'\"]}\n"));
  EXPECT_EQ(scenarios[0].name, "t/-1");
  EXPECT_EQ(scenarios[1].name, "t/2--3");
  EXPECT_EQ(scenarios[2].name, "t/huge");
  EXPECT_EQ(scenarios[2].steps[0].text, "p umask(10**30)");
  EXPECT_EQ(scenarios[3].name, "t/-x-Y-");
}

TEST(Templates, LeaveOtherBracesAlone) {
  const std::vector<Scenario> scenarios = Parsed(
      Table("t/{a}", "together { p umask({a}) }\np sem_unlink('{b}')", "each = {a = [\"1\"]}\n"));
  EXPECT_EQ(scenarios.at(0).steps_text, "together { p umask(1) }\np sem_unlink('{b}')\n");
}

// --- Folders
// --------------------------------------------------------------------------------------

TEST(LoadScenarios, ReadsTheFilesOfAFolderInTheOrderOfTheirNames) {
  const Folder folder;
  folder.Write("b.toml", Table("b/one", "p nop()"));
  folder.Write("a.toml", Table("a/one", "p nop()"));
  folder.Write("behaviours.toml", "this is something else");
  folder.Write("a.md", "this, too");
  const Result<std::vector<Scenario>> scenarios = LoadScenarios(folder.Path());
  ASSERT_TRUE(scenarios.has_value()) << scenarios.error().Text();
  ASSERT_EQ(scenarios->size(), 2u);
  EXPECT_EQ(scenarios->at(0).name, "a/one");
  EXPECT_EQ(scenarios->at(0).file, folder.Path("a.toml"));
}

TEST(LoadScenarios, ReadsOneFile) {
  const Folder folder;
  folder.Write("a.toml", Table("a/one", "p nop()"));
  EXPECT_EQ(LoadScenarios(folder.Path("a.toml")).value().size(), 1u);
}

TEST(LoadScenarios, TellsTheFileOfAMistake) {
  const Folder folder;
  folder.Write("a.toml", Table("a/one", "q nop()"));
  EXPECT_THAT(LoadScenarios(folder.Path()).error().message,
              HasSubstr(folder.Path("a.toml") + ":6:1: unknown actor 'q'"));
}

TEST(LoadScenarios, TellsWhenThereIsNothingThere) {
  EXPECT_EQ(LoadScenarios("/nowhere/at-all").error().message,
            "/nowhere/at-all: no such file or folder");
}

TEST(LoadScenarios, TellsWhenAFolderHasNoScenarios) {
  const Folder folder;
  EXPECT_EQ(LoadScenarios(folder.Path()).error().message,
            folder.Path() + ": no scenarios here; expected *.toml files");
}

// --- The language's page
// --------------------------------------------------------------------------

// The blocks of a Markdown page that are indented by four blanks, without that indent.
std::vector<std::string> ExamplesOf(const std::string& page) {
  std::vector<std::string> blocks;
  std::istringstream in(page);
  bool open = false;
  for (std::string line; std::getline(in, line);) {
    const bool indented = line.rfind("    ", 0) == 0;
    if (indented && !open) blocks.emplace_back();
    if (indented) blocks.back() += line.substr(4) + "\n";
    open = indented || (open && line.empty());
    if (open && line.empty()) blocks.back() += "\n";
  }
  return blocks;
}

TEST(LanguagePage, HasExamplesThatAreRight) {
  const std::vector<std::string> examples =
      ExamplesOf(ReadFile(std::string(LOCKSTEP_SCENARIOS) + "/LANGUAGE.md"));
  ASSERT_EQ(examples.size(), 4u);
  const Result<std::vector<Scenario>> scenarios = ParseScenarioFile(examples[0], "fork.toml");
  EXPECT_TRUE(scenarios.has_value()) << scenarios.error().Text();
  for (const std::string& example : {examples[1], examples[2], "p fork c\n" + examples[3]}) {
    const Result<std::vector<Step>> steps = ParseSteps(example, "LANGUAGE.md", 1);
    EXPECT_TRUE(steps.has_value()) << steps.error().Text();
  }
}

// --- What it covers
// --------------------------------------------------------------------------------

// Every scenario shows a behaviour, and every behaviour is shown or says why not.
TEST(Coverage, OfTheProjectsOwnCatalogueIsWhole) {
  const Result<std::vector<Scenario>> scenarios = LoadScenarios(LOCKSTEP_SCENARIOS);
  ASSERT_TRUE(scenarios.has_value()) << scenarios.error().Text();
  const auto coverage = LoadCoverage(LOCKSTEP_SCENARIOS, *scenarios);
  ASSERT_TRUE(coverage.has_value()) << coverage.error().Text();
  EXPECT_GT(coverage->size(), 300u);
}

class CoverageTest : public testing::Test {
 protected:
  // The error of a catalogue of one scenario that shows `rules`, or "".
  std::string ErrorOf(const std::set<std::string>& rules, const std::string& behaviours,
                      const std::string& reasons) {
    folder_.Write("behaviours.toml", behaviours);
    folder_.Write("NOT_COVERED.md", reasons);
    std::vector<Scenario> scenarios(1);
    scenarios[0].name = "t/a";
    scenarios[0].file = "t.toml";
    scenarios[0].line = 7;
    scenarios[0].rules = rules;
    const auto coverage = LoadCoverage(folder_.Path(), scenarios);
    return coverage ? "" : coverage.error().message;
  }
  const std::string one_ = "[[behaviour]]\nid = \"t.a\"\nrule = \"It is.\"\nsource = \"POSIX\"\n";
  const std::string two_ = one_ + "[[behaviour]]\nid = \"t.b\"\nrule = \"It was.\"\nsource = \"POSIX\"\n";
  const Folder folder_;
};

TEST_F(CoverageTest, IsWholeWithAScenarioOrAReasonForEach) {
  EXPECT_EQ(ErrorOf({"t.a"}, one_, ""), "");
  EXPECT_EQ(ErrorOf({"t.a"}, two_, "# Not covered\n\n- `t.b`: it needs two machines\n"), "");
}

TEST_F(CoverageTest, TellsAScenarioThatShowsNothing) {
  EXPECT_EQ(ErrorOf({}, one_, ""), "t.toml:7: t/a shows no behaviour; expected rules = [\"AREA.ID\"]");
}

TEST_F(CoverageTest, TellsABehaviourThatIsNotThere) {
  EXPECT_EQ(ErrorOf({"t.aa"}, one_, ""),
            "t.toml:7: t/a: unknown behaviour 't.aa'; did you mean 't.a'?");
  EXPECT_THAT(ErrorOf({"t.a"}, one_, "- `t.x`: because\n"),
              HasSubstr("NOT_COVERED.md: unknown behaviour 't.x'"));
}

TEST_F(CoverageTest, TellsABehaviourThatNothingShows) {
  EXPECT_THAT(ErrorOf({"t.a"}, two_, ""), HasSubstr("behaviours.toml:5: no scenario shows 't.b'"));
}

TEST_F(CoverageTest, TellsAReasonThatIsNotTrue) {
  EXPECT_THAT(ErrorOf({"t.a"}, one_, "- `t.a`: because\n"),
              HasSubstr("'t.a' is not covered, it says, but t/a shows it"));
  EXPECT_THAT(ErrorOf({"t.a"}, two_, "- `t.b`\n"), HasSubstr("expected '- `ID`: REASON'"));
}

TEST_F(CoverageTest, TellsAMistakeInTheListAtItsPlace) {
  EXPECT_THAT(ErrorOf({"t.a"}, one_ + one_, ""), HasSubstr(":5:1: the id 't.a' is taken, on line 1"));
  EXPECT_THAT(ErrorOf({"t.a"}, "[[behaviour]]\nid = \"t.a\"\nrule = \"It is\"\nsource = \"x\"\n", ""),
              HasSubstr(":3:8: 'rule' is one sentence; expected a full stop at its end"));
  EXPECT_THAT(ErrorOf({"t.a"}, "[[behaviour]]\nid = \"a\"\nrule = \"It is.\"\nsource = \"x\"\n", ""),
              HasSubstr(":2:6: 'a' is no id; expected 'area.few-words'"));
  EXPECT_THAT(ErrorOf({"t.a"}, "[[behaviour]]\nid = \"t.a\"\nsource = \"x\"\n", ""),
              HasSubstr(":1:1: this behaviour has no 'rule'"));
}

TEST(Certificates, AreRead) {
  for (const Certificate& certificate : kCertificates) {
    const Result<std::vector<Step>> steps = ParseSteps(certificate.steps, "t.toml", 1);
    EXPECT_TRUE(steps.has_value()) << steps.error().Text();
  }
}

}  // namespace
}  // namespace lockstep
