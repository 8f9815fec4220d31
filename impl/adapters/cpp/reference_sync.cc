// SPDX-License-Identifier: MIT
#include "reference_sync.h"

#include <semlock/semlock.h>

#include <utility>
#include <vector>

#include "reference_outcome.h"

namespace lockstep::adapter {
namespace {

std::uintptr_t HandleOf(const semlock::LockBase& lock) { return lock.sem_lock().handle(); }

std::vector<std::uintptr_t> HandlesOf(const semlock::Condition& condition) {
  return {HandleOf(condition.lock()), HandleOf(condition.sleeping_count()),
          HandleOf(condition.woken_count()), HandleOf(condition.wait_semaphore())};
}

// `Interface` is Lock or Semaphore, `T` one of libsemlock's four types.
template <typename Interface, typename T>
class ReferenceLock : public Interface {
 public:
  explicit ReferenceLock(T object) : object_(std::move(object)) {}

  Outcome<bool> Acquire(bool block, std::optional<double> timeout_s,
                        Interrupts& interrupts) override {
    return ToOutcome(object_.Acquire(block, timeout_s, HookOf(interrupts)));
  }
  Outcome<None> Release() override { return ToOutcome(object_.Release()); }
  Outcome<bool> Locked() override { return ToOutcome(object_.Locked()); }
  std::vector<std::uintptr_t> Handles() override { return {HandleOf(object_)}; }

 protected:
  T object_;
};

template <typename T>
class ReferenceSemaphore final : public ReferenceLock<Semaphore, T> {
 public:
  using ReferenceLock<Semaphore, T>::ReferenceLock;

  Outcome<std::int64_t> GetValue() override { return ToOutcome(this->object_.GetValue()); }
};

class ReferenceCondition final : public Condition {
 public:
  explicit ReferenceCondition(semlock::Condition object) : object_(std::move(object)) {}

  Outcome<bool> Acquire(bool block, std::optional<double> timeout_s,
                        Interrupts& interrupts) override {
    return ToOutcome(object_.Acquire(block, timeout_s, HookOf(interrupts)));
  }
  Outcome<None> Release() override { return ToOutcome(object_.Release()); }
  Outcome<bool> Wait(std::optional<double> timeout_s, Interrupts& interrupts) override {
    return ToOutcome(object_.Wait(timeout_s, HookOf(interrupts)));
  }
  Outcome<None> Notify(std::int64_t n, Interrupts& interrupts) override {
    return ToOutcome(object_.Notify(n, HookOf(interrupts)));
  }
  Outcome<None> NotifyAll(Interrupts& interrupts) override {
    return ToOutcome(object_.NotifyAll(HookOf(interrupts)));
  }
  std::vector<std::uintptr_t> Handles() override { return HandlesOf(object_); }

 private:
  semlock::Condition object_;
};

class ReferenceEvent final : public Event {
 public:
  explicit ReferenceEvent(semlock::Event object) : object_(std::move(object)) {}

  Outcome<bool> IsSet(Interrupts& interrupts) override {
    return ToOutcome(object_.IsSet(HookOf(interrupts)));
  }
  Outcome<None> Set(Interrupts& interrupts) override {
    return ToOutcome(object_.Set(HookOf(interrupts)));
  }
  Outcome<None> Clear(Interrupts& interrupts) override {
    return ToOutcome(object_.Clear(HookOf(interrupts)));
  }
  Outcome<bool> Wait(std::optional<double> timeout_s, Interrupts& interrupts) override {
    return ToOutcome(object_.Wait(timeout_s, HookOf(interrupts)));
  }
  std::vector<std::uintptr_t> Handles() override {
    auto handles = HandlesOf(object_.condition());
    handles.push_back(HandleOf(object_.flag()));
    return handles;
  }

 private:
  semlock::Event object_;
};

class ReferenceBarrier final : public Barrier {
 public:
  explicit ReferenceBarrier(semlock::Barrier object) : object_(std::move(object)) {}

  Outcome<std::int64_t> Wait(std::optional<double> timeout_s, Interrupts& interrupts) override {
    return ToOutcome(object_.Wait(timeout_s, HookOf(interrupts)));
  }
  Outcome<None> Reset(Interrupts& interrupts) override {
    return ToOutcome(object_.Reset(HookOf(interrupts)));
  }
  Outcome<None> Abort(Interrupts& interrupts) override {
    return ToOutcome(object_.Abort(HookOf(interrupts)));
  }
  Outcome<std::int64_t> Parties() override { return std::int64_t{object_.parties()}; }
  Outcome<std::int64_t> NWaiting() override { return std::int64_t{object_.n_waiting()}; }
  Outcome<bool> Broken() override { return object_.broken(); }
  std::vector<std::uintptr_t> Handles() override { return HandlesOf(object_.condition()); }

 private:
  semlock::Barrier object_;
};

class ReferenceSyncTypes final : public SyncTypes {
 public:
  Outcome<std::unique_ptr<Lock>> MakeLock() override { return WrapLock(semlock::Lock::Create()); }
  Outcome<std::unique_ptr<Lock>> MakeRLock() override { return WrapLock(semlock::RLock::Create()); }
  Outcome<std::unique_ptr<Semaphore>> MakeSemaphore(int value) override {
    return WrapSemaphore(semlock::Semaphore::Create(value));
  }
  Outcome<std::unique_ptr<Semaphore>> MakeBoundedSemaphore(int value) override {
    return WrapSemaphore(semlock::BoundedSemaphore::Create(value));
  }
  Outcome<std::unique_ptr<Condition>> MakeCondition() override {
    return Wrap<ReferenceCondition, Condition>(semlock::Condition::Create());
  }
  Outcome<std::unique_ptr<Event>> MakeEvent() override {
    return Wrap<ReferenceEvent, Event>(semlock::Event::Create());
  }
  Outcome<std::unique_ptr<Barrier>> MakeBarrier(int parties,
                                                std::optional<double> timeout_s) override {
    return Wrap<ReferenceBarrier, Barrier>(semlock::Barrier::Create(parties, nullptr, timeout_s));
  }

  Outcome<std::unique_ptr<Lock>> AttachLock(const std::string& name) override {
    return WrapLock(semlock::Lock::Attach(name));
  }
  Outcome<std::unique_ptr<Lock>> AttachRLock(const std::string& name) override {
    return WrapLock(semlock::RLock::Attach(name));
  }
  Outcome<std::unique_ptr<Semaphore>> AttachSemaphore(const std::string& name) override {
    return WrapSemaphore(semlock::Semaphore::Attach(name));
  }
  Outcome<std::unique_ptr<Semaphore>> AttachBoundedSemaphore(const std::string& name,
                                                             int maxvalue) override {
    return WrapSemaphore(semlock::BoundedSemaphore::Attach(name, maxvalue));
  }
  Outcome<std::unique_ptr<Condition>> AttachCondition(const ConditionNames& names) override {
    return Wrap<ReferenceCondition, Condition>(
        semlock::Condition::Attach(names.lock, WithoutLock(names)));
  }
  Outcome<std::unique_ptr<Event>> AttachEvent(const ConditionNames& names,
                                              const std::string& flag) override {
    return Wrap<ReferenceEvent, Event>(
        semlock::Event::Attach(names.lock, WithoutLock(names), flag));
  }

 private:
  template <typename T>
  static Outcome<std::unique_ptr<Lock>> WrapLock(semlock::Result<T> made) {
    return Wrap<ReferenceLock<Lock, T>, Lock>(std::move(made));
  }
  template <typename T>
  static Outcome<std::unique_ptr<Semaphore>> WrapSemaphore(semlock::Result<T> made) {
    return Wrap<ReferenceSemaphore<T>, Semaphore>(std::move(made));
  }
  static semlock::ConditionNames WithoutLock(const ConditionNames& names) {
    return {names.sleeping_count, names.woken_count, names.wait_semaphore};
  }
};

}  // namespace

std::unique_ptr<SyncTypes> MakeReferenceSyncTypes() {
  return std::make_unique<ReferenceSyncTypes>();
}

}  // namespace lockstep::adapter
