// SPDX-License-Identifier: MIT
#include "semlock/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "errors.h"
#include "random_name.h"

namespace semlock {
namespace {

using internal::Abandoned;
using internal::EmbeddedNull;
using internal::HasEmbeddedNull;
using internal::OsError;
using internal::RandomName;
using internal::ValueError;

constexpr int kSegmentMode = 0600;
constexpr int kCreateFlags = O_CREAT | O_EXCL | O_RDWR;

// With 8 random digits 13 characters, since FreeBSD allows 14 (shared_memory.py: _make_filename).
constexpr char kNamePrefix[] = "/psm_";

// CPython tries for ever. There are 2^32 names: a thousand taken ones in a row are not chance.
constexpr int kNameAttempts = 1000;

// Calls `function` (negative and errno when it fails) until no signal interrupts it, and returns
// what it did.
template <typename Function>
Result<int> CallShm(const std::string& path, InterruptHook hook, Function function) {
  for (;;) {
    const int result = function(path.c_str());
    if (result >= 0) return result;
    const int errno_value = errno;
    if (errno_value != EINTR) return OsError(errno_value, path);
    if (hook.Abandons()) return Abandoned();
  }
}

}  // namespace

Result<int> ShmOpen(std::string_view path, int flags, int mode, InterruptHook hook) {
  if (HasEmbeddedNull(path)) return EmbeddedNull();
  return CallShm(std::string(path), hook, [flags, mode](const char* c_path) {
    return shm_open(c_path, flags, static_cast<mode_t>(mode));
  });
}

Result<void> ShmUnlink(std::string_view path, InterruptHook hook) {
  if (HasEmbeddedNull(path)) return EmbeddedNull();
  const Result<int> unlinked =
      CallShm(std::string(path), hook, [](const char* c_path) { return shm_unlink(c_path); });
  if (!unlinked) return tl::unexpected<Error>(unlinked.error());
  return {};
}

Result<SharedMemory> SharedMemory::Create(std::optional<std::string> name, std::int64_t size) {
  if (size < 0) return ValueError("'size' must be a positive integer");
  if (size == 0) return ValueError("'size' must be a positive number different from zero");
  Result<SharedMemory> segment = tl::unexpected<Error>(Error{});
  if (name) {
    std::string path = "/" + *name;
    const Result<int> fd = ShmOpen(path, kCreateFlags, kSegmentMode);
    if (!fd) return tl::unexpected<Error>(fd.error());
    segment = SharedMemory(std::move(path), *fd);
  } else {
    segment = OpenGenerated();
    if (!segment) return segment;
  }
  const Result<void> mapped = segment->Map(size);
  if (!mapped) return tl::unexpected<Error>(mapped.error());
  return segment;
}

Result<SharedMemory> SharedMemory::Attach(std::optional<std::string> name, std::int64_t size) {
  if (size < 0) return ValueError("'size' must be a positive integer");
  if (!name) return ValueError("'name' can only be None if create=True");
  std::string path = "/" + *name;
  const Result<int> fd = ShmOpen(path, O_RDWR, kSegmentMode);
  if (!fd) return tl::unexpected<Error>(fd.error());
  SharedMemory segment(std::move(path), *fd);
  const Result<void> mapped = segment.Map(std::nullopt);
  if (!mapped) return tl::unexpected<Error>(mapped.error());
  return segment;
}

// Opens a new segment under the first generated name that is free.
Result<SharedMemory> SharedMemory::OpenGenerated() {
  for (int attempt = 1;; ++attempt) {
    Result<std::string> path = RandomName(kNamePrefix);
    if (!path) return tl::unexpected<Error>(path.error());
    const Result<int> fd = ShmOpen(*path, kCreateFlags, kSegmentMode);
    if (fd) return SharedMemory(std::move(*path), *fd);
    if (fd.error().errno_value != EEXIST || attempt == kNameAttempts) {
      return tl::unexpected<Error>(fd.error());
    }
  }
}

// Gives the segment its size, if it is new, and maps the whole of it. Whatever the operating system
// refuses here removes the name, also an attacher's, whose segment it is not: SharedMemory.__init__
// does so. An empty segment is the mmap module's ValueError and keeps its name.
Result<void> SharedMemory::Map(std::optional<std::int64_t> new_size) {
  const auto fail = [this](int errno_value) -> Result<void> {
    Result<void> unlinked = Unlink();
    // An exception raised by the clean-up is the one that gets out.
    if (!unlinked) return unlinked;
    return OsError(errno_value);
  };
  if (new_size && ftruncate(fd_, static_cast<off_t>(*new_size)) < 0) return fail(errno);
  struct stat status {};
  if (fstat(fd_, &status) < 0) return fail(errno);
  if (status.st_size == 0) return ValueError("cannot mmap an empty file");
  const auto length = static_cast<std::size_t>(status.st_size);
  void* const memory = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (memory == MAP_FAILED) return fail(errno);
  size_ = status.st_size;
  data_ = {static_cast<std::byte*>(memory), length};
  return {};
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      fd_(std::exchange(other.fd_, -1)),
      size_(std::exchange(other.size_, 0)),
      data_(std::exchange(other.data_, {})) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  if (this == &other) return *this;
  static_cast<void>(Close());
  path_ = std::exchange(other.path_, {});
  fd_ = std::exchange(other.fd_, -1);
  size_ = std::exchange(other.size_, 0);
  data_ = std::exchange(other.data_, {});
  return *this;
}

SharedMemory::~SharedMemory() { static_cast<void>(Close()); }

std::string SharedMemory::name() const { return path_.empty() ? path_ : path_.substr(1); }

Result<void> SharedMemory::Close() {
  if (!data_.empty()) munmap(data_.data(), data_.size());
  data_ = {};
  // The descriptor is gone even if close() fails (Linux), so that it is never closed twice.
  const int fd = std::exchange(fd_, -1);
  if (fd >= 0 && close(fd) < 0) return OsError(errno);
  return {};
}

Result<void> SharedMemory::Unlink() {
  if (path_.empty()) return {};
  return ShmUnlink(path_);
}

}  // namespace semlock
