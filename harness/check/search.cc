// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "harness/check/check.h"
#include "harness/check/events.h"

namespace lockstep::check {
namespace {

constexpr std::size_t kMost = 60;

// Depth first over which operation is next; of each set of operations and value once.
class Search {
 public:
  Search(const History& history, std::size_t budget) : history_(history), budget_(budget) {
    for (std::size_t i = 0; i < history.operations.size(); ++i) {
      if (history.operations[i].returned != kNever) needed_ |= std::uint64_t{1} << i;
    }
  }

  Verdict Run() { return From(0, history_.initial); }
  // The most that any order came to, as a set: what returned first of the rest is what fails.
  std::size_t FirstMissing() const {
    std::size_t first = 0;
    std::int64_t when = kNever;
    for (std::size_t i = 0; i < history_.operations.size(); ++i) {
      const bool missing = (needed_ & ~farthest_ & std::uint64_t{1} << i) != 0;
      if (!missing || history_.operations[i].returned >= when) continue;
      when = history_.operations[i].returned;
      first = i;
    }
    return first;
  }

 private:
  Verdict From(std::uint64_t done, std::int64_t value) {
    if ((needed_ & ~done) == 0) return Verdict::kOk;
    if (!seen_.emplace(done, value).second) return Verdict::kViolation;
    if (seen_.size() > budget_) return Verdict::kUnknown;
    if (FirstReturn(done) > FirstReturn(farthest_)) farthest_ = done;
    // Next is any that was called before the first of the rest returns.
    const std::int64_t until = FirstReturn(done);
    for (std::size_t i = 0; i < history_.operations.size(); ++i) {
      const Operation& operation = history_.operations[i];
      const std::uint64_t bit = std::uint64_t{1} << i;
      if ((done & bit) != 0 || operation.called > until) continue;
      if (operation.returned == kNever && LastCall(done) > operation.dead_by) continue;
      std::int64_t next = value;
      if (operation.kind == Kind::kRelease && value < history_.most) {
        ++next;
      } else if (operation.kind == Kind::kAcquire && value > 0) {
        --next;
      } else if (Changes(operation.kind) || !MaySee(operation, value)) {
        continue;
      }
      const Verdict verdict = From(done | bit, next);
      if (verdict != Verdict::kViolation) return verdict;
    }
    return Verdict::kViolation;
  }

  std::int64_t FirstReturn(std::uint64_t done) const {
    std::int64_t first = kNever;
    for (std::size_t i = 0; i < history_.operations.size(); ++i) {
      if ((done & std::uint64_t{1} << i) == 0) first = std::min(first, history_.operations[i].returned);
    }
    return first;
  }

  // Who was dead by then cannot have done anything after it.
  std::int64_t LastCall(std::uint64_t done) const {
    std::int64_t last = std::numeric_limits<std::int64_t>::min();
    for (std::size_t i = 0; i < history_.operations.size(); ++i) {
      if ((done & std::uint64_t{1} << i) != 0) last = std::max(last, history_.operations[i].called);
    }
    return last;
  }

  const History& history_;
  const std::size_t budget_;
  std::uint64_t needed_ = 0;
  std::uint64_t farthest_ = 0;
  std::set<std::pair<std::uint64_t, std::int64_t>> seen_;
};

}  // namespace

Judgement CheckSearch(const History& history, std::size_t budget) {
  if (history.operations.size() > kMost) return Unknown("there are more than 60 operations");
  Search search(history, budget);
  const Verdict verdict = search.Run();
  if (verdict == Verdict::kUnknown) return Unknown("the budget was spent");
  if (verdict == Verdict::kViolation) return Violation(history, search.FirstMissing(), history.most);
  return {Verdict::kOk, 0, ""};
}

}  // namespace lockstep::check
