// SPDX-License-Identifier: MIT
#include "reports/annotations.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "reports/sample_report.h"

namespace lockstep::reports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string Same(const std::string& file) { return file; }

Finding Found(Finding::Kind kind, std::string file, int line, std::string title, std::string reason, std::string more = "") {
  Finding finding;
  finding.kind = kind;
  finding.place.file = std::move(file);
  finding.place.line = line;
  finding.implementation = "x";
  finding.title = std::move(title);
  finding.reason = std::move(reason);
  finding.more = std::move(more);
  return finding;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class Annotations : public testing::Test {
 protected:
  Summary SummaryOfSample() {
    Summary summary;
    summary.report = std::move(sample_.report);
    return summary;
  }
  Sample sample_ = MakeSample();
};

TEST_F(Annotations, TellTheMostUrgentFirst) {
  Summary summary = SummaryOfSample();
  summary.withheld = {"nothing was judged of rust port"};
  std::vector<std::string> found;
  for (const Finding& finding : FindingsOf(summary))
    found.push_back(fmt::format("{} {}:{}", ToText(finding.kind), finding.title, finding.place.line));
  EXPECT_THAT(found, ElementsAre("withheld withheld: this is no result:0", "harness_error gopy: crash/holder-dies:12",
                                 "fail gopy: acquire/timeout-zero:3", "fail gopy: construct/unlinked:12",
                                 "fail gopy: acquire/timeout-zero-again:3", "unexpected_pass gopy: acquire/blocks:15",
                                 "stale gopy: a stale expectation:21", "not_started rust port: it could not be started:0"));
}

TEST_F(Annotations, PointAnUnexpectedPassAtItsEntry) {
  for (const Finding& finding : FindingsOf(SummaryOfSample())) {
    if (finding.kind == Finding::Kind::kUnexpectedPass) {
      EXPECT_EQ(finding.place.file, "impl/gopy/expectations.toml");
    }
  }
}

TEST_F(Annotations, AreErrorsForGitHubAndWarningsWhereAnExpectationIsStale) {
  const auto lines = Lines(GitHubCommands(FindingsOf(SummaryOfSample()), Same));
  ASSERT_EQ(lines.size(), 7U);
  EXPECT_EQ(
      lines[1],
      "::error file=scenarios/acquire.toml,line=3,title=gopy%3A acquire/timeout-zero::s.acquire(timeout=0): expected -> False, got -> "
      "blocked%0Aacquire(timeout=0) on a semaphore with no unit returns False at once.%0Arule: Modules/_multiprocessing/semaphore.c: "
      "SemLock.acquire%0Aplace: scenarios/acquire.toml:3%0Arerun: ./lockstep run gopy --filter acquire/timeout-zero");
  EXPECT_THAT(lines[5], StartsWith("::warning file=impl/gopy/expectations.toml,line=21,title=gopy%3A a stale expectation::"));
  EXPECT_THAT(lines[6], StartsWith("::error title=rust port%3A it could not be started::/nowhere: No such file or directory"));
}

TEST(GitHubCommands, EscapeWhatTheRunnerReadsBack) {
  const Finding finding = Found(Finding::Kind::kFail, "a,b:c%.toml", 7, "100%: a,b", "50% of\n::error::me", "two\nlines");
  EXPECT_EQ(GitHubCommands({finding}, Same),
            "::error file=a%2Cb%3Ac%25.toml,line=7,title=100%25%3A a%2Cb::50%25 of ::error::me%0Atwo%0Alines\n");
}

TEST(GitHubCommands, CannotBeEndedByWhatAnAdapterPrints) {
  const Finding finding =
      Found(Finding::Kind::kFail, "x\n::add-mask::y", 1, "a\r\n::set-env name=PATH::/evil", "\r\n::warning::b", "\r\n::error::c\x1b[2J");
  EXPECT_EQ(Lines(GitHubCommands({finding}, Same)).size(), 1U);
  EXPECT_EQ(GitHubCommands({finding}, Same).find('\r'), std::string::npos);
  EXPECT_EQ(GitHubCommands({finding}, Same).find('\x1b'), std::string::npos);
}

TEST(GitHubCommands, AreTenErrorsAtMostAndOneNoticeOfTheRest) {
  std::vector<Finding> findings;
  for (int i = 0; i < 14; ++i) findings.push_back(Found(Finding::Kind::kFail, "a.toml", i + 1, fmt::format("x: {}", i), "so"));
  for (int i = 0; i < 11; ++i) findings.push_back(Found(Finding::Kind::kStale, "b.toml", i + 1, "x: stale", "so"));
  const auto lines = Lines(GitHubCommands(findings, Same));
  ASSERT_EQ(lines.size(), 21U);
  EXPECT_EQ(lines.back(), "::notice title=Lockstep::4 more errors and 1 more warning: the job's log and summary have all");
}

TEST(GitHubCommands, TellWhyAllIsWithheldInOneError) {
  const std::vector<Finding> findings = {Found(Finding::Kind::kWithheld, "", 0, "withheld: this is no result", "a"),
                                         Found(Finding::Kind::kWithheld, "", 0, "withheld: this is no result", "b"),
                                         Found(Finding::Kind::kWithheld, "", 0, "withheld: this is no result", "c")};
  EXPECT_EQ(GitHubCommands(findings, Same), "::error title=withheld%3A this is no result::a%0Ab%0Ac\n");
}

TEST(GitHubCommands, AreNoneWhereNothingIsWrong) { EXPECT_EQ(GitHubCommands({}, Same), ""); }

TEST_F(Annotations, OfAnOracleAreErrorsOfTheHarnessAlone) {
  Summary summary = SummaryOfSample();
  summary.report.implementations[1].only_oracle = true;
  std::set<std::string> kinds;
  for (const Finding& finding : FindingsOf(summary)) kinds.insert(ToText(finding.kind));
  EXPECT_THAT(kinds, ElementsAre("harness_error", "not_started"));
}

TEST_F(Annotations, AreACodeQualityReportOfTheShapeThatGitLabReads) {
  Summary summary = SummaryOfSample();
  summary.withheld = {"x was cut off", "y was cut off"};
  const auto findings = FindingsOf(summary);
  const auto report = nlohmann::json::parse(CodeQualityReport(findings, Same));
  ASSERT_TRUE(report.is_array());
  ASSERT_EQ(report.size(), findings.size());
  std::set<std::string> fingerprints;
  for (const auto& one : report) {
    EXPECT_FALSE(one.at("description").get<std::string>().empty());
    EXPECT_THAT(one.at("check_name").get<std::string>(), StartsWith("lockstep."));
    EXPECT_THAT((std::set<std::string>{"info", "minor", "major", "critical", "blocker"}),
                testing::Contains(one.at("severity").get<std::string>()));
    EXPECT_FALSE(one.at("location").at("path").get<std::string>().empty());
    EXPECT_GE(one.at("location").at("lines").at("begin").get<int>(), 1);
    EXPECT_EQ(one.at("fingerprint").get<std::string>().size(), 32U);
    EXPECT_TRUE(fingerprints.insert(one.at("fingerprint").get<std::string>()).second) << one.dump();
  }
}

TEST(CodeQualityReport, KeepsAFingerprintWhileTheSameScenarioFails) {
  const auto of = [](const std::string& reason, int line) {
    return nlohmann::json::parse(CodeQualityReport({Found(Finding::Kind::kFail, "a.toml", line, "x: fork/y", reason)}, Same))
        .at(0)
        .at("fingerprint")
        .get<std::string>();
  };
  EXPECT_EQ(of("after 20 ms", 3), of("after 21 ms", 4));
}

TEST(CodeQualityReport, KeepsAFingerprintWhileTheSameEntryIsStale) {
  const auto of = [](int line, const std::string& what) {
    const std::string reason = fmt::format("e.toml:{}: {}", line, what);
    return nlohmann::json::parse(CodeQualityReport({Found(Finding::Kind::kStale, "e.toml", line, "x: a stale expectation", reason)}, Same))
        .at(0)
        .at("fingerprint")
        .get<std::string>();
  };
  EXPECT_EQ(of(10, "fork/y matches nothing"), of(11, "fork/y matches nothing"));
  EXPECT_NE(of(10, "fork/y matches nothing"), of(10, "fork/z matches nothing"));
}

TEST(CodeQualityReport, IsJsonWhateverAnAdapterPrinted) {
  const Finding finding = Found(Finding::Kind::kFail, "\xff", 1, "\"\\\x01", std::string(2'000'000, '\xfe'));
  const std::string text = CodeQualityReport({finding}, Same);
  EXPECT_FALSE(nlohmann::json::parse(text, nullptr, false).is_discarded());
  EXPECT_LT(text.size(), 20'000U);
}

TEST(CodeQualityReport, IsEmptyWhereNothingIsWrong) { EXPECT_EQ(CodeQualityReport({}, Same), "[]\n"); }

TEST(GitHubCommands, KeepTheReasonAndTheEndOfWhatWasPrinted) {
  const std::string printed = std::string(5000, 'x') + "\n" + std::string(3500, 'y') + "\nImportError: no module\n";
  const std::string command = GitHubCommands({Found(Finding::Kind::kNotStarted, "", 0, "port", "it ended", printed)}, Same);
  EXPECT_THAT(command, StartsWith("::error title=port::it ended%0A("));
  EXPECT_THAT(command, HasSubstr(" bytes before)%0Ayyyy"));
  EXPECT_THAT(command, HasSubstr("yyy%0AImportError: no module%0A"));
  EXPECT_LT(command.size(), 4200U);
}

}  // namespace
}  // namespace lockstep::reports
