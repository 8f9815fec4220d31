// SPDX-License-Identifier: MIT
#include "harness/model/state.h"

#include <fmt/format.h>

#include <utility>

namespace lockstep::model {

std::string State::FirstName(const std::string& actor) const {
  const auto alias = aliases.find(actor);
  return alias == aliases.end() ? actor : alias->second;
}

Thread& State::At(const std::string& actor) { return threads.at(FirstName(actor)); }
const Thread& State::At(const std::string& actor) const { return threads.at(FirstName(actor)); }

SemLock* State::FindSemLock(const std::string& actor, const std::string& object) {
  return const_cast<SemLock*>(std::as_const(*this).FindSemLock(actor, object));
}

const SemLock* State::FindSemLock(const std::string& actor, const std::string& object) const {
  const auto& objects = ProcessOf(actor).objects;
  const auto found = objects.find(object);
  return found == objects.end() ? nullptr : std::get_if<SemLock>(&found->second);
}

std::string State::Key() const {
  std::string key;
  for (const Semaphore& one : semaphores) key += fmt::format("s{};", one.value);
  for (const Block& one : blocks) key += fmt::format("b{}:{};", one.bytes.size(), one.bytes);
  for (const auto& [name, semaphore] : semaphore_names) key += fmt::format("n{}={};", name, semaphore);
  for (const auto& [name, block] : block_names) key += fmt::format("m{}={};", name, block);
  for (const Process& process : processes) {
    key += fmt::format("P{}{}", process.end, process.stopped ? "T" : "");
    for (const auto& [name, object] : process.objects) {
      key += ' ' + name;
      if (const auto* lock = std::get_if<SemLock>(&object)) {
        key += fmt::format(":{},{},{},{},{},{}", lock->semaphore, lock->kind, lock->maxvalue,
                           lock->name.value_or(""), lock->count, lock->last_thread);
      } else {
        const auto& memory = std::get<SharedMemory>(object);
        key += fmt::format("#{},{},{}", memory.block, memory.name, memory.closed);
      }
    }
    for (const auto& [name, value] : process.values)
      key += fmt::format(" {}={}", name, value ? value->Repr() : "?");
    for (const auto& [signal, handler] : process.handlers)
      key += fmt::format(" {}!{}{}{}", signal, static_cast<int>(handler.action), handler.type,
                         ToText(handler.call));
    key += ';';
  }
  for (const auto& [name, thread] : threads) {
    key += fmt::format("t{}:{},{},{}", name, thread.process, thread.identity, thread.ended);
    if (thread.wait)
      key += fmt::format("w{},{}", thread.wait->object, static_cast<int>(thread.wait->patience));
    if (thread.outcome) key += "o" + (thread.outcome->what ? ToText(*thread.outcome->what) : "?");
    key += ';';
  }
  for (const auto& [alias, name] : aliases) key += fmt::format("a{}={};", alias, name);
  return key;
}

State Beginning(const Version& like) {
  State state;
  if (like.parts.size() > 1 && like.parts[0] == 3) state.python_minor = like.parts[1];
  state.processes.emplace_back();
  state.threads["p"] = Thread{};
  state.next_identity = 1;
  return state;
}

}  // namespace lockstep::model
