// SPDX-License-Identifier: MIT
// A run of a scenario as a transcript with what was expected, what came and what the oracle did
// side by side. Pure functions, for any thread.
#ifndef LOCKSTEP_REPORTS_TRANSCRIPT_VIEW_H_
#define LOCKSTEP_REPORTS_TRANSCRIPT_VIEW_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "harness/scenario/scenario.h"
#include "harness/verdict/verdict.h"

namespace lockstep::reports {

struct TranscriptRow {
  std::string actor;     // empty where the line does not begin with one
  std::string step;      // without the actor and what is expected: "s.acquire(timeout=0)"
  std::string expected;  // "-> False"
  std::string actual;    // "-> blocked"; empty where there is nothing to tell
  std::string oracle;    // the same of the oracle
  std::string note;      // "presumed: …"
  bool diverged = false;
  bool reached = true;
  std::optional<std::size_t> entry;  // of the trace, which it tells; of several that are told as one, the first
};

// The steps that were taken, and behind them those that were not come to. `oracle` may be nullptr.
// What programs printed is made fit to be shown.
std::vector<TranscriptRow> TranscriptOf(const ScenarioVerdict& verdict, const ScenarioRun* oracle,
                                        const Platform& platform);

struct TranscriptLine {
  enum class Style { kHeading, kPlain, kDiverged, kNotReached, kNote };
  Style style = Style::kPlain;
  std::string text;
};

struct TranscriptLayout {
  std::size_t width = 100;
  std::size_t indent = 2;     // before the marker of the step that diverged
  std::string oracle_name;    // the heading of its column; empty: no such column
  std::size_t most_rows = 0;  // 0: all; else those around the step that diverged
};

// Rows as lines of a table, none wider than the layout's width unless that is below 60.
std::vector<TranscriptLine> LayOut(std::vector<TranscriptRow> rows, const TranscriptLayout& layout);

// The run of `verdict`'s scenario in `report`; nullptr where there is none.
const ScenarioRun* RunOf(const ImplementationReport& report, const std::string& scenario);
// The oracle's part of a run; nullptr where there is none.
const ImplementationReport* OracleOf(const RunReport& report);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_TRANSCRIPT_VIEW_H_
