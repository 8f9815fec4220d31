// SPDX-License-Identifier: MIT
#include "harness/check/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/check/events.h"

namespace lockstep::check {
namespace {

constexpr std::size_t kLane = 16;  // columns
constexpr std::ptrdiff_t kBefore = 4;  // operations

// "acquire() -> True" as what stands at its call, and at its return.
struct Halves {
  std::string call;
  std::string back;
};
Halves HalvesOf(const Operation& operation) {
  const std::string text = ToText(operation);
  const std::size_t end = text.find(')') + 1;
  return {text.substr(0, end), operation.returned == kNever ? "dead" : text.substr(std::min(text.size(), end + 1))};
}

std::string Column(const std::string& text) {
  return text.size() < kLane ? text + std::string(kLane - text.size(), ' ') : text.substr(0, kLane - 1) + " ";
}

}  // namespace

std::vector<std::size_t> WindowOf(const History& history, std::size_t violation, std::size_t most,
                                  std::size_t* left_out) {
  const std::int64_t until = EndOf(history.operations[violation]);
  std::vector<std::size_t> window;
  std::vector<std::size_t> before;  // the last ones before the window
  std::size_t in_flight = 0;
  for (const Event& event : EventsOf(history)) {
    const Operation& operation = history.operations[event.operation];
    const bool has_end = EndOf(operation) != kNever;
    if (event.is_return) {
      --in_flight;
      if (event.operation == violation) break;
    } else if (event.at <= until) {
      if (in_flight == 0) {
        before.insert(before.end(), window.begin(), window.end());
        before.erase(before.begin(), before.begin() + std::max<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(before.size()) - kBefore));
        window.clear();
      }
      window.push_back(event.operation);
      if (has_end) ++in_flight;
    }
  }
  *left_out = window.size() > most ? window.size() - most : 0;
  window.erase(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(*left_out));
  // What happened just before says why the value is what it is.
  window.insert(window.begin(), before.begin(), before.end());
  if (std::find(window.begin(), window.end(), violation) == window.end()) window.insert(window.begin(), violation);
  return window;
}

std::string ToPicture(const History& history, std::size_t violation, std::size_t most) {
  std::size_t left_out = 0;
  const std::vector<std::size_t> window = WindowOf(history, violation, most, &left_out);
  const std::set<std::size_t> shown(window.begin(), window.end());
  const std::int64_t start = history.operations[window.front()].called;
  const std::int64_t until = EndOf(history.operations[violation]);
  std::string text = left_out > 0 ? fmt::format("{} operations are left out here; ", left_out) : std::string();
  text += fmt::format("times are from {} on\n", start);
  std::map<int, std::size_t> lanes;
  for (const std::size_t index : window) {
    const Operation& operation = history.operations[index];
    lanes.emplace(operation.actor, lanes.size());
    const std::int64_t end = EndOf(operation);
    text += fmt::format("  {} {:<32}  # {} … {}{}\n", NameOf(history, operation.actor), ToText(operation),
                        operation.called - start, end == kNever ? std::string() : std::to_string(end - start),
                        index == violation ? "  <- nothing explains this" : "");
  }
  std::string head = fmt::format("\n  {:>10}  ", "");
  std::vector<std::string> names(lanes.size());
  for (const auto& [actor, lane] : lanes) names[lane] = NameOf(history, actor);
  for (const std::string& name : names) head += Column(name);
  text += head.substr(0, head.find_last_not_of(' ') + 1) + "\n";
  std::vector<bool> busy(lanes.size());
  for (const Event& event : EventsOf(history)) {
    if (shown.count(event.operation) == 0 || event.at > until) continue;
    const Operation& operation = history.operations[event.operation];
    const std::size_t here = lanes.at(operation.actor);
    std::string line = fmt::format("  {:>10}  ", event.at - start);
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      const Halves halves = HalvesOf(operation);
      line += Column(lane != here ? busy[lane] ? "|" : "" : event.is_return ? halves.back : halves.call);
    }
    busy[here] = !event.is_return;
    line.erase(line.find_last_not_of(' ') + 1);
    const bool is_it = event.is_return && event.operation == violation;
    text += line + (is_it ? "  <- nothing explains this" : "") + "\n";
    if (is_it) break;
  }
  return text;
}

}  // namespace lockstep::check
