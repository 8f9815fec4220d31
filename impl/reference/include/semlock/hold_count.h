// SPDX-License-Identifier: MIT
//
// How often an object holds its semaphore. A part of SemLock, and here only because it is a member
// of it: nothing to be used by itself.
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_HOLD_COUNT_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_HOLD_COUNT_H_

#include <atomic>
#include <cstdint>

namespace semlock::internal {

// A number that most often one and the same thread changes, for which that costs no locked
// instruction: the first thread that calls Add() is the home thread from then on, and has a word
// that nobody else writes to. All others add to a second word, atomically, and the count is the
// sum.
//
// Threads: any number of them may call Add() and Get() at once; each takes effect at one instant.
// Who sees a change sees what happened before it. A thread is what SemLock takes for one (its
// pthread_t), and not 0. When the home thread has ended, a new thread may be given its identity; it
// then goes on with its word, which it sees as it was left, since no two living threads share one.
//
// Processes: a forked child has a copy. If the thread that forked was not the home thread, that one
// is gone there, and others add to the second word.
class HoldCount {
 public:
  HoldCount() = default;

  // Copies need `other` to themselves. A copy has no home thread yet.
  HoldCount(const HoldCount& other) : home_word_(static_cast<std::uint32_t>(other.Get())) {}
  HoldCount& operator=(const HoldCount& other) {
    const int count = other.Get();
    Clear();
    home_.store(0, std::memory_order_relaxed);
    home_word_.store(static_cast<std::uint32_t>(count), std::memory_order_relaxed);
    return *this;
  }

  int Get() const {
    for (;;) {
      // If the second word, which comes back to no former state, has not changed around the look at
      // the first, this is the sum at that look. A repetition takes a change by another thread.
      const std::uint64_t before = other_word_.load(std::memory_order_acquire);
      const std::uint32_t home = home_word_.load(std::memory_order_acquire);
      const std::uint64_t after = other_word_.load(std::memory_order_relaxed);
      if (before == after) return static_cast<int>(home + static_cast<std::uint32_t>(after));
    }
  }

  // Adds `change`, 1 or -1, in the name of the calling thread.
  void Add(int change, std::uintptr_t thread) {
    const std::uintptr_t home = home_.load(std::memory_order_relaxed);
    if (home == thread || (home == 0 && MakeHome(thread))) {
      AddAlone(change);
    } else {
      other_word_.fetch_add(kOneChange + static_cast<std::uint64_t>(std::int64_t{change}),
                            std::memory_order_release);
    }
  }

  // The same for a count that only ever changes in this way and by one thread at a time, each of
  // which sees what the former did. There is no home thread then. Calls that overlap all the same
  // may lose a change.
  void AddAlone(int change) {
    const std::uint32_t before = home_word_.load(std::memory_order_relaxed);
    home_word_.store(before + static_cast<std::uint32_t>(change), std::memory_order_release);
  }

  // Back to 0. What others add at the same time may be lost, or the call be without effect.
  void Clear() {
    home_word_.store(0, std::memory_order_relaxed);
    other_word_.store(0, std::memory_order_relaxed);
  }

 private:
  // What each change adds beside itself, so that the second word is in no state twice (within 2^30
  // changes): the lower half has the count, and may carry into the upper one or borrow from it.
  static constexpr std::uint64_t kOneChange = std::uint64_t{1} << 33;

  bool MakeHome(std::uintptr_t thread) {
    std::uintptr_t none = 0;
    return home_.compare_exchange_strong(none, thread, std::memory_order_relaxed);
  }

  // Sums wrap around: where one thread acquires and another releases, either word goes far beyond
  // the count.
  std::atomic<std::uintptr_t> home_{0};
  std::atomic<std::uint32_t> home_word_{0};
  std::atomic<std::uint64_t> other_word_{0};
};

}  // namespace semlock::internal

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_HOLD_COUNT_H_
