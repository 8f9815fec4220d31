// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_DESCRIPTOR_LIMIT_H_
#define LOCKSTEP_HARNESS_OS_DESCRIPTOR_LIMIT_H_

#include <sys/resource.h>

namespace lockstep {

// Raises this process's soft limit of descriptors to the hard one: a worker holds some 16, and a
// big machine has many. What adapters are started with stays the limit that was there before.
void RaiseDescriptorLimit();
// The limit before RaiseDescriptorLimit, or now if it was never called.
rlimit OriginalDescriptorLimit();

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_DESCRIPTOR_LIMIT_H_
