// SPDX-License-Identifier: MIT
// lockstep mutants: the catalogue on implementations that have one deliberate defect each. Does it
// catch them?
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "harness/cli/mutant_list.h"
#include "harness/cli/options.h"
#include "harness/os/affinity.h"
#include "harness/os/interrupt.h"
#include "harness/text/source.h"
#include "harness/verdict/verdict.h"
#include "reports/text.h"

namespace lockstep {
namespace {

constexpr const char* kAdapter = "/impl/mutants/lockstep-adapter-mutants";
constexpr const char* kNone = "none";

struct MutantsFlags {
  std::vector<std::string> names;
  Selection selection;
  Execution execution;
  bool matrix = false;
  std::string json;
};

Implementation MutantOf(const std::string& adapter, const std::string& name) {
  Implementation implementation;
  implementation.name = "mutant " + name;
  implementation.family = "mutants";
  implementation.argv = {adapter, name};
  return implementation;
}

// One run of the command.
class MutantsJob {
 public:
  MutantsJob(MutantsFlags flags, std::string adapter, std::vector<const Mutant*> mutants,
             std::size_t for_other_verbs, std::vector<const Scenario*> scenarios, RunnerOptions options)
      : flags_(std::move(flags)),
        adapter_(std::move(adapter)),
        for_other_verbs_(for_other_verbs),
        scenarios_(std::move(scenarios)),
        options_(std::move(options)) {
    for (const Mutant* mutant : mutants) results_.emplace_back().mutant = mutant;
    for (const MutantResult& result : results_)
      name_width_ = std::max(name_width_, result.mutant->name.size());
  }

  int Run() {
    const std::int64_t start = MonotonicNs();
    if (!RunWithoutDefect()) return kExitHarness;
    if (!Interrupted()) RunMutants();
    if (Interrupted()) return kExitInterrupted;
    const int survivors = PrintSurvivors();
    if (flags_.matrix) PrintMatrix();
    const bool clean = none_.failed.empty() && none_.trouble.empty();
    const auto count = [&](auto which) { return std::count_if(results_.begin(), results_.end(), which); };
    const auto not_run = count([](const MutantResult& one) { return one.not_run && !one.Killed(); });
    const std::string others =
        for_other_verbs_ == 0 ? "" : fmt::format("; {} more are for stress and faults", for_other_verbs_);
    fmt::print("\n{} of {} mutants killed by {} scenarios{}; without a defect {}{}; {}\n",
               count([](const MutantResult& one) { return one.Killed(); }), results_.size(),
               scenarios_.size(), not_run == 0 ? "" : fmt::format(", {} not run to the end", not_run),
               clean ? "clean" : "NOT CLEAN", others, reports::DurationText(nanoseconds(MonotonicNs() - start)));
    if (not_run > 0) return kExitInterrupted;
    return survivors > 0 || !clean ? 1 : 0;
  }

  std::string Json() const {
    std::string lines = ToJsonLine(none_);
    for (const MutantResult& result : results_) {
      if (result.Killed() || !result.not_run) lines += ToJsonLine(result);
    }
    return lines;
  }

 private:
  // Runs scenarios on one mutant, and says what it said of itself. `whole`: not only until the
  // first that fails.
  Introduction RunOne(MutantResult* result, const RunnerOptions& common, bool whole) {
    const std::int64_t start = MonotonicNs();
    std::atomic<bool> stop{false};
    RunnerOptions options = common;
    options.stop = &stop;
    Expectations none_expected;
    const std::vector<const Scenario*> order = whole ? scenarios_ : OrderFor(*result->mutant);
    const Introduction introduction = RunScenarios(
        MutantOf(adapter_, result->mutant->name), order, options, [&](RunnerResult one) {
          const Platform platform = one.platform;
          Keep(Judge(std::move(one), platform, none_expected, nullptr), result);
          if (!whole && result->Killed()) stop = true;
        });
    result->seconds = static_cast<double>(MonotonicNs() - start) / 1e9;
    return introduction;
  }

  // The areas that are to catch it first, the rest behind: the first kill is soon, and by whom it was
  // meant to be.
  std::vector<const Scenario*> OrderFor(const Mutant& mutant) const {
    std::vector<const Scenario*> order = scenarios_;
    std::stable_partition(order.begin(), order.end(), [&](const Scenario* scenario) {
      return std::find(mutant.areas.begin(), mutant.areas.end(), scenario->Area()) !=
             mutant.areas.end();
    });
    return order;
  }

  // A failure of the harness or of the adapter kills nobody.
  static void Keep(const ScenarioVerdict& verdict, MutantResult* result) {
    const Scenario& scenario = *verdict.scenario;
    if (verdict.Overall() == Verdict::kFail)
      result->failed.push_back({scenario.name, scenario.Area(), verdict.reason});
    if (verdict.Overall() == Verdict::kHarnessError) {
      result->troubled.insert(scenario.name);
      if (result->trouble.empty())
        result->trouble = fmt::format("{}: {}", scenario.name, verdict.reason);
    }
    result->not_run = result->not_run || (verdict.not_run == NotRun::kInterrupted && !result->Killed());
  }

  // The switch alone changes nothing. A scenario that fails without a defect kills no mutant.
  // False: nothing can be run at all.
  bool RunWithoutDefect() {
    const Introduction introduction = RunOne(&none_, options_, true);
    if (!introduction.hello) {
      fmt::print("{}: {}\n", kNone, introduction.failure);
      return Interrupted();
    }
    std::set<std::string> failed = none_.troubled;
    for (const Failed& one : none_.failed) {
      fmt::print("without a defect {} fails: {}\n", one.scenario, one.got);
      failed.insert(one.scenario);
    }
    if (!none_.trouble.empty())
      fmt::print("without a defect this could not be judged: {}\n", none_.trouble);
    std::erase_if(scenarios_, [&](const Scenario* s) { return failed.count(s->name) != 0; });
    return true;
  }

  // A thread a job, each with one mutant after the other; rows are printed in the table's order.
  void RunMutants() {
    PrintRow("mutant", "predicted", "killer", "seconds");
    const int jobs = std::min(options_.jobs, static_cast<int>(results_.size()));
    done_.assign(results_.size(), false);
    std::vector<std::thread> threads;
    for (int i = 0; i < jobs; ++i) {
      threads.emplace_back([this, i] {
        RunnerOptions options = options_;
        options.jobs = 1;
        options.first_worker = i;
        for (std::size_t at = next_++; at < results_.size() && !Interrupted(); at = next_++) {
          RunOne(&results_[at], options, flags_.matrix);
          Done(at);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  void Done(std::size_t at) {
    const std::lock_guard lock(mutex_);
    done_[at] = true;
    for (; printed_ < done_.size() && done_[printed_]; ++printed_) Print(results_[printed_]);
    std::fflush(stdout);
  }

  void Print(const MutantResult& result) const {
    if (Interrupted() && !result.Killed()) return;
    const std::string area = result.mutant->areas.empty() ? "-" : result.mutant->areas.front();
    const std::string killer = result.Killed()   ? result.failed.front().scenario
                               : result.not_run ? "not run to the end"
                                                : "SURVIVED";
    PrintRow(result.mutant->name, area, killer, fmt::format("{:.2f}", result.seconds));
  }

  void PrintRow(const std::string& name, const std::string& area, const std::string& killer,
                const std::string& seconds) const {
    constexpr int kAreaWidth = 13;
    fmt::print("{:<{}}  {:<{}}  {:>7}  {}\n", name, name_width_, area, kAreaWidth, seconds, killer);
  }

  // How many there are. Of all mutants (the matrix), one that is for other verbs is no survivor.
  int PrintSurvivors() const {
    int survivors = 0;
    std::vector<std::string> for_others;
    for (const MutantResult& result : results_) {
      if (result.Killed() || result.not_run) continue;
      if (flags_.names.empty() && result.mutant->IsForOtherVerbs()) {
        for_others.push_back(result.mutant->name);
        continue;
      }
      if (++survivors == 1) fmt::print("\nsurvivors:\n");
      fmt::print("  {} ({}): {}\n", result.mutant->name, fmt::join(result.mutant->areas, ", "),
                 result.mutant->says);
      if (!result.trouble.empty()) fmt::print("      not judged: {}\n", result.trouble);
    }
    if (!for_others.empty())
      fmt::print("\nno scenario kills these, which are for stress and faults:\n  {}\n",
                 fmt::join(for_others, ", "));
    return survivors;
  }

  void PrintMatrix() const {
    std::map<std::string, std::vector<std::string>> only;
    bool first = true;
    for (const MutantResult& result : results_) {
      if (result.failed.size() == 1)
        only[result.failed.front().scenario].push_back(result.mutant->name);
      if (!result.Killed() || result.AsPredicted()) continue;
      if (first) fmt::print("\nkilled, but by no scenario of a predicted area:\n");
      first = false;
      fmt::print("  {} ({}): {}\n", result.mutant->name, fmt::join(result.mutant->areas, ", "),
                 result.failed.front().scenario);
    }
    if (!only.empty()) fmt::print("\nscenarios that are the only killer:\n");
    for (const auto& [scenario, names] : only) {
      fmt::print("  {}: {}\n", scenario, fmt::join(names, ", "));
    }
  }

  const MutantsFlags flags_;
  const std::string adapter_;
  const std::size_t for_other_verbs_;  // that are not among the results
  std::vector<const Scenario*> scenarios_;
  const RunnerOptions options_;
  const Mutant no_defect_{kNone, {}, "The switch, and no defect.", "hidden"};
  MutantResult none_ = {.mutant = &no_defect_};
  std::vector<MutantResult> results_;
  std::size_t name_width_ = 0;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::vector<bool> done_;   // under mutex_
  std::size_t printed_ = 0;  // under mutex_
};

// Those that are named; else all but the hidden ones and, unless it is for the matrix, those that no
// scenario is for.
Result<std::vector<const Mutant*>> Choose(const std::vector<Mutant>& mutants,
                                          const std::vector<std::string>& names, bool matrix) {
  std::vector<const Mutant*> chosen;
  std::vector<std::string> known;
  for (const Mutant& mutant : mutants) {
    const bool left_out = mutant.IsHidden() || (mutant.IsForOtherVerbs() && !matrix);
    if (names.empty() && !left_out) chosen.push_back(&mutant);
    known.push_back(mutant.name);
  }
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      return Fail(
          fmt::format("there is no mutant '{}'{}", name, DidYouMean(name, known)),
          "impl/mutants/defect_table.h lists them");
    }
    chosen.push_back(&mutants[static_cast<std::size_t>(found - known.begin())]);
  }
  return chosen;
}

}  // namespace

int MutantsVerb(const Words& words) {
  CLI::App app("The catalogue on implementations with a deliberate defect: does it catch them?",
               "mutants");
  MutantsFlags flags;
  app.add_option("NAME", flags.names,
                 "mutants; none: all but those that are for stress and faults, which no scenario need kill");
  AddSelection(app, &flags.selection);
  AddExecution(app, &flags.execution);
  app.add_flag("--matrix", flags.matrix,
               "every scenario on each mutant, not only until the first that fails; those for stress and "
               "faults too, which may survive it");
  app.add_option("--json", flags.json, "write a line of JSON a mutant there");
  if (const auto status = Parse(app, words.words)) return *status;
  const Places places = ProjectPlaces();
  const std::string adapter = places.build + kAdapter;
  const auto mutants = ListMutants(adapter);
  if (!mutants) return Complain(mutants.error());
  auto chosen = Choose(*mutants, flags.names, flags.matrix);
  if (!chosen) return Complain(chosen.error());
  const bool leaves_out = flags.names.empty() && !flags.matrix;
  const auto for_other_verbs =
      leaves_out ? std::count_if(mutants->begin(), mutants->end(),
                                 [](const Mutant& mutant) { return mutant.IsForOtherVerbs(); })
                 : 0;
  const auto catalogue = LoadCatalogue(flags.selection, places);
  if (!catalogue) return Complain(catalogue.error());
  const auto out = OutFolder::Make(flags.execution.out, places);
  if (!out) return Complain(out.error());
  auto options = MakeRunnerOptions(flags.execution, *out);
  if (!options) return Complain(options.error());
  // Now rather than when all has been run.
  if (!flags.json.empty() && !std::ofstream(flags.json, std::ios::app))
    return Complain(Error{fmt::format("cannot write {}: {}", flags.json, std::strerror(errno)), ""});
  MutantsJob job(flags, adapter, std::move(*chosen), static_cast<std::size_t>(for_other_verbs),
                 (*catalogue)->selected, std::move(*options));
  const int status = job.Run();
  if (flags.json.empty()) return status;
  std::ofstream json(flags.json);
  json << job.Json();
  json.close();
  return json ? status : Complain(Error{"cannot write " + flags.json, ""});
}

}  // namespace lockstep
