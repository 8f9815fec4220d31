// SPDX-License-Identifier: MIT
#include "harness/cli/campaigns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>

#include "harness/os/interrupt.h"
#include "reports/text.h"

namespace lockstep {

int RunEach(const std::vector<Implementation>& implementations,
            const std::function<int(const Implementation&)>& run_one) {
  std::vector<int> statuses;
  for (const Implementation& implementation : implementations) {
    if (Interrupted()) {
      fmt::print("{}: not begun\n", implementation.name);
      continue;
    }
    statuses.push_back(run_one(implementation));
    std::fflush(stdout);
  }
  if (Interrupted()) return kExitInterrupted;
  for (const int status : {kExitHarness, kExitUsage, 1, kExitNotJudged}) {
    if (std::find(statuses.begin(), statuses.end(), status) != statuses.end()) return status;
  }
  return 0;
}

std::string CommandLine(const std::string& verb, const Words& words, std::optional<std::uint64_t> drawn_seed) {
  std::string command = ProjectPlaces().program + " " + verb;
  for (const std::string& word : words.words) command += " " + reports::ShellQuoted(word);
  if (drawn_seed) command += fmt::format(" --seed {}", *drawn_seed);
  if (!words.command.empty()) command += " --";
  for (const std::string& word : words.command) command += " " + reports::ShellQuoted(word);
  return command;
}

Result<std::vector<Implementation>> ResolveOrReference(Discovery& discovery, std::vector<std::string> names,
                                                       const std::vector<std::string>& command,
                                                       const std::vector<std::string>& python_args) {
  if (names.empty() && command.empty()) names = {"reference"};
  return ResolveAll(discovery, names, command, python_args);
}

Result<std::string> FolderIn(const OutFolder& out, const std::string& name) {
  std::string folder = out.path() + "/" + name;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Fail(fmt::format("cannot make {}: {}", folder, error.message()));
  return folder;
}

std::string FileNameOf(std::string text) {
  for (char& c : text)
    c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? static_cast<char>(std::tolower(c)) : '-';
  return text;
}

std::string WordsFor(const Implementation& implementation) {
  return reports::NamedInCommand(implementation.run_as, implementation.name);
}

}  // namespace lockstep
