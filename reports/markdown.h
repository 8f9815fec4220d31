// SPDX-License-Identifier: MIT
// A run as the page of Markdown that CI servers show of a job, and people under a pull request.
#ifndef LOCKSTEP_REPORTS_MARKDOWN_H_
#define LOCKSTEP_REPORTS_MARKDOWN_H_

#include <cstddef>
#include <string>

#include "reports/markdown_page.h"
#include "reports/summary.h"

namespace lockstep::reports {

// In this order: the verdict, and why it is withheld where it is; a table of implementations and counts; and of each
// what failed, grouped by the step at which it parted, largest group first and each with its shortest transcript; errors
// of the harness; what passed unexpectedly and stale expectations; what is expected to fail, and what was not judged,
// with reasons. At most `most_bytes` and some hundred of what was left out, unless the table alone is larger. Text from
// outside marks nothing up. Pure.
std::string Markdown(const Summary& summary, std::size_t most_bytes = kMostMarkdown);

// The transcript of a failure, what was seen around it, where its rule comes from and the command that reruns it.
// `oracle`: laid beside; may be null, or `one` itself.
std::string FailureMarkdown(const ImplementationReport& one, const ScenarioVerdict& verdict, const ImplementationReport* oracle);

// "✅", "❌", "⚠️" or, for what is withheld, "⚪": at a glance.
const char* SignOf(int exit_status, bool withheld);
// The reasons why this is no result, as a list under a sentence; empty where there are none.
std::string WithheldMarkdown(const std::vector<std::string>& reasons);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_MARKDOWN_H_
