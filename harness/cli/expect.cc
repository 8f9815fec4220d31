// SPDX-License-Identifier: MIT
// lockstep expect IMPL: what its expectations file would have to say, and --update: makes it so.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

#include "harness/cli/options.h"
#include "harness/os/interrupt.h"
#include "harness/os/text_file.h"
#include "harness/verdict/expectations_update.h"
#include "harness/verdict/verdict.h"

namespace lockstep {
namespace {

// What the oracle makes of the scenarios that failed: one that it fails too is not certified, and
// tells nothing of the implementation. Nothing: there was no time for all of them.
std::optional<std::map<const Scenario*, ScenarioRun>> AskOracle(const Implementation& oracle,
                                                 const std::vector<RunnerResult>& results,
                                                 const RunnerOptions& options) {
  std::vector<const Scenario*> failed;
  for (const RunnerResult& result : results) {
    if (result.run.end == ScenarioRun::End::kDiverged || !result.run.unclean.empty())
      failed.push_back(result.scenario);
  }
  std::map<const Scenario*, ScenarioRun> runs;
  bool cut_short = false;
  RunScenarios(oracle, failed, options, [&](RunnerResult result) {
    cut_short = cut_short || result.not_run == NotRun::kInterrupted;
    runs[result.scenario] = std::move(result.run);
  });
  if (cut_short) return std::nullopt;
  return runs;
}

int ComplainOfTime() {
  Complain(Error{"time ran out before everything was run; nothing was written",
                 "give it more: --max-time"});
  return kExitNotJudged;
}

// Only the whole tells what is stale: an exit status, and why, if something has no verdict that could
// have had one.
int ComplainOfWhatWasNotJudged(const std::vector<ScenarioVerdict>& verdicts) {
  if (AnyCutShort(verdicts)) return ComplainOfTime();
  const auto failed = [](const ScenarioVerdict& one) {
    return one.run.end == ScenarioRun::End::kHarnessError;
  };
  const auto first = std::find_if(verdicts.begin(), verdicts.end(), failed);
  if (first == verdicts.end()) return 0;
  Complain(Error{fmt::format("{} of {} scenarios ended in an error of the harness or the adapter; nothing "
                             "was written. The first: {}: {}",
                             std::count_if(first, verdicts.end(), failed), verdicts.size(),
                             first->scenario->name, first->reason),
                 "lockstep run shows them all"});
  return kExitHarness;
}

void Print(const ExpectationsUpdate& update, const std::string& file, bool written) {
  for (const std::string& line : update.changes) fmt::print("{}\n", line);
  for (const std::string& line : update.by_hand) fmt::print("by hand: {}\n", line);
  if (update.changes.empty()) {
    if (update.by_hand.empty()) fmt::print("{} is as it should be\n", file);
  } else if (written) {
    fmt::print("{} is rewritten: say in 'why' what each new or changed entry is, and link its source\n", file);
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
  app.add_flag("--update", update, "rewrite the file, keeping its comments and its order, or begin it; else "
               "status 5 if it would be changed");
  app.add_option("--expectations", file, "this file in place of its own");
  app.add_option("--scenarios", selection.scenarios,
                 "a scenario file or folder in place of the project's own");
  AddExecution(app, &execution);
  if (const auto status = Parse(app, words.words)) return *status;
  Discovery discovery(ProjectPlaces());
  auto implementation = discovery.Resolve(name, execution.python_args);
  if (!implementation) return Complain(implementation.error());
  const bool named = !file.empty();
  if (!named) file = implementation->expectations_file;
  // The project's own files are for its own catalogue, and for all interpreters of a kind.
  if (!named && file.starts_with(discovery.places().root + "/impl/") &&
      (!selection.scenarios.empty() || name.starts_with("python:")))
    return Complain(Error{fmt::format("{} is for the project's scenarios, and for every interpreter of its kind", file),
                          "name a file of your own: --expectations FILE"});
  if (file.empty())
    return Complain(Error{name + " has no expectations file",
                          "name one: --expectations FILE, or 'expectations' in its "
                          "implementation.toml"});
  // One that is not there yet is begun.
  const bool begun = update && ::access(file.c_str(), F_OK) != 0 && errno == ENOENT;
  const auto text = begun ? Result<std::string>("") : ReadTextFile(file);
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
  std::optional<std::map<const Scenario*, ScenarioRun>> oracle(std::in_place);
  if (const auto cpython = discovery.Oracle()) oracle = AskOracle(*cpython, results, *options);
  if (Interrupted()) return kExitInterrupted;
  // Nobody failed where nobody was begun.
  if (!oracle || (!introduction.hello && introduction.failure.empty())) return ComplainOfTime();
  if (!introduction.hello) {
    Complain(Error{"it could not be started: " + introduction.failure, ""});
    return kExitHarness;
  }
  std::vector<ScenarioVerdict> verdicts;
  for (RunnerResult& result : results) {
    const auto run = oracle->find(result.scenario);
    const Platform platform = result.platform;
    verdicts.push_back(Judge(std::move(result), platform, *expectations,
                             run == oracle->end() ? nullptr : &run->second));
  }
  if (const int status = ComplainOfWhatWasNotJudged(verdicts)) return status;
  const auto rewritten = UpdateExpectations(*text, *expectations, verdicts, introduction.platform);
  if (!rewritten) return Complain(rewritten.error());
  if (update && !rewritten->changes.empty()) {
    if (const auto replaced = ReplaceTextFile(file, rewritten->text); !replaced)
      return Complain(replaced.error());
  }
  Print(*rewritten, file, update);
  const bool done = rewritten->changes.empty() || update;
  return done && rewritten->by_hand.empty() ? 0 : 5;
}

}  // namespace lockstep
