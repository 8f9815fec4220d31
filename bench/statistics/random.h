// SPDX-License-Identifier: MIT
// Numbers that look drawn by lot and are the same everywhere for one seed: SplitMix64 (Steele, Lea and Flood, "Fast
// Splittable Pseudorandom Number Generators", 2014). Not what <random> has: std::shuffle and the distributions differ
// from one standard library to another.
#ifndef LOCKSTEP_BENCH_STATISTICS_RANDOM_H_
#define LOCKSTEP_BENCH_STATISTICS_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace lockstep::bench {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
  }

  // From 0 to below `bound`, which is in [1, 2^32); a number's share is off by less than bound / 2^32 of itself.
  std::size_t Below(std::size_t bound) { return static_cast<std::size_t>(((Next() >> 32) * bound) >> 32); }

  // Puts the values from `first` to before `end` in any order, each as likely (Fisher and Yates).
  template <class T>
  void Shuffle(std::vector<T>& values, std::size_t first, std::size_t end) {
    for (std::size_t left = end - first; left > 1; --left) std::swap(values[first + left - 1], values[first + Below(left)]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_STATISTICS_RANDOM_H_
