// SPDX-License-Identifier: MIT
// A run as lanes: one an actor, its calls as bars along the time. Pure functions, for any thread.
#ifndef LOCKSTEP_REPORTS_PAGE_SWIM_LANE_H_
#define LOCKSTEP_REPORTS_PAGE_SWIM_LANE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/engine/trace.h"
#include "reports/page/html.h"

namespace lockstep::reports {

// What there is to draw. Times are ns of the adapters' own clock; a step that has no stamp (a fork, a signal) is placed
// between its neighbours in the trace.
struct Lanes {
  struct Call {
    std::size_t lane = 0;
    std::int64_t begin = 0;
    std::int64_t seen_blocked = 0;  // 0: it was not
    std::int64_t end = 0;           // it returned, its process died, or the trace is over
    bool returned = false;
    std::size_t entry = 0;        // of the trace, that began it
    std::size_t ended_entry = 0;  // that ended it; the same for a call that nobody saw blocked
  };
  // From one lane to another: who made it, or whose release ended its wait.
  struct Arrow {
    std::size_t from = 0;
    std::int64_t from_time = 0;
    std::size_t to = 0;
    std::int64_t to_time = 0;
    bool wakes = false;
  };
  struct Mark {
    enum class Kind { kKill, kDied, kSignal, kStop, kContinue, kStart };
    std::size_t lane = 0;
    std::int64_t at = 0;
    Kind kind = Kind::kKill;
  };
  std::vector<std::string> actors;  // a lane each
  std::vector<Call> calls;
  std::vector<Arrow> arrows;
  std::vector<Mark> marks;
};

// Nothing in it where no call has stamps.
Lanes LanesOf(const std::vector<TraceEntry>& trace);

// As SVG; empty where there is nothing to draw. `numbers` has for each entry of the trace the number of its row in the
// transcript, which its bar shows; 0: none. Long stretches of time are drawn short: widths grow with the logarithm.
Html DrawLanes(const Lanes& lanes, const std::vector<std::size_t>& numbers);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_PAGE_SWIM_LANE_H_
