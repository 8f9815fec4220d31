// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_SCENARIO_PYTHON_SCRIPT_H_
#define LOCKSTEP_HARNESS_SCENARIO_PYTHON_SCRIPT_H_

#include <string>

#include "harness/os/result.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

// The scenario as one Python 3.8+ script that needs nothing but the standard library: for a bug
// report. It performs the steps that apply to `platform`, prints the transcript with actual
// outcomes, and exits 1 at the first that is not as expected. A scenario that no such script can do
// (a machine's /dev/shm, an operation that Python lacks) is an Error.
Result<std::string> ToPythonScript(const Scenario& scenario, const Platform& platform);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_SCENARIO_PYTHON_SCRIPT_H_
