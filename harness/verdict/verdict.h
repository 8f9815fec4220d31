// SPDX-License-Identifier: MIT
// From what came of a run to what it means: the verdict on one scenario, and the exit status of the
// whole.
#ifndef LOCKSTEP_HARNESS_VERDICT_VERDICT_H_
#define LOCKSTEP_HARNESS_VERDICT_VERDICT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/engine/runner.h"
#include "harness/engine/trace.h"
#include "harness/scenario/scenario.h"
#include "harness/verdict/expectations.h"

namespace lockstep {

enum class Verdict {
  kPass,
  kFail,
  kExpectedFail,
  kUnexpectedPass,
  kUnsupported,
  kNotRun,
  kHarnessError
};

// "pass", "fail", "expected_fail", "unexpected_pass", "unsupported", "not_run", "harness_error".
const char* ToText(Verdict verdict);

// Whether `a` is worse than `b`, by the order in which the two parts of a verdict are made one.
bool IsWorse(Verdict a, Verdict b);

struct ScenarioVerdict {
  const Scenario* scenario = nullptr;
  Verdict behaviour = Verdict::kPass;
  // kPass, kFail, kExpectedFail or kUnexpectedPass; kNotRun when the scenario was not completed, so
  // that there is nothing to say.
  Verdict cleanliness = Verdict::kNotRun;
  NotRun not_run = NotRun::kNo;
  std::string reason;  // one line; empty for a pass
  const ExpectedEntry* expected =
      nullptr;  // the entry that applied, of the expectations given to Judge
  ScenarioRun run;
  // Of several rounds (`--repeat`): how many there were, and in how many of them it came to this verdict.
  int rounds = 1;
  int rounds_alike = 1;
  // The command that runs it again is this, the implementation, --filter and its name; null: "./lockstep run".
  std::shared_ptr<const std::string> rerun_prefix;

  // The two parts as one: the worse of them.
  Verdict Overall() const;
};

// `oracle`: the oracle's run of the same scenario, nullptr where there is none, and `oracle_name`
// for messages. An oracle that diverges or fails makes the scenario a harness_error: it is not
// certified. `expectations` keeps what became of its entries, and outlives the verdict. Scenarios
// are judged from one thread at a time.
ScenarioVerdict Judge(RunnerResult result, const Platform& platform, Expectations& expectations,
                      const ScenarioRun* oracle, const std::string& oracle_name = "");

// One more round of the same scenario: the worst is kept, and in how many of all it came to that.
void AddRound(ScenarioVerdict* kept, ScenarioVerdict next);
// "in 3 of 6 rounds"; empty where all were alike.
std::string RoundsText(const ScenarioVerdict& verdict);
// The reason, and in how many rounds it was so, in one line.
std::string ReasonText(const ScenarioVerdict& verdict);

// What an expectations file calls this divergence: kCrash, kHang or kFail.
ExpectedKind KindOf(const Divergence& divergence);
// What was left behind as one text: "ITEM; ITEM".
std::string UncleanText(const ScenarioRun& run);

struct Counts {
  int pass = 0;
  int fail = 0;
  int expected_fail = 0;
  int unexpected_pass = 0;
  int unsupported = 0;
  int not_run = 0;       // for want of something on the machine, or interrupted
  int not_selected = 0;  // filtered, or not for this version: never counted against anybody
  int harness_error = 0;
  int judged() const { return pass + fail + expected_fail + unexpected_pass; }
  void Add(const ScenarioVerdict& verdict);
};

// One implementation's part of a run.
struct ImplementationReport {
  std::string name;
  std::string family;
  std::vector<std::string> command;
  // The words that name it on a command line, as in {"--", "./adapter"}; empty: its name does.
  std::vector<std::string> run_as;
  std::string note;
  bool is_oracle = false;
  // It is there to be laid beside the others, and nobody asked for its own verdicts: what it lacks is
  // no surprise, and where it fails nothing is certified.
  bool only_oracle = false;
  Introduction introduction;
  std::vector<ScenarioVerdict> verdicts;  // in the order of the catalogue
  std::vector<std::string>
      stale;               // expectations that matched nothing, or passed, as "FILE:LINE: …"
  bool surprises = false;  // something that expectations do not list was unsupported or not run
  nanoseconds wall{};

  Counts Count() const;
  // Stale expectations less those that an unexpected pass tells already.
  std::vector<std::string> FurtherStale() const;
  bool NeverStarted() const { return !introduction.hello && !introduction.failure.empty(); }
};

struct RunReport {
  std::vector<ImplementationReport> implementations;
  std::vector<std::pair<std::string, std::string>> environment;  // kernel, cpus, isolation …
  // The traces of the oracle, by scenario, shown beside a failure; empty without an oracle.
  std::string oracle_name;
  std::vector<std::string> notes;  // lines for people: "python3.6: found, not judged: …"
  bool interrupted = false;        // by a signal
  bool strict = false;             // something unlisted that was unsupported or not run is held against it
  nanoseconds wall{};
};

// Whether something that was selected was not begun, for want of time or because of a signal.
bool AnyCutShort(const std::vector<ScenarioVerdict>& verdicts);
// Whether it was unsupported or not run, and expectations do not list that.
bool IsSurprise(const ScenarioVerdict& verdict);
// What is said of one: "unsupported, which no expectation lists: it has no capability fork".
std::string SurpriseText(const ScenarioVerdict& verdict);
bool HasSurprises(const std::vector<ScenarioVerdict>& verdicts);

// An implementation of which nothing was judged is not green beside others that were; one for which
// nothing was selected is. 0 all as expected; 1 a divergence; 3 the harness or an adapter failed; 4
// nothing was judged, or under strict something unlisted was unsupported or not run; 5 expectations
// are stale; 130 interrupted. Of several the first of 130, 3, 1, 5, 4.
int ExitStatus(const RunReport& report);

// What failures are grouped and compared by: "acquire(timeout=0): expected -> False, got -> blocked", without the
// object's name and the times and addresses of one run; of a process that ended "SemLock(…): died SIGABRT", whatever its
// arguments; what kind of thing was left behind; else the reason.
std::string FailureTitle(const ScenarioVerdict& verdict);

// Failures that began with the same step and the same two outcomes, largest group first.
struct FailureGroup {
  std::string title;  // "acquire(timeout=0): expected -> False, got -> blocked"
  std::vector<const ScenarioVerdict*> verdicts;
};
std::vector<FailureGroup> GroupFailures(const ImplementationReport& report);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_VERDICT_VERDICT_H_
