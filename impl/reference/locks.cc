// SPDX-License-Identifier: MIT
#include "semlock/locks.h"

#include <cerrno>

#include "errors.h"
#include "random_name.h"

namespace semlock {
namespace {

constexpr char kNamePrefix[] = "/mp-";
constexpr int kNameAttempts = 100;

Result<SemLock> AttachSemLock(int kind, int maxvalue, std::string name) {
  return SemLock::Rebuild(0, kind, maxvalue, std::move(name));
}

}  // namespace

Result<SemLock> LockBase::CreateSemLock(int kind, int value, int maxvalue) {
  for (int attempt = 1;; ++attempt) {
    Result<std::string> name = internal::RandomName(kNamePrefix);
    if (!name) return internal::ErrorOf(name);
    Result<SemLock> made = SemLock::Create(kind, value, maxvalue, *std::move(name), true);
    if (made || made.error().errno_value != EEXIST) return made;
    if (attempt == kNameAttempts) {
      made.error().message = "cannot find name for semaphore";
      return made;
    }
  }
}

Result<Lock> Lock::Create() { return As<Lock>(CreateSemLock(kSemaphore, 1, 1)); }

Result<Lock> Lock::Attach(std::string name) {
  return As<Lock>(AttachSemLock(kSemaphore, 1, std::move(name)));
}

Result<RLock> RLock::Create() { return As<RLock>(CreateSemLock(kRecursiveMutex, 1, 1)); }

Result<RLock> RLock::Attach(std::string name) {
  return As<RLock>(AttachSemLock(kRecursiveMutex, 1, std::move(name)));
}

Result<Semaphore> Semaphore::Create(int value) {
  return As<Semaphore>(CreateSemLock(kSemaphore, value, kSemValueMax));
}

Result<Semaphore> Semaphore::Attach(std::string name) {
  return As<Semaphore>(AttachSemLock(kSemaphore, kSemValueMax, std::move(name)));
}

Result<BoundedSemaphore> BoundedSemaphore::Create(int value) {
  return As<BoundedSemaphore>(CreateSemLock(kSemaphore, value, value));
}

Result<BoundedSemaphore> BoundedSemaphore::Attach(std::string name, int maxvalue) {
  return As<BoundedSemaphore>(AttachSemLock(kSemaphore, maxvalue, std::move(name)));
}

}  // namespace semlock
