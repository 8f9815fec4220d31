// SPDX-License-Identifier: MIT
#include "harness/engine/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace lockstep {
namespace {

// Addresses and the names that SharedMemory makes up differ between any two runs: numbers of so
// many digits are masked, and those names.
std::string Masked(const std::string& text) {
  constexpr std::size_t kAddressDigits = 12;
  constexpr std::string_view kMadeUp = "psm_";
  constexpr std::size_t kMadeUpLength = 12;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.compare(i, kMadeUp.size(), kMadeUp) == 0) {
      out += "(made-up name)";
      i += kMadeUpLength;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    if (end - i >= kAddressDigits) {
      out += "(address)";
    } else {
      out += text.substr(i, std::max<std::size_t>(end - i, 1));
    }
    i = std::max(end, i + 1);
  }
  return out;
}

// "raises OSError EINVAL: Invalid argument" without the message.
std::string WithoutMessage(const std::string& outcome) {
  return outcome.starts_with("raises ") ? outcome.substr(0, outcome.find(": ")) : outcome;
}

bool IsReturnedNumber(const std::string& outcome) {
  constexpr std::string_view kReturned = "-> ";
  return outcome.starts_with(kReturned) && outcome.size() > kReturned.size() &&
         outcome.find_first_not_of("0123456789", kReturned.size()) == std::string::npos;
}

using Positions = std::set<std::pair<int, int>>;

bool AllowsMany(const Expectation& expectation) {
  return expectation.alternatives.size() > 1 ||
         !expectation.alternatives.front().type_of_value.empty();
}

// The steps of which several outcomes are right, so that two runs of one implementation may differ
// there: `-> int`, `-> 0 or 1`, a hammer's part.
void CollectFree(const std::vector<Step>& steps, Positions* positions) {
  for (const Step& step : steps) {
    const auto* call = std::get_if<Do>(&step.what);
    const auto* await = std::get_if<Await>(&step.what);
    const auto* one_of = std::get_if<OneOf>(&step.what);
    const bool free = std::holds_alternative<Hammer>(step.what) ||
                      (call != nullptr && call->expectation && AllowsMany(*call->expectation)) ||
                      (await != nullptr && AllowsMany(await->expectation)) ||
                      (one_of != nullptr && AllowsMany(one_of->expectation));
    if (free) positions->emplace(step.position.line, step.position.column);
    if (const auto* together = std::get_if<Together>(&step.what))
      CollectFree(together->steps, positions);
  }
}

// Each step without what was expected of it: that differs between versions, and is not compared.
void CollectCalls(const std::vector<Step>& steps,
                  std::map<std::pair<int, int>, std::string>* calls) {
  for (const Step& step : steps) {
    const auto* call = std::get_if<Do>(&step.what);
    const auto* await = std::get_if<Await>(&step.what);
    std::string& text = (*calls)[{step.position.line, step.position.column}];
    text = step.text;
    const std::string expected = call != nullptr && call->expectation ? call->expectation->text
                                 : await != nullptr                   ? await->expectation.text
                                                                      : "";
    if (!expected.empty() && text.ends_with(expected))
      text.resize(text.find_last_not_of(' ', text.size() - expected.size() - 1) + 1);
    if (const auto* together = std::get_if<Together>(&step.what))
      CollectCalls(together->steps, calls);
  }
}

}  // namespace

std::vector<ComparedLine> LinesOf(const Scenario& scenario, const ScenarioRun& run, Messages messages) {
  Positions free;
  CollectFree(scenario.steps, &free);
  // An outcome that was not right is never like another.
  if (run.divergence) free.erase({run.divergence->position.line, run.divergence->position.column});
  std::map<std::pair<int, int>, std::string> calls;
  CollectCalls(scenario.steps, &calls);
  std::vector<ComparedLine> lines;
  for (const TraceEntry& entry : run.trace) {
    const auto call = calls.find({entry.position.line, entry.position.column});
    const std::string& step = call == calls.end() ? entry.step : call->second;
    std::string outcome =
        messages == Messages::kIgnore ? WithoutMessage(entry.outcome) : entry.outcome;
    // How a sleep was seen is the machine's.
    if (outcome.starts_with("-> blocked")) outcome = "-> blocked";
    // Which number is free is chance.
    const bool opens = entry.step.find("shm_open(") != std::string::npos;
    if (opens && IsReturnedNumber(outcome)) outcome = "-> (descriptor)";
    const bool is_free = free.count({entry.position.line, entry.position.column}) != 0;
    lines.push_back({step + (is_free ? " (any)" : " " + Masked(outcome)),
                     fmt::format("{:<44} {}", step, outcome)});
  }
  const auto add = [&](const std::string& text) { lines.push_back({text, text}); };
  if (run.end == ScenarioRun::End::kUnsupported) add("unsupported: " + run.reason);
  if (run.end == ScenarioRun::End::kNotRun) add("not run: " + run.reason);
  // The outcome alone does not show it: both may have returned False.
  if (run.divergence && run.divergence->operation.starts_with("a timed wait"))
    add(run.divergence->operation);
  for (const std::string& unclean : run.unclean) add("left behind: " + unclean);
  return lines;
}

}  // namespace lockstep
