// SPDX-License-Identifier: MIT
//
// The environment variables of an adapter.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_ENVIRONMENT_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_ENVIRONMENT_H_

namespace lockstep::adapter {

// The channel, as DIR/NAME. The harness sets it, and an adapter for what it spawns.
inline constexpr char kChannelVariable[] = "LOCKSTEP_CHANNEL";

// The objects to rebuild, as rebuild.h describes them. Only an adapter sets it, for its own kind.
inline constexpr char kObjectsVariable[] = "LOCKSTEP_OBJECTS";

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_ENVIRONMENT_H_
