// SPDX-License-Identifier: MIT
// A scenario as a value that can be generated and shrunk: small numbers, each a choice, and simpler
// ones smaller. The model turns it into a transcript: a choice that cannot be made where it stands is
// left out, and each step gets what the model allows as its expectation.
#ifndef LOCKSTEP_HARNESS_FUZZ_PLAN_H_
#define LOCKSTEP_HARNESS_FUZZ_PLAN_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/scenario/scenario.h"

namespace lockstep::fuzz {

// What an actor does. The first is the simplest.
enum class Action : std::uint8_t {
  kGetValue,
  kIsZero,
  kCount,
  kIsMine,
  kRelease,
  kTry,        // acquire(False)
  kAcquire,    // acquire()
  kAcquireFor,  // acquire(timeout=…): argument chooses 0, less, a moment, a minute
  kEnter,
  kExit,
  kAfterFork,
  kFork,
  kThread,
  kKill,
  kExitProcess,
  kEndThread,
  kConstruct,
  kRebuild,
  kUnlink,
  kOddAcquire,    // arguments of odd types
  kOddConstruct,  // the same
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

// What happened in a scenario that is worth having seen, by its name: "two waiters", "fork while
// owned" …
using Sights = std::map<std::string, int>;
// Those that a campaign must have seen.
const std::vector<std::string>& RequiredSights();

struct Written {
  Scenario scenario;
  Sights sights;
};
// Pure. What is allowed is so by the rules of this version of CPython. The scenario needs nothing but
// fork, thread and what its choices ask for.
Written Write(const Plan& plan, const std::string& name, const Version& like);

}  // namespace lockstep::fuzz

#endif  // LOCKSTEP_HARNESS_FUZZ_PLAN_H_
