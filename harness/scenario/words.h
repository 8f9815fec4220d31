// SPDX-License-Identifier: MIT
// The words that the transcript language knows: tables, all immutable, for any thread.
#ifndef LOCKSTEP_HARNESS_SCENARIO_WORDS_H_
#define LOCKSTEP_HARNESS_SCENARIO_WORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::transcript {

// What an object of an adapter's process is. kLock: Lock, RLock, Semaphore, BoundedSemaphore.
enum class ObjectKind { kSemLock, kSharedMemory, kLock, kCondition, kEvent, kBarrier, kAny };
// As Python calls it; "" for kAny.
std::string_view KindName(ObjectKind kind);

struct Operation {
  std::string name;        // of impl/adapters/PROTOCOL.md, section 5
  std::vector<ObjectKind> on;  // a method of objects of these kinds (kAny: of every kind); empty:
                               // a function
  std::string capability;  // that an implementation must have; empty where every one has it
  std::optional<ObjectKind> makes;  // the kind of the object that it returns

  bool is_method() const { return !on.empty(); }
};

// The operations that a transcript may write as calls, and the one of this name, or nullptr.
const std::vector<Operation>& Operations();
const Operation* FindOperation(std::string_view name);

// The attributes of objects of `kind`: `s.kind`.
const std::vector<std::string>& AttributesOf(ObjectKind kind);

// RECURSIVE_MUTEX, SEM_VALUE_MAX, O_CREAT …
const std::vector<std::string>& ConstantNames();
std::optional<std::int64_t> ConstantValue(std::string_view name);

// Python's exceptions. An OSError subclass stands for some errno values.
struct ExceptionName {
  std::string name;
  bool is_os_error;
  std::vector<int>
      errnos;  // of a subclass of OSError; empty for OSError itself, which may have any
};
const ExceptionName* FindException(std::string_view name);
const std::vector<std::string>& ExceptionNames();

std::optional<int> ErrnoValue(std::string_view name);
// "ENOENT"; the number where no name is known.
std::string ErrnoName(int value);
const std::vector<std::string>& ErrnoNames();

const std::vector<std::string>& SignalNames();

// Never actors, as LANGUAGE.md lists them.
const std::vector<std::string>& ReservedWords();
// What may follow an actor: fork, returns, still …
const std::vector<std::string>& StepWords();
// Types that an expected value may be: int, str …
const std::vector<std::string>& TypeWords();
// impl/adapters/PROTOCOL.md, section 6.
const std::vector<std::string>& CapabilityNames();

bool Contains(const std::vector<std::string>& words, std::string_view word);

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_WORDS_H_
