// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_TIMED_WAIT_H_
#define LOCKSTEP_HARNESS_OS_TIMED_WAIT_H_

#include "harness/os/clock.h"

namespace lockstep {

// The C library's own sem_timedwait on a semaphore that nobody posts. Blocks for `wait`, and for as
// long as the machine is late.
void WaitOnASemaphoreFor(nanoseconds wait);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_TIMED_WAIT_H_
