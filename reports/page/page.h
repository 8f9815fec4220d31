// SPDX-License-Identifier: MIT
// A report as one page for a browser: who agrees, who does not, and why. It needs nothing but its own file: it opens from
// a disk, without a network and without scripts, which only add a filter.
#ifndef LOCKSTEP_REPORTS_PAGE_PAGE_H_
#define LOCKSTEP_REPORTS_PAGE_PAGE_H_

#include <optional>
#include <string>
#include <vector>

#include "bench/history/lines.h"
#include "bench/session/session.h"
#include "harness/os/result.h"
#include "reports/comparison.h"
#include "reports/json.h"

namespace lockstep::reports {

struct PageInput {
  std::vector<StoredReport> reports;  // from the oldest to the newest
  std::vector<std::string> names;     // what messages call each report
  std::optional<int> status;          // what they came to (Summary); nothing: nobody asks
  std::vector<bench::SessionRecord> sessions;  // of measurements; the latest of each machine is shown
  std::vector<bench::Line> lines;              // of measurements over time
};

// Pure. Whatever the reports hold of others' text is shown and never carried out.
std::string HtmlPage(const PageInput& input);

// What changed between two runs as such a page: each scenario that did, both sides beside each other. `input` has the
// two reports that `comparison` is of. Pure.
std::string HtmlComparison(const PageInput& input, const Comparison& comparison);

// DIR/index.html; makes the folder. Its path.
Result<std::string> WritePage(const std::string& page, const std::string& folder);

// Reports and sessions of measurements from files, told apart by what is in them, from the oldest to the newest.
// An Error names the file.
Result<PageInput> ReadForPage(const std::vector<std::string>& files);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_PAGE_PAGE_H_
