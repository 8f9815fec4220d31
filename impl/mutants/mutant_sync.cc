// SPDX-License-Identifier: MIT
#include "mutant_sync.h"

#include <atomic>
#include <utility>
#include <variant>

#include "defect.h"

namespace lockstep::mutants {

using adapter::ConditionNames;
using adapter::Interrupts;
using adapter::None;
using adapter::Outcome;
using adapter::Raised;

namespace {

template <typename T>
using Made = Outcome<std::unique_ptr<T>>;

bool IsTrue(const Outcome<bool>& outcome) {
  const bool* value = std::get_if<bool>(&outcome);
  return value != nullptr && *value;
}

bool IsFalse(const Outcome<bool>& outcome) {
  const bool* value = std::get_if<bool>(&outcome);
  return value != nullptr && !*value;
}

bool HasRaised(const Outcome<None>& outcome, const char* type) {
  const auto* raised = std::get_if<Raised>(&outcome);
  return raised != nullptr && raised->type == type;
}

// The made object in a mutant's; what was raised otherwise.
template <typename Mutant, typename T>
Made<T> Wrapped(Made<T> made) {
  auto* object = std::get_if<std::unique_ptr<T>>(&made);
  if (object == nullptr) return made;
  return std::make_unique<Mutant>(std::move(*object));
}

// A lock that knows of itself only what its own process does.
class SelfCenteredLock final : public adapter::Lock {
 public:
  explicit SelfCenteredLock(std::unique_ptr<adapter::Lock> inner) : inner_(std::move(inner)) {}

  Outcome<bool> Acquire(bool block, std::optional<double> timeout_s,
                        Interrupts& interrupts) override {
    Outcome<bool> outcome = inner_->Acquire(block, timeout_s, interrupts);
    if (IsTrue(outcome)) ++held_;
    return outcome;
  }
  Outcome<None> Release() override {
    Outcome<None> outcome = inner_->Release();
    if (std::holds_alternative<None>(outcome)) --held_;
    return outcome;
  }
  Outcome<bool> Locked() override { return held_ > 0; }
  std::vector<std::uintptr_t> Handles() override { return inner_->Handles(); }

 private:
  const std::unique_ptr<adapter::Lock> inner_;
  std::atomic<int> held_{0};
};

class MutantCondition final : public adapter::Condition {
 public:
  explicit MutantCondition(std::unique_ptr<adapter::Condition> inner) : inner_(std::move(inner)) {}

  Outcome<bool> Acquire(bool block, std::optional<double> timeout_s,
                        Interrupts& interrupts) override {
    return inner_->Acquire(block, timeout_s, interrupts);
  }
  Outcome<None> Release() override { return inner_->Release(); }

  Outcome<bool> Wait(std::optional<double> timeout_s, Interrupts& interrupts) override {
    if (remembered_.exchange(0) > 0) return true;
    Outcome<bool> outcome = inner_->Wait(timeout_s, interrupts);
    if (IsTrue(outcome) && Is("condition-wait-forgets-lock")) inner_->Release();
    if (IsFalse(outcome) && Is("condition-timeout-is-true")) return true;
    return outcome;
  }

  Outcome<None> Notify(std::int64_t n, Interrupts& interrupts) override {
    if (Is("notify-wakes-all")) return Forgiven(inner_->NotifyAll(interrupts));
    if (Is("notify-wakes-one")) n = 1;
    if (Is("notify-is-remembered")) ++remembered_;
    return Forgiven(inner_->Notify(n, interrupts));
  }
  Outcome<None> NotifyAll(Interrupts& interrupts) override {
    if (Is("notify-all-wakes-one")) return inner_->Notify(1, interrupts);
    return Forgiven(inner_->NotifyAll(interrupts));
  }

  std::vector<std::uintptr_t> Handles() override { return inner_->Handles(); }

 private:
  static Outcome<None> Forgiven(Outcome<None> outcome) {
    if (Is("notify-needs-no-lock") && HasRaised(outcome, "AssertionError")) return None{};
    return outcome;
  }

  const std::unique_ptr<adapter::Condition> inner_;
  std::atomic<int> remembered_{0};  // notifications that came before the wait
};

class MutantEvent final : public adapter::Event {
 public:
  explicit MutantEvent(std::unique_ptr<adapter::Event> inner) : inner_(std::move(inner)) {}

  Outcome<bool> IsSet(Interrupts& interrupts) override { return inner_->IsSet(interrupts); }
  Outcome<None> Set(Interrupts& interrupts) override {
    Outcome<None> outcome = inner_->Set(interrupts);
    if (Is("event-is-a-pulse")) inner_->Clear(interrupts);
    return outcome;
  }
  Outcome<None> Clear(Interrupts& interrupts) override {
    if (Is("event-clear-does-nothing")) return None{};
    return inner_->Clear(interrupts);
  }
  Outcome<bool> Wait(std::optional<double> timeout_s, Interrupts& interrupts) override {
    Outcome<bool> outcome = inner_->Wait(timeout_s, interrupts);
    if (IsTrue(outcome) && Is("event-wait-clears")) inner_->Clear(interrupts);
    if (IsFalse(outcome) && Is("event-timeout-is-true")) return true;
    return outcome;
  }
  std::vector<std::uintptr_t> Handles() override { return inner_->Handles(); }

 private:
  const std::unique_ptr<adapter::Event> inner_;
};

class MutantBarrier final : public adapter::Barrier {
 public:
  explicit MutantBarrier(std::unique_ptr<adapter::Barrier> inner) : inner_(std::move(inner)) {}

  Outcome<std::int64_t> Wait(std::optional<double> timeout_s, Interrupts& interrupts) override {
    if (Is("barrier-serves-once") && served_) return Raised{"BrokenBarrierError", "", {}};
    Outcome<std::int64_t> outcome = inner_->Wait(timeout_s, interrupts);
    if (auto* index = std::get_if<std::int64_t>(&outcome)) {
      served_ = true;
      if (Is("barrier-index-is-zero")) *index = 0;
    } else if (Is("barrier-timeout-mends")) {
      inner_->Reset(interrupts);
    }
    return outcome;
  }
  Outcome<None> Reset(Interrupts& interrupts) override {
    if (Is("barrier-reset-does-nothing")) return None{};
    return inner_->Reset(interrupts);
  }
  Outcome<None> Abort(Interrupts& interrupts) override {
    if (Is("barrier-abort-is-reset")) return inner_->Reset(interrupts);
    return inner_->Abort(interrupts);
  }
  Outcome<std::int64_t> Parties() override {
    auto outcome = inner_->Parties();
    if (auto* parties = std::get_if<std::int64_t>(&outcome); Is("barrier-needs-one-more"))
      --*parties;
    return outcome;
  }
  Outcome<std::int64_t> NWaiting() override { return inner_->NWaiting(); }
  Outcome<bool> Broken() override {
    if (Is("barrier-never-broken")) return false;
    return inner_->Broken();
  }
  std::vector<std::uintptr_t> Handles() override { return inner_->Handles(); }

 private:
  const std::unique_ptr<adapter::Barrier> inner_;
  std::atomic<bool> served_{false};
};

class MutantSyncTypes final : public adapter::SyncTypes {
 public:
  explicit MutantSyncTypes(adapter::SyncTypes& reference) : reference_(reference) {}

  Made<adapter::Lock> MakeLock() override {
    return Altered(Is("lock-is-reentrant") ? reference_.MakeRLock() : reference_.MakeLock());
  }
  Made<adapter::Lock> MakeRLock() override {
    return Altered(Is("rlock-is-a-lock") ? reference_.MakeLock() : reference_.MakeRLock());
  }
  Made<adapter::Semaphore> MakeSemaphore(int value) override {
    return Is("semaphore-is-bounded") ? reference_.MakeBoundedSemaphore(value)
                                      : reference_.MakeSemaphore(value);
  }
  Made<adapter::Semaphore> MakeBoundedSemaphore(int value) override {
    return Is("bounded-semaphore-is-not") ? reference_.MakeSemaphore(value)
                                          : reference_.MakeBoundedSemaphore(value);
  }
  Made<adapter::Condition> MakeCondition() override {
    return Wrapped<MutantCondition>(reference_.MakeCondition());
  }
  Made<adapter::Event> MakeEvent() override { return Wrapped<MutantEvent>(reference_.MakeEvent()); }
  Made<adapter::Barrier> MakeBarrier(int parties, std::optional<double> timeout_s) override {
    const int needed = Is("barrier-needs-one-more") ? parties + 1 : parties;
    return Wrapped<MutantBarrier>(reference_.MakeBarrier(needed, timeout_s));
  }

  Made<adapter::Lock> AttachLock(const std::string& name) override {
    return Altered(reference_.AttachLock(name));
  }
  Made<adapter::Lock> AttachRLock(const std::string& name) override {
    return Altered(reference_.AttachRLock(name));
  }
  Made<adapter::Semaphore> AttachSemaphore(const std::string& name) override {
    return reference_.AttachSemaphore(name);
  }
  Made<adapter::Semaphore> AttachBoundedSemaphore(const std::string& name, int maxvalue) override {
    return reference_.AttachBoundedSemaphore(name, maxvalue);
  }
  Made<adapter::Condition> AttachCondition(const ConditionNames& names) override {
    return Wrapped<MutantCondition>(reference_.AttachCondition(names));
  }
  Made<adapter::Event> AttachEvent(const ConditionNames& names, const std::string& flag) override {
    return Wrapped<MutantEvent>(reference_.AttachEvent(names, flag));
  }

 private:
  static Made<adapter::Lock> Altered(Made<adapter::Lock> made) {
    return Is("locked-is-held-here") ? Wrapped<SelfCenteredLock>(std::move(made)) : std::move(made);
  }

  adapter::SyncTypes& reference_;
};

}  // namespace

std::unique_ptr<adapter::SyncTypes> MakeMutantSyncTypes(adapter::SyncTypes& reference) {
  return std::make_unique<MutantSyncTypes>(reference);
}

}  // namespace lockstep::mutants
