// SPDX-License-Identifier: MIT
#include "reports/page/page.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

#include "reports/page/parts.h"
#include "reports/sample_report.h"

namespace lockstep::reports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kSteps =
    "p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\n"
    "p   s.acquire(timeout=0)   -> False\n"
    "p   s.release()            -> None\n";

// Builds a report of one file.
class Builder {
 public:
  const Scenario& Add(const std::string& name, const std::string& steps = kSteps) {
    return stored_.scenarios.emplace_back(MakeScenario(name, "It is so.", steps));
  }
  ImplementationReport& Implementation(const std::string& name) {
    ImplementationReport& one = stored_.report.implementations.emplace_back();
    one.name = name;
    one.introduction.platform = Platform{Version{{3, 14}}, "glibc", Version{{2, 36}}};
    return one;
  }
  static ScenarioVerdict Passes(const Scenario& scenario, const std::string& came = "-> False") {
    ScenarioVerdict verdict;
    verdict.scenario = &scenario;
    verdict.cleanliness = Verdict::kPass;
    verdict.run = Stamped(MakeRun(scenario, {"-> <SemLock>", came, "-> None"}));
    return verdict;
  }
  static ScenarioVerdict Fails(const Scenario& scenario, const std::string& came) {
    ScenarioVerdict verdict;
    verdict.scenario = &scenario;
    verdict.behaviour = Verdict::kFail;
    verdict.run = Stamped(MakeDivergence(scenario, {"-> <SemLock>", came}, "s.acquire(timeout=0)", "-> False", came));
    verdict.reason = verdict.run.reason;
    return verdict;
  }
  static ScenarioVerdict Lacks(const Scenario& scenario, const std::string& reason) {
    ScenarioVerdict verdict;
    verdict.scenario = &scenario;
    verdict.behaviour = Verdict::kUnsupported;
    verdict.reason = reason;
    return verdict;
  }
  StoredReport& stored() { return stored_; }
  PageInput Take() {
    stored_.exit_status = 0;
    stored_.header.started = "2026-11-23T02:27:08Z";
    PageInput input;
    input.reports.push_back(std::move(stored_));
    input.names.emplace_back("results.jsonl");
    return input;
  }

 private:
  static ScenarioRun Stamped(ScenarioRun run) {
    std::int64_t at = 5'000'000'000;
    for (TraceEntry& entry : run.trace) {
      entry.begin_ns = at;
      entry.end_ns = at + 3'000;
      at += 200'000;
    }
    return run;
  }
  StoredReport stored_;
};

std::size_t CountOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Three that agree but for one, with an oracle.
PageInput OneDiffers() {
  Builder builder;
  const Scenario& scenario = builder.Add("timeout/zero");
  builder.Implementation("cpython").verdicts.push_back(Builder::Passes(scenario));
  builder.Implementation("twin").verdicts.push_back(Builder::Passes(scenario));
  builder.Implementation("port").verdicts.push_back(Builder::Fails(scenario, "-> True"));
  builder.stored().report.oracle_name = "cpython";
  return builder.Take();
}

TEST(Page, AsksNothingOfAnywhere) {
  const std::string page = HtmlPage(OneDiffers());
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("<link rel=icon href=\"data:,\">"));
  for (const char* from : {" src=", "@import", "url(h", "<link rel=stylesheet", "unsafe-inline"}) EXPECT_THAT(page, Not(HasSubstr(from)));
}

TEST(Page, NamesItsStyleAndScriptByWhatTheyHash) {
  // Of 32 bytes: 43 signs and a '='.
  EXPECT_THAT(HtmlPage(OneDiffers()), ::testing::ContainsRegex("style-src 'sha256-[A-Za-z0-9+/]{43}='; "
                                                                "script-src 'sha256-[A-Za-z0-9+/]{43}='"));
}

TEST(Page, OutcomesThatAreAlikeAreToldOnce) {
  const PageInput input = OneDiffers();
  const std::vector<Case> cases = CasesOf(Merge(input.reports, input.names));
  ASSERT_THAT(cases, SizeIs(1));
  ASSERT_THAT(cases[0].outcomes, SizeIs(2));
  EXPECT_THAT(cases[0].outcomes[0].implementations, ElementsAre(0U, 1U));
  EXPECT_THAT(cases[0].outcome_of, ElementsAre(0, 0, 1));
  const std::string page = HtmlPage(input);
  EXPECT_EQ(CountOf(page, "aria-label=\"Lanes of"), 2U);
  EXPECT_THAT(page, HasSubstr("<span class=p>pass</span> cpython (oracle), twin"));
  EXPECT_THAT(page, HasSubstr("<td class=f><a href=#c0-1><i>fail</i></a>"));
  EXPECT_THAT(page, HasSubstr("<div class=o id=c0-1>"));
}

TEST(Page, AFailureHasWhatWasExpectedWhatCameAndTheOraclesSideBySide) {
  const std::string page = HtmlPage(OneDiffers());
  EXPECT_THAT(page, HasSubstr("<th>expected<th>came<th>cpython<th>took"));
  EXPECT_THAT(page, HasSubstr("<tr class=f><td>2<td>p<td>s.acquire(timeout=0)<td>-&gt; False<td>-&gt; True<td>-&gt; False<td>3\u00a0µs"));
  EXPECT_THAT(page, HasSubstr("not reached"));
  EXPECT_THAT(page, HasSubstr("<code>./lockstep run port --filter timeout/zero</code>"));
  EXPECT_THAT(page, HasSubstr("scenarios/timeout.toml:12"));
}

TEST(Page, WhoPassesInOtherWordsIsToldByTheRowsThatDiffer) {
  Builder builder;
  const Scenario& scenario = builder.Add("timeout/zero", "p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\n"
                                                         "p s.acquire(timeout='') raises TypeError\np s.release() -> None\n");
  builder.Implementation("a").verdicts.push_back(Builder::Passes(scenario, "raises TypeError: must be real"));
  builder.Implementation("b").verdicts.push_back(Builder::Passes(scenario, "raises TypeError: a float is needed"));
  const std::string page = HtmlPage(builder.Take());
  EXPECT_THAT(page, HasSubstr("Right as well, where it reads otherwise:"));
  EXPECT_EQ(CountOf(page, "a float is needed"), 1U);
  EXPECT_EQ(CountOf(page, "aria-label=\"Lanes of"), 1U);
}

TEST(Page, CountsAnAreaByWhatItWasAskedFor) {
  Builder builder;
  const Scenario& one = builder.Add("timeout/one");
  const Scenario& two = builder.Add("timeout/two");
  const Scenario& three = builder.Add("timeout/three");
  ImplementationReport& a = builder.Implementation("a");
  a.verdicts.push_back(Builder::Passes(one));
  a.verdicts.push_back(Builder::Passes(two));
  a.verdicts.push_back(Builder::Lacks(three, "it has no capability fork"));
  const std::string page = HtmlPage(builder.Take());
  EXPECT_THAT(page, HasSubstr("<span class=s><i>a: unsupported, </i>2/3 <small>66.6\u00a0%</small></span>"));
  EXPECT_THAT(page, HasSubstr("<td class=s><a href=#c2-0><i>unsupported</i></a>"));
  EXPECT_THAT(page, HasSubstr("it has no capability fork"));
}

TEST(Page, WhatIsWithheldStandsFirst) {
  PageInput input = OneDiffers();
  input.reports[0].cut_off = "it has no footer";
  const std::string page = HtmlPage(input);
  EXPECT_THAT(page, HasSubstr("<title>Withheld: Lockstep"));
  EXPECT_THAT(page, Not(HasSubstr("Agree in all")));
  EXPECT_LT(page.find("results.jsonl was cut off: it has no footer"), page.find("<h1>"));
  EXPECT_THAT(HtmlPage(OneDiffers()), Not(HasSubstr("Withheld")));
  EXPECT_THAT(HtmlPage(OneDiffers()), HasSubstr("Agree in all"));
}

TEST(Page, WorksWithoutAnOracle) {
  PageInput input = OneDiffers();
  input.reports[0].report.oracle_name.clear();
  const std::string page = HtmlPage(input);
  EXPECT_THAT(page, HasSubstr("no oracle"));
  EXPECT_THAT(page, HasSubstr("<th>expected<th>came<th>took"));
}

TEST(Page, KnownFailuresAreToldWithTheirReasonAndLink) {
  Builder builder;
  const Scenario& scenario = builder.Add("timeout/zero");
  ScenarioVerdict verdict = Builder::Fails(scenario, "-> True");
  verdict.behaviour = Verdict::kExpectedFail;
  builder.stored().entries.push_back({});
  builder.stored().entries.back().why = "It takes a unit that is not there.";
  builder.stored().entries.back().link = "https://example.org/12";
  verdict.expected = &builder.stored().entries.back();
  builder.Implementation("port").verdicts.push_back(std::move(verdict));
  const std::string page = HtmlPage(builder.Take());
  EXPECT_THAT(page, HasSubstr("Known: It takes a unit that is not there. (<a rel=\"noopener noreferrer\" "
                              "href=\"https://example.org/12\">"));
  EXPECT_THAT(page, HasSubstr("<td class=x><a href=#c0-0><i>expected fail</i></a>"));
  EXPECT_THAT(page, HasSubstr("Do not agree in all: <span class=\"v x\"></span><strong>port</strong> (1 expected fail)"));
}

TEST(Page, AnEntryThatDoesNotExcuseIsNotCalledKnown) {
  for (const Verdict verdict_now : {Verdict::kFail, Verdict::kUnexpectedPass}) {
    Builder builder;
    ScenarioVerdict verdict = Builder::Fails(builder.Add("timeout/zero"), "-> True");
    verdict.behaviour = verdict_now;
    builder.stored().entries.push_back({});
    builder.stored().entries.back().why = "It takes a unit that is not there.";
    verdict.expected = &builder.stored().entries.back();
    builder.Implementation("port").verdicts.push_back(std::move(verdict));
    const std::string page = HtmlPage(builder.Take());
    EXPECT_THAT(page, HasSubstr("Its entry: It takes a unit that is not there."));
    EXPECT_THAT(page, Not(HasSubstr("Known: ")));
  }
}

TEST(Page, TakesNothingOfOthersForMarkup) {
  const std::string evil = "\"'><script>pwned()</script><img onerror=pwned()>\x1b[31m\x01";
  Builder builder;
  const Scenario& scenario = builder.Add("timeout/zero");
  builder.stored().scenarios.back().says = evil;
  builder.stored().scenarios.back().source = evil;
  ScenarioVerdict verdict = Builder::Fails(scenario, evil);
  verdict.run.output = std::string(1 << 20, 'x') + evil;
  verdict.run.whereabouts = {evil};
  verdict.run.unclean = {evil};
  builder.stored().entries.push_back({});
  builder.stored().entries.back().why = evil;
  builder.stored().entries.back().link = "javascript:pwned()";
  verdict.expected = &builder.stored().entries.back();
  ImplementationReport& one = builder.Implementation(evil);
  one.note = evil;
  one.verdicts.push_back(std::move(verdict));
  builder.stored().report.notes = {evil};
  builder.stored().header.arguments = {evil};
  builder.stored().header.environment = {{evil, evil}};
  const std::string page = HtmlPage(builder.Take());
  EXPECT_EQ(CountOf(page, "<script"), 1U) << "but its own";
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("href=\"javascript:")));
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  EXPECT_THAT(page, HasSubstr("bytes are left out here"));
  EXPECT_LT(page.size(), 100'000U);
}

TEST(Page, FiveHundredScenariosOnTwelveImplementationsStayBelowFiveMegabytes) {
  Builder builder;
  std::vector<const Scenario*> scenarios;
  std::string steps = "p   s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\n";
  for (int i = 0; i < 12; ++i) steps += "p   s.acquire(timeout=0)   -> False\n";
  for (int i = 0; i < 500; ++i)
    scenarios.push_back(&builder.Add(fmt::format("area{}/a-behaviour-with-a-name-of-some-length-{}", i % 25, i), steps));
  for (int k = 0; k < 12; ++k) {
    ImplementationReport& one = builder.Implementation(fmt::format("implementation-{}", k));
    for (std::size_t i = 0; i < scenarios.size(); ++i) {
      // One in ten fails, in four ways.
      const bool fails = (i + static_cast<std::size_t>(k)) % 10 == 0;
      one.verdicts.push_back(fails ? Builder::Fails(*scenarios[i], fmt::format("-> {}", k % 4)) : Builder::Passes(*scenarios[i]));
    }
  }
  const std::string page = HtmlPage(builder.Take());
  EXPECT_LT(page.size(), 5U << 20U);
  EXPECT_EQ(CountOf(page, "<td class=f>"), 600U);
}

TEST(Page, MeasurementsAreDrawnWithTheirUnits) {
  bench::SessionRecord session;
  session.id = std::string(32, 'a');
  session.started = "2026-11-23T02:27:08Z";
  session.machine.fingerprint = "00ff00ff00ff00ff";
  for (const char* name : {"raw", "<port>"}) {
    bench::Series burst{name, "1", "free/recursive", "ns", false, {11.5, 11.25, 12}, {}, {}};
    bench::Series hand_over{name, "1", "hand-over/same-cpu/0us", "ns", false, {2310, 2298, 2304}, {1.02, 1.01, 1}, {}};
    for (int i = 0; i < 2000; ++i) hand_over.samples.Add(2000 + i);
    session.series.push_back(burst);
    session.series.push_back(hand_over);
  }
  PageInput input;
  input.sessions.push_back(session);
  const std::string page = HtmlPage(input);
  EXPECT_THAT(page, HasSubstr("aria-label=\"Medians: raw 11.5 ns; &lt;port&gt; 11.5 ns\""));
  EXPECT_THAT(page, HasSubstr("class=\"floor\""));
  EXPECT_THAT(page, HasSubstr(">99.9 %</text>"));
  EXPECT_THAT(page, HasSubstr("Hand-over of &lt;port&gt;"));
  EXPECT_THAT(page, HasSubstr("2.30 µs"));
  EXPECT_THAT(page, Not(HasSubstr("<port>")));
  EXPECT_THAT(page, Not(HasSubstr("id=matrix ")));
}

TEST(Page, LinesOverTimeTakeTheStyleOfThePage) {
  std::vector<bench::Point> points;
  for (int i = 0; i < 40; ++i) {
    points.push_back({fmt::format("{:032x}", i), fmt::format("2026-11-23T00:{:02}:00Z", i), fmt::format("<commit-{}>", i),
                      "00ff00ff00ff00ff", "reference", "1", "free/recursive", "ns", false, 3,
                      (i < 20 ? 100.0 : 130.0) + i % 3 * 0.1, std::nullopt});
  }
  PageInput input;
  input.lines = bench::LinesOf(points, true);
  const std::string page = HtmlPage(input);
  EXPECT_THAT(page, HasSubstr("class=\"change\""));
  EXPECT_THAT(page, HasSubstr("&lt;commit-20&gt;"));
  EXPECT_EQ(CountOf(page, "<style>"), 1U);
  EXPECT_THAT(page, Not(HasSubstr("<?xml")));
}

TEST(Page, TellsWhatTheMachineLacks) {
  PageInput input = OneDiffers();
  EXPECT_THAT(HtmlPage(input), Not(HasSubstr("lack"))) << "nobody looked";
  input.reports[0].header.lacking.emplace();
  EXPECT_THAT(HtmlPage(input), HasSubstr("Nothing that a run needs is lacking"));
  input.reports[0].header.lacking->push_back({"ptrace: <forbidden>", "33 scenarios are not run", "allow it"});
  const std::string page = HtmlPage(input);
  EXPECT_THAT(page, HasSubstr("<li>ptrace: &lt;forbidden&gt;<br>costs: 33 scenarios are not run<br>mend: allow it</li>"));
}

// Two runs of `port`, in which timeout/b comes to something else; the old one has timeout/old, the new one timeout/new.
PageInput TwoRuns() {
  PageInput both;
  for (const bool after : {false, true}) {
    Builder builder;
    const Scenario& a = builder.Add("timeout/a");
    const Scenario& b = builder.Add("timeout/b");
    const Scenario& c = builder.Add(after ? "timeout/new" : "timeout/old");
    ImplementationReport& port = builder.Implementation("port");
    port.verdicts.push_back(Builder::Passes(a));
    port.verdicts.push_back(after ? Builder::Fails(b, "-> True") : Builder::Passes(b));
    port.verdicts.push_back(Builder::Passes(c));
    PageInput one = builder.Take();
    both.reports.push_back(std::move(one.reports[0]));
    both.names.emplace_back(after ? "new.jsonl" : "old.jsonl");
  }
  return both;
}

std::string ComparisonOf(const PageInput& input) {
  const std::span<const StoredReport> reports = input.reports;
  const MergedReport before = Merge(reports.first(1), {input.names[0]});
  const MergedReport after = Merge(reports.last(1), {input.names[1]});
  return HtmlComparison(input, Compare(before, after));
}

TEST(ComparisonPage, LaysBothSidesOfWhatChangedBesideEachOther) {
  const std::string page = ComparisonOf(TwoRuns());
  EXPECT_THAT(page, HasSubstr("<strong>1 scenario newly fails</strong> (status 1)"));
  EXPECT_THAT(page, HasSubstr("from old.jsonl, 2026-11-23T02:27:08Z to new.jsonl, 2026-11-23T02:27:08Z"));
  EXPECT_THAT(page, HasSubstr("<tr><th scope=row>port<td class=num>1<td class=\"num f\">1<td class=\"num p\">1<td class=\"num z\">1\n"));
  EXPECT_THAT(page, HasSubstr("<li><a href=#c0-1>timeout/b</a> <small>port</small> <span class=\"v p\"></span>pass → "
                              "<span class=\"v f\"></span>fail <br>"));
  EXPECT_THAT(page, HasSubstr("<span class=p>pass</span> port (before)"));
  EXPECT_THAT(page, HasSubstr("<span class=f>fail</span> port (after)"));
  EXPECT_EQ(CountOf(page, "aria-label=\"Lanes of"), 4U) << "both sides of b, and what is new and gone";
  EXPECT_THAT(page, HasSubstr("<td class=z><i>not in the reports</i>"));
  EXPECT_THAT(page, Not(HasSubstr("timeout/a"))) << "it is as it was";
  EXPECT_THAT(page, HasSubstr("./lockstep run port --filter timeout/b")) << "whichever side: it is run by its name";
}

TEST(ComparisonPage, SaysThatNothingChanged) {
  PageInput input = TwoRuns();
  PageInput other = TwoRuns();
  input.reports[1] = std::move(other.reports[0]);
  const std::string page = ComparisonOf(input);
  EXPECT_THAT(page, HasSubstr("<strong>nothing changed</strong> (status 0)"));
  EXPECT_THAT(page, Not(HasSubstr("id=matrix ")));
}

TEST(ComparisonPage, OfWhatIsNoResultIsWithheld) {
  PageInput input = TwoRuns();
  input.reports[0].cut_off = "it has no footer";
  const std::string page = ComparisonOf(input);
  EXPECT_LT(page.find("before: old.jsonl was cut off: it has no footer"), page.find("<h1>"));
}

TEST(Page, FailuresThatDifferInTheirTimesAloneAreOneReason) {
  Builder builder;
  const Scenario& one = builder.Add("timeout/one");
  const Scenario& two = builder.Add("timeout/two");
  ImplementationReport& port = builder.Implementation("port");
  port.verdicts.push_back(Builder::Fails(one, "-> True after 35.21ms"));
  port.verdicts.push_back(Builder::Fails(two, "-> True after 36.77ms"));
  EXPECT_THAT(HtmlPage(builder.Take()), HasSubstr("fail: 1 reason</h3>"));
}

TEST(Page, HasTheStatusWithAMark) {
  PageInput input = OneDiffers();
  EXPECT_THAT(HtmlPage(input), Not(HasSubstr("</span>Status ")));
  input.status = 4;
  EXPECT_THAT(HtmlPage(input), HasSubstr("<span class=\"v n\"></span>Status 4: nothing was judged"));
}

}  // namespace
}  // namespace lockstep::reports
