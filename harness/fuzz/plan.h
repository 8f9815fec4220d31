// SPDX-License-Identifier: MIT
// A scenario as a value that can be generated and shrunk: small numbers, each a choice, and simpler
// ones smaller. A choice that cannot be made where it stands is left out.
#ifndef LOCKSTEP_HARNESS_FUZZ_PLAN_H_
#define LOCKSTEP_HARNESS_FUZZ_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/fuzz/writer.h"

namespace lockstep::fuzz {

// What an actor does. The first is the simplest.
enum class Action : std::uint8_t {
  kGetValue,
  kIsZero,
  kCount,
  kIsMine,
  kRelease,
  kTry,         // acquire(False)
  kAcquire,     // acquire()
  kAcquireFor,  // acquire(timeout=…): argument chooses 0, less, a moment, a minute
  kEnter,
  kExit,
  kAfterFork,
  kAttribute,
  kFork,
  kThread,
  kKill,
  kExitProcess,
  kEndThread,
  kConstruct,
  kRebuild,
  kUnnamed,
  kDelete,
  kUnlink,
  kOddAcquire,    // arguments of odd types
  kOddConstruct,  // the same
  kBlockMake,     // SharedMemory(create=True)
  kBlockAttach,
  kBlockRead,
  kBlockWrite,
  kBlockSize,
  kBlockClose,
  kBlockUnlink,
  kShmOpen,
  kShmResize,
  kShmSize,
  kShmClose,
  kShmUnlink,
  kStop,
  kContinue,
  kHandle,  // a handler of SIGUSR1
  kSignal,
  kSpawn,
};
inline constexpr int kActions = static_cast<int>(Action::kSpawn) + 1;

// Indices are taken modulo what there is.
struct Choice {
  Action action = Action::kGetValue;
  std::uint8_t actor = 0;
  std::uint8_t object = 0;
  std::uint8_t argument = 0;
  bool operator==(const Choice&) const = default;
};

// The first semaphore: one of Setups(), by its index modulo their number.
struct Plan {
  std::uint8_t setup = 0;
  std::vector<Choice> choices;
  bool operator==(const Plan&) const = default;
};

struct Setup {
  const char* kind;
  int value;
  int maxvalue;
};
const std::vector<Setup>& Setups();

// Those sights that a campaign must have seen, as far as what the subject lacks does not rule them out.
std::vector<std::string> RequiredSights(const Subject& subject);

// Pure. The first semaphore is `s` of `p`, with the name NAME.
Written Write(const Plan& plan, const std::string& name, const Subject& subject);

// Calls with odd arguments, one a transcript: an implementation may have no way to make them.
std::vector<Written> OddOnes(const Subject& subject);

// The parts of it, for what is put together otherwise.
//
// The semaphore `as` of this setup, made by `p`.
void MakeFirst(Writer* writer, const Setup& setup, const std::string& name, const std::string& as);
// One choice. Not empty `object`: it is on this one, and its name `name`, whatever the choice says.
void Choose(Writer* writer, const Choice& choice, const std::string& object = "", const std::string& name = "");

}  // namespace lockstep::fuzz

#endif  // LOCKSTEP_HARNESS_FUZZ_PLAN_H_
