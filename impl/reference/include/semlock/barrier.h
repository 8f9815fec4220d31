// SPDX-License-Identifier: MIT
//
// CPython 3.14's multiprocessing.Barrier for C++: the rules of Lib/threading.py: Barrier, on the
// condition and the shared state of Lib/multiprocessing/synchronize.py: Barrier.
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_BARRIER_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_BARRIER_H_

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "semlock/condition.h"
#include "semlock/interrupt_hook.h"
#include "semlock/result.h"

namespace semlock {

// What a barrier does each time that all have come, before it lets them pass. Called with the lock
// held, on the thread and in the process that came last. An error breaks the barrier and is what
// that Wait() returns. It must neither throw nor use the barrier.
using BarrierAction = std::function<Result<void>()>;

// A place where `parties` threads, of one process or of several, wait for each other.
//
// The state and the number of those inside are in shared memory without a name: a barrier is shared
// by being inherited over fork() and in no other way. Threads, moving and hooks are Condition's.
// Whoever comes while the last round's are still leaving, or are being thrown out, waits for them
// first, whatever the timeout.
class Barrier {
 public:
  // `action` may be empty; `timeout_s`, in seconds, is what Wait() uses when it is given none.
  // `parties` is not checked: at a barrier for less than one nobody ever passes, as in
  // multiprocessing.Barrier (threading.Barrier refuses it). Does not block. kOsError: mmap()'s
  // errno, or Condition::Create()'s errors. (Barrier.__init__)
  static Result<Barrier> Create(int parties, BarrierAction action = nullptr,
                                std::optional<double> timeout_s = std::nullopt);

  // Waits until all have come: a number from 0 to parties - 1 that is different for each, in the
  // order of coming. kBrokenBarrierError, always without a message: the barrier is broken, or it
  // was broken or reset meanwhile, or the time was over, which breaks it for the others too.
  // Otherwise the errors are those of Condition::Wait(), and of the action. A call that its hook
  // abandons steps back and leaves the barrier whole. (Barrier.wait)
  Result<int> Wait(std::optional<double> timeout_s = std::nullopt, InterruptHook hook = {});

  // Empties the barrier, mends it if it was broken, and has those who wait raise
  // kBrokenBarrierError. Errors: those of Condition::Notify(). (Barrier.reset)
  Result<void> Reset(InterruptHook hook = {});

  // Breaks the barrier: whoever waits or comes raises kBrokenBarrierError until a Reset(). Errors
  // as above. (Barrier.abort)
  Result<void> Abort(InterruptHook hook = {});

  // How many it is for, how many wait, and whether it is broken. The last two take no lock, and may
  // be out of date at once.
  int parties() const { return parties_; }
  int n_waiting() const;
  bool broken() const;

  // For a forked child: Condition::AfterFork().
  void AfterFork() { condition_.AfterFork(); }

  const Condition& condition() const { return condition_; }

 private:
  struct Shared;
  struct Unmap {
    void operator()(Shared* shared) const noexcept;
  };
  using SharedPointer = std::unique_ptr<Shared, Unmap>;

  Barrier(int parties, BarrierAction action, std::optional<double> timeout_s, Condition condition,
          SharedPointer shared)
      : parties_(parties),
        action_(std::move(action)),
        timeout_s_(timeout_s),
        condition_(std::move(condition)),
        shared_(std::move(shared)) {}

  static Result<SharedPointer> MapShared();

  bool IsEmptying() const;
  Result<void> Enter(InterruptHook hook);
  Result<void> Open(InterruptHook hook);
  Result<void> AwaitOpening(std::optional<double> timeout_s, InterruptHook hook);
  Result<void> Leave(InterruptHook hook);
  Result<void> Break(InterruptHook hook);

  int parties_;
  BarrierAction action_;
  std::optional<double> timeout_s_;
  Condition condition_;
  SharedPointer shared_;
};

}  // namespace semlock

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_BARRIER_H_
