// SPDX-License-Identifier: MIT
//
// Stands in for what the reference calls of the C library for segments and descriptors. The
// adapter's own calls of the same functions go through untouched: those are Within::kNothing.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "defect.h"
#include "interposition.h"

using lockstep::mutants::Is;
using lockstep::mutants::Within;
using lockstep::mutants::within;

namespace {

int AlteredFlags(int flags) {
  if (Is("shm-excl-lost")) return flags & ~O_EXCL;
  if (Is("shm-truncates") && (flags & O_ACCMODE) != O_RDONLY) return flags | O_TRUNC;
  if (Is("shm-makes")) return flags | O_CREAT;
  if (Is("shm-read-write")) return (flags & ~O_ACCMODE) | O_RDWR;
  return flags;
}

mode_t AlteredMode(mode_t mode) {
  if (Is("shm-mode-0666")) return 0666;
  if (Is("shm-mode-ignored")) return 0600;
  return mode;
}

// Whether the segment that this thread opened last could not be mapped.
thread_local bool unmapped = false;

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names, for --wrap
extern "C" {

int __real_shm_open(const char* name, int flags, mode_t mode);
int __real_shm_unlink(const char* name);
int __real_ftruncate(int fd, off_t length);
void* __real_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset);
int __real_munmap(void* address, size_t length);
int __real_close(int fd);
ssize_t __real_getrandom(void* buffer, size_t length, unsigned flags);

int __wrap_shm_open(const char* name, int flags, mode_t mode) {
  unmapped = false;
  const int fd = __real_shm_open(name, AlteredFlags(flags), AlteredMode(mode));
  if (fd >= 0 && Is("shm-cloexec-lost")) fcntl(fd, F_SETFD, 0);
  return fd;
}

int __wrap_shm_unlink(const char* name) {
  if (Is("shm-unlink-does-nothing")) return 0;
  // Within the constructor it is called when something has failed.
  if (Is("shm-failed-create-left") && within == Within::kSegment) return 0;
  if (Is("shm-name-left-when-unmapped") && within == Within::kSegment && unmapped) return 0;
  const int result = __real_shm_unlink(name);
  return result < 0 && errno == ENOENT && Is("shm-unlink-missing-is-fine") ? 0 : result;
}

int __wrap_ftruncate(int fd, off_t length) {
  if (!Is("shm-preallocates") || within != Within::kSegment) return __real_ftruncate(fd, length);
  errno = posix_fallocate(fd, 0, length);
  return errno == 0 ? 0 : -1;
}

void* __wrap_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  const bool is_private = (Is("shm-private") && within == Within::kSegment) ||
                          (Is("unnamed-private-mapping") && within == Within::kUnnamed);
  if (is_private) flags = (flags & ~MAP_SHARED) | MAP_PRIVATE;
  void* const memory = __real_mmap(address, length, protection, flags, fd, offset);
  if (within == Within::kSegment) unmapped = memory == MAP_FAILED;
  return memory;
}

int __wrap_munmap(void* address, size_t length) {
  if (Is("shm-close-keeps-mapping") && within == Within::kSegmentClose) return 0;
  const int result = __real_munmap(address, length);
  const bool ours = within == Within::kSegmentClose || within == Within::kUnnamedEnd;
  if (result < 0 && ours && Is("failed-unmap-aborts")) abort();
  return result;
}

int __wrap_close(int fd) {
  const bool kept = (Is("shm-close-keeps-descriptor") && within == Within::kSegmentClose) ||
                    (Is("unnamed-descriptor-leaked") && within == Within::kUnnamedEnd) ||
                    (Is("shm-descriptor-left-when-unmapped") && within == Within::kSegment &&
                     unmapped);
  return kept ? 0 : __real_close(fd);
}

ssize_t __wrap_getrandom(void* buffer, size_t length, unsigned flags) {
  if (!Is("shm-one-made-up-name") || within != Within::kSegment)
    return __real_getrandom(buffer, length, flags);
  std::fill_n(static_cast<char*>(buffer), length, '\0');
  return static_cast<ssize_t>(length);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
