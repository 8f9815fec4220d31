// SPDX-License-Identifier: MIT
// Measurements as drawings. Pure functions, for any thread.
#ifndef LOCKSTEP_REPORTS_PAGE_FIGURES_H_
#define LOCKSTEP_REPORTS_PAGE_FIGURES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "bench/session/session.h"
#include "reports/page/html.h"

namespace lockstep::reports {

constexpr std::size_t kColors = 7;  // of page.css

// One implementation's in a drawing.
struct Drawn {
  const bench::Series* series = nullptr;
  std::string color;    // "0" to "6", or "raw"
  bool is_floor = false;  // the raw semaphore's, which no implementation can be below
};

// Each implementation's median as a dot, its middle half as a box and its extremes as a line.
Html DrawSpread(const std::vector<Drawn>& drawn, const std::string& quantity);

// Which share of the samples took no longer: time along a logarithmic axis, shares by their nines.
Html DrawPercentiles(const std::vector<Drawn>& drawn, const std::string& quantity);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_PAGE_FIGURES_H_
