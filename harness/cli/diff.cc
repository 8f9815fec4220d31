// SPDX-License-Identifier: MIT
// lockstep diff A B: the same scenarios on two implementations, without expectations. Where do they
// part?
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "harness/cli/options.h"
#include "harness/os/interrupt.h"

namespace lockstep {
namespace {


// Addresses and the names that SharedMemory makes up differ between any two runs: numbers of so
// many digits are masked, and those names.
std::string Masked(const std::string& text) {
  constexpr std::size_t kAddressDigits = 12;
  constexpr std::string_view kMadeUp = "psm_";
  constexpr std::size_t kMadeUpLength = 12;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.compare(i, kMadeUp.size(), kMadeUp) == 0) {
      out += "(made-up name)";
      i += kMadeUpLength;
      continue;
    }
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

// "raises OSError EINVAL: Invalid argument" without the message.
std::string WithoutMessage(const std::string& outcome) {
  return outcome.starts_with("raises ") ? outcome.substr(0, outcome.find(": ")) : outcome;
}

bool IsReturnedNumber(const std::string& outcome) {
  constexpr std::string_view kReturned = "-> ";
  return outcome.starts_with(kReturned) && outcome.size() > kReturned.size() &&
         outcome.find_first_not_of("0123456789", kReturned.size()) == std::string::npos;
}

using Positions = std::set<std::pair<int, int>>;

bool AllowsMany(const Expectation& expectation) {
  return expectation.alternatives.size() > 1 ||
         !expectation.alternatives.front().type_of_value.empty();
}

// The steps of which several outcomes are right, so that two runs of one implementation may differ
// there: `-> int`, `-> 0 or 1`, a hammer's part.
void CollectFree(const std::vector<Step>& steps, Positions* positions) {
  for (const Step& step : steps) {
    const auto* call = std::get_if<Do>(&step.what);
    const auto* await = std::get_if<Await>(&step.what);
    const auto* one_of = std::get_if<OneOf>(&step.what);
    const bool free = std::holds_alternative<Hammer>(step.what) ||
                      (call != nullptr && call->expectation && AllowsMany(*call->expectation)) ||
                      (await != nullptr && AllowsMany(await->expectation)) ||
                      (one_of != nullptr && AllowsMany(one_of->expectation));
    if (free) positions->emplace(step.position.line, step.position.column);
    if (const auto* together = std::get_if<Together>(&step.what))
      CollectFree(together->steps, positions);
  }
}

// Each step without what was expected of it: that differs between versions, and is not compared.
void CollectCalls(const std::vector<Step>& steps,
                  std::map<std::pair<int, int>, std::string>* calls) {
  for (const Step& step : steps) {
    const auto* call = std::get_if<Do>(&step.what);
    const auto* await = std::get_if<Await>(&step.what);
    std::string& text = (*calls)[{step.position.line, step.position.column}];
    text = step.text;
    const std::string expected = call != nullptr && call->expectation ? call->expectation->text
                                 : await != nullptr                   ? await->expectation.text
                                                                      : "";
    if (!expected.empty() && text.ends_with(expected))
      text.resize(text.find_last_not_of(' ', text.size() - expected.size() - 1) + 1);
    if (const auto* together = std::get_if<Together>(&step.what))
      CollectCalls(together->steps, calls);
  }
}

// One step of a run and what came of it, as it is compared and as it is shown.
struct Line {
  std::string compared;
  std::string shown;
};

std::vector<Line> Lines(const Scenario& scenario, const ScenarioRun& run, Messages messages) {
  Positions free;
  CollectFree(scenario.steps, &free);
  // An outcome that was not right is never like another.
  if (run.divergence) free.erase({run.divergence->position.line, run.divergence->position.column});
  std::map<std::pair<int, int>, std::string> calls;
  CollectCalls(scenario.steps, &calls);
  std::vector<Line> lines;
  for (const TraceEntry& entry : run.trace) {
    const auto call = calls.find({entry.position.line, entry.position.column});
    const std::string& step = call == calls.end() ? entry.step : call->second;
    std::string outcome =
        messages == Messages::kIgnore ? WithoutMessage(entry.outcome) : entry.outcome;
    // Which number is free is chance.
    const bool opens = entry.step.find("shm_open(") != std::string::npos;
    if (opens && IsReturnedNumber(outcome)) outcome = "-> (descriptor)";
    const bool is_free = free.count({entry.position.line, entry.position.column}) != 0;
    lines.push_back({step + (is_free ? " (any)" : " " + Masked(outcome)),
                     fmt::format("{:<44} {}", step, outcome)});
  }
  const auto add = [&](const std::string& text) { lines.push_back({text, text}); };
  if (run.end == ScenarioRun::End::kUnsupported) add("unsupported: " + run.reason);
  if (run.end == ScenarioRun::End::kNotRun) add("not run: " + run.reason);
  // The outcome alone does not show it: both may have returned False.
  if (run.divergence && run.divergence->operation.starts_with("a timed wait"))
    add(run.divergence->operation);
  for (const std::string& unclean : run.unclean) add("left behind: " + unclean);
  return lines;
}

bool Same(const std::vector<Line>& a, const std::vector<Line>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Line& x, const Line& y) { return x.compared == y.compared; });
}

// Both runs up to and with the first line that differs.
void PrintParting(const Scenario& scenario, const std::string& a_name, const std::vector<Line>& a,
                  const std::string& b_name, const std::vector<Line>& b) {
  fmt::print("{}\n  {}\n", scenario.name, scenario.says);
  std::size_t same = 0;
  while (same < a.size() && same < b.size() && a[same].compared == b[same].compared)
    fmt::print("      {}\n", a[same++].shown);
  const auto rest = [&](const std::string& name, const std::vector<Line>& lines) {
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
    const std::vector<Line> left_lines = Lines(*scenario, left, options->messages);
    const std::vector<Line> right_lines = Lines(*scenario, right, options->messages);
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
