// SPDX-License-Identifier: MIT
#include "mutant_sem_lock.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <map>
#include <utility>
#include <variant>

#include "defect.h"
#include "interposition.h"
#include "racing_semaphore.h"

namespace lockstep::mutants {

using adapter::None;
using adapter::Outcome;
using adapter::Raised;

namespace {

constexpr const char* kTooOften = "semaphore or lock released too many times";
constexpr const char* kNotOwner = "attempt to release recursive lock not owned by thread";

// Of the defect by which each thread has a count of its own; by the object's address.
std::map<const void*, int>& CountsOfThisThread() {
  thread_local std::map<const void*, int> counts;
  return counts;
}

std::recursive_mutex& ProcessMutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

template <typename T>
T ValueOr(const Outcome<T>& outcome, T fallback) {
  const T* value = std::get_if<T>(&outcome);
  return value == nullptr ? fallback : *value;
}

bool HasRaised(const Outcome<None>& outcome, const char* type) {
  const auto* raised = std::get_if<Raised>(&outcome);
  return raised != nullptr && raised->type == type;
}

}  // namespace

int InnerKind(const Given& given) {
  const bool known = given.kind == kRecursiveMutex || given.kind == kSemaphore;
  if (!known && (Is("kind-unchecked") || Is("unnamed-kind-unchecked"))) return kSemaphore;
  if (given.kind == kRecursiveMutex &&
      (Is("not-reentrant") || Is("recursive-is-counting") || Is("owner-stored-late") ||
       Is("counted-down-after-post")))
    return kSemaphore;
  return given.kind;
}

int InnerMaxvalue(const Given& given) {
  if (Is("maxvalue-ignored") || Is("bound-checked-apart")) return INT_MAX;
  if (Is("not-reentrant") && given.kind == kRecursiveMutex) return INT_MAX;
  if (Is("maxvalue-off-by-one") && given.maxvalue < INT_MAX) return given.maxvalue + 1;
  if (Is("maxvalue-one-too-strict") && given.maxvalue > INT_MIN) return given.maxvalue - 1;
  if (Is("bound-is-initial-value") && !given.rebuilt) return given.value;
  return given.maxvalue;
}

sem_t* SemaphoreOf(adapter::SemLock& object) {
  const std::uintptr_t address = ValueOr<std::uintptr_t>(object.Handle(), 0);
  return reinterpret_cast<sem_t*>(address);  // NOLINT(performance-no-int-to-ptr): an address
}

MutantSemLock::MutantSemLock(std::shared_ptr<adapter::SemLock> inner, Given given)
    : inner_(std::move(inner)), given_(std::move(given)), made_by_(getpid()), seen_in_(getpid()) {
  if (Is("rebuild-takes-permit") && given_.rebuilt) extra_count_ = 1;
  if (Is("count-per-thread")) CountsOfThisThread().erase(this);
  if (Is("count-shared-over-fork")) {
    void* const memory = mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) shared_count_ = new (memory) std::atomic<int>(0);
  }
}

MutantSemLock::~MutantSemLock() {
  if (shared_count_ != nullptr) munmap(shared_count_, sizeof(*shared_count_));
  const bool unlinks =
      (Is("unlink-at-delete") && !given_.unlink) || (Is("name-at-end-of-object") && given_.unlink);
  if (unlinks && given_.name && !given_.rebuilt) sem_unlink(given_.name->c_str());
  const Scope scope(given_.name ? Within::kNothing : Within::kUnnamedEnd);
  inner_.reset();
}

void MutantSemLock::NoticeFork() {
  if (!Is("count-forgotten-at-fork") || seen_in_.exchange(getpid()) == getpid()) return;
  inner_->AfterFork();
}

std::unique_lock<std::recursive_mutex> MutantSemLock::LockAsTheDefectHasIt() {
  if (Is("process-locked-in-wait")) return std::unique_lock(ProcessMutex());
  if (Is("object-locked-in-wait")) return std::unique_lock(mutex_);
  return {};
}

int MutantSemLock::InnerCount() {
  return static_cast<int>(ValueOr<std::int64_t>(inner_->Count(), 0));
}

bool MutantSemLock::InnerIsMine() { return ValueOr(inner_->IsMine(), false); }

void MutantSemLock::SharedCountBy(int change) {
  if (shared_count_ != nullptr) *shared_count_ += change;
}

void MutantSemLock::NoteAcquired(int count_before) {
  if (count_before <= 0) first_owner_ = pthread_self();
  last_owner_ = pthread_self();
  if (Is("count-per-thread")) ++CountsOfThisThread()[this];
  SharedCountBy(1);
  CountInTwoSteps(1);
}

Outcome<None> MutantSemLock::Release() {
  NoticeFork();
  const auto lock = LockAsTheDefectHasIt();
  if (auto otherwise = ReleaseOtherwise()) return *std::move(otherwise);
  Outcome<None> outcome = inner_->Release();
  if (std::holds_alternative<None>(outcome)) {
    if (Is("count-per-thread")) --CountsOfThisThread()[this];
    SharedCountBy(-1);
    CountInTwoSteps(-1);
  }
  return AlterReleased(std::move(outcome));
}

// What is decided before the reference is asked; nothing: it decides.
std::optional<Outcome<None>> MutantSemLock::ReleaseOtherwise() {
  if (KeepsOwnOwner()) return ReleaseByOwnOwner();
  const bool recursive = given_.kind == kRecursiveMutex;
  const bool mine = InnerIsMine();
  const int count = InnerCount();
  if (recursive && !mine) {
    if (Is("not-reentrant")) return Raised{"AssertionError", kNotOwner, {}};
    if (!Is("released-by-anybody")) return std::nullopt;
    if (sem_post(SemaphoreOf(*inner_)) != 0) return OsError(errno);
    return None{};
  }
  if (recursive && count == 1 && Is("recursive-bounded-by-maxvalue") &&
      ValueOr<std::int64_t>(inner_->GetValue(), 0) >= given_.maxvalue) {
    return Raised{"ValueError", kTooOften, {}};
  }
  if (recursive && count > 1) {
    if (Is("inner-release-posts")) sem_post(SemaphoreOf(*inner_));
    if (Is("first-release-posts-all")) {
      while (InnerCount() > 1) inner_->Release();
    }
  }
  if (recursive) return std::nullopt;
  if (Is("bound-checked-apart")) {
    // The reference then knows of no bound, and its gate is not around both.
    if (ValueOr<std::int64_t>(inner_->GetValue(), 0) >= given_.maxvalue)
      return Raised{"ValueError", kTooOften, {}};
    Linger();
  }
  if (Is("release-needs-acquire") && count <= 0) return Raised{"ValueError", kTooOften, {}};
  if (Is("release-needs-owner") && !mine) return Raised{"AssertionError", kNotOwner, {}};
  if (Is("semaphore-is-reentrant") && extra_count_ > 0) {
    --extra_count_;
    return None{};
  }
  return std::nullopt;
}

Outcome<None> MutantSemLock::AlterReleased(Outcome<None> outcome) {
  if (HasRaised(outcome, "AssertionError") && Is("not-owner-is-runtime-error"))
    return Raised{"RuntimeError", "cannot release un-acquired lock", {}};
  if (!HasRaised(outcome, "ValueError")) return outcome;
  if (Is("bound-is-overflow-error")) return Raised{"OverflowError", kTooOften, {}};
  if (Is("bound-message-of-threading"))
    return Raised{"ValueError", "Semaphore released too many times", {}};
  if (Is("bound-posts-all-the-same")) sem_post(SemaphoreOf(*inner_));
  if (Is("refused-release-counts")) --extra_count_;
  return outcome;
}

Outcome<std::int64_t> MutantSemLock::Count() {
  NoticeFork();
  if (KeepsOwnOwner() || Is("count-raced")) return std::int64_t{racing_count_};
  const std::int64_t count = InnerCount() + extra_count_;
  if (Is("count-never-negative")) return std::max<std::int64_t>(count, 0);
  if (Is("count-is-a-flag")) return std::min<std::int64_t>(count, 1);
  if (Is("count-per-thread")) return std::int64_t{CountsOfThisThread()[this]};
  if (shared_count_ != nullptr) return std::int64_t{*shared_count_};
  if (Is("count-is-of-the-semaphore"))
    return given_.maxvalue - ValueOr<std::int64_t>(inner_->GetValue(), 0);
  return count;
}

Outcome<bool> MutantSemLock::IsMine() {
  NoticeFork();
  if (KeepsOwnOwner()) return OwnsByOwnOwner();
  if (Is("is-mine-ignores-thread")) return InnerCount() > 0;
  if (Is("is-mine-ignores-count")) return last_owner_ == pthread_self();
  if (Is("is-mine-of-mutexes-alone") && given_.kind != kRecursiveMutex) return false;
  if (Is("first-owner-kept")) return InnerCount() > 0 && first_owner_ == pthread_self();
  return inner_->IsMine();
}

Outcome<std::int64_t> MutantSemLock::GetValue() {
  if (Is("value-of-own-calls") && !given_.rebuilt) return std::int64_t{given_.value - InnerCount()};
  return inner_->GetValue();
}

Outcome<bool> MutantSemLock::IsZero() {
  if (Is("is-zero-is-mine")) return InnerCount() > 0;
  return inner_->IsZero();
}

Outcome<None> MutantSemLock::AfterFork() {
  NoticeFork();
  racing_count_ = 0;
  const int count = InnerCount();
  if (Is("after-fork-does-nothing")) return None{};
  if (Is("after-fork-decrements") && count > 1) {
    if (given_.kind == kRecursiveMutex) return inner_->Release();
    extra_count_ = count - 1;
  }
  if (Is("after-fork-posts")) {
    const int permits = given_.kind == kRecursiveMutex ? std::min(count, 1) : count;
    for (int i = 0; i < permits; ++i) sem_post(SemaphoreOf(*inner_));
  }
  if (Is("count-per-thread")) CountsOfThisThread()[this] = 0;
  if (shared_count_ != nullptr) *shared_count_ = 0;
  return inner_->AfterFork();
}

Outcome<std::int64_t> MutantSemLock::Kind() {
  if (Is("kind-of-the-other")) return std::int64_t{kSemaphore};
  return std::int64_t{given_.kind};
}

Outcome<std::int64_t> MutantSemLock::MaxValue() {
  if (Is("maxvalue-is-value") && !given_.rebuilt) return std::int64_t{given_.value};
  return std::int64_t{given_.maxvalue};
}

Outcome<std::optional<std::string>> MutantSemLock::Name() {
  const bool told = !given_.unlink || Is("name-kept-when-unlinked");
  if (!told || !given_.name) return std::optional<std::string>();
  if (Is("rebuild-forgets-name") && given_.rebuilt) return std::optional<std::string>();
  if (Is("name-gains-slash") && !given_.name->starts_with('/'))
    return std::optional<std::string>("/" + *given_.name);
  return given_.name;
}

}  // namespace lockstep::mutants
