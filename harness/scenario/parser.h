// SPDX-License-Identifier: MIT
// From text to scenarios: one transcript, one file, a folder. Pure but for reading files; never
// throws.
#ifndef LOCKSTEP_HARNESS_SCENARIO_PARSER_H_
#define LOCKSTEP_HARNESS_SCENARIO_PARSER_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/os/result.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

// The steps of one transcript. `file` and `first_line` place it for messages. Every mistake is
// "FILE:LINE:COLUMN: what, what was expected", followed by the line itself and a caret, as
// Error::message.
Result<std::vector<Step>> ParseSteps(std::string_view text, const std::string& file,
                                     int first_line);

// Every scenario of one .toml file's text, templates expanded, in order. The first mistake ends it.
Result<std::vector<Scenario>> ParseScenarioFile(std::string_view text, const std::string& file);

// Every scenario of a file, or of the *.toml files of a folder in order of their names (but
// behaviours.toml). Names are unique over all, else an error that names both places.
Result<std::vector<Scenario>> LoadScenarios(const std::string& path);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_SCENARIO_PARSER_H_
