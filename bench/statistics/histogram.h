// SPDX-License-Identifier: MIT
// Counts of durations in buckets whose width grows with the value, as HdrHistogram has them: each power of two is
// cut into 128, so a value is known to within 0.8 % of itself, and values below 256 ns exactly. Histograms of one
// quantity are merged by adding counts; percentiles are never averaged.
#ifndef LOCKSTEP_BENCH_STATISTICS_HISTOGRAM_H_
#define LOCKSTEP_BENCH_STATISTICS_HISTOGRAM_H_

#include <cstdint>
#include <map>
#include <optional>

namespace lockstep::bench {

class Histogram {
 public:
  // A duration in ns; a negative one (two CPUs' stamps may differ by some ns) counts as 0.
  void Add(std::int64_t ns) { AddMany(ns, 1); }
  void AddMany(std::int64_t ns, std::uint64_t times);
  void Merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

  // The value that a share `q` in (0, 1) of all do not pass, as the middle of its bucket, ns. Nothing when there are
  // fewer than 10 / (1 - q) values: too few beyond it to tell it from an accident.
  std::optional<double> Percentile(double q) const;

  // Lower bound of each bucket that is not empty, ns, and how many it has; in order.
  const std::map<std::int64_t, std::uint64_t>& buckets() const { return buckets_; }
  // The first value beyond the bucket that begins at `lower`.
  static std::int64_t UpperBound(std::int64_t lower);

 private:
  static std::int64_t LowerBound(std::int64_t ns);

  std::map<std::int64_t, std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
};

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_STATISTICS_HISTOGRAM_H_
