// SPDX-License-Identifier: MIT
#include "harness/fuzz/small_scope.h"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>

namespace lockstep::fuzz {
namespace {

constexpr std::size_t kLongestChain = 16;

// Whether both actors can go on after this; a waiter is let go first.
bool LetGo(Writer* writer, const std::string& object) {
  constexpr int kMostWaiters = 2;
  for (int i = 0; i < kMostWaiters && !writer->Waiting().empty(); ++i) {
    Call release;
    release.object = object;
    release.operation = "release";
    const std::vector<std::string> idle = writer->Idle();
    if (idle.empty() || !writer->Do(idle.front(), std::move(release))) return false;
  }
  return writer->Idle().size() == 2;
}

}  // namespace

SmallScope::SmallScope(int operations, Subject subject)
    : subject_(std::move(subject)), digits_(static_cast<std::size_t>(operations), 0) {
  for (const auto actor : {std::uint8_t{0}, std::uint8_t{1}}) {
    for (const Action action : {Action::kGetValue, Action::kIsZero, Action::kCount, Action::kIsMine,
                                Action::kRelease, Action::kTry, Action::kAcquire, Action::kAfterFork,
                                Action::kEnter, Action::kExit})
      alphabet_.push_back({action, actor, 0, 0});
    for (const auto timeout : {std::uint8_t{0}, std::uint8_t{1}})
      alphabet_.push_back({Action::kAcquireFor, actor, 0, timeout});
  }
  alphabet_.push_back({Action::kKill, 0, 0, 0});
  alphabet_.push_back({Action::kUnlink, 0, 0, 0});
}

std::optional<Plan> SmallScope::NextPlan() {
  if (setup_ == Setups().size()) return std::nullopt;
  Plan plan{static_cast<std::uint8_t>(setup_), {{Action::kFork, 0, 0, 0}}};
  for (const std::size_t digit : digits_) plan.choices.push_back(alphabet_[digit]);
  for (std::size_t& digit : digits_) {
    if (++digit < alphabet_.size()) return plan;
    digit = 0;
  }
  ++setup_;
  return plan;
}

SmallScope::Found SmallScope::Look(const Plan& plan) {
  Writer writer("fuzz/small", subject_);
  MakeFirst(&writer, Setups()[plan.setup], "NAME", "s");
  for (const Choice& choice : plan.choices) Choose(&writer, choice);
  if (!seen_.insert(std::hash<std::string>()(writer.text())).second) return Found::kKnown;
  return LetGo(&writer, "s") ? Found::kNew : Found::kNewAndLast;
}

Chain SmallScope::Put(std::vector<Plan> plans) const {
  Writer writer("fuzz/small", subject_);
  const auto object = [](std::size_t i) { return fmt::format("s{}", i + 1); };
  const auto name = [](std::size_t i) { return i == 0 ? "NAME" : fmt::format("NAME{}", i + 1); };
  for (std::size_t i = 0; i < plans.size(); ++i) MakeFirst(&writer, Setups()[plans[i].setup], name(i), object(i));
  Choose(&writer, plans.front().choices.front());
  for (std::size_t i = 0; i < plans.size(); ++i) {
    for (std::size_t k = 1; k < plans[i].choices.size(); ++k) Choose(&writer, plans[i].choices[k], object(i), name(i));
    if (i + 1 < plans.size()) LetGo(&writer, object(i));
  }
  return {writer.Take(), std::move(plans)};
}

std::optional<Chain> SmallScope::Next() {
  while (followed_.size() < kLongestChain - 1 || last_.empty()) {
    if (followed_.size() == kLongestChain) break;
    const auto plan = NextPlan();
    if (!plan) break;
    const Found found = Look(*plan);
    if (found == Found::kNew) followed_.push_back(*plan);
    if (found == Found::kNewAndLast) last_.push_back(*plan);
  }
  if (followed_.empty() && last_.empty()) return std::nullopt;
  std::vector<Plan> plans = std::exchange(followed_, {});
  if (plans.size() == kLongestChain) return Put(std::move(plans));
  if (!last_.empty()) {
    plans.push_back(last_.back());
    last_.pop_back();
  }
  return Put(std::move(plans));
}

}  // namespace lockstep::fuzz
