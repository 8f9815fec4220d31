// SPDX-License-Identifier: MIT
// lockstep diff A B: the same scenarios on two implementations, without expectations. Where do they part?
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "harness/cli/options.h"
#include "harness/os/interrupt.h"

namespace lockstep {
namespace {

constexpr int kExitInterrupted = 130;
constexpr int kExitHarness = 3;

// Addresses differ between any two runs: numbers of so many digits are masked.
std::string Masked(const std::string& text) {
  constexpr std::size_t kAddressDigits = 12;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    if (end - i >= kAddressDigits) {
      out += "(address)";
    } else {
      out += text.substr(i, std::max<std::size_t>(end - i, 1));
    }
    i = std::max(end, i + 1);
  }
  return out;
}

// A scenario's run as lines: every step and what came of it.
std::vector<std::string> Lines(const ScenarioRun& run) {
  std::vector<std::string> lines;
  for (const TraceEntry& entry : run.trace) {
    lines.push_back(fmt::format("{:<44} {}", entry.step, Masked(entry.outcome)));
  }
  if (run.end == ScenarioRun::End::kUnsupported) lines.push_back("unsupported: " + run.reason);
  if (run.end == ScenarioRun::End::kNotRun) lines.push_back("not run: " + run.reason);
  for (const std::string& unclean : run.unclean) lines.push_back("left behind: " + unclean);
  return lines;
}

// Both runs up to and with the first line that differs.
void PrintParting(const Scenario& scenario, const std::string& a_name, const ScenarioRun& a, const std::string& b_name,
                  const ScenarioRun& b) {
  fmt::print("{}\n  {}\n", scenario.name, scenario.says);
  const std::vector<std::string> left = Lines(a);
  const std::vector<std::string> right = Lines(b);
  std::size_t same = 0;
  while (same < left.size() && same < right.size() && left[same] == right[same]) fmt::print("      {}\n", left[same++]);
  const auto rest = [&](const std::string& name, const std::vector<std::string>& lines) {
    fmt::print("    {}: {}\n", name, same < lines.size() ? lines[same] : "(no further step)");
  };
  rest(a_name, left);
  rest(b_name, right);
  fmt::print("\n");
}

using Runs = std::map<const Scenario*, ScenarioRun>;

Runs RunAll(const Implementation& implementation, const Catalogue& catalogue, const RunnerOptions& options, int* failures) {
  Runs runs;
  const Introduction introduction = RunScenarios(implementation, catalogue.selected, options, [&](RunnerResult result) {
    if (result.run.end == ScenarioRun::End::kHarnessError) ++*failures;
    runs[result.scenario] = std::move(result.run);
  });
  if (!introduction.hello) fmt::print("{}: {}\n", implementation.name, introduction.failure);
  return runs;
}

}  // namespace

int DiffVerb(const Words& words) {
  CLI::App app("The same scenarios on two implementations, no expectations: where do they part?", "diff");
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
  if (implementations->size() != 2) return Complain(Error{"diff takes two implementations", "lockstep diff reference cpython"});
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
    if (Lines(left) == Lines(right)) continue;
    ++parted;
    PrintParting(*scenario, first.name, left, second.name, right);
  }
  fmt::print("{} of {} scenarios part; {} could not be compared\n", parted, compared, (*catalogue)->selected.size() - static_cast<std::size_t>(compared));
  if (failures > 0) fmt::print("{} runs failed for the harness's or an adapter's fault\n", failures);
  if (failures > 0) return kExitHarness;
  return parted > 0 ? 1 : compared == 0 ? 4 : 0;
}

}  // namespace lockstep
