// SPDX-License-Identifier: MIT
// What of a transcript tells one outcome from another.
#ifndef LOCKSTEP_REPORTS_PAGE_TOLD_H_
#define LOCKSTEP_REPORTS_PAGE_TOLD_H_

#include <vector>

#include "reports/transcript_view.h"

namespace lockstep::reports {

// The rows of which something was expected. What others gave is whatever it is: an address, a descriptor's number.
std::vector<TranscriptRow> JudgedRows(std::vector<TranscriptRow> rows);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_PAGE_TOLD_H_
