// SPDX-License-Identifier: MIT
#include "as_annotated.h"

#include <fcntl.h>
#include <semaphore.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include "interposition.h"

namespace lockstep::mutants {

using adapter::Interrupts;
using adapter::None;
using adapter::Outcome;

namespace {

constexpr double kNoTimeout = -1.0;
constexpr double kLongestS = 1e9;  // so that a time_t holds the deadline

timespec DeadlineAfter(double timeout_s) {
  timespec deadline{};
  clock_gettime(CLOCK_REALTIME, &deadline);
  const double whole = std::floor(std::min(timeout_s, kLongestS));
  deadline.tv_sec += static_cast<time_t>(whole);
  deadline.tv_nsec += static_cast<long>((std::min(timeout_s, kLongestS) - whole) * 1e9);
  if (deadline.tv_nsec >= 1'000'000'000) {
    deadline.tv_nsec -= 1'000'000'000;
    ++deadline.tv_sec;
  }
  return deadline;
}

class AnnotatedSemLock final : public adapter::SemLock {
 public:
  AnnotatedSemLock(sem_t* semaphore, int kind, int maxvalue, std::optional<std::string> name)
      : semaphore_(semaphore), kind_(kind), maxvalue_(maxvalue), name_(std::move(name)) {}
  ~AnnotatedSemLock() override { sem_close(semaphore_); }
  AnnotatedSemLock(const AnnotatedSemLock&) = delete;
  AnnotatedSemLock& operator=(const AnnotatedSemLock&) = delete;

  Outcome<bool> Acquire(bool blocking, std::optional<double> timeout_s,
                        Interrupts& /*interrupts*/) override {
    if (!blocking) return sem_trywait(semaphore_) == 0;
    const double timeout = timeout_s.value_or(kNoTimeout);
    if (timeout > 0) {
      const timespec deadline = DeadlineAfter(timeout);
      return sem_timedwait(semaphore_, &deadline) == 0;
    }
    sem_wait(semaphore_);
    return true;
  }
  Outcome<None> Release() override {
    if (sem_post(semaphore_) != 0) return OsError(errno);
    return None{};
  }
  Outcome<std::int64_t> Count() override { return std::int64_t{0}; }
  Outcome<bool> IsMine() override { return false; }
  Outcome<std::int64_t> GetValue() override {
    int value = 0;
    sem_getvalue(semaphore_, &value);
    return std::int64_t{value};
  }
  Outcome<bool> IsZero() override {
    int value = 0;
    sem_getvalue(semaphore_, &value);
    return value == 0;
  }
  Outcome<None> AfterFork() override { return None{}; }
  Outcome<std::int64_t> Kind() override { return std::int64_t{kind_}; }
  Outcome<std::int64_t> MaxValue() override { return std::int64_t{maxvalue_}; }
  Outcome<std::optional<std::string>> Name() override { return name_; }
  Outcome<std::uintptr_t> Handle() override { return reinterpret_cast<std::uintptr_t>(semaphore_); }

 private:
  sem_t* const semaphore_;
  const int kind_;
  const int maxvalue_;
  const std::optional<std::string> name_;
};

using SemLockOutcome = Outcome<std::unique_ptr<adapter::SemLock>>;

class Annotated final : public adapter::Implementation {
 public:
  SemLockOutcome CreateSemLock(int kind, int value, int maxvalue, const std::string& name,
                               bool unlink) override {
    sem_t* const semaphore =
        sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, static_cast<unsigned>(value));
    if (semaphore == SEM_FAILED) return OsError(errno);
    if (unlink) sem_unlink(name.c_str());
    return std::make_unique<AnnotatedSemLock>(semaphore, kind, maxvalue, name);
  }
  SemLockOutcome RebuildSemLock(std::uintptr_t /*handle*/, int kind, int maxvalue,
                                const std::optional<std::string>& name) override {
    if (!name) return adapter::Raised{"ValueError", "a name is needed", {}};
    sem_t* const semaphore = sem_open(name->c_str(), 0);
    if (semaphore == SEM_FAILED) return OsError(errno);
    return std::make_unique<AnnotatedSemLock>(semaphore, kind, maxvalue, name);
  }
  Outcome<None> SemUnlink(const std::string& name) override {
    if (sem_unlink(name.c_str()) != 0) return OsError(errno);
    return None{};
  }
  Outcome<std::int64_t> SemValueMax() override { return std::int64_t{SEM_VALUE_MAX}; }
};

}  // namespace

std::unique_ptr<adapter::Implementation> MakeAsAnnotated() { return std::make_unique<Annotated>(); }

}  // namespace lockstep::mutants
