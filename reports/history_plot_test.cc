// SPDX-License-Identifier: MIT
#include "reports/history_plot.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>

namespace lockstep::reports {
namespace {

bench::Point PointOf(int number, double median, std::optional<double> ratio = std::nullopt) {
  bench::Point point;
  point.session = fmt::format("{:032x}", number);
  point.started = fmt::format("2026-11-23T00:00:{:02d}Z", number % 60);
  point.label = fmt::format("commit-{}", number);
  point.fingerprint = "00000000000000aa";
  point.implementation = "reference";
  point.quantity = "free/recursive";
  point.unit = "ns";
  point.count = 15;
  point.median = median;
  point.median_ratio = ratio;
  return point;
}

// A step in the middle.
std::vector<bench::Point> Step(double before, double after) {
  std::vector<bench::Point> points;
  for (int i = 0; i < 40; ++i) points.push_back(PointOf(i, (i < 20 ? before : after) + 0.01 * (i * 7 % 5)));
  return points;
}

TEST(HistoryPlot, ShowsALineAndWhereItChanged) {
  EXPECT_EQ(HistoryPlot(bench::LinesOf(Step(100, 130), true)),
            "machine 00000000000000aa\n"
            "  reference  free/recursive, ns, 40 sessions\n"
            "    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████████████████\n"
            "                        ^ 2026-11-23T00:00:20Z commit-20: 100 to 130, +30 % (worse)\n"
            "    first 100, last 130, least 100, most 130\n");
}

TEST(HistoryPlot, OfOneSessionIsInTheMiddle) {
  EXPECT_EQ(HistoryPlot(bench::LinesOf({PointOf(1, 5)}, true)),
            "machine 00000000000000aa\n"
            "  reference  free/recursive, ns, 1 session\n"
            "    ▅\n"
            "    first 5, last 5, least 5, most 5\n");
}

TEST(HistoryPlot, OfManySessionsIsNoWiderThanATerminal) {
  std::vector<bench::Point> points;
  for (int i = 0; i < 1000; ++i) points.push_back(PointOf(i, i));
  const std::string text = HistoryPlot(bench::LinesOf(points, true));
  std::string expected = "    ";
  for (const char* block : {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}) {
    for (int i = 0; i < 8; ++i) expected += block;
  }
  EXPECT_NE(text.find(expected + "\n"), std::string::npos) << text;
}

TEST(Lines, AreOfRatiosWhereThereAreAny) {
  const std::vector<bench::Point> points = {PointOf(1, 5, 1.5), PointOf(2, 6), PointOf(3, 7, 1.75)};
  const auto ratios = bench::LinesOf(points, true);
  ASSERT_EQ(ratios.size(), 1u);
  EXPECT_EQ(ratios[0].values, (std::vector<double>{1.5, 1.75}));
  EXPECT_EQ(ratios[0].unit, "x raw");
  const auto values = bench::LinesOf(points, false);
  EXPECT_EQ(values[0].values, (std::vector<double>{5, 6, 7}));
  EXPECT_EQ(values[0].unit, "ns");
}

TEST(Lines, NeverMixMachines) {
  std::vector<bench::Point> points = {PointOf(1, 5), PointOf(2, 50)};
  points[1].fingerprint = "00000000000000bb";
  EXPECT_EQ(bench::LinesOf(points, true).size(), 2u);
}

TEST(Lines, TellWhetherAChangeIsForTheBetter) {
  bench::Line line;
  bench::ChangePoint change;
  change.before = 100;
  change.after = 130;
  EXPECT_EQ(bench::ChangeText(line, change), "+30 % (worse)");
  line.more_is_better = true;
  EXPECT_EQ(bench::ChangeText(line, change), "+30 % (better)");
  change.after = 96.5;
  EXPECT_EQ(bench::ChangeText(line, change), "-3.5 % (worse)");
  change.before = 0;
  EXPECT_EQ(bench::ChangeText(line, change), "0 to 96.5 (better)");
}

TEST(Lines, ShowNumbersShortly) {
  EXPECT_EQ(bench::ShortNumber(1.02149), "1.021");
  EXPECT_EQ(bench::ShortNumber(23104.9), "23105");
  EXPECT_EQ(bench::ShortNumber(0.0042), "0.0042");
  EXPECT_EQ(bench::ShortNumber(-12345678), "-12345678");
}

TEST(HistorySvg, IsXmlThatNeedsNothingElse) {
  std::vector<bench::Point> points = Step(100, 80);
  points[20].label = "<script>&\x01";
  const std::string text = HistorySvg(bench::LinesOf(points, true));
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(text.c_str()));
  const pugi::xml_node svg = document.child("svg");
  EXPECT_STREQ(svg.attribute("role").value(), "img");
  EXPECT_STREQ(svg.attribute("aria-labelledby").value(), "title desc");
  EXPECT_STREQ(svg.child("title").attribute("id").value(), "title");
  EXPECT_EQ(std::string(svg.child_value("desc")),
            "reference free/recursive on machine 00000000000000aa: 40 sessions, first 100, last 80.03 ns; -20 % (better) at "
            "2026-11-23T00:00:20Z.\n");
  EXPECT_EQ(text.find("<script"), std::string::npos);
  EXPECT_EQ(text.find("href"), std::string::npos);
  EXPECT_NE(text.find("prefers-color-scheme:dark"), std::string::npos);
  const pugi::xml_node panel = svg.child("g");
  EXPECT_EQ(std::string(panel.child_value("text")), "reference free/recursive (ns)");
  EXPECT_TRUE(panel.find_child_by_attribute("line", "class", "change"));
  EXPECT_EQ(std::string(panel.find_child_by_attribute("text", "class", "said").child_value()), "-20 % (better) <script>&\\x01");
  int dots = 0;
  for ([[maybe_unused]] const pugi::xml_node dot : panel.children("circle")) ++dots;
  EXPECT_EQ(dots, 40);
}

}  // namespace
}  // namespace lockstep::reports
