// SPDX-License-Identifier: MIT
// How an implementation to be judged is started: the content of impl/NAME/implementation.toml, or
// what a name on the command line resolves to.
#ifndef LOCKSTEP_HARNESS_ADAPTER_IMPLEMENTATION_H_
#define LOCKSTEP_HARNESS_ADAPTER_IMPLEMENTATION_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/os/result.h"

namespace lockstep {

struct Implementation {
  std::string name;    // unique in a run; "reference", "cpython-3.14.8"
  std::string family;  // whose expectations it shares: "reference", "cpython", "pypy"
  std::vector<std::string> argv;
  std::string directory;  // to start in; empty: the harness's
  std::vector<std::pair<std::string, std::string>>
      environment;                       // added to the harness's, less PYTHON*
  bool keep_python_environment = false;  // PYTHON* variables are handed on
  std::string like;                      // overrides what its hello says; empty: as it says
  std::string expectations_file;         // empty: none
  // The system calls, by name, in which it waits besides futex ("select", "poll" …); the harness
  // then takes a thread asleep in one of them, in an announced call, for blocked.
  std::vector<std::string> blocking_calls;
  // What it promises of a process that is killed, for `lockstep faults`: "C0" to "C3", and of the
  // names that such a death leaves, "L0" or "L1" (harness/faults/contract.h).
  std::string crash = "C1";
  std::string names = "L0";
  // The words that name it on a command line; empty: its name.
  std::vector<std::string> run_as;
  std::string note;  // where it was found, for people
  // Whose processes `start w on B` starts; null: its own.
  std::shared_ptr<const Implementation> other = nullptr;

  // Equal for two names of one thing: the command, its program with all links resolved.
  std::string Identity() const;
};

// The environment of an implementation's processes as "NAME=value".
std::vector<std::string> EnvironmentOf(const Implementation& implementation);

// Reads an implementation.toml. `{root}` and `{build}` in its command stand for the project's
// folder and the build folder. Errors name file, line and column.
Result<Implementation> LoadImplementation(const std::string& path, const std::string& root,
                                          const std::string& build);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ADAPTER_IMPLEMENTATION_H_
