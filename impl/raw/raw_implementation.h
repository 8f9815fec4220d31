// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_RAW_RAW_IMPLEMENTATION_H_
#define LOCKSTEP_IMPL_RAW_RAW_IMPLEMENTATION_H_

#include <memory>

#include "implementation.h"

namespace lockstep::adapter {

// POSIX's named semaphores with nothing around them: kind and maxvalue are kept and mean nothing, nobody owns a
// permit, nothing counts, and a release always posts.
std::unique_ptr<Implementation> MakeRawImplementation();

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_RAW_RAW_IMPLEMENTATION_H_
