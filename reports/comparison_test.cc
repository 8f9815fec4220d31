// SPDX-License-Identifier: MIT
#include "reports/comparison.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "reports/sample_report.h"

namespace lockstep::reports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct Row {
  std::string scenario;
  Verdict verdict;
  std::string actual = "-> blocked";
};

// A run of one implementation, and what points into it.
class StoredRun {
 public:
  StoredRun(const std::string& name, const std::string& family, const std::vector<Row>& rows) {
    StoredReport& stored = stored_.emplace_back();
    stored.exit_status = 0;
    ImplementationReport& one = stored.report.implementations.emplace_back();
    one.name = name;
    one.family = family;
    for (const Row& row : rows) {
      const Scenario& scenario = stored.scenarios.emplace_back(
          MakeScenario(row.scenario, "It is so.", "p   s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\np   s.acquire()   -> True\n"));
      ScenarioVerdict verdict;
      verdict.scenario = &scenario;
      verdict.behaviour = row.verdict;
      verdict.cleanliness = row.verdict == Verdict::kPass ? Verdict::kPass : Verdict::kNotRun;
      if (row.verdict == Verdict::kFail || row.verdict == Verdict::kExpectedFail) {
        verdict.run = MakeDivergence(scenario, {"-> <SemLock>", row.actual}, "s.acquire()", "-> True", row.actual);
        verdict.reason = verdict.run.reason;
      }
      one.verdicts.push_back(std::move(verdict));
    }
  }
  StoredReport& stored() { return stored_.front(); }
  // The other's implementations as well, of the same run.
  void Take(StoredReport other) {
    others_.push_back(std::move(other));
    for (ImplementationReport& one : others_.back().report.implementations) stored().report.implementations.push_back(one);
  }
  MergedReport merged() const { return Merge(stored_, {"x.jsonl"}); }

 private:
  std::vector<StoredReport> stored_;
  std::deque<StoredReport> others_;  // which have the scenarios
};

struct Pair {
  Pair(const std::vector<Row>& old_rows, const std::vector<Row>& new_rows)
      : before("gopy", "gopy", old_rows),
        after("gopy", "gopy", new_rows),
        old_report(before.merged()),
        new_report(after.merged()),
        comparison(Compare(old_report, new_report)) {}
  StoredRun before;
  StoredRun after;
  MergedReport old_report;
  MergedReport new_report;
  Comparison comparison;
};

std::vector<std::string> Changes(const Comparison& comparison) {
  std::vector<std::string> out;
  for (const ImplementationComparison& one : comparison.implementations) {
    for (const ScenarioChange& change : one.changes) out.push_back(fmt::format("{}: {}", change.scenario, ToText(change.change)));
  }
  return out;
}

TEST(Compare, TellsEachWayInWhichAScenarioCanChange) {
  struct Case {
    Verdict before;
    Verdict after;
    const char* change;
  };
  using enum Verdict;
  const Case cases[] = {
      {kPass, kFail, "newly failing"},
      {kUnsupported, kFail, "newly failing"},
      {kExpectedFail, kFail, "newly failing"},
      {kHarnessError, kFail, "newly failing"},
      {kPass, kHarnessError, "newly in error"},
      {kPass, kExpectedFail, "failing and expected now"},
      {kFail, kPass, "fixed"},
      {kExpectedFail, kPass, "newly passing"},
      {kExpectedFail, kUnexpectedPass, "newly passing"},
      {kFail, kExpectedFail, "expected now"},
      {kUnsupported, kPass, "judged now"},
      {kNotRun, kPass, "judged now"},
      {kHarnessError, kPass, "judged now"},
      {kPass, kUnsupported, "no longer judged"},
      {kFail, kNotRun, "no longer judged"},
      {kUnsupported, kExpectedFail, "failing and expected now"},
  };
  for (const Case& each : cases) {
    EXPECT_THAT(Changes(Pair({{"fork/y", each.before}}, {{"fork/y", each.after}}).comparison),
                ElementsAre(fmt::format("fork/y: {}", each.change)))
        << ToText(each.before) << " to " << ToText(each.after);
  }
}

TEST(Compare, SaysNothingOfWhatIsAsItWas) {
  using enum Verdict;
  for (const Verdict verdict : {kPass, kFail, kExpectedFail, kUnexpectedPass, kUnsupported, kNotRun, kHarnessError}) {
    const Pair pair({{"fork/y", verdict}}, {{"fork/y", verdict}});
    EXPECT_THAT(Changes(pair.comparison), IsEmpty()) << ToText(verdict);
    EXPECT_EQ(pair.comparison.implementations[0].same, 1U);
  }
}

TEST(Compare, TellsAFailureThatIsAnother) {
  const Pair pair({{"fork/y", Verdict::kFail, "-> False"}, {"fork/z", Verdict::kFail, "late: 20.1 ms"}},
                  {{"fork/y", Verdict::kFail, "-> blocked"}, {"fork/z", Verdict::kFail, "late: 21.7 ms"}});
  EXPECT_THAT(Changes(pair.comparison), ElementsAre("fork/y: failing otherwise"));
  EXPECT_EQ(pair.comparison.ExitStatus(), 0);
}

TEST(Compare, TellsNewScenariosAndThoseThatAreGone) {
  const Pair pair({{"fork/old", Verdict::kPass}, {"fork/same", Verdict::kPass}},
                  {{"fork/same", Verdict::kPass}, {"fork/new", Verdict::kPass}, {"fork/bad", Verdict::kFail}});
  EXPECT_THAT(Changes(pair.comparison), ElementsAre("fork/bad: newly failing", "fork/new: new", "fork/old: gone"));
  EXPECT_EQ(pair.comparison.ExitStatus(), 1);
}

TEST(Compare, TakesAScenarioOfAnotherVersionForOneThatIsNotThere) {
  StoredRun before("a", "a", {{"fork/y", Verdict::kPass}, {"fork/z", Verdict::kPass}});
  StoredRun after("a", "a", {{"fork/y", Verdict::kNotRun}, {"fork/z", Verdict::kPass}});
  after.stored().report.implementations[0].verdicts[0].not_run = NotRun::kFiltered;
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  EXPECT_THAT(Changes(Compare(old_report, new_report)), ElementsAre("fork/y: gone"));
}

TEST(Compare, MatchesImplementationsByFamilyWhereEachSideHasOne) {
  const StoredRun before("cpython-3.14.8", "cpython", {{"fork/y", Verdict::kPass}});
  const StoredRun after("cpython-3.14.9", "cpython", {{"fork/y", Verdict::kFail}});
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  const Comparison comparison = Compare(old_report, new_report);
  ASSERT_EQ(comparison.implementations.size(), 1U);
  EXPECT_EQ(comparison.implementations[0].Name(), "cpython-3.14.8 -> cpython-3.14.9");
  EXPECT_EQ(comparison.ExitStatus(), 1);
}

TEST(Compare, DoesNotGuessWhichOfTwoOfAFamilyIsMeant) {
  StoredRun before("cpython-3.14.8", "cpython", {{"fork/y", Verdict::kPass}});
  before.stored().report.implementations.push_back(before.stored().report.implementations[0]);
  before.stored().report.implementations[1].name = "cpython-3.13.1";
  const StoredRun after("cpython-3.14.9", "cpython", {{"fork/y", Verdict::kPass}});
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  const Comparison comparison = Compare(old_report, new_report);
  EXPECT_THAT(comparison.implementations, IsEmpty());
  EXPECT_THAT(comparison.only_before, ElementsAre("cpython-3.14.8", "cpython-3.13.1"));
  EXPECT_THAT(comparison.only_after, ElementsAre("cpython-3.14.9"));
  EXPECT_EQ(comparison.ExitStatus(), 4);
}

TEST(Compare, IsNoGateWhereARunIsNoResult) {
  StoredRun before("a", "a", {{"fork/y", Verdict::kPass}});
  const StoredRun after("a", "a", {{"fork/y", Verdict::kPass}});
  before.stored().cut_off = "x.jsonl:2: the report ends without a footer";
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  const Comparison comparison = Compare(old_report, new_report);
  EXPECT_THAT(comparison.withheld, ElementsAre("before: x.jsonl:2: the report ends without a footer: it was cut off"));
  EXPECT_EQ(comparison.ExitStatus(), 4);
  EXPECT_THAT(ComparisonMarkdown(comparison, "x", "y"),
              StartsWith("## ⚪ Lockstep: withheld\n\n**This is no result:**\n\n- before: x"));
}

TEST(Compare, DoesNotHoldErrorsOfTheHarnessAgainstAnybodyButIsNotGreen) {
  const Pair pair({{"fork/y", Verdict::kPass}, {"fork/z", Verdict::kPass}},
                  {{"fork/y", Verdict::kPass}, {"fork/z", Verdict::kHarnessError}});
  EXPECT_EQ(pair.comparison.ExitStatus(), 3);
}

// Of the oracle that nobody asked to be judged, and of one beside it.
StoredRun WithOracle(const std::vector<Row>& of_oracle, const std::string& name, const std::vector<Row>& rows) {
  StoredRun run("cpython", "cpython", of_oracle);
  run.stored().report.implementations.back().only_oracle = true;
  StoredRun other(name, name, rows);
  run.Take(std::move(other.stored()));
  return run;
}

TEST(Compare, AnOracleAloneIsNothingCompared) {
  const StoredRun before = WithOracle({{"fork/y", Verdict::kPass}}, "port", {{"fork/y", Verdict::kPass}});
  const StoredRun after = WithOracle({{"fork/y", Verdict::kPass}}, "newport", {{"fork/y", Verdict::kFail}});
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  const Comparison comparison = Compare(old_report, new_report);
  EXPECT_EQ(comparison.ExitStatus(), 4);
  EXPECT_EQ(comparison.Title(), "nothing can be compared");
}

TEST(Compare, AnImplementationThatIsGoneIsNotGreen) {
  StoredRun before("kept", "kept", {{"fork/y", Verdict::kPass}});
  StoredRun gone("port", "port", {{"fork/y", Verdict::kPass}});
  before.Take(std::move(gone.stored()));
  const StoredRun after("kept", "kept", {{"fork/y", Verdict::kPass}});
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  EXPECT_EQ(Compare(old_report, new_report).ExitStatus(), 4);
  EXPECT_EQ(Compare(old_report, new_report).Title(), "nothing newly fails, but port is no longer there");
  EXPECT_EQ(Compare(new_report, old_report).ExitStatus(), 0);
  EXPECT_EQ(Compare(new_report, old_report).Title(), "nothing newly fails");
}

TEST(Compare, WhereAnOracleFailsThatIsAnError) {
  const StoredRun before = WithOracle({{"fork/y", Verdict::kPass}}, "port", {{"fork/y", Verdict::kPass}});
  const StoredRun after = WithOracle({{"fork/y", Verdict::kFail}}, "port", {{"fork/y", Verdict::kPass}});
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  EXPECT_EQ(Compare(old_report, new_report).ExitStatus(), 3);
}

TEST(Compare, WhatIsNoLongerJudgedIsSaid) {
  const Pair pair({{"fork/y", Verdict::kPass}, {"fork/z", Verdict::kPass}}, {{"fork/y", Verdict::kPass}, {"fork/z", Verdict::kNotRun}});
  EXPECT_EQ(pair.comparison.ExitStatus(), 0);
  EXPECT_THAT(ComparisonMarkdown(pair.comparison, "x", "y"),
              StartsWith("## ⚠️ Lockstep: nothing newly fails, but 1 no longer judged\n"));
}

TEST(Compare, ComparesNothingWhereNothingWasJudgedInBoth) {
  const Pair pair({{"fork/y", Verdict::kPass}}, {{"fork/z", Verdict::kPass}});
  EXPECT_EQ(pair.comparison.ExitStatus(), 4);
  EXPECT_THAT(ComparisonMarkdown(pair.comparison, "x", "y"), StartsWith("## ⚪ Lockstep: nothing can be compared\n"));
}

constexpr const char* kGolden = R"(## ❌ Lockstep: 1 scenario newly fails

From <code>old.jsonl</code> to <code>new.jsonl</code>. Status 1.

| implementation | as before | newly failing | fixed | failing otherwise |
| --- | ---: | ---: | ---: | ---: |
| <code>gopy</code> | 0 | **1** | 1 | 1 |

### gopy

**1 scenario, newly failing:**

<details>
<summary><code>fork/x</code>: was pass, is fail: <code>p s.acquire() -&gt; True: expected -&gt; True, got -&gt; blocked</code></summary>

<code>fork/x</code>: It is so.

<pre>
  step             expected  got
  p   s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
&gt; p   s.acquire()  -&gt; True   -&gt; blocked
</pre>

- rule: Modules/&#95;multiprocessing/semaphore.c: SemLock.acquire
- place: <code>scenarios/fork.toml:2</code>
- rerun:

<pre>
./lockstep run gopy --filter fork/x
</pre>

</details>

<details>
<summary>1 scenario, fixed</summary>

- <code>fork/z</code>: was fail, is pass

</details>

<details>
<summary>1 scenario, failing otherwise</summary>

- <code>fork/y</code>: fail, was <code>acquire(): expected -&gt; True, got -&gt; False</code>, is )"
                                R"(<code>acquire(): expected -&gt; True, got -&gt; blocked</code>

</details>

)";

TEST(ComparisonMarkdown, TellsWhatNewlyFailsInFullAndTheRestAClickAway) {
  const Pair pair({{"fork/x", Verdict::kPass}, {"fork/y", Verdict::kFail, "-> False"}, {"fork/z", Verdict::kFail}},
                  {{"fork/x", Verdict::kFail}, {"fork/y", Verdict::kFail}, {"fork/z", Verdict::kPass}});
  EXPECT_EQ(ComparisonMarkdown(pair.comparison, "old.jsonl", "new.jsonl"), kGolden);
}

TEST(ComparisonMarkdown, SaysThatNothingChanged) {
  const Pair pair({{"fork/x", Verdict::kPass}}, {{"fork/x", Verdict::kPass}});
  EXPECT_THAT(ComparisonMarkdown(pair.comparison, "old", "new"), StartsWith("## ✅ Lockstep: nothing changed\n"));
}

TEST(ComparisonMarkdown, SaysHowManyRowsAreLeftOut) {
  StoredRun before("port", "port", {{"fork/y", Verdict::kPass}});
  StoredRun after("port", "port", {{"fork/y", Verdict::kPass}});
  for (int i = 0; i < 104; ++i) {
    StoredRun other(fmt::format("other-{}", i), "", {{"fork/y", Verdict::kPass}});
    before.Take(std::move(other.stored()));
    StoredRun again(fmt::format("other-{}", i), "", {{"fork/y", i == 103 ? Verdict::kFail : Verdict::kPass}});
    after.Take(std::move(again.stored()));
  }
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  const std::string page = ComparisonMarkdown(Compare(old_report, new_report), "x", "y");
  EXPECT_THAT(page, StartsWith("## ❌ Lockstep: 1 scenario newly fails\n"));
  EXPECT_THAT(page, HasSubstr("\nand 5 more implementations\n"));
}

TEST(ComparisonMarkdown, IsBounded) {
  std::vector<Row> old_rows;
  std::vector<Row> new_rows;
  for (int i = 0; i < 3000; ++i) {
    old_rows.push_back({fmt::format("fork/{}", i), Verdict::kPass});
    new_rows.push_back({fmt::format("fork/{}", i), Verdict::kFail, std::string(5000, '\xff')});
  }
  const Pair pair(old_rows, new_rows);
  EXPECT_LT(ComparisonMarkdown(pair.comparison, "x", "y", 100'000).size(), 100'000U);
}

TEST(ComparisonMarkdown, ANameIsNoMarkup) {
  StoredRun before("kept", "kept", {{"fork/y", Verdict::kPass}});
  StoredRun gone("<img src=x> @org/team", "", {{"fork/y", Verdict::kPass}});
  before.Take(std::move(gone.stored()));
  const StoredRun after("kept", "kept", {{"fork/y", Verdict::kPass}});
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  const std::string page = ComparisonMarkdown(Compare(old_report, new_report), "x", "y");
  EXPECT_THAT(page, StartsWith("## ⚪ Lockstep: nothing newly fails, but &lt;img"));
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find(" @org"), std::string::npos);
}

TEST(ComparisonMarkdown, SaysThatOneSideIsAShard) {
  const StoredRun before("port", "port", {{"fork/y", Verdict::kPass}, {"fork/z", Verdict::kPass}});
  StoredRun after("port", "port", {{"fork/y", Verdict::kPass}});
  after.stored().header.shard = "1/2";
  const MergedReport old_report = before.merged();
  const MergedReport new_report = after.merged();
  EXPECT_THAT(ComparisonMarkdown(Compare(old_report, new_report), "x", "y"), HasSubstr("\n- after: this is shard 1/2 alone\n"));
}

}  // namespace
}  // namespace lockstep::reports
