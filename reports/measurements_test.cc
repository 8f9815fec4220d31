// SPDX-License-Identifier: MIT
#include "reports/measurements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lockstep::reports {
namespace {

using bench::PerformanceVerdict;
using bench::Series;
using ::testing::HasSubstr;

Series Of(const std::string& implementation, const std::string& quantity, const std::string& unit, std::vector<double> values,
          std::vector<double> ratios = {}) {
  Series series;
  series.implementation = implementation;
  series.quantity = quantity;
  series.unit = unit;
  series.values = std::move(values);
  series.ratios = std::move(ratios);
  return series;
}

bench::SessionRecord Session() {
  bench::SessionRecord session;
  session.started = "2026-11-23T02:27:08Z";
  session.command = "./lockstep bench reference";
  session.machine.facts = {{"cpus", "2"}, {"cpu", "Some \x1b[31mCPU"}};
  session.series = {Of("raw", "free/recursive", "ns", {10, 10.2, 10.4}, {1, 1, 1}),
                    Of("raw", "contended/2", "pairs/s", {4e7, 5e7, 6e7}, {1, 1, 1}),
                    Of("reference", "free/recursive", "ns", {12, 12.3, 12.6}, {1.2, 1.21, 1.25}),
                    Of("reference", "reentry", "ns", {3.4, 3.4, 3.4}),
                    Of("reference", "create-unlink", "ns", {21'400, 21'500, 21'600}, {1, 1.004, 1.01}),
                    Of("reference", "contended/2", "pairs/s", {2e7, 2.8e7, 3e7}, {0.5, 0.56, 0.7}),
                    Of("reference", "system-calls/free", "", {0})};
  return session;
}

TEST(Measurements, AreTextWithUnitsAndThreeDigits) {
  EXPECT_EQ(MeasureText(0.238, "ns"), "0.24 ns");
  EXPECT_EQ(MeasureText(12.345, "ns"), "12.3 ns");
  EXPECT_EQ(MeasureText(999.4, "ns"), "999 ns");
  EXPECT_EQ(MeasureText(999.6, "ns"), "1.00 µs");
  EXPECT_EQ(MeasureText(-4'000, "ns"), "-4.00 µs");
  EXPECT_EQ(MeasureText(1'910'000, "ns"), "1.91 ms");
  EXPECT_EQ(MeasureText(28'300'000, "pairs/s"), "28.3 M/s");
  EXPECT_EQ(MeasureText(0, ""), "0");
}

TEST(Measurements, OfASessionAreATableOfQuantitiesByImplementations) {
  EXPECT_EQ(SessionText(Session(), {}),
            "                     raw              reference\n"
            "one call, or a pair of acquire() and release()\n"
            "  free/recursive     10.2 ns  1.00×   12.3 ns  1.21×\n"
            "  reentry            –                3.40 ns\n"
            "  create-unlink      –                21.5 µs  1.00×\n"
            "contended: pairs of all processes together; fairness: the slowest process's share of the fastest's\n"
            "  contended/2        50.0 M/s  1.00×  28.0 M/s  0.56×\n"
            "counts, which hardly any noise changes\n"
            "  system-calls/free  –                0\n");
}

TEST(Measurements, OfImplementationsThatDoNotFitSideBySideFollowBelow) {
  SessionTextOptions narrow;
  narrow.width = 45;
  const std::string text = SessionText(Session(), narrow);
  EXPECT_THAT(text, HasSubstr("                     raw\n"));
  EXPECT_THAT(text, HasSubstr("\n\n                     reference\n"));
}

TEST(Measurements, HavePercentilesWhereThereAreEnoughSamples) {
  bench::SessionRecord session = Session();
  session.series = {Of("reference", "hand-over/same-cpu/0us", "ns", {2'000})};
  session.series[0].samples.AddMany(2'000, 990);
  session.series[0].samples.AddMany(9'000, 20);
  SessionTextOptions options;
  options.percentiles = true;
  EXPECT_THAT(SessionText(session, options), HasSubstr("2.00 µs  p50 p90 p99 p99.9: 2.00 2.00 8.99 – µs"));
}

TEST(Measurements, ObeyNoNameThatATerminalWould) {
  bench::SessionRecord session = Session();
  session.series[0].implementation = "ra\x1b[2Jw";
  EXPECT_THAT(SessionText(session, {}), HasSubstr("ra\\x1b[2Jw"));
}

TEST(Measurements, OfAComparisonSayWhatChangedAndHowSmallAChangeWouldBeSeen) {
  bench::Comparison comparison;
  bench::Compared& one = comparison.quantities.emplace_back();
  one.quantity.name = "free/counting";
  one.values = {{11, 11.2}, {10, 10.2}, {10, 10.1}};
  one.judgement.verdict = PerformanceVerdict::kSlower;
  one.judgement.known = true;
  one.judgement.change = 0.1;
  one.judgement.interval = {0.095, 0.105};
  one.judgement.smallest = 0.032;
  one.judgement.control = -0.002;
  comparison.left_out = {"reentry: raw has no re-entry"};
  EXPECT_EQ(ComparisonText(comparison),
            "                    candidate      baseline     change       99 % interval  verdict        seen if  times  control\n"
            "  free/counting       11.1 ns       10.1 ns    +10.0 %      +9.5 … +10.5 %  slower           3.2 %      2   -0.2 %\n"
            "  left out: reentry: raw has no re-entry\n");
}

TEST(Measurements, AreGoogleBenchmarksJsonWithRepetitionsAndAggregates) {
  const auto root = nlohmann::json::parse(GoogleBenchmarkJson(Session()));
  EXPECT_EQ(root["context"]["num_cpus"], 2);
  std::vector<std::string> names;
  for (const auto& one : root["benchmarks"]) {
    if (one["run_name"] == "reference/free/recursive") names.push_back(one["name"]);
    if (one["name"] == "reference/contended/2_median") {
      EXPECT_DOUBLE_EQ(one["real_time"], 1e9 / 2.8e7);
    }
  }
  EXPECT_THAT(names, ::testing::ElementsAre("reference/free/recursive", "reference/free/recursive", "reference/free/recursive",
                                            "reference/free/recursive_mean", "reference/free/recursive_median",
                                            "reference/free/recursive_stddev"));
}

}  // namespace
}  // namespace lockstep::reports
