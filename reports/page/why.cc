// SPDX-License-Identifier: MIT
// Why implementations do not agree: what failed, by the step where it began; what is known, by its reason; what was
// lacking.
#include <algorithm>
#include <map>
#include <set>

#include "reports/page/parts.h"

namespace lockstep::reports {
namespace {

struct Reason {
  Look look;
  std::string text;
  std::string link;
  std::map<std::size_t, std::size_t> counts;       // by implementation
  std::map<std::size_t, int> cases;                // its number, and the first outcome there that is so
  std::size_t total = 0;
};

// What is said of a verdict that is no pass.
std::string TextOf(const ScenarioVerdict& verdict) {
  const std::string_view letter = LookOf(&verdict).letter;
  if (letter == "x" && verdict.expected != nullptr) return verdict.expected->why;
  if (letter == "f" && !FailureTitle(verdict).empty()) return FailureTitle(verdict);
  if (letter == "o") return "";
  return verdict.reason.empty() ? "no reason is given" : verdict.reason;
}

// From the worst to what says least, each with the most frequent first.
std::vector<Reason> ReasonsOf(const Sheet& sheet) {
  std::map<std::string, std::size_t> known;
  std::vector<Reason> reasons;
  for (std::size_t number = 0; number < sheet.cases.size(); ++number) {
    const Case& one = sheet.cases[number];
    for (std::size_t place = 0; place < one.outcomes.size(); ++place) {
      const Outcome& outcome = one.outcomes[place];
      const Look look = LookOf(outcome.verdict);
      const std::string text = TextOf(*outcome.verdict);
      if (look.letter == "p" || text.empty()) continue;
      const std::string link = look.letter == "x" && outcome.verdict->expected != nullptr ? outcome.verdict->expected->link : "";
      const auto [at, is_new] = known.emplace(std::string(look.letter) + text + '\x1f' + link, reasons.size());
      if (is_new) reasons.push_back({look, text, link, {}, {}, 0});
      Reason& reason = reasons[at->second];
      for (const std::size_t implementation : outcome.implementations) ++reason.counts[implementation];
      reason.cases.emplace(number, static_cast<int>(place));
      reason.total += outcome.implementations.size();
    }
  }
  const auto rank = [](const Reason& reason) {
    return std::find_if(Looks().begin(), Looks().end(), [&](const Look& look) { return look.letter == reason.look.letter; });
  };
  std::stable_sort(reasons.begin(), reasons.end(), [&](const Reason& a, const Reason& b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : a.total > b.total;
  });
  return reasons;
}

void AddReason(const Reason& reason, const Sheet& sheet, Html* html) {
  *html << "<li><p>" << reason.text;
  if (!reason.link.empty()) {
    *html << " <small>(";
    html->Link(reason.link) << ")</small>";
  }
  *html << "</p><details><summary>";
  bool first = true;
  for (const auto& [implementation, count] : reason.counts) {
    if (!first) *html << ", ";
    *html << sheet.merged.implementations[implementation].Name() << " " << count;
    first = false;
  }
  *html << "</summary><p class=c>";
  for (const auto& [number, place] : reason.cases)
    *html << "<a href=#" << Anchor(number, place) << ">" << sheet.cases[number].scenario->name << "</a>\n";
  *html << "</p></details></li>\n";
}

}  // namespace

Html WhyPart(const Sheet& sheet) {
  Html html;
  html << "<section id=why aria-labelledby=why-h><h2 id=why-h>Why</h2>\n";
  const std::vector<Reason> reasons = ReasonsOf(sheet);
  if (reasons.empty() && sheet.merged.withheld.empty()) html << "<p>Nobody differs in anything that was judged.</p>\n";
  for (std::size_t i = 0; i < reasons.size();) {
    std::size_t end = i;
    while (end < reasons.size() && reasons[end].look.letter == reasons[i].look.letter) ++end;
    const std::string_view letter = reasons[i].look.letter;
    // What nobody knew of is open.
    if (letter == "f" || letter == "u" || letter == "h")
      html << "<details class=why open>";
    else
      html << "<details class=why>";
    html << "<summary><h3><span class=\"v " << reasons[i].look.letter << "\"></span> " << reasons[i].look.word << ": " << end - i;
    if (end - i == 1)
      html << " reason";
    else
      html << " reasons";
    html << "</h3></summary><ul class=reasons>\n";
    for (; i < end; ++i) AddReason(reasons[i], sheet, &html);
    html << "</ul></details>\n";
  }
  for (const MergedImplementation& one : sheet.merged.implementations) {
    if (one.report->stale.empty()) continue;
    html << "<details class=why open><summary><h3>Stale expectations of " << one.Name() << "</h3></summary><ul class=reasons>";
    for (const std::string& line : one.report->stale) html << "<li>" << line << "</li>";
    html << "</ul></details>\n";
  }
  return html << "</section>\n";
}

}  // namespace lockstep::reports
