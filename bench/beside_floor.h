// SPDX-License-Identifier: MIT
// A benchmark of Google Benchmark's that measures its floor in the same run, in turns with itself.
#ifndef LOCKSTEP_BENCH_BESIDE_FLOOR_H_
#define LOCKSTEP_BENCH_BESIDE_FLOOR_H_

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "bench/paired_times.h"
#include "harness/os/clock.h"

namespace lockstep::bench {

// How long `calls` calls of `call` take, ns; at least 1, so that a ratio to it can be had.
template <class Call>
double TimeNs(int calls, Call&& call) {
  const std::int64_t before = MonotonicNs();
  for (int i = 0; i < calls; ++i) call();
  return static_cast<double>(std::max<std::int64_t>(MonotonicNs() - before, 1));
}

// What BesideFloor() wants, of something that can be called at any time.
template <class Call>
auto Batch(Call call) {
  return [call = std::move(call)](int calls) mutable { return TimeNs(calls, call); };
}

// Writes what was found into the counters of the benchmark.
inline void Report(benchmark::State& state, const PairedTimes& times, double unit_ns, const char* unit) {
  state.counters[std::string("median_") + unit] = times.measured_ns() / unit_ns;
  state.counters[std::string("floor_") + unit] = times.floor_ns() / unit_ns;
  state.counters["x_floor"] = times.x_floor();
}

// The body of a benchmark with UseManualTime(). `measured(calls)` and `floor(calls)` each do so many calls
// and return how long these took, ns. Pairs of batches alternate: measured, floor; floor, measured; and so
// on. An iteration is one call. A batch should last some 20 µs: long beside the two readings of the clock,
// short beside a time slice.
template <class Measured, class Floor>
void BesideFloor(benchmark::State& state, const char* floor_is, int calls, Measured measured, Floor floor) {
  PairedTimes times;
  // Pages, caches and branch predictors come first.
  measured(calls);
  floor(calls);
  bool floor_first = false;
  while (state.KeepRunningBatch(calls)) {
    double floor_ns = 0;
    if (floor_first) floor_ns = floor(calls);
    const double measured_ns = measured(calls);
    if (!floor_first) floor_ns = floor(calls);
    floor_first = !floor_first;
    state.SetIterationTime(measured_ns / 1e9);
    times.Add(measured_ns / calls, floor_ns / calls);
  }
  Report(state, times, 1, "ns");
  state.SetLabel(std::string("floor: ") + floor_is);
}

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_BESIDE_FLOOR_H_
