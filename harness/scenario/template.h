// SPDX-License-Identifier: MIT
// Placeholders of a scenario that stands for several: `{timeout}`. Pure.
#ifndef LOCKSTEP_HARNESS_SCENARIO_TEMPLATE_H_
#define LOCKSTEP_HARNESS_SCENARIO_TEMPLATE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/text/source.h"

namespace lockstep::transcript {

// What takes the place of a placeholder; `name` does so in the scenario's name, made fit for it.
struct Filling {
  std::string text;
  std::string name;
};
// Placeholders without braces, in the order in which they were written.
using Fillings = std::vector<std::pair<std::string, Filling>>;

// `text` with every `{key}` of `fillings` replaced.
std::string FillIn(std::string_view text, const Fillings& fillings);
// A scenario's name: everything but letters, digits, '.' and '-' turned to '-' in what is put in.
std::string FillInName(std::string_view name, const Fillings& fillings);
// A line, which still knows where each of its columns stands in the file.
SourceLine FillInLine(const SourceLine& line, const Fillings& fillings);

// " (with timeout=-1, kind=0)", or nothing where there is nothing to fill in.
std::string RemarkOf(const Fillings& fillings);

// The lines without the indent that all have, and without empty ones at both ends; each ends with
// \n.
std::string Unindented(const std::vector<SourceLine>& lines);

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_TEMPLATE_H_
