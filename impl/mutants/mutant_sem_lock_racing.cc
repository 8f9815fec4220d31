// SPDX-License-Identifier: MIT
// The defects of MutantSemLock by which the threads of a process race for an object's words: the
// order of two stores, or an addition in two steps.
#include <pthread.h>

#include <cerrno>

#include "defect.h"
#include "interposition.h"
#include "mutant_sem_lock.h"
#include "racing_semaphore.h"

namespace lockstep::mutants {

using adapter::None;
using adapter::Outcome;
using adapter::Raised;

// The reference's object is a semaphore then, and owner and count of the mutex are kept here.
bool MutantSemLock::KeepsOwnOwner() const {
  return given_.kind == kRecursiveMutex &&
         (Is("owner-stored-late") || Is("counted-down-after-post"));
}

bool MutantSemLock::OwnsByOwnOwner() const {
  return racing_count_ > 0 && racing_owner_ == pthread_self();
}

void MutantSemLock::TakeByOwnOwner() {
  if (Is("owner-stored-late")) {
    // Who owned it before finds its own mark meanwhile.
    ++racing_count_;
    Linger();
    racing_owner_ = pthread_self();
    return;
  }
  racing_owner_ = pthread_self();
  ++racing_count_;
}

Outcome<None> MutantSemLock::ReleaseByOwnOwner() {
  if (!OwnsByOwnOwner()) {
    return Raised{"AssertionError", "attempt to release recursive lock not owned by thread", {}};
  }
  if (racing_count_ > 1) {
    --racing_count_;
    return None{};
  }
  const bool late = Is("counted-down-after-post");
  if (!late) --racing_count_;
  const bool posted = sem_post(SemaphoreOf(*inner_)) == 0;
  const int errno_value = errno;
  if (posted && late) {
    Linger();
    --racing_count_;
  }
  if (!posted && !late) ++racing_count_;
  if (!posted) return OsError(errno_value);
  return None{};
}

void MutantSemLock::CountInTwoSteps(int change) {
  if (!Is("count-raced")) return;
  const int seen = racing_count_;
  Linger();
  racing_count_ = seen + change;
}

}  // namespace lockstep::mutants
