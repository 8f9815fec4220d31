// SPDX-License-Identifier: MIT
#include "reports/merged.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lockstep::reports {
namespace {

class Merging {
 public:
  void Add(const StoredReport& stored, const std::string& name) {
    ++reports_;
    name_ = name;
    if (const auto part = ParseShard(stored.header.shard)) {
      shard_ = stored.header.shard;
      for (const ImplementationReport& one : stored.report.implementations) {
        if (!one.only_oracle) shards_[part->second][one.name].insert(part->first);
      }
    }
    // The reader of a file names it already, with the line.
    if (stored.cut_off.starts_with(name + ":"))
      merged_.withheld.push_back(stored.cut_off + ": it was cut off");
    else if (!stored.cut_off.empty())
      merged_.withheld.push_back(fmt::format("{} was cut off: {}", name, stored.cut_off));
    if (stored.report.interrupted) merged_.withheld.push_back(fmt::format("{}: the run was interrupted", name));
    if (stored.report.implementations.empty()) merged_.withheld.push_back(fmt::format("{} has no implementation", name));
    if (!stored.report.oracle_name.empty()) merged_.oracle_name = stored.report.oracle_name;
    if (!stored.report.environment.empty()) merged_.environment = stored.report.environment;
    for (const std::string& note : stored.report.notes) {
      if (std::find(merged_.notes.begin(), merged_.notes.end(), note) == merged_.notes.end()) merged_.notes.push_back(note);
    }
    for (const ImplementationReport& one : stored.report.implementations) AddImplementation(one);
  }

  MergedReport Take() {
    for (const MergedImplementation& one : merged_.implementations) {
      const Counts counts = one.Count();
      // One for which nothing was selected is as green as the run says (ExitStatus); and a shard judges what it was dealt.
      const bool unasked = counts.not_selected > 0 && counts.unsupported + counts.not_run + counts.harness_error == 0;
      if (one.report->NeverStarted())
        merged_.withheld.push_back(fmt::format("{} could not be started", one.report->name));
      else if (counts.judged() == 0 && !unasked && !one.report->only_oracle && !(reports_ == 1 && !shard_.empty()))
        merged_.withheld.push_back(fmt::format("nothing was judged of {}", one.report->name));
    }
    if (reports_ == 1 && !shard_.empty()) merged_.notes.push_back(fmt::format("this is shard {} alone", shard_));
    if (reports_ > 1) WithholdMissingShards();
    return std::move(merged_);
  }

 private:
  // Of work that was dealt out in N parts each has to be here, of each implementation.
  void WithholdMissingShards() {
    constexpr int kMostNamed = 10;
    for (const auto& [parts, known] : shards_) {
      int missing = 0;
      for (int part = 1; part <= parts && missing <= kMostNamed; ++part) {
        std::vector<std::string> of;
        for (const auto& [name, here] : known) {
          if (!here.contains(part)) of.push_back(name);
        }
        if (of.empty()) continue;
        const std::string whose = of.size() == known.size() ? "" : fmt::format(" of {}", fmt::join(of, ", "));
        if (++missing <= kMostNamed)
          merged_.withheld.push_back(fmt::format("shard {}/{}{} is missing", part, parts, whose));
        else
          merged_.withheld.push_back("and more shards are missing");
      }
    }
  }

  void AddImplementation(const ImplementationReport& one) {
    MergedImplementation& into = ByName(one.name);
    const std::size_t older = into.verdicts.size();
    std::size_t again = 0;       // of the older scenarios those that are in this report, too
    std::size_t superseded = 0;  // failures that an earlier one has
    for (const ScenarioVerdict& verdict : one.verdicts) {
      const ScenarioVerdict*& known = into.verdicts[verdict.scenario->name];
      const bool says_more = verdict.not_run != NotRun::kInterrupted;
      if (known != nullptr) ++again;
      if (known != nullptr && says_more && known->Overall() == Verdict::kFail && verdict.Overall() != Verdict::kFail) ++superseded;
      if (known == nullptr || says_more) known = &verdict;
      AddScenario(*verdict.scenario);
    }
    // Nothing that failed goes without a word: it may be another build of the same name.
    if (superseded > 0)
      merged_.notes.push_back(fmt::format("{}: {} superseded by {}, which began later", one.name,
                                          superseded == 1 ? "1 failure of an earlier file is"
                                                          : fmt::format("{} failures of earlier files are", superseded),
                                          name_));
    const bool whole = again == older && !one.only_oracle && !AnyCutShort(one.verdicts);
    auto report = std::make_shared<ImplementationReport>(WithoutVerdicts(one));
    if (into.report != nullptr) {
      report->only_oracle = report->only_oracle && into.report->only_oracle;
      report->surprises = report->surprises || (!whole && into.report->surprises);
      if (report->stale.empty() && !whole) report->stale = into.report->stale;
      // One that had no time for a hello knows nothing better.
      if (!report->introduction.hello && report->introduction.failure.empty()) report->introduction = into.report->introduction;
    }
    into.report = std::move(report);
  }

  static ImplementationReport WithoutVerdicts(const ImplementationReport& one) {
    ImplementationReport out;
    out.name = one.name;
    out.family = one.family;
    out.command = one.command;
    out.run_as = one.run_as;
    out.note = one.note;
    out.is_oracle = one.is_oracle;
    out.only_oracle = one.only_oracle;
    out.introduction = one.introduction;
    out.stale = one.stale;
    out.surprises = one.surprises;
    out.wall = one.wall;
    return out;
  }

  MergedImplementation& ByName(const std::string& name) {
    for (MergedImplementation& one : merged_.implementations) {
      if (one.report->name == name) return one;
    }
    return merged_.implementations.emplace_back();
  }

  void AddScenario(const Scenario& scenario) {
    const auto [known, is_new] = scenarios_.try_emplace(scenario.name);
    if (!is_new) {
      merged_.areas[known->second.first].scenarios[known->second.second] = &scenario;
      return;
    }
    const std::string name = AreaOf(scenario.name);
    auto area = std::find_if(merged_.areas.begin(), merged_.areas.end(), [&](const Area& each) { return each.name == name; });
    if (area == merged_.areas.end()) area = merged_.areas.insert(area, Area{name, {}});
    known->second = {static_cast<std::size_t>(area - merged_.areas.begin()), area->scenarios.size()};
    area->scenarios.push_back(&scenario);
  }

  MergedReport merged_;
  std::map<std::string, std::pair<std::size_t, std::size_t>> scenarios_;  // the area of each, and its place there
  std::size_t reports_ = 0;
  std::string name_;   // of the report that is read
  std::string shard_;  // "1/3": of the latest that is one
  std::map<int, std::map<std::string, std::set<int>>> shards_;  // those that are here, by how many there are and the implementation
};

}  // namespace

std::string AreaOf(const std::string& scenario) { return scenario.substr(0, scenario.find('/')); }

const ScenarioVerdict* MergedImplementation::Find(const std::string& scenario) const {
  const auto found = verdicts.find(scenario);
  return found == verdicts.end() ? nullptr : found->second;
}

Counts MergedImplementation::Count() const {
  Counts counts;
  for (const auto& [scenario, verdict] : verdicts) counts.Add(*verdict);
  return counts;
}

std::string MergedImplementation::Name() const { return when.empty() ? report->name : report->name + " (" + when + ")"; }

const MergedImplementation* MergedReport::Find(const std::string& implementation) const {
  for (const MergedImplementation& one : implementations) {
    if (one.report->name == implementation) return &one;
  }
  return nullptr;
}

MergedReport Merge(std::span<const StoredReport> reports, const std::vector<std::string>& names) {
  Merging merging;
  for (std::size_t i = 0; i < reports.size(); ++i) merging.Add(reports[i], names[i]);
  return merging.Take();
}

}  // namespace lockstep::reports
