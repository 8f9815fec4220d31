// SPDX-License-Identifier: MIT
// What changed between two runs: the counts, the scenarios by the kind of change, and each as a case with both its sides.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "reports/page/frame.h"
#include "reports/page/page.h"
#include "reports/page/parts.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

constexpr std::size_t kItemsShown = 500;  // of one kind of change

// Both sides of each implementation beside each other, on the scenarios that changed for any.
MergedReport ChangedOf(const Comparison& comparison) {
  MergedReport changed;
  std::map<std::string, const Scenario*> scenarios;
  for (const ImplementationComparison& one : comparison.implementations) {
    for (const auto& [side, when] : {std::pair(one.before, "before"), {one.after, "after"}}) {
      changed.implementations.push_back(*side);
      changed.implementations.back().when = when;
    }
    for (const ScenarioChange& each : one.changes)
      scenarios.emplace(each.scenario, (each.after != nullptr ? each.after : each.before)->scenario);
  }
  // In the new report's order, and behind it what is gone.
  for (const MergedReport* report : {comparison.after, comparison.before}) {
    for (const Area& area : report->areas) {
      for (const Scenario* scenario : area.scenarios) {
        const auto found = scenarios.find(scenario->name);
        if (found == scenarios.end()) continue;
        auto into = std::find_if(changed.areas.begin(), changed.areas.end(), [&](const Area& other) { return other.name == area.name; });
        if (into == changed.areas.end()) into = changed.areas.insert(into, Area{area.name, {}});
        into->scenarios.push_back(found->second);
        scenarios.erase(found);
      }
    }
  }
  changed.oracle_name = comparison.after->oracle_name;
  changed.withheld = comparison.withheld;
  changed.notes = comparison.Notes();
  return changed;
}

class ChangesWriter {
 public:
  ChangesWriter(const Comparison& comparison, const Sheet& sheet, Html* html) : comparison_(comparison), sheet_(sheet), html_(*html) {
    for (std::size_t i = 0; i < sheet.cases.size(); ++i) numbers_[sheet.cases[i].scenario->name] = i;
  }

  void Write() {
    html_ << "<section id=changes aria-labelledby=changes-h><h2 id=changes-h>Changes</h2>\n<p><strong>" << comparison_.Title()
          << "</strong> (status " << comparison_.ExitStatus() << ").</p>\n";
    AddTable();
    AddUnmatched("Only before", comparison_.only_before);
    AddUnmatched("Only after", comparison_.only_after);
    for (const Change change : comparison_.Kinds()) AddKind(change);
    html_ << "</section>\n";
  }

 private:
  void AddTable() {
    if (comparison_.implementations.empty()) return;
    const std::vector<Change> kinds = comparison_.Kinds();
    html_ << "<div class=scroll tabindex=0 role=region aria-label=\"Changes by implementation\"><table class=sum>"
             "<caption>How many scenarios changed, and how.</caption><thead><tr><th scope=col>Implementation<th scope=col>as before";
    for (const Change kind : kinds) html_ << "<th scope=col>" << std::string_view(ToText(kind));
    html_ << "</thead><tbody>\n";
    for (const ImplementationComparison& one : comparison_.implementations) {
      html_ << "<tr><th scope=row>" << one.Name() << "<td class=num>" << one.same;
      for (const Change kind : kinds) {
        const std::size_t count = one.Count(kind);
        if (count == 0)
          html_ << "<td class=\"num zero\">0";
        else
          html_ << "<td class=\"num " << LookOfKind(one, kind).letter << "\">" << count;
      }
      html_ << "\n";
    }
    html_ << "</tbody></table></div>\n";
  }

  // What the first that changed so has come to.
  static Look LookOfKind(const ImplementationComparison& one, Change kind) {
    const auto first =
        std::find_if(one.changes.begin(), one.changes.end(), [&](const ScenarioChange& each) { return each.change == kind; });
    return LookOf(first->after);
  }

  void AddUnmatched(std::string_view when, const std::vector<std::string>& names) {
    if (names.empty()) return;
    html_ << "<p>" << when << ": ";
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i > 0) html_ << ", ";
      html_ << names[i];
    }
    html_ << ".</p>\n";
  }

  void AddKind(Change kind) {
    const std::size_t count = comparison_.Count(kind);
    if (count == 0) return;
    // What a person has to look at is open.
    if (kind == Change::kNewlyFailing || kind == Change::kInError)
      html_ << "<details class=why open>";
    else
      html_ << "<details class=why>";
    html_ << "<summary><h3>" << std::string_view(ToText(kind)) << ": " << count << "</h3></summary><ul class=reasons>\n";
    std::size_t shown = 0;
    for (std::size_t i = 0; i < comparison_.implementations.size(); ++i) {
      for (const ScenarioChange& each : comparison_.implementations[i].changes) {
        if (each.change == kind && shown++ < kItemsShown) AddItem(i, each);
      }
    }
    if (shown > kItemsShown) html_ << "<li>and " << shown - kItemsShown << " more: the matrix has all</li>";
    html_ << "</ul></details>\n";
  }

  void AddItem(std::size_t implementation, const ScenarioChange& each) {
    const std::size_t number = numbers_.at(each.scenario);
    const int after = sheet_.cases[number].outcome_of[2 * implementation + 1];
    html_ << "<li><a href=#";
    if (after >= 0)
      html_ << Anchor(number, after);
    else
      html_ << Anchor(number);
    html_ << ">" << each.scenario << "</a> <small>" << comparison_.implementations[implementation].Name() << "</small> ";
    AddLook(each.before);
    html_ << " → ";
    AddLook(each.after);
    if (each.after != nullptr) html_ << " " << RoundsText(*each.after);
    if (each.change == Change::kChangedReason)
      html_ << "<br>was: " << FailureTitle(*each.before) << "<br>is: " << FailureTitle(*each.after);
    else if (each.after != nullptr && !FailureTitle(*each.after).empty())
      html_ << "<br>" << FailureTitle(*each.after);
    html_ << "</li>\n";
  }

  void AddLook(const ScenarioVerdict* verdict) {
    const Look look = LookOf(verdict);
    html_ << "<span class=\"v " << look.letter << "\"></span>" << (verdict == nullptr ? std::string_view("not there") : look.word);
  }

  const Comparison& comparison_;
  const Sheet& sheet_;
  std::map<std::string, std::size_t> numbers_;  // of the cases
  Html& html_;
};

}  // namespace

std::string HtmlComparison(const PageInput& input, const Comparison& comparison) {
  const MergedReport changed = ChangedOf(comparison);
  const Sheet sheet{input, changed, CasesOf(changed), comparison.after->Find(changed.oracle_name)};
  const StoredReport& before = input.reports.front();
  const StoredReport& after = input.reports.back();
  Frame frame{"Lockstep: what changed",
              fmt::format("from {}, {} to {}, {}", input.names.front(), before.header.started, input.names.back(), after.header.started),
              changed.withheld,
              {{"changes", "Changes"}}};
  if (!sheet.cases.empty()) frame.parts.insert(frame.parts.end(), {{"matrix", "Matrix"}, {"cases", "Cases"}});
  frame.parts.emplace_back("environment", "Environment");
  Html body;
  ChangesWriter(comparison, sheet, &body).Write();
  if (!sheet.cases.empty()) body << MatrixPart(sheet) << CasesPart(sheet);
  return Framed(frame, body << EnvironmentPart(sheet));
}

}  // namespace lockstep::reports
