// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_AFFINITY_H_
#define LOCKSTEP_HARNESS_OS_AFFINITY_H_

#include <sys/types.h>

#include <vector>

namespace lockstep {

// The CPUs that this process was allowed when it was first asked, in order; never empty.
const std::vector<int>& AllowedCpus();
// Pins one thread (0: the caller) to these CPUs. False when the kernel refuses, or the thread is
// gone.
bool PinThread(pid_t tid, const std::vector<int>& cpus);
// Asks for timers that fire within 1 ns of slack rather than 50 µs, for the calling thread.
void AskForPreciseTimers();

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_AFFINITY_H_
