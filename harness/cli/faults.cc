// SPDX-License-Identifier: MIT
// lockstep faults: calls broken at each of their system calls: killed, failed, signalled, starved.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/cli/campaigns.h"
#include "harness/faults/campaign.h"
#include "harness/faults/subject.h"
#include "harness/os/interrupt.h"
#include "harness/os/text_file.h"
#include "reports/text.h"

namespace lockstep {
namespace {

using faults::Judged;
using faults::Outcome;
using faults::Sweep;

// More transcripts than these are in their files only.
constexpr std::size_t kMostShown = 5;

struct FaultsFlags {
  std::vector<std::string> names;
  Execution execution;
  std::vector<std::string> only;
  std::string filter;
  std::string contract;
  std::string json;
};

class FaultsJob {
 public:
  FaultsJob(FaultsFlags flags, std::string folder, RunnerOptions options)
      : flags_(std::move(flags)), folder_(std::move(folder)), options_(std::move(options)) {}

  // An exit status: of several implementations the worst.
  int Run(const std::vector<Implementation>& implementations) {
    const int status = RunEach(implementations, [this](const Implementation& one) { return RunOne(one); });
    if (!flags_.json.empty()) {
      const auto written = ReplaceTextFile(flags_.json, lines_);
      if (!written) return Complain(written.error());
    }
    return status;
  }

 private:
  int RunOne(const Implementation& implementation) {
    faults::CampaignOptions options;
    options.contract = faults::ContractOf(implementation);
    if (!flags_.contract.empty())
      options.contract = *faults::ParseContract(flags_.contract, options.contract);
    for (const Sweep sweep : faults::kSweeps) {
      const std::string name = faults::ToText(sweep);
      if (flags_.only.empty() ||
          std::find(flags_.only.begin(), flags_.only.end(), name) != flags_.only.end())
        options.sweeps.insert(sweep);
    }
    options.filter = flags_.filter;
    options.runner = options_;
    const faults::CampaignResult result = faults::RunCampaign(
        implementation, options, [&](std::size_t run) { Progress(implementation, run); });
    if (is_terminal_) fmt::print(stderr, "\n");
    if (!result.introduction.hello) {
      fmt::print("{}: could not be started: {}\n", implementation.name,
                 result.introduction.failure);
      return kExitHarness;
    }
    for (const Judged& one : result.judged) AddLine(implementation, one);
    TellFindings(implementation, result);
    return Summarize(implementation, options, result);
  }

  // On a terminal a line that is written over; elsewhere it is quiet.
  void Progress(const Implementation& implementation, std::size_t run) {
    constexpr std::int64_t kEvery = 200'000'000;
    if (!is_terminal_ || MonotonicNs() - told_ < kEvery) return;
    told_ = MonotonicNs();
    fmt::print(stderr, "\r{}: {} transcripts ", implementation.name, run);
  }

  void AddLine(const Implementation& implementation, const Judged& one) {
    const nlohmann::json line = {{"type", "point"},
                                 {"implementation", implementation.name},
                                 {"sweep", ToText(one.of.sweep)},
                                 {"subject", one.of.subject},
                                 {"point", one.of.point},
                                 {"outcome", ToText(one.outcome)},
                                 {"what", one.what}};
    lines_ += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }

  // Grouped: the same difference of the same subject is told whole once.
  void TellFindings(const Implementation& implementation, const faults::CampaignResult& result) {
    std::vector<std::vector<const Judged*>> groups;
    std::map<std::string, std::size_t> group_of;
    for (const Judged& one : result.judged) {
      if (one.outcome != Outcome::kFinding) continue;
      // Of one operation, or one kind of thing left behind, at one system call.
      const std::string about =
          one.run.divergence ? one.run.divergence->operation : one.what.substr(0, 4);
      const std::string syscall = one.of.point.substr(0, one.of.point.find_first_of(":# "));
      const std::string key =
          ToText(one.of.sweep) + " " + one.of.subject + " " + syscall + " " + about;
      const auto [at, added] = group_of.try_emplace(key, groups.size());
      if (added) groups.emplace_back();
      groups[at->second].push_back(&one);
    }
    for (std::size_t i = 0; i < groups.size(); ++i) TellGroup(implementation, i + 1, groups[i]);
  }

  void TellGroup(const Implementation& implementation, std::size_t number,
                 const std::vector<const Judged*>& group) {
    const Judged& first = *group.front();
    fmt::print("\n[{}] {}: {} at {} ({}): {}\n", number, implementation.name, first.of.subject,
               first.of.point, ToText(first.of.sweep), reports::Printable(first.what));
    if (number <= kMostShown) TellTranscript(first);
    for (std::size_t i = 1; i < group.size(); ++i) {
      if (i > kMostShown) {
        fmt::print("    also  {} points more\n", group.size() - i);
        break;
      }
      fmt::print("    also  {}\n", group[i]->of.point);
    }
    for (const Judged* one : group) Save(implementation, *one, one == group.front());
  }

  void TellTranscript(const Judged& one) const {
    fmt::print("\n");
    const auto& divergence = one.run.divergence;
    for (const Step& step : one.scenario.steps) {
      const bool here = divergence && step.position.line == divergence->position.line;
      fmt::print("  {} {}\n", here ? ">" : " ", step.text);
      if (here) {
        fmt::print("      got {}\n", reports::Printable(divergence->actual));
        break;
      }
    }
    fmt::print("\n");
  }

  void Save(const Implementation& implementation, const Judged& one, bool tell) {
    const std::string area = FileNameOf(implementation.name + "-" + one.scenario.name);
    const std::string path = fmt::format("{}/{}.toml", folder_, area);
    if (const auto written = ReplaceTextFile(path, faults::FileOf(one, area)); !written) {
      Complain(written.error());
      return;
    }
    if (!tell) return;
    fmt::print("   saved  {}\n   rerun  {} run --oracle none --scenarios {}{}\n", path,
               ProjectPlaces().program, reports::ShellQuoted(std::filesystem::absolute(path).string()), WordsFor(implementation));
  }

  struct Row {
    std::map<Outcome, std::size_t> of;
    std::size_t points = 0;
  };

  int Summarize(const Implementation& implementation, const faults::CampaignOptions& options,
                const faults::CampaignResult& result) const {
    Row all;
    std::vector<std::pair<std::pair<Sweep, std::string>, Row>> rows;
    for (const Judged& one : result.judged) {
      const std::pair key(one.of.sweep, one.of.subject);
      auto at =
          std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first == key; });
      if (at == rows.end()) at = rows.insert(rows.end(), {key, Row{}});
      for (Row* row : {&at->second, &all}) {
        ++row->points;
        ++row->of[one.outcome];
      }
    }
    fmt::print("\n{} {}, held to {}: {}\n", implementation.name, result.introduction.hello->version,
               options.contract.Text(),
               all.of[Outcome::kFinding] == 0
                   ? "nothing found"
                   : reports::Counted(all.of[Outcome::kFinding], "finding"));
    const std::size_t judged =
        all.of[Outcome::kFinding] + all.of[Outcome::kFine] + all.of[Outcome::kAllowed];
    fmt::print("  {}{} of {} judged in {}\n\n", Interrupted() ? "interrupted: " : "", judged,
               reports::Counted(all.points, "point"), reports::DurationText(result.wall));
    fmt::print("  {:<10} {:<24} {:>6} {:>6} {:>8} {:>8} {:>7} {:>8}\n", "sweep", "subject",
               "points", "fine", "allowed", "findings", "never", "not run");
    for (auto& [key, row] : rows) {
      const std::size_t not_run =
          row.of[Outcome::kNotRun] + row.of[Outcome::kUnsupported] + row.of[Outcome::kTrouble];
      fmt::print("  {:<10} {:<24} {:>6} {:>6} {:>8} {:>8} {:>7} {:>8}\n", ToText(key.first),
                 key.second, row.points, row.of[Outcome::kFine], row.of[Outcome::kAllowed],
                 row.of[Outcome::kFinding], row.of[Outcome::kNeverCame], not_run);
    }
    for (const auto& [sweep, why] : result.not_swept)
      fmt::print("  {}: not run: {}\n", ToText(sweep), reports::Printable(why));
    TellAllowed(result);
    TellNotRun(result);
    if (!result.cleaned.empty()) {
      fmt::print("\n  removed from /dev/shm what killed creators had left: {}, as {}\n",
                 reports::Counted(result.cleaned.size(), "file"), result.cleaned.front());
    }
    if (all.points == 0 && !flags_.filter.empty()) {
      std::vector<std::string> names;
      for (const faults::Subject& subject : faults::Subjects()) names.push_back(subject.name);
      fmt::print("\n  no subject has '{}' in its name: {}\n", flags_.filter, fmt::join(names, ", "));
    }
    if (all.of[Outcome::kTrouble] > 0) return kExitHarness;
    if (all.of[Outcome::kFinding] > 0) return 1;
    return all.of[Outcome::kFine] + all.of[Outcome::kAllowed] == 0 ? kExitNotJudged : 0;
  }

  // What the contract has to allow, each with the first transcript that shows it.
  static void TellAllowed(const faults::CampaignResult& result) {
    std::map<std::string, std::vector<const Judged*>> allowed;
    for (const Judged& one : result.judged) {
      if (one.outcome == Outcome::kAllowed) allowed[one.what].push_back(&one);
    }
    for (const auto& [what, points] : allowed) {
      const Judged& first = *points.front();
      fmt::print("\n  allowed at {}: {}; as {} at {}\n\n", reports::Counted(points.size(), "point"),
                 what, first.of.subject, first.of.point);
      for (const Step& step : first.scenario.steps) fmt::print("      {}\n", step.text);
      for (const std::string& unclean : first.run.unclean)
        fmt::print("      # {}\n", reports::Printable(unclean));
    }
  }

  static void TellNotRun(const faults::CampaignResult& result) {
    std::map<std::string, std::size_t> reasons;
    for (const Judged& one : result.judged) {
      const bool told = one.outcome == Outcome::kNotRun || one.outcome == Outcome::kUnsupported ||
                        one.outcome == Outcome::kTrouble;
      if (told)
        ++reasons[fmt::format("{}: {}: {}", ToText(one.of.sweep), ToText(one.outcome), one.what)];
    }
    if (!reasons.empty()) fmt::print("\n");
    for (const auto& [reason, times] : reasons)
      fmt::print("  {} ({})\n", reports::Printable(reason), reports::Counted(times, "point"));
  }

  const FaultsFlags flags_;
  const std::string folder_;
  const RunnerOptions options_;
  const bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
  std::int64_t told_ = 0;
  std::string lines_;  // of --json
};

}  // namespace

int FaultsVerb(const Words& words) {
  CLI::App app(
      "Calls broken at each of their system calls, on each implementation: killed, failed, "
      "signalled, starved.",
      "faults");
  FaultsFlags flags;
  app.add_option("IMPL", flags.names, "implementations; none: the reference");
  app.add_option("--only", flags.only,
                 "kills, errors, signals or resources; may be given several times")
      ->check(CLI::IsMember({"kills", "errors", "signals", "resources"}))
      ->allow_extra_args(false);
  app.add_option("--filter", flags.filter, "subjects whose name holds this");
  const auto* contract_flag = app.add_option(
      "--contract", flags.contract, "C0 to C3, L0 or L1, or both (C2/L1), in place of what it declares");
  app.add_option("--json", flags.json, "a file that gets a line of JSON for each point");
  AddExecution(app, &flags.execution);
  if (const auto status = Parse(app, words.words)) return *status;
  if (contract_flag->count() != 0) {
    const auto contract = faults::ParseContract(flags.contract, {});
    if (!contract) return Complain(contract.error());
  }
  Discovery discovery(ProjectPlaces());
  const auto implementations =
      ResolveOrReference(discovery, flags.names, words.command, flags.execution.python_args);
  if (!implementations) return Complain(implementations.error());
  const auto out = OutFolder::Make(flags.execution.out, discovery.places());
  if (!out) return Complain(out.error());
  auto options = MakeRunnerOptions(flags.execution, *out);
  if (!options) return Complain(options.error());
  // Before anything is run: a campaign is no use that cannot be written down.
  if (!flags.json.empty()) {
    if (const auto writable = ReplaceTextFile(flags.json, ""); !writable) return Complain(writable.error());
  }
  const auto folder = FolderIn(*out, "faults");
  if (!folder) return Complain(folder.error());
  return FaultsJob(std::move(flags), *folder, std::move(*options)).Run(*implementations);
}

}  // namespace lockstep
