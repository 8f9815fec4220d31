// SPDX-License-Identifier: MIT
// What was measured, for a person at a terminal, and for tools that read Google Benchmark's JSON.
#ifndef LOCKSTEP_REPORTS_MEASUREMENTS_H_
#define LOCKSTEP_REPORTS_MEASUREMENTS_H_

#include <string>

#include "bench/latency/comparison.h"
#include "bench/session/session.h"

namespace lockstep::reports {

// "12.6 ns", "4.31 µs", "33.4 ms"; of unit "pairs/s" "2.31 M/s"; of none the number.
std::string MeasureText(double value, const std::string& unit);

// "1.21×".
std::string RatioText(double ratio);

struct SessionTextOptions {
  std::size_t width = 100;  // columns; implementations that do not fit side by side follow below
  bool percentiles = false;  // and p50, p90, p99, p99.9 of single calls and hand-overs
};

// Tables of quantities by implementations: the median over the repetitions, and how many times the unit's it is.
std::string SessionText(const bench::SessionRecord& session, const SessionTextOptions& options);

// A row a quantity: the change, its interval, the verdict, and how small a change would have been seen.
std::string ComparisonText(const bench::Comparison& comparison);

// A line of JSON that follows the session's in its file (bench/session/FORMAT.md): {"kind": "comparison", …}.
std::string ComparisonJson(const std::string& session, const bench::Comparison& comparison);

// As Google Benchmark writes it with --benchmark_format=json: each repetition an entry of run type "iteration" named
// IMPLEMENTATION/QUANTITY, then mean, median and standard deviation. All in ns; of contended quantities
// the time a pair, and items a second beside it. Plain numbers (fairness, counts) have no place there.
std::string GoogleBenchmarkJson(const bench::SessionRecord& session);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_MEASUREMENTS_H_
