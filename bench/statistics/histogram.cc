// SPDX-License-Identifier: MIT
#include "bench/statistics/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lockstep::bench {
namespace {

constexpr int kBits = 7;  // a power of two is cut into 2^7

// How wide the bucket of a value is, as a power of two.
int WidthBits(std::int64_t ns) {
  return std::max(0, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(ns))) - kBits - 1);
}

}  // namespace

std::int64_t Histogram::LowerBound(std::int64_t ns) { return ns >> WidthBits(ns) << WidthBits(ns); }

std::int64_t Histogram::UpperBound(std::int64_t lower) { return lower + (std::int64_t{1} << WidthBits(lower)); }

void Histogram::AddMany(std::int64_t ns, std::uint64_t times) {
  if (times == 0) return;
  buckets_[LowerBound(std::max<std::int64_t>(ns, 0))] += times;
  count_ += times;
}

void Histogram::Merge(const Histogram& other) {
  for (const auto& [lower, times] : other.buckets_) AddMany(lower, times);
}

std::optional<double> Histogram::Percentile(double q) const {
  // The rounding of 1 - q must not ask for an eleventh sample.
  if (static_cast<double>(count_) * (1 - q) < 10 - 1e-6) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (const auto& [lower, times] : buckets_) {
    seen += times;
    if (seen >= rank) return static_cast<double>(lower + UpperBound(lower) - 1) / 2;
  }
  return std::nullopt;
}

}  // namespace lockstep::bench
