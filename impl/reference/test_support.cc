// SPDX-License-Identifier: MIT
#include "test_support.h"

#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>
#include <utility>

namespace semlock::testing {

ScopedName::ScopedName() {
  // Random, since process ids come round again and a killed test leaves its names behind.
  static const std::string prefix = "/lockstep-semlock-" + std::to_string(std::random_device{}());
  static std::atomic<int> next{0};
  name_ = prefix + "-" + std::to_string(getpid()) + "-" + std::to_string(next++);
}

ScopedName::~ScopedName() {
  sem_unlink(name_.c_str());
  shm_unlink(name_.c_str());
}

NamedSemaphores::NamedSemaphores(int lock_kind) {
  Must(SemLock::Create(lock_kind, 1, 1, lock(), false));
  for (const ScopedName* name : {&sleeping_count_, &woken_count_, &wait_semaphore_, &flag_}) {
    Must(SemLock::Create(kSemaphore, 0, kSemValueMax, name->get(), false));
  }
}

std::vector<std::string> NamedSemaphores::all() const {
  return {lock(), sleeping_count_.get(), woken_count_.get(), wait_semaphore_.get(), flag()};
}

int StatusOf(const Result<bool>& result) {
  if (!result) return kFailed;
  return *result ? kYes : kNo;
}

int StatusOf(const Result<void>& result) { return result ? kYes : kFailed; }

void* AddressOf(const SemLock& lock) {
  return reinterpret_cast<void*>(lock.handle());  // NOLINT(performance-no-int-to-ptr)
}

bool Eventually(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    // Between looks, not for something to happen: the machine may have one processor.
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return true;
}

pid_t CurrentTid() { return static_cast<pid_t>(syscall(SYS_gettid)); }

namespace {

// The system call that a thread is in, and its first argument; -1 if it is in none.
std::pair<long, std::uintptr_t> SystemCallOf(pid_t pid, pid_t tid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/syscall");
  long number = -1;
  std::string argument;
  if (!(file >> number >> argument)) return {-1, 0};
  return {number, std::strtoull(argument.c_str(), nullptr, 16)};
}

}  // namespace

bool IsBlockedOn(pid_t pid, pid_t tid, std::uintptr_t handle) {
  const auto [number, address] = SystemCallOf(pid, tid);
  return number == SYS_futex && address >= handle && address < handle + sizeof(sem_t);
}

bool IsAsleep(pid_t tid) { return SystemCallOf(getpid(), tid).first == SYS_clock_nanosleep; }

std::uint32_t WaiterCount(const SemLock& lock) {
  // struct new_sem with 64-bit atomics: the value in one half, the waiters in the other.
  constexpr std::size_t kWaitersOffset = sizeof(std::uint32_t);
  const auto* const bytes = static_cast<const char*>(AddressOf(lock));
  return reinterpret_cast<const std::atomic<std::uint32_t>*>(bytes + kWaitersOffset)->load();
}

Child::Child(const std::function<int()>& body) {
  std::fflush(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    const int status = body();
    std::fflush(nullptr);
    _exit(status);
  }
  if (pid_ < 0) {
    std::perror("fork");
    std::abort();
  }
}

Child::~Child() {
  if (reaped_) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Child::IsBlockedOn(std::uintptr_t handle) const {
  return testing::IsBlockedOn(pid_, pid_, handle);
}

void Child::Kill(int signal_number) { kill(pid_, signal_number); }

int Child::Wait() {
  int status = 0;
  reaped_ = Eventually([&] { return waitpid(pid_, &status, WNOHANG) == pid_; });
  if (!reaped_) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace semlock::testing
