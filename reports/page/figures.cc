// SPDX-License-Identifier: MIT
#include "reports/page/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/statistics/statistics.h"
#include "reports/measurements.h"

namespace lockstep::reports {
namespace {

using bench::Series;

// Sizes in SVG's units.
constexpr int kWidth = 460;
constexpr int kLeft = 110;   // of spreads: their names
constexpr int kRight = 70;   // and their medians
constexpr int kRow = 22;
constexpr int kAxis = 46;    // of percentiles: their shares
constexpr int kHeight = 240;
constexpr int kBottom = 30;
constexpr int kLegendRow = 16;
constexpr double kPixel = 1.5;  // points nearer to each other are one

void Open(const std::string& title, int height, const std::string& described, Html* html) {
  *html << "<figure class=fig><figcaption>" << title << "</figcaption><svg viewBox=\"0 0 " << kWidth << " " << height
        << "\" role=img aria-label=\"" << described << "\">";
}

std::string MediansText(const std::vector<Drawn>& drawn) {
  std::string text = "Medians:";
  for (const Drawn& one : drawn)
    text += fmt::format(" {} {};", one.series->implementation, MeasureText(bench::Median(one.series->values), one.series->unit));
  text.pop_back();
  return text;
}

void Rule(double x1, double y1, double x2, double y2, std::string_view name, Html* html) {
  *html << "<path class=\"" << name << "\" d=\"";
  html->Markup(fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}", x1, y1, x2, y2)) << "\"/>";
}

void Text(double x, double y, std::string_view anchor, std::string_view text, Html* html) {
  *html << "<text text-anchor=" << anchor << " x=\"";
  html->Markup(fmt::format("{:.1f}\" y=\"{:.1f}", x, y)) << "\">" << text << "</text>";
}

// Where each of those with samples has its line and name below a plot: in rows, none wider than the drawing.
struct LegendPlace {
  double x = kAxis;
  int row = 0;
};
std::vector<LegendPlace> LegendOf(const std::vector<Drawn>& drawn) {
  std::vector<LegendPlace> places;
  LegendPlace next;
  for (const Drawn& one : drawn) {
    if (one.series->samples.empty()) continue;
    const double width = 40 + 6.5 * static_cast<double>(one.series->implementation.size());
    if (next.x + width > kWidth && next.x > kAxis) next = {kAxis, next.row + 1};
    places.push_back(next);
    next.x += width;
  }
  return places;
}

double NinesOf(double share) { return -std::log10(1 - share); }

}  // namespace

Html DrawSpread(const std::vector<Drawn>& drawn, const std::string& quantity) {
  Html html;
  if (drawn.empty()) return html;
  double most = 0;
  for (const Drawn& one : drawn) most = std::max(most, *std::max_element(one.series->values.begin(), one.series->values.end()));
  // What is the same for all and always, a count mostly, needs no picture.
  const bool constant = std::all_of(drawn.begin(), drawn.end(), [&](const Drawn& one) {
    return std::all_of(one.series->values.begin(), one.series->values.end(), [&](double value) { return value == most; });
  });
  if (constant) return html;
  if (!(most > 0)) most = 1;
  const auto x = [&](double value) { return kLeft + (kWidth - kLeft - kRight) * std::max(0.0, value) / most; };
  const int height = static_cast<int>(drawn.size()) * kRow + kBottom;
  Open(quantity, height, MediansText(drawn), &html);
  const double bottom = static_cast<double>(drawn.size()) * kRow + 4;
  Rule(kLeft, bottom, kWidth - kRight, bottom, "ax", &html);
  Text(kLeft, bottom + 16, "middle", "0", &html);
  Text(kWidth - kRight, bottom + 16, "middle", MeasureText(most, drawn.front().series->unit), &html);
  for (const Drawn& one : drawn) {
    if (!one.is_floor) continue;
    const double floor = x(bench::Median(one.series->values));
    Rule(floor, 0, floor, bottom, "floor", &html);
  }
  double y = kRow / 2.0 + 2;
  for (const Drawn& one : drawn) {
    const std::vector<double>& values = one.series->values;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const double median = bench::Median(values);
    Text(kLeft - 8, y + 4, "end", one.series->implementation, &html);
    Rule(x(*low), y, x(*high), y, "c" + one.color, &html);
    html << "<rect class=c" << one.color << " x=\"";
    const double left = x(bench::Quantile(values, 0.25));
    html.Markup(fmt::format("{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}", left, y - 5, std::max(1.0, x(bench::Quantile(values, 0.75)) - left)))
        << "\" height=\"10\"/><circle class=c" << one.color << " cx=\"";
    html.Markup(fmt::format("{:.1f}\" cy=\"{:.1f}", x(median), y)) << "\" r=\"3\"/>";
    Text(kWidth - kRight + 8, y + 4, "start", MeasureText(median, one.series->unit), &html);
    y += kRow;
  }
  return html << "</svg></figure>\n";
}

Html DrawPercentiles(const std::vector<Drawn>& drawn, const std::string& quantity) {
  Html html;
  double low = 0;
  double high = 0;
  double nines = 2;  // 99 %, or as far as there are samples
  for (const Drawn& one : drawn) {
    if (one.series->samples.empty()) continue;
    const auto& buckets = one.series->samples.buckets();
    const auto first = static_cast<double>(std::max<std::int64_t>(1, buckets.begin()->first));
    const auto last = static_cast<double>(std::max<std::int64_t>(2, buckets.rbegin()->first));
    low = low == 0 ? first : std::min(low, first);
    high = std::max(high, last);
    nines = std::max(nines, std::log10(static_cast<double>(one.series->samples.count())));
  }
  if (high == 0) return html;
  // Whole decades, so that plots of one quantity are alike.
  const double from = std::floor(std::log10(low));
  const double to = std::max(from + 1, std::ceil(std::log10(high)));
  const double bottom = kHeight - kBottom;
  const auto x = [&](double ns) { return kAxis + (kWidth - kAxis - 12) * (std::log10(std::max(1.0, ns)) - from) / (to - from); };
  const auto y = [&](double share) { return bottom - (bottom - 10) * NinesOf(share) / nines; };
  Open(quantity, kHeight + kRow + kLegendRow * LegendOf(drawn).back().row, MediansText(drawn), &html);
  for (double decade = from; decade <= to; ++decade) {
    const double at = x(std::pow(10, decade));
    Rule(at, 10, at, bottom, "grid", &html);
    Text(at, bottom + 16, decade == to ? "end" : "middle", MeasureText(std::pow(10, decade), "ns"), &html);
  }
  for (const auto& [share, text] : {std::pair(0.0, "0 %"), {0.5, "50 %"}, {0.9, "90 %"}, {0.99, "99 %"}, {0.999, "99.9 %"}}) {
    if (NinesOf(share) > nines + 0.1) continue;
    Rule(kAxis, y(share), kWidth - 12, y(share), share == 0 ? "ax" : "grid", &html);
    Text(kAxis - 6, y(share) + 4, "end", text, &html);
  }
  const std::vector<LegendPlace> legend = LegendOf(drawn);
  std::size_t entry = 0;
  for (const Drawn& one : drawn) {
    if (one.series->samples.empty()) continue;
    std::string way;
    std::uint64_t seen = 0;
    double last_x = -10;
    double last_y = -10;
    for (const auto& [lower, times] : one.series->samples.buckets()) {
      seen += times;
      // Nothing is told of the last of all: how far out it lies is an accident.
      const double share = static_cast<double>(seen) / static_cast<double>(one.series->samples.count());
      if (share >= 1) break;
      const double at_x = x(static_cast<double>(bench::Histogram::UpperBound(lower)));
      const double at_y = y(share);
      if (std::abs(at_x - last_x) < kPixel && std::abs(at_y - last_y) < kPixel) continue;
      way += fmt::format("{}{:.1f} {:.1f}", way.empty() ? "M" : "L", at_x, at_y);
      last_x = at_x;
      last_y = at_y;
    }
    html << "<path class=\"curve c" << one.color << "\" d=\"";
    html.Markup(way) << "\"/>";
    const auto [line_x, row] = legend[entry++];
    const double line_y = kHeight + 8 + kLegendRow * row;
    Rule(line_x, line_y, line_x + 22, line_y, "curve c" + one.color, &html);
    Text(line_x + 27, line_y + 4, "start", one.series->implementation, &html);
  }
  return html << "</svg></figure>\n";
}

}  // namespace lockstep::reports
