// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_SHARED_FILE_H_
#define LOCKSTEP_HARNESS_OS_SHARED_FILE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "harness/os/result.h"

namespace lockstep {

// A file of native 64-bit words, mapped shared by whoever is told its path. Gone with this object. Its
// space is allocated when it is made, so that nobody's mapping of it is a SIGBUS on a full disk.
class SharedFile {
 public:
  static Result<SharedFile> Make(const std::string& path, std::size_t words);
  SharedFile(SharedFile&& other) noexcept;
  SharedFile& operator=(SharedFile&&) = delete;
  ~SharedFile();

  const std::string& path() const { return path_; }
  std::size_t size() const { return words_.size(); }
  // Others may write at the same time.
  std::uint64_t Get(std::size_t i) const {
    return std::atomic_ref<std::uint64_t>(words_[i]).load(std::memory_order_acquire);
  }
  void Put(std::size_t i, std::uint64_t value) {
    std::atomic_ref<std::uint64_t>(words_[i]).store(value, std::memory_order_release);
  }

 private:
  SharedFile(std::string path, std::span<std::uint64_t> words) : path_(std::move(path)), words_(words) {}

  std::string path_;
  std::span<std::uint64_t> words_;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_SHARED_FILE_H_
