// SPDX-License-Identifier: MIT
// What the verbs that make their own tests (fuzz, stress, faults) have in common.
#ifndef LOCKSTEP_HARNESS_CLI_CAMPAIGNS_H_
#define LOCKSTEP_HARNESS_CLI_CAMPAIGNS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/options.h"

namespace lockstep {

// Runs each implementation, and says of those that an interrupt leaves out that they were not begun. The
// worst exit status: 130, then 3, 2, 1, 4.
int RunEach(const std::vector<Implementation>& implementations,
            const std::function<int(const Implementation&)>& run_one);

// The command of a verb with its words as they were given, and with its seed if that was drawn: "./lockstep fuzz --seed 7".
std::string CommandLine(const std::string& verb, const Words& words, std::optional<std::uint64_t> drawn_seed);

// As ResolveAll; nothing named is the reference.
Result<std::vector<Implementation>> ResolveOrReference(Discovery& discovery, std::vector<std::string> names,
                                                       const std::vector<std::string>& command,
                                                       const std::vector<std::string>& python_args);

// A folder in OUT, made if it is not there.
Result<std::string> FolderIn(const OutFolder& out, const std::string& name);

// A file's name of any text: lower case, and a dash for what is neither letter nor digit.
std::string FileNameOf(std::string text);

// How the implementation is named in a command that runs it again; begins with a blank.
std::string WordsFor(const Implementation& implementation);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_CLI_CAMPAIGNS_H_
