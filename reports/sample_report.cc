// SPDX-License-Identifier: MIT
#include "reports/sample_report.h"

#include <utility>

#include "harness/os/result.h"
#include "harness/scenario/parser.h"

namespace lockstep::reports {
namespace {

using std::chrono::milliseconds;

constexpr const char* kExpectations = R"(
[[expect]]
scenario = "construct/kind-is-checked"
verdict  = "fail"
reason   = "raises TypeError: ..."
why      = "It takes the kind for a float."
link     = "https://example.org/gopy/12"

[[expect]]
scenario = "fork/*"
verdict  = "unsupported"
reason   = "it has no capability fork"
why      = "Goroutines do not survive a fork."

[[expect]]
scenario = "acquire/blocks"
verdict  = "hang"
reason   = "-> blocked"
why      = "It lost wake-ups."
)";

constexpr const char* kTimeoutSteps =
    "p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\n"
    "p   fork c\n"
    "c   s.acquire(timeout=0)   -> False   # the semaphore has no unit\n"
    "c   s.acquire(True, 0)     -> False\n"
    "p   s.release()            -> None\n";

// Adds verdicts to one implementation of the sample.
class Filler {
 public:
  Filler(Sample* sample, ImplementationReport* report) : sample_(sample), report_(report) {}

  const Scenario& Find(const std::string& name) const {
    for (const Scenario& scenario : sample_->scenarios) {
      if (scenario.name == name) return scenario;
    }
    CHECK(false);
  }
  void Add(const std::string& name, ScenarioRun run, NotRun not_run = NotRun::kNo) {
    RunnerResult result{&Find(name), std::move(run), not_run, {}};
    result.run.wall = milliseconds(2);
    report_->verdicts.push_back(
        Judge(std::move(result), report_->introduction.platform, sample_->expectations, nullptr));
  }
  void AddEnding(const std::string& name, ScenarioRun::End end, const std::string& reason,
                 NotRun not_run = NotRun::kNo) {
    ScenarioRun run;
    run.end = end;
    run.reason = reason;
    Add(name, std::move(run), not_run);
  }

 private:
  Sample* sample_;
  ImplementationReport* report_;
};

void AddScenarios(std::deque<Scenario>* out) {
  out->push_back(MakeScenario(
      "acquire/timeout-zero",
      "acquire(timeout=0) on a semaphore with no unit returns False at once.", kTimeoutSteps));
  out->push_back(MakeScenario("acquire/timeout-zero-again", "The same, twice.", kTimeoutSteps));
  out->push_back(MakeScenario("acquire/blocks", "acquire() blocks until a release.",
                              "p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\n"
                              "p   fork c\n"
                              "c   s.acquire()   -> blocked\n"
                              "p   s.release()   -> None\n"
                              "c   returns True\n"));
  out->push_back(
      MakeScenario("construct/kind-is-checked", "A kind that is none raises ValueError.",
                   "p   SemLock(7, 0, 1, NAME, True)   raises ValueError: unrecognized kind\n"));
  out->push_back(MakeScenario("construct/unlinked", "A semaphore made with unlink leaves no name.",
                              "p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\n"));
  out->push_back(MakeScenario("crash/holder-dies", "A holder that is killed gives nothing back.",
                              "p   s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\n"
                              "p   s.acquire()   -> True\n"));
  out->push_back(MakeScenario(
      "fork/child-owns", "A forked child has its parent's count.",
      "p   s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\np   fork c\nc   s._count()   -> 0\n"));
  out->push_back(MakeScenario("resources/full", "A full disk is told.",
                              "machine shm size=4K inodes=8 full\np   SemLock(SEMAPHORE, 1, 1, "
                              "NAME, True)   raises OSError ENOSPC\n"));
}

void FillOracle(Filler filler) {
  filler.Add("acquire/timeout-zero",
             MakeRun(filler.Find("acquire/timeout-zero"),
                     {"-> <SemLock>", "", "-> False", "-> False", "-> None"}));
}

void FillImplementation(Filler filler) {
  for (const char* name : {"acquire/timeout-zero", "acquire/timeout-zero-again"}) {
    const Scenario& scenario = filler.Find(name);
    ScenarioRun run = MakeDivergence(scenario, {"-> <SemLock>", "", "-> blocked"},
                                     "s.acquire(timeout=0)", "-> False", "-> blocked");
    run.trace.back().begin_ns = 5'000'000'000;
    run.trace.back().seen_blocked_ns = 5'000'812'345;
    run.whereabouts = {"p: idle", "c: in acquire for 12.2 ms, sleeping in futex, on s"};
    run.output = "goroutine 7 [semacquire]:\n\x1b[31mmain.wait\x1b[0m(0xc000)\n";
    filler.Add(name, std::move(run));
  }
  filler.Add("acquire/blocks",
             MakeRun(filler.Find("acquire/blocks"),
                     {"-> <SemLock>", "", "-> blocked (presumed: announced and unanswered)",
                      "-> None", "-> True"}));
  filler.Add("construct/kind-is-checked",
             MakeDivergence(filler.Find("construct/kind-is-checked"),
                            {"raises TypeError: a float is required"},
                            "SemLock(7, 0, 1, NAME, True)", "raises ValueError: unrecognized kind",
                            "raises TypeError: a float is required"));
  ScenarioRun unclean = MakeRun(filler.Find("construct/unlinked"), {"-> <SemLock>"});
  unclean.unclean = {"a name is left behind in /dev/shm: NAME"};
  filler.Add("construct/unlinked", std::move(unclean));
  filler.AddEnding("crash/holder-dies", ScenarioRun::End::kHarnessError,
                   "the adapter sent garbage: \"oops\"");
  filler.AddEnding("fork/child-owns", ScenarioRun::End::kUnsupported, "it has no capability fork");
  filler.AddEnding("resources/full", ScenarioRun::End::kNotRun,
                   "it needs a /dev/shm of its own, and namespaces are denied here",
                   NotRun::kMachine);
}

Hello MakeHello(const std::string& implementation, const std::string& version,
                const std::string& language) {
  Hello hello;
  hello.protocol = kProtocolVersion;
  hello.implementation = implementation;
  hello.version = version;
  hello.language = language;
  hello.like = "3.14";
  hello.capabilities = {"fork", "thread"};
  hello.build = {{"libc", "glibc 2.36"}, {"optimized", "true"}};
  return hello;
}

}  // namespace

Scenario MakeScenario(const std::string& name, const std::string& says, const std::string& steps) {
  Scenario scenario;
  scenario.name = name;
  scenario.says = says;
  scenario.source = "Modules/_multiprocessing/semaphore.c: SemLock.acquire";
  scenario.level = Level::kCore;
  scenario.file = "scenarios/" + scenario.Area() + ".toml";
  scenario.line = 12;
  scenario.steps_text = steps;
  auto parsed = ParseSteps(steps, scenario.file, 1);
  if (!parsed) CheckFailed(parsed.error().message.c_str(), 0, "a sample's steps parse");
  scenario.steps = std::move(*parsed);
  return scenario;
}

ScenarioRun MakeRun(const Scenario& scenario, const std::vector<std::string>& outcomes) {
  ScenarioRun run;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Step& step = scenario.steps.at(i);
    TraceEntry entry;
    entry.actor = step.text.substr(0, step.text.find(' '));
    entry.step = step.text;
    entry.outcome = outcomes[i];
    const bool presumed = outcomes[i].find("presumed") != std::string::npos;
    if (presumed) entry.note = "presumed: announced and unanswered";
    entry.position = step.position;
    run.trace.push_back(std::move(entry));
  }
  return run;
}

ScenarioRun MakeDivergence(const Scenario& scenario, const std::vector<std::string>& outcomes,
                           const std::string& operation, const std::string& expected,
                           const std::string& actual) {
  ScenarioRun run = MakeRun(scenario, outcomes);
  run.end = ScenarioRun::End::kDiverged;
  const Step& step = scenario.steps.at(outcomes.size() - 1);
  run.divergence = Divergence{step.text, expected, actual, operation, step.position};
  run.reason = step.text + ": expected " + expected + ", got " + actual;
  return run;
}

Sample MakeSample() {
  Sample sample;
  AddScenarios(&sample.scenarios);
  auto expectations = Expectations::Parse(kExpectations, "impl/gopy/expectations.toml");
  CHECK(expectations.has_value());
  sample.expectations = std::move(*expectations);
  RunReport& report = sample.report;
  report.environment = {{"kernel", "6.18.1"}, {"cpus", "2"}, {"isolation", "namespaces"}};
  report.oracle_name = "cpython-3.14.8";
  report.notes = {"python3.6: found, not judged: older than 3.8"};
  report.wall = milliseconds(12'300);
  report.implementations.resize(3);

  ImplementationReport& oracle = report.implementations[0];
  oracle.name = "cpython-3.14.8";
  oracle.family = "cpython";
  oracle.command = {"/usr/bin/python3.14", "lockstep_adapter.py"};
  oracle.is_oracle = true;
  oracle.introduction.hello = MakeHello("cpython", "3.14.8", "Python");
  oracle.introduction.platform = Platform{Version{{3, 14}}, "glibc", Version{{2, 36}}};
  oracle.wall = milliseconds(3100);
  FillOracle(Filler(&sample, &oracle));

  ImplementationReport& gopy = report.implementations[1];
  gopy.name = "gopy";
  gopy.family = "gopy";
  gopy.command = {"gopy-adapter"};
  gopy.introduction.hello = MakeHello("gopy", "0.3.1", "Go");
  gopy.introduction.platform = oracle.introduction.platform;
  gopy.wall = milliseconds(8412);
  FillImplementation(Filler(&sample, &gopy));
  gopy.stale = sample.expectations.Stale(gopy.introduction.platform);  // of the unexpected pass
  gopy.stale.emplace_back("impl/gopy/expectations.toml:21: 'fork/gone' is no scenario's name: remove the entry");
  gopy.surprises = HasSurprises(gopy.verdicts);

  ImplementationReport& gone = report.implementations[2];
  gone.name = "rust port";
  gone.family = "rust";
  gone.command = {"/nowhere"};
  gone.run_as = {"--", "/nowhere"};
  gone.introduction.failure = "/nowhere: No such file or directory";
  return sample;
}

}  // namespace lockstep::reports
