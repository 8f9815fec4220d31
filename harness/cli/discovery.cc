// SPDX-License-Identifier: MIT
#include "harness/cli/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <sstream>

#include "harness/os/command.h"
#include "harness/text/source.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

// An interpreter starts in 15 ms; a shim of pyenv in 100; a loaded machine needs more.
constexpr std::chrono::seconds kAskLimit{10};

// Prints: kind, language version, own version, and itself, a line each. Runs on every Python there
// ever was.
constexpr const char* kQuestion =
    "import sys, platform, os\n"
    "kind = platform.python_implementation().lower()\n"
    "own = getattr(sys, 'pypy_version_info', sys.version_info)\n"
    "print(kind)\n"
    "print('%d.%d.%d' % sys.version_info[:3])\n"
    "print('%d.%d.%d' % tuple(own)[:3])\n"
    "print(os.path.realpath(sys.executable))\n";

// Candidates, in the order in which the same interpreter is to be known: private ones first.
std::vector<std::pair<std::string, std::string>> Candidates(const Places& places) {
  std::vector<std::pair<std::string, std::string>> candidates;  // path, found as
  std::ifstream list(places.installed() ? "" : places.interpreters + "/list.tsv");
  for (std::string line; std::getline(list, line);) {
    std::istringstream fields(line);
    std::string name;
    std::string path;
    if (std::getline(fields, name, '\t') && std::getline(fields, path, '\t'))
      candidates.emplace_back(path, "private " + name);
  }
  const char* root = std::getenv("PYENV_ROOT");
  const char* home = std::getenv("HOME");
  const std::string pyenv =
      root != nullptr ? root : std::string(home != nullptr ? home : "") + "/.pyenv";
  std::error_code error;
  std::set<std::string> versions;
  for (const auto& entry : fs::directory_iterator(pyenv + "/versions", error))
    versions.insert(entry.path().string());
  for (const std::string& version : versions) {
    const std::string path = version + "/bin/python3";
    if (fs::exists(path, error))
      candidates.emplace_back(path, "pyenv " + fs::path(version).filename().string());
  }
  std::vector<std::string> commands = {"python3", "pypy3"};
  constexpr int kOldestMinor = 6;
  constexpr int kNewestMinor = 20;
  for (int minor = kNewestMinor; minor >= kOldestMinor; --minor)
    commands.push_back(fmt::format("python3.{}", minor));
  const char* path = std::getenv("PATH");
  std::set<std::string> folders;
  std::istringstream entries(path != nullptr ? path : "/usr/bin");
  for (std::string folder; std::getline(entries, folder, ':');) {
    // A shim stands for an interpreter that is found under its own name; asking every shim costs
    // 100 ms each.
    if (!folders.insert(folder).second || folder.find("/shims") != std::string::npos) continue;
    for (const std::string& command : commands) {
      if (::access((folder + "/" + command).c_str(), X_OK) == 0)
        candidates.emplace_back(folder + "/" + command, "on PATH");
    }
  }
  return candidates;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool IsPrefixOfVersion(const std::string& prefix, const std::string& version) {
  return version == prefix || version.starts_with(prefix + ".");
}

}  // namespace

const Version kOldestJudged{{3, 8}};

Result<Interpreter> AskInterpreter(const std::string& path, bool keep_python_environment) {
  const std::string found = FindOnPath(path);
  if (found.empty()) return Fail(fmt::format("there is no interpreter {}", path));
  Implementation plain;
  plain.keep_python_environment = keep_python_environment;
  const auto answer = RunCommand({found, "-c", kQuestion}, EnvironmentOf(plain), kAskLimit);
  if (!answer) return tl::unexpected(answer.error());
  std::vector<std::string> lines = Lines(answer->output);
  // Whatever site prints comes first.
  if (answer->status != 0 || lines.size() < 4)
    return Fail(fmt::format("{} is no Python interpreter that works", path));
  lines.erase(lines.begin(), lines.end() - 4);
  const auto version = Version::Parse(lines[1]);
  if (!version)
    return Fail(
        fmt::format("{} is no Python interpreter: it calls its version {}", path, lines[1]));
  // An executable of a virtual environment is a link, and finds its environment by its own name.
  if (!Version::Parse(lines[2])) return Fail(fmt::format("{} does not tell its version", path));
  return Interpreter{found, lines[3], lines[0], *version, lines[2], path};
}

std::vector<Interpreter> FindInterpreters(const Places& places) {
  const auto candidates = Candidates(places);
  std::set<std::string> seen;
  std::vector<std::future<Result<Interpreter>>> answers;
  std::vector<std::string> found_as;
  for (const auto& [path, as] : candidates) {
    std::error_code error;
    const std::string real = fs::canonical(path, error).string();
    if (error || !seen.insert(real).second) continue;
    found_as.push_back(as);
    answers.push_back(
        std::async(std::launch::async, [p = path] { return AskInterpreter(p, false); }));
  }
  std::vector<Interpreter> found;
  std::set<std::string> executables;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto answer = answers[i].get();
    if (!answer || !executables.insert(answer->executable).second) continue;
    answer->found_as = found_as[i];
    found.push_back(std::move(*answer));
  }
  std::stable_sort(found.begin(), found.end(), [](const Interpreter& a, const Interpreter& b) {
    if (a.kind != b.kind) return a.kind < b.kind;
    return *Version::Parse(b.full) < *Version::Parse(a.full);
  });
  return found;
}

Implementation OnInterpreter(const Interpreter& interpreter, const Places& places) {
  Implementation implementation;
  implementation.name = interpreter.kind + "-" + interpreter.full;
  implementation.family = interpreter.kind;
  implementation.argv = {interpreter.path,
                         places.root + "/impl/adapters/python/lockstep_adapter.py"};
  implementation.note = fmt::format("{} ({})", interpreter.path, interpreter.found_as);
  const std::string expectations =
      fmt::format("{}/impl/{}/expectations.toml", places.root, interpreter.kind);
  std::error_code error;
  if (fs::exists(expectations, error)) implementation.expectations_file = expectations;
  return implementation;
}

void DropDuplicates(std::vector<Implementation>* implementations, std::vector<std::string>* notes) {
  std::vector<Implementation> kept;
  for (Implementation& implementation : *implementations) {
    const auto same = std::find_if(kept.begin(), kept.end(), [&](const Implementation& other) {
      return other.Identity() == implementation.Identity() &&
             other.environment == implementation.environment && other.like == implementation.like &&
             other.expectations_file == implementation.expectations_file;
    });
    if (same == kept.end()) {
      kept.push_back(std::move(implementation));
    } else {
      notes->push_back(fmt::format("{} was named more than once: judged once", same->name));
    }
  }
  *implementations = std::move(kept);
}

const std::vector<Interpreter>& Discovery::Interpreters() {
  if (!interpreters_) interpreters_ = FindInterpreters(places_);
  return *interpreters_;
}

std::vector<std::string> Discovery::KnownNames() {
  std::vector<std::string> names = {"reference"};
  for (const Interpreter& i : Interpreters()) {
    for (const std::string& name : {i.kind, i.kind + "-" + i.full}) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

// `cpython`, `cpython-3.11`, `pypy`: the newest that fits; they are in that order already.
const Interpreter* Discovery::FindByKind(const std::string& name) {
  for (const Interpreter& interpreter : Interpreters()) {
    const std::string& kind = interpreter.kind;
    if (name == kind || (name.starts_with(kind + "-") &&
                         IsPrefixOfVersion(name.substr(kind.size() + 1), interpreter.full))) {
      return &interpreter;
    }
  }
  return nullptr;
}

std::map<std::string, std::vector<std::string>> Discovery::ShortNames() {
  std::map<std::string, std::vector<std::string>> names;
  const auto add = [&](const std::string& executable, const std::string& name) {
    std::vector<std::string>& known = names[executable];
    if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
  };
  for (const Interpreter& interpreter : Interpreters()) {
    const std::string minor =
        interpreter.kind + "-" + interpreter.full.substr(0, interpreter.full.rfind('.'));
    for (const std::string& name : {interpreter.kind, minor})
      add(FindByKind(name)->executable, name);
  }
  for (const std::string name : {"python3", "python", "pypy3"}) {
    if (const auto found = AskInterpreter(name, false)) add(found->executable, name);
  }
  return names;
}

Result<Implementation> Discovery::Resolve(const std::string& name,
                                          const std::vector<std::string>& python_args) {
  constexpr std::string_view kPython = "python:";
  std::error_code error;
  if (name.starts_with(kPython)) {
    const std::string path = name.substr(kPython.size());
    auto interpreter = AskInterpreter(path, true);
    if (!interpreter)
      return Fail(interpreter.error().message,
                  "give the path of an interpreter, as python:/usr/bin/python3");
    interpreter->found_as = name;
    Implementation implementation = OnInterpreter(*interpreter, places_);
    implementation.name = name;
    implementation.keep_python_environment = true;
    implementation.argv.insert(implementation.argv.begin() + 1, python_args.begin(),
                               python_args.end());
    return implementation;
  }
  if (name.ends_with(".toml")) {
    if (!fs::exists(name, error)) return Fail(name + ": no such file");
    return LoadImplementation(name, places_.root, places_.build);
  }
  const std::string own = fmt::format("{}/impl/{}/implementation.toml", places_.root, name);
  if (name.find('/') == std::string::npos && fs::exists(own, error)) {
    auto implementation = LoadImplementation(own, places_.root, places_.build);
    if (implementation) implementation->run_as.clear();  // its name is shorter
    return implementation;
  }
  if (const Interpreter* interpreter = FindByKind(name))
    return OnInterpreter(*interpreter, places_);
  if (name.starts_with("python") || name.starts_with("pypy")) {
    if (auto interpreter = AskInterpreter(name, false)) {
      // What PATH has may be a shim: the interpreter that it leads to is the one that is meant.
      interpreter->path = interpreter->executable;
      return OnInterpreter(*interpreter, places_);
    }
  }
  std::string known;
  for (const std::string& k : KnownNames()) known += (known.empty() ? "" : ", ") + k;
  const std::string guess = DidYouMean(name, KnownNames());
  return Fail(
      fmt::format("no implementation is called '{}'{}", name, guess),
      "known here: " + known +
          "; or python:/path/to/interpreter, a path to an implementation.toml, or -- COMMAND");
}

Implementation Discovery::FromCommand(const std::vector<std::string>& command) const {
  Implementation implementation;
  implementation.name = fs::path(command[0]).filename().string();
  implementation.family = implementation.name;
  implementation.argv = command;
  implementation.run_as = {"--"};
  implementation.run_as.insert(implementation.run_as.end(), command.begin(), command.end());
  implementation.keep_python_environment = true;
  return implementation;
}

std::vector<Implementation> Discovery::Everything(std::vector<std::string>* notes) {
  std::vector<Implementation> all;
  if (auto reference = Resolve("reference", {})) all.push_back(std::move(*reference));
  std::set<std::string> names;
  for (const Interpreter& interpreter : Interpreters()) {
    if (interpreter.version < kOldestJudged) {
      notes->push_back(fmt::format("{} {} ({}): found, not judged: older than {}", interpreter.kind,
                                   interpreter.full, interpreter.found_as, kOldestJudged.Text()));
      continue;
    }
    Implementation implementation = OnInterpreter(interpreter, places_);
    // Two of one version (pyenv's and Debian's) are two implementations: they may be built
    // otherwise.
    for (int i = 2; !names.insert(implementation.name).second; ++i) {
      implementation.name = fmt::format("{}-{}-{}", interpreter.kind, interpreter.full, i);
    }
    all.push_back(std::move(implementation));
  }
  return all;
}

std::optional<Implementation> Discovery::Oracle() {
  for (const Interpreter& interpreter : Interpreters()) {
    if (interpreter.kind == "cpython" && !(interpreter.version < kOldestJudged))
      return OnInterpreter(interpreter, places_);
  }
  return std::nullopt;
}

}  // namespace lockstep
