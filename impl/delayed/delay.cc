// SPDX-License-Identifier: MIT
#include "delay.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "reply.h"

namespace lockstep::delayed {
namespace {

using adapter::NowNs;

constexpr std::int64_t kBatch = 64;      // so that the fence between two costs less than 1 % of their pairs
constexpr std::int64_t kTurns = 2'000;   // of a burst: a tenth of a ms, short enough to be rarely interrupted
constexpr std::size_t kRounds = 201;     // of two bursts; their median is good to some tenths of a percent
constexpr int kMostSteps = 12;           // of the search: three are usual
constexpr double kGoodEnough = 0.003;    // of a delayed pair's time
constexpr std::int64_t kSpinsOfASample = 200'000;

// Until all that was begun is done.
void WaitForThePipeline() {
#if defined(__x86_64__) || defined(__i386__)
  __asm__ volatile("lfence" ::: "memory");
#elif defined(__aarch64__)
  __asm__ volatile("dsb sy\n\tisb" ::: "memory");
#else
  __asm__ volatile("" ::: "memory");
#endif
}

// A cycle each on most processors: every step needs the one before it.
[[gnu::noinline]] void Spin(std::int64_t spins) {
  for (; spins > 0; --spins) __asm__ volatile("" : "+r"(spins));
}

double MedianOf(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

// What a spin takes.
double SpinNs() {
  constexpr int kSamples = 11;
  double least_ns = 0;
  for (int i = 0; i < kSamples; ++i) {
    const std::int64_t begin_ns = NowNs();
    Spin(kSpinsOfASample);
    const auto took_ns = static_cast<double>(NowNs() - begin_ns) / static_cast<double>(kSpinsOfASample);
    least_ns = i == 0 ? took_ns : std::min(least_ns, took_ns);
  }
  return least_ns;
}

class NoInterrupts final : public adapter::Interrupts {
 public:
  bool RunHandlers() override { return false; }
};

struct Seen {
  double pair_ns = 0;
  double delayed_pair_ns = 0;
  double added_ns = 0;
  double ratio = 0;
};

// Bursts with and without the delay take turns, each first in every other round.
Seen Compare(adapter::SemLock& object, std::int64_t spins) {
  NoInterrupts interrupts;
  const auto time = [&](bool delayed) {
    const std::int64_t begin_ns = NowNs();
    if (delayed) {
      DelayedPairs(object, kTurns, spins, interrupts);
    } else {
      object.Repeat(adapter::Turn::kPair, kTurns, interrupts);
    }
    return static_cast<double>(NowNs() - begin_ns) / static_cast<double>(kTurns);
  };
  std::vector<double> without;
  std::vector<double> with;
  std::vector<double> added;
  std::vector<double> ratios;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const bool delayed_first = round % 2 == 1;
    const double first = time(delayed_first);
    const double second = time(!delayed_first);
    const auto [slow, plain] = delayed_first ? std::pair(first, second) : std::pair(second, first);
    without.push_back(plain);
    with.push_back(slow);
    added.push_back(slow - plain);
    ratios.push_back(slow / plain);
  }
  return {MedianOf(without), MedianOf(with), MedianOf(added), MedianOf(ratios)};
}

}  // namespace

adapter::Outcome<adapter::None> DelayedPairs(adapter::SemLock& object, std::int64_t turns, std::int64_t spins,
                                             adapter::Interrupts& interrupts) {
  // Of this thread: `until` has 16 turns at a time done.
  static thread_local std::int64_t undelayed = 0;
  for (std::int64_t left = turns; left > 0;) {
    // What is left beyond whole batches is part of the last one.
    const std::int64_t batch = left < 2 * kBatch ? left : kBatch;
    auto outcome = object.Repeat(adapter::Turn::kPair, batch, interrupts);
    if (!std::holds_alternative<adapter::None>(outcome)) return outcome;
    left -= batch;
    undelayed += batch;
    if (undelayed < kBatch) continue;
    WaitForThePipeline();
    Spin(spins * undelayed / kBatch);
    undelayed = 0;
  }
  return adapter::None{};
}

Delay Calibrate(adapter::Implementation& implementation, const Wanted& wanted) {
  Delay delay;
  delay.hand_over_ns = static_cast<std::int64_t>(wanted.hand_over_ns);
  if (wanted.free_ns <= 0 && wanted.free_percent <= 0) return delay;
  auto made = implementation.CreateUnnamedSemLock(1, 1, 1);
  auto* object = std::get_if<std::unique_ptr<adapter::SemLock>>(&made);
  if (object == nullptr) return delay;
  const double spin_ns = SpinNs();
  // The first guess takes the fence for nothing; what it costs is found by comparing. A comparison that a
  // neighbour spoilt would end the search at the wrong place, so that two have to agree that it is the right one.
  int agreed = 0;
  Seen seen;
  delay.spins = 1;
  for (int step = 0; step < kMostSteps && agreed < 2; ++step) {
    seen = Compare(**object, delay.spins);
    const double missing_ns = wanted.free_ns > 0 ? wanted.free_ns - seen.added_ns
                                                 : (1 + wanted.free_percent / 100 - seen.ratio) * seen.pair_ns;
    if (std::abs(missing_ns) <= kGoodEnough * seen.delayed_pair_ns) {
      ++agreed;
      continue;
    }
    agreed = 0;
    if (step + 1 == kMostSteps) break;  // what is told was seen of these spins
    const double better = static_cast<double>(delay.spins) + missing_ns * kBatch / spin_ns;
    delay.spins = std::max<std::int64_t>(1, std::llround(better));
  }
  delay.pair_ns = seen.pair_ns;
  delay.delayed_pair_ns = seen.delayed_pair_ns;
  delay.added_ns = seen.added_ns;
  delay.percent = (seen.ratio - 1) * 100;
  return delay;
}

}  // namespace lockstep::delayed
