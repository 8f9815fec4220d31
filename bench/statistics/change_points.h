// SPDX-License-Identifier: MIT
// Where a series of measurements, one for each build, changed its level for good: E-divisive (Matteson and James, "A
// Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data", JASA 109, 2014) for single numbers
// and alpha = 1. A segment is cut where the energy distance between what is before and what is after, weighted by their
// lengths, is greatest; the cut counts if hardly any order of the same values has one as great; then both sides are
// looked at again.
#ifndef LOCKSTEP_BENCH_STATISTICS_CHANGE_POINTS_H_
#define LOCKSTEP_BENCH_STATISTICS_CHANGE_POINTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::bench {

struct ChangePoint {
  std::size_t index = 0;  // of the first value after the change
  double before = 0;      // median from the change point before this one, or the begin
  double after = 0;       // median to the next one, or the end
  double p = 1;           // of the permutation test: at most ChangePointOptions::max_p
};

struct ChangePointOptions {
  // How many values are looked at together at most. A longer series is looked at window by window until one ends with it:
  // each begins at the last change found in the one before or half a window on, whichever is later, and the last one
  // early enough to be full unless a change is in the way. So what is before an old change does not count any more, every
  // change is seen with a quarter of a window on both sides as far as there are values, the newest ones with all that
  // a window holds since the last change, and time is in proportion to length.
  std::size_t window = 50;
  // Of values between changes, 2 or more. With 3 a single outlier is not a segment and does not move a segment's
  // median; and a great change is known at the third measurement, when two that stray together are still likely enough
  // (2 of 1225 placements among 50) not to pass for one.
  std::size_t least_segment = 3;
  // A cut counts when, of it and all permutations tried, a share of this at most is as great. 1 / (permutations + 1) is
  // the least there can be, so it must not be less. Segments with too few orders to tell are never cut: those of fewer
  // than 14 values, for 0.001.
  double max_p = 0.001;
  std::size_t permutations = 1999;
  // A change of the median by less than this share of what it was is nobody's concern; the least of such is taken away
  // first, and the segments on both sides are one again.
  double least_change = 0.05;
  std::uint64_t seed = 1;
};

// In the order of the series, which is of finite values in the order of time; none for a short one. They are at least
// `least_segment` apart. Time: O(window^2) for each permutation, cut and window; some 4 ms for a cut among 50 values,
// and far less where nothing changed.
std::vector<ChangePoint> FindChangePoints(const std::vector<double>& series, const ChangePointOptions& options = {});

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_STATISTICS_CHANGE_POINTS_H_
