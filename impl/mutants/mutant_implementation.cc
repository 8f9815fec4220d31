// SPDX-License-Identifier: MIT
#include "mutant_implementation.h"

#include <semaphore.h>
#include <string.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <map>
#include <utility>
#include <variant>

#include "defect.h"
#include "interposition.h"
#include "mutant_sem_lock.h"
#include "mutant_shared_memory.h"
#include "mutant_sync.h"
#include "reference_implementation.h"

namespace lockstep::mutants {

using adapter::Interrupts;
using adapter::None;
using adapter::Outcome;
using adapter::Raised;

Raised OsError(int errno_value) { return {"OSError", strerror(errno_value), errno_value}; }

namespace {

using SemLockOutcome = Outcome<std::unique_ptr<adapter::SemLock>>;
using SharedMemoryOutcome = Outcome<std::unique_ptr<adapter::SharedMemory>>;

bool KnownKind(int kind) { return kind == kRecursiveMutex || kind == kSemaphore; }

Raised UnknownKind() { return {"ValueError", "unrecognized kind", {}}; }

std::string CutAtNul(const std::string& name) {
  return Is("name-cut-at-nul") ? std::string(name.c_str()) : name;
}

// What a defect says of an error, whoever made it.
Raised AlteredError(Raised raised) {
  if (!raised.errno_value) return raised;
  const int errno_value = *raised.errno_value;
  if (Is("errno-lost")) return OsError(EBADF);
  if (Is("no-space-is-memory-error") && errno_value == ENOSPC) return {"MemoryError", "", {}};
  if (Is("too-many-files-is-enfile") && errno_value == EMFILE) return OsError(ENFILE);
  if (Is("too-large-is-no-space") && errno_value == EFBIG) return OsError(ENOSPC);
  if (Is("missing-is-value-error") && errno_value == ENOENT)
    return {"ValueError", "there is no such semaphore", {}};
  return raised;
}

// Sets the value of a semaphore outright: it is the first word on a little-endian machine.
void SetValue(sem_t* semaphore, int value) {
  if (value < 0) return;
  std::atomic_ref(*reinterpret_cast<unsigned*>(semaphore)).store(static_cast<unsigned>(value));
}

// The reference's objects by their semaphores, for the defect by which several are one.
std::shared_ptr<adapter::SemLock> SharedBySemaphore(std::shared_ptr<adapter::SemLock> object) {
  static std::mutex mutex;
  static std::map<const sem_t*, std::weak_ptr<adapter::SemLock>> objects;
  const std::lock_guard lock(mutex);
  std::weak_ptr<adapter::SemLock>& known = objects[SemaphoreOf(*object)];
  if (auto other = known.lock()) return other;
  known = object;
  return object;
}

class MutantImplementation final : public adapter::Implementation {
 public:
  SemLockOutcome CreateSemLock(int kind, int value, int maxvalue, const std::string& full_name,
                               bool unlink) override {
    Given given{kind, value, maxvalue, CutAtNul(full_name), unlink, false};
    if (auto raised = RefusedAtOnce(given)) return *std::move(raised);
    if (auto raised = RefusedTooLate(given)) return *std::move(raised);
    AlterValue(&given);
    const bool unlinks_now =
        (unlink && !Is("unlink-ignored") && !Is("name-at-end-of-object")) || Is("unlink-early");
    return Wrapped(given,
                   reference_->CreateSemLock(InnerKind(given), given.value, InnerMaxvalue(given),
                                             *given.name, unlinks_now));
  }

  SemLockOutcome RebuildSemLock(std::uintptr_t handle, int kind, int maxvalue,
                                const std::optional<std::string>& full_name) override {
    Given given{kind, 0, maxvalue, full_name, false, true};
    if (full_name) given.name = CutAtNul(*full_name);
    if (Is("rebuild-checks-kind") && !KnownKind(kind)) return UnknownKind();
    if (Is("rebuild-needs-name") && !full_name) return Raised{"ValueError", "a name is needed", {}};
    if (Is("rebuild-forgets-kind")) given.kind = kSemaphore;
    if (Is("rebuilt-maxvalue-forgotten")) given.maxvalue = INT_MAX;
    const bool by_handle = Is("rebuild-trusts-handle") && handle != 0;
    SemLockOutcome made =
        Wrapped(given, reference_->RebuildSemLock(handle, InnerKind(given), InnerMaxvalue(given),
                                                  by_handle ? std::nullopt : given.name));
    if (auto* object = std::get_if<std::unique_ptr<adapter::SemLock>>(&made)) {
      if (Is("rebuild-resets-value")) SetValue(SemaphoreOf(**object), maxvalue);
      if (Is("rebuild-unlinks") && full_name) sem_unlink(full_name->c_str());
    }
    return made;
  }

  SemLockOutcome CreateUnnamedSemLock(int kind, int value, int maxvalue) override {
    const Scope scope(Within::kUnnamed);
    Given given{kind, value, maxvalue, {}, false, false};
    if (Is("unnamed-negative-is-zero") && value < 0) given.value = 0;
    AlterValue(&given);
    return Wrapped(given, reference_->CreateUnnamedSemLock(InnerKind(given), given.value,
                                                           InnerMaxvalue(given)));
  }

  SemLockOutcome RebuildUnnamedSemLock(int descriptor, int kind, int maxvalue) override {
    if (Is("unnamed-not-rebuilt")) return OsError(EINVAL);
    const Scope scope(Within::kUnnamed);
    Given given{kind, 0, maxvalue, {}, false, true};
    SemLockOutcome made = Wrapped(given, reference_->RebuildUnnamedSemLock(
                                             descriptor, InnerKind(given), InnerMaxvalue(given)));
    if (auto* object = std::get_if<std::unique_ptr<adapter::SemLock>>(&made);
        object != nullptr && Is("unnamed-rebuilt-anew"))
      SetValue(SemaphoreOf(**object), maxvalue);
    return made;
  }

  Outcome<None> SemUnlink(const std::string& name) override {
    if (Is("unlink-does-nothing")) return None{};
    if (Is("unlink-kills")) {
      sem_t* const semaphore = sem_open(name.c_str(), 0);
      if (semaphore != SEM_FAILED) {
        SetValue(semaphore, 0);
        sem_close(semaphore);
      }
    }
    return Altered(reference_->SemUnlink(CutAtNul(name)));
  }

  Outcome<std::int64_t> SemValueMax() override {
    if (Is("value-max-32767")) return std::int64_t{32767};
    return reference_->SemValueMax();
  }

  Outcome<int> ShmOpen(const std::string& path, int flags, int mode,
                       Interrupts& interrupts) override {
    return Altered(reference_->ShmOpen(path, flags, mode, interrupts));
  }
  Outcome<None> ShmUnlink(const std::string& path, Interrupts& interrupts) override {
    return Altered(reference_->ShmUnlink(path, interrupts));
  }

  SharedMemoryOutcome OpenSharedMemory(const std::optional<std::string>& name, bool create,
                                       std::int64_t size) override {
    const Scope scope(Within::kSegment);
    return OpenMutantSharedMemory(*reference_, name, create, size);
  }

  adapter::SyncTypes* sync_types() override { return sync_types_.get(); }

 private:
  template <typename T>
  static Outcome<T> Altered(Outcome<T> outcome) {
    if (auto* raised = std::get_if<Raised>(&outcome)) return AlteredError(std::move(*raised));
    return outcome;
  }

  static SemLockOutcome Wrapped(const Given& given, SemLockOutcome outcome) {
    auto* made = std::get_if<std::unique_ptr<adapter::SemLock>>(&outcome);
    if (made == nullptr) return Altered(std::move(outcome));
    std::shared_ptr<adapter::SemLock> inner = std::move(*made);
    if (Is("rebuilt-shares-count")) inner = SharedBySemaphore(std::move(inner));
    return std::make_unique<MutantSemLock>(std::move(inner), given);
  }

  // Arguments that CPython takes.
  static std::optional<Raised> RefusedAtOnce(const Given& given) {
    const auto refuse = [](const char* why) { return Raised{"ValueError", why, {}}; };
    if (Is("value-above-maxvalue-refused") && given.value > given.maxvalue)
      return refuse("value above maxvalue");
    if (Is("maxvalue-must-be-positive") && given.maxvalue <= 0)
      return refuse("maxvalue must be positive");
    if (Is("negative-value-is-value-error") && given.value < 0)
      return refuse("semaphore initial value must be >= 0");
    return std::nullopt;
  }

  // An unknown kind that is looked at when the name is there.
  std::optional<Raised> RefusedTooLate(const Given& given) {
    if (KnownKind(given.kind)) return std::nullopt;
    if (!Is("kind-checked-late") && !Is("kind-refused-name-left")) return std::nullopt;
    const bool unlinks = Is("kind-checked-late");
    SemLockOutcome made =
        reference_->CreateSemLock(kSemaphore, given.value, given.maxvalue, *given.name, unlinks);
    if (auto* raised = std::get_if<Raised>(&made)) return std::move(*raised);
    return UnknownKind();
  }

  static void AlterValue(Given* given) {
    if (Is("negative-value-is-zero") && given->value < 0) given->value = 0;
    if (Is("value-is-maxvalue")) given->value = given->maxvalue;
    if (Is("value-is-one") && given->value > 1) given->value = 1;
  }

  const std::unique_ptr<adapter::Implementation> reference_ =
      adapter::MakeReferenceImplementation();
  const std::unique_ptr<adapter::SyncTypes> sync_types_ =
      MakeMutantSyncTypes(*reference_->sync_types());
};

}  // namespace

std::unique_ptr<adapter::Implementation> MakeMutantImplementation() {
  return std::make_unique<MutantImplementation>();
}

}  // namespace lockstep::mutants
