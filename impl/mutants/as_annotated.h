// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_MUTANTS_AS_ANNOTATED_H_
#define LOCKSTEP_IMPL_MUTANTS_AS_ANNOTATED_H_

#include <memory>

#include "implementation.h"

namespace lockstep::mutants {

// A SemLock as a porter writes it from a page that has the outline of semaphore.c and none of its
// corners: acquire(blocking, timeout=-1.0), no recursion, no owner, no count, no bound, and what
// the C library says is not looked at. It has no shared memory.
std::unique_ptr<adapter::Implementation> MakeAsAnnotated();

}  // namespace lockstep::mutants

#endif  // LOCKSTEP_IMPL_MUTANTS_AS_ANNOTATED_H_
