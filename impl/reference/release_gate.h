// SPDX-License-Identifier: MIT
//
// What makes "read the value, compare, post" one step among the threads of a process. Not
// installed.
#ifndef LOCKSTEP_IMPL_REFERENCE_RELEASE_GATE_H_
#define LOCKSTEP_IMPL_REFERENCE_RELEASE_GATE_H_

#include <atomic>
#include <cstdint>

namespace semlock::internal {

// A lock for a section of two non-blocking calls. CPython's interpreter lock keeps two threads that
// release one semaphore from both finding it below its maximum; without it, this does. One gate
// serves every object on the same sem_t, since the bound is the semaphore's.
//
// It is not a mutex, because a fork must not leave a child with a gate that a thread of its parent
// had closed: each process has a generation number, and a gate closed by another generation is
// taken over. Free, it costs one atomic exchange at either end. Not recursive, and not for signal
// handlers. Any thread may use it; a waiter's wait is bounded by the section of the one inside.
class ReleaseGate {
 public:
  ReleaseGate() = default;
  ReleaseGate(const ReleaseGate&) = delete;
  ReleaseGate& operator=(const ReleaseGate&) = delete;

  // The gate for the semaphore at `address`: one of a fixed number, which live for ever. Semaphores
  // may share one, at the price of rare waits.
  static ReleaseGate* For(const void* address);

  void Enter();
  void Leave();

 private:
  void EnterSlowly();

  // 0: open. Otherwise the generation of the process that closed it, and kWaiters if somebody has
  // gone to sleep over it. A line of its own, lest neighbours slow each other down.
  alignas(64) std::atomic<std::uint32_t> word_{0};
};

// Holds a gate for a scope.
class InsideGate {
 public:
  explicit InsideGate(ReleaseGate& gate) : gate_(gate) { gate_.Enter(); }
  ~InsideGate() { gate_.Leave(); }
  InsideGate(const InsideGate&) = delete;
  InsideGate& operator=(const InsideGate&) = delete;

 private:
  ReleaseGate& gate_;
};

}  // namespace semlock::internal

#endif  // LOCKSTEP_IMPL_REFERENCE_RELEASE_GATE_H_
