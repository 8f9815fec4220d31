// SPDX-License-Identifier: MIT
#include "harness/check/events.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockstep::check {

std::string ToText(const Operation& operation) {
  const auto text = [&]() -> std::string {
    switch (operation.kind) {
      case Kind::kRelease:
        return "release() -> None";
      case Kind::kAcquire:
        return "acquire() -> True";
      case Kind::kFailedAcquire:
        return "acquire() -> False";
      case Kind::kGetValue:
        return fmt::format("_get_value() -> {}", operation.value);
      case Kind::kIsZero:
        return operation.value != 0 ? "_is_zero() -> True" : "_is_zero() -> False";
      case Kind::kRefusedRelease:
        return fmt::format("release() raises ValueError at maxvalue {}", operation.value);
    }
    return "";
  }();
  return operation.returned == kNever ? text.substr(0, text.find(')') + 1) + " never back" : text;
}

std::string NameOf(const History& history, int actor) {
  const auto index = static_cast<std::size_t>(actor);
  return index < history.actors.size() ? history.actors[index] : fmt::format("a{}", actor);
}

std::vector<Event> EventsOf(const History& history) {
  std::vector<Event> events;
  events.reserve(history.operations.size() * 2);
  for (std::uint32_t i = 0; i < history.operations.size(); ++i) {
    const Operation& operation = history.operations[i];
    events.push_back({operation.called, i, false});
    if (EndOf(operation) != kNever) events.push_back({EndOf(operation), i, true});
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    if (a.at != b.at) return a.at < b.at;
    if (a.is_return != b.is_return) return !a.is_return;
    return a.operation < b.operation;
  });
  return events;
}

Judgement Violation(const History& history, std::size_t operation, std::int64_t value) {
  return {Verdict::kViolation, operation,
          fmt::format("no order explains {} {}: the value began as {}, and is at most {} by then",
                      NameOf(history, history.operations[operation].actor), ToText(history.operations[operation]),
                      history.initial, value)};
}

Judgement Unknown(const char* why) { return {Verdict::kUnknown, 0, why}; }

}  // namespace lockstep::check
