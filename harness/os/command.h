// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_COMMAND_H_
#define LOCKSTEP_HARNESS_OS_COMMAND_H_

#include <string>
#include <vector>

#include "harness/os/clock.h"
#include "harness/os/result.h"

namespace lockstep {

struct CommandOutput {
  int status = 0;      // as waitpid gives it
  std::string output;  // standard output, 1 MiB at most
};

// Runs a short command of the harness's own (asking an interpreter for its version), with no
// standard input and standard error thrown away, in a process group of its own. Blocks until it
// ends; kills the group after `limit`, which is an Error. `environment`: "NAME=value".
Result<CommandOutput> RunCommand(const std::vector<std::string>& argv,
                                 const std::vector<std::string>& environment, nanoseconds limit);

// Where a command is on PATH; empty if nowhere. One that has a slash is looked at as it is.
std::string FindOnPath(const std::string& command);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_COMMAND_H_
