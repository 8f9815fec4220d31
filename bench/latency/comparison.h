// SPDX-License-Identifier: MIT
// `lockstep bench CANDIDATE --against BASELINE`: measures until each quantity is decided, or the time is over.
//
// What looks slower or faster is measured again, from nothing, with as many repetitions: only what is seen twice counts.
// A quantity that is decided is measured no more, so that the time goes to the others.
#ifndef LOCKSTEP_BENCH_LATENCY_COMPARISON_H_
#define LOCKSTEP_BENCH_LATENCY_COMPARISON_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/latency/arena.h"
#include "bench/latency/judgement.h"

namespace lockstep::bench {

struct ComparisonOptions {
  nanoseconds time{};  // no repetition is begun after it
  JudgementRules rules;
  std::vector<Quantity> quantities;
  // Of a baseline that is stored: the logarithms of its values over the common unit's, by quantity. The arena's entrants
  // are then candidate, unit and the unit's copy, else candidate, baseline and the baseline's copy.
  std::map<std::string, std::vector<double>> stored;
};

// What was measured of one quantity, one value a repetition each, and what follows.
struct Compared {
  Quantity quantity;
  std::vector<std::vector<double>> values;  // of each of the arena's three entrants
  std::vector<Histogram> samples;           // of each entrant
  std::size_t begin = 0;  // the first repetition that the judgement is of: where the second time begins
  Judgement judgement;
  double u_test_p = 1;  // what a U-test of the values says, as if they were not paired; with a stored baseline 1
  bool decided = false;   // the judgement is its last: the same, or seen twice
};

struct Comparison {
  PerformanceVerdict verdict = PerformanceVerdict::kInconclusive;  // slower if any quantity is; see below
  std::vector<Compared> quantities;
  bool stored = false;  // the second entrant is no baseline, but the unit that a stored one was measured with, too
  std::vector<std::string> left_out;  // "fork-rebuild: mine has no capability fork"
  std::string trouble;  // why it could not be measured to the end; empty: it was
  nanoseconds wall{};
};

// `arena` has three entrants. `progress` is called after each repetition.
//
// The verdict of all: slower if any quantity is slower; else inconclusive if any is, or none was compared; else faster if
// any is; else same.
Comparison Compare(Arena& arena, const ComparisonOptions& options, const std::function<void(const Comparison&)>& progress);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_LATENCY_COMPARISON_H_
