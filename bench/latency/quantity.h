// SPDX-License-Identifier: MIT
// What is measured of an implementation, and how an adapter is asked for it (impl/adapters/PROTOCOL.md, section 11).
#ifndef LOCKSTEP_BENCH_LATENCY_QUANTITY_H_
#define LOCKSTEP_BENCH_LATENCY_QUANTITY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/os/clock.h"

namespace lockstep::bench {

// Where the two processes of a hand-over are.
enum class Placement { kSameCpu, kOtherCpu, kUnpinned };
const char* NameOf(Placement placement);  // "same-cpu", "other-cpu", "unpinned"

// Not a capability of an adapter: that the owner of a recursive mutex comes in again. The raw semaphore's does not.
constexpr const char* kReentry = "re-entry";

struct Quantity {
  enum class Form {
    kBursts,     // many calls between two looks at the clock: what one takes
    kCalls,      // each call by itself
    kTimeouts,   // acquire(True, t) in vain: how much later than t it returns
    kHandOver,   // from the intended instant of a release() to the return of the acquire() that it ends
    kContended,  // several processes at once on one semaphore for a time: pairs a second, and fairness
  };
  std::string name;  // "free/recursive", "hand-over/same-cpu/100us"
  Form form = Form::kBursts;
  std::string what;     // the adapter's word: "pairs", "tries" …
  std::string object;   // on which object; see Contestant
  std::string says;     // in a few words, for people
  double timeout_s = 0;                              // kTimeouts
  Placement placement = Placement::kSameCpu;         // kHandOver
  nanoseconds idle{0};                               // kHandOver: for how long the waiter has waited at the post
  int processes = 1;                                 // kContended
  std::vector<std::string> needs;                    // capabilities besides `measure`, and kReentry
  bool compared = false;  // belongs to what `--against` compares unasked

  bool more_is_better() const { return form == Form::kContended; }
  const char* unit() const { return form == Form::kContended ? "pairs/s" : "ns"; }
  // kContended's second value: the fewest pairs of a process over the most; 1 is fair. Empty for all others.
  std::string fairness_name() const;
};

// Every quantity there is, in the order in which they are told. Those that need a second CPU are left out where there is none.
std::vector<Quantity> AllQuantities(bool has_other_cpu);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_LATENCY_QUANTITY_H_
