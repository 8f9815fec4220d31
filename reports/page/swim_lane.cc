// SPDX-License-Identifier: MIT
#include "reports/page/swim_lane.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "reports/text.h"

namespace lockstep::reports {
namespace {

// Sizes in SVG's units, which are pixels unless the reader scales them.
constexpr int kLaneHeight = 22;
constexpr int kBarHeight = 13;
constexpr int kDigit = 6;            // of a label's characters
constexpr double kGap = 12;          // of two stamps, however close: a number fits in
constexpr double kGapADecade = 5;    // and so much more for each power of ten of a microsecond
constexpr std::size_t kLanesDrawn = 40;
constexpr std::size_t kCallsDrawn = 400;
constexpr std::size_t kLongestActor = 12;

std::string ActorText(const std::string& actor) {
  return actor.size() <= kLongestActor ? actor : actor.substr(0, kLongestActor - 1) + "…";
}

class Drawing {
 public:
  Drawing(const Lanes& lanes, const std::vector<std::size_t>& numbers) : lanes_(lanes), numbers_(numbers) {
    std::size_t longest = 1;
    for (const std::string& actor : lanes.actors) longest = std::max(longest, WidthOf(ActorText(actor)));
    left_ = static_cast<int>(longest) * (kDigit + 1) + 10;
    for (const Lanes::Call& call : lanes.calls) {
      AddTime(call.begin);
      if (call.seen_blocked != 0) AddTime(call.seen_blocked);
      AddTime(call.end);
    }
    for (const Lanes::Arrow& arrow : lanes.arrows) AddTime(arrow.from_time);
    for (const Lanes::Mark& mark : lanes.marks) AddTime(mark.at);
    times_.assign(sorted_.begin(), sorted_.end());
    double x = left_;
    for (std::size_t i = 0; i < times_.size(); ++i) {
      if (i > 0) x += kGap + kGapADecade * std::log10(1.0 + static_cast<double>(times_[i] - times_[i - 1]) / 1000.0);
      places_.push_back(static_cast<int>(std::lround(x)));
    }
  }

  Html Draw() {
    const int width = places_.back() + 8;
    const int height = static_cast<int>(lanes_.actors.size()) * kLaneHeight;
    std::string rails;
    Html names;
    for (std::size_t lane = 0; lane < lanes_.actors.size(); ++lane) {
      rails += fmt::format("M{} {}H{}", BeginOf(lane), MiddleOf(lane), EndOf(lane));
      names << "<text x=2 y=" << MiddleOf(lane) + 4 << ">" << ActorText(lanes_.actors[lane]) << "</text>";
    }
    for (const Lanes::Call& call : lanes_.calls) AddCall(call);
    for (const Lanes::Arrow& arrow : lanes_.arrows) AddArrow(arrow);
    for (const Lanes::Mark& mark : lanes_.marks) AddMark(mark);
    Html out;
    out << "<div class=w tabindex=0 role=img aria-label=\"" << Described() << "\"><svg width=" << width << " height=" << height << ">";
    AddPath("r", rails, &out);
    AddPath("q", waits_, &out);
    AddPath("b", bars_, &out);
    AddPath("m", made_, &out);
    AddPath("k", woke_, &out);
    return out << names << labels_ << "</svg></div>";
  }

 private:
  void AddTime(std::int64_t time) { sorted_.insert(time); }
  int X(std::int64_t time) const {
    const auto at = std::lower_bound(times_.begin(), times_.end(), time);
    return places_[std::min<std::size_t>(static_cast<std::size_t>(at - times_.begin()), places_.size() - 1)];
  }
  static int MiddleOf(std::size_t lane) { return static_cast<int>(lane) * kLaneHeight + kLaneHeight / 2; }

  // An actor that another makes is there from then on; one that dies, until then.
  int BeginOf(std::size_t lane) const {
    for (const Lanes::Arrow& arrow : lanes_.arrows) {
      if (!arrow.wakes && arrow.to == lane) return X(arrow.to_time);
    }
    for (const Lanes::Mark& mark : lanes_.marks) {
      if (mark.lane == lane && mark.kind == Lanes::Mark::Kind::kStart) return X(mark.at);
    }
    return left_;
  }
  int EndOf(std::size_t lane) const {
    for (const Lanes::Mark& mark : lanes_.marks) {
      const bool ends = mark.kind == Lanes::Mark::Kind::kKill || mark.kind == Lanes::Mark::Kind::kDied;
      if (mark.lane == lane && ends) return X(mark.at);
    }
    return places_.back() + 4;
  }

  void AddCall(const Lanes::Call& call) {
    const int y = MiddleOf(call.lane) - kBarHeight / 2;
    const int begin = X(call.begin);
    const int end = X(call.end);
    const int solid = call.seen_blocked == 0 ? end : X(call.seen_blocked);
    bars_ += fmt::format("M{} {}h{}v{}H{}z", begin, y, solid - begin, kBarHeight, begin);
    // What it is called in the transcript: where it began, and where it returned.
    AddLabel((begin + solid) / 2, call.lane, call.entry);
    if (end <= solid) return;
    waits_ += fmt::format("M{} {}h{}v{}H{}{}", solid, y, end - solid, kBarHeight, solid, call.returned ? "z" : "");
    if (call.ended_entry != call.entry) AddLabel(end - kDigit - 1, call.lane, call.ended_entry);
  }

  void AddLabel(int middle, std::size_t lane, std::size_t entry) {
    if (entry >= numbers_.size() || numbers_[entry] == 0) return;
    labels_ << "<text class=l x=" << middle << " y=" << MiddleOf(lane) + 4 << ">" << numbers_[entry] << "</text>";
  }

  void AddArrow(const Lanes::Arrow& arrow) {
    const int way = arrow.to > arrow.from ? 1 : -1;
    const int half = kBarHeight / 2;
    const int x1 = X(arrow.from_time);
    const int x2 = X(arrow.to_time);
    const int y1 = MiddleOf(arrow.from) + (arrow.wakes ? way * half : 0);
    const int y2 = MiddleOf(arrow.to) - (arrow.wakes ? way * half : 0);
    (arrow.wakes ? woke_ : made_) += fmt::format("M{} {}L{} {}M{} {}l3 {}l3 {}", x1, y1, x2, y2, x2 - 3, y2 - way * 5, way * 5, -way * 5);
  }

  void AddMark(const Lanes::Mark& mark) {
    const int x = X(mark.at);
    const int y = MiddleOf(mark.lane) + 4;
    const auto add = [&](std::string_view sign) { labels_ << "<text class=d x=" << x << " y=" << y << ">" << sign << "</text>"; };
    switch (mark.kind) {
      case Lanes::Mark::Kind::kKill: return add("✗");
      case Lanes::Mark::Kind::kDied: return add("†");
      case Lanes::Mark::Kind::kSignal: return add("↯");
      case Lanes::Mark::Kind::kStop: return add("‖");
      case Lanes::Mark::Kind::kContinue: return add("›");
      case Lanes::Mark::Kind::kStart: return add("○");
    }
  }

  static void AddPath(const char (&name)[2], const std::string& way, Html* out) {
    if (!way.empty()) (*out << "<path class=" << name << " d=\"").Markup(way) << "\"/>";
  }

  // For who cannot see it; the transcript beside it has each step.
  std::string Described() const {
    const auto blocked =
        std::count_if(lanes_.calls.begin(), lanes_.calls.end(), [](const Lanes::Call& call) { return call.seen_blocked != 0; });
    const std::int64_t span = times_.back() - times_.front();
    return fmt::format("Lanes of {}: {}, {} of them seen blocked, in {}", fmt::join(lanes_.actors, ", "),
                       Counted(lanes_.calls.size(), "call"), blocked, SpanText(span));
  }
  static std::string SpanText(std::int64_t ns) {
    const auto value = static_cast<double>(ns);
    if (value < 1e6) return fmt::format("{:.0f} µs", value / 1e3);
    return value < 1e9 ? fmt::format("{:.1f} ms", value / 1e6) : fmt::format("{:.2f} s", value / 1e9);
  }

  const Lanes& lanes_;
  const std::vector<std::size_t>& numbers_;
  int left_ = 0;
  std::set<std::int64_t> sorted_;
  std::vector<std::int64_t> times_;  // all there are, rising, and where each is
  std::vector<int> places_;
  std::string bars_;
  std::string waits_;
  std::string made_;
  std::string woke_;
  Html labels_;
};

}  // namespace

Html DrawLanes(const Lanes& lanes, const std::vector<std::size_t>& numbers) {
  if (lanes.calls.empty()) return {};
  if (lanes.actors.size() > kLanesDrawn || lanes.calls.size() > kCallsDrawn) {
    Html out;
    return out << "<p class=c>Not drawn: " << lanes.actors.size() << " actors and " << lanes.calls.size() << " calls are too many.</p>";
  }
  return Drawing(lanes, numbers).Draw();
}

}  // namespace lockstep::reports
