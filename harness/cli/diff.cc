// SPDX-License-Identifier: MIT
// lockstep diff A B: the same scenarios on two implementations, without expectations. Where do they
// part?
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "harness/cli/options.h"
#include "harness/engine/comparison.h"
#include "harness/os/interrupt.h"

namespace lockstep {
namespace {

bool Same(const std::vector<ComparedLine>& a, const std::vector<ComparedLine>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const ComparedLine& x, const ComparedLine& y) { return x.compared == y.compared; });
}

// Both runs up to and with the first line that differs.
void PrintParting(const Scenario& scenario, const std::string& a_name, const std::vector<ComparedLine>& a,
                  const std::string& b_name, const std::vector<ComparedLine>& b) {
  fmt::print("{}\n  {}\n", scenario.name, scenario.says);
  std::size_t same = 0;
  while (same < a.size() && same < b.size() && a[same].compared == b[same].compared)
    fmt::print("      {}\n", a[same++].shown);
  const auto rest = [&](const std::string& name, const std::vector<ComparedLine>& lines) {
    fmt::print("    {}: {}\n", name, same < lines.size() ? lines[same].shown : "(no further step)");
  };
  rest(a_name, a);
  rest(b_name, b);
  fmt::print("\n");
}

using Runs = std::map<const Scenario*, ScenarioRun>;

Runs RunAll(const Implementation& implementation, const Catalogue& catalogue,
            const RunnerOptions& options, int* failures) {
  Runs runs;
  const Introduction introduction =
      RunScenarios(implementation, catalogue.selected, options, [&](RunnerResult result) {
        if (result.run.end == ScenarioRun::End::kHarnessError) ++*failures;
        runs[result.scenario] = std::move(result.run);
      });
  if (!introduction.hello) fmt::print("{}: {}\n", implementation.name, introduction.failure);
  return runs;
}

}  // namespace

int DiffVerb(const Words& words) {
  CLI::App app("The same scenarios on two implementations, no expectations: where do they part?",
               "diff");
  std::vector<std::string> names;
  Selection selection;
  Execution execution;
  app.add_option("IMPL", names, "two implementations; one of them may come after --")->required();
  AddSelection(app, &selection);
  AddExecution(app, &execution);
  if (const auto status = Parse(app, words.words)) return *status;
  Discovery discovery(ProjectPlaces());
  auto implementations = ResolveAll(discovery, names, words.command, execution.python_args);
  if (!implementations) return Complain(implementations.error());
  if (implementations->size() != 2)
    return Complain(Error{"diff takes two implementations", "lockstep diff reference cpython"});
  const auto catalogue = LoadCatalogue(selection, discovery.places());
  if (!catalogue) return Complain(catalogue.error());
  const auto out = OutFolder::Make(execution.out, discovery.places());
  if (!out) return Complain(out.error());
  const auto options = MakeRunnerOptions(execution, *out);
  if (!options) return Complain(options.error());

  int failures = 0;
  const Implementation& first = (*implementations)[0];
  const Implementation& second = (*implementations)[1];
  const Runs a = RunAll(first, **catalogue, *options, &failures);
  const Runs b = RunAll(second, **catalogue, *options, &failures);
  if (Interrupted()) return kExitInterrupted;
  int parted = 0;
  int compared = 0;
  for (const Scenario* scenario : (*catalogue)->selected) {
    const ScenarioRun& left = a.at(scenario);
    const ScenarioRun& right = b.at(scenario);
    const auto judged = [](const ScenarioRun& run) {
      return run.end == ScenarioRun::End::kCompleted || run.end == ScenarioRun::End::kDiverged;
    };
    if (!judged(left) || !judged(right)) continue;
    ++compared;
    const std::vector<ComparedLine> left_lines = LinesOf(*scenario, left, options->messages);
    const std::vector<ComparedLine> right_lines = LinesOf(*scenario, right, options->messages);
    if (Same(left_lines, right_lines)) continue;
    ++parted;
    PrintParting(*scenario, first.name, left_lines, second.name, right_lines);
  }
  fmt::print("{} of {} scenarios part; {} could not be compared (lacking, or for another version)\n",
             parted, compared,
             (*catalogue)->selected.size() - static_cast<std::size_t>(compared));
  if (failures > 0)
    fmt::print("{} runs failed for the harness's or an adapter's fault\n", failures);
  if (failures > 0) return kExitHarness;
  return parted > 0 ? 1 : compared == 0 ? 4 : 0;
}

}  // namespace lockstep
