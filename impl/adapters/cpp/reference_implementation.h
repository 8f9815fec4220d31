// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_REFERENCE_IMPLEMENTATION_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_REFERENCE_IMPLEMENTATION_H_

#include <memory>

#include "implementation.h"

namespace lockstep::adapter {

// libsemlock, the reference implementation, as an adapter sees it.
std::unique_ptr<Implementation> MakeReferenceImplementation();

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_REFERENCE_IMPLEMENTATION_H_
