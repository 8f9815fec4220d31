// SPDX-License-Identifier: MIT
// For tests: series as a machine makes them.
#ifndef LOCKSTEP_BENCH_STATISTICS_TEST_NOISE_H_
#define LOCKSTEP_BENCH_STATISTICS_TEST_NOISE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/statistics/random.h"

namespace lockstep::bench {

// Close to normal, with mean 0 and deviation 1: twelve even ones added up.
inline double Normal(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += static_cast<double>(random.Next() >> 11) * 0x1p-53;
  return sum;
}

inline std::vector<double> Noise(std::uint64_t seed, std::size_t count, double mean, double deviation) {
  Random random(seed);
  std::vector<double> values(count);
  for (double& value : values) value = mean + deviation * Normal(random);
  return values;
}

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_STATISTICS_TEST_NOISE_H_
