// SPDX-License-Identifier: MIT
// Scenarios as Python scripts: how they read, and that a real Python runs them.
#include "harness/scenario/python_script.h"

#include <gmock/gmock.h>
#include <gnu/libc-version.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
  int status = -1;
  std::string pid;
  std::string output;
};

Ran RunShell(const std::string& command) {
  Ran ran;
  FILE* pipe = popen(("echo $$; exec " + command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> buffer;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe))
    ran.output.append(buffer.data(), n);
  const int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  const std::size_t line = ran.output.find('\n');
  ran.pid = ran.output.substr(0, line);
  ran.output = line == std::string::npos ? "" : ran.output.substr(line + 1);
  return ran;
}

// This machine's python3; the tests that need one are skipped where it is missing or older
// than 3.8.
class PythonScript : public ::testing::Test {
 protected:
  void SetUp() override {
    const Ran ran =
        RunShell("python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2], end=\"\")'");
    const std::optional<Version> version = Version::Parse(ran.output);
    if (!version || *version < Version{{3, 8}})
      GTEST_SKIP() << "no python3 here that is 3.8 or newer";
    platform_ =
        Platform{*version, "glibc", Version::Parse(gnu_get_libc_version()).value_or(Version{})};
    std::string name = (fs::temp_directory_path() / "lockstep-script-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  Ran Run(const Scenario& scenario) const {
    const Result<std::string> script = ToPythonScript(scenario, platform_);
    if (!script) return Ran{-1, "", script.error().Text()};
    const fs::path file = folder_ / "script.py";
    std::ofstream(file) << *script;
    return RunShell("python3 " + file.string());
  }

  Ran Run(const std::string& transcript) const {
    Result<std::vector<Step>> steps = ParseSteps(transcript, "t.toml", 1);
    if (!steps) return Ran{-1, "", steps.error().Text()};
    Scenario scenario;
    scenario.name = "t/a";
    scenario.steps = *std::move(steps);
    return Run(scenario);
  }

  void ExpectRight(const std::string& transcript) const {
    const Ran ran = Run(transcript);
    EXPECT_EQ(ran.status, 0) << ran.output;
  }

  Platform platform_;
  fs::path folder_;
};

std::vector<std::string> NamesOf(const std::string& pid) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator("/dev/shm")) {
    const std::string name = entry.path().filename().string();
    if (name.find("lockstep-" + pid + "-") != std::string::npos) names.push_back(name);
  }
  return names;
}

// The steps as Python, without what they stand on.
std::string Transcript(const std::string& text) {
  Scenario scenario;
  scenario.name = "t/a";
  scenario.file = "t.toml";
  scenario.steps = ParseSteps(text, "t.toml", 1).value();
  const Result<std::string> script =
      ToPythonScript(scenario, Platform{Version{{3, 14}}, "glibc", Version{{2, 36}}});
  if (!script) return script.error().Text();
  const std::string head = "def transcript():\n";
  const std::size_t begin = script->find(head) + head.size();
  return script->substr(begin, script->find("\n\n\n", begin) - begin);
}

TEST(PythonText, ReadsLikeTheTranscript) {
  EXPECT_EQ(Transcript("p s = SemLock(RECURSIVE_MUTEX, 1, 1, NAME, unlink=True)\n"
                       "p fork c\n"
                       "c s.acquire(timeout=0.02) -> True or False after 20ms\n"
                       "c s.release() raises AssertionError: isn't owned ...\n"
                       "p s.acquire() -> blocked\n"
                       "kill c SIGKILL\n"
                       "c died SIGKILL\n"
                       "p returns True\n"
                       "left NAME"),
            "    do('p', 's = SemLock(0, 1, 1, NAME, unlink=True)')\n"
            "    fork('p', 'c')\n"
            "    do('c', 's.acquire(timeout=0.02)', returns(True) | returns(False), after=0.02)\n"
            "    do('c', 's.release()', raises('AssertionError', \"isn't owned ...\"))\n"
            "    do('p', 's.acquire()', blocked)\n"
            "    kill('c', 'SIGKILL')\n"
            "    died('c', 'SIGKILL')\n"
            "    finish('p', returns(True))\n"
            "    left(fresh('NAME'))");
}

TEST(PythonText, LoopsOverGroups) {
  EXPECT_EQ(Transcript("p fork w[1..2]\nw[*] nop() -> None"),
            "    for actor in ['w1', 'w2']:\n"
            "        fork('p', actor)\n"
            "    for actor in ['w1', 'w2']:\n"
            "        do(actor, 'nop()', returns(None))");
}

TEST(PythonText, HandsOverValuesOfOtherProcesses) {
  EXPECT_EQ(Transcript("p s = SemLock(SEMAPHORE, 1, 1, NAME, False)\np h = s.handle\nstart c\n"
                       "c t = SemLock._rebuild(p.h, SEMAPHORE, 1, p.s.name)\nc t.name -> NAME"),
            "    do('p', 's = SemLock(1, 1, 1, NAME, False)')\n"
            "    do('p', 'h = s.handle')\n"
            "    start('c')\n"
            "    do('c', 't = SemLock._rebuild(p__h, 1, 1, p__s__name)', p__h=value('p', 'h'), "
            "p__s__name=value('p', 's.name'))\n"
            "    do('c', 't.name', returns(fresh('NAME')))");
}

TEST(PythonText, WritesLongRunsAsProducts) {
  EXPECT_EQ(Transcript("p sem_unlink(NAME + 'x' * 70000) raises OSError any"),
            "    do('p', \"sem_unlink(NAME + 'x' * 70000)\", raises('OSError', any_errno=True))");
}

TEST(PythonText, HasTheStepsOfThePlatformOnly) {
  EXPECT_EQ(Transcript("p umask(1) when < 3.12\np umask(2) when >= 3.12"),
            "    do('p', 'umask(2)')");
}

TEST(PythonText, TellsWhatNoScriptCanDo) {
  EXPECT_EQ(Transcript("machine shm full"),
            "t.toml:1: no Python script can do 'machine shm full': it needs a /dev/shm of its own");
  EXPECT_EQ(Transcript("p nop()\np u = SemLock.unnamed(SEMAPHORE, 1, 1)"),
            "t.toml:2: no Python script can do 'p u = SemLock.unnamed(SEMAPHORE, 1, 1)': Python "
            "has no unnamed "
            "semaphores");
  EXPECT_EQ(Transcript("p thread t\nt on SIGUSR1 return"),
            "t.toml:2: no Python script can do 't on SIGUSR1 return': Python installs handlers in "
            "the main thread only");
}

TEST(PythonText, IsForThePlatformsOfTheScenario) {
  Scenario scenario;
  scenario.name = "t/a";
  scenario.condition = ParseSteps("p nop() when >= 3.12", "t.toml", 1).value().at(0).condition;
  EXPECT_EQ(ToPythonScript(scenario, Platform{Version{{3, 8}}, "", {}}).error().message,
            "t/a is for other platforms: when >= 3.12");
}

TEST_F(PythonScript, ForksAndWaitsUntilBlocked) {
  ExpectRight(R"(p s = SemLock(SEMAPHORE, 0, 2, NAME, True)
p fork a
p fork b
a s.acquire() -> blocked
b s.acquire() -> blocked
p s.release() -> None
a|b returns True as w, other l
l still blocked
p s.release() -> None
l returns True)");
}

TEST_F(PythonScript, NamesWhoeverOfThreeDidNotComeBack) {
  ExpectRight(R"(p s = SemLock(SEMAPHORE, 0, 2, NAME, True)
p fork a
p fork b
p fork c
a s.acquire() -> blocked
b s.acquire() -> blocked
c s.acquire() -> blocked
p s.release() -> None
a|b|c returns True as w, other l, m
l still blocked
m still blocked
p s.release() -> None
l|m returns True as x, other y
w s._count() -> 1
x s._count() -> 1
y still blocked)");
}

TEST_F(PythonScript, JudgesTime) {
  ExpectRight(
      "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np s.acquire(timeout=0.02) -> False after 20ms");
}

TEST_F(PythonScript, KillsAndStopsAndSeesHowProcessesEnd) {
  ExpectRight(R"(p s = SemLock(SEMAPHORE, 0, 1, NAME, False)
p fork a
p fork b
a fork c
a s.acquire() -> blocked
stop a
cont a
a still blocked
kill a SIGKILL
a died SIGKILL
b exit(3)
b exited 3
c s.release() -> None
left NAME)");
}

TEST_F(PythonScript, InstallsHandlers) {
  ExpectRight(R"(p s = SemLock(SEMAPHORE, 0, 1, NAME, True)
p on SIGUSR1 return
p on SIGUSR2 raise ValueError
p s.acquire() -> blocked
signal p SIGUSR1
p handled SIGUSR1
p still blocked
signal p SIGUSR2
p raises ValueError: SIGUSR2
p on SIGUSR1 call s.release()
p s.acquire(timeout=60) -> blocked
signal p SIGUSR1
p handled SIGUSR1
p returns True)");
}

TEST_F(PythonScript, MakesThreadsAndFreshProcesses) {
  ExpectRight(R"(p s = SemLock(RECURSIVE_MUTEX, 1, 1, NAME, False)
p thread t
p s.acquire() -> True
t s._is_mine() -> False
t s.acquire() -> blocked
p s.release() -> None
t returns True
p spawn c
c s._count() -> 0
start d
d u = SemLock._rebuild(p.s.handle, RECURSIVE_MUTEX, 1, NAME)
d u.name -> NAME
p sem_unlink(NAME) -> None
p spawn e raises FileNotFoundError)");
}

TEST_F(PythonScript, Hammers) {
  ExpectRight(R"(p s = SemLock(SEMAPHORE, 2, 2, NAME, True)
p fork w[1..4]
together { w[*] hammer s 50; p s.acquire(False) -> bool }
w[1..2] hammer s 1
hammer: entries 202, inside <= 2)");
}

TEST_F(PythonScript, UsesSharedMemory) {
  ExpectRight(R"(p m = SharedMemory(BARE, create=True, size=16)
p m.buf[0:4] = b'a\x00cd'
p fd = shm_open(NAME, O_RDWR, 0o600)
p fstat_size(fd) -> 16
p ftruncate(fd, 32) -> None
p fstat_size(fd) -> 32
p close_fd(fd) -> None
start c
c n = SharedMemory(BARE)
c n.buf[0:4] -> b'a\x00cd'
p shm_unlink(NAME) -> None)");
}

TEST_F(PythonScript, ExitsWithOneAtTheFirstWrongValue) {
  const Ran ran =
      Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, False)\np s.acquire() -> 1\np s.release()");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.output,
              EndsWith("NOT AS EXPECTED: p s.acquire()\n  expected  -> 1\n  actual    -> True\n"));
  EXPECT_THAT(ran.output, Not(HasSubstr("s.release()")));
}

TEST_F(PythonScript, ExitsWithOneAtAnUnexpectedException) {
  const Ran ran = Run("p sem_unlink(NAME) -> None");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.output,
              HasSubstr("  expected  -> None\n  actual    raises FileNotFoundError, errno 2: "));
}

TEST_F(PythonScript, ExitsWithOneWhenANameRemains) {
  const Ran ran = Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, False)");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.output, HasSubstr("names in /dev/shm that remain and should not"));
}

TEST_F(PythonScript, ExitsWithOneWhenACallDoesNotBlock) {
  const Ran ran = Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np s.acquire() -> blocked");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.output, HasSubstr("  expected  -> blocked\n  actual    -> True\n"));
}

TEST_F(PythonScript, LeavesNoNameBehind) {
  const Ran ran =
      Run("p s = SemLock(SEMAPHORE, 0, 1, NAME, False)\np fork c\nc s.acquire() -> blocked\np "
          "s._get_value() -> 7");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(NamesOf(ran.pid), ::testing::IsEmpty());
}

TEST_F(PythonScript, DoesEveryCoreScenarioOfTheCatalogue) {
  const Result<std::vector<Scenario>> scenarios = LoadScenarios(LOCKSTEP_SCENARIOS);
  ASSERT_TRUE(scenarios.has_value()) << scenarios.error().Text();
  int done = 0;
  for (const Scenario& scenario : *scenarios) {
    if (scenario.level != Level::kCore || !ToPythonScript(scenario, platform_)) continue;
    const Ran ran = Run(scenario);
    EXPECT_EQ(ran.status, 0) << scenario.name << "\n" << ran.output;
    ++done;
  }
  EXPECT_GE(done, 20);
}

}  // namespace
}  // namespace lockstep
