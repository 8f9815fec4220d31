// SPDX-License-Identifier: MIT
// What one session of measurements found: the values of each quantity of each implementation, and the machine. It is
// what `lockstep bench` prints, writes and stores, and what a later session is compared with.
#ifndef LOCKSTEP_BENCH_SESSION_SESSION_H_
#define LOCKSTEP_BENCH_SESSION_SESSION_H_

#include <map>
#include <string>
#include <vector>

#include "bench/statistics/histogram.h"

namespace lockstep::bench {

// What decides how fast a semaphore is here. Sessions of different fingerprints are never compared.
struct Machine {
  std::string fingerprint;                   // 16 hexadecimal digits, of the facts that decide speed
  std::map<std::string, std::string> facts;  // "cpu", "cpus", "kernel", "libc" …
};

// One quantity of one implementation.
struct Series {
  std::string implementation;  // as the session calls it: "reference", "cpython-3.14.8", "raw"
  std::string version;         // as its adapter says
  std::string quantity;        // "free/recursive", "hand-over/same-cpu/0us" (`lockstep bench --list` has all)
  std::string unit;            // "ns"; "pairs/s"; "" of a plain number
  bool more_is_better = false;
  std::vector<double> values;  // one a repetition, in the order in which they were measured
  // The value over the raw C semaphore's of the same repetition, as far as there is one; else empty.
  std::vector<double> ratios;
  Histogram samples;  // single calls or hand-overs, ns; empty where only batches of calls were timed
};

struct SessionRecord {
  std::string id;        // 32 hexadecimal digits, random
  std::string started;   // UTC, "2026-11-23T02:27:08Z"
  std::string lockstep;  // the version of this program
  std::string command;   // that measures it again
  std::string label;     // the user's, such as a commit; may be empty
  Machine machine;
  std::vector<Series> series;
};

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_SESSION_SESSION_H_
