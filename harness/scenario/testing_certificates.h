// SPDX-License-Identifier: MIT
// The transcripts that the language was made for: they are read, and pass on the reference and on a
// CPython.
#ifndef LOCKSTEP_HARNESS_SCENARIO_TESTING_CERTIFICATES_H_
#define LOCKSTEP_HARNESS_SCENARIO_TESTING_CERTIFICATES_H_

namespace lockstep {

struct Certificate {
  const char* name;
  const char* steps;
};

inline constexpr Certificate kCertificates[] = {
    {"AChildInheritsOwnership", R"(
p   s = SemLock(RECURSIVE_MUTEX, 1, 1, NAME, unlink=True)
p   s.acquire()              -> True
p   fork c
c   s._count()               -> 1
c   s._is_mine()             -> True
c   s._after_fork()          -> None
c   s._is_mine()             -> False
c   s.acquire(timeout=0.05)  -> False after 50ms
c   s.release()              raises AssertionError: attempt to release recursive lock not owned by thread
p   s.release()              -> None
c   s.acquire()              -> True
)"},
    {"TwoWaitersOnePost", R"(
p s = SemLock(SEMAPHORE, 0, 2, NAME, True)
p fork a
p fork b
a s.acquire() -> blocked
b s.acquire() -> blocked
p s.release() -> None
a|b returns True as w, other l
l still blocked
p s.release() -> None
l returns True
)"},
    {"AKilledHolder", R"(
p s = SemLock(RECURSIVE_MUTEX, 1, 1, NAME, False)
p fork h
p fork w
h s.acquire() -> True
w s.acquire() -> blocked
kill h SIGKILL
h died SIGKILL
w still blocked
left NAME
)"},
    {"EintrKeepsTheDeadline", R"(
p s = SemLock(SEMAPHORE, 0, 1, NAME, True)
p on SIGUSR1 return
p s.acquire(timeout=0.3) -> blocked
signal p SIGUSR1
p handled SIGUSR1
p still blocked
p returns False after 300ms
)"},
    {"Contention", R"(
p s = SemLock(SEMAPHORE, 3, 3, NAME, True)
p fork w[1..8]
together { w[*] hammer s 1000 }
hammer: entries 8000, inside <= 3, value 3
)"},
    {"NoRoom", R"(
machine shm size=4K inodes=8 full
p SemLock(SEMAPHORE, 1, 1, NAME, True) raises OSError ENOSPC
)"},
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_SCENARIO_TESTING_CERTIFICATES_H_
