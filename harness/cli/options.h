// SPDX-License-Identifier: MIT
// Flags that verbs share, and what they select.
#ifndef LOCKSTEP_HARNESS_CLI_OPTIONS_H_
#define LOCKSTEP_HARNESS_CLI_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/cli/discovery.h"
#include "harness/cli/verbs.h"
#include "harness/engine/runner.h"
#include "harness/os/fd.h"
#include "harness/os/result.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

constexpr int kExitUsage = 2;
constexpr int kExitHarness = 3;
constexpr int kExitNotJudged = 4;
constexpr int kExitInterrupted = 130;

// Which scenarios.
struct Selection {
  std::vector<std::string> filters;  // a whole name, else any part of names; `*` matches any text
  std::vector<std::string> tags;
  std::string level;      // "core", "full" (both), or empty: all
  std::string scenarios;  // a file or folder; empty: the project's own
  std::string shard;      // "I/N"
};
void AddSelection(CLI::App& app, Selection* selection);

// Running them.
struct Execution {
  int jobs = 0;  // 0: two a CPU
  double timeout_scale = 1;
  double max_time_s = 0;  // 0: no limit
  std::string messages = "judge";
  std::string out;
  std::vector<std::string> python_args;
};
void AddExecution(CLI::App& app, Execution* execution);

// --python-arg, which takes one argument each time.
void AddPythonArg(CLI::App& app, std::vector<std::string>* python_args);

// A number from `least` to `most`; nan, which CLI11's own Range takes for one, is none.
CLI::Validator Between(double least, double most);
// A number without a sign, of 18 digits at most.
CLI::Validator Unsigned();

// What filters select of names: a whole name only that; else those that hold it, or that it matches by its stars. No
// filters select all. An Error where one selects nothing; `what` they are is for that.
Result<std::set<std::string>> SelectNames(const std::string& what, const std::vector<std::string>& filters,
                                          const std::set<std::string>& names);

// How many columns standard output has, 140 at most; `otherwise`, where it is no terminal or does not tell.
std::size_t TerminalWidth(bool is_terminal, std::size_t otherwise = 100);

// Parses, and answers --help. Nothing when the verb may go on, else the exit status. An error is
// one line and a hint, never a page.
std::optional<int> Parse(CLI::App& app, const std::vector<std::string>& words);

// Prints an error to standard error and gives kExitUsage.
int Complain(const Error& error);

// The catalogue, and what of it is selected, in order. A selection of nothing is an Error.
struct Catalogue {
  std::vector<Scenario> all;
  std::vector<const Scenario*> selected;
  bool whole = false;  // everything is selected: a full run
};
Result<std::unique_ptr<Catalogue>> LoadCatalogue(const Selection& selection, const Places& places);

// The implementations that the words name, in order; those after `--` are a command. None named:
// nothing.
Result<std::vector<Implementation>> ResolveAll(Discovery& discovery,
                                               const std::vector<std::string>& names,
                                               const std::vector<std::string>& command,
                                               const std::vector<std::string>& python_args);

// The folder for what a run writes, and within it one for channels, which is removed at the end.
// What earlier runs that were killed left there is removed.
class OutFolder {
 public:
  static Result<OutFolder> Make(const std::string& asked, const Places& places);
  OutFolder(OutFolder&&) noexcept;
  OutFolder& operator=(OutFolder&&) = delete;
  ~OutFolder();
  const std::string& path() const { return path_; }
  const std::string& channels() const { return channels_; }

 private:
  OutFolder() = default;
  std::string path_;
  std::string channels_;
  UniqueFd lock_;  // held as long as the run lives
};

// The runner's part of the flags.
Result<RunnerOptions> MakeRunnerOptions(const Execution& execution, const OutFolder& out);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_CLI_OPTIONS_H_
