// SPDX-License-Identifier: MIT
// What a comparison of paired measurements is made of. Pure functions of finite numbers: for one seed the same result on
// every machine. A NaN, or no value where one is needed, is a mistake of the caller.
#ifndef LOCKSTEP_BENCH_STATISTICS_STATISTICS_H_
#define LOCKSTEP_BENCH_STATISTICS_STATISTICS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::bench {

// The value at share `q` in [0, 1] of one or more values, on the straight line between the two nearest: R's type 7, and
// what numpy.quantile says.
double Quantile(std::vector<double> values, double q);
double Median(std::vector<double> values);
// From the first quartile to the third.
double InterquartileRange(std::vector<double> values);

struct Interval {
  double low = 0;
  double high = 0;
};

inline constexpr std::size_t kResamples = 4000;

// How far the median of a series may be off, without a belief in any distribution: the medians of series put together
// from blocks of it, drawn with replacement (circular block bootstrap: Politis and Romano, 1992). Blocks, because
// repetitions that follow each other have the machine's mood in common; drawn one by one they would seem to say more
// than they do. Still too narrow for few values, or neighbours much alike: what is called 95 % has the median in it in
// 86 % of cases for 10 independent values, 92 % for 40, and 90 % for 400 that correlate by 0.5 with the one before.
class MedianBootstrap {
 public:
  // `series` in the order of time, one or more; 1 or more `resamples`. 4000 of 400 values take some 25 ms.
  MedianBootstrap(const std::vector<double>& series, std::uint64_t seed, std::size_t resamples = kResamples);

  // How many neighbours are drawn together from a series of `count`: its cube root, rounded; at least 1.
  static std::size_t BlockLength(std::size_t count);

  // Between the quantiles (1 - confidence) / 2 and (1 + confidence) / 2 of the medians; `confidence` in (0, 1).
  Interval At(double confidence) const;

  // Of two series that have nothing to do with each other, how far the difference of their medians, this one's less
  // `other`'s, may be off: each of this one's is laid against one of the other's, drawn. As many resamples in both.
  MedianBootstrap Less(const MedianBootstrap& other, std::uint64_t seed) const;

  // How well "the median is `x` or less" goes with the series, and "`x` or more": the share of medians there, one added
  // to them and to all. Never 0: 1 / (resamples + 1) is the least.
  double PAtMost(double x) const;
  double PAtLeast(double x) const;

  // One of each resample, ascending.
  const std::vector<double>& medians() const { return medians_; }

 private:
  MedianBootstrap() = default;

  std::vector<double> medians_;
};

// Which of the hypotheses whose p-values are `p` are rejected, so that of those rejected a share of at most `q` is
// expected to be true (Benjamini and Hochberg, 1995). In the order of `p`.
std::vector<bool> BenjaminiHochberg(const std::vector<double>& p, double q);

// The two-sided p-value of "neither of a and b tends to be greater" (Mann and Whitney, 1947), by the normal
// approximation with correction for ties and for continuity: scipy.stats.mannwhitneyu(a, b, alternative='two-sided',
// method='asymptotic'). Without a method named, as Google Benchmark's compare.py calls it, scipy says the same where
// both have 9 values or more, or two values are equal; for others it counts out the exact p. Neither may be empty; 1
// where all values are equal. It takes values for independent: paired ones belong to MedianBootstrap.
double MannWhitneyP(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_STATISTICS_STATISTICS_H_
