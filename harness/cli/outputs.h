// SPDX-License-Identifier: MIT
// The summaries that `run` and `report` write for CI servers and pull requests: which there are, and where each goes.
#ifndef LOCKSTEP_HARNESS_CLI_OUTPUTS_H_
#define LOCKSTEP_HARNESS_CLI_OUTPUTS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "harness/cli/options.h"
#include "reports/summary.h"
#include "reports/terminal.h"

namespace lockstep {

// How a report is written to standard output: in colours on a terminal that nobody has forbidden them.
reports::TerminalOptions TerminalOptionsOf(bool no_color, bool verbose);

struct OutputFlags {
  std::string junit;  // files; empty: none
  std::string markdown;
  std::string badge;
  std::vector<std::string> formats;  // "github", "gitlab", "gitlab=FILE"

  bool Any() const;
  // The page has it alone: nothing else is printed there.
  bool TakesStandardOutput() const { return markdown == "-"; }
};
void AddOutputFlags(CLI::App& app, OutputFlags* flags);

// A file, and what names it: "--json".
struct NamedFile {
  std::string by;
  std::string file;
};

// Before anything is run: an Error where a format is none, a file cannot be written, or one is to be two of these outputs and
// `others`, which are read or written elsewhere.
Result<void> CheckOutputs(const OutputFlags& flags, std::vector<NamedFile> others);

// Each that is asked for. The first Error, behind all the others that could be written.
Result<void> WriteOutputs(const OutputFlags& flags, const reports::Summary& summary, const Places& places);

// A page to FILE: behind what is there if FILE is what $GITHUB_STEP_SUMMARY names (all steps' pages are one), in the
// place of it otherwise; `-` is standard output. `page` makes one of at most so many bytes.
Result<void> WritePage(const std::string& file, const std::function<std::string(std::size_t most_bytes)>& page);

// With --format=github, while it lives GitHub's runner obeys nothing on standard output: what adapters printed may look
// like a workflow command.
class CommandGuard {
 public:
  explicit CommandGuard(const OutputFlags& flags);
  ~CommandGuard();
  CommandGuard(const CommandGuard&) = delete;
  CommandGuard& operator=(const CommandGuard&) = delete;

 private:
  std::string token_;  // empty: there is no need
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_CLI_OUTPUTS_H_
