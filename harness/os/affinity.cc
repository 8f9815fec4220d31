// SPDX-License-Identifier: MIT
#include "harness/os/affinity.h"

#include <sched.h>
#include <sys/prctl.h>

namespace lockstep {

const std::vector<int>& AllowedCpus() {
  static const std::vector<int> cpus = [] {
    std::vector<int> allowed;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
      for (int i = 0; i < CPU_SETSIZE; ++i) {
        if (CPU_ISSET(static_cast<std::size_t>(i), &set)) allowed.push_back(i);
      }
    }
    if (allowed.empty()) allowed.push_back(0);
    return allowed;
  }();
  return cpus;
}

bool PinThread(pid_t tid, const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
  return ::sched_setaffinity(tid, sizeof set, &set) == 0;
}

void AskForPreciseTimers() { ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

}  // namespace lockstep
