// SPDX-License-Identifier: MIT
#include "harness/os/timed_wait.h"

#include <semaphore.h>
#include <time.h>

#include <cerrno>

namespace lockstep {

void WaitOnASemaphoreFor(nanoseconds wait) {
  sem_t semaphore;
  ::sem_init(&semaphore, 0, 0);
  timespec deadline{};
  ::clock_gettime(CLOCK_REALTIME, &deadline);
  constexpr long kNsPerSecond = 1'000'000'000;
  const long ns = deadline.tv_nsec + wait.count() % kNsPerSecond;
  deadline.tv_sec += wait.count() / kNsPerSecond + ns / kNsPerSecond;
  deadline.tv_nsec = ns % kNsPerSecond;
  while (::sem_timedwait(&semaphore, &deadline) != 0 && errno == EINTR) {
  }
  ::sem_destroy(&semaphore);
}

}  // namespace lockstep
