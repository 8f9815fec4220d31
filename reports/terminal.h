// SPDX-License-Identifier: MIT
// A run for a person at a terminal or before a CI job's log: a line for each implementation, what
// to fix first, and each failure as a transcript with what was expected beside what came.
#ifndef LOCKSTEP_REPORTS_TERMINAL_H_
#define LOCKSTEP_REPORTS_TERMINAL_H_

#include <cstddef>
#include <ostream>
#include <string>

#include "harness/verdict/verdict.h"

namespace lockstep::reports {

struct TerminalOptions {
  bool color = false;       // with the escape sequences of ANSI terminals
  std::size_t width = 100;  // columns; text is wrapped, transcripts need 60
  bool verbose =
      false;  // every failure of a group, every line of a transcript, every expected failure
  std::size_t shown_of_a_group = 1;  // failures told in full, the rest by name; verbose: all
};

// Writes all of it; never blocks but for `out`. What programs under test printed is escaped.
void WriteTerminal(const RunReport& report, const TerminalOptions& options, std::ostream& out);

// "388 pass, 61 fail, 12 unsupported".
std::string CountsText(const Counts& counts);
// "./lockstep run gopy --filter fork/child-inherits-ownership", fit for a shell.
std::string RerunCommand(const ImplementationReport& implementation, const ScenarioVerdict& verdict);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_TERMINAL_H_
