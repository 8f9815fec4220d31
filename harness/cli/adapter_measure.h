// SPDX-License-Identifier: MIT
// `measure` of the adapter protocol, tried once each way.
#ifndef LOCKSTEP_HARNESS_CLI_ADAPTER_MEASURE_H_
#define LOCKSTEP_HARNESS_CLI_ADAPTER_MEASURE_H_

#include <string>

#include "harness/adapter/session.h"

namespace lockstep {

struct MeasureTrial {
  enum class End { kWell, kMissing, kWrong, kFailed };
  End end = End::kWell;
  std::string why;  // where it is not well: which measurement, and what came of it
};

// Tries each measurement that goes with the capabilities of hello, on an adapter that claims `measure`. Blocks for
// some ms; each call for 5 s at most. `prefix`: what the names of semaphores begin with.
MeasureTrial TryEachMeasurement(Session& session, const std::string& prefix);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_CLI_ADAPTER_MEASURE_H_
