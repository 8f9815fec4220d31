// SPDX-License-Identifier: MIT
//
// Stands in for the C library's clock and thread identity, as the reference calls them.
#include <pthread.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "defect.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names, for --wrap
extern "C" {

int __real_gettimeofday(timeval* now, void* zone);
pthread_t __real_pthread_self();

int __wrap_gettimeofday(timeval* now, void* zone) {
  using lockstep::mutants::Is;
  const bool monotonic = Is("timeout-of-clock-monotonic");
  if (!monotonic && !Is("deadline-from-coarse-clock")) {
    const int result = __real_gettimeofday(now, zone);
    if (Is("deadline-from-whole-seconds")) now->tv_usec = 0;
    return result;
  }
  timespec time{};
  const int result = clock_gettime(monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME_COARSE, &time);
  *now = {time.tv_sec, time.tv_nsec / 1000};
  return result;
}

pthread_t __wrap_pthread_self() {
  using lockstep::mutants::Is;
  if (Is("owner-is-process")) return static_cast<pthread_t>(getpid());
  if (Is("owner-is-kernel-thread")) return static_cast<pthread_t>(gettid());
  if (Is("owner-has-no-identity")) return 1;
  return __real_pthread_self();
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
