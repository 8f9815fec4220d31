// SPDX-License-Identifier: MIT
#include "reports/terminal.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "reports/sample_report.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string TextOf(const RunReport& report, const TerminalOptions& options = {}) {
  std::ostringstream out;
  WriteTerminal(report, options, out);
  return out.str();
}

TerminalOptions Verbose() {
  TerminalOptions options;
  options.verbose = true;
  return options;
}

// The text without its escape sequences.
std::string WithoutColor(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b') {
      at = text.find('m', at);
    } else {
      out += text[at];
    }
  }
  return out;
}

constexpr const char* kGolden = R"TEXT(kernel 6.18.1, cpus 2, isolation namespaces

cpython-3.14.8  3.14.8  3.10 s  1 pass (oracle)
gopy            0.3.1   8.41 s  0 pass, 3 fail, 1 expected_fail, 1 unexpected_pass, 1 unsupported,
                                1 not_run, 1 harness_error
rust port               0.00 s  could not be started

== gopy ============================================================================================

harness_error, 1 scenario: the harness or the adapter failed, which says nothing of the
  implementation

  the adapter sent garbage: "oops"
        in crash/holder-dies
     rerun ./lockstep run gopy --filter crash/holder-dies

fix first:
  [1] 2 scenarios  acquire(timeout=0): expected -> False, got -> blocked
  [2]  1 scenario  a name is left behind in /dev/shm

[1] acquire(timeout=0): expected -> False, got -> blocked, 2 scenarios

  acquire/timeout-zero
  acquire(timeout=0) on a semaphore with no unit returns False at once.

    step                      expected  got         cpython-3.14.8
    p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)
    p   fork c
  > c   s.acquire(timeout=0)  -> False  -> blocked  -> False
        (not reached)
    c   s.acquire(True, 0)    -> False
    p   s.release()           -> None

     where p: idle
           c: in acquire for 12.2 ms, sleeping in futex, on s
    output goroutine 7 [semacquire]:
           \x1b[31mmain.wait\x1b[0m(0xc000)
      rule Modules/_multiprocessing/semaphore.c: SemLock.acquire
     place scenarios/acquire.toml:3
     rerun ./lockstep run gopy --filter acquire/timeout-zero

  also: acquire/timeout-zero-again

[2] a name is left behind in /dev/shm, 1 scenario

  construct/unlinked
  A semaphore made with unlink leaves no name.

    p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)

      left a name is left behind in /dev/shm: NAME
      rule Modules/_multiprocessing/semaphore.c: SemLock.acquire
     place scenarios/construct.toml:12
     rerun ./lockstep run gopy --filter construct/unlinked

unexpected_pass, 1 scenario: fixed? Then remove the entries
  acquire/blocks
    impl/gopy/expectations.toml:15: expected to hang with -> blocked, passed

expected_fail, 1 scenario, known by 1 entry (--verbose tells them)

unsupported, 1 scenario:
     1  it has no capability fork (expected)

not_run, 1 scenario:
     1  it needs a /dev/shm of its own, and namespaces are denied here

stale, 1 expectation:
  impl/gopy/expectations.toml:21: 'fork/gone' is no scenario's name: remove the entry

blocked was not seen on the semaphore itself:
     1  presumed: announced and unanswered

== rust port =======================================================================================

could not be started: /nowhere: No such file or directory

python3.6: found, not judged: older than 3.8
)TEXT";

TEST(Terminal, TellsAWholeRun) { EXPECT_EQ(TextOf(MakeSample().report), kGolden); }

TEST(Terminal, HasNoEscapeSequencesUnlessAsked) {
  const Sample sample = MakeSample();
  EXPECT_THAT(TextOf(sample.report), Not(HasSubstr("\x1b")));
  TerminalOptions options;
  options.color = true;
  EXPECT_THAT(TextOf(sample.report, options), HasSubstr("\x1b[32m1 pass (oracle)\x1b[0m\n"));
  EXPECT_THAT(
      TextOf(sample.report, options),
      HasSubstr("\x1b[31m  > c   s.acquire(timeout=0)  -> False  -> blocked  -> False\x1b[0m\n"));
}

TEST(Terminal, SaysTheSameInColor) {
  TerminalOptions options;
  options.color = true;
  EXPECT_EQ(WithoutColor(TextOf(MakeSample().report, options)), kGolden);
}

TEST(Terminal, IsNeverWiderThanAsked) {
  Sample sample = MakeSample();
  sample.report.implementations[1].verdicts[0].run.output =
      std::string(500, 'x') + " and then some";
  for (const bool verbose : {false, true}) {
    for (std::size_t width = 60; width <= 120; width += 7) {
      TerminalOptions options;
      options.width = width;
      options.verbose = verbose;
      std::istringstream lines(TextOf(sample.report, options));
      for (std::string line; std::getline(lines, line);) {
        // A command is there to be copied, whole.
        if (line.find("rerun ") == std::string::npos) {
          EXPECT_LE(WidthOf(line), width) << line;
        }
      }
    }
  }
}

TEST(Terminal, TellsEveryFailureOfAGroupWhenVerbose) {
  const Sample sample = MakeSample();
  constexpr const char* kSecond = "\n  acquire/timeout-zero-again\n  The same, twice.\n";
  EXPECT_THAT(TextOf(sample.report), Not(HasSubstr(kSecond)));
  EXPECT_THAT(TextOf(sample.report, Verbose()), HasSubstr(kSecond));
  EXPECT_THAT(TextOf(sample.report, Verbose()), Not(HasSubstr("also: ")));
}

TEST(Terminal, TellsAsManyOfAGroupAsAsked) {
  TerminalOptions options;
  options.shown_of_a_group = 2;
  EXPECT_THAT(TextOf(MakeSample().report, options), Not(HasSubstr("also: ")));
}

TEST(Terminal, TellsWhyFailuresAreExpectedWhenVerbose) {
  EXPECT_THAT(TextOf(MakeSample().report, Verbose()),
              HasSubstr("expected_fail, 1 scenario, known by 1 entry:\n"
                        "     1  It takes the kind for a float.\n"
                        "        https://example.org/gopy/12\n"
                        "        construct/kind-is-checked\n"));
}

TEST(Terminal, NamesWhatIsLackingWhenVerbose) {
  EXPECT_THAT(TextOf(MakeSample().report, Verbose()),
              HasSubstr("unsupported, 1 scenario:\n"
                        "     1  it has no capability fork (expected)\n"
                        "        fork/child-owns\n"));
}

// A run of one implementation on `count` scenarios, all with this verdict.
struct Many {
  std::deque<Scenario> scenarios;
  RunReport report;
};

Many MakeMany(int count, Verdict verdict, const std::string& reason) {
  Many many;
  ImplementationReport& one = many.report.implementations.emplace_back();
  one.name = "gopy";
  one.introduction.hello.emplace();
  for (int i = 0; i < count; ++i) {
    Scenario& scenario = many.scenarios.emplace_back(
        MakeScenario(fmt::format("acquire/n{:02d}", i), "Says.",
                     "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\np s.acquire(False) -> False\n"));
    ScenarioVerdict& added = one.verdicts.emplace_back();
    added.scenario = &scenario;
    added.behaviour = verdict;
    added.cleanliness = verdict == Verdict::kPass ? Verdict::kPass : Verdict::kNotRun;
    added.reason = reason;
    if (verdict == Verdict::kFail) {
      added.run = MakeDivergence(scenario, {"-> <SemLock>", "-> blocked"}, "s.acquire(False)",
                                 "-> False", "-> blocked");
    }
  }
  return many;
}

TEST(Terminal, SaysWhatToFixFirstOfOneGroupInOneLine) {
  EXPECT_THAT(TextOf(MakeMany(61, Verdict::kFail, "x").report),
              HasSubstr("\nfix first: acquire(False): expected -> False, got -> blocked, 61 "
                        "scenarios\n\n  acquire/n00\n"));
}

TEST(Terminal, RanksTheLargestOfManyGroupsAndTellsAllOfThem) {
  Many many = MakeMany(14, Verdict::kFail, "x");
  for (int i = 2; i < 14; ++i) {
    Divergence& divergence =
        *many.report.implementations[0].verdicts[static_cast<std::size_t>(i)].run.divergence;
    divergence.actual = fmt::format("-> {}", i);
  }
  const std::string text = TextOf(many.report);
  EXPECT_THAT(text,
              HasSubstr("fix first:\n"
                        "   [1] 2 scenarios  acquire(False): expected -> False, got -> blocked\n"
                        "   [2]  1 scenario  acquire(False): expected -> False, got -> 2\n"));
  EXPECT_THAT(text, HasSubstr("  [10]  1 scenario  acquire(False): expected -> False, got -> 10\n"
                              "  and 3 more groups below\n"));
  EXPECT_THAT(text, HasSubstr("\n[13] acquire(False): expected -> False, got -> 13, 1 scenario\n"));
}

TEST(Terminal, NamesOnlySomeOfALargeGroup) {
  EXPECT_THAT(
      TextOf(MakeMany(61, Verdict::kFail, "x").report),
      HasSubstr(
          "  also: acquire/n01, acquire/n02, acquire/n03, acquire/n04, acquire/n05, acquire/n06,\n"
          "        acquire/n07, acquire/n08, acquire/n09, acquire/n10, acquire/n11, acquire/n12 "
          "and 48 more\n"
          "        (--verbose tells all)\n"));
}

TEST(Terminal, TellsOneHarnessErrorOfManyScenariosOnce) {
  const std::string text =
      TextOf(MakeMany(400, Verdict::kHarnessError, "the adapter sent garbage").report);
  EXPECT_EQ(text.find("the adapter sent garbage"), text.rfind("the adapter sent garbage"));
  EXPECT_THAT(text, HasSubstr("harness_error, 400 scenarios"));
}

TEST(Terminal, SaysNothingMoreOfAnImplementationThatPasses) {
  EXPECT_EQ(TextOf(MakeMany(3, Verdict::kPass, "").report), "gopy  0.00 s  3 pass\n");
}

TEST(Terminal, ShowsTheFirstAndTheLastWordsOfALongOutput) {
  Many many = MakeMany(1, Verdict::kFail, "x");
  std::string& output = many.report.implementations[0].verdicts[0].run.output;
  for (int i = 1; i <= 30; ++i) output += fmt::format("line {}\n", i);
  const std::string text = TextOf(many.report);
  EXPECT_THAT(text, HasSubstr("    output line 1\n"));
  EXPECT_THAT(text,
              HasSubstr("           line 8\n           (6 lines here)\n           line 15\n"));
  EXPECT_THAT(text, HasSubstr("           line 30\n"));
  EXPECT_THAT(text, Not(HasSubstr("line 9\n")));
  EXPECT_THAT(text, Not(HasSubstr("line 14\n")));
  TerminalOptions options;
  options.verbose = true;
  EXPECT_THAT(TextOf(many.report, options), HasSubstr("           line 9\n"));
}

TEST(Terminal, NamesTheEntryThatAFailureIsNotExpectedBy) {
  Many many = MakeMany(1, Verdict::kFail, "expected to fail with -> True, failed with -> None");
  ExpectedEntry entry;
  entry.place = "impl/gopy/expectations.toml:7";
  many.report.implementations[0].verdicts[0].expected = &entry;
  EXPECT_THAT(TextOf(many.report), HasSubstr("     entry impl/gopy/expectations.toml:7: expected "
                                             "to fail with -> True, failed with -> None\n"));
}

TEST(Terminal, CountsWhatIsForOtherVersionsLast) {
  Many many = MakeMany(2, Verdict::kPass, "");
  ScenarioVerdict& verdict = many.report.implementations[0].verdicts[1];
  verdict.behaviour = Verdict::kNotRun;
  verdict.cleanliness = Verdict::kNotRun;
  verdict.not_run = NotRun::kFiltered;
  EXPECT_EQ(TextOf(many.report), "gopy  0.00 s  1 pass, 1 not for its version\n");
}

ScenarioVerdict VerdictOn(const Scenario& scenario) {
  ScenarioVerdict verdict;
  verdict.scenario = &scenario;
  return verdict;
}

TEST(Terminal, QuotesWhatAShellWouldTakeApart) {
  ImplementationReport one;
  one.name = "rust port";
  const Scenario scenario = MakeScenario("a/b", "", "");
  EXPECT_EQ(RerunCommand(one, VerdictOn(scenario)), "./lockstep run 'rust port' --filter a/b");
}

TEST(Terminal, PutsTheCommandOfAnAdapterLastWhenItRerunsOne) {
  ImplementationReport one;
  one.name = "adapter";
  const Scenario scenario = MakeScenario("a/b", "", "");
  one.run_as = {"--", "./adapter", "-v", "a b"};
  EXPECT_EQ(RerunCommand(one, VerdictOn(scenario)),
            "./lockstep run --filter a/b -- ./adapter -v 'a b'");
  one.run_as = {"ports/implementation.toml"};
  EXPECT_EQ(RerunCommand(one, VerdictOn(scenario)),
            "./lockstep run ports/implementation.toml --filter a/b");
}

TEST(Terminal, RerunsAsTheRunOfTheVerdictWas) {
  ImplementationReport one;
  one.name = "port";
  const Scenario scenario = MakeScenario("a/b", "", "");
  ScenarioVerdict verdict = VerdictOn(scenario);
  verdict.rerun_prefix = std::make_shared<const std::string>("PYTHONPATH=x ./lockstep run --oracle none");
  EXPECT_EQ(RerunCommand(one, verdict), "PYTHONPATH=x ./lockstep run --oracle none port --filter a/b");
}

TEST(Terminal, EscapesWhatAnAdapterSaysOfItself) {
  Many many = MakeMany(1, Verdict::kPass, "");
  many.report.implementations[0].introduction.hello->version = "1\x1b[2J";
  EXPECT_EQ(TextOf(many.report), "gopy  1\\x1b[2J  0.00 s  1 pass\n");
}

TEST(Terminal, EscapesWhatAStoredReportCallsThings) {
  Many many = MakeMany(1, Verdict::kFail, "-> 1");
  many.report.implementations[0].name = "po\x1b]0;pwn\x07";
  const std::string text = TextOf(many.report);
  EXPECT_EQ(text.find_first_of("\x1b\x07"), std::string::npos) << text;
  EXPECT_THAT(text, HasSubstr("run $'po\\x1b]0;pwn\\x07' --filter"));
}

}  // namespace
}  // namespace lockstep::reports
