// SPDX-License-Identifier: MIT
//
// Stands in for the C library's semaphores, as the reference calls them.
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "defect.h"
#include "futex_semaphore.h"
#include "interposition.h"
#include "libc_creation.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names, for --wrap
extern "C" {
sem_t* __real_sem_open(const char* name, int flags, ...);
int __real_sem_close(sem_t* semaphore);
int __real_sem_unlink(const char* name);
int __real_sem_init(sem_t* semaphore, int shared, unsigned value);
int __real_sem_post(sem_t* semaphore);
int __real_sem_wait(sem_t* semaphore);
int __real_sem_trywait(sem_t* semaphore);
int __real_sem_timedwait(sem_t* semaphore, const timespec* deadline);
int __real_sem_getvalue(sem_t* semaphore, int* value);
}

namespace lockstep::mutants {
namespace {

// The name that is used for `name`; nothing and errno when it is refused.
std::optional<std::string> AlteredName(const char* given) {
  constexpr std::size_t kLongest = 30;
  std::string name(given);
  const std::size_t first = std::min(name.find_first_not_of('/'), name.size());
  if (Is("slash-required") && first == 0) {
    errno = EINVAL;
    return std::nullopt;
  }
  if (Is("long-name-is-einval") && name.size() - first > NAME_MAX - strlen("sem.")) {
    errno = EINVAL;
    return std::nullopt;
  }
  const auto begin = name.begin() + static_cast<std::ptrdiff_t>(first);
  if (Is("inner-slash-replaced")) std::replace(begin, name.end(), '/', '_');
  if (Is("name-cut-to-30")) name.resize(std::min(name.size(), first + kLongest));
  if (Is("name-case-folded"))
    std::transform(begin, name.end(), begin, [](unsigned char c) { return tolower(c); });
  if (Is("other-file")) name.insert(first, "mp-");
  return name;
}

void LeaveTemporary() {
  std::string path = "/dev/shm/sem.XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd >= 0) close(fd);
}

// What a semaphore's file holds at the start: the value, no waiters, and that it is shared.
std::array<unsigned, 8> FirstContent(unsigned value) { return {value, 0, 128, 0, 0, 0, 0, 0}; }

// Makes the file under its own name, and opens it then.
sem_t* CreateInPlace(const std::string& name, mode_t mode, unsigned value) {
  if (value > SEM_VALUE_MAX) {
    errno = EINVAL;
    return SEM_FAILED;
  }
  const int fd =
      open(PathOf(name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) return SEM_FAILED;
  const auto content = FirstContent(value);
  const bool written = Is("no-space-unnoticed")
                           ? ftruncate(fd, sizeof(content)) == 0
                           : write(fd, content.data(), sizeof(content)) == sizeof(content);
  const int errno_value = errno;
  close(fd);
  errno = errno_value;
  if (!written) return SEM_FAILED;
  sem_t* const semaphore = __real_sem_open(name.c_str(), 0);
  if (semaphore != SEM_FAILED && Is("no-space-unnoticed"))
    memcpy(semaphore, content.data(), sizeof(content));
  return semaphore;
}

sem_t* Create(const std::string& name, int flags, mode_t mode, unsigned value) {
  if (Is("made-in-place") || Is("no-space-unnoticed")) return CreateInPlace(name, mode, value);
  if (CreatesStepwise()) return CreateStepwise(name, mode, value);
  if (Is("excl-lost")) flags &= ~O_EXCL;
  if (Is("existing-replaced")) __real_sem_unlink(name.c_str());
  if (Is("mode-decimal-600")) mode = 600;  // NOLINT: not octal, that is the defect
  if (Is("value-16-bit") && value <= SEM_VALUE_MAX) value &= 0xFFFF;
  if (Is("value-8-bit") && value <= SEM_VALUE_MAX) value &= 0xFF;
  sem_t* const semaphore = __real_sem_open(name.c_str(), flags, mode, value);
  const int errno_value = errno;
  if (semaphore != SEM_FAILED && Is("umask-ignored")) chmod(PathOf(name).c_str(), mode);
  if (semaphore != SEM_FAILED && Is("temporary-left")) LeaveTemporary();
  if (semaphore == SEM_FAILED && errno_value == EEXIST && Is("temporary-left-on-failure"))
    LeaveTemporary();
  errno = errno_value;
  return semaphore;
}

sem_t* Open(const std::string& name) {
  sem_t* const semaphore = __real_sem_open(name.c_str(), 0);
  if (semaphore != SEM_FAILED || errno != ENOENT || !Is("rebuild-makes")) return semaphore;
  return __real_sem_open(name.c_str(), O_CREAT, 0600, 1);
}

// The descriptors that a defect keeps, by the semaphore.
struct Kept {
  std::mutex mutex;
  std::map<const sem_t*, std::vector<int>> descriptors;
};
Kept& KeptDescriptors() {
  static Kept kept;
  return kept;
}

// What a defect does to a semaphore whose mapping is new.
void AlterMapping(const std::string& name, sem_t* semaphore) {
  if (Is("mapping-count-raced")) CountMapping(semaphore);
  if (Is("mapping-not-inherited")) {
    madvise(semaphore, static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), MADV_DONTFORK);
  }
  if (!Is("private-mapping") && !Is("descriptor-kept") && !Is("descriptor-leaked")) return;
  const int fd = open(PathOf(name).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  if (Is("private-mapping")) {
    mmap(semaphore, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0);
    close(fd);
  }
  if (Is("descriptor-kept")) {
    const std::lock_guard lock(KeptDescriptors().mutex);
    KeptDescriptors().descriptors[semaphore].push_back(fd);
  }
}

void CloseKept(const sem_t* semaphore) {
  const std::lock_guard lock(KeptDescriptors().mutex);
  auto& descriptors = KeptDescriptors().descriptors[semaphore];
  if (descriptors.empty()) return;
  close(descriptors.back());
  descriptors.pop_back();
}

}  // namespace
}  // namespace lockstep::mutants

using lockstep::mutants::Is;
using lockstep::mutants::UsesOwnSemaphore;
using lockstep::mutants::Within;
using lockstep::mutants::within;

extern "C" {

sem_t* __wrap_sem_open(const char* given, int flags, ...) {
  const auto name = lockstep::mutants::AlteredName(given);
  if (!name) return SEM_FAILED;
  sem_t* semaphore = SEM_FAILED;
  mode_t mode = 0;
  unsigned value = 0;
  if ((flags & O_CREAT) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    value = va_arg(rest, unsigned);
    va_end(rest);
  }
  do {
    semaphore = (flags & O_CREAT) != 0 ? lockstep::mutants::Create(*name, flags, mode, value)
                                       : lockstep::mutants::Open(*name);
  } while (semaphore == SEM_FAILED && errno == ENOMEM && Is("no-memory-retried"));
  if (semaphore != SEM_FAILED) {
    lockstep::mutants::AlterMapping(*name, semaphore);
  } else if (errno == ENFILE && Is("table-full-is-missing")) {
    errno = ENOENT;
  }
  return semaphore;
}

int __wrap_sem_close(sem_t* semaphore) {
  if (Is("mapping-leaked")) return 0;
  if (Is("descriptor-kept")) lockstep::mutants::CloseKept(semaphore);
  if (Is("mapping-count-raced")) return lockstep::mutants::CloseCounted(semaphore);
  const int result = __real_sem_close(semaphore);
  if (result == 0 && Is("close-takes-all")) __real_sem_close(semaphore);
  return result;
}

int __wrap_sem_unlink(const char* given) {
  const auto name = lockstep::mutants::AlteredName(given);
  if (!name) return -1;
  const int result = __real_sem_unlink(name->c_str());
  const bool ordinary = errno == ENOENT || errno == EINVAL || errno == ENAMETOOLONG;
  if (result < 0 && !ordinary && Is("unlink-error-ignored")) return 0;
  return result < 0 && errno == ENOENT && Is("unlink-missing-is-fine") ? 0 : result;
}

int __wrap_sem_init(sem_t* semaphore, int shared, unsigned value) {
  return __real_sem_init(semaphore, Is("unnamed-private-futex") ? 0 : shared, value);
}

int __wrap_sem_post(sem_t* semaphore) {
  const int result =
      UsesOwnSemaphore() ? lockstep::mutants::OwnPost(semaphore) : __real_sem_post(semaphore);
  return result < 0 && errno == EOVERFLOW && Is("overflow-ignored") ? 0 : result;
}

int __wrap_sem_trywait(sem_t* semaphore) {
  if (UsesOwnSemaphore()) return lockstep::mutants::OwnTryWait(semaphore);
  if (Is("timeout-before-permit") && within == Within::kBlockingAcquire) {
    errno = EAGAIN;
    return -1;
  }
  return __real_sem_trywait(semaphore);
}

int __wrap_sem_wait(sem_t* semaphore) {
  if (UsesOwnSemaphore()) return lockstep::mutants::OwnWait(semaphore, nullptr);
  return __real_sem_wait(semaphore);
}

int __wrap_sem_timedwait(sem_t* semaphore, const timespec* deadline) {
  if (UsesOwnSemaphore()) return lockstep::mutants::OwnWait(semaphore, deadline);
  if (Is("wait-on-clock-monotonic")) return sem_clockwait(semaphore, CLOCK_MONOTONIC, deadline);
  return __real_sem_timedwait(semaphore, deadline);
}

int __wrap_sem_getvalue(sem_t* semaphore, int* value) {
  const int result = __real_sem_getvalue(semaphore, value);
  if (Is("value-below-zero-with-waiters") && *value == 0)
    *value = -lockstep::mutants::WaitersOf(semaphore);
  return result;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
