// SPDX-License-Identifier: MIT
// Histories as JSON Lines, anybody's: HISTORY.md beside this file is the format.
#ifndef LOCKSTEP_HARNESS_CHECK_HISTORY_FILE_H_
#define LOCKSTEP_HARNESS_CHECK_HISTORY_FILE_H_

#include <string>
#include <vector>

#include "harness/check/history.h"
#include "harness/os/result.h"

namespace lockstep::check {

struct RecordedHistory {
  std::string semaphore;  // its name in the file
  History history;
};

// Of every semaphore in the file, in the order in which it presents them. `file` is for messages alone. An
// Error has FILE:LINE, what was expected and what is there instead.
Result<std::vector<RecordedHistory>> ParseHistories(const std::string& text, const std::string& file);

// The same file again.
std::string WriteHistories(const std::vector<RecordedHistory>& histories);

}  // namespace lockstep::check

#endif  // LOCKSTEP_HARNESS_CHECK_HISTORY_FILE_H_
