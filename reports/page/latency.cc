// SPDX-License-Identifier: MIT
// What was measured: medians side by side, hand-overs by where and how long, single calls as percentiles, lines over time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "bench/statistics/statistics.h"
#include "reports/history_plot.h"
#include "reports/measurements.h"
#include "reports/page/figures.h"
#include "reports/page/parts.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

using bench::Series;
using bench::SessionRecord;

constexpr std::size_t kLinesDrawn = 60;
constexpr int kShades = 6;
constexpr double kFullScale = 4;  // shades span this factor at least: what differs by a little looks alike
constexpr std::string_view kHandOver = "hand-over/";

// In the order of the session, each once.
template <class Get>
std::vector<std::string> Distinct(const SessionRecord& session, Get get) {
  std::vector<std::string> names;
  for (const Series& series : session.series) {
    const std::string name = get(series);
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

const Series* Find(const SessionRecord& session, const std::string& implementation, const std::string& quantity) {
  for (const Series& series : session.series) {
    if (series.implementation == implementation && series.quantity == quantity && !series.values.empty()) return &series;
  }
  return nullptr;
}

// "10us", as a quantity's name has it, as "10 µs".
std::string IdleText(const std::string& idle) {
  const std::size_t unit = idle.find_first_not_of("0123456789");
  if (unit == std::string::npos) return idle;
  return idle.substr(0, unit) + "\u00a0" + (idle.substr(unit) == "us" ? "µs" : idle.substr(unit));
}

class SessionWriter {
 public:
  SessionWriter(const SessionRecord& session, Html* html)
      : session_(session),
        implementations_(Distinct(session, [](const Series& series) { return series.implementation; })),
        quantities_(Distinct(session, [](const Series& series) { return series.quantity; })),
        html_(*html) {}

  void Write() {
    html_ << "<h3>Machine " << session_.machine.fingerprint << ", " << session_.started;
    if (!session_.label.empty()) html_ << ", " << session_.label;
    html_ << "</h3>\n";
    AddMedians();
    Html hand_overs;
    for (const std::string& implementation : implementations_) AddHandOvers(implementation, &hand_overs);
    if (!hand_overs.empty()) {
      html_ << "<p class=c>Hand-overs: medians from the intended instant of the release to the return of the acquire, by where the two"
               " processes were and how long the waiter had waited. The darker, the longer; all tables have one scale.</p>\n"
               "<div class=figs>"
            << hand_overs << "</div>\n";
    }
    Html spreads;
    Html percentiles;
    for (const std::string& quantity : quantities_) {
      if (HasSamples(quantity))
        percentiles << DrawPercentiles(Of(quantity), quantity);
      else
        spreads << DrawSpread(Of(quantity), quantity);
    }
    AddFigures("Spread over the repetitions", spreads);
    AddFigures("Percentiles of single calls and hand-overs", percentiles);
  }

 private:
  // Those of all implementations that have the quantity, each with its colour.
  std::vector<Drawn> Of(const std::string& quantity) const {
    std::vector<Drawn> drawn;
    std::size_t color = 0;
    for (const std::string& implementation : implementations_) {
      const bool is_raw = implementation == "raw";
      const std::string name = is_raw ? "raw" : fmt::format("{}", color++ % kColors);
      if (const Series* series = Find(session_, implementation, quantity)) drawn.push_back({series, name, is_raw});
    }
    return drawn;
  }

  bool HasSamples(const std::string& quantity) const {
    return std::any_of(session_.series.begin(), session_.series.end(),
                       [&](const Series& series) { return series.quantity == quantity && !series.samples.empty(); });
  }

  void AddFigures(std::string_view title, const Html& figures) {
    if (figures.empty()) return;
    html_ << "<details open><summary><h3>" << title << "</h3></summary><div class=figs>\n" << figures << "</div></details>\n";
  }

  void AddMedians() {
    html_ << "<div class=scroll tabindex=0 role=region aria-label=\"Medians\"><table class=sum><caption>Median over the repetitions; beside"
             " it the median of how many times the raw semaphore's it was in each (of rates, as M/s, less than 1 is slower). Where raw"
             " again is not near 1.00×, no other ratio of the row says much.</caption><thead><tr><th scope=col>Quantity";
    for (const std::string& implementation : implementations_) html_ << "<th scope=col>" << implementation;
    html_ << "</thead><tbody>\n";
    for (const std::string& quantity : quantities_) {
      html_ << "<tr><th scope=row>" << quantity;
      for (const std::string& implementation : implementations_) {
        const Series* series = Find(session_, implementation, quantity);
        html_ << "<td class=num>";
        if (series == nullptr) {
          html_ << "–";
          continue;
        }
        html_ << MeasureText(bench::Median(series->values), series->unit);
        if (!series->ratios.empty()) html_ << " <small>" << RatioText(bench::Median(series->ratios)) << "</small>";
      }
      html_ << "\n";
    }
    html_ << "</tbody></table></div>\n";
  }

  // Of all implementations: their shades are alike.
  std::pair<double, double> LeastAndMostOfHandOvers() const {
    double low = 0;
    double high = 0;
    for (const Series& series : session_.series) {
      if (!series.quantity.starts_with(kHandOver) || series.values.empty()) continue;
      const double median = bench::Median(series.values);
      low = low == 0 ? median : std::min(low, median);
      high = std::max(high, median);
    }
    return {low, high};
  }

  // By placement and by how long the waiter had waited.
  void AddHandOvers(const std::string& implementation, Html* html) const {
    std::vector<std::string> places;
    std::vector<std::string> idles;
    std::map<std::pair<std::string, std::string>, double> medians;
    std::string unit;
    for (const Series& series : session_.series) {
      if (series.implementation != implementation || !series.quantity.starts_with(kHandOver) || series.values.empty()) continue;
      const std::string rest = series.quantity.substr(kHandOver.size());
      const std::size_t slash = rest.find('/');
      if (slash == std::string::npos) continue;
      const std::string place = rest.substr(0, slash);
      const std::string idle = rest.substr(slash + 1);
      if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
      if (std::find(idles.begin(), idles.end(), idle) == idles.end()) idles.push_back(idle);
      medians[{place, idle}] = bench::Median(series.values);
      unit = series.unit;
    }
    if (medians.empty()) return;
    const auto [low, high] = LeastAndMostOfHandOvers();
    *html << "<div class=scroll tabindex=0 role=region aria-label=\"Hand-overs of " << implementation
          << "\"><table class=\"sum heat\"><caption>Hand-over of " << implementation << "</caption><thead><tr><th scope=col>waited for";
    for (const std::string& idle : idles) *html << "<th scope=col>" << IdleText(idle);
    *html << "</thead><tbody>\n";
    for (const std::string& place : places) {
      *html << "<tr><th scope=row>" << place;
      for (const std::string& idle : idles) {
        const auto found = medians.find({place, idle});
        if (found == medians.end()) {
          *html << "<td>–";
          continue;
        }
        const double scale = std::log(std::max(low > 0 ? high / low : 1, kFullScale));
        const double share = low > 0 ? std::log(found->second / low) / scale : 0;
        *html << "<td class=\"num e" << std::clamp(static_cast<int>(share * kShades), 0, kShades - 1) << "\">"
              << MeasureText(found->second, unit);
      }
      *html << "\n";
    }
    *html << "</tbody></table></div>\n";
  }

  const SessionRecord& session_;
  const std::vector<std::string> implementations_;
  const std::vector<std::string> quantities_;
  Html& html_;
};

// A drawing that is a file of its own, as a part of the page, whose style it takes.
Html Inlined(const std::string& svg) {
  Html html;
  const std::size_t begin = svg.find("<svg");
  const std::size_t style = svg.find("<style>");
  const std::size_t behind = svg.find("</style>");
  if (begin == std::string::npos || style == std::string::npos || behind == std::string::npos) return html;
  html << "<div class=\"scroll hist\" tabindex=0 role=region aria-label=\"Measurements over time\">";
  html.Markup(std::string_view(svg).substr(begin, style - begin));
  return html.Markup(std::string_view(svg).substr(behind + std::string_view("</style>").size())) << "</div>\n";
}

}  // namespace

Html LatencyPart(const PageInput& input) {
  Html html;
  if (input.sessions.empty() && input.lines.empty()) return html;
  html << "<section id=latency aria-labelledby=latency-h><h2 id=latency-h>Latency</h2>\n";
  std::map<std::string, const SessionRecord*> latest;
  for (const SessionRecord& session : input.sessions) latest[session.machine.fingerprint] = &session;
  for (const auto& [fingerprint, session] : latest) SessionWriter(*session, &html).Write();
  if (!input.lines.empty()) {
    html << "<h3>Over time</h3>\n";
    std::vector<bench::Line> shown(input.lines.begin(),
                                   input.lines.begin() + static_cast<std::ptrdiff_t>(std::min(input.lines.size(), kLinesDrawn)));
    html << Inlined(HistorySvg(shown));
    if (shown.size() < input.lines.size())
      html << "<p class=c>and " << input.lines.size() - shown.size() << " lines more: lockstep history plot tells all.</p>\n";
  }
  return html << "</section>\n";
}

}  // namespace lockstep::reports
