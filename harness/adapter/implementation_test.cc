// SPDX-License-Identifier: MIT
#include "harness/adapter/implementation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

// --- EnvironmentOf
// ------------------------------------------------------------------------------------

class EnvironmentOfTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [name, value] : variables_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  void TearDown() override {
    for (const auto& [name, value] : variables_) ::unsetenv(name.c_str());
  }
  static bool Has(const std::vector<std::string>& environment, const std::string& entry) {
    return std::count(environment.begin(), environment.end(), entry) == 1;
  }
  static bool Names(const std::vector<std::string>& environment, const std::string& name) {
    return std::any_of(environment.begin(), environment.end(),
                       [&](const std::string& entry) { return entry.starts_with(name + "="); });
  }

  const std::map<std::string, std::string> variables_ = {{"PYTHONPATH", "/theirs"},
                                                         {"PYTHONTESTONLY", "1"},
                                                         {"LOCKSTEP_TESTONLY", "1"},
                                                         {"TESTONLY", "a=b"}};
};

TEST_F(EnvironmentOfTest, RemovesWhatConfiguresPython) {
  const auto environment = EnvironmentOf(Implementation{});
  EXPECT_FALSE(Names(environment, "PYTHONPATH"));
  EXPECT_FALSE(Names(environment, "PYTHONTESTONLY"));
  EXPECT_TRUE(Has(environment, "TESTONLY=a=b"));
}

TEST_F(EnvironmentOfTest, KeepsWhatConfiguresPythonWhenAsked) {
  Implementation implementation;
  implementation.keep_python_environment = true;
  const auto environment = EnvironmentOf(implementation);
  EXPECT_TRUE(Has(environment, "PYTHONPATH=/theirs"));
  EXPECT_TRUE(Has(environment, "PYTHONTESTONLY=1"));
}

TEST_F(EnvironmentOfTest, RemovesTheHarnesssOwn) {
  EXPECT_FALSE(Names(EnvironmentOf(Implementation{}), "LOCKSTEP_TESTONLY"));
}

TEST_F(EnvironmentOfTest, PutsTheImplementationsOwnInPlaceOfTheHarnesss) {
  Implementation implementation;
  implementation.environment = {{"TESTONLY", "new"}, {"PYTHONPATH", "/own"}, {"TESTONLYMORE", ""}};
  const auto environment = EnvironmentOf(implementation);
  EXPECT_TRUE(Has(environment, "TESTONLY=new"));
  EXPECT_FALSE(Has(environment, "TESTONLY=a=b"));
  EXPECT_TRUE(Has(environment, "PYTHONPATH=/own"));
  EXPECT_TRUE(Has(environment, "TESTONLYMORE="));
}

// --- LoadImplementation
// ---------------------------------------------------------------------------------

class LoadImplementationTest : public testing::Test {
 protected:
  Result<Implementation> Load(const std::string& text) {
    path_ = folder_.Write("implementation.toml", text);
    return LoadImplementation(path_, "/root-folder", "/build-folder");
  }
  Error ErrorOf(const std::string& text) {
    const auto loaded = Load(text);
    if (loaded) return Error{"it was loaded", ""};
    // The file's path is another one in every run.
    Error error = loaded.error();
    if (error.message.starts_with(path_)) error.message.replace(0, path_.size(), "FILE");
    return error;
  }
  // Without the line that it shows.
  std::string MessageOf(const std::string& text) {
    const std::string message = ErrorOf(text).message;
    return message.substr(0, message.find('\n'));
  }

  const TestFolder folder_;
  std::string path_;
};

TEST_F(LoadImplementationTest, ReadsEverythingThatAFileMaySay) {
  const auto loaded = Load(R"(
name = "mine"
family = "ours"
command = ["{build}/adapter", "--data={root}/data", "plain"]
directory = "/somewhere"
like = "3.12"
expectations = "expectations.toml"
blocking_calls = ["select", "ppoll"]
note = "found"
crash = "C3"
names = "L1"
env = { A = "1", B = "two" }
)");
  ASSERT_TRUE(loaded) << loaded.error().Text();
  EXPECT_EQ(loaded->name, "mine");
  EXPECT_EQ(loaded->family, "ours");
  EXPECT_EQ(loaded->argv, (std::vector<std::string>{"/build-folder/adapter",
                                                    "--data=/root-folder/data", "plain"}));
  EXPECT_EQ(loaded->directory, "/somewhere");
  EXPECT_EQ(loaded->like, "3.12");
  EXPECT_EQ(loaded->expectations_file, folder_.path() + "/expectations.toml");
  EXPECT_EQ(loaded->blocking_calls, (std::vector<std::string>{"select", "ppoll"}));
  EXPECT_EQ(loaded->note, "found");
  EXPECT_EQ(loaded->crash, "C3");
  EXPECT_EQ(loaded->names, "L1");
  EXPECT_EQ(loaded->environment,
            (std::vector<std::pair<std::string, std::string>>{{"A", "1"}, {"B", "two"}}));
  EXPECT_FALSE(loaded->keep_python_environment);
}

TEST_F(LoadImplementationTest, NeedsANameAndACommandOnly) {
  const auto loaded = Load("name = 'mine'\ncommand = ['adapter']\n");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->family, "mine");
  EXPECT_EQ(loaded->argv, std::vector<std::string>{"adapter"});
  EXPECT_EQ(loaded->expectations_file, "");
  EXPECT_EQ(loaded->crash, "C1");
  EXPECT_EQ(loaded->names, "L0");
}

TEST_F(LoadImplementationTest, TakesACommandWithASlashForOneBesideTheFile) {
  const auto loaded = Load("name = 'mine'\ncommand = ['./bin/adapter', './as-it-is']\n");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->argv,
            (std::vector<std::string>{folder_.path() + "/bin/adapter", "./as-it-is"}));
}

TEST_F(LoadImplementationTest, LoadsTheReferences) {
  const std::string path = LOCKSTEP_ROOT "/impl/reference/implementation.toml";
  const auto loaded = LoadImplementation(path, LOCKSTEP_ROOT, "/build-folder");
  ASSERT_TRUE(loaded) << loaded.error().Text();
  EXPECT_EQ(loaded->name, "reference");
  EXPECT_EQ(loaded->argv.front(), "/build-folder/impl/adapters/cpp/lockstep-adapter-reference");
}

TEST_F(LoadImplementationTest, SaysThatTheFileIsMissing) {
  const auto loaded = LoadImplementation("/nowhere/implementation.toml", "", "");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message, "/nowhere/implementation.toml: No such file or directory");
}

TEST_F(LoadImplementationTest, SaysThatTheNameIsMissing) {
  EXPECT_EQ(ErrorOf("command = ['x']\n").message, "FILE:1:1: 'name' is missing\ncommand = ['x']\n^");
  EXPECT_EQ(MessageOf("command = ['x']\nname = ''\n"), "FILE:2:8: 'name' is missing");
}

TEST_F(LoadImplementationTest, SaysThatTheCommandIsMissing) {
  const std::string missing = "'command' is missing: how the adapter is started, a list of texts in quotes";
  EXPECT_EQ(MessageOf("name = 'x'\n"), "FILE:1:1: " + missing);
  EXPECT_EQ(MessageOf("name = 'x'\ncommand = []\n"), "FILE:2:11: " + missing);
  EXPECT_EQ(ErrorOf("").message, "FILE:1:1: 'name' is missing\n\n^");
}

TEST_F(LoadImplementationTest, SaysWhichKeyItDoesNotKnow) {
  EXPECT_EQ(ErrorOf("name = 'x'\n\n  comand = ['x']\n").message,
            "FILE:3:3: unknown key 'comand'; did you mean 'command'?\n  comand = ['x']\n  ^");
  EXPECT_EQ(MessageOf("colour = 'red'\n"),
            "FILE:1:1: unknown key 'colour'; expected 'name', 'family', 'command', 'directory', 'env', 'like', 'expectations', "
            "'blocking_calls', 'crash', 'names' or 'note'");
}

TEST_F(LoadImplementationTest, SaysWhereATypeIsWrong) {
  EXPECT_EQ(MessageOf("name = 7\n"), "FILE:1:8: 'name' is no string; expected text in quotes");
  EXPECT_EQ(MessageOf("like = 3.14\n"), "FILE:1:8: 'like' is no string; expected text in quotes");
  EXPECT_EQ(MessageOf("command = 'x'\n"), "FILE:1:11: 'command' is no list of texts in quotes; expected as in command = [\"./adapter\"]");
  EXPECT_EQ(MessageOf("command = ['x', 7]\n"), "FILE:1:17: expected text in quotes in 'command'");
  EXPECT_EQ(MessageOf("blocking_calls = 'select'\n"),
            "FILE:1:18: 'blocking_calls' is no list of texts in quotes; expected as in blocking_calls = [\"select\"]");
  EXPECT_EQ(MessageOf("env = ['A=1']\n"), "FILE:1:7: 'env' is no table; expected as in env = { NAME = \"value\" }");
  EXPECT_EQ(MessageOf("env = { A = 1 }\n"), "FILE:1:13: 'A' is no string; expected text in quotes");
}

TEST_F(LoadImplementationTest, SaysWhatIsNoVersion) {
  for (const std::string like : {"CPython 3", "2.7", "3", "3.", "3.7", "4.0", "3.x"})
    EXPECT_EQ(MessageOf("name = 'x'\ncommand = ['x']\nlike = '" + like + "'\n"),
              "FILE:3:8: '" + like + "' is no version of CPython from 3.8 on; expected as in like = \"3.14\"");
  EXPECT_TRUE(Load("name = 'x'\ncommand = ['x']\nlike = '3.14.2'\n"));
}

TEST_F(LoadImplementationTest, SaysWhichLevelThereIsNot) {
  EXPECT_EQ(MessageOf("name = 'x'\ncrash = 'C4'\n"), "FILE:2:9: 'C4' is no level of 'crash'; expected 'C0', 'C1', 'C2' or 'C3'");
  EXPECT_EQ(MessageOf("names = 'C1'\n"), "FILE:1:9: 'C1' is no level of 'names'; expected 'L0' or 'L1'");
  EXPECT_EQ(MessageOf("names = 1\n"), "FILE:1:9: 'names' is no string; expected text in quotes");
}

TEST_F(LoadImplementationTest, SaysWhichCallNobodyWaitsIn) {
  const Error error = ErrorOf("blocking_calls = ['select', 'write']\n");
  EXPECT_EQ(error.message,
            "FILE:1:29: 'write' is no system call that threads wait in\n"
            "blocking_calls = ['select', 'write']\n"
            "                            ^");
  EXPECT_EQ(error.hint,
            "known: futex, select, pselect6, poll, ppoll, epoll_wait, epoll_pwait, nanosleep, "
            "clock_nanosleep, read …");
}

TEST_F(LoadImplementationTest, SaysWhereTheFileIsNoToml) {
  const Error error = ErrorOf("name = 'x'\ncommand = [\n");
  EXPECT_TRUE(error.message.starts_with("FILE:")) << error.message;
  EXPECT_NE(error.message.find("array"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace lockstep
