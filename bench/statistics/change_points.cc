// SPDX-License-Identifier: MIT
#include "bench/statistics/change_points.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "bench/statistics/random.h"
#include "bench/statistics/statistics.h"
#include "harness/os/result.h"

namespace lockstep::bench {
namespace {

struct Cut {
  std::size_t index = 0;  // of the first value after it
  double gain = 0;        // the paper's Q; nothing is gained by cutting equal values
};

// How many values have so many orders that the best can be told from chance. The clearest one, all low values before all
// high ones and as many, is as good backwards: 2 of (count over count / 2).
std::size_t ShortestToCut(const ChangePointOptions& options) {
  for (std::size_t count = 2 * options.least_segment;; ++count) {
    const std::size_t low = count / 2;
    const std::size_t high = count - low;
    double orders = 1;
    for (std::size_t i = 1; i <= low; ++i) orders *= static_cast<double>(high + i) / static_cast<double>(i);
    if (2 / orders <= options.max_p) return count;
  }
}

// The best cut of a segment. One for each window, as it keeps its memory from one segment to the next: it is asked
// thousands of times.
class Cutter {
 public:
  Cutter(std::size_t longest, const ChangePointOptions& options)
      : least_(options.least_segment), shortest_(ShortestToCut(options)), tail_(longest), head_(longest + 1) {
    for (std::size_t i = 0; i <= longest; ++i) inverse_.push_back(i == 0 ? 0 : 1 / static_cast<double>(i));
  }

  // Of the `count` values from `values` on; of two that are as good the first, and none of too few. O(count^2).
  //
  // As in the paper, what is after the cut need not reach to the end of the segment, lest a change that is taken back
  // later hides itself: the best pair of a cut and an end is looked for. With n values before, m after, and X, Y, B the
  // sums of distances within n, within m, and between them,
  //   Q = nm / (n + m) * (2B / nm - X / (n over 2) - Y / (m over 2)),
  // which with T = X + Y + B is
  //   Q = 2 / (n + m) * (T - (n + m - 1) * (X / (n - 1) + Y / (m - 1))).
  // Only sums within neighbours are left; with one more value at the end, each has one more value's distances.
  Cut Best(const double* values, std::size_t count) {
    Cut best;
    if (count < shortest_) return best;
    for (std::size_t end = 1; end <= count; ++end) {
      const double last = values[end - 1];
      double distances = 0;  // of the last value to those from i on
      tail_[end - 1] = 0;
      for (std::size_t i = end - 1; i-- > 0;) {
        distances += std::abs(last - values[i]);
        tail_[i] += distances;
      }
      const double total = tail_[0];
      head_[end] = total * inverse_[end - 1];
      const auto weight = static_cast<double>(end - 1);
      for (std::size_t cut = least_; cut + least_ <= end; ++cut) {
        const double within = head_[cut] + tail_[cut] * inverse_[end - cut - 1];
        const double gain = 2 * inverse_[end] * (total - weight * within);
        if (gain > best.gain) best = {cut, gain};
      }
    }
    return best;
  }

 private:
  std::size_t least_;
  std::size_t shortest_;
  std::vector<double> tail_;     // [i]: the sum of distances within the values from i to the end looked at
  std::vector<double> head_;     // [i]: that within the first i values, over i - 1
  std::vector<double> inverse_;  // [i]: 1 / i
};

// The best cut of all segments of a window. `bounds`: where they begin, and where the last one ends.
Cut BestOfAll(const std::vector<double>& values, const std::vector<std::size_t>& bounds, Cutter& cutter) {
  Cut best;
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
    const Cut cut = cutter.Best(values.data() + bounds[i], bounds[i + 1] - bounds[i]);
    if (cut.gain > best.gain) best = {bounds[i] + cut.index, cut.gain};
  }
  return best;
}

// The p-value of a gain: each permutation puts the values within each segment in another order. Nothing when it is above
// what is asked for, which mostly shows after a few permutations.
std::optional<double> SignificantP(double gain, std::vector<double> values, const std::vector<std::size_t>& bounds,
                                   const ChangePointOptions& options, Cutter& cutter, Random& random) {
  const auto all = static_cast<double>(options.permutations + 1);
  const double most = options.max_p * all * (1 + 1e-9);
  // One order's gain is summed in another order than its mirror image's.
  const double as_great = gain * (1 - 1e-9);
  double found = 1;  // the order that was measured is one of them
  for (std::size_t i = 0; i < options.permutations && found <= most; ++i) {
    for (std::size_t j = 0; j + 1 < bounds.size(); ++j) random.Shuffle(values, bounds[j], bounds[j + 1]);
    if (BestOfAll(values, bounds, cutter).gain >= as_great) ++found;
  }
  if (found > most) return std::nullopt;
  return found / all;
}

// Of one window, in the order of the series; without their medians.
std::vector<ChangePoint> CutWindow(const std::vector<double>& values, const ChangePointOptions& options, Random random) {
  Cutter cutter(values.size(), options);
  std::vector<std::size_t> bounds = {0, values.size()};
  std::vector<ChangePoint> found;
  // Ends when nothing is left to cut, at the latest when all segments are as short as may be.
  for (;;) {
    const Cut cut = BestOfAll(values, bounds, cutter);
    if (cut.gain <= 0) break;
    const auto p = SignificantP(cut.gain, values, bounds, options, cutter, random);
    if (!p) break;
    bounds.insert(std::upper_bound(bounds.begin(), bounds.end(), cut.index), cut.index);
    found.push_back({.index = cut.index, .p = *p});
  }
  std::sort(found.begin(), found.end(), [](const ChangePoint& a, const ChangePoint& b) { return a.index < b.index; });
  return found;
}

double MedianOf(const std::vector<double>& series, std::size_t first, std::size_t end) {
  return Median({series.begin() + static_cast<std::ptrdiff_t>(first), series.begin() + static_cast<std::ptrdiff_t>(end)});
}

void Measure(const std::vector<double>& series, std::vector<ChangePoint>& points) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t first = i == 0 ? 0 : points[i - 1].index;
    const std::size_t end = i + 1 == points.size() ? series.size() : points[i + 1].index;
    points[i].before = MedianOf(series, first, points[i].index);
    points[i].after = MedianOf(series, points[i].index, end);
  }
}

// As a share of what was before; of 0 any change is beyond every share.
double RelativeChange(const ChangePoint& point) {
  const double change = std::abs(point.after - point.before);
  return change == 0 ? 0 : change / std::abs(point.before);
}

}  // namespace

std::vector<ChangePoint> FindChangePoints(const std::vector<double>& series, const ChangePointOptions& options) {
  CHECK(options.least_segment >= 2 && options.window >= 2 * options.least_segment);
  CHECK(options.max_p * static_cast<double>(options.permutations + 1) >= 1 - 1e-9);
  CHECK(std::all_of(series.begin(), series.end(), [](double value) { return std::isfinite(value); }));

  std::vector<ChangePoint> points;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(begin + options.window, series.size());
    const std::vector<double> window(series.begin() + static_cast<std::ptrdiff_t>(begin),
                                     series.begin() + static_cast<std::ptrdiff_t>(end));
    // A lot of its own for each, so that a window's changes do not depend on those before it.
    for (ChangePoint point : CutWindow(window, options, Random(options.seed + begin))) {
      point.index += begin;
      points.push_back(point);
    }
    if (end == series.size()) break;
    // No window has a change inside that was found before, so that two cannot disagree on its place.
    begin = std::min(begin + options.window / 2, series.size() - options.window);
    if (!points.empty()) begin = std::max(begin, points.back().index);
  }

  for (;;) {
    Measure(series, points);
    const auto least = std::min_element(points.begin(), points.end(), [](const ChangePoint& a, const ChangePoint& b) {
      return RelativeChange(a) < RelativeChange(b);
    });
    if (least == points.end() || RelativeChange(*least) >= options.least_change) return points;
    points.erase(least);
  }
}

}  // namespace lockstep::bench
