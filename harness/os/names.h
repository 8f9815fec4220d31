// SPDX-License-Identifier: MIT
// The names of signals and errors, as the transcript language and reports write them.
#ifndef LOCKSTEP_HARNESS_OS_NAMES_H_
#define LOCKSTEP_HARNESS_OS_NAMES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

// "SIGKILL" for 9; "signal 64" for one without a name here.
std::string SignalName(int number);
std::optional<int> SignalNumber(std::string_view name);

// "ENOENT" for 2; "errno 999" for one without a name here.
std::string ErrnoName(int number);
std::optional<int> ErrnoNumber(std::string_view name);

// For suggestions.
std::vector<std::string> SignalNames();
std::vector<std::string> ErrnoNames();

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_NAMES_H_
