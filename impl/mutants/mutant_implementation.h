// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_MUTANTS_MUTANT_IMPLEMENTATION_H_
#define LOCKSTEP_IMPL_MUTANTS_MUTANT_IMPLEMENTATION_H_

#include <memory>

#include "implementation.h"

namespace lockstep::mutants {

// The reference with the active defect around it.
std::unique_ptr<adapter::Implementation> MakeMutantImplementation();

}  // namespace lockstep::mutants

#endif  // LOCKSTEP_IMPL_MUTANTS_MUTANT_IMPLEMENTATION_H_
