// SPDX-License-Identifier: MIT
// Which implementations there are: what names on the command line stand for, and what `run` judges
// when none is given.
#ifndef LOCKSTEP_HARNESS_CLI_DISCOVERY_H_
#define LOCKSTEP_HARNESS_CLI_DISCOVERY_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/adapter/implementation.h"
#include "harness/cli/places.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

struct Interpreter {
  std::string path;        // as it is started
  std::string executable;  // as it calls itself, links resolved
  std::string kind;        // "cpython", "pypy"
  Version version;         // of the language
  std::string full;        // "3.14.8", "8.0.1" for PyPy
  std::string found_as;    // "private cpython-3.14", "pyenv 3.11.7", "on PATH": for people
};

// Asks an interpreter who it is. Blocks for some ten ms, 10 s at most. `keep_python_environment` as
// in Implementation.
Result<Interpreter> AskInterpreter(const std::string& path, bool keep_python_environment);

// Every interpreter of the private folder, of pyenv and on PATH, each once, CPython before PyPy,
// newest first. Asked in parallel.
std::vector<Interpreter> FindInterpreters(const Places& places);

// The reference runner on an interpreter.
Implementation OnInterpreter(const Interpreter& interpreter, const Places& places);

// Leaves the first of those that are one thing by several names: of one Identity, and held to the
// same. `notes`: one line for each that is gone.
void DropDuplicates(std::vector<Implementation>* implementations, std::vector<std::string>* notes);

// The oldest language version that is judged unasked.
extern const Version kOldestJudged;

// Finds implementations; keeps what it found of interpreters.
class Discovery {
 public:
  explicit Discovery(Places places) : places_(std::move(places)) {}

  // A name (`reference`, `cpython`, `cpython-3.11`, `pypy`, `python3`), `python:/path`, or the path
  // of an implementation.toml. `python_args` go to the interpreter of python:PATH.
  Result<Implementation> Resolve(const std::string& name,
                                 const std::vector<std::string>& python_args);
  // `-- COMMAND…`: an adapter's own.
  Implementation FromCommand(const std::vector<std::string>& command) const;
  // The reference and every interpreter that is judged unasked. `notes`: one line for each that is
  // not.
  std::vector<Implementation> Everything(std::vector<std::string>* notes);
  // The newest CPython; nothing where there is none.
  std::optional<Implementation> Oracle();

  const std::vector<Interpreter>& Interpreters();
  // The names besides its own ("cpython-3.14.8") that Resolve takes for each interpreter, by its
  // executable: kinds, kinds with a version, and what PATH has. Blocks as AskInterpreter does.
  std::map<std::string, std::vector<std::string>> ShortNames();
  const Places& places() const { return places_; }

 private:
  std::vector<std::string> KnownNames();
  const Interpreter* FindByKind(const std::string& name);

  Places places_;
  std::optional<std::vector<Interpreter>> interpreters_;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_CLI_DISCOVERY_H_
