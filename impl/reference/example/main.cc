// SPDX-License-Identifier: MIT
#include <semlock/semlock.h>
#include <unistd.h>

#include <cstdio>
#include <string>

int main() {
  const std::string name = "/semlock-example-" + std::to_string(getpid());
  auto lock = semlock::SemLock::Create(semlock::kRecursiveMutex, 1, 1, name, /*unlink=*/true);
  if (!lock) {
    std::fprintf(stderr, "%s: %s\n", PythonTypeName(lock.error()), lock.error().message.c_str());
    return 1;
  }
  const auto taken = lock->Acquire(/*block=*/true, /*timeout_s=*/0.5);
  if (!taken || !*taken) return 1;
  std::printf("mine: %d, count: %d\n", lock->IsMine(), lock->count());
  return lock->Release() ? 0 : 1;
}
