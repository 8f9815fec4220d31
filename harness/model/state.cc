// SPDX-License-Identifier: MIT
#include "harness/model/state.h"

#include <array>
#include <charconv>
#include <utility>

namespace lockstep::model {

void Process::ForgetClosed() {
  std::erase_if(descriptors, [](const auto& one) { return one.second.closed; });
}

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
  const auto number = [&](std::int64_t value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    key.append(digits.data(), end.ptr).push_back(',');
  };
  // Its length first: no text can look like what follows it.
  const auto text = [&](const std::string& value) {
    number(static_cast<std::int64_t>(value.size()));
    key += value;
  };
  number(static_cast<std::int64_t>(semaphores.size()));
  for (const Semaphore& one : semaphores) number(one.value);
  number(static_cast<std::int64_t>(blocks.size()));
  for (const Block& one : blocks) text(one.bytes);
  for (const auto* names : {&semaphore_names, &block_names}) {
    number(static_cast<std::int64_t>(names->size()));
    for (const auto& [name, of] : *names) {
      text(name);
      number(of);
    }
  }
  number(static_cast<std::int64_t>(processes.size()));
  for (const Process& process : processes) {
    text(process.end);
    number(process.stopped ? 1 : 0);
    number(static_cast<std::int64_t>(process.objects.size()));
    for (const auto& [name, object] : process.objects) {
      text(name);
      number(static_cast<std::int64_t>(object.index()));
      if (const auto* lock = std::get_if<SemLock>(&object)) {
        for (const std::int64_t one :
             {std::int64_t{lock->semaphore}, lock->kind, lock->maxvalue, lock->count, std::int64_t{lock->last_thread}})
          number(one);
        number(lock->name ? 1 : 0);
        text(lock->name.value_or(""));
      } else {
        const auto& memory = std::get<SharedMemory>(object);
        number(memory.block);
        text(memory.name);
        number(memory.size);
        number(memory.closed ? 1 : 0);
      }
    }
    number(static_cast<std::int64_t>(process.values.size()));
    for (const auto& [name, value] : process.values) {
      text(name);
      text(value ? value->Repr() : "?");
    }
    number(static_cast<std::int64_t>(process.descriptors.size()));
    for (const auto& [id, descriptor] : process.descriptors) {
      number(id);
      number(descriptor.block);
      number((descriptor.writable ? 2 : 0) + (descriptor.closed ? 1 : 0));
    }
    number(static_cast<std::int64_t>(process.handlers.size()));
    for (const auto& [signal, handler] : process.handlers) {
      text(signal);
      number(static_cast<std::int64_t>(handler.action));
      text(handler.type);
      text(ToText(handler.call));
    }
  }
  for (const auto& [name, thread] : threads) {
    text(name);
    number(thread.process);
    number(thread.identity);
    number((thread.ended ? 4 : 0) + (thread.wait ? 2 : 0) + (thread.outcome ? 1 : 0));
    if (thread.wait) {
      text(thread.wait->object);
      number(static_cast<std::int64_t>(thread.wait->patience));
    }
    if (thread.outcome) text(thread.outcome->what ? ToText(*thread.outcome->what) : "?");
  }
  for (const auto& [alias, name] : aliases) {
    text(alias);
    text(name);
  }
  return key;
}

State Beginning(const Version& like) {
  State state;
  state.of_its_version = {like < kEnterIsItsOwn, like < kFlagsAreTruths};
  state.processes.emplace_back();
  state.threads["p"] = Thread{};
  state.next_identity = 1;
  return state;
}

}  // namespace lockstep::model
