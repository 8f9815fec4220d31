// SPDX-License-Identifier: MIT
#include "harness/os/shared_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "harness/os/fd.h"

namespace lockstep {

Result<SharedFile> SharedFile::Make(const std::string& path, std::size_t words) {
  const std::size_t bytes = words * sizeof(std::uint64_t);
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (fd.get() < 0) return FailErrno("cannot make " + path, errno);
  int error = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes));
  void* mapping = error == 0 ? ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0) : MAP_FAILED;
  if (error == 0 && mapping == MAP_FAILED) error = errno;
  if (error != 0) {
    ::unlink(path.c_str());
    return FailErrno("cannot make " + path, error);
  }
  return SharedFile(path, {static_cast<std::uint64_t*>(mapping), words});
}

SharedFile::SharedFile(SharedFile&& other) noexcept
    : path_(std::exchange(other.path_, "")), words_(std::exchange(other.words_, {})) {}

SharedFile::~SharedFile() {
  if (!words_.empty()) ::munmap(words_.data(), words_.size_bytes());
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace lockstep
