// SPDX-License-Identifier: MIT
//
// The whole of libsemlock.
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_SEMLOCK_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_SEMLOCK_H_

#include "semlock/barrier.h"         // IWYU pragma: export
#include "semlock/condition.h"       // IWYU pragma: export
#include "semlock/event.h"           // IWYU pragma: export
#include "semlock/interrupt_hook.h"  // IWYU pragma: export
#include "semlock/locks.h"           // IWYU pragma: export
#include "semlock/result.h"          // IWYU pragma: export
#include "semlock/sem_lock.h"        // IWYU pragma: export
#include "semlock/shared_memory.h"   // IWYU pragma: export

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_SEMLOCK_H_
