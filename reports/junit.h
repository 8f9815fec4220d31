// SPDX-License-Identifier: MIT
// A run as JUnit XML, in the dialect that Jenkins, GitLab and most others read; reports/junit.xsd
// describes it.
#ifndef LOCKSTEP_REPORTS_JUNIT_H_
#define LOCKSTEP_REPORTS_JUNIT_H_

#include <ostream>
#include <string>

#include "harness/os/result.h"
#include "harness/verdict/verdict.h"

namespace lockstep::reports {

// One test suite an implementation, one test case a scenario, whose class is
// `lockstep.IMPLEMENTATION.AREA`, so that a history by class and name goes on from run to run.
// `fail` and `unexpected_pass` are failures, `harness_error` is an error, all else that did not
// pass is skipped with its reason. What XML 1.0 forbids is written as \xNN. `rerun_prefix` as in
// TerminalOptions.
void WriteJUnit(const RunReport& report, const std::string& rerun_prefix, std::ostream& out);
// The same to a file, which is made or emptied.
Result<void> WriteJUnitFile(const RunReport& report, const std::string& rerun_prefix,
                            const std::string& path);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_JUNIT_H_
