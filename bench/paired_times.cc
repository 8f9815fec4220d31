// SPDX-License-Identifier: MIT
#include "bench/paired_times.h"

#include <algorithm>
#include <cstddef>

namespace lockstep::bench {

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

void PairedTimes::Add(double measured_ns, double floor_ns) {
  measured_ns_.push_back(measured_ns);
  floor_ns_.push_back(floor_ns);
  ratios_.push_back(measured_ns / floor_ns);
}

}  // namespace lockstep::bench
