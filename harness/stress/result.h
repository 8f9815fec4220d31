// SPDX-License-Identifier: MIT
// What came of a stress test.
#ifndef LOCKSTEP_HARNESS_STRESS_RESULT_H_
#define LOCKSTEP_HARNESS_STRESS_RESULT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/check/history_file.h"
#include "harness/os/clock.h"

namespace lockstep::stress {

// Something that no semaphore does.
struct Finding {
  std::string oracle;  // who saw it: "history", "conservation", "lost wakeup" …
  std::string what;    // in a sentence
  std::string where;   // the transcript, or where everybody was; of several lines, or empty
  std::optional<check::RecordedHistory> history;  // that shows it
  std::string amid;    // what the epoch or race was
  bool goes_on = false;  // nothing is broken by it: the campaign goes on, and tells of the first of its oracle
};

// Sights that are no passes.
inline constexpr char kUndecided[] = "histories that were not decided";
inline constexpr char kGivenUp[] = "rounds given up on a machine that was too busy";
inline constexpr char kUnread[] = "rings that were full";

// Why nothing was judged: the harness's, an adapter's or the machine's fault.
struct Trouble {
  std::string what;
  bool of_machine = false;  // another round may fare better
};

struct Totals {
  long rounds = 0;
  long epochs = 0;
  long races = 0;
  long calls = 0;              // of epochs
  long recorded = 0;           // of them
  std::int64_t load_ns = 0;    // time in epochs, and
  std::int64_t unrecorded_ns = 0;  // of it in those that record nothing
  std::int64_t judging_ns = 0;
  std::map<std::string, long> sights;
  std::vector<double> spreads;  // of each epoch: how much later than the first the last actor was done, of its time
};

}  // namespace lockstep::stress

#endif  // LOCKSTEP_HARNESS_STRESS_RESULT_H_
