// SPDX-License-Identifier: MIT
#include "harness/engine/runner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>

#include "harness/engine/testing_run.h"
#include "harness/os/process_view.h"
#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

class RunScenariosTest : public testing::Test {
 protected:
  void Add(const std::string& name, const std::string& steps) {
    scenarios_.push_back(std::make_unique<Scenario>(ScenarioOf(steps)));
    scenarios_.back()->name = name;
  }
  Introduction Run(std::vector<std::string> command, RunnerOptions options = {}) {
    options.channel_dir = folder_.path();
    std::vector<const Scenario*> all;
    for (const auto& scenario : scenarios_) all.push_back(scenario.get());
    results_.clear();
    return RunScenarios(ImplementationOf(std::move(command)), all, options,
                        [&](RunnerResult result) { results_.push_back(std::move(result)); });
  }
  // "name: how it ended", in the order of the reports.
  std::vector<std::string> Told() const {
    std::vector<std::string> told;
    for (const RunnerResult& result : results_)
      told.push_back(result.scenario->name + ": " + Summary(result.run));
    return told;
  }
  void TearDown() override {
    EXPECT_TRUE(ChildrenOf(::getpid()).empty());
    EXPECT_TRUE(OwnShmNames(fmt::format("lockstep-{:07d}", ::getpid() % 10'000'000)).empty());
  }

  const TestFolder folder_;
  std::vector<std::unique_ptr<Scenario>> scenarios_;
  std::vector<RunnerResult> results_;
};

constexpr const char* kRight =
    "p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\np s.acquire() -> True\n";
constexpr const char* kWrong =
    "p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\np s.acquire() -> False\n";

TEST_F(RunScenariosTest, ReportsInTheOrderOfTheScenariosWhateverWorkerIsFirst) {
  for (int i = 0; i < 30; ++i) {
    Add(fmt::format("t/{}", i),
        i % 3 == 0
            ? "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np s.acquire(timeout=0.02) -> False\n"
            : kRight);
  }
  RunnerOptions options;
  options.jobs = 3;
  Run(ReferenceCommand(), options);
  ASSERT_EQ(results_.size(), 30u);
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(Told()[static_cast<std::size_t>(i)], fmt::format("t/{}: completed", i));
}

TEST_F(RunScenariosTest, TellsWhoWasRun) {
  Add("t/a", kRight);
  const Introduction introduction = Run(ReferenceCommand());
  ASSERT_TRUE(introduction.hello);
  EXPECT_EQ(introduction.hello->implementation, "reference");
  EXPECT_EQ(introduction.failure, "");
  EXPECT_EQ(introduction.platform.like.Text(), "3.14");
}

TEST_F(RunScenariosTest, GoesOnAfterADivergence) {
  Add("t/wrong", kWrong);
  Add("t/right", kRight);
  Run(ReferenceCommand());
  EXPECT_EQ(Told(), (std::vector<std::string>{
                        "t/wrong: diverged: p s.acquire() -> False: expected -> False, got -> True",
                        "t/right: completed"}));
}

TEST_F(RunScenariosTest, DoesNotRunWhatTheImplementationLacks) {
  Add("t/fork", "p fork c\n");
  Add("t/right", kRight);
  Run(FakeCommand("well-behaved"));
  EXPECT_EQ(Told(), (std::vector<std::string>{"t/fork: unsupported: it has no capability fork",
                                              "t/right: completed"}));
}

TEST_F(RunScenariosTest, DoesNotRunWhatIsForAnotherVersion) {
  const auto parsed = ParseScenarioFile(
      "[[scenario]]\nname='t/old'\nsays='X.'\nsource='y'\nwhen='< 3.9'\nsteps='''\np "
      "sem_unlink(NAME) raises OSError ENOENT\n'''\n",
      "t.toml");
  ASSERT_TRUE(parsed) << parsed.error().Text();
  scenarios_.push_back(std::make_unique<Scenario>(parsed->front()));
  Run(ReferenceCommand());
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].not_run, NotRun::kFiltered);
  EXPECT_EQ(Told()[0], "t/old: not run: it is not for this version: when < 3.9");
}

TEST_F(RunScenariosTest, RunsNothingOnceItsTimeIsOver) {
  for (int i = 0; i < 5; ++i) Add(fmt::format("t/{}", i), kRight);
  RunnerOptions options;
  options.deadline = Deadline::After(nanoseconds(0));
  Run(ReferenceCommand(), options);
  ASSERT_EQ(results_.size(), 5u);
  for (const RunnerResult& result : results_) {
    EXPECT_EQ(result.not_run, NotRun::kInterrupted);
    EXPECT_EQ(result.run.reason, "the time given is over");
  }
}

TEST_F(RunScenariosTest, BeginsNothingMoreOnceItIsStopped) {
  for (int i = 0; i < 3; ++i) Add(fmt::format("t/{}", i), kRight);
  const std::atomic<bool> stop{true};
  RunnerOptions options;
  options.stop = &stop;
  Run(ReferenceCommand(), options);
  ASSERT_EQ(results_.size(), 3u);
  for (const RunnerResult& result : results_) {
    EXPECT_EQ(result.not_run, NotRun::kInterrupted);
    EXPECT_EQ(result.run.reason, "stopped");
  }
}

TEST_F(RunScenariosTest, TellsThatTheAdapterCannotBeStartedAndGivesUp) {
  for (int i = 0; i < 5; ++i) Add(fmt::format("t/{}", i), kRight);
  const Introduction introduction = Run({"/nowhere/adapter"});
  EXPECT_FALSE(introduction.hello);
  EXPECT_EQ(introduction.failure, "cannot run /nowhere/adapter: No such file or directory");
  ASSERT_EQ(results_.size(), 5u);
  EXPECT_EQ(Told()[0],
            "t/0: harness error: cannot run /nowhere/adapter: No such file or directory");
  EXPECT_EQ(
      Told()[4],
      "t/4: harness error: not tried: the adapter failed 3 times in a row, the last time because "
      "cannot run /nowhere/adapter: No such file or directory");
}

TEST_F(RunScenariosTest, StartsTheAdapterAgainAfterItDied) {
  Add("t/dies", "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np s.acquire() -> blocked\n");
  Add("t/right", kRight);
  Run(DefectiveCommand("dies"));
  EXPECT_EQ(Told(),
            (std::vector<std::string>{
                "t/dies: diverged: p s.acquire() -> blocked: expected -> blocked, got died SIGABRT",
                "t/right: completed"}));
}

// --- Whole catalogue areas on adapters that misbehave
// ------------------------------------------------------------

// What stands in the report of at least one scenario; empty: it diverges, lacks what is asked for,
// or is well.
struct Misbehaviour {
  const char* name;
  const char* told;
};

void PrintTo(const Misbehaviour& misbehaviour, std::ostream* out) { *out << misbehaviour.name; }

constexpr const char* kNoHello = "harness error: the adapter did not say hello within 1000 ms";

class MisbehavingAdapterTest : public testing::TestWithParam<Misbehaviour> {};

TEST_P(MisbehavingAdapterTest, NeverCompletesEveryScenario) {
  const auto scenarios = LoadScenarios(LOCKSTEP_ROOT "/scenarios/acquire.toml");
  ASSERT_TRUE(scenarios) << scenarios.error().Text();
  // A handful is enough: what waits for its bound does so in each of them.
  const std::set<std::string> handful = {"acquire/takes-a-unit",
                                         "acquire/not-blocking-returns-false",
                                         "acquire/blocks-until-released"};
  std::vector<const Scenario*> all;
  for (const Scenario& scenario : *scenarios) {
    if (handful.count(scenario.name) != 0) all.push_back(&scenario);
  }
  ASSERT_EQ(all.size(), handful.size());
  const TestFolder folder;
  RunnerOptions options;
  options.channel_dir = folder.path();
  // What never says hello cannot be hurried too much.
  const bool silent = GetParam().told == std::string(kNoHello);
  options.timeout_scale = silent ? 0.1 : 0.2;
  std::size_t reported = 0;
  std::size_t completed = 0;
  std::string told;
  const std::int64_t before = MonotonicNs();
  RunScenarios(ImplementationOf(FakeCommand(GetParam().name)), all, options,
               [&](const RunnerResult& result) {
                 ++reported;
                 if (Summary(result.run) == "completed") ++completed;
                 told += Summary(result.run) + "\n";
               });
  EXPECT_LT(nanoseconds(MonotonicNs() - before), std::chrono::seconds(60));
  EXPECT_EQ(reported, all.size());
  EXPECT_LT(completed, all.size());
  EXPECT_NE(told.find(GetParam().told), std::string::npos) << told;
  EXPECT_TRUE(ChildrenOf(::getpid()).empty());
  EXPECT_TRUE(OwnShmNames(fmt::format("lockstep-{:07d}", ::getpid() % 10'000'000)).empty());
}

INSTANTIATE_TEST_SUITE_P(
    Fakes, MisbehavingAdapterTest,
    testing::Values(
        Misbehaviour{"well-behaved", "unsupported: it has no capability fork"},
        Misbehaviour{"never-says-hello", kNoHello},
        Misbehaviour{"wrong-version",
                     "harness error: the adapter speaks protocol 99, and this harness speaks 1"},
        Misbehaviour{"garbage",
                     "harness error: the adapter sent a line that is not JSON: 'Welcome to my "
                     "adapter! {[}'"},
        Misbehaviour{"garbage-later",
                     "harness error: p: the adapter sent a line that is not JSON: '{\"id\": 2, "},
        Misbehaviour{
            "half-a-line",
            "harness error: p: the adapter does not answer: it stopped in the middle of a line"},
        Misbehaviour{"ten-megabyte-line",
                     "harness error: p: the adapter sent a line longer than 1048576 bytes"},
        Misbehaviour{"wrong-id",
                     "harness error: p: the adapter answered request 1001, but was asked 1"},
        Misbehaviour{"answers-twice", "harness error: p: the adapter answered request 1"},
        Misbehaviour{"floods-stderr", "unsupported: it has no capability fork"},
        Misbehaviour{"dies-in-a-call", "got exited 7"},
        Misbehaviour{"dies-by-signal", "got died SIGSEGV"},
        Misbehaviour{"ignores-sigterm", "harness error: p: the adapter does not answer"},
        Misbehaviour{"forks-a-daemon", "got exited 0"},
        Misbehaviour{"closes-the-pipe",
                     "harness error: p: the adapter closed its channel and lives on"},
        Misbehaviour{
            "claims-capabilities",
            "harness error: the adapter cannot fork: the fake does not know how after all"},
        Misbehaviour{"always-true", "harness error: the adapter did not say hello within"},
        Misbehaviour{"always-unsupported", "unsupported: everything is"},
        Misbehaviour{"echo", "expected -> True, got -> []"},
        Misbehaviour{"never-answers", "harness error: p: the adapter does not answer"},
        Misbehaviour{"exits-before-hello",
                     "harness error: the adapter ended before it said hello: exit status 3"},
        Misbehaviour{"slow-flood-of-notes", "no answer: p: in acquire for "},
        Misbehaviour{"stdout-instead", kNoHello},
        Misbehaviour{"reply-without-outcome",
                     "has no outcome: returned, raised, unsupported or error"},
        Misbehaviour{"reply-with-two-outcomes", "has more than one outcome"},
        Misbehaviour{"stamps-backwards", "has \"end\" before \"begin\""},
        Misbehaviour{"invalid-utf8", "is not JSON: b'"},
        Misbehaviour{"duplicate-keys", "has the key \"returned\" twice"}),
    [](const auto& about) {
      std::string name = about.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace lockstep
