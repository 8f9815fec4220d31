// SPDX-License-Identifier: MIT
// Times of something and of its floor, taken in turns.
#ifndef LOCKSTEP_BENCH_PAIRED_TIMES_H_
#define LOCKSTEP_BENCH_PAIRED_TIMES_H_

#include <vector>

namespace lockstep::bench {

// The middle of `values`, or the mean of the two in the middle; of none, 0.
double Median(std::vector<double> values);

// Pairs of batches that followed each other at once. What disturbs the machine for longer than a pair
// disturbs both of it, and cancels in their ratio; what is shorter spoils single pairs, which a median
// does not see.
class PairedTimes {
 public:
  // ns a call, both above 0.
  void Add(double measured_ns, double floor_ns);

  double measured_ns() const { return Median(measured_ns_); }
  double floor_ns() const { return Median(floor_ns_); }
  // The median of the pairs' ratios: how many times its floor it takes. Not the ratio of the medians.
  double x_floor() const { return Median(ratios_); }

 private:
  std::vector<double> measured_ns_;
  std::vector<double> floor_ns_;
  std::vector<double> ratios_;
};

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_PAIRED_TIMES_H_
