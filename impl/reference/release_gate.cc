// SPDX-License-Identifier: MIT
#include "release_gate.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace semlock::internal {
namespace {

constinit std::array<ReleaseGate, 64> gates;

// A gate is closed for some 10 ns, unless the one inside has lost its processor.
constexpr int kSpins = 100;
constexpr int kYields = 10;
constexpr long kShortestSleepNs = 10'000;
constexpr long kLongestSleepNs = 1'000'000;

}  // namespace

constinit std::atomic<std::uint32_t> ReleaseGate::current_generation{1};

void ReleaseGate::BeginGeneration() {
  const std::uint32_t next = current_generation.load(std::memory_order_relaxed) + 1;
  current_generation.store(next == 0 ? 1 : next, std::memory_order_relaxed);
}

ReleaseGate* ReleaseGate::For(const void* address) {
  // Once for the process and its children. If it fails for want of memory, only a child forked in
  // the middle of another thread's release could tell.
  [[maybe_unused]] static const int registered = pthread_atfork(nullptr, nullptr, &BeginGeneration);
  // Named semaphores lie at the start of a page, others may lie anywhere: a multiplication mixes
  // all bits into the highest (Knuth's golden ratio).
  const auto bits = reinterpret_cast<std::uintptr_t>(address);
  const std::uint64_t mixed = (static_cast<std::uint64_t>(bits) >> 3) * 0x9E3779B97F4A7C15U;
  return &gates[static_cast<std::size_t>(mixed >> 58)];
}

void ReleaseGate::EnterSlowly(std::uint32_t mine) {
  timespec sleep{0, kShortestSleepNs};
  for (int looks = 0;; ++looks) {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (seen != mine) {
      // Open, or closed by a thread that this process, being a fork, does not have.
      if (word_.compare_exchange_weak(seen, mine, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        return;
      }
      continue;
    }
    if (looks < kSpins) continue;
    if (looks < kSpins + kYields) {
      sched_yield();
      continue;
    }
    // A signal may cut it short, which only means to look earlier.
    nanosleep(&sleep, nullptr);
    sleep.tv_nsec = std::min(2 * sleep.tv_nsec, kLongestSleepNs);
  }
}

}  // namespace semlock::internal
