// SPDX-License-Identifier: MIT
#include "mutant_shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include "defect.h"
#include "interposition.h"

namespace lockstep::mutants {

using adapter::None;
using adapter::Outcome;
using adapter::Raised;

namespace {

constexpr std::int64_t kPage = 4096;
constexpr std::byte kNotZero{0xAA};

class MutantSharedMemory final : public adapter::SharedMemory {
 public:
  MutantSharedMemory(std::unique_ptr<adapter::SharedMemory> inner, std::int64_t asked)
      : inner_(std::move(inner)), asked_(asked) {}

  ~MutantSharedMemory() override {
    const Scope scope(Within::kSegmentClose);
    inner_.reset();
  }
  MutantSharedMemory(const MutantSharedMemory&) = delete;
  MutantSharedMemory& operator=(const MutantSharedMemory&) = delete;

  Outcome<std::int64_t> Size() override {
    if (closed_ && Is("shm-closed-size-forgotten")) return std::int64_t{0};
    if (Is("shm-attach-believes-size") && asked_ > 0) return asked_;
    return inner_->Size();
  }

  Outcome<std::string> Name() override {
    if (closed_ && Is("shm-closed-name-forgotten")) return std::string();
    auto name = inner_->Name();
    if (auto* text = std::get_if<std::string>(&name); text != nullptr && Is("shm-name-with-slash"))
      return "/" + *text;
    return name;
  }

  std::optional<std::span<std::byte>> Data() override { return inner_->Data(); }

  Outcome<None> Close() override {
    if (std::exchange(closed_, true) && Is("shm-close-twice-raises")) return OsError(EBADF);
    if (Is("shm-close-unlinks")) inner_->Unlink();
    if (Is("shm-close-keeps-buffer")) return None{};
    const Scope scope(Within::kSegmentClose);
    return inner_->Close();
  }

  Outcome<None> Unlink() override {
    auto outcome = inner_->Unlink();
    if (Is("shm-unlink-closes")) inner_->Close();
    const auto* raised = std::get_if<Raised>(&outcome);
    if (Is("shm-unlink-twice-is-fine") && raised != nullptr && raised->errno_value == ENOENT)
      return None{};
    return outcome;
  }

 private:
  std::unique_ptr<adapter::SharedMemory> inner_;
  const std::int64_t asked_;
  bool closed_ = false;
};

void Resize(const std::string& name, std::int64_t size) {
  const int fd = shm_open(("/" + name).c_str(), O_RDWR, 0);
  if (fd < 0) return;
  if (ftruncate(fd, size) < 0) errno = 0;  // the segment keeps its size
  close(fd);
}

std::int64_t AlteredSize(bool create, std::int64_t size) {
  if (create && Is("shm-size-to-pages") && size > 0) return (size + kPage - 1) / kPage * kPage;
  if (create && Is("shm-zero-size-allowed") && size == 0) return 1;
  return size;
}

}  // namespace

Outcome<std::unique_ptr<adapter::SharedMemory>> OpenMutantSharedMemory(
    adapter::Implementation& reference, const std::optional<std::string>& name, bool create,
    std::int64_t size) {
  if (Is("shm-attach-resizes") && !create && name && size > 0) Resize(*name, size);
  auto outcome = reference.OpenSharedMemory(name, create, AlteredSize(create, size));
  auto* made = std::get_if<std::unique_ptr<adapter::SharedMemory>>(&outcome);
  if (made == nullptr) return outcome;
  if (Is("shm-not-empty") && create) std::ranges::fill(*(*made)->Data(), kNotZero);
  const auto real_size = (*made)->Size();
  if (Is("shm-attach-checks-size") && !create && size > *std::get_if<std::int64_t>(&real_size))
    return Raised{"ValueError", "size is above the segment's", {}};
  return std::make_unique<MutantSharedMemory>(std::move(*made), create ? 0 : size);
}

}  // namespace lockstep::mutants
