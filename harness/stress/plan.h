// SPDX-License-Identifier: MIT
// What a stress test is made of: rounds of epochs. A round has actors and semaphores of its own; an epoch
// is so many turns of each, after which all wait for each other. Plain data, drawn from a seed.
#ifndef LOCKSTEP_HARNESS_STRESS_PLAN_H_
#define LOCKSTEP_HARNESS_STRESS_PLAN_H_

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::stress {

using Random = std::mt19937_64;
// From 0 to below `below`, which is above 0.
inline std::int64_t Any(Random& random, std::int64_t below) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
}

// Which epochs' calls are recorded, and so judged exactly.
enum class Density {
  kFull,     // all
  kSampled,  // one of eight, and those with stops or signals
  kNone,     // but for those in which somebody is killed, none
};

// What makes races likely. Each can be turned off.
struct Amplifiers {
  bool races = true;    // two calls made to meet, at every distance
  bool stops = true;    // processes are stopped and go on (SIGSTOP, SIGCONT)
  bool kills = true;
  bool signals = true;  // handlers that return run in waits
  bool pins = true;     // all actors on one CPU
};

enum class Use {
  kGuard,     // taken and given back by everybody
  kHandOver,  // given by some, taken by others
  kPass,      // units go from this one to the next and from there back: a lost wakeup stops it for good
  kPassBack,
};

struct SemaphorePlan {
  std::string object;  // the name of the object in each process
  int kind = 1;        // 0: RECURSIVE_MUTEX, 1: SEMAPHORE
  int value = 1;
  int maxvalue = 1;
  Use use = Use::kGuard;
};

struct RoundPlan {
  int processes = 2;
  int threads = 1;  // of each
  std::vector<SemaphorePlan> semaphores;
};

struct EpochPlan {
  bool recorded = false;
  bool pinned = false;
  bool stops = false;
  bool signals = false;
  bool kills = false;   // one process, once. Ends the round
  int focus = -1;       // the semaphore that all turns are of, with the one beside it; -1: of all
  std::string canary;   // one release too many of this object, that the oracles have to find. Ends the round
  std::vector<std::pair<std::string, int>> mix;  // PROTOCOL.md, section 10
};

struct Limits {
  int processes = 0;  // 0: drawn for each round
  int threads = 0;
  Density density = Density::kSampled;
  Amplifiers amplifiers;
};

// How a round ends: with what cannot be gone on from.
enum class Last { kNotYet, kCanary, kKill };

// `capabilities`: of the implementation.
RoundPlan PlanRound(Random& random, const Limits& limits, const std::set<std::string>& capabilities);
EpochPlan PlanEpoch(Random& random, const Limits& limits, const RoundPlan& round, int epoch, Last last,
                    const std::set<std::string>& capabilities);

}  // namespace lockstep::stress

#endif  // LOCKSTEP_HARNESS_STRESS_PLAN_H_
