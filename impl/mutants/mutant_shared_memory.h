// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_MUTANTS_MUTANT_SHARED_MEMORY_H_
#define LOCKSTEP_IMPL_MUTANTS_MUTANT_SHARED_MEMORY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "implementation.h"

namespace lockstep::mutants {

// Implementation::OpenSharedMemory() of `reference`, with the active defect around it.
adapter::Outcome<std::unique_ptr<adapter::SharedMemory>> OpenMutantSharedMemory(
    adapter::Implementation& reference, const std::optional<std::string>& name, bool create,
    std::int64_t size);

}  // namespace lockstep::mutants

#endif  // LOCKSTEP_IMPL_MUTANTS_MUTANT_SHARED_MEMORY_H_
