// SPDX-License-Identifier: MIT
#include "bench/history/lines.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace lockstep::bench {

std::vector<Line> LinesOf(const std::vector<Point>& points, bool ratios) {
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  const auto key_of = [](const Point& point) { return Key(point.fingerprint, point.implementation, point.quantity, point.unit); };
  std::set<Key> with_ratios;
  for (const Point& point : points) {
    if (ratios && point.median_ratio) with_ratios.insert(key_of(point));
  }
  std::map<Key, Line> lines;
  for (const Point& point : points) {
    const bool is_ratio = with_ratios.contains(key_of(point));
    if (is_ratio && !point.median_ratio) continue;
    Line& line = lines[key_of(point)];
    line.fingerprint = point.fingerprint;
    line.implementation = point.implementation;
    line.quantity = point.quantity;
    line.unit = is_ratio ? "x raw" : point.unit;
    line.more_is_better = point.more_is_better;
    line.points.push_back(point);
    line.values.push_back(is_ratio ? *point.median_ratio : point.median);
  }
  std::vector<Line> sorted;
  for (auto& [key, line] : lines) {
    line.changes = FindChangePoints(line.values);
    sorted.push_back(std::move(line));
  }
  return sorted;
}

std::string ChangeText(const Line& line, const ChangePoint& change) {
  const bool is_better = (change.after > change.before) == line.more_is_better;
  const char* verdict = change.after == change.before ? "" : is_better ? " (better)" : " (worse)";
  if (change.before == 0) return fmt::format("{} to {}{}", ShortNumber(change.before), ShortNumber(change.after), verdict);
  return fmt::format("{:+.3g} %{}", 100 * (change.after - change.before) / std::abs(change.before), verdict);
}

std::string ShortNumber(double value) {
  constexpr double kLongest = 1e15;  // no longer than a reader counts digits
  const double size = std::abs(value);
  return size >= 1000 && size < kLongest ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

}  // namespace lockstep::bench
