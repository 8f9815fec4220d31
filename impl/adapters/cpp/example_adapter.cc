// SPDX-License-Identifier: MIT
//
// The smallest adapter: a SemLock that is nothing but an unnamed semaphore in shared memory. It has
// no names, no recursive mutex and no owner, and says so by what it claims and answers.
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <utility>

#include "adapter.h"
#include "implementation.h"

using namespace lockstep::adapter;  // NOLINT(google-build-using-namespace): this is the whole
                                    // program

namespace {

Raised OsError() { return {"OSError", strerror(errno), errno}; }

class ExampleSemLock final : public SemLock {
 public:
  ExampleSemLock(sem_t* semaphore, int kind, int maxvalue)
      : semaphore_(semaphore), kind_(kind), maxvalue_(maxvalue) {}
  ~ExampleSemLock() override { munmap(semaphore_, sizeof(sem_t)); }

  Outcome<bool> Acquire(bool block, std::optional<double> timeout_s,
                        Interrupts& interrupts) override {
    timespec deadline{};
    clock_gettime(CLOCK_REALTIME, &deadline);
    const double end = static_cast<double>(deadline.tv_nsec) * 1e-9 + timeout_s.value_or(0);
    deadline.tv_sec += static_cast<time_t>(std::floor(end));
    deadline.tv_nsec = static_cast<long>((end - std::floor(end)) * 1e9);
    for (;;) {
      const int result = !block      ? sem_trywait(semaphore_)
                         : timeout_s ? sem_timedwait(semaphore_, &deadline)
                                     : sem_wait(semaphore_);
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
    if (sem_post(semaphore_) != 0) return OsError();
    --count_;
    return None{};
  }
  Outcome<std::int64_t> Count() override { return count_.load(); }
  Outcome<bool> IsMine() override { return Unsupported{"permits have no owner"}; }
  Outcome<std::int64_t> GetValue() override {
    int value = 0;
    sem_getvalue(semaphore_, &value);
    return std::int64_t{value};
  }
  Outcome<bool> IsZero() override { return std::get<std::int64_t>(GetValue()) == 0; }
  Outcome<None> AfterFork() override {
    count_ = 0;
    return None{};
  }
  Outcome<std::int64_t> Kind() override { return std::int64_t{kind_}; }
  Outcome<std::int64_t> MaxValue() override { return std::int64_t{maxvalue_}; }
  Outcome<std::optional<std::string>> Name() override { return std::nullopt; }
  Outcome<std::uintptr_t> Handle() override { return reinterpret_cast<std::uintptr_t>(semaphore_); }

 private:
  sem_t* semaphore_;
  std::atomic<std::int64_t> count_{0};
  int kind_;
  int maxvalue_;
};

class ExampleImplementation final : public Implementation {
  Outcome<std::unique_ptr<SemLock>> CreateSemLock(int kind, int value, int maxvalue,
                                                  const std::string& /*name*/,
                                                  bool /*unlink*/) override {
    void* memory =
        mmap(nullptr, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return OsError();
    auto object = std::make_unique<ExampleSemLock>(static_cast<sem_t*>(memory), kind, maxvalue);
    if (sem_init(static_cast<sem_t*>(memory), 1, static_cast<unsigned>(value)) != 0)
      return OsError();
    return object;
  }
};

}  // namespace

int main() {
  ExampleImplementation implementation;
  return RunAdapter({.implementation = "example",
                     .version = "1",
                     .capabilities = {"fork", "thread", "signal", "limits", "hammer"}},
                    implementation);
}
