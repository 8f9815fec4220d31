// SPDX-License-Identifier: MIT
//
// CPython 3.14's POSIX shared memory for C++: the two functions of Modules/_multiprocessing/
// posixshmem.c, and SharedMemory of Lib/multiprocessing/shared_memory.py without the resource
// tracker (as with track=False: nothing unlinks a segment but Unlink() and a failed creation).
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_SHARED_MEMORY_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_SHARED_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "semlock/interrupt_hook.h"
#include "semlock/result.h"

namespace semlock {

// Opens a shared memory object and returns its descriptor, which is the caller's to close and is
// not inherited over exec. `flags` and `mode` are those of shm_open(), `mode` lessened by the
// umask. Does not block; EINTR is retried unless the hook abandons (kAbandoned). kValueError: a NUL
// in the path. kOsError: shm_open()'s errno, with the path. (_posixshmem.shm_open)
Result<int> ShmOpen(std::string_view path, int flags, int mode = 0777, InterruptHook hook = {});

// Removes the name of a shared memory object. Errors as above. (_posixshmem.shm_unlink)
Result<void> ShmUnlink(std::string_view path, InterruptHook hook = {});

// A segment of shared memory, mapped for reading and writing.
//
// Threads: const members may be called from several threads at once, the others need the object to
// themselves. The bytes are shared with other processes: who may touch them when is the users' to
// agree on. A moved-from object is as one that was closed and has no name.
class SharedMemory {
 public:
  // Makes a segment of exactly `size` bytes, zeroed, mode 0600. A slash is put before `name`;
  // without one a free name "psm_" and 8 hexadecimal digits is found. Does not block. kValueError:
  // a size below 1, a NUL in the name. kOsError: shm_open(), ftruncate() or mmap() failed; nothing
  // is left of the segment, and its path is told only for shm_open(). EEXIST is also what remains
  // if 1000 generated names were all taken. A full file system is found out by the first write
  // (SIGBUS), not here.
  static Result<SharedMemory> Create(std::optional<std::string> name, std::int64_t size);

  // Maps the whole of an existing segment. `size` is ignored but for a negative one. Does not
  // block. kValueError: a negative size, no name, a NUL in the name, a segment of 0 bytes (it
  // stays). kOsError: shm_open() failed; or mmap(), and then the segment is unlinked, as CPython
  // does.
  static Result<SharedMemory> Attach(std::optional<std::string> name, std::int64_t size = 0);

  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) noexcept;
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // Closes and ignores errors. Never unlinks.
  ~SharedMemory();

  // The size of the segment when it was opened; stays after Close().
  std::int64_t size() const { return size_; }

  // The name without the slash that was put before it; stays after Close().
  std::string name() const;

  // The bytes, owned by this object; empty after Close(), which leaves no earlier span valid.
  std::span<std::byte> data() const { return data_; }

  // Unmaps the segment and closes its descriptor; does nothing the second time. kOsError: close()'s
  // errno; the object is closed all the same.
  Result<void> Close();

  // Removes the name; the bytes stay for those who have them mapped. kOsError: shm_unlink()'s
  // errno, ENOENT the second time.
  Result<void> Unlink();

 private:
  SharedMemory(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  static Result<SharedMemory> OpenGenerated();
  Result<void> Map(std::optional<std::int64_t> new_size);

  std::string path_;  // as shm_open() got it
  int fd_ = -1;
  std::int64_t size_ = 0;
  std::span<std::byte> data_;
};

}  // namespace semlock

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_SHARED_MEMORY_H_
