// SPDX-License-Identifier: MIT
//
// A semaphore of our own on the 32 bytes of a sem_t, for the defects of the algorithm itself. Value
// and waiters lie where glibc has them on 64-bit machines, so that sem_open(), sem_init() and
// sem_getvalue() are glibc's.
#ifndef LOCKSTEP_IMPL_MUTANTS_FUTEX_SEMAPHORE_H_
#define LOCKSTEP_IMPL_MUTANTS_FUTEX_SEMAPHORE_H_

#include <semaphore.h>
#include <time.h>

namespace lockstep::mutants {

// Whether the active defect is one of this algorithm.
bool UsesOwnSemaphore();

// As sem_post(), sem_trywait(), and sem_wait() or sem_timedwait(): 0, or -1 and errno.
int OwnPost(sem_t* semaphore);
int OwnTryWait(sem_t* semaphore);
int OwnWait(sem_t* semaphore, const timespec* deadline);

// How many wait; also of glibc's own semaphores.
int WaitersOf(const sem_t* semaphore);

}  // namespace lockstep::mutants

#endif  // LOCKSTEP_IMPL_MUTANTS_FUTEX_SEMAPHORE_H_
