// SPDX-License-Identifier: MIT
// Whether a candidate is slower than a baseline, as far as paired repetitions can tell. Pure functions.
//
// Of each repetition there is one number, the logarithm of the candidate's value over the baseline's. The change is their
// median; how far it may be off a block bootstrap tells. A change counts when it is beyond a margin that no user would
// notice (3 %) and that grows with the noise (2.5 times the interquartile range over the root of the number of
// repetitions). Of many quantities some differ by accident: the false discovery rate is held (Benjamini and Hochberg).
// And two copies of the baseline must not differ, or the machine is to blame. bench/METHOD.md has the measured error rates.
#ifndef LOCKSTEP_BENCH_LATENCY_JUDGEMENT_H_
#define LOCKSTEP_BENCH_LATENCY_JUDGEMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "bench/statistics/statistics.h"

namespace lockstep::bench {

enum class PerformanceVerdict { kFaster, kSame, kSlower, kInconclusive };
const char* NameOf(PerformanceVerdict verdict);  // "faster", "same", "slower", "inconclusive"

// What was measured of one quantity, in the order of time. Positive logarithms are slower, whatever the unit.
struct Evidence {
  std::string quantity;
  std::vector<double> changes;  // of the candidate against the baseline of the same repetition; or, where `stored` is not
                                // empty, against the common unit
  std::vector<double> stored;   // of a baseline measured at another time, against the same unit
  std::vector<double> control;  // of the baseline's copy against the baseline; of the unit's, with a stored one
};

struct JudgementRules {
  double margin = 0.03;       // a change below it is none; of a stored baseline use 0.05
  double confidence = 0.99;   // of the intervals
  double discovery_rate = 0.01;
  std::uint64_t seed = 1;     // of the bootstraps
};

struct Judgement {
  std::string quantity;
  PerformanceVerdict verdict = PerformanceVerdict::kInconclusive;
  bool known = false;      // false: too few repetitions for what follows, but `why`
  double change = 0;       // 0.1: takes 10 % longer
  Interval interval;       // of the change
  double margin = 0;       // beyond which a change counts, here
  double smallest = 0;     // a change of this size would have been seen
  double control = 0;      // how much the baseline's copy differs from it
  std::string why;         // of kInconclusive
};

// One judgement each, in order. Fewer than kLeastRepetitions of any series are inconclusive.
constexpr std::size_t kLeastRepetitions = 8;
std::vector<Judgement> Judge(const std::vector<Evidence>& evidence, const JudgementRules& rules);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_LATENCY_JUDGEMENT_H_
