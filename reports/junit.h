// SPDX-License-Identifier: MIT
// A run as JUnit XML, in the dialect that Jenkins, GitLab and most others read; reports/junit.xsd
// describes it.
#ifndef LOCKSTEP_REPORTS_JUNIT_H_
#define LOCKSTEP_REPORTS_JUNIT_H_

#include <ostream>
#include <string>
#include <vector>

#include "harness/os/result.h"
#include "harness/verdict/verdict.h"

namespace lockstep::reports {

// One test suite an implementation, one test case a scenario, whose class is
// `lockstep.IMPLEMENTATION.AREA`, so that a history by class and name goes on from run to run.
// `fail` and `unexpected_pass` are failures, and of a strict run what was unsupported or not run and
// is listed nowhere; `harness_error` is an error, and so is where an oracle fails that nobody asked to
// be judged; all else that did not pass is skipped with its reason. What XML 1.0 forbids is written as
// \xNN. `withheld`: why this is no result (Summary); a suite before all others has one error for them,
// so that no server shows green.
void WriteJUnit(const RunReport& report, std::ostream& out, const std::vector<std::string>& withheld = {});
// The same to a file, which is made or emptied.
Result<void> WriteJUnitFile(const RunReport& report, const std::string& path, const std::vector<std::string>& withheld = {});

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_JUNIT_H_
