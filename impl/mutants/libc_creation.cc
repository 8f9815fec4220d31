// SPDX-License-Identifier: MIT
#include "libc_creation.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>

#include "defect.h"
#include "racing_semaphore.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names, for --wrap
extern "C" {
sem_t* __real_sem_open(const char* name, int flags, ...);
int __real_sem_close(sem_t* semaphore);
}
// NOLINTEND(bugprone-reserved-identifier)

namespace lockstep::mutants {
namespace {

constexpr const char* kFolder = "/dev/shm/";
constexpr const char* kLockFile = "/dev/shm/sem.making";
constexpr int kNew = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;

std::string WithoutSlashes(const std::string& name) {
  return name.substr(std::min(name.find_first_not_of('/'), name.size()));
}

// What the C library refuses by itself is left to it.
bool IsOrdinary(const std::string& name, unsigned value) {
  const std::string bare = WithoutSlashes(name);
  return !bare.empty() && bare.find('/') == std::string::npos &&
         bare.size() + strlen("sem.") <= NAME_MAX && value <= SEM_VALUE_MAX;
}

sem_t* FailWith(int errno_value) {
  errno = errno_value;
  return SEM_FAILED;
}

// A new file under a name that nobody has: a descriptor, or -1 and errno.
int OpenTemporary(mode_t mode, std::string* path) {
  static std::atomic<unsigned> made{0};
  for (;;) {
    *path = kFolder + std::string("sem.t") + std::to_string(getpid()) + "-" +
            std::to_string(made.fetch_add(1));
    const int fd = open(path->c_str(), kNew, mode);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
}

// The file, its content and its mapping, under the temporary name: the mapping, or SEM_FAILED and
// errno, and then nothing is left but what a defect leaves.
sem_t* MakeTemporary(mode_t mode, unsigned value, std::string* path, int* fd) {
  *fd = OpenTemporary(mode, path);
  if (*fd < 0) return SEM_FAILED;
  const std::array<unsigned, 8> content = {value, 0, 128, 0, 0, 0, 0, 0};
  static_assert(sizeof(content) == sizeof(sem_t));
  void* memory = MAP_FAILED;
  const bool written = write(*fd, content.data(), sizeof(content)) == sizeof(content);
  if (written) memory = mmap(nullptr, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  if (memory != MAP_FAILED || (written && Is("map-failure-unnoticed")))
    return static_cast<sem_t*>(memory);
  const int errno_value = errno;
  if (!written || !Is("temporary-left-when-unmapped")) unlink(path->c_str());
  if (!written || !Is("descriptor-left-when-unmapped")) close(*fd);
  return FailWith(errno_value);
}

void SetValue(sem_t* semaphore, unsigned value) {
  std::atomic_ref(*reinterpret_cast<unsigned*>(semaphore)).store(value);
}

// Under a temporary name first, as the C library does.
sem_t* CreateByLink(const std::string& name, mode_t mode, unsigned value) {
  const bool published_first = Is("published-too-soon");
  std::string temporary;
  int fd = -1;
  sem_t* const made = MakeTemporary(mode, published_first ? 0 : value, &temporary, &fd);
  if (made == SEM_FAILED) return SEM_FAILED;
  // As whoever fills the semaphore through its mapping.
  if (Is("map-failure-unnoticed")) SetValue(made, value);
  const bool linked = link(temporary.c_str(), PathOf(name).c_str()) == 0;
  int errno_value = errno;
  const bool stays = !linked && errno_value != EEXIST && Is("temporary-left-when-link-fails");
  if (!stays) unlink(temporary.c_str());
  close(fd);
  if (linked && published_first) {
    Linger();
    SetValue(made, value);
  }
  if (!linked) {
    munmap(made, sizeof(sem_t));
    return FailWith(errno_value);
  }
  // The C library is to know of it, for sem_close() and so that it is mapped once.
  sem_t* const semaphore = __real_sem_open(name.c_str(), 0);
  errno_value = errno;
  // A umask may have shut us out: then what we have mapped is all that we get, to the process's
  // end.
  if (semaphore == SEM_FAILED && errno_value == EACCES) return made;
  munmap(made, sizeof(sem_t));
  if (semaphore == SEM_FAILED) unlink(PathOf(name).c_str());
  errno = errno_value;
  return semaphore;
}

sem_t* CreateUnderLockFile(const std::string& name, mode_t mode, unsigned value) {
  int fd = open(kLockFile, kNew, 0600);
  while (fd < 0 && errno == EEXIST) {
    sched_yield();
    fd = open(kLockFile, kNew, 0600);
  }
  if (fd < 0) return SEM_FAILED;
  close(fd);
  sem_t* const semaphore = __real_sem_open(name.c_str(), O_CREAT | O_EXCL, mode, value);
  const int errno_value = errno;
  unlink(kLockFile);
  errno = errno_value;
  return semaphore;
}

sem_t* CreateInTwoSteps(const std::string& name, mode_t mode, unsigned value) {
  if (faccessat(AT_FDCWD, PathOf(name).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
    return FailWith(EEXIST);
  Linger();
  return __real_sem_open(name.c_str(), O_CREAT, mode, value);
}

// How often a mapping was opened, truly and as the defect has it.
struct Uses {
  std::atomic<int> opened{0};
  std::atomic<int> counted{0};
};

Uses& UsesOf(const sem_t* semaphore) {
  static std::mutex mutex;
  static std::map<const sem_t*, Uses> uses;
  const std::lock_guard lock(mutex);
  return uses[semaphore];
}

}  // namespace

bool CreatesStepwise() {
  return Is("own-races") || Is("published-too-soon") || Is("exclusive-in-two-steps") ||
         Is("lock-file-at-creation") || Is("descriptor-left-when-unmapped") ||
         Is("temporary-left-when-unmapped") || Is("temporary-left-when-link-fails") ||
         Is("map-failure-unnoticed");
}

sem_t* CreateStepwise(const std::string& name, mode_t mode, unsigned value) {
  if (!IsOrdinary(name, value)) return __real_sem_open(name.c_str(), O_CREAT | O_EXCL, mode, value);
  if (Is("exclusive-in-two-steps")) return CreateInTwoSteps(name, mode, value);
  if (Is("lock-file-at-creation")) return CreateUnderLockFile(name, mode, value);
  return CreateByLink(name, mode, value);
}

std::string PathOf(const std::string& name) {
  return kFolder + std::string("sem.") + WithoutSlashes(name);
}

void CountMapping(const sem_t* semaphore) {
  Uses& uses = UsesOf(semaphore);
  ++uses.opened;
  const int seen = uses.counted;
  Linger();
  uses.counted = seen + 1;
}

int CloseCounted(sem_t* semaphore) {
  Uses& uses = UsesOf(semaphore);
  const int seen = uses.counted;
  Linger();
  uses.counted = std::max(seen - 1, 0);
  if (seen > 1) return 0;
  int result = 0;
  for (int left = uses.opened.exchange(0); left > 0; --left) result = __real_sem_close(semaphore);
  return result;
}

}  // namespace lockstep::mutants
