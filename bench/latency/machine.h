// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_BENCH_LATENCY_MACHINE_H_
#define LOCKSTEP_BENCH_LATENCY_MACHINE_H_

#include "bench/session/session.h"

namespace lockstep::bench {

// This machine. The fingerprint is of what decides how fast a semaphore is: processor, its microcode and clock governor,
// how many CPUs we may use, whether it is virtual, kernel, C library. Host names and the time since boot are no part of it.
Machine ThisMachine();

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_LATENCY_MACHINE_H_
