// SPDX-License-Identifier: MIT
// What a run found wrong, as CI servers show it beside the lines of a change: GitHub's workflow commands and GitLab's
// Code Quality report. Pure functions, for any thread.
#ifndef LOCKSTEP_REPORTS_ANNOTATIONS_H_
#define LOCKSTEP_REPORTS_ANNOTATIONS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "reports/summary.h"

namespace lockstep::reports {

struct Finding {
  enum class Kind { kWithheld, kNotStarted, kHarnessError, kFail, kUnexpectedPass, kUnlisted, kStale };
  Kind kind = Kind::kFail;
  Place place;  // where it is to be mended: the step or scenario, the expectation; no file: nowhere
  std::string implementation;
  std::string title;   // "gopy: acquire/timeout-zero"
  std::string reason;  // one line
  std::string more;    // further lines: the rule, the command that reruns it; may be empty
};

// "withheld", "not_started", "harness_error", "fail", "unexpected_pass", "unlisted", "stale".
const char* ToText(Finding::Kind kind);

// The most urgent first: why all is withheld; then of each implementation that it did not start, the errors of the
// harness, the failures (of each group the one with the shortest transcript before all others), unexpected passes,
// of a strict run what was not judged and is listed nowhere (one of each reason), stale expectations. An oracle that
// nobody asked to be judged has only errors: where it fails nothing is certified.
std::vector<Finding> FindingsOf(const Summary& summary);

// What a file's name in a report is called in the repository; empty: it lies elsewhere.
using PathInRepository = std::function<std::string(const std::string& file)>;

// GitHub shows ten errors and ten warnings of a step, and drops the rest without a word.
constexpr std::size_t kMostCommands = 10;

// Lines for standard output: an error for each finding, a warning for stale expectations, `kMostCommands` of each at
// most, and one notice of how many more there are. Of several withheld reasons one error is made. Nothing for no findings.
// (github.com/actions/toolkit, packages/core/src/command.ts: the escaping.)
std::string GitHubCommands(const std::vector<Finding>& findings, const PathInRepository& path);

// A JSON array with a line end, of GitLab's documented shape: description, check_name, fingerprint, severity,
// location.path, location.lines.begin. A fingerprint is of the implementation, scenario and kind (where there is no
// scenario of the reason, less its line), so that a merge request shows what it changes. What lies nowhere is said of `lockstep`, line 1.
// (docs.gitlab.com/ci/testing/code_quality, "Code Quality report format".)
std::string CodeQualityReport(const std::vector<Finding>& findings, const PathInRepository& path);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_ANNOTATIONS_H_
