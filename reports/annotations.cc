// SPDX-License-Identifier: MIT
#include "reports/annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "reports/markup.h"
#include "reports/terminal.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

class Finder {
 public:
  explicit Finder(const Summary& summary) : summary_(summary) {}

  std::vector<Finding> Find() {
    for (const std::string& reason : summary_.withheld) Add(Finding::Kind::kWithheld, {}, "", "withheld: this is no result", reason);
    for (const ImplementationReport& one : summary_.report.implementations) AddAll(one);
    return std::move(findings_);
  }

 private:
  void Add(Finding::Kind kind, Place place, const std::string& implementation, std::string title, std::string reason,
           std::string more = "") {
    findings_.push_back({kind, std::move(place), implementation, std::move(title), std::move(reason), std::move(more)});
  }

  void AddVerdict(const ImplementationReport& one, const ScenarioVerdict& verdict, Finding::Kind kind) {
    const Scenario& scenario = *verdict.scenario;
    // An entry that is no longer true is mended where it stands.
    const bool by_entry = kind == Finding::Kind::kUnexpectedPass && verdict.expected != nullptr;
    std::string reason = ReasonText(verdict);
    if (one.only_oracle && kind == Finding::Kind::kHarnessError && verdict.Overall() == Verdict::kFail)
      reason = "the oracle fails it, so nothing is certified: " + reason;
    Add(kind, by_entry ? PlaceIn(verdict.expected->place) : PlaceOf(verdict), one.name, fmt::format("{}: {}", one.name, scenario.name),
        std::move(reason),
        fmt::format("{}\nrule: {}\nplace: {}:{}\nrerun: {}", scenario.says, scenario.source, PlaceOf(verdict).file,
                    PlaceOf(verdict).line, RerunCommand(one, verdict)));
  }

  void AddAll(const ImplementationReport& one) {
    if (one.NeverStarted()) {
      // One fact, of however many scenarios; what it printed mostly tells why.
      const auto printed =
          std::find_if(one.verdicts.begin(), one.verdicts.end(), [](const ScenarioVerdict& each) { return !each.run.output.empty(); });
      Add(Finding::Kind::kNotStarted, {}, one.name, one.name + ": it could not be started", one.introduction.failure,
          printed == one.verdicts.end() ? "" : printed->run.output);
      return;
    }
    AddEach(one, Verdict::kHarnessError, Finding::Kind::kHarnessError);
    AddFailures(one, one.only_oracle ? Finding::Kind::kHarnessError : Finding::Kind::kFail);
    if (one.only_oracle) return;
    AddEach(one, Verdict::kUnexpectedPass, Finding::Kind::kUnexpectedPass);
    AddUnlisted(one);
    for (const std::string& line : one.FurtherStale())
      Add(Finding::Kind::kStale, PlaceIn(line), one.name, one.name + ": a stale expectation", line);
  }

  // One of each reason: it is one fact, of however many scenarios.
  void AddUnlisted(const ImplementationReport& one) {
    if (!summary_.report.strict) return;
    std::vector<std::pair<std::string, std::vector<const ScenarioVerdict*>>> groups;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (!IsSurprise(verdict)) continue;
      const std::string what = SurpriseText(verdict);
      auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return each.first == what; });
      if (group == groups.end()) group = groups.insert(group, {what, {}});
      group->second.push_back(&verdict);
    }
    for (const auto& [what, verdicts] : groups) {
      Add(Finding::Kind::kUnlisted, PlaceOf(*verdicts.front()), one.name, one.name + ": not judged", what,
          fmt::format("{}, {} first\nrerun: {}", Counted(verdicts.size(), "scenario"), verdicts.front()->scenario->name,
                      RerunCommand(one, *verdicts.front())));
    }
  }

  void AddEach(const ImplementationReport& one, Verdict which, Finding::Kind kind) {
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (verdict.Overall() == which) AddVerdict(one, verdict, kind);
    }
  }

  void AddFailures(const ImplementationReport& one, Finding::Kind kind) {
    const std::vector<FailureGroup> groups = GroupFailures(one);
    for (const FailureGroup& group : groups) AddVerdict(one, ShortestOf(group.verdicts), kind);
    for (const FailureGroup& group : groups) {
      for (const ScenarioVerdict* verdict : group.verdicts) {
        if (verdict != &ShortestOf(group.verdicts)) AddVerdict(one, *verdict, kind);
      }
    }
  }

  const Summary& summary_;
  std::vector<Finding> findings_;
};

// What the runner reads back: `%` first among its own, line ends in all, and what separates in a property.
std::string Escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool reserved = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (reserved)
      out += fmt::format("%{:02X}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out;
}

std::string Command(const char* name, const Finding& finding, const std::string& message, const PathInRepository& path) {
  std::string command = fmt::format("::{} ", name);
  if (const std::string file = finding.place.file.empty() ? "" : path(finding.place.file); !file.empty()) {
    command += fmt::format("file={},", Escaped(OneLine(file), true));
    if (finding.place.line > 0) command += fmt::format("line={},", finding.place.line);
  }
  return command + fmt::format("title={}::{}\n", Escaped(OneLine(finding.title), true), Escaped(message, false));
}

// One error of all the reasons: they are one fact.
std::vector<Finding> WithheldAsOne(const std::vector<Finding>& findings) {
  std::vector<Finding> out;
  for (const Finding& finding : findings) {
    const bool joins = finding.kind == Finding::Kind::kWithheld && !out.empty() && out.front().kind == Finding::Kind::kWithheld;
    if (joins)
      out.front().more += (out.front().more.empty() ? "" : "\n") + finding.reason;
    else
      out.push_back(finding);
  }
  return out;
}

std::string Message(const Finding& finding) {
  constexpr std::size_t kMostLines = 4000;  // bytes: GitHub cuts a message at 4096
  const std::string reason = OneLine(finding.reason, 1000);
  if (finding.more.empty()) return reason;
  const std::string more = Printable(finding.more);
  return reason + "\n" + TailOf(more, kMostLines - std::min(kMostLines, reason.size()));
}

}  // namespace

const char* ToText(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kWithheld:
      return "withheld";
    case Finding::Kind::kNotStarted:
      return "not_started";
    case Finding::Kind::kHarnessError:
      return "harness_error";
    case Finding::Kind::kFail:
      return "fail";
    case Finding::Kind::kUnexpectedPass:
      return "unexpected_pass";
    case Finding::Kind::kUnlisted:
      return "unlisted";
    case Finding::Kind::kStale:
      return "stale";
  }
  CHECK(false);
}

std::vector<Finding> FindingsOf(const Summary& summary) { return Finder(summary).Find(); }

std::string GitHubCommands(const std::vector<Finding>& findings, const PathInRepository& path) {
  std::string out;
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const Finding& finding : WithheldAsOne(findings)) {
    const bool is_warning = finding.kind == Finding::Kind::kStale;
    std::size_t& count = is_warning ? warnings : errors;
    if (++count <= kMostCommands) out += Command(is_warning ? "warning" : "error", finding, Message(finding), path);
  }
  const std::size_t more_errors = errors > kMostCommands ? errors - kMostCommands : 0;
  const std::size_t more_warnings = warnings > kMostCommands ? warnings - kMostCommands : 0;
  if (more_errors + more_warnings == 0) return out;
  std::string text;
  if (more_errors > 0) text = Counted(more_errors, "more error");
  if (more_warnings > 0) text += (text.empty() ? "" : " and ") + Counted(more_warnings, "more warning");
  return out + Command("notice", {Finding::Kind::kFail, {}, "", "Lockstep", "", ""}, text + ": the job's log and summary have all", path);
}

}  // namespace lockstep::reports
