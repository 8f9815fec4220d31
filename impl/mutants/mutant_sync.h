// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_MUTANTS_MUTANT_SYNC_H_
#define LOCKSTEP_IMPL_MUTANTS_MUTANT_SYNC_H_

#include <memory>

#include "sync.h"

namespace lockstep::mutants {

// The types over SemLock that `reference` makes, with the active defect around them. It outlives
// them.
std::unique_ptr<adapter::SyncTypes> MakeMutantSyncTypes(adapter::SyncTypes& reference);

}  // namespace lockstep::mutants

#endif  // LOCKSTEP_IMPL_MUTANTS_MUTANT_SYNC_H_
