// SPDX-License-Identifier: MIT
// The counts of each implementation, and the matrix of scenarios by implementations.
#include <fmt/format.h>

#include <algorithm>

#include "reports/page/parts.h"
#include "reports/summary.h"
#include "reports/terminal.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

// Of one implementation on some scenarios, by the place in Looks().
struct Tally {
  std::vector<int> of = std::vector<int>(Looks().size());
  int asked = 0;  // all but what is not for its version, or was not in its reports

  void Add(const ScenarioVerdict* verdict) {
    const std::string_view letter = LookOf(verdict).letter;
    for (std::size_t i = 0; i < of.size(); ++i) of[i] += Looks()[i].letter == letter ? 1 : 0;
    if (verdict != nullptr && letter != "o") ++asked;
  }
  int Of(std::string_view letter) const {
    for (std::size_t i = 0; i < of.size(); ++i) {
      if (Looks()[i].letter == letter) return of[i];
    }
    return 0;
  }
  // The first of Looks() that there is.
  Look Worst() const {
    for (std::size_t i = 0; i < of.size(); ++i) {
      if (of[i] > 0) return Looks()[i];
    }
    return LookOf(nullptr);
  }
  // "90.9 %", rounded down: 100 % is all.
  std::string Share() const {
    if (asked == 0) return "";
    const int tenths = Of("p") * 1000 / asked;
    return tenths == 1000 ? "100\u00a0%" : fmt::format("{}.{}\u00a0%", tenths / 10, tenths % 10);
  }
};

// Widths of parts of a whole in a drawing of 200 by 12.
Html Bar(const Tally& tally) {
  constexpr int kWidth = 200;
  int all = 0;
  for (const int count : tally.of) all += count;
  Html bar;
  bar << "<svg class=bar viewBox=\"0 0 200 12\" preserveAspectRatio=none aria-hidden=true>";
  double x = 0;
  // The passes first.
  for (const bool passes : {true, false}) {
    for (std::size_t i = 0; i < Looks().size(); ++i) {
      if (tally.of[i] == 0 || (Looks()[i].letter == "p") != passes) continue;
      const double width = std::max(1.5, static_cast<double>(tally.of[i]) * kWidth / all);
      bar << "<rect class=" << Looks()[i].letter << " x=\"";
      bar.Markup(fmt::format("{:.1f}\" width=\"{:.1f}", x, width)) << "\" height=\"12\"/>";
      x += width;
    }
  }
  return bar << "</svg>";
}

Tally TallyOf(const MergedImplementation& one, const Sheet& sheet) {
  Tally tally;
  for (const Case& scenario : sheet.cases) tally.Add(one.Find(scenario.scenario->name));
  return tally;
}

// Of what is no result, and of what was picked because it changed, a share would be read as one of the whole.
bool HasShares(const Sheet& sheet) {
  return sheet.merged.withheld.empty() && std::none_of(sheet.merged.implementations.begin(), sheet.merged.implementations.end(),
                                                       [](const MergedImplementation& one) { return !one.when.empty(); });
}

void AddAreaSummary(const Area& area, const Sheet& sheet, Html* html) {
  *html << "<summary class=g><span class=n>" << area.name << " <small>" << area.scenarios.size() << "</small></span>";
  for (const MergedImplementation& one : sheet.merged.implementations) {
    Tally tally;
    for (const Scenario* scenario : area.scenarios) tally.Add(one.Find(scenario->name));
    const Look look = tally.Worst();
    *html << "<span class=" << look.letter << "><i>" << one.Name() << ": " << look.word << ", </i>";
    // Of what it was not asked for the mark alone.
    if (tally.asked > 0) *html << tally.Of("p") << "/" << tally.asked;
    if (tally.asked > 0 && HasShares(sheet)) *html << " <small>" << tally.Share() << "</small>";
    *html << "</span>";
  }
  *html << "</summary>\n";
}

void AddRow(const Case& scenario, std::size_t number, const Sheet& sheet, Html* html) {
  *html << "<tr><th scope=row><a href=#" << Anchor(number) << ">" << ShortName(*scenario.scenario) << "</a>";
  for (std::size_t i = 0; i < sheet.merged.implementations.size(); ++i) {
    const Look look = LookOf(sheet.merged.implementations[i].Find(scenario.scenario->name));
    *html << "<td class=" << look.letter << ">";
    const bool links = look.letter != "p" && scenario.outcome_of[i] >= 0;
    if (links) *html << "<a href=#" << Anchor(number, scenario.outcome_of[i]) << ">";
    *html << "<i>" << look.word << "</i>";
    if (links) *html << "</a>";
  }
  *html << "\n";
}

}  // namespace

Look LookOf(const ScenarioVerdict* verdict) {
  if (verdict == nullptr) return {"z", "not in the reports"};
  switch (verdict->Overall()) {
    case Verdict::kPass: return {"p", "pass"};
    case Verdict::kFail: return {"f", "fail"};
    case Verdict::kExpectedFail: return {"x", "expected fail"};
    case Verdict::kUnexpectedPass: return {"u", "unexpected pass"};
    case Verdict::kUnsupported: return {"s", "unsupported"};
    case Verdict::kHarnessError: return {"h", "harness error"};
    case Verdict::kNotRun: break;
  }
  if (verdict->not_run == NotRun::kFiltered) return {"o", "not for its version"};
  return {"n", "not run"};
}

const std::vector<Look>& Looks() {
  static const std::vector<Look> looks = {
      {"f", "fail"},    {"h", "harness error"},       {"u", "unexpected pass"},    {"x", "expected fail"}, {"n", "not run"},
      {"s", "unsupported"}, {"p", "pass"}, {"o", "not for its version"}, {"z", "not in the reports"}};
  return looks;
}

std::string ShortName(const Scenario& scenario) {
  const std::size_t slash = scenario.name.find('/');
  return slash == std::string::npos ? scenario.name : scenario.name.substr(slash + 1);
}

std::string VersionOf(const ImplementationReport& report) {
  return report.introduction.hello ? report.introduction.hello->version : "";
}

namespace {

// As the terminal's last line, with the mark of what it is about.
void AddStatus(int status, Html* html) {
  *html << "<p><span class=\"v ";
  if (status == 0)
    *html << "p";
  else if (status == 1)
    *html << "f";
  else if (status == 4)
    *html << "n";
  else if (status == 5)
    *html << "u";
  else
    *html << "h";
  *html << "\"></span>Status " << status << ": " << std::string_view(MeaningOf(status)) << "</p>\n";
}

// Who agrees and who does not, each in a line.
void AddAgreement(const Sheet& sheet, Html* html) {
  for (const bool agrees : {true, false}) {
    bool first = true;
    for (const MergedImplementation& one : sheet.merged.implementations) {
      const Tally tally = TallyOf(one, sheet);
      const int judged = tally.Of("p") + tally.Of("f") + tally.Of("x") + tally.Of("u");
      const bool all_pass = judged > 0 && tally.Of("p") == judged && tally.Of("h") == 0;
      if (judged + tally.Of("h") == 0 || all_pass != agrees) continue;
      if (first && agrees) *html << "<p><span class=\"v p\"></span>Agree in all that was judged: ";
      if (first && !agrees) *html << "<p>Do not agree in all: ";
      if (!first) *html << ", ";
      first = false;
      if (!agrees) *html << "<span class=\"v " << tally.Worst().letter << "\"></span>";
      *html << "<strong>" << one.Name() << "</strong>";
      if (agrees) {
        if (judged < tally.asked) *html << " (" << judged << " of " << tally.asked << ")";
        continue;
      }
      std::string counts;
      for (const std::string_view letter : {"f", "h", "u", "x"}) {
        const auto look = std::find_if(Looks().begin(), Looks().end(), [&](const Look& each) { return each.letter == letter; });
        if (const int count = tally.Of(letter); count > 0) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, look->word);
      }
      *html << " (" << counts << ")";
    }
    if (!first) *html << "</p>\n";
  }
}

}  // namespace

Html SummaryPart(const Sheet& sheet) {
  Html html;
  html << "<section id=summary aria-labelledby=summary-h><h2 id=summary-h>Summary</h2>\n";
  if (sheet.input.status) AddStatus(*sheet.input.status, &html);
  if (sheet.merged.withheld.empty()) AddAgreement(sheet, &html);
  html << "<div class=scroll tabindex=0 role=region aria-label=\"Verdicts by implementation\"><table class=sum>"
          "<caption>How many scenarios came to which verdict. A share is of what it was asked for: what it does not support"
          " counts, what is not for its version does not. The oracle is the CPython that all are laid beside, reference is"
          " Lockstep's own implementation.</caption><thead><tr><th scope=col>Implementation<th scope=col>Version"
          "<th scope=col>Passes<th scope=col>Share<th class=barcell><span class=vh>As a bar</span>";
  for (const Look& look : Looks()) {
    if (look.letter != "p" && look.letter != "z") html << "<th scope=col><span class=\"v " << look.letter << "\"></span>" << look.word;
  }
  html << "<th scope=col>Took</thead><tbody>\n";
  for (const MergedImplementation& one : sheet.merged.implementations) {
    const Tally tally = TallyOf(one, sheet);
    html << "<tr><th scope=row>" << one.Name();
    if (one.report->name == sheet.merged.oracle_name) html << " <small>oracle</small>";
    html << "<td>" << VersionOf(*one.report) << "<td class=num>" << tally.Of("p") << "<td class=num>"
         << (HasShares(sheet) ? tally.Share() : "–")
         << "<td class=barcell>" << Bar(tally);
    for (const Look& look : Looks()) {
      if (look.letter == "p" || look.letter == "z") continue;
      const int count = tally.Of(look.letter);
      if (count == 0)
        html << "<td class=\"num zero\">0";
      else
        html << "<td class=\"num " << look.letter << "\">" << count;
    }
    html << "<td class=num>" << (one.report->wall.count() == 0 ? "–" : DurationText(one.report->wall)) << "\n";
    if (one.report->NeverStarted())
      html << "<tr><td colspan=13 class=h>could not be started: " << one.report->introduction.failure << "\n";
  }
  return html << "</tbody></table></div>\n</section>\n";
}

Html MatrixPart(const Sheet& sheet) {
  Html html;
  html << "<section id=matrix aria-labelledby=matrix-h><h2 id=matrix-h>Matrix</h2>\n<p class=c>An area has the colour of its worst"
          " verdict, and unfolds to its scenarios. A name, and a mark that is no ✓, lead to the case.</p>\n"
          "<ul class=legend aria-label=\"What the marks mean\">";
  for (const Look& look : Looks()) html << "<li><span class=\"v " << look.letter << "\"></span> " << look.word << "</li>";
  html << "</ul>\n<form id=filter hidden><div><label for=q>Name</label><input id=q type=search></div>"
          "<div><label for=area>Area</label><select id=area><option value=\"\">all</option>";
  for (const Area& area : sheet.merged.areas) html << "<option>" << area.name << "</option>";
  html << "</select></div><div><label for=verdict>Verdict of any</label><select id=verdict><option value=\"\">all</option>";
  for (const Look& look : Looks()) html << "<option value=" << look.letter << ">" << look.word << "</option>";
  html << "</select></div>";
  for (const bool second : {false, true}) {
    html << "<div><label for=";
    if (second)
      html << "b>and</label><select id=b>";
    else
      html << "a>Differs between</label><select id=a>";
    html << "<option value=\"\">–</option>";
    for (std::size_t i = 0; i < sheet.merged.implementations.size(); ++i)
      html << "<option value=" << i << ">" << sheet.merged.implementations[i].Name() << "</option>";
    html << "</select></div>";
  }
  html << "<div><button type=reset>All</button></div><p id=shown role=status></p></form>\n"
          "<div class=mx id=mx tabindex=0 role=region aria-label=\"Scenarios by implementations\"><div class=\"g hd\" aria-hidden=true>"
          "<span class=n>Scenario</span>";
  for (const MergedImplementation& one : sheet.merged.implementations) html << "<span>" << one.Name() << "</span>";
  html << "</div>\n";
  std::size_t number = 0;
  for (const Area& area : sheet.merged.areas) {
    html << "<details class=a data-a=\"" << area.name << "\"";
    if (AreFew(sheet)) html << " open";
    html << ">";
    AddAreaSummary(area, sheet, &html);
    html << "<table><caption class=vh>" << area.name << "</caption><colgroup><col class=n><col span="
         << std::max<std::size_t>(1, sheet.merged.implementations.size()) << "></colgroup><thead><tr><th scope=col><span>Scenario</span>";
    for (const MergedImplementation& one : sheet.merged.implementations) html << "<th scope=col><span>" << one.Name() << "</span>";
    html << "</thead><tbody>\n";
    for (std::size_t i = 0; i < area.scenarios.size(); ++i, ++number) AddRow(sheet.cases[number], number, sheet, &html);
    html << "</tbody></table></details>\n";
  }
  return html << "</div>\n</section>\n";
}

}  // namespace lockstep::reports
