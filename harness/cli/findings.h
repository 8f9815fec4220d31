// SPDX-License-Identifier: MIT
// What a machine lacks for a run: `doctor` tells it, and a run stores it beside its results.
#ifndef LOCKSTEP_HARNESS_CLI_FINDINGS_H_
#define LOCKSTEP_HARNESS_CLI_FINDINGS_H_

#include <string>
#include <vector>

#include "harness/scenario/scenario.h"

namespace lockstep {

struct Finding {
  bool well = true;
  std::string what;
  std::string cost = "";  // when not well
  std::string mend = "";
  std::string without_root = "";  // what an ordinary user can do instead; empty: nothing
};

// /dev/shm, namespaces, /proc/PID/syscall, ptrace, CPUs; `all` scenarios, of which some need what may be lacking.
// Starts some processes, and ends them: some ms.
std::vector<Finding> LookAtMachine(const std::vector<Scenario>& all);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_CLI_FINDINGS_H_
