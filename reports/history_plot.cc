// SPDX-License-Identifier: MIT
#include "reports/history_plot.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/text.h"

namespace lockstep::reports {
namespace {

using bench::ChangePoint;
using bench::Line;
using bench::ShortNumber;

// Of a sparkline. More sessions share a column, which then shows the one in their middle.
constexpr std::size_t kColumns = 64;
constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::size_t kHeights = std::size(kBlocks);

std::size_t ColumnOf(std::size_t index, std::size_t count) { return count <= kColumns ? index : index * kColumns / count; }

double MiddleOf(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::string Sparkline(const std::vector<double>& values, double least, double most) {
  std::vector<std::vector<double>> columns(std::min(values.size(), kColumns));
  for (std::size_t i = 0; i < values.size(); ++i) columns[ColumnOf(i, values.size())].push_back(values[i]);
  std::string text;
  for (const std::vector<double>& column : columns) {
    // A line of one value is in the middle.
    const double share = most > least ? (MiddleOf(column) - least) / (most - least) : 0.5;
    text += kBlocks[std::min(kHeights - 1, static_cast<std::size_t>(share * static_cast<double>(kHeights)))];
  }
  return text;
}

std::string NameOf(const bench::Point& point) {
  return point.started + (point.label.empty() ? "" : " " + Printable(point.label));
}

std::string OneLine(const Line& line) {
  const auto [least, most] = std::minmax_element(line.values.begin(), line.values.end());
  std::string text = fmt::format("  {}  {}{}, {}\n", Printable(line.implementation), Printable(line.quantity),
                                 line.unit.empty() ? "" : ", " + Printable(line.unit), Counted(line.values.size(), "session"));
  text += "    " + Sparkline(line.values, *least, *most) + "\n";
  for (const ChangePoint& change : line.changes) {
    text += fmt::format("    {}^ {}: {} to {}, {}\n", std::string(ColumnOf(change.index, line.values.size()), ' '),
                        NameOf(line.points[change.index]), ShortNumber(change.before), ShortNumber(change.after),
                        bench::ChangeText(line, change));
  }
  return text + fmt::format("    first {}, last {}, least {}, most {}\n", ShortNumber(line.values.front()),
                            ShortNumber(line.values.back()), ShortNumber(*least), ShortNumber(*most));
}

}  // namespace

std::string HistoryPlot(const std::vector<Line>& lines) {
  std::string text;
  std::string machine;
  for (const Line& line : lines) {
    if (line.fingerprint != machine) text += fmt::format("{}machine {}\n", machine.empty() ? "" : "\n", line.fingerprint);
    machine = line.fingerprint;
    text += OneLine(line);
  }
  return text;
}

}  // namespace lockstep::reports
