// SPDX-License-Identifier: MIT
// One implementation in one repetition: a process group of its own, fresh, with the semaphores that the quantities are
// measured on. All contestants of a repetition are there at once, and asked in turn; who is not asked sleeps in a read.
//
//   r  a recursive mutex, free          h  a recursive mutex that p holds       z  a semaphore without a unit
//   c  a semaphore of maximum 1, free   a, b  the two of a hand-over: p waits for a and posts b, q the other way round
#ifndef LOCKSTEP_BENCH_LATENCY_CONTESTANT_H_
#define LOCKSTEP_BENCH_LATENCY_CONTESTANT_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/latency/quantity.h"
#include "bench/statistics/histogram.h"
#include "harness/adapter/crew.h"
#include "harness/adapter/implementation.h"
#include "harness/os/call_tracer.h"

namespace lockstep::bench {

// How many turns a burst has, by quantity: found once for each implementation, and the same in all repetitions.
using Efforts = std::map<std::string, std::int64_t>;

// What one visit of a quantity gave.
struct Visit {
  std::vector<double> values;  // one a burst, call or hand-over, in the quantity's unit; of kContended one
  std::optional<double> fairness;
};

// What one turn costs in counts that do not jitter.
struct Counts {
  std::optional<double> syscalls;            // of an acquire() and release() of a free semaphore; nothing: cannot be traced here
  std::optional<double> futexes;             // futex calls of a hand-over to a sleeper, of both processes together
  std::optional<double> voluntary_switches;  // of the same
};

class Contestant {
 public:
  struct Options {
    std::string channel_dir;
    std::string names;          // what its semaphores are called, without a slash; of no other that is there
    double timeout_scale = 1;   // multiplies every bound on waiting
    std::vector<int> cpus;      // that it may use: the first is where it is measured, the last is "the other"
  };

  // Starts the process `p` and makes its semaphores. All references outlive it. Blocks for as long as the adapter's
  // start takes, 10 s (scaled) at most. An Error: it does not start, or cannot make a semaphore.
  static Result<std::unique_ptr<Contestant>> Start(const Implementation& implementation, Supervisor& supervisor,
                                                   OutputCapture& output, Efforts& efforts, Options options);
  // Ends its processes, and removes its names.
  ~Contestant();
  Contestant(const Contestant&) = delete;
  Contestant& operator=(const Contestant&) = delete;

  const Hello& hello() const { return *p_->hello; }
  // The capabilities of its adapter, and "re-entry" if the owner of its recursive mutex comes in again.
  const std::set<std::string>& abilities() const { return abilities_; }
  // What of a quantity's needs is not among them; empty: nothing.
  static std::string Lacks(const std::set<std::string>& abilities, const Quantity& quantity);

  // One visit; the first of a quantity is preceded by one for nothing, in which caches and compilers warm up. The
  // quantity is one that lacks nothing. An Error: something raised, or the adapter failed, or did not answer in time.
  Result<Visit> Measure(const Quantity& quantity);

  // Counts; nothing where they cannot be had here, or something failed on the way. They block for some ten ms, and
  // for 10 s (scaled) where a waiter never sleeps.
  std::optional<double> CountSyscalls();
  Counts CountHandOvers();  // less the system calls

 private:
  Contestant(Supervisor& supervisor, OutputCapture& output, Efforts& efforts, Options options);

  Result<Actor*> Launch(const std::string& name);
  Result<Actor*> Further(const std::string& name);
  Result<void> Hold();
  Result<void> Need(std::size_t processes);
  Result<void> Make(const std::string& object, int kind, int value);
  Request MeasureRequest(const std::string& what, const std::string& object, std::vector<Value> args) const;
  std::string Failure(Actor& actor, const std::string& what);
  Result<std::vector<Reply>> Await(const std::vector<Actor*>& actors, nanoseconds limit);
  Result<Reply> AskForReply(Actor& actor, Request request, nanoseconds limit);
  Result<Value> Ask(Actor& actor, Request request, nanoseconds limit);
  Result<std::vector<double>> AskDurations(Actor& actor, Request request, std::int64_t count, nanoseconds limit);
  Result<Visit> Bursts(const Quantity& quantity, std::int64_t turns, std::int64_t bursts);
  Result<std::int64_t> Turns(const Quantity& quantity);
  Result<Visit> Once(const Quantity& quantity);
  Result<Visit> Timeouts(const Quantity& quantity);
  Result<Visit> HandOver(const Quantity& quantity, std::int64_t turns);
  Result<Visit> Contend(const Quantity& quantity);
  bool AwaitAsleep(Actor& actor, bool in_call);
  bool HandOverToASleeper();
  std::optional<double> CountVoluntarySwitches();
  std::optional<double> CountFutexes();
  void Place(Placement placement);
  std::optional<std::unique_ptr<CallTracer>> Trace(Actor& actor);
  std::string NameOfObject(const std::string& object) const { return "/" + options_.names + object; }
  nanoseconds Scaled(nanoseconds limit) const;

  Supervisor& supervisor_;
  Efforts& efforts_;
  const Options options_;
  Implementation implementation_;
  std::set<std::string> abilities_;
  std::unique_ptr<Crew> crew_;
  Actor* p_ = nullptr;
  std::vector<Actor*> further_;  // q and those after it
  struct Made {
    std::string object;
    int kind;
  };
  std::vector<Made> made_;
  std::vector<std::string> warmed_;
  bool handed_ = false;  // a has the unit that goes to and fro
};

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_LATENCY_CONTESTANT_H_
