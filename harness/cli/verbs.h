// SPDX-License-Identifier: MIT
// One function a verb of the command line. Each takes the words after the verb, up to `--`, and
// those after it; writes to standard output and error; returns the exit status: 0 all as expected,
// 1 a divergence, 2 wrong usage or configuration, 3 the harness or an adapter failed, 4 nothing was
// judged (under
// --strict: something unlisted was unsupported or not run), 5 expectations are stale, 130
// interrupted.
#ifndef LOCKSTEP_HARNESS_CLI_VERBS_H_
#define LOCKSTEP_HARNESS_CLI_VERBS_H_

#include <string>
#include <vector>

namespace lockstep {

struct Words {
  std::vector<std::string> words;    // after the verb
  std::vector<std::string> command;  // after `--`
};

int RunVerb(const Words& words);
int BenchVerb(const Words& words);
int ListVerb(const Words& words);
int ShowVerb(const Words& words);
int ExplainVerb(const Words& words);
int CheckVerb(const Words& words);
int DiffVerb(const Words& words);
int ExpectVerb(const Words& words);
int DoctorVerb(const Words& words);
int AdapterVerb(const Words& words);
int MutantsVerb(const Words& words);
int FuzzVerb(const Words& words);
int StressVerb(const Words& words);
int FaultsVerb(const Words& words);
int HistoryVerb(const Words& words);
int ReportVerb(const Words& words);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_CLI_VERBS_H_
