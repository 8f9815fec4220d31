// SPDX-License-Identifier: MIT
//
// The synchronisation types of libsemlock as the adapter wants them.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_REFERENCE_SYNC_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_REFERENCE_SYNC_H_

#include <memory>

#include "sync.h"

namespace lockstep::adapter {

std::unique_ptr<SyncTypes> MakeReferenceSyncTypes();

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_REFERENCE_SYNC_H_
