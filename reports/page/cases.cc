// SPDX-License-Identifier: MIT
// Each scenario as a case: its rule, what was done, and what came of it on whom.
#include <fmt/format.h>

#include <algorithm>

#include "reports/page/parts.h"
#include "reports/page/swim_lane.h"
#include "reports/page/told.h"
#include "reports/terminal.h"
#include "reports/text.h"
#include "reports/transcript_view.h"

namespace lockstep::reports {
namespace {

constexpr std::size_t kRowsShown = 200;      // of one transcript
constexpr std::size_t kDifferencesShown = 12;  // of one that passes in other words

std::string TookText(const TraceEntry& entry) {
  if (entry.begin_ns == 0 || entry.end_ns < entry.begin_ns) return "";
  const auto ns = static_cast<double>(entry.end_ns - entry.begin_ns);
  if (ns < 1e6) return fmt::format("{:.3g}\u00a0µs", ns / 1e3);
  return ns < 1e9 ? fmt::format("{:.3g}\u00a0ms", ns / 1e6) : fmt::format("{:.3g}\u00a0s", ns / 1e9);
}

// The number of the transcript's row of each entry of the trace.
std::vector<std::size_t> NumbersOf(const std::vector<TranscriptRow>& rows, std::size_t entries) {
  std::vector<std::size_t> numbers(entries);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].entry) numbers[*rows[i].entry] = i + 1;
  }
  return numbers;
}

class CaseWriter {
 public:
  CaseWriter(const Sheet& sheet, std::size_t number, Html* html)
      : sheet_(sheet), one_(sheet.cases[number]), scenario_(*one_.scenario), number_(number), html_(*html) {}

  void Write() {
    html_ << "<details class=k><summary>" << ShortName(scenario_);
    AddSigns();
    html_ << "</summary><div id=" << Anchor(number_) << "><p>" << scenario_.says << "<p class=c>Rule: ";
    html_ << scenario_.source << "<br>" << scenario_.file << ":" << scenario_.line;
    if (scenario_.level == Level::kCore) html_ << ", core";
    AddWords(", tags ", scenario_.tags);
    AddWords(", needs ", scenario_.needs);
    html_ << "</p>\n";
    for (std::size_t i = 0; i < one_.outcomes.size(); ++i) AddOutcome(i);
    if (!scenario_.script.empty()) {
      html_ << "<details><summary>The script</summary><pre tabindex=0>";
      html_.Output(scenario_.script) << "</pre></details>";
    }
    html_ << "</div></details>\n";
  }

 private:
  const MergedImplementation& At(std::size_t implementation) const { return sheet_.merged.implementations[implementation]; }

  void AddWords(const char* what, const std::set<std::string>& words) {
    bool first = true;
    for (const std::string& word : words) {
      html_ << (first ? std::string_view(what) : std::string_view(" ")) << word;
      first = false;
    }
  }

  // How often each verdict but pass; "all pass" needs no sign.
  void AddSigns() {
    for (const Look& look : Looks()) {
      std::size_t count = 0;
      for (const Outcome& outcome : one_.outcomes) {
        if (LookOf(outcome.verdict).letter == look.letter) count += outcome.implementations.size();
      }
      if (count > 0 && look.letter != "p") html_ << " <span class=" << look.letter << ">" << count << " " << look.word << "</span>";
    }
  }

  void AddOutcome(std::size_t place) {
    const Outcome& outcome = one_.outcomes[place];
    const ScenarioVerdict& verdict = *outcome.verdict;
    const Look look = LookOf(&verdict);
    const bool passes = look.letter == "p";
    const bool is_base = place == 0 && one_.has_base;
    html_ << "<div class=o id=" << Anchor(number_, static_cast<int>(place)) << "><p><span class=" << look.letter << ">" << look.word
          << "</span> ";
    for (std::size_t i = 0; i < outcome.implementations.size(); ++i) {
      if (i > 0) html_ << ", ";
      html_ << At(outcome.implementations[i]).Name();
      if (At(outcome.implementations[i]).report->name == sheet_.merged.oracle_name) html_ << " (oracle)";
    }
    AddRules(outcome);
    if (const std::string rounds = RoundsText(verdict); !rounds.empty()) html_ << " <small>" << rounds << "</small>";
    if (!verdict.reason.empty()) html_ << "<br>" << verdict.reason;
    AddExpectation(verdict);
    html_ << "</p>";
    const ImplementationReport& report = *At(outcome.implementations.front()).report;
    const bool has_transcript = look.letter != "s" && look.letter != "n" && look.letter != "o";
    if (passes && !is_base)
      AddDifferences(verdict, report);
    else if (has_transcript)
      AddRun(verdict, report, is_base);
    if (!passes || is_base) AddCommand(verdict, report);
    html_ << "</div>\n";
  }

  // Steps may hold for some versions only: by whose rules it was judged, where they are not those of the first.
  void AddRules(const Outcome& outcome) {
    const auto like = [&](const Outcome& one) { return At(one.implementations.front()).report->introduction.platform.like; };
    if (like(outcome) == like(one_.outcomes.front())) return;
    html_ << " <small>held to CPython " << like(outcome).Text() << "</small>";
  }

  void AddExpectation(const ScenarioVerdict& verdict) {
    if (verdict.expected == nullptr) return;
    // What parts from its entry, or passes against it, is not excused by it.
    const std::string_view letter = LookOf(&verdict).letter;
    const bool is_known = letter != "f" && letter != "u";
    html_ << "<br>" << std::string_view(is_known ? "Known: " : "Its entry: ") << verdict.expected->why;
    if (!verdict.expected->link.empty()) {
      html_ << " (";
      html_.Link(verdict.expected->link) << ")";
    }
    html_ << " <small>" << verdict.expected->place << "</small>";
  }

  void AddCommand(const ScenarioVerdict& verdict, const ImplementationReport& report) {
    html_ << "<p class=c>Again: <code>" << RerunCommand(report, verdict) << "</code></p>";
  }

  // Of what passes as the base does, the rows that read otherwise.
  void AddDifferences(const ScenarioVerdict& verdict, const ImplementationReport& report) {
    const ImplementationReport& base_report = *At(one_.outcomes.front().implementations.front()).report;
    auto base = JudgedRows(TranscriptOf(*one_.outcomes.front().verdict, nullptr, base_report.introduction.platform));
    std::vector<TranscriptRow> rows;
    for (TranscriptRow& row : JudgedRows(TranscriptOf(verdict, nullptr, report.introduction.platform))) {
      const auto same = std::find_if(base.begin(), base.end(), [&](const TranscriptRow& other) {
        return other.actor == row.actor && other.step == row.step && other.expected == row.expected && other.actual == row.actual;
      });
      if (same == base.end())
        rows.push_back(std::move(row));
      else
        base.erase(same);
    }
    if (rows.empty()) return;
    html_ << "<div class=w tabindex=0><table class=t><caption>Right as well, where it reads otherwise:</caption>";
    for (std::size_t i = 0; i < std::min(rows.size(), kDifferencesShown); ++i)
      html_ << "<tr><td>" << rows[i].actor << "<td>" << rows[i].step << "<td>" << rows[i].actual << "\n";
    html_ << "</table></div>";
    if (rows.size() > kDifferencesShown) html_ << "<p class=c>and " << rows.size() - kDifferencesShown << " more.</p>";
  }

  void AddRun(const ScenarioVerdict& verdict, const ImplementationReport& report, bool is_base) {
    const ScenarioVerdict* of_oracle = sheet_.oracle == nullptr || is_base ? nullptr : sheet_.oracle->Find(scenario_.name);
    if (of_oracle == &verdict) of_oracle = nullptr;
    const auto rows = TranscriptOf(verdict, of_oracle == nullptr ? nullptr : &of_oracle->run, report.introduction.platform);
    AddTranscript(verdict, rows, is_base, of_oracle != nullptr);
    html_ << DrawLanes(LanesOf(verdict.run.trace), NumbersOf(rows, verdict.run.trace.size()));
    if (is_base) return;
    AddList("Where they were", verdict.run.whereabouts);
    AddList("Left behind", verdict.run.unclean);
    std::vector<std::string> late;
    for (const LateCall& call : verdict.run.late)
      late.push_back(fmt::format("{}: {} in place of {}", call.step, DurationText(call.actual), DurationText(call.expected)));
    AddList("Late", late);
    if (!verdict.run.output.empty()) {
      html_ << "<details open><summary>What it printed</summary><pre tabindex=0>";
      html_.Output(verdict.run.output) << "</pre></details>";
    }
  }

  void AddList(const char* title, const std::vector<std::string>& items) {
    if (items.empty()) return;
    html_ << "<p class=c>" << std::string_view(title) << ":</p><ul class=c>";
    for (const std::string& item : items) html_ << "<li>" << item << "</li>";
    html_ << "</ul>";
  }

  // What passes says once what was expected and came; where they differ, they stand side by side.
  void AddTranscript(const ScenarioVerdict& verdict, const std::vector<TranscriptRow>& rows, bool passes, bool with_oracle) {
    constexpr char kColumns[] = "><thead><tr><th>#<th>actor<th>step<th>";
    if (passes) {
      html_ << "<div class=w tabindex=0><table class=\"t tb\"" << kColumns << "outcome<th>took</thead>\n";
    } else {
      html_ << "<div class=w tabindex=0><table class=t" << kColumns << "expected<th>came";
      if (with_oracle) html_ << "<th>" << sheet_.merged.oracle_name;
      html_ << "<th>took</thead>\n";
    }
    for (std::size_t i = 0; i < std::min(rows.size(), kRowsShown); ++i) {
      const TranscriptRow& row = rows[i];
      if (row.diverged)
        html_ << "<tr class=f>";
      else if (!row.reached)
        html_ << "<tr class=y>";
      else
        html_ << "<tr>";
      html_ << "<td>" << i + 1 << "<td>" << row.actor << "<td>" << row.step << "<td>";
      if (passes) {
        html_ << (row.actual.empty() ? row.expected : row.actual);
      } else {
        html_ << row.expected << "<td>" << (row.reached ? row.actual : std::string("not reached"));
        if (with_oracle) html_ << "<td>" << row.oracle;
      }
      if (!row.note.empty()) html_ << " <small>(" << row.note << ")</small>";
      html_ << "<td>" << (row.entry ? TookText(verdict.run.trace[*row.entry]) : "") << "\n";
    }
    html_ << "</table></div>";
    if (rows.size() > kRowsShown) html_ << "<p class=c>and " << rows.size() - kRowsShown << " steps more.</p>";
  }

  const Sheet& sheet_;
  const Case& one_;
  const Scenario& scenario_;
  const std::size_t number_;
  Html& html_;
};

}  // namespace

Html Anchor(std::size_t number) {
  Html html;
  return html << "c" << number;
}

Html Anchor(std::size_t number, int outcome) {
  Html html;
  return html << "c" << number << "-" << outcome;
}

Html CasesPart(const Sheet& sheet) {
  Html html;
  html << "<section id=cases aria-labelledby=cases-h><h2 id=cases-h>Cases</h2>\n<p class=c>Each scenario: its rule, what was done,"
          " what came of it, and who did what when. In the lanes a bar is a call, by its number in the transcript; hatched from where it"
          " was seen blocked; ✗ killed, † ended, ↯ signalled; arrows are forks, starts, and the release that ended a wait. Long"
          " stretches of time are drawn short.</p>\n";
  std::size_t number = 0;
  for (const Area& area : sheet.merged.areas) {
    html << "<details class=ka";
    if (AreFew(sheet)) html << " open";
    html << "><summary><h3>" << area.name << "</h3> <small>" << area.scenarios.size() << "</small></summary>\n";
    for (std::size_t i = 0; i < area.scenarios.size(); ++i, ++number) CaseWriter(sheet, number, &html).Write();
    html << "</details>\n";
  }
  return html << "</section>\n";
}

}  // namespace lockstep::reports
