// SPDX-License-Identifier: MIT
// Repetitions: in each, every entrant has a fresh process group, and all are measured in turn, quantity by quantity, in an
// order drawn anew and then the other way round (A B C C B A; what takes long by itself once only), so that what the
// machine does meanwhile meets all alike.
// Thread-compatible. Only one arena of a process may measure at a time.
#ifndef LOCKSTEP_BENCH_LATENCY_ARENA_H_
#define LOCKSTEP_BENCH_LATENCY_ARENA_H_

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "bench/latency/contestant.h"

namespace lockstep::bench {

// An implementation by the name that the session has for it. Two entrants may be one implementation.
struct Entrant {
  std::string name;
  Implementation implementation;
};

// One quantity of one entrant in one repetition.
struct Measured {
  double value = 0;             // the first quartile of bursts; the median of single calls and hand-overs
  std::vector<double> samples;  // single calls and hand-overs, ns; empty of other forms
  std::optional<double> fairness;
};

// By entrant, then by quantity; nothing where it was not measured.
using Repetition = std::vector<std::vector<std::optional<Measured>>>;

class Arena {
 public:
  struct Options {
    std::string channel_dir;
    std::string name_prefix;   // of the names in /dev/shm
    double timeout_scale = 1;
    std::uint64_t seed = 0;    // of the orders
  };

  // Blocks until each entrant has been started once, to learn what it is. An Error: none can be measured here.
  static Result<std::unique_ptr<Arena>> Make(std::vector<Entrant> entrants, Options options);
  ~Arena();

  const std::vector<Entrant>& entrants() const { return entrants_; }
  // What an entrant's adapter said of itself; nothing if it did not start.
  const std::optional<Hello>& hello(std::size_t entrant) const { return states_[entrant].hello; }
  // Why an entrant is measured no more; empty: it is.
  const std::string& trouble(std::size_t entrant) const { return states_[entrant].trouble; }
  // The capability (or kReentry) that an entrant lacks for a quantity; empty: none.
  std::string Lacks(std::size_t entrant, const Quantity& quantity) const;
  const Counts& counts(std::size_t entrant) const { return states_[entrant].counts; }

  // One repetition of these quantities. An entrant that fails in it has a trouble from then on, and no values. Bounded by
  // what the entrants take, and for each that does not answer by 10 s (scaled). After an interrupt it ends soon.
  Repetition Run(const std::vector<Quantity>& quantities);
  // Takes each entrant's counts, those that these quantities are about. Not part of a repetition: it traces.
  void Count(const std::vector<Quantity>& quantities);

 private:
  struct State {
    std::optional<Hello> hello;
    std::set<std::string> abilities;
    std::string trouble;
    Counts counts;
  };

  Arena(std::vector<Entrant> entrants, Options options, Supervisor supervisor, OutputCapture output);
  std::vector<std::unique_ptr<Contestant>> StartAll();
  std::unique_ptr<Contestant> StartOne(std::size_t entrant);
  void Exclude(std::size_t entrant, const std::string& why);

  const std::vector<Entrant> entrants_;
  const Options options_;
  Supervisor supervisor_;
  OutputCapture output_;
  std::vector<State> states_;
  std::map<std::string, Efforts> efforts_;  // by the identity of an implementation
  std::mt19937_64 random_;
  long started_ = 0;
};

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_LATENCY_ARENA_H_
