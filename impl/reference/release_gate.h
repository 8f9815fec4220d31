// SPDX-License-Identifier: MIT
//
// What makes "read the value, compare, post" one step among the threads of a process. Not
// installed.
#ifndef LOCKSTEP_IMPL_REFERENCE_RELEASE_GATE_H_
#define LOCKSTEP_IMPL_REFERENCE_RELEASE_GATE_H_

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define LOCKSTEP_SEMLOCK_KNOWS_SINGLE_THREADED
#endif

#include <atomic>
#include <cstdint>

namespace semlock::internal {

// Whether this process has one thread only, so that a section needs no gate. It then stays so to
// the section's end: the one thread that could make a second is inside, where nothing makes any,
// and a signal handler may not (pthread_create() is not async-signal-safe). A thread that is made
// afterwards sees all that was done before. False if it is not known: under another libc than
// glibc, and for good once there was a second thread, in forked children too.
inline bool IsSingleThreaded() {
#ifdef LOCKSTEP_SEMLOCK_KNOWS_SINGLE_THREADED
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

// A lock for a section of two non-blocking calls. CPython's interpreter lock keeps two threads that
// release one semaphore from both finding it below its maximum; without it, this does. One gate
// serves every object on the same sem_t, since the bound is the semaphore's.
//
// It is not a mutex, because a fork must not leave a child with a gate that a thread of its parent
// had closed: each process has a generation number, and a gate closed by another generation is
// taken over. (A child of _Fork() or of a bare clone() passes for its parent: such a one must not
// release.) Free, it costs one atomic exchange, at the entrance; to leave is a store, which wakes
// nobody. So waiters look again and again: at once, then after giving up the processor, then after
// sleeps that grow to a millisecond, lest one of high priority keep the one inside from going on.
// Not recursive, and not for signal handlers. Any thread may use it.
class ReleaseGate {
 public:
  ReleaseGate() = default;
  ReleaseGate(const ReleaseGate&) = delete;
  ReleaseGate& operator=(const ReleaseGate&) = delete;

  // The gate for the semaphore at `address`: one of a fixed number, which live for ever. Semaphores
  // may share one, at the price of rare waits.
  static ReleaseGate* For(const void* address);

  void Enter() {
    std::uint32_t open = 0;
    const std::uint32_t mine = current_generation.load(std::memory_order_relaxed);
    if (!word_.compare_exchange_strong(open, mine, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
      EnterSlowly(mine);
    }
  }

  void Leave() { word_.store(0, std::memory_order_release); }

 private:
  static void BeginGeneration();

  [[gnu::noinline]] void EnterSlowly(std::uint32_t mine);

  // Never 0, which means open; they repeat after 2^32 nested forks.
  static std::atomic<std::uint32_t> current_generation;

  // 0: open. Otherwise the generation of the process that closed it. A line of its own, lest
  // neighbours slow each other down.
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
