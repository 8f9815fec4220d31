// SPDX-License-Identifier: MIT
#include "rebuild.h"

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "json.h"
#include "value.h"

namespace lockstep::adapter {
namespace {

// One line of the description: ("s", "SemLock", kind, maxvalue, name or None, descriptor or None)
// or ("m", "SharedMemory", name).
constexpr std::size_t kSemLockItems = 6;
constexpr std::size_t kSharedMemoryItems = 3;

template <typename T>
const T* Got(const Outcome<T>& outcome) {
  return std::get_if<T>(&outcome);
}

std::optional<Tuple> Describe(const std::string& key, SemLock& object) {
  const auto kind = object.Kind();
  const auto maxvalue = object.MaxValue();
  const auto name = object.Name();
  const auto descriptor = object.Descriptor();
  if (!Got(kind) || !Got(maxvalue) || !Got(name)) return std::nullopt;
  if (!*Got(name) && !descriptor) return std::nullopt;
  return Tuple{{key, "SemLock", *Got(kind), *Got(maxvalue),
                *Got(name) ? Value(**Got(name)) : Value(),
                descriptor ? Value(std::int64_t{*descriptor}) : Value()}};
}

std::optional<Tuple> Describe(const std::string& key, SharedMemory& object) {
  const auto name = object.Name();
  if (!Got(name)) return std::nullopt;
  return Tuple{{key, "SharedMemory", *Got(name)}};
}

Raised BadDescription() { return {"RuntimeError", "the description of the objects is broken", {}}; }

// Puts a made object under its name; what it raised otherwise.
template <typename T>
std::optional<Raised> KeepMade(Process& process, const std::string& key, std::string_view type,
                               Outcome<std::unique_ptr<T>> outcome) {
  if (auto* made = std::get_if<std::unique_ptr<T>>(&outcome); made != nullptr && *made != nullptr) {
    process.Keep(key, Object(type, std::shared_ptr<T>(std::move(*made))));
    return std::nullopt;
  }
  if (auto* raised = std::get_if<Raised>(&outcome)) return std::move(*raised);
  return Raised{"NotImplementedError", "'" + key + "' cannot be rebuilt", {}};
}

std::optional<Raised> RebuildSemLock(const std::vector<Value>& items, Process& process) {
  const auto* key = items[0].As<std::string>();
  const auto* kind = items[2].As<std::int64_t>();
  const auto* maxvalue = items[3].As<std::int64_t>();
  const auto* name = items[4].As<std::string>();
  const auto* descriptor = items[5].As<std::int64_t>();
  if (!key || !kind || !maxvalue || (!name && !descriptor)) return BadDescription();
  const int int_kind = static_cast<int>(*kind);
  const int int_maxvalue = static_cast<int>(*maxvalue);
  Implementation& implementation = process.implementation();
  if (name != nullptr) {
    return KeepMade(process, *key, kSemLockType,
                    implementation.RebuildSemLock(0, int_kind, int_maxvalue, *name));
  }
  const int fd = static_cast<int>(*descriptor);
  auto raised = KeepMade(process, *key, kSemLockType,
                         implementation.RebuildUnnamedSemLock(fd, int_kind, int_maxvalue));
  close(fd);
  return raised;
}

std::optional<Raised> RebuildSharedMemory(const std::vector<Value>& items, Process& process) {
  const auto* key = items[0].As<std::string>();
  const auto* name = items[2].As<std::string>();
  if (!key || !name) return BadDescription();
  const std::lock_guard lock(process.shared_memory_mutex());
  return KeepMade(process, *key, kSharedMemoryType,
                  process.implementation().OpenSharedMemory(*name, false, 0));
}

std::optional<Raised> RebuildOne(const Value& description, Process& process) {
  const auto* tuple = description.As<Tuple>();
  if (tuple == nullptr) return BadDescription();
  if (tuple->items.size() == kSemLockItems) return RebuildSemLock(tuple->items, process);
  if (tuple->items.size() == kSharedMemoryItems) return RebuildSharedMemory(tuple->items, process);
  return BadDescription();
}

}  // namespace

ObjectsDescription DescribeObjects(Process& process) {
  ObjectsDescription description;
  description.objects = process.Objects();
  List list;
  for (const auto& [key, object] : description.objects) {
    std::optional<Tuple> tuple;
    if (const auto semlock = object.As<SemLock>()) {
      tuple = Describe(key, *semlock);
      if (const auto descriptor = semlock->Descriptor()) {
        description.descriptors.push_back(*descriptor);
      }
    } else if (const auto memory = object.As<SharedMemory>()) {
      const std::lock_guard lock(process.shared_memory_mutex());
      tuple = Describe(key, *memory);
    }
    if (tuple) list.items.emplace_back(*std::move(tuple));
  }
  AppendValue(std::move(list), &description.text);
  return description;
}

std::optional<Raised> RebuildObjects(std::string_view text, Process& process) {
  const auto value = ParseValue(text);
  const List* list = value ? value->As<List>() : nullptr;
  if (list == nullptr) return BadDescription();
  std::optional<Raised> first;
  for (const Value& description : list->items) {
    auto raised = RebuildOne(description, process);
    if (!first) first = std::move(raised);
  }
  return first;
}

}  // namespace lockstep::adapter
