// SPDX-License-Identifier: MIT
// lockstep doctor: what this machine lacks, what that costs, and how to mend it.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/cli/findings.h"
#include "harness/cli/options.h"
#include "harness/os/command.h"

namespace lockstep {
namespace {

Finding LookAtInterpreters(Discovery& discovery) {
  const auto oracle = discovery.Oracle();
  if (!oracle) {
    return {false, "oracle: none: no CPython of 3.8 or later was found",
            "there is no oracle's column; scenarios judge all the same", "install python3",
            "unpack or build a CPython of your own, and put it on PATH or below ~/.pyenv/versions"};
  }
  return {true, fmt::format("oracle: {}, {}", oracle->name, oracle->note)};
}

// As the front door's list of packages probes: command:NAME, file:PATH (of optional packages none is a pattern), module:NAME, and
// header:PATH, which only a build needs.
bool IsThere(const std::string& probe) {
  const std::size_t colon = probe.find(':');
  const std::string kind = probe.substr(0, colon);
  const std::string what = probe.substr(colon + 1);
  std::error_code error;
  if (kind == "command") return !FindOnPath(what).empty();
  if (kind == "file") return std::filesystem::exists(what, error);
  if (kind != "module") return true;
  constexpr std::chrono::seconds kLimit{10};
  const auto found = RunCommand(
      {"/usr/bin/python3", "-c",
       "import importlib.util as u, sys; sys.exit(u.find_spec(sys.argv[1]) is None)", what},
      EnvironmentOf(Implementation{}), kLimit);
  return found && WIFEXITED(found->status) && WEXITSTATUS(found->status) == 0;
}

// The optional packages that are not here, a line each: tools/packages.txt has a line a package,
// "need probe debian fedora arch what-for".
std::vector<std::string> MissingPackages(const Places& places) {
  std::vector<std::string> missing;
  std::ifstream list(places.root + "/tools/packages.txt");
  for (std::string line; std::getline(list, line);) {
    std::istringstream words(line);
    std::string need;
    std::string probe;
    std::string debian;
    std::string other;
    std::string purpose;
    words >> need >> probe >> debian >> other >> other >> std::ws;
    std::getline(words, purpose);
    if (need == "optional" && !IsThere(probe)) missing.push_back(debian + ": " + purpose);
  }
  return missing;
}

// Why the private interpreters are not all there; empty: they are, or nobody can tell.
std::vector<std::string> MissingInterpreters(const Places& places) {
  const std::string& folder = places.interpreters;
  std::error_code error;
  if (!std::filesystem::exists(folder + "/list.tsv", error))
    return {"newer Pythons in build/interpreters: not downloaded; tools/interpreters does it"};
  std::vector<std::string> missing;
  std::ifstream failed(folder + "/failed.tsv");
  for (std::string line; std::getline(failed, line);) {
    std::istringstream fields(line);
    std::string name;
    std::string when;
    std::string reason;
    std::getline(fields, name, '\t');
    std::getline(fields, when, '\t');
    std::getline(fields, reason);
    missing.push_back(fmt::format(
        "private {}: could not be downloaded: {}; tools/interpreters --retry tries again", name,
        reason));
  }
  return missing;
}

// Nothing of this stops a run.
void PrintOptional(const Places& places) {
  // What builds and tests it, and the folder of private interpreters, belong to the tree.
  if (places.installed()) return;
  std::vector<std::string> missing = MissingPackages(places);
  for (std::string& one : MissingInterpreters(places)) missing.push_back(std::move(one));
  if (missing.empty()) return;
  fmt::print("\nnot needed, but not here either:\n");
  for (const std::string& one : missing) fmt::print("  {}\n", one);
}

void PrintImplementations(Discovery& discovery) {
  fmt::print("\nimplementations:\n  reference\n");
  const auto names = discovery.ShortNames();
  std::vector<std::string> known;
  for (const Interpreter& i : discovery.Interpreters()) {
    std::string name = i.kind + "-" + i.full;
    // Of two of one version the name is the first one's.
    if (std::find(known.begin(), known.end(), name) != known.end()) name = "python:" + i.path;
    known.push_back(name);
    std::string also;
    const auto found = names.find(i.executable);
    if (found != names.end()) {
      for (const std::string& one : found->second) also += (also.empty() ? "; also " : ", ") + one;
    }
    fmt::print("  {:<18} {} ({}){}{}\n", name, i.path, i.found_as,
               i.version < kOldestJudged ? ": too old to be judged unasked" : "", also);
  }
}

}  // namespace

int DoctorVerb(const Words& words) {
  CLI::App app(
      "What this machine lacks, what that costs, and how to mend it. The status is 0 whatever it "
      "is.",
      "doctor");
  if (const auto status = Parse(app, words.words)) return *status;
  const Places places = ProjectPlaces();
  const auto catalogue = LoadCatalogue(Selection{}, places);
  if (!catalogue) return Complain(catalogue.error());
  Discovery discovery(places);
  utsname name{};
  ::uname(&name);
  fmt::print("kernel {} {}, user {}\n", name.release, name.machine, ::geteuid());
  int lacking = 0;
  std::vector<Finding> findings = LookAtMachine((*catalogue)->all);
  findings.push_back(LookAtInterpreters(discovery));
  for (const Finding& finding : findings) {
    fmt::print("{}  {}\n", finding.well ? "ok   " : "LACKS", finding.what);
    if (finding.well) continue;
    ++lacking;
    fmt::print("         costs: {}\n         mend:  {}\n", finding.cost, finding.mend);
    if (!finding.without_root.empty())
      fmt::print("         without root: {}\n", finding.without_root);
  }
  PrintOptional(places);
  PrintImplementations(discovery);
  fmt::print("\n{}\n", lacking == 0 ? "nothing that a run needs is lacking"
                                    : fmt::format("{} lacking", lacking));
  return 0;
}

}  // namespace lockstep
