// SPDX-License-Identifier: MIT
#include "raw_implementation.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace lockstep::adapter {
namespace {

constexpr double kLongestWaitS = 1e9;  // so that a deadline in ns fits 64 bits
constexpr std::int64_t kNsPerS = 1'000'000'000;

Raised OsError() { return {"OSError", strerror(errno), errno}; }

// The instant `timeout_s` from now on the clock that sem_timedwait() goes by.
timespec DeadlineAfter(double timeout_s) {
  timespec deadline{};
  clock_gettime(CLOCK_REALTIME, &deadline);
  const double seconds = std::fmax(0, std::fmin(timeout_s, kLongestWaitS));
  const std::int64_t end_ns = deadline.tv_nsec + static_cast<std::int64_t>(seconds * 1e9);
  deadline.tv_sec += end_ns / kNsPerS;
  deadline.tv_nsec = end_ns % kNsPerS;
  return deadline;
}

class RawSemLock final : public SemLock {
 public:
  // `opened`: sem_open() made the address, so this object closes it; otherwise it is somebody else's.
  RawSemLock(sem_t* semaphore, bool opened, int kind, int maxvalue, std::optional<std::string> name)
      : semaphore_(semaphore), opened_(opened), kind_(kind), maxvalue_(maxvalue), name_(std::move(name)) {}
  ~RawSemLock() override {
    if (opened_) sem_close(semaphore_);
  }

  Outcome<bool> Acquire(bool block, std::optional<double> timeout_s, Interrupts& interrupts) override {
    timespec deadline{};
    if (block && timeout_s) deadline = DeadlineAfter(*timeout_s);
    if (sem_trywait(semaphore_) == 0) return true;
    if (!block && errno == EAGAIN) return false;
    for (;;) {
      const int result = timeout_s ? sem_timedwait(semaphore_, &deadline) : sem_wait(semaphore_);
      if (result == 0) return true;
      if (errno == ETIMEDOUT) return false;
      if (errno != EINTR) return OsError();
      if (interrupts.RunHandlers()) return Abandoned{};
    }
  }
  Outcome<None> Release() override {
    if (sem_post(semaphore_) != 0) return OsError();
    return None{};
  }
  Outcome<std::int64_t> Count() override { return Unsupported{"nothing counts"}; }
  Outcome<bool> IsMine() override { return Unsupported{"permits have no owner"}; }
  Outcome<std::int64_t> GetValue() override {
    int value = 0;
    if (sem_getvalue(semaphore_, &value) != 0) return OsError();
    return std::int64_t{value};
  }
  Outcome<bool> IsZero() override {
    int value = 0;
    if (sem_getvalue(semaphore_, &value) != 0) return OsError();
    return value == 0;
  }
  Outcome<None> AfterFork() override { return Unsupported{"there is nothing to forget"}; }
  Outcome<std::int64_t> Kind() override { return std::int64_t{kind_}; }
  Outcome<std::int64_t> MaxValue() override { return std::int64_t{maxvalue_}; }
  Outcome<std::optional<std::string>> Name() override { return name_; }
  Outcome<std::uintptr_t> Handle() override { return reinterpret_cast<std::uintptr_t>(semaphore_); }

  Outcome<None> Repeat(Turn turn, std::int64_t turns, Interrupts& interrupts) override {
    switch (turn) {
      case Turn::kPair:
        return Pairs(turns, interrupts);
      case Turn::kTry:
        return Tries(turns);
      case Turn::kValue:
        return Values(turns);
    }
    return Unsupported{"no such turn"};
  }

 private:
  Outcome<None> Pairs(std::int64_t turns, Interrupts& interrupts) {
    sem_t* const semaphore = semaphore_;
    for (std::int64_t i = 0; i < turns; ++i) {
      if (sem_trywait(semaphore) != 0) {
        // Somebody has it: the way by the kernel, beside which a virtual call is nothing.
        auto waited = Acquire(true, std::nullopt, interrupts);
        if (!std::holds_alternative<bool>(waited)) return FailureAs<None>(std::move(waited));
      }
      if (sem_post(semaphore) != 0) return OsError();
    }
    return None{};
  }
  Outcome<None> Tries(std::int64_t turns) {
    sem_t* const semaphore = semaphore_;
    for (std::int64_t i = 0; i < turns; ++i) {
      if (sem_trywait(semaphore) == 0) return FailedTurn(Turn::kTry);
      if (errno != EAGAIN) return OsError();
    }
    return None{};
  }
  Outcome<None> Values(std::int64_t turns) {
    sem_t* const semaphore = semaphore_;
    int value = 0;
    for (std::int64_t i = 0; i < turns; ++i) {
      if (sem_getvalue(semaphore, &value) != 0) return OsError();
    }
    return None{};
  }

  sem_t* const semaphore_;
  const bool opened_;
  const int kind_;
  const int maxvalue_;
  const std::optional<std::string> name_;
};

class RawImplementation final : public Implementation {
 public:
  Outcome<std::unique_ptr<SemLock>> CreateSemLock(int kind, int value, int maxvalue, const std::string& name,
                                                  bool unlink) override {
    sem_t* const semaphore = sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, static_cast<unsigned>(value));
    if (semaphore == SEM_FAILED) return OsError();
    if (unlink && sem_unlink(name.c_str()) != 0) {
      Raised raised = OsError();
      sem_close(semaphore);
      return raised;
    }
    return std::make_unique<RawSemLock>(semaphore, true, kind, maxvalue, unlink ? std::nullopt : std::optional(name));
  }
  Outcome<std::unique_ptr<SemLock>> RebuildSemLock(std::uintptr_t handle, int kind, int maxvalue,
                                                   const std::optional<std::string>& name) override {
    // A handle is an address that has travelled as a number.
    sem_t* const semaphore = name ? sem_open(name->c_str(), 0)
                                  : reinterpret_cast<sem_t*>(handle);  // NOLINT(performance-no-int-to-ptr)
    if (semaphore == SEM_FAILED) return OsError();
    return std::make_unique<RawSemLock>(semaphore, name.has_value(), kind, maxvalue, name);
  }
  Outcome<None> SemUnlink(const std::string& name) override {
    if (sem_unlink(name.c_str()) != 0) return OsError();
    return None{};
  }
};

}  // namespace

std::unique_ptr<Implementation> MakeRawImplementation() { return std::make_unique<RawImplementation>(); }

}  // namespace lockstep::adapter
