// SPDX-License-Identifier: MIT
#include "reference_implementation.h"

#include <semlock/semlock.h>

#include <utility>

#include "reference_outcome.h"
#include "reference_sync.h"

namespace lockstep::adapter {
namespace {

class ReferenceSemLock final : public SemLock {
 public:
  explicit ReferenceSemLock(semlock::SemLock object) : object_(std::move(object)) {}

  Outcome<bool> Acquire(bool block, std::optional<double> timeout_s,
                        Interrupts& interrupts) override {
    return ToOutcome(object_.Acquire(block, timeout_s, HookOf(interrupts)));
  }
  Outcome<None> Release() override { return ToOutcome(object_.Release()); }
  Outcome<std::int64_t> Count() override { return std::int64_t{object_.count()}; }
  Outcome<bool> IsMine() override { return object_.IsMine(); }
  Outcome<std::int64_t> GetValue() override { return ToOutcome(object_.GetValue()); }
  Outcome<bool> IsZero() override { return ToOutcome(object_.IsZero()); }
  Outcome<None> AfterFork() override {
    object_.AfterFork();
    return None{};
  }
  Outcome<std::int64_t> Kind() override { return std::int64_t{object_.kind()}; }
  Outcome<std::int64_t> MaxValue() override { return std::int64_t{object_.maxvalue()}; }
  Outcome<std::optional<std::string>> Name() override { return object_.name(); }
  Outcome<std::uintptr_t> Handle() override { return object_.handle(); }
  std::optional<int> Descriptor() override {
    return object_.fd() < 0 ? std::nullopt : std::optional(object_.fd());
  }
  Outcome<None> Repeat(Turn turn, std::int64_t turns, Interrupts& interrupts) override {
    switch (turn) {
      case Turn::kPair:
        return Pairs(turns, HookOf(interrupts));
      case Turn::kTry:
        return Tries(turns);
      case Turn::kValue:
        return Values(turns);
    }
    return Unsupported{"no such turn"};
  }

 private:
  // Loops as a user of libsemlock would write them: nothing of the adapter is inside.
  Outcome<None> Pairs(std::int64_t turns, semlock::InterruptHook hook) {
    for (std::int64_t i = 0; i < turns; ++i) {
      const auto acquired = object_.Acquire(true, std::nullopt, hook);
      if (!acquired) return Failure<None>(acquired.error());
      if (!*acquired) return FailedTurn(Turn::kPair);
      const auto released = object_.Release();
      if (!released) return Failure<None>(released.error());
    }
    return None{};
  }
  Outcome<None> Tries(std::int64_t turns) {
    for (std::int64_t i = 0; i < turns; ++i) {
      const auto acquired = object_.Acquire(false);
      if (!acquired) return Failure<None>(acquired.error());
      if (*acquired) return FailedTurn(Turn::kTry);
    }
    return None{};
  }
  Outcome<None> Values(std::int64_t turns) {
    for (std::int64_t i = 0; i < turns; ++i) {
      const auto value = object_.GetValue();
      if (!value) return Failure<None>(value.error());
    }
    return None{};
  }

  semlock::SemLock object_;
};

class ReferenceSharedMemory final : public SharedMemory {
 public:
  explicit ReferenceSharedMemory(semlock::SharedMemory object) : object_(std::move(object)) {}

  Outcome<std::int64_t> Size() override { return object_.size(); }
  Outcome<std::string> Name() override { return object_.name(); }
  std::optional<std::span<std::byte>> Data() override {
    if (object_.data().empty()) return std::nullopt;  // no segment is empty while it is open
    return object_.data();
  }
  Outcome<None> Close() override { return ToOutcome(object_.Close()); }
  Outcome<None> Unlink() override { return ToOutcome(object_.Unlink()); }

 private:
  semlock::SharedMemory object_;
};

class ReferenceImplementation final : public Implementation {
 public:
  Outcome<std::unique_ptr<SemLock>> CreateSemLock(int kind, int value, int maxvalue,
                                                  const std::string& name, bool unlink) override {
    return Wrap<ReferenceSemLock, SemLock>(
        semlock::SemLock::Create(kind, value, maxvalue, name, unlink));
  }
  Outcome<std::unique_ptr<SemLock>> RebuildSemLock(
      std::uintptr_t handle, int kind, int maxvalue,
      const std::optional<std::string>& name) override {
    return Wrap<ReferenceSemLock, SemLock>(semlock::SemLock::Rebuild(handle, kind, maxvalue, name));
  }
  Outcome<std::unique_ptr<SemLock>> CreateUnnamedSemLock(int kind, int value,
                                                         int maxvalue) override {
    return Wrap<ReferenceSemLock, SemLock>(semlock::SemLock::CreateUnnamed(kind, value, maxvalue));
  }
  Outcome<std::unique_ptr<SemLock>> RebuildUnnamedSemLock(int descriptor, int kind,
                                                          int maxvalue) override {
    return Wrap<ReferenceSemLock, SemLock>(
        semlock::SemLock::RebuildFromFd(descriptor, kind, maxvalue));
  }
  Outcome<None> SemUnlink(const std::string& name) override {
    return ToOutcome(semlock::SemUnlink(name));
  }
  Outcome<std::int64_t> SemValueMax() override { return std::int64_t{semlock::kSemValueMax}; }
  Outcome<int> ShmOpen(const std::string& path, int flags, int mode,
                       Interrupts& interrupts) override {
    const auto result = semlock::ShmOpen(path, flags, mode, HookOf(interrupts));
    if (!result) return Failure<int>(result.error());
    return *result;
  }
  Outcome<None> ShmUnlink(const std::string& path, Interrupts& interrupts) override {
    return ToOutcome(semlock::ShmUnlink(path, HookOf(interrupts)));
  }
  Outcome<std::unique_ptr<SharedMemory>> OpenSharedMemory(const std::optional<std::string>& name,
                                                          bool create, std::int64_t size) override {
    return Wrap<ReferenceSharedMemory, SharedMemory>(
        create ? semlock::SharedMemory::Create(name, size)
               : semlock::SharedMemory::Attach(name, size));
  }
  SyncTypes* sync_types() override { return sync_types_.get(); }

 private:
  const std::unique_ptr<SyncTypes> sync_types_ = MakeReferenceSyncTypes();
};

}  // namespace

std::unique_ptr<Implementation> MakeReferenceImplementation() {
  return std::make_unique<ReferenceImplementation>();
}

}  // namespace lockstep::adapter
