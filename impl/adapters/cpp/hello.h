// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_HELLO_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_HELLO_H_

#include <optional>
#include <string>

#include "adapter.h"
#include "implementation.h"

namespace lockstep::adapter {

// The first line of the calling thread's actor, '\n' included: everything, as the first actor of a
// program says it. `raised` is what rebuilding its objects raised, for a spawned process.
std::string FullHello(const AdapterInfo& info, const std::optional<Raised>& raised);

// The same for an actor that was forked or is a thread: protocol, pid and tid.
std::string ShortHello();

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_HELLO_H_
