// SPDX-License-Identifier: MIT
// The operations that are swept. Each is a small transcript with one call in it, the one that is
// broken, and what may come of that: several transcripts, one of which has to come true.
//
// In the templates `@a` makes the call and `@b` is another process, which has made what the call
// needs. `new d s` is one more process that has the semaphore `s`, `new d` one that needs nothing.
#ifndef LOCKSTEP_HARNESS_FAULTS_SUBJECT_H_
#define LOCKSTEP_HARNESS_FAULTS_SUBJECT_H_

#include <string>
#include <vector>

namespace lockstep::faults {

enum class Sweep { kKills, kErrors, kSignals, kResources };
constexpr Sweep kSweeps[] = {Sweep::kKills, Sweep::kErrors, Sweep::kSignals, Sweep::kResources};
std::string ToText(Sweep sweep);  // "kills"

// How a transcript may go on. Where `allowed` is not empty only an implementation may have it so
// whose contract is of these levels at most; `allowed` says then what has gone wrong.
struct Ending {
  std::string lines;
  std::string allowed = "";
  int up_to_crash = 9;
  int up_to_names = 9;
  bool after_the_name = false;  // only where the call has made a name, by link(), before it failed
};

struct Subject {
  std::string name;    // "create-and-unlink"
  std::string before;  // lines that make what the call needs; each `new …` is in a line of its own
  std::string call;    // "s.acquire()"; empty: it is killed outside of its calls, and nothing else
  bool waits = false;  // it blocks, and `during` has it come back
  std::string during;  // lines while it blocks
  std::string done;    // what comes of it: "-> True"; of a call that waits "returns True"
  std::string after;   // lines after that
  // How it may go on after the call was killed; nothing: it is no subject of kills.
  std::vector<Ending> killed;
  // How it may go on after the call has raised an injected error; nothing: no subject of errors.
  std::vector<Ending> failed;
  // What to do where the call came back as if nothing had been, when that is not `done` and
  // `after`.
  std::vector<Ending> unhurt;
  // How it may go on after a handler has raised out of the call; nothing: no subject of signals.
  std::vector<Ending> interrupted;
  // Errors that a futex may end in here, which are those of a wait or those of a wake.
  enum class Futex { kNone, kWaits, kWakes } futex = Futex::kNone;
};

// All, in the order in which they are told.
const std::vector<Subject>& Subjects();

}  // namespace lockstep::faults

#endif  // LOCKSTEP_HARNESS_FAULTS_SUBJECT_H_
