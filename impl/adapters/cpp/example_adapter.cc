// SPDX-License-Identifier: MIT
//
// The smallest adapter: a SemLock that is nothing but a semaphore within one process. It has no
// names, no recursive mutex and no owner, and says so by what it claims and answers.
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include <atomic>
#include <cmath>
#include <memory>

#include "adapter.h"
#include "implementation.h"

using namespace lockstep::adapter;  // NOLINT(google-build-using-namespace): the whole program is

namespace {

constexpr double kLongestWaitS = 1e9;  // so that a deadline in ns fits 64 bits
constexpr std::int64_t kNsPerS = 1'000'000'000;

Raised OsError() { return {"OSError", strerror(errno), errno}; }

class ExampleSemLock final : public SemLock {
 public:
  ExampleSemLock(int kind, int maxvalue) : kind_(kind), maxvalue_(maxvalue) {}

  sem_t* semaphore() { return &semaphore_; }

  Outcome<bool> Acquire(bool block, std::optional<double> timeout_s,
                        Interrupts& interrupts) override {
    timespec deadline{};
    clock_gettime(CLOCK_REALTIME, &deadline);
    const double seconds = std::fmax(0, std::fmin(timeout_s.value_or(0), kLongestWaitS));
    const std::int64_t end_ns = deadline.tv_nsec + static_cast<std::int64_t>(seconds * 1e9);
    deadline.tv_sec += end_ns / kNsPerS;
    deadline.tv_nsec = end_ns % kNsPerS;
    for (;;) {
      const int result = !block      ? sem_trywait(&semaphore_)
                         : timeout_s ? sem_timedwait(&semaphore_, &deadline)
                                     : sem_wait(&semaphore_);
      if (result == 0) {
        ++count_;
        return true;
      }
      if (errno == EAGAIN || errno == ETIMEDOUT) return false;
      if (errno != EINTR) return OsError();
      if (interrupts.RunHandlers()) return Abandoned{};
    }
  }
  Outcome<None> Release() override {
    if (sem_post(&semaphore_) != 0) return OsError();
    --count_;
    return None{};
  }
  Outcome<std::int64_t> Count() override { return count_.load(); }
  Outcome<bool> IsMine() override { return Unsupported{"permits have no owner"}; }
  Outcome<std::int64_t> GetValue() override {
    int value = 0;
    sem_getvalue(&semaphore_, &value);
    return std::int64_t{value};
  }
  Outcome<bool> IsZero() override { return std::get<std::int64_t>(GetValue()) == 0; }
  Outcome<None> AfterFork() override { return Unsupported{"no semaphore is shared with a child"}; }
  Outcome<std::int64_t> Kind() override { return std::int64_t{kind_}; }
  Outcome<std::int64_t> MaxValue() override { return std::int64_t{maxvalue_}; }
  Outcome<std::optional<std::string>> Name() override { return std::nullopt; }

 private:
  sem_t semaphore_{};
  std::atomic<std::int64_t> count_{0};
  const int kind_;
  const int maxvalue_;
};

class ExampleImplementation final : public Implementation {
  Outcome<std::unique_ptr<SemLock>> CreateSemLock(int kind, int value, int maxvalue,
                                                  const std::string& /*name*/,
                                                  bool /*unlink*/) override {
    auto object = std::make_unique<ExampleSemLock>(kind, maxvalue);
    if (sem_init(object->semaphore(), 0, static_cast<unsigned>(value)) != 0) return OsError();
    return object;
  }
};

}  // namespace

int main() {
  ExampleImplementation implementation;
  return RunAdapter({.implementation = "example",
                     .version = "1",
                     .capabilities = {"thread", "signal", "limits", "hammer", "load", "measure"}},
                    implementation);
}
