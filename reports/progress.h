// SPDX-License-Identifier: MIT
// One line on a terminal that tells how far a long run is, and is gone when the run is over. Quiet
// elsewhere.
#ifndef LOCKSTEP_REPORTS_PROGRESS_H_
#define LOCKSTEP_REPORTS_PROGRESS_H_

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include "harness/verdict/verdict.h"

namespace lockstep::reports {

// For one thread at a time. Clears its line when it is destroyed.
class Progress {
 public:
  // `is_terminal`: whether `out`, which outlives this, understands carriage returns; without,
  // nothing is ever written. `width`: of the terminal, in columns.
  Progress(std::ostream& out, bool is_terminal, std::size_t width)
      : out_(out), on_(is_terminal), width_(width) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // From now on `implementation` is run on so many scenarios.
  void Start(const std::string& implementation, std::size_t total);
  // One more has its verdict. Redraws at most 20 times a second: each redraw costs a system call.
  void Add(const ScenarioVerdict& verdict);
  // Takes the line away, so that something else can be printed.
  void Clear();

 private:
  void Draw(const std::string& current);

  std::ostream& out_;
  const bool on_;
  const std::size_t width_;
  std::string implementation_;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::int64_t next_draw_ns_ = 0;
  bool drawn_ = false;
};

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_PROGRESS_H_
