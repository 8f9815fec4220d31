// SPDX-License-Identifier: MIT
#include "reports/markdown.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/sample_report.h"
#include "reports/test_folder.h"

namespace lockstep::reports {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class MarkdownSummary : public testing::Test {
 protected:
  // Without what could not be started.
  MarkdownSummary() {
    summary_.report = std::move(sample_.report);
    rust_ = summary_.report.implementations.back();
    summary_.report.implementations.pop_back();
    summary_.exit_status = 3;
  }
  ImplementationReport& gopy() { return summary_.report.implementations[1]; }

  Sample sample_ = MakeSample();
  Summary summary_;
  ImplementationReport rust_;
};

constexpr const char* kGolden = R"(## ❌ Lockstep: the harness, an adapter or the oracle failed, or a report is not whole

Status 3: the harness, an adapter or the oracle failed, or a report is not whole. kernel 6.18.1, cpus 2, isolation namespaces

| implementation | version | pass | fail | expected fail | unexpected pass | unsupported | not run | not for its version | harness error |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| <code>cpython-3.14.8</code> (oracle) | 3.14.8 | 1 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |
| <code>gopy</code> | 0.3.1 | 0 | **3** | 1 | **1** | 1 | 1 | 0 | **1** |

- python3.6: found, not judged: older than 3.8

### gopy

**Fix first:** 3 failures in 2 groups, by the step at which they parted.

<details>
<summary><b>2 scenarios</b>: <code>acquire(timeout=0): expected -&gt; False, got -&gt; blocked</code></summary>

<code>acquire/timeout-zero</code>: acquire(timeout=0) on a semaphore with no unit returns False at once.

<pre>
  step                      expected  got         cpython-3.14.8
  p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)
  p   fork c
&gt; c   s.acquire(timeout=0)  -&gt; False  -&gt; blocked  -&gt; False
      (not reached)
  c   s.acquire(True, 0)    -&gt; False
  p   s.release()           -&gt; None
</pre>

<pre>
where: p: idle
where: c: in acquire for 12.2 ms, sleeping in futex, on s
output:
goroutine 7 [semacquire]:
\x1b[31mmain.wait\x1b[0m(0xc000)
</pre>

- rule: Modules/&#95;multiprocessing/semaphore.c: SemLock.acquire
- place: <code>scenarios/acquire.toml:3</code>
- rerun:

<pre>
./lockstep run gopy --filter acquire/timeout-zero
</pre>

Also: <code>acquire/timeout-zero-again</code>

</details>

<details>
<summary><b>1 scenario</b>: <code>a name is left behind in /dev/shm</code></summary>

<code>construct/unlinked</code>: A semaphore made with unlink leaves no name.

<pre>
  p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)
</pre>

<pre>
left: a name is left behind in /dev/shm: NAME
</pre>

- rule: Modules/&#95;multiprocessing/semaphore.c: SemLock.acquire
- place: <code>scenarios/construct.toml:12</code>
- rerun:

<pre>
./lockstep run gopy --filter construct/unlinked
</pre>

</details>

**Harness errors**, which say nothing of the implementation:

<details>
<summary><b>1 scenario</b>: <code>the adapter sent garbage: &quot;oops&quot;</code></summary>

In <code>crash/holder-dies</code>

Rerun:

<pre>
./lockstep run gopy --filter crash/holder-dies
</pre>

</details>

**1 unexpected pass: fixed? Then remove the entries.**

- <code>acquire/blocks</code>: expected to hang with -&gt; blocked, passed (<code>impl/gopy/expectations.toml:15</code>)

**1 stale expectation**

- <code>impl/gopy/expectations.toml:21: 'fork/gone' is no scenario's name: remove the entry</code>

<details>
<summary>1 expected failure, known</summary>

- 1: It takes the kind for a float. <code>https:&#8203;//example.org/gopy/12</code>

</details>

<details>
<summary>1 scenario, unsupported</summary>

- 1: it has no capability fork (expected)

</details>

<details>
<summary>1 scenario, not run</summary>

- 1: it needs a /dev/shm of its own, and namespaces are denied here

</details>

)";

TEST_F(MarkdownSummary, IsTheWholeOfARun) { EXPECT_EQ(Markdown(summary_), kGolden); }

TEST_F(MarkdownSummary, TellsFirstWhyItIsNoResult) {
  summary_.withheld = {"x.jsonl:7: the report ends without a footer: it was cut off"};
  EXPECT_THAT(Markdown(summary_),
              StartsWith("## ⚪ Lockstep: withheld\n\n**This is no result:**\n\n- x.jsonl:7: the report ends without a footer: it "
                         "was cut off\n\nStatus 3: "));
}

TEST_F(MarkdownSummary, TellsOfAnImplementationThatCouldNotBeStarted) {
  summary_.report.implementations.push_back(rust_);
  const std::string text = Markdown(summary_);
  EXPECT_THAT(text, HasSubstr("| <code>rust port</code> | could not be started | 0 |"));
  EXPECT_THAT(text, HasSubstr("### rust port\n\n**It could not be started:**\n\n<pre>\n/nowhere: No such file or directory\n</pre>\n"));
}

TEST_F(MarkdownSummary, IsShortWhereAllIsAsExpected) {
  summary_.report.implementations.pop_back();
  summary_.exit_status = 0;
  EXPECT_EQ(Markdown(summary_),
            "## ✅ Lockstep: all as expected\n\n"
            "Status 0: all as expected. kernel 6.18.1, cpus 2, isolation namespaces\n\n"
            "| implementation | version | pass | fail | expected fail | unexpected pass | unsupported | not run | "
            "not for its version | harness error |\n"
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            "| <code>cpython-3.14.8</code> (oracle) | 3.14.8 | 1 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |\n\n"
            "- python3.6: found, not judged: older than 3.8\n\n");
}

TEST_F(MarkdownSummary, IsNotGreenWhereTimeRanOut) {
  summary_.report.implementations.pop_back();
  summary_.exit_status = 0;
  ScenarioVerdict verdict = summary_.report.implementations[0].verdicts[0];
  verdict.behaviour = Verdict::kNotRun;
  verdict.not_run = NotRun::kInterrupted;
  summary_.report.implementations[0].verdicts.push_back(verdict);
  EXPECT_THAT(Markdown(summary_), testing::StartsWith("## ⚠️ Lockstep: all as expected, but 1 scenario not begun\n"));
}

TEST_F(MarkdownSummary, ShowsTheShortestTranscriptOfAGroup) {
  const Scenario shorter =
      MakeScenario("short/one", "The same.", "p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\np   s.acquire(timeout=0)   -> False\n");
  ScenarioVerdict verdict = gopy().verdicts[0];
  verdict.scenario = &shorter;
  verdict.run.trace.resize(2);
  gopy().verdicts.push_back(verdict);
  EXPECT_THAT(Markdown(summary_), HasSubstr("</summary>\n\n<code>short/one</code>: The same.\n"));
  EXPECT_THAT(Markdown(summary_), HasSubstr("\nAlso: <code>acquire/timeout-zero</code>, <code>acquire/timeout-zero-again</code>\n"));
}

// What an adapter, a scenario file or an expectations file may hold.
const std::string kHostile =
    "</pre></details></code>|`` ``` <script>alert(1)</script> <img src=x onerror=y> @octocat #1 [a](https://evil) ![b](https://evil) "
    "www.evil.org --> \r\n\n# heading\n| a | b |\n\x1b[31m\xff\xfe";

void MakeHostile(ImplementationReport* one, Scenario* scenario, ExpectedEntry* entry) {
  one->name = kHostile;
  one->introduction.hello->version = kHostile;
  one->stale = {kHostile};
  scenario->name = scenario->says = scenario->source = scenario->file = kHostile;
  entry->why = entry->link = entry->place = kHostile;
  for (ScenarioVerdict& verdict : one->verdicts) {
    verdict.scenario = scenario;
    verdict.reason = kHostile;
    if (verdict.expected != nullptr) verdict.expected = entry;
    verdict.run.output = kHostile;
    verdict.run.whereabouts = verdict.run.unclean = {kHostile};
    for (TraceEntry& step : verdict.run.trace) step.outcome = step.note = kHostile;
    if (verdict.run.divergence) verdict.run.divergence->operation = verdict.run.divergence->actual = kHostile;
  }
}

TEST_F(MarkdownSummary, HoldsNothingFromOutsideThatMarksUp) {
  Scenario scenario = *gopy().verdicts[0].scenario;
  ExpectedEntry entry;
  MakeHostile(&gopy(), &scenario, &entry);
  summary_.withheld = {kHostile};
  summary_.report.environment = {{kHostile, kHostile}};
  const std::string text = Markdown(summary_);
  for (const char* forbidden : {"<script", "<img", "</pre></details>", "\r", "\x1b", "\xff"})
    EXPECT_THAT(text, Not(HasSubstr(forbidden))) << forbidden;
  // Outside of blocks, in which Markdown is not read.
  std::string outside;
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::size_t begin = text.find("<pre>\n", at);
    outside += text.substr(at, begin == std::string::npos ? begin : begin - at);
    at = begin == std::string::npos ? begin : text.find("\n</pre>\n", begin);
  }
  for (const char* forbidden : {"@octocat", "#1 ", "https://", "www.", "`", "[", "_", "\n# heading", "\n| a | b |"})
    EXPECT_THAT(outside, Not(HasSubstr(forbidden))) << forbidden;
}

TEST_F(MarkdownSummary, IsReadByAParserAsWhatItIsWhateverAnAdapterPrinted) {
  if (RunCommand("command -v cmark-gfm").status != 0) GTEST_SKIP() << "there is no cmark-gfm";
  Scenario scenario = *gopy().verdicts[0].scenario;
  ExpectedEntry entry;
  MakeHostile(&gopy(), &scenario, &entry);
  const TestFolder folder;
  const Ran ran = RunCommand("cmark-gfm --unsafe -e table -e autolink -e strikethrough " + folder.Write("page.md", Markdown(summary_)));
  EXPECT_EQ(ran.status, 0);
  for (const char* forbidden : {"<a ", "<script", "<img", "<del>", "<em>", "<h1>"})
    EXPECT_THAT(ran.output, Not(HasSubstr(forbidden))) << forbidden;
}

TEST_F(MarkdownSummary, IsCutAtItsBoundAndSaysWhatIsLeftOut) {
  const ScenarioVerdict failure = gopy().verdicts[0];
  for (int i = 0; i < 200; ++i) {
    ScenarioVerdict verdict = failure;
    verdict.run.divergence->operation = fmt::format("s.acquire({})", i);
    verdict.run.output = std::string(1'000'000, '\xff');
    gopy().verdicts.push_back(std::move(verdict));
  }
  const std::string text = Markdown(summary_, 50'000);
  EXPECT_LT(text.size(), 51'000U);
  EXPECT_THAT(text, HasSubstr("\n**Left out**, for this page has 50 KB at most: "));
  EXPECT_THAT(text, HasSubstr(" groups of failures of gopy, "));
  EXPECT_LT(Markdown(summary_).size(), 501'000U);
}

}  // namespace
}  // namespace lockstep::reports
