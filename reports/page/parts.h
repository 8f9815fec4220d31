// SPDX-License-Identifier: MIT
// The parts of a page, each written by a file of its own. Pure functions, for any thread.
#ifndef LOCKSTEP_REPORTS_PAGE_PARTS_H_
#define LOCKSTEP_REPORTS_PAGE_PARTS_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "reports/merged.h"
#include "reports/page/html.h"
#include "reports/page/page.h"

namespace lockstep::reports {

// How a verdict is shown: never by its colour alone.
struct Look {
  std::string_view letter;  // one, the class of its cells
  std::string_view word;    // "expected fail"
};
// Null: it is not in any report. What is not for the version of an implementation has a look of its own.
Look LookOf(const ScenarioVerdict* verdict);
// All, from the worst to what says least.
const std::vector<Look>& Looks();

// What implementations did alike on one scenario.
struct Outcome {
  const ScenarioVerdict* verdict = nullptr;  // of the first of them
  std::vector<std::size_t> implementations;  // their places in the merged report
};

// One scenario, and how it went. The first outcome is what others are laid beside: the oracle's, or of the first that
// passed; where there is neither, there is no such one.
struct Case {
  const Scenario* scenario = nullptr;
  std::vector<Outcome> outcomes;
  bool has_base = false;
  // Of each implementation the place of its outcome; -1: it was not run.
  std::vector<int> outcome_of;
};

// What all parts are written from.
struct Sheet {
  const PageInput& input;
  const MergedReport& merged;
  std::vector<Case> cases;  // in the order of areas and their scenarios
  const MergedImplementation* oracle = nullptr;
};

std::vector<Case> CasesOf(const MergedReport& merged);

// Whether there are so few scenarios that areas are unfolded from the start.
bool AreFew(const Sheet& sheet);

// "#c12-1" and the like, without the '#'; cases and outcomes count from 0.
Html Anchor(std::size_t number);
Html Anchor(std::size_t number, int outcome);

std::string ShortName(const Scenario& scenario);  // without its area
std::string VersionOf(const ImplementationReport& report);

Html SummaryPart(const Sheet& sheet);
Html MatrixPart(const Sheet& sheet);
Html WhyPart(const Sheet& sheet);
Html CasesPart(const Sheet& sheet);
Html LatencyPart(const PageInput& input);
Html EnvironmentPart(const Sheet& sheet);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_PAGE_PARTS_H_
