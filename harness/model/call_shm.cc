// SPDX-License-Identifier: MIT
// _posixshmem: shared memory objects by name and by descriptor.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "harness/model/call.h"

namespace lockstep::model {
namespace {

constexpr char kPrefix[] = "descriptor ";

// Nothing: no descriptor whose number the model knows to be this one's still.
Descriptor* FindDescriptor(State* state, const std::string& actor, const Value& value) {
  const auto* object = value.If<Object>();
  if (object == nullptr || !object->type.starts_with(kPrefix)) return nullptr;
  auto& descriptors = state->ProcessOf(actor).descriptors;
  const auto found = descriptors.find(std::stoi(object->type.substr(sizeof(kPrefix) - 1)));
  return found == descriptors.end() ? nullptr : &found->second;
}

// Whether some process has the block mapped, and would see its end move.
bool IsMapped(const State& state, int block) {
  return std::any_of(state.processes.begin(), state.processes.end(), [&](const Process& process) {
    return std::any_of(process.objects.begin(), process.objects.end(), [&](const auto& one) {
      const auto* memory = std::get_if<SharedMemory>(&one.second);
      return memory != nullptr && memory->block == block && !memory->closed;
    });
  });
}

std::optional<Way> Open(const State& state, const std::string& actor, const Call& call) {
  const Arguments given = Bind(state, actor, call, {"path", "flags", "mode"}, 2);
  if (!given.known || !given.fits) return std::nullopt;
  const auto name = PlainName(*given.values[0]);
  const auto* flags = given.values[1]->If<std::int64_t>();
  const auto* mode = given.values[2] ? given.values[2]->If<std::int64_t>() : nullptr;
  if (!name || flags == nullptr || (given.values[2] && mode == nullptr)) return std::nullopt;
  const std::int64_t access = *flags & O_ACCMODE;
  const bool create = (*flags & O_CREAT) != 0;
  const bool exclusive = (*flags & O_EXCL) != 0;
  const bool truncate = (*flags & O_TRUNC) != 0;
  // POSIX leaves the others open.
  const bool plain = (*flags & ~std::int64_t{O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC}) == 0 &&
                     (access == O_RDWR || (access == O_RDONLY && !truncate)) && (create || !exclusive);
  if (!plain) return std::nullopt;
  const auto found = state.block_names.find(*name);
  const bool there = found != state.block_names.end();
  if (there && create && exclusive) return RaisesErrno(state, EEXIST, rules::kExists);
  if (!there && !create) return RaisesErrno(state, ENOENT, rules::kNotThere);
  // Who may open it later depends on who it is.
  constexpr std::int64_t kOwnerMay = 0600;
  constexpr std::int64_t kModes = 07777;
  if (mode != nullptr && (*mode & ~kModes) != 0) return std::nullopt;
  if (!there && mode != nullptr && (*mode & kOwnerMay) != kOwnerMay) return std::nullopt;
  State next = state;
  Descriptor descriptor{there ? found->second : static_cast<int>(next.blocks.size()), access == O_RDWR, false};
  if (!there) {
    next.blocks.emplace_back();
    next.block_names[*name] = descriptor.block;
  } else if (truncate) {
    if (IsMapped(state, descriptor.block)) return std::nullopt;
    next.blocks[static_cast<std::size_t>(descriptor.block)].bytes.clear();
  }
  Process& process = next.ProcessOf(actor);
  process.ForgetClosed();
  process.descriptors[next.next_descriptor] = descriptor;
  if (!call.as.empty()) {
    process.objects.erase(call.as);
    process.values[call.as] = Value(Object{fmt::format("{}{}", kPrefix, next.next_descriptor)});
  }
  ++next.next_descriptor;
  return ReturnsSomething(std::move(next), rules::kShmOpened);
}

std::optional<Way> Unlink(const State& state, const std::string& actor, const Call& call) {
  const Arguments given = Bind(state, actor, call, {"path"}, 1);
  if (!given.known || !given.fits || !call.kwargs.empty()) return std::nullopt;
  const auto name = PlainName(*given.values[0]);
  if (!name) return std::nullopt;
  State next = state;
  if (next.block_names.erase(*name) == 0) return RaisesErrno(state, ENOENT, rules::kNotThere);
  return Returns(std::move(next), None{}, rules::kBlockUnlinked);
}

}  // namespace

std::optional<Way> CallShm(const State& state, const std::string& actor, const Call& call) {
  if (!call.object.empty()) return std::nullopt;
  if (call.operation == "shm_open") return Open(state, actor, call);
  if (call.operation == "shm_unlink") return Unlink(state, actor, call);
  const bool resizes = call.operation == "ftruncate";
  const bool closes = call.operation == "close_fd";
  if (!resizes && !closes && call.operation != "fstat_size") return std::nullopt;
  if (!call.kwargs.empty() || call.args.size() != (resizes ? 2 : 1)) return std::nullopt;
  const auto value = Evaluate(state, actor, call.args[0]);
  if (!value) return std::nullopt;
  State next = state;
  Descriptor* descriptor = FindDescriptor(&next, actor, *value);
  if (descriptor == nullptr) return std::nullopt;
  const auto length = resizes ? Evaluate(state, actor, call.args[1]) : std::nullopt;
  const auto* number = length ? length->If<std::int64_t>() : nullptr;
  if (resizes && number == nullptr) return std::nullopt;
  // Of two reasons POSIX says not which is told.
  if (descriptor->closed && resizes && *number < 0) return std::nullopt;
  if (descriptor->closed) return RaisesErrno(state, EBADF, rules::kNoDescriptor);
  if (closes) {
    descriptor->closed = true;
    return Returns(std::move(next), None{}, rules::kShmClosed);
  }
  std::string& bytes = next.blocks[static_cast<std::size_t>(descriptor->block)].bytes;
  if (!resizes) return Returns(std::move(next), static_cast<std::int64_t>(bytes.size()), rules::kShmSize);
  if (*number > kSurelyFits || IsMapped(state, descriptor->block)) return std::nullopt;
  if (!descriptor->writable || *number < 0) return RaisesErrno(state, EINVAL, rules::kShmNotResized);
  bytes.resize(static_cast<std::size_t>(*number), '\0');
  return Returns(std::move(next), None{}, rules::kShmSize);
}

}  // namespace lockstep::model
