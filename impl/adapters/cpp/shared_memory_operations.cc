// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <span>
#include <utility>

#include "operations.h"

namespace lockstep::adapter {
namespace {

constexpr Signature kShmOpen{
    "shm_open", "_posixshmem.shm_open", Convention::kKeywords, 2, {"path", "flags", "mode"}};
constexpr Signature kShmUnlink{
    "shm_unlink", "_posixshmem.shm_unlink", Convention::kOne, 1, {"path"}};
constexpr Signature kOpen{"SharedMemory.__init__",
                          "SharedMemory.__init__",
                          Convention::kPython,
                          0,
                          {"name", "create", "size", "track"}};
constexpr Signature kClose{"close", "SharedMemory.close", Convention::kNone, 0, {}};
constexpr Signature kUnlink{"unlink", "SharedMemory.unlink", Convention::kNone, 0, {}};
constexpr Signature kRead{"read", "read", Convention::kKeywords, 2, {"start", "stop"}};
constexpr Signature kWrite{"write", "write", Convention::kKeywords, 2, {"start", "bytes"}};
constexpr Signature kFtruncate{
    "ftruncate", "ftruncate", Convention::kKeywords, 2, {"fd", "length"}};
constexpr Signature kFstat{"fstat_size", "fstat_size", Convention::kKeywords, 1, {"fd"}};
constexpr Signature kCloseFd{"close_fd", "close_fd", Convention::kKeywords, 1, {"fd"}};

constexpr int kDefaultShmMode = 0777;
constexpr char kOffTooBig[] = "int too big to convert";
constexpr char kIndexTooBig[] = "cannot fit 'int' into an index-sized integer";

// The part of `bytes` that Python's [start:stop] means: negative indices count from the end, and
// what lies outside is cut off.
std::span<std::byte> Slice(std::span<std::byte> bytes, std::int64_t start, std::int64_t stop) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  const auto index = [size](std::int64_t i) {
    return std::clamp<std::int64_t>(i < 0 ? i + size : i, 0, size);
  };
  const std::int64_t first = index(start);
  const std::int64_t last = std::max(first, index(stop));
  return bytes.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
}

// A system call on a descriptor: its result, or the OSError.
template <typename Call>
void SystemCall(Reply* reply, Call call) {
  const int error = reply->Timed([&] { return call() < 0 ? errno : 0; });
  if (error != 0) {
    reply->result = OsError(error);
  } else {
    reply->result = None{};
  }
}

template <typename Method>
void CallAlone(Actor& actor, const Request& request, const Signature& signature, Method method,
               Reply* reply) {
  const auto target = TargetAs<SharedMemory>(actor, request, reply);
  if (target == nullptr || !Bound(Arguments(signature, request), reply)) return;
  const std::lock_guard lock(actor.process().shared_memory_mutex());
  Record(actor, reply->Timed([&] { return ((*target).*method)(); }), reply);
}

}  // namespace

void ShmOpen(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kShmOpen, request);
  const std::string path = arguments.String(0);
  const int flags = arguments.FormatInt(1);
  const int mode = arguments.FormatInt(2, kDefaultShmMode);
  if (!Bound(arguments, reply)) return;
  Implementation& implementation = actor.process().implementation();
  Record(actor, reply->Timed([&] {
    return implementation.ShmOpen(path, flags, mode, actor.interrupts());
  }),
         reply);
}

void ShmUnlink(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kShmUnlink, request);
  const std::string path = arguments.String(0);
  if (!Bound(arguments, reply)) return;
  Implementation& implementation = actor.process().implementation();
  Record(actor, reply->Timed([&] { return implementation.ShmUnlink(path, actor.interrupts()); }),
         reply);
}

void OpenSharedMemory(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kOpen, request);
  const std::optional<std::string> name = arguments.OptionalString(0);
  const bool create = arguments.Bool(1);
  const std::int64_t size = arguments.Int64(2, 0, kOffTooBig);
  const bool track = arguments.Bool(3);
  if (!Bound(arguments, reply)) return;
  if (track) {  // left out it is False here, whatever Python's default: nothing tracks
    reply->result = Unsupported{"there is no resource tracker"};
    return;
  }
  auto outcome = [&] {
    const std::lock_guard lock(actor.process().shared_memory_mutex());
    return reply->Timed(
        [&] { return actor.process().implementation().OpenSharedMemory(name, create, size); });
  }();
  RecordMade(actor, request, kSharedMemoryType, std::move(outcome), reply);
}

void CloseSharedMemory(Actor& actor, const Request& request, Reply* reply) {
  CallAlone(actor, request, kClose, &SharedMemory::Close, reply);
}

void UnlinkSharedMemory(Actor& actor, const Request& request, Reply* reply) {
  CallAlone(actor, request, kUnlink, &SharedMemory::Unlink, reply);
}

void ReadBytes(Actor& actor, const Request& request, Reply* reply) {
  const auto target = TargetAs<SharedMemory>(actor, request, reply);
  if (target == nullptr) return;
  Arguments arguments(kRead, request);
  const std::int64_t start = arguments.Int64(0, 0, kIndexTooBig);
  const std::int64_t stop = arguments.Int64(1, 0, kIndexTooBig);
  if (!Bound(arguments, reply)) return;
  const std::lock_guard lock(actor.process().shared_memory_mutex());
  reply->result = reply->Timed([&]() -> Result {
    const auto data = target->Data();
    if (!data) return Raised{"TypeError", "'NoneType' object is not subscriptable", {}};
    const auto slice = Slice(*data, start, stop);
    return Bytes{std::string(reinterpret_cast<const char*>(slice.data()), slice.size())};
  });
}

void WriteBytes(Actor& actor, const Request& request, Reply* reply) {
  const auto target = TargetAs<SharedMemory>(actor, request, reply);
  if (target == nullptr) return;
  Arguments arguments(kWrite, request);
  const std::int64_t start = arguments.Int64(0, 0, kIndexTooBig);
  const Bytes bytes = arguments.BytesOf(1);
  if (!Bound(arguments, reply)) return;
  const auto length = static_cast<std::int64_t>(bytes.data.size());
  const std::lock_guard lock(actor.process().shared_memory_mutex());
  reply->result = reply->Timed([&]() -> Result {
    const auto data = target->Data();
    if (!data) {
      return Raised{"TypeError", "'NoneType' object does not support item assignment", {}};
    }
    // As buf[start:start + length] = bytes; a far start cannot overflow, as it is cut off anyway.
    const std::int64_t stop = start > INT64_MAX - length ? INT64_MAX : start + length;
    const auto slice = Slice(*data, start, stop);
    if (slice.size() != bytes.data.size()) {
      return Raised{
          "ValueError", "memoryview assignment: lvalue and rvalue have different structures", {}};
    }
    if (!slice.empty()) memcpy(slice.data(), bytes.data.data(), slice.size());
    return None{};
  });
}

void Ftruncate(Actor& /*actor*/, const Request& request, Reply* reply) {
  Arguments arguments(kFtruncate, request);
  const int fd = arguments.Int(0);
  const std::int64_t length = arguments.Int64(1, 0, kOffTooBig);
  if (!Bound(arguments, reply)) return;
  SystemCall(reply, [&] { return ftruncate(fd, length); });
}

void FstatSize(Actor& /*actor*/, const Request& request, Reply* reply) {
  Arguments arguments(kFstat, request);
  const int fd = arguments.Int(0);
  if (!Bound(arguments, reply)) return;
  struct stat status = {};
  SystemCall(reply, [&] { return fstat(fd, &status); });
  if (std::holds_alternative<Value>(reply->result)) {
    reply->result = Value(std::int64_t{status.st_size});
  }
}

void CloseFd(Actor& /*actor*/, const Request& request, Reply* reply) {
  Arguments arguments(kCloseFd, request);
  const int fd = arguments.Int(0);
  if (!Bound(arguments, reply)) return;
  SystemCall(reply, [&] { return close(fd); });
}

}  // namespace lockstep::adapter
