// SPDX-License-Identifier: MIT
// `lockstep bench IMPL…`: every quantity of every entrant, repetition by repetition, for a time.
#ifndef LOCKSTEP_BENCH_LATENCY_SURVEY_H_
#define LOCKSTEP_BENCH_LATENCY_SURVEY_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/latency/arena.h"
#include "bench/session/session.h"

namespace lockstep::bench {

struct SurveyOptions {
  nanoseconds time{};  // no repetition is begun after it, but for the first kLeastSurveyed
  std::vector<Quantity> quantities;
  std::optional<std::size_t> unit;  // the entrant whose values are the common unit, if there is one
  std::vector<std::size_t> about;   // the entrants that it is about; when none of them can be measured it ends
};
constexpr std::size_t kLeastSurveyed = 3;

// Names of the counts among the series (Counts).
constexpr const char* kSyscallsName = "system-calls/free";
constexpr const char* kFutexesName = "futex-calls/hand-over";
constexpr const char* kSwitchesName = "voluntary-switches/hand-over";

struct Survey {
  std::vector<Series> series;  // by entrant, then by quantity; those that were measured
  std::size_t repetitions = 0;
  nanoseconds wall{};
};

// `progress` is called after each repetition. Entrants that fail are left out from then on (Arena::trouble).
Survey Measure(Arena& arena, const SurveyOptions& options, const std::function<void(const Survey&)>& progress);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_LATENCY_SURVEY_H_
