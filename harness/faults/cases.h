// SPDX-License-Identifier: MIT
// From subjects, and the system calls that an implementation was seen to make in them, to
// transcripts. Pure: the same for the same.
#ifndef LOCKSTEP_HARNESS_FAULTS_CASES_H_
#define LOCKSTEP_HARNESS_FAULTS_CASES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "harness/faults/subject.h"

namespace lockstep::faults {

// The system calls of one undisturbed call, in order.
struct Recorded {
  struct Syscall {
    std::string name;
    bool of_memory = false;  // an allocator's
  };
  std::vector<Syscall> calls;
};

// One point of one subject: right is what one of `variants` has come true of, the first of them
// without `allowed` if any.
struct Case {
  Sweep sweep = Sweep::kKills;
  std::string subject;
  std::string point;             // "futex:exit#1", "openat#2.. with EMFILE"
  std::vector<Ending> variants;  // `lines` is a whole transcript
  bool may_leave_names = false;  // what was to remove them was made to fail
  bool may_leave_descriptors = false;
};

// An undisturbed transcript in which the call is recorded; `forks`: the implementation can fork.
Case RecordingOf(const Subject& subject, Sweep sweep, bool forks);
// Whether a subject takes part in a sweep.
bool IsSwept(const Subject& subject, Sweep sweep);
// Every point of it. Not for kResources. Of one without a call the one point that there is.
std::vector<Case> CasesOf(const Subject& subject, Sweep sweep, bool forks,
                          const Recorded& recorded);
// What there is not enough of, call by call: these need no recording.
std::vector<Case> ResourceCases();

// The same steps with each call that is to answer followed by a tracer: one that never answers is
// known then to be what the implementation does, and not its adapter.
std::string TraceEachCall(const std::string& lines);

}  // namespace lockstep::faults

#endif  // LOCKSTEP_HARNESS_FAULTS_CASES_H_
