// SPDX-License-Identifier: MIT
#include "bench/statistics/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "bench/statistics/random.h"
#include "harness/os/result.h"

namespace lockstep::bench {
namespace {

bool AllFinite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

// Leaves `values` in another order: takes time in proportion to their number where sorting would not.
double QuantileInPlace(std::vector<double>& values, double q) {
  CHECK(!values.empty());
  CHECK(q >= 0 && q <= 1);
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), nth, values.end());
  const double share = place - static_cast<double>(below);
  if (share == 0) return *nth;
  const double next = *std::min_element(nth + 1, values.end());
  return *nth + share * (next - *nth);
}

}  // namespace

double Quantile(std::vector<double> values, double q) {
  CHECK(AllFinite(values));
  return QuantileInPlace(values, q);
}

double Median(std::vector<double> values) { return Quantile(std::move(values), 0.5); }

double InterquartileRange(std::vector<double> values) {
  CHECK(AllFinite(values));
  const double first = QuantileInPlace(values, 0.25);
  return QuantileInPlace(values, 0.75) - first;
}

std::size_t MedianBootstrap::BlockLength(std::size_t count) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(std::cbrt(static_cast<double>(count)))));
}

MedianBootstrap::MedianBootstrap(const std::vector<double>& series, std::uint64_t seed, std::size_t resamples) {
  CHECK(!series.empty() && AllFinite(series));
  CHECK(resamples > 0);
  const std::size_t count = series.size();
  const std::size_t length = BlockLength(count);
  // The series goes on with its begin, so that every value is in as many blocks as every other.
  std::vector<double> circle = series;
  circle.insert(circle.end(), series.begin(), series.begin() + static_cast<std::ptrdiff_t>(length - 1));

  Random random(seed);
  std::vector<double> drawn(count);
  medians_.reserve(resamples);
  for (std::size_t i = 0; i < resamples; ++i) {
    for (std::size_t filled = 0; filled < count; filled += length) {
      const auto block = circle.begin() + static_cast<std::ptrdiff_t>(random.Below(count));
      std::copy_n(block, std::min(length, count - filled), drawn.begin() + static_cast<std::ptrdiff_t>(filled));
    }
    medians_.push_back(QuantileInPlace(drawn, 0.5));
  }
  std::sort(medians_.begin(), medians_.end());
}

Interval MedianBootstrap::At(double confidence) const {
  CHECK(confidence > 0 && confidence < 1);
  return {Quantile(medians_, (1 - confidence) / 2), Quantile(medians_, (1 + confidence) / 2)};
}

MedianBootstrap MedianBootstrap::Less(const MedianBootstrap& other, std::uint64_t seed) const {
  CHECK(medians_.size() == other.medians_.size());
  MedianBootstrap difference;
  difference.medians_ = other.medians_;
  Random random(seed);
  random.Shuffle(difference.medians_, 0, difference.medians_.size());
  for (std::size_t i = 0; i < medians_.size(); ++i) difference.medians_[i] = medians_[i] - difference.medians_[i];
  std::sort(difference.medians_.begin(), difference.medians_.end());
  return difference;
}

double MedianBootstrap::PAtMost(double x) const {
  const auto count = std::upper_bound(medians_.begin(), medians_.end(), x) - medians_.begin();
  return static_cast<double>(count + 1) / static_cast<double>(medians_.size() + 1);
}

double MedianBootstrap::PAtLeast(double x) const {
  const auto count = medians_.end() - std::lower_bound(medians_.begin(), medians_.end(), x);
  return static_cast<double>(count + 1) / static_cast<double>(medians_.size() + 1);
}

std::vector<bool> BenjaminiHochberg(const std::vector<double>& p, double q) {
  CHECK(AllFinite(p));
  std::vector<double> sorted = p;
  std::sort(sorted.begin(), sorted.end());
  double greatest = -1;  // of those rejected
  for (std::size_t rank = 1; rank <= sorted.size(); ++rank) {
    const double share = static_cast<double>(rank) / static_cast<double>(sorted.size());
    if (sorted[rank - 1] <= q * share) greatest = sorted[rank - 1];
  }
  std::vector<bool> rejected(p.size());
  std::transform(p.begin(), p.end(), rejected.begin(), [greatest](double one) { return one <= greatest; });
  return rejected;
}

double MannWhitneyP(const std::vector<double>& a, const std::vector<double>& b) {
  CHECK(!a.empty() && !b.empty());
  CHECK(AllFinite(a) && AllFinite(b));
  std::vector<std::pair<double, bool>> all;  // a value, and whether it is one of a
  all.reserve(a.size() + b.size());
  for (const double value : a) all.emplace_back(value, true);
  for (const double value : b) all.emplace_back(value, false);
  std::sort(all.begin(), all.end());

  double rank_sum = 0;  // of a; values that are equal share the mean of their ranks
  double ties = 0;
  for (std::size_t first = 0, end = 0; first < all.size(); first = end) {
    std::size_t of_a = 0;
    for (; end < all.size() && all[end].first == all[first].first; ++end) of_a += all[end].second ? 1 : 0;
    const auto equal = static_cast<double>(end - first);
    rank_sum += static_cast<double>(of_a) * static_cast<double>(first + 1 + end) / 2;
    ties += equal * (equal * equal - 1);
  }

  const auto n = static_cast<double>(a.size());
  const auto m = static_cast<double>(b.size());
  const double u = rank_sum - n * (n + 1) / 2;
  const double variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  const double distance = std::abs(u - n * m / 2) - 0.5;
  // Nothing is left after the correction for continuity, as always when all are equal and the variance is 0.
  if (distance <= 0) return 1;
  return std::erfc(distance / std::sqrt(2 * variance));
}

}  // namespace lockstep::bench
