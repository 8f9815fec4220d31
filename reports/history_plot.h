// SPDX-License-Identifier: MIT
// The history of measurements as pictures. Pure functions, for any thread.
#ifndef LOCKSTEP_REPORTS_HISTORY_PLOT_H_
#define LOCKSTEP_REPORTS_HISTORY_PLOT_H_

#include <string>
#include <vector>

#include "bench/history/lines.h"

namespace lockstep::reports {

// For a terminal: a few rows a line, of at most 100 columns but for long names; change points are marked below their
// session.
std::string HistoryPlot(const std::vector<bench::Line>& lines);

// One file of its own, without scripts, fonts or anything from elsewhere: a panel a line, in the reader's light or dark.
std::string HistorySvg(const std::vector<bench::Line>& lines);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_HISTORY_PLOT_H_
