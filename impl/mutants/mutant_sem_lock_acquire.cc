// SPDX-License-Identifier: MIT
// MutantSemLock::Acquire.
#include <cerrno>
#include <cmath>
#include <utility>
#include <variant>

#include "defect.h"
#include "interposition.h"
#include "mutant_sem_lock.h"

namespace lockstep::mutants {

using adapter::Abandoned;
using adapter::Interrupts;
using adapter::Outcome;
using adapter::Raised;

namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

// The whole of a timeout that fits an integer, in steps of 1 / `a_second`.
double CutTo(double timeout_s, double a_second) {
  return std::trunc(timeout_s * a_second) / a_second;
}

double OfInt32Microseconds(double timeout_s) {
  if (!(std::fabs(timeout_s) < kTwoTo63 / 1e6)) return timeout_s;
  const auto microseconds = static_cast<std::int32_t>(static_cast<std::int64_t>(timeout_s * 1e6));
  return microseconds / 1e6;
}

// What a defect makes of a timeout; nothing: no limit.
std::optional<double> AlteredTimeout(double timeout_s) {
  if (Is("timeout-of-zero-blocks") && timeout_s == 0) return std::nullopt;
  if (Is("negative-timeout-blocks") && timeout_s < 0) return std::nullopt;
  if (Is("nan-blocks") && std::isnan(timeout_s)) return std::nullopt;
  if (Is("infinity-blocks") && std::isinf(timeout_s) && timeout_s > 0) return std::nullopt;
  if (Is("huge-timeout-blocks") && std::isfinite(timeout_s) && timeout_s >= kTwoTo63)
    return std::nullopt;
  if (Is("early-2-percent")) return timeout_s * 0.98;
  if (Is("late-20-percent")) return timeout_s * 1.2;
  if (Is("timeout-in-milliseconds")) return timeout_s / 1000;
  if (Is("timeout-up-to-10-ms")) return std::ceil(timeout_s * 100) / 100;
  if (Is("timeout-to-whole-ms")) return CutTo(timeout_s, 1000);
  if (Is("timeout-to-whole-seconds")) return CutTo(timeout_s, 1);
  if (Is("timeout-of-32-bits")) return OfInt32Microseconds(timeout_s);
  return timeout_s;
}

void AlterArguments(bool* block, std::optional<double>* timeout_s) {
  if (Is("nonblocking-waits")) *block = true;
  if (Is("nonblocking-waits-for-timeout") && *timeout_s) *block = true;
  if (Is("none-is-zero") && !*timeout_s) *timeout_s = 0;
  if (*timeout_s) *timeout_s = AlteredTimeout(**timeout_s);
}

// What is answered without a look at the semaphore.
std::optional<Outcome<bool>> AnswerAtOnce(bool block, std::optional<double> timeout_s) {
  if (!timeout_s) return std::nullopt;
  if (Is("nonblocking-with-timeout-refused") && !block)
    return Raised{"ValueError", "can't specify a timeout for a non-blocking call", {}};
  if (Is("negative-timeout-refused") && *timeout_s < 0)
    return Raised{"ValueError", "timeout value must be a non-negative number", {}};
  if (Is("timeout-of-zero-fails") && block && *timeout_s <= 0) return false;
  if (Is("bad-timeout-is-value-error") && !std::isfinite(*timeout_s))
    return Raised{"ValueError", "Invalid value NaN (not a number)", {}};
  return std::nullopt;
}

// The adapter's signals, as a defect has them.
class AlteredInterrupts final : public Interrupts {
 public:
  AlteredInterrupts(Interrupts& real, bool timed) : real_(real), timed_(timed) {}

  bool RunHandlers() override {
    if (Is("handlers-wait")) return false;
    const bool gives_up = real_.RunHandlers();
    if (Is("raising-handler-ignored")) return false;
    if (gives_up) return true;
    stopped_ = Is("eintr-raised") || Is("eintr-is-false") ||
               (timed_ && (Is("eintr-ends-timed-wait") || Is("eintr-restarts-timeout") ||
                           Is("eintr-forgets-timeout")));
    return stopped_;
  }

  // Whether the defect, and no handler, ended the wait. Asked once.
  bool TakeStopped() { return std::exchange(stopped_, false); }

 private:
  Interrupts& real_;
  const bool timed_;
  bool stopped_ = false;
};

}  // namespace

bool MutantSemLock::Reenters() {
  return given_.kind == kRecursiveMutex && InnerKind(given_) == kRecursiveMutex && InnerIsMine();
}

Outcome<bool> MutantSemLock::Acquire(bool block, std::optional<double> timeout_s,
                                     Interrupts& interrupts) {
  NoticeFork();
  const auto lock = LockAsTheDefectHasIt();
  const int before = InnerCount();
  const bool again = Reenters();
  if (KeepsOwnOwner() && OwnsByOwnOwner()) {
    ++racing_count_;
    return true;
  }
  if (Is("semaphore-is-reentrant") && given_.kind == kSemaphore && InnerIsMine()) {
    ++extra_count_;
    return true;
  }
  if (again) {
    if (auto outcome = AcquireAgain(block, timeout_s)) return *std::move(outcome);
  } else {
    if (auto outcome = AnswerAtOnce(block, timeout_s)) return *std::move(outcome);
    AlterArguments(&block, &timeout_s);
  }
  Outcome<bool> outcome = Wait(block, timeout_s, interrupts);
  if (const bool* taken = std::get_if<bool>(&outcome); taken != nullptr && *taken)
    KeepsOwnOwner() ? TakeByOwnOwner() : NoteAcquired(before);
  return AlterAcquired(block, std::move(outcome));
}

std::optional<Outcome<bool>> MutantSemLock::AcquireAgain(bool block,
                                                         std::optional<double> timeout_s) {
  if (Is("reentry-nonblocking-fails") && !block) return false;
  if (Is("depth-bounded-by-maxvalue") && InnerCount() >= given_.maxvalue) return false;
  if (Is("reentry-not-counted")) return true;
  if (Is("reentry-looks-at-timeout") && timeout_s && !std::isfinite(*timeout_s))
    return OsError(EINVAL);
  return std::nullopt;
}

Outcome<bool> MutantSemLock::Wait(bool block, std::optional<double> timeout_s,
                                  Interrupts& interrupts) {
  AlteredInterrupts altered(interrupts, timeout_s.has_value());
  for (;;) {
    const Scope scope(block ? Within::kBlockingAcquire : Within::kNothing);
    Outcome<bool> outcome = inner_->Acquire(block, timeout_s, altered);
    if (!std::holds_alternative<Abandoned>(outcome) || !altered.TakeStopped()) return outcome;
    if (Is("eintr-raised")) return OsError(EINTR);
    if (Is("eintr-is-false") || Is("eintr-ends-timed-wait")) return false;
    if (Is("eintr-forgets-timeout")) timeout_s.reset();
  }
}

Outcome<bool> MutantSemLock::AlterAcquired(bool block, Outcome<bool> outcome) {
  if (std::holds_alternative<Abandoned>(outcome)) {
    if (Is("raise-counts")) ++extra_count_;
    if (Is("raise-loses-permit")) sem_trywait(SemaphoreOf(*inner_));
    if (Is("raise-is-false")) return false;
    return outcome;
  }
  const bool* taken = std::get_if<bool>(&outcome);
  if (taken == nullptr || *taken) return outcome;
  if (Is("failed-try-raises") && !block) return OsError(EAGAIN);
  if (Is("timeout-raises") && block) return OsError(ETIMEDOUT);
  if (Is("failed-try-counts")) ++extra_count_;
  if (Is("always-true")) return true;
  return outcome;
}

}  // namespace lockstep::mutants
