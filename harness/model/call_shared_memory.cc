// SPDX-License-Identifier: MIT
// SharedMemory: blocks by name.
#include <cerrno>

#include "harness/model/call.h"

namespace lockstep::model {
namespace {

std::optional<Way> Construct(const State& state, const std::string& actor, const Call& call) {
  const Arguments given = Bind(state, actor, call, {"name", "create", "size"}, 0);
  if (!given.known || !given.fits || !given.values[0]) return std::nullopt;
  const auto name = PlainName(*given.values[0]);
  const auto* written = given.values[0]->If<std::string>();
  if (!name || written == nullptr || written->front() == '/') return std::nullopt;
  const bool create = given.values[1] && Truth(*given.values[1]);
  std::int64_t size = 0;
  if (given.values[2]) {
    const auto* number = given.values[2]->If<std::int64_t>();
    if (number == nullptr || *number > kSurelyFits) return std::nullopt;
    size = *number;
  }
  if (size < 0 || (create && size == 0)) return Raises(state, "ValueError", "", rules::kBlockSize);
  State next = state;
  next.ProcessOf(actor).ForgetClosed();
  SharedMemory memory{0, *written, 0, false};
  const auto found = state.block_names.find(*name);
  if (create) {
    if (found != state.block_names.end()) return RaisesErrno(state, EEXIST, rules::kExists);
    memory.block = static_cast<int>(next.blocks.size());
    next.blocks.push_back(Block{std::string(static_cast<std::size_t>(size), '\0')});
    next.block_names[*name] = memory.block;
  } else {
    if (found == state.block_names.end()) return RaisesErrno(state, ENOENT, rules::kNotThere);
    memory.block = found->second;
    if (next.blocks[static_cast<std::size_t>(memory.block)].bytes.empty()) return std::nullopt;
  }
  memory.size = static_cast<std::int64_t>(next.blocks[static_cast<std::size_t>(memory.block)].bytes.size());
  if (!call.as.empty()) {
    next.ProcessOf(actor).values.erase(call.as);
    next.ProcessOf(actor).objects[call.as] = memory;
  }
  return Returns(std::move(next), Value(Object{"SharedMemory"}),
                 create ? rules::kBlockMade : rules::kBlockAttached);
}

std::optional<std::size_t> IndexIn(const std::string& bytes, const std::optional<Value>& value) {
  const auto* index = value ? value->If<std::int64_t>() : nullptr;
  if (index == nullptr || *index < 0 || *index > static_cast<std::int64_t>(bytes.size())) return std::nullopt;
  return static_cast<std::size_t>(*index);
}

}  // namespace

std::optional<Way> CallSharedMemory(const State& state, const std::string& actor, const Call& call) {
  if (call.operation == "SharedMemory") return Construct(state, actor, call);
  State next = state;
  auto& objects = next.ProcessOf(actor).objects;
  const auto found = objects.find(call.object);
  auto* memory = found == objects.end() ? nullptr : std::get_if<SharedMemory>(&found->second);
  if (memory == nullptr) return std::nullopt;
  std::string& bytes = next.blocks[static_cast<std::size_t>(memory->block)].bytes;
  if (call.operation == "close") {
    memory->closed = true;
    return Returns(std::move(next), None{}, rules::kBlockClosed);
  }
  if (call.operation == "unlink") {
    const std::string name = "/" + memory->name;
    if (next.block_names.erase(name) == 0) return RaisesErrno(state, ENOENT, rules::kNotThere);
    return Returns(std::move(next), None{}, rules::kBlockUnlinked);
  }
  if (call.operation == "get" && call.args.size() == 1 && call.args[0].value == Value(std::string("size")))
    return Returns(state, memory->size, rules::kBlockAttached);
  if (memory->closed || (call.operation != "read" && call.operation != "write") || call.args.size() != 2)
    return std::nullopt;
  const auto start = IndexIn(bytes, Evaluate(state, actor, call.args[0]));
  if (!start) return std::nullopt;
  if (call.operation == "read") {
    const auto stop = IndexIn(bytes, Evaluate(state, actor, call.args[1]));
    if (!stop || *stop < *start) return std::nullopt;
    return Returns(state, Bytes{bytes.substr(*start, *stop - *start)}, rules::kBlockBytes);
  }
  const auto value = Evaluate(state, actor, call.args[1]);
  const auto* written = value ? value->If<Bytes>() : nullptr;
  if (written == nullptr || *start + written->data.size() > bytes.size()) return std::nullopt;
  bytes.replace(*start, written->data.size(), written->data);
  return Returns(std::move(next), None{}, rules::kBlockBytes);
}

}  // namespace lockstep::model
