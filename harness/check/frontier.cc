// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include "harness/check/check.h"
#include "harness/check/events.h"

namespace lockstep::check {
namespace {

constexpr std::size_t kSlots = 64;

// An order that is still possible, as far as what follows can tell: which of those in flight it has
// already, and the value. Of those that never came back, and may happen as long as anything does, only
// their number counts, since they are all alike.
struct Order {
  std::uint64_t ordered = 0;  // a bit a slot
  std::int64_t value = 0;
  std::int64_t lost_releases = 0;  // of those that never came back, so many happened
  std::int64_t lost_acquires = 0;

  // The value without those.
  std::int64_t Base() const { return value - lost_releases + lost_acquires; }
};

// Orders, hashed by the operations that they have.
class OrderSet {
 public:
  OrderSet() : table_(16, kNone) {}

  void Clear() {
    if (table_.size() > orders_.size() * 64 + 64) table_.resize(64);
    std::fill(table_.begin(), table_.end(), kNone);
    orders_.clear();
  }
  std::size_t size() const { return orders_.size(); }
  Order& operator[](std::size_t i) { return orders_[i]; }
  const std::vector<Order>& orders() const { return orders_; }

  // Of each (ordered, base, value) the one that used the fewest that never came back. True: it is new, or better
  // than what was there, which it replaces; *at is where it is.
  bool Add(const Order& order, std::size_t* at) {
    for (std::size_t place = First(order.ordered); table_[place] != kNone; place = After(place)) {
      Order& there = orders_[table_[place]];
      if (there.ordered != order.ordered || there.value != order.value || there.Base() != order.Base()) continue;
      *at = table_[place];
      if (order.lost_releases >= there.lost_releases) return false;
      there = order;
      return true;
    }
    *at = orders_.size();
    Insert(order);
    return true;
  }

  // The same, but for those that another can become later: with the same operations, and of those that
  // never came back no fewer of either kind.
  void AddBest(const Order& order) {
    for (std::size_t place = First(order.ordered); table_[place] != kNone; place = After(place)) {
      Order& there = orders_[table_[place]];
      if (there.ordered != order.ordered || there.Base() != order.Base()) continue;
      const bool fewer = there.lost_releases <= order.lost_releases && there.lost_acquires <= order.lost_acquires;
      if (fewer) return;
      if (order.lost_releases > there.lost_releases || order.lost_acquires > there.lost_acquires) continue;
      there = order;
      return;
    }
    Insert(order);
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::size_t First(std::uint64_t ordered) const {
    std::uint64_t hash = ordered * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32;
    hash *= 0xD6E8FEB86659FD93ULL;
    return static_cast<std::size_t>(hash ^ hash >> 29) & (table_.size() - 1);
  }
  std::size_t After(std::size_t place) const { return (place + 1) & (table_.size() - 1); }

  void Insert(const Order& order) {
    orders_.push_back(order);
    if (orders_.size() * 2 > table_.size()) {
      table_.assign(table_.size() * 2, kNone);
      for (std::uint32_t i = 0; i < orders_.size(); ++i) Enter(i);
    } else {
      Enter(static_cast<std::uint32_t>(orders_.size() - 1));
    }
  }
  void Enter(std::uint32_t index) {
    std::size_t place = First(orders_[index].ordered);
    while (table_[place] != kNone) place = After(place);
    table_[place] = index;
  }

  std::vector<std::uint32_t> table_;  // a power of two; indices into orders_
  std::vector<Order> orders_;
};

class Frontier {
 public:
  Frontier(const History& history, std::size_t budget) : history_(history), budget_(budget) {
    now_.AddBest({0, history.initial, 0, 0});
  }

  Judgement Check() {
    slot_of_.assign(history_.operations.size(), -1);
    for (const Event& event : EventsOf(history_)) {
      if (!event.is_return) {
        if (!Call(event.operation)) return Unknown("more than 64 operations were in flight at once");
        continue;
      }
      switch (Return(event.operation)) {
        case Verdict::kOk:
          break;
        case Verdict::kViolation:
          return Violation(history_, event.operation, highest_);
        case Verdict::kUnknown:
          return Unknown("so many orders were possible at once that the budget was spent");
      }
    }
    return {Verdict::kOk, 0, ""};
  }

 private:
  bool Call(std::uint32_t index) {
    const Operation& operation = history_.operations[index];
    const bool may_be = operation.returned == kNever;  // happened, or not
    // One that only looked and told nobody is nothing.
    if (may_be && !Changes(operation.kind)) return true;
    if (EndOf(operation) == kNever) {
      if (operation.kind == Kind::kRelease) ++lost_releases_;
      if (operation.kind == Kind::kAcquire) ++lost_acquires_;
      return true;
    }
    if (free_ == 0) return false;
    const int slot = std::countr_zero(free_);
    free_ &= free_ - 1;
    slot_of_[index] = slot;
    in_slot_[static_cast<std::size_t>(slot)] = index;
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if (operation.kind == Kind::kRelease) {
      (may_be ? releases_that_may_be_ : releases_) |= bit;
    } else if (operation.kind == Kind::kAcquire) {
      (may_be ? acquires_that_may_be_ : acquires_) |= bit;
    } else {
      observers_ |= bit;
      for (std::size_t i = 0; i < now_.size(); ++i) {
        if (MaySee(operation, now_[i].value)) now_[i].ordered |= bit;
      }
      Merge();
    }
    return true;
  }

  // Only orders that have the operation stay; the others are gone on with until they have. Of one whose
  // process has died by now those without it stay as well.
  Verdict Return(std::uint32_t index) {
    const int slot = slot_of_[index];
    if (slot < 0) return Verdict::kOk;  // it looked, and told nobody
    const std::uint64_t bit = std::uint64_t{1} << slot;
    next_.Clear();
    more_.Clear();
    work_.clear();
    highest_ = 0;
    for (const Order& order : now_.orders()) {
      highest_ = std::max(highest_, order.value);
      Keep(order, bit);
      if (((releases_that_may_be_ | acquires_that_may_be_) & ~order.ordered & bit) != 0) next_.AddBest(order);
    }
    for (std::size_t i = 0; i < work_.size(); ++i) {
      if (more_.size() + next_.size() > budget_) return Verdict::kUnknown;
      const Order order = more_[work_[i]];
      if (order.value < history_.most) {
        // Of a kind the one that is back first goes first: any order with another has one with it.
        const std::uint64_t one = FirstBack(releases_ & ~order.ordered);
        if (one != 0) Extend(order, one, +1, 0, 0, bit);
        const std::uint64_t other = FirstBack(releases_that_may_be_ & ~order.ordered);
        const bool helps = order.value == 0 || WantedBeyond(order, +1);
        if (other != 0 && (helps || other == bit || (acquires_that_may_be_ & bit) != 0)) Extend(order, other, +1, 0, 0, bit);
        if (helps && order.lost_releases < lost_releases_) Extend(order, 0, +1, 1, 0, bit);
      }
      if (order.value > 0) {
        const std::uint64_t one = FirstBack(acquires_ & ~order.ordered);
        if (one != 0) Extend(order, one, -1, 0, 0, bit);
        const std::uint64_t other = FirstBack(acquires_that_may_be_ & ~order.ordered);
        const bool helps = order.value == history_.most || WantedBeyond(order, -1);
        if (other != 0 && (helps || other == bit || (releases_that_may_be_ & bit) != 0)) Extend(order, other, -1, 0, 0, bit);
        if (helps && order.lost_acquires < lost_acquires_) Extend(order, 0, -1, 0, 1, bit);
      }
    }
    if (next_.size() == 0) return Verdict::kViolation;
    std::swap(now_, next_);
    releases_ &= ~bit;
    acquires_ &= ~bit;
    observers_ &= ~bit;
    releases_that_may_be_ &= ~bit;
    acquires_that_may_be_ &= ~bit;
    free_ |= bit;
    return Verdict::kOk;
  }

  // Whether one that looks, in flight and in no order yet, could see a value above this one's (+1) or
  // below it (-1). If none could, one that never came back may as well happen later, when it is needed.
  bool WantedBeyond(const Order& order, int direction) const {
    for (std::uint64_t open = observers_ & ~order.ordered; open != 0; open &= open - 1) {
      const Operation& one = history_.operations[in_slot_[static_cast<std::size_t>(std::countr_zero(open))]];
      const bool above = one.kind == Kind::kRefusedRelease || (one.kind == Kind::kIsZero && one.value == 0) ||
                         (one.kind == Kind::kGetValue && one.value > order.value);
      if (above == (direction > 0)) return true;
    }
    return false;
  }

  void Extend(Order order, std::uint64_t one, int change, int lost_release, int lost_acquire, std::uint64_t bit) {
    order.ordered |= one;
    order.value += change;
    order.lost_releases += lost_release;
    order.lost_acquires += lost_acquire;
    // Whoever looks sees this value, if it is one that it may see: that costs nothing.
    for (std::uint64_t open = observers_ & ~order.ordered; open != 0; open &= open - 1) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(open));
      if (MaySee(history_.operations[in_slot_[slot]], order.value)) order.ordered |= std::uint64_t{1} << slot;
    }
    highest_ = std::max(highest_, order.value);
    Keep(order, bit);
  }

  void Keep(Order order, std::uint64_t bit) {
    std::size_t at = 0;
    if ((order.ordered & bit) != 0) {
      order.ordered &= ~bit;
      next_.AddBest(order);
    } else if (more_.Add(order, &at)) {
      work_.push_back(at);
    }
  }

  // Those that became alike when one that looks was put in.
  void Merge() {
    next_.Clear();
    for (const Order& order : now_.orders()) next_.AddBest(order);
    std::swap(now_, next_);
  }

  // Of these slots the one whose operation is back first.
  std::uint64_t FirstBack(std::uint64_t slots) const {
    std::uint64_t first = 0;
    std::pair<std::int64_t, std::uint32_t> when = {kNever, 0};
    for (; slots != 0; slots &= slots - 1) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(slots));
      // Of those that end at one instant as EventsOf() has them.
      const std::pair<std::int64_t, std::uint32_t> end = {EndOf(history_.operations[in_slot_[slot]]), in_slot_[slot]};
      if (end >= when) continue;
      when = end;
      first = std::uint64_t{1} << slot;
    }
    return first;
  }

  const History& history_;
  const std::size_t budget_;
  OrderSet now_;
  OrderSet next_;  // those that have what returns
  OrderSet more_;  // those that have not
  std::vector<std::size_t> work_;  // indices into more_
  std::vector<int> slot_of_;       // by operation
  std::array<std::uint32_t, kSlots> in_slot_{};
  std::uint64_t free_ = ~std::uint64_t{0};
  std::uint64_t releases_ = 0;  // in flight, by slot
  std::uint64_t acquires_ = 0;
  std::uint64_t releases_that_may_be_ = 0;  // whose process dies in them at a known instant
  std::uint64_t acquires_that_may_be_ = 0;
  std::uint64_t observers_ = 0;
  std::int64_t lost_releases_ = 0;  // called so far, of which nobody knows how long they may take
  std::int64_t lost_acquires_ = 0;
  std::int64_t highest_ = 0;
};

}  // namespace

Judgement CheckFrontier(const History& history, std::size_t budget) { return Frontier(history, budget).Check(); }

}  // namespace lockstep::check
