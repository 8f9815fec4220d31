// SPDX-License-Identifier: MIT
#include "reports/badge.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "reports/markup.h"
#include "reports/terminal.h"

namespace lockstep::reports {
namespace {

constexpr const char* kLabel = "SemLock";
constexpr const char* kGrey = "#6e7781";
constexpr const char* kGreen = "#1a7f37";
constexpr const char* kOlive = "#6b7c00";
constexpr const char* kYellow = "#9a6700";
constexpr const char* kOrange = "#bc4c00";
constexpr const char* kRed = "#cf222e";
constexpr int kPadding = 6;  // pixels on either side of a text
constexpr int kHeight = 20;

// Tenths of a pixel that a character of Verdana takes at 11 pixels, from the blank on; a font that is narrower is
// stretched to it.
constexpr std::array<int, 95> kWidths = {
    39,  43, 50, 90, 70, 118, 80, 30, 50, 50, 70, 90, 40, 50,  40, 50,                              // blank to /
    70,  70, 70, 70, 70, 70,  70, 70, 70, 70, 50, 50, 90, 90,  90, 60,                              // 0 to ?
    110, 75, 75, 77, 85, 70,  63, 85, 83, 46, 50, 76, 61, 93,  82, 87, 66, 87, 76, 75, 68, 81, 75,  // @ to V
    109, 75, 68, 75, 50, 50,  50, 90, 70,                                                           // W to _
    70,  66, 69, 57, 69, 66,  39, 69, 70, 30, 38, 65, 30, 107, 70, 67, 69, 69, 47, 57, 43, 70, 65,  // ` to v
    90,  65, 65, 58, 70, 50,  70, 90};                                                              // w to ~

int WidthOfText(std::string_view text) {
  constexpr int kUnknown = 110;  // the widest: rather too much room than too little
  int tenths = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;
    tenths += byte >= 0x20 && byte < 0x7f ? kWidths[byte - 0x20U] : kUnknown;
  }
  return (tenths + 9) / 10;
}

}  // namespace

Badge BadgeOf(const Summary& summary) {
  Counts counts;
  std::string names;
  bool stale = false;
  bool broken = false;
  int asked = 0;
  for (const ImplementationReport& one : summary.report.implementations) {
    broken = broken || one.NeverStarted();
    if (one.only_oracle) continue;
    for (const ScenarioVerdict& verdict : one.verdicts) counts.Add(verdict);
    stale = stale || !one.stale.empty();
    if (++asked <= 3) names += (names.empty() ? "" : ", ") + OneLine(one.name, 60);
  }
  if (asked > 3) names += fmt::format(" and {} more", asked - 3);
  if (!summary.withheld.empty())
    return {"withheld", fmt::format("{} of {}: withheld: {}", kLabel, names, OneLine(summary.withheld.front(), 200)), kGrey};
  // Errors are not judged; a badge that left them out would be the greener, the more there are.
  std::string text = fmt::format("{} of {}", counts.pass, counts.judged() + counts.harness_error);
  const int known = counts.expected_fail;
  if (known > 0) text += fmt::format(", {} known", known);
  if (const int others = counts.unsupported + counts.not_run; others > 0) text += fmt::format(", {} not judged", others);
  const char* color = kGreen;
  if (broken || counts.harness_error > 0 || summary.exit_status == 3)
    color = kOrange;
  else if (counts.fail > 0)
    color = kRed;
  else if (counts.judged() == 0)
    color = kGrey;
  else if (counts.unexpected_pass > 0 || stale || summary.exit_status != 0)
    color = kYellow;
  else if (known > 0)
    color = kOlive;
  return {text, fmt::format("{} of {}: {}", kLabel, names, CountsText(counts)), color};
}

std::string BadgeSvg(const Badge& badge) {
  const int label = WidthOfText(kLabel);
  const int text = WidthOfText(badge.text);
  const int left = label + 2 * kPadding;
  const int right = text + 2 * kPadding;
  const std::string title = HtmlText(badge.title);
  const auto field = [](int x, int width, const std::string& words) {
    return fmt::format("    <text x=\"{}\" y=\"14\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>\n", x + kPadding, width,
                       HtmlText(words));
  };
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"{2}\">\n"
             "  <title>{2}</title>\n"
             "  <clipPath id=\"edge\"><rect width=\"{0}\" height=\"{1}\" rx=\"3\"/></clipPath>\n"
             "  <g clip-path=\"url(#edge)\">\n"
             "    <rect width=\"{3}\" height=\"{1}\" fill=\"#444c56\"/>\n"
             "    <rect x=\"{3}\" width=\"{4}\" height=\"{1}\" fill=\"{5}\"/>\n"
             "  </g>\n"
             "  <g fill=\"#fff\" font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" font-size=\"11\">\n",
             left + right, kHeight, title, left, right, badge.color) +
         field(0, label, kLabel) + field(left, text, badge.text) + "  </g>\n</svg>\n";
}

}  // namespace lockstep::reports
