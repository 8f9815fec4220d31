// SPDX-License-Identifier: MIT
// Calls that are broken at a system call: by the reference and by the Python adapter alike, with and
// without namespaces.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/engine/testing_run.h"
#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

using std::string_literals::operator""s;

constexpr const char* kSemaphore0 = "p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\np fork c\n";

struct On {
  const char* name;
  std::vector<std::string> (*command)();
  Isolation isolation;
};

// As test names show it.
void PrintTo(const On& on, std::ostream* out) { *out << on.name << " " << ToText(on.isolation); }

std::vector<On> AllOn() {
  std::vector<On> all;
  for (const Isolation isolation : IsolationsHere()) {
    all.push_back({"reference", ReferenceCommand, isolation});
    all.push_back({"python", PythonCommand, isolation});
  }
  return all;
}

class ExecutorFaultsTest : public testing::TestWithParam<On> {
 protected:
  std::string Run(const std::string& steps) {
    run_ = RunSteps(test_, steps);
    return Summary(run_);
  }
  // The system calls of the last call of the run, between commas.
  std::string SystemCalls() const {
    std::string out = ",";
    for (const TraceEntry& entry : run_.trace) {
      if (entry.system_calls.empty()) continue;
      out = ",";
      for (const std::string& one : entry.system_calls) out += one + ",";
    }
    return out;
  }

  TestSession test_{GetParam().command(), 1, GetParam().isolation};
  ScenarioRun run_;
};

INSTANTIATE_TEST_SUITE_P(All, ExecutorFaultsTest, testing::ValuesIn(AllOn()), [](const auto& one) {
  std::string name = one.param.name + "_"s + ToText(one.param.isolation);
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

TEST_P(ExecutorFaultsTest, KillsBeforeTheNameIsMade) {
  EXPECT_EQ(Run("p fork c\nkill c at openat:entry#1\nc s = SemLock(SEMAPHORE, 1, 1, NAME, False) dies SIGKILL\n"
                "p sem_unlink(NAME) raises FileNotFoundError\n"),
            "completed");
}

TEST_P(ExecutorFaultsTest, KillsAfterTheNameIsMade) {
  EXPECT_EQ(Run("p fork c\nkill c at unlink:exit#1\nc s = SemLock(SEMAPHORE, 1, 1, NAME, False) dies SIGKILL\n"
                "p t = SemLock._rebuild(0, SEMAPHORE, 1, NAME)\np t._get_value() -> 1\np sem_unlink(NAME)\n"),
            "completed");
}

TEST_P(ExecutorFaultsTest, LeavesWhatAnUnfinishedCallHasMade) {
  if (GetParam().isolation == Isolation::kNone) GTEST_SKIP() << "it would stay in the machine's own /dev/shm";
  // glibc writes the semaphore under a name of its own, which it links and then unlinks.
  const std::string told = Run("p fork c\nkill c at openat:exit#1\nc s = SemLock(SEMAPHORE, 1, 1, NAME, False) dies SIGKILL\n"
                               "p sem_unlink(NAME) raises FileNotFoundError\n");
  EXPECT_TRUE(told.starts_with("completed; unclean: a name is left behind in /dev/shm: sem.")) << told;
}

TEST_P(ExecutorFaultsTest, KillsAWaiterThatWasWoken) {
  EXPECT_EQ(Run(kSemaphore0 + "kill c at futex:exit#1\nc s.acquire() -> blocked\np s.release() -> None\nc died SIGKILL\n"
                              "p s._get_value() -> 1\n"s),
            "completed");
}

TEST_P(ExecutorFaultsTest, SignalsAWaiterThatIsAboutToSleep) {
  EXPECT_EQ(Run(kSemaphore0 + "c on SIGUSR1 return\nsignal c SIGUSR1 at futex:entry#1\nc s.acquire() -> blocked\n"
                              "c handled SIGUSR1\nc still blocked\np s.release() -> None\nc returns True\n"s),
            "completed");
  EXPECT_NE(SystemCalls().find(",futex,"), std::string::npos) << SystemCalls();
}

TEST_P(ExecutorFaultsTest, FailsASystemCall) {
  EXPECT_EQ(Run("fail p at openat#1 with EMFILE\np s = SemLock(SEMAPHORE, 1, 1, NAME, True) raises OSError EMFILE\n"
                "p s = SemLock(SEMAPHORE, 1, 1, NAME, True)\n"),
            "completed");
}

TEST_P(ExecutorFaultsTest, FailsEveryLaterSystemCall) {
  // sem_open tries again when its name of its own is there already.
  EXPECT_EQ(Run("fail p at openat#1 with EEXIST\np s = SemLock(SEMAPHORE, 1, 1, NAME, True)\np s._get_value() -> 1\n"), "completed");
  EXPECT_EQ(Run("fail p at openat#1.. with EEXIST\np s = SemLock(SEMAPHORE, 1, 1, NAME, True) raises FileExistsError or raises "
                "OSError any\n"),
            "completed");
  EXPECT_GT(SystemCalls().size(), std::string(",openat,openat,").size());
}

TEST_P(ExecutorFaultsTest, RecordsTheSystemCallsOfACall) {
  EXPECT_EQ(Run("trace p\np s = SemLock(SEMAPHORE, 1, 1, NAME, True)\n"), "completed");
  EXPECT_TRUE(SystemCalls().find(",openat,") != std::string::npos) << SystemCalls();
  EXPECT_TRUE(SystemCalls().find(",unlink,") != std::string::npos) << SystemCalls();
  ASSERT_EQ(run_.trace.size(), 2u);
  EXPECT_TRUE(run_.trace[0].system_calls.empty());
}

TEST_P(ExecutorFaultsTest, RecordsABlockedCallBesideItsBegin) {
  EXPECT_EQ(Run(kSemaphore0 + "trace c\nc s.acquire() -> blocked\np s.release() -> None\nc returns True\n"s), "completed");
  EXPECT_EQ(SystemCalls(), ",futex,");
  ASSERT_EQ(run_.trace.size(), 6u);
  EXPECT_EQ(run_.trace[3].system_calls, std::vector<std::string>{"futex"});
}

TEST_P(ExecutorFaultsTest, IsNotRunWhereThePointNeverComes) {
  const std::string told = Run("fail p at ptrace#2 with EPERM\np s = SemLock(SEMAPHORE, 1, 1, NAME, True) raises OSError EPERM\n");
  EXPECT_TRUE(told.starts_with("not run: p never came to ptrace#2; its call made: ")) << told;
  EXPECT_NE(told.find("openat, "), std::string::npos) << told;
}

TEST_P(ExecutorFaultsTest, IsNotRunWhereOneThatWasToDieAnswers) {
  EXPECT_EQ(Run(kSemaphore0 + "kill c at futex:exit#2\nc s.acquire() -> blocked\np s.release() -> None\nc died SIGKILL\n"s),
            "not run: c never came to futex:exit#2; its call made: futex");
}

TEST_P(ExecutorFaultsTest, IsNotRunWhereTheProcessEndsBeforeThePoint) {
  EXPECT_EQ(Run(kSemaphore0 + "kill c at futex:exit#2\nc s.acquire() -> blocked\nkill c SIGKILL\nc died SIGKILL\n"s),
            "not run: c never came to futex:exit#2; its call made: futex");
}

TEST_P(ExecutorFaultsTest, KillsTheProcessOfAThread) {
  if (GetParam().name == "python"s) GTEST_SKIP() << "its threads sleep in futex for the interpreter's lock as well";
  EXPECT_EQ(Run(kSemaphore0 + "c thread t\nkill t at futex:exit#1\nt s.acquire() -> blocked\np s.release() -> None\n"
                              "t died SIGKILL\np s._get_value() -> 1\n"s),
            "completed");
}

TEST_P(ExecutorFaultsTest, FailsACallOfAThread) {
  EXPECT_EQ(Run("p thread t\nfail t at openat#1 with ENOSPC\nt s = SemLock(SEMAPHORE, 1, 1, NAME, True) raises OSError ENOSPC\n"),
            "completed");
}

TEST_P(ExecutorFaultsTest, BreaksOneOfSeveralCallsTogether) {
  EXPECT_EQ(Run("p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\np fork c\nfail c at openat#1 with EMFILE\ntogether {\n"
                "p s._get_value() -> 1\nc t = SemLock(SEMAPHORE, 1, 1, NAME2, True) raises OSError EMFILE\n}\n"),
            "completed");
}

TEST_P(ExecutorFaultsTest, EndsAScenarioWhoseArmedCallStillSleeps) {
  EXPECT_EQ(Run(kSemaphore0 + "kill c at futex:exit#1\nc s.acquire() -> blocked\nc still blocked\n"s), "completed");
  EXPECT_EQ(Run(kSemaphore0 + "p s._get_value() -> 0\n"s), "completed");
}

TEST_P(ExecutorFaultsTest, JudgesACallThatIsOnlyRecordedAsEver) {
  EXPECT_EQ(Run(kSemaphore0 + "trace p\np s.acquire(False) -> True\n"s),
            "diverged: p s.acquire(False) -> True: expected -> True, got -> False");
}

TEST_P(ExecutorFaultsTest, TellsAnAllocatorsCallsFromThoseThatMapAFile) {
  ASSERT_EQ(Run("trace p\np s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\n"), "completed");
  const TraceEntry& making = run_.trace.back();
  const auto count = [](const TraceEntry& entry, const std::string& name, bool of_memory) {
    long found = 0;
    for (std::size_t at = 0; at < entry.system_calls.size(); ++at) {
      const bool is_of_memory = std::count(entry.of_memory.begin(), entry.of_memory.end(), at) != 0;
      found += entry.system_calls[at] == name && is_of_memory == of_memory ? 1 : 0;
    }
    return found;
  };
  // A sanitizer's allocator maps memory besides.
  EXPECT_GE(count(making, "mmap", false), 1);
  if (GetParam().name != "python"s) return;
  ASSERT_EQ(Run("trace p\np eval('mmap.mmap(-1, 1 << 20).close()')\n"), "completed");
  EXPECT_GE(count(run_.trace.back(), "mmap", true), 1);
  // Shared memory without a file of ours is one of the kernel's: it is no allocator's.
  EXPECT_GE(count(run_.trace.back(), "munmap", false), 1);
}

}  // namespace
}  // namespace lockstep
