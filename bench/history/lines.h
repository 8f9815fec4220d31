// SPDX-License-Identifier: MIT
// What a store holds, as lines over time: one for each quantity of each implementation on each machine. Pure functions,
// for any thread.
#ifndef LOCKSTEP_BENCH_HISTORY_LINES_H_
#define LOCKSTEP_BENCH_HISTORY_LINES_H_

#include <string>
#include <vector>

#include "bench/history/store.h"
#include "bench/statistics/change_points.h"

namespace lockstep::bench {

struct Line {
  std::string fingerprint;
  std::string implementation;
  std::string quantity;
  std::string unit;  // of `values`; "x raw": ratios to the raw C semaphore
  bool more_is_better = false;
  std::vector<Point> points;   // in order of time, of this line
  std::vector<double> values;  // one a point
  std::vector<ChangePoint> changes;
};

// Sorted by machine, implementation and quantity; with their change points. With `ratios`, a line that has ratios at all
// is of these, which other machines' noise moves less, and sessions without are left out of it. A quantity whose unit
// has changed is two lines.
std::vector<Line> LinesOf(const std::vector<Point>& points, bool ratios);

// "+28 % (worse)", "-3.5 % (better)".
std::string ChangeText(const Line& line, const ChangePoint& change);
// Four digits that count, and no exponent where it can be helped: "1.021", "23105", "0.0042".
std::string ShortNumber(double value);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_HISTORY_LINES_H_
