// SPDX-License-Identifier: MIT
// lockstep expect IMPL: what its expectations file would have to say, and --update: makes it so.
#include <fmt/format.h>

#include <map>

#include "harness/cli/options.h"
#include "harness/os/interrupt.h"
#include "harness/os/text_file.h"
#include "harness/verdict/expectations_update.h"
#include "harness/verdict/verdict.h"

namespace lockstep {
namespace {

// What the oracle makes of the scenarios that failed: one that it fails too is not certified, and
// tells nothing of the implementation.
std::map<const Scenario*, ScenarioRun> AskOracle(const Implementation& oracle,
                                                 const std::vector<RunnerResult>& results,
                                                 const RunnerOptions& options) {
  std::vector<const Scenario*> failed;
  for (const RunnerResult& result : results) {
    if (result.run.end == ScenarioRun::End::kDiverged || !result.run.unclean.empty())
      failed.push_back(result.scenario);
  }
  std::map<const Scenario*, ScenarioRun> runs;
  RunScenarios(oracle, failed, options, [&](RunnerResult result) {
    runs[result.scenario] = std::move(result.run);
  });
  return runs;
}

void Print(const ExpectationsUpdate& update, const std::string& file, bool written) {
  for (const std::string& line : update.changes) fmt::print("{}\n", line);
  for (const std::string& line : update.by_hand) fmt::print("by hand: {}\n", line);
  if (update.changes.empty()) {
    fmt::print("{} is as it should be\n", file);
  } else if (written) {
    fmt::print("{} is rewritten: say in 'why' what each new entry is, and link its source\n", file);
  } else {
    fmt::print("{} would be changed so; --update does it\n", file);
  }
}

}  // namespace

int ExpectVerb(const Words& words) {
  CLI::App app("What an implementation's expectations file would have to say.", "expect");
  std::string name;
  std::string file;
  bool update = false;
  Selection selection;  // all of the catalogue: only the whole tells what is stale
  Execution execution;
  app.add_option("IMPL", name, "the implementation")->required();
  app.add_flag("--update", update, "rewrite the file, keeping its comments and its order");
  app.add_option("--expectations", file, "this file in place of its own; it may be empty");
  app.add_option("--scenarios", selection.scenarios,
                 "a scenario file or folder in place of the project's own");
  AddExecution(app, &execution);
  if (const auto status = Parse(app, words.words)) return *status;
  Discovery discovery(ProjectPlaces());
  auto implementation = discovery.Resolve(name, execution.python_args);
  if (!implementation) return Complain(implementation.error());
  if (file.empty()) file = implementation->expectations_file;
  if (file.empty())
    return Complain(Error{name + " has no expectations file",
                          "name one: --expectations FILE, or 'expectations' in its "
                          "implementation.toml"});
  const auto text = ReadTextFile(file);
  if (!text) return Complain(text.error());
  auto expectations = Expectations::Parse(*text, file);
  if (!expectations) return Complain(expectations.error());
  const auto catalogue = LoadCatalogue(selection, discovery.places());
  if (!catalogue) return Complain(catalogue.error());
  const auto out = OutFolder::Make(execution.out, discovery.places());
  if (!out) return Complain(out.error());
  const auto options = MakeRunnerOptions(execution, *out);
  if (!options) return Complain(options.error());

  std::vector<RunnerResult> results;
  const Introduction introduction =
      RunScenarios(*implementation, (*catalogue)->selected, *options,
                   [&](RunnerResult result) { results.push_back(std::move(result)); });
  std::map<const Scenario*, ScenarioRun> oracle;
  if (const auto cpython = discovery.Oracle()) oracle = AskOracle(*cpython, results, *options);
  if (Interrupted()) return kExitInterrupted;
  if (!introduction.hello)
    return Complain(Error{"it could not be started: " + introduction.failure, ""});
  std::vector<ScenarioVerdict> verdicts;
  for (RunnerResult& result : results) {
    const auto run = oracle.find(result.scenario);
    const Platform platform = result.platform;
    verdicts.push_back(Judge(std::move(result), platform, *expectations,
                             run == oracle.end() ? nullptr : &run->second));
  }
  const ExpectationsUpdate rewritten =
      UpdateExpectations(*text, *expectations, verdicts, introduction.platform);
  if (update && !rewritten.changes.empty()) {
    if (const auto replaced = ReplaceTextFile(file, rewritten.text); !replaced)
      return Complain(replaced.error());
  }
  Print(rewritten, file, update);
  return rewritten.changes.empty() || update ? 0 : 5;
}

}  // namespace lockstep
