// SPDX-License-Identifier: MIT
//
// How a named semaphore is made and let go, step by step, for the defects that show when a step
// fails, when the process dies between two, or when two do it at once.
#ifndef LOCKSTEP_IMPL_MUTANTS_LIBC_CREATION_H_
#define LOCKSTEP_IMPL_MUTANTS_LIBC_CREATION_H_

#include <semaphore.h>
#include <sys/types.h>

#include <string>

namespace lockstep::mutants {

// Whether the active defect is one of how a semaphore is made.
bool CreatesStepwise();

// As sem_open() with O_CREAT and O_EXCL: SEM_FAILED and errno if it fails.
sem_t* CreateStepwise(const std::string& name, mode_t mode, unsigned value);

// The file of a semaphore.
std::string PathOf(const std::string& name);

// Of the defect by which the uses of a mapping are counted in two steps: to be called with each
// semaphore that was opened, and instead of sem_close().
void CountMapping(const sem_t* semaphore);
int CloseCounted(sem_t* semaphore);

}  // namespace lockstep::mutants

#endif  // LOCKSTEP_IMPL_MUTANTS_LIBC_CREATION_H_
