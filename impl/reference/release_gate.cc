// SPDX-License-Identifier: MIT
#include "release_gate.h"

#include <pthread.h>

#include <array>
#include <cstddef>

namespace semlock::internal {
namespace {

constexpr std::uint32_t kWaiters = 1;
// Generations are even, so that kWaiters has a bit of its own, and are never 0, which means open.
// They repeat after 2^31 nested forks.
constexpr std::uint32_t kGenerationStep = 2;

constinit std::atomic<std::uint32_t> current_generation{kGenerationStep};

constinit std::array<ReleaseGate, 64> gates;

// A gate is closed for some 10 ns: far less than it takes to go to sleep and be woken.
constexpr int kSpins = 100;

void BeginGeneration() {
  const std::uint32_t next = current_generation.load(std::memory_order_relaxed) + kGenerationStep;
  current_generation.store(next == 0 ? kGenerationStep : next, std::memory_order_relaxed);
}

std::uint32_t GenerationOf(std::uint32_t word) { return word & ~kWaiters; }

}  // namespace

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

void ReleaseGate::Enter() {
  std::uint32_t open = 0;
  const std::uint32_t mine = current_generation.load(std::memory_order_relaxed);
  if (!word_.compare_exchange_strong(open, mine, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
    EnterSlowly();
  }
}

void ReleaseGate::EnterSlowly() {
  const std::uint32_t mine = current_generation.load(std::memory_order_relaxed);
  // One who has slept closes the gate in the name of those who may sleep on, since it cannot know
  // of them. At worst a wake-up finds nobody.
  std::uint32_t closed = mine;
  for (int spins = 0;; ++spins) {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (seen == 0 || GenerationOf(seen) != mine) {
      // Open, or closed by a thread that this process, being a fork, does not have.
      if (word_.compare_exchange_weak(seen, closed, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        return;
      }
      continue;
    }
    if (spins < kSpins) continue;
    const std::uint32_t awaited = mine | kWaiters;
    if (seen != awaited && !word_.compare_exchange_weak(seen, awaited, std::memory_order_relaxed)) {
      continue;
    }
    word_.wait(awaited, std::memory_order_relaxed);
    closed = awaited;
  }
}

void ReleaseGate::Leave() {
  if ((word_.exchange(0, std::memory_order_release) & kWaiters) != 0) word_.notify_one();
}

}  // namespace semlock::internal
