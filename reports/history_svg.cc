// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "reports/history_plot.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

using bench::ChangePoint;
using bench::Line;
using bench::ShortNumber;

// Sizes in SVG's units, which are pixels unless the reader scales them.
constexpr double kWidth = 900;
constexpr double kPanelHeight = 190;
constexpr double kLeft = 80;
constexpr double kRight = 20;
constexpr double kTop = 44;     // of a panel: its name, and the texts of change points
constexpr double kBottom = 34;  // of a panel: its dates
constexpr double kHeading = 20;

constexpr char kStyle[] =
    "text{font:12px system-ui,sans-serif;fill:#222}.name{font-weight:600}.back{fill:#fff}.axis{stroke:#888}"
    ".grid{stroke:#ddd}.line{fill:none;stroke:#0b5fa5;stroke-width:1.5}.dot{fill:#0b5fa5}"
    ".change{stroke:#b3261e;stroke-dasharray:4 3}.said{fill:#b3261e}"
    "@media (prefers-color-scheme:dark){text{fill:#eee}.back{fill:#16181c}.axis{stroke:#888}.grid{stroke:#383c44}"
    ".line{stroke:#7cb8f2}.dot{fill:#7cb8f2}.change{stroke:#ff8a80}.said{fill:#ff8a80}}";

std::string At(double value) { return fmt::format("{:.1f}", value); }

class Panel {
 public:
  Panel(pugi::xml_node group, const Line& line, double top) : group_(group), line_(line), top_(top) {
    const auto [least, most] = std::minmax_element(line.values.begin(), line.values.end());
    low_ = *least;
    high_ = *most;
    // A line of one value is in the middle.
    const double spread = high_ > low_ ? (high_ - low_) * 0.08 : std::max(1e-9, (low_ < 0 ? -low_ : low_) * 0.05);
    low_ -= spread;
    high_ += spread;
  }

  void Draw() {
    const std::string name = Printable(fmt::format("{} {}", line_.implementation, line_.quantity));
    const std::string unit = line_.unit.empty() ? "" : " (" + Printable(line_.unit) + ")";
    Text(kLeft, top_ + 16, "start", name + unit, "name");
    Text(kWidth - kRight, top_ + 16, "end", "machine " + line_.fingerprint);
    DrawAxes();
    std::string way;
    for (std::size_t i = 0; i < line_.values.size(); ++i) way += fmt::format("{}{},{}", i > 0 ? " " : "", At(X(i)), At(Y(line_.values[i])));
    pugi::xml_node polyline = Shape("polyline", "line");
    polyline.append_attribute("points") = way.c_str();
    for (const ChangePoint& change : line_.changes) DrawChange(change);
    for (std::size_t i = 0; i < line_.values.size(); ++i) DrawDot(i);
  }

 private:
  double Bottom() const { return top_ + kPanelHeight - kBottom; }
  double X(std::size_t index) const {
    const double width = kWidth - kLeft - kRight;
    if (line_.values.size() < 2) return kLeft + width / 2;
    return kLeft + 8 + (width - 16) * static_cast<double>(index) / static_cast<double>(line_.values.size() - 1);
  }
  double Y(double value) const {
    const double height = Bottom() - top_ - kTop;
    return Bottom() - height * ((value - low_) / (high_ - low_));
  }

  pugi::xml_node Shape(const char* kind, const char* style) {
    pugi::xml_node node = group_.append_child(kind);
    node.append_attribute("class") = style;
    return node;
  }

  void Rule(double x1, double y1, double x2, double y2, const char* style) {
    pugi::xml_node rule = Shape("line", style);
    rule.append_attribute("x1") = At(x1).c_str();
    rule.append_attribute("y1") = At(y1).c_str();
    rule.append_attribute("x2") = At(x2).c_str();
    rule.append_attribute("y2") = At(y2).c_str();
  }

  pugi::xml_node Text(double x, double y, const char* anchor, const std::string& text, const char* style = "plain") {
    pugi::xml_node node = Shape("text", style);
    node.append_attribute("x") = At(x).c_str();
    node.append_attribute("y") = At(y).c_str();
    node.append_attribute("text-anchor") = anchor;
    node.text() = text.c_str();
    return node;
  }

  void DrawAxes() {
    constexpr int kSteps = 3;
    for (int i = 0; i <= kSteps; ++i) {
      const double value = low_ + (high_ - low_) * i / kSteps;
      if (i > 0) Rule(kLeft, Y(value), kWidth - kRight, Y(value), "grid");
      Text(kLeft - 6, Y(value) + 4, "end", ShortNumber(value));
    }
    Rule(kLeft, Bottom(), kWidth - kRight, Bottom(), "axis");
    Rule(kLeft, top_ + kTop, kLeft, Bottom(), "axis");
    const std::string unit = Printable(line_.unit);
    const double middle = (top_ + kTop + Bottom()) / 2;
    if (!unit.empty()) {
      Text(14, middle, "middle", unit).append_attribute("transform") = fmt::format("rotate(-90 14 {})", At(middle)).c_str();
    }
    Text(kLeft, Bottom() + 18, "start", line_.points.front().started);
    if (line_.points.size() > 1) Text(kWidth - kRight, Bottom() + 18, "end", line_.points.back().started);
    Text((kLeft + kWidth - kRight) / 2, Bottom() + 18, "middle", Counted(line_.points.size(), "session") + ", in order of time");
  }

  void DrawChange(const ChangePoint& change) {
    // Between the last before it and the first after it.
    const double x = (X(change.index - 1) + X(change.index)) / 2;
    Rule(x, top_ + kTop - 6, x, Bottom(), "change");
    const bool is_late = x > kWidth / 2;
    const bench::Point& point = line_.points[change.index];
    const std::string label = point.label.empty() ? point.started : point.label;
    Text(x + (is_late ? -4 : 4), top_ + kTop - 10, is_late ? "end" : "start",
         fmt::format("{} {}", bench::ChangeText(line_, change), Printable(label)), "said");
  }

  void DrawDot(std::size_t index) {
    pugi::xml_node dot = Shape("circle", "dot");
    dot.append_attribute("cx") = At(X(index)).c_str();
    dot.append_attribute("cy") = At(Y(line_.values[index])).c_str();
    dot.append_attribute("r") = "2.5";
    const bench::Point& point = line_.points[index];
    dot.append_child("title").text() =
        Printable(fmt::format("{} {} {}: {} {}", point.started, point.label, point.session.substr(0, 12),
                              ShortNumber(line_.values[index]), line_.unit)).c_str();
  }

  pugi::xml_node group_;
  const Line& line_;
  const double top_;
  double low_ = 0;
  double high_ = 1;
};

// For who cannot see it.
std::string Described(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    text += fmt::format("{} {} on machine {}: {}, first {}, last {} {}", line.implementation, line.quantity, line.fingerprint,
                        Counted(line.values.size(), "session"), ShortNumber(line.values.front()), ShortNumber(line.values.back()),
                        line.unit);
    for (const ChangePoint& change : line.changes)
      text += fmt::format("; {} at {}", bench::ChangeText(line, change), line.points[change.index].started);
    text += ".\n";
  }
  return Printable(text);
}

}  // namespace

std::string HistorySvg(const std::vector<Line>& lines) {
  const double height = kHeading + kPanelHeight * static_cast<double>(lines.size());
  pugi::xml_document document;
  pugi::xml_node svg = document.append_child("svg");
  svg.append_attribute("xmlns") = "http://www.w3.org/2000/svg";
  svg.append_attribute("viewBox") = fmt::format("0 0 {} {}", kWidth, height).c_str();
  svg.append_attribute("role") = "img";
  svg.append_attribute("aria-labelledby") = "title desc";
  pugi::xml_node title = svg.append_child("title");
  title.append_attribute("id") = "title";
  title.text() = "The history of measurements";
  pugi::xml_node description = svg.append_child("desc");
  description.append_attribute("id") = "desc";
  description.text() = Described(lines).c_str();
  svg.append_child("style").text() = kStyle;
  pugi::xml_node back = svg.append_child("rect");
  back.append_attribute("class") = "back";
  back.append_attribute("width") = "100%";
  back.append_attribute("height") = "100%";
  double top = kHeading / 2;
  for (const Line& line : lines) {
    Panel(svg.append_child("g"), line, top).Draw();
    top += kPanelHeight;
  }
  std::ostringstream out;
  document.save(out, " ");
  return out.str();
}

}  // namespace lockstep::reports
