// SPDX-License-Identifier: MIT
//
// A second semaphore of our own on the 32 bytes of a sem_t, for the defects that one step after the
// other does not show: each needs two at once, a signal, a death or a failed system call.
#ifndef LOCKSTEP_IMPL_MUTANTS_RACING_SEMAPHORE_H_
#define LOCKSTEP_IMPL_MUTANTS_RACING_SEMAPHORE_H_

#include <semaphore.h>
#include <time.h>

namespace lockstep::mutants {

// Whether the active defect is one of this algorithm.
bool UsesRacingSemaphore();

// As sem_post(), sem_trywait(), and sem_wait() or sem_timedwait() of a valid deadline: 0, or -1 and
// errno.
int RacingPost(sem_t* semaphore);
int RacingTryWait(sem_t* semaphore);
int RacingWait(sem_t* semaphore, const timespec* deadline);

// Makes a window of a few instructions one of about a microsecond: enough for a load of two
// processors to meet within seconds, and nothing to a test that takes one step after the other.
void Linger();

}  // namespace lockstep::mutants

#endif  // LOCKSTEP_IMPL_MUTANTS_RACING_SEMAPHORE_H_
