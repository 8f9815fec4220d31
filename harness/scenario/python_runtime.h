// SPDX-License-Identifier: MIT
// The Python that generated scripts stand on: the texts of python_runtime.py and python_hammer.py,
// put in by the build.
#ifndef LOCKSTEP_HARNESS_SCENARIO_PYTHON_RUNTIME_H_
#define LOCKSTEP_HARNESS_SCENARIO_PYTHON_RUNTIME_H_

#include <string_view>

namespace lockstep {

// Actors, calls and what is expected of them.
std::string_view PythonRuntime();
// What hammers need besides.
std::string_view PythonHammer();

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_SCENARIO_PYTHON_RUNTIME_H_
