// SPDX-License-Identifier: MIT
//
// Between the objects and what stands in for the C library (libc_*.cc): on whose behalf the library
// makes its calls now, on this thread.
#ifndef LOCKSTEP_IMPL_MUTANTS_INTERPOSITION_H_
#define LOCKSTEP_IMPL_MUTANTS_INTERPOSITION_H_

#include <utility>

#include "implementation.h"

namespace lockstep::mutants {

enum class Within {
  kNothing,  // the adapter's own calls are never touched
  kBlockingAcquire,
  kUnnamed,       // an unnamed semaphore is made or rebuilt
  kUnnamedEnd,    // … or goes
  kSegment,       // a segment is made or opened
  kSegmentClose,  // … or closed
};

inline thread_local Within within = Within::kNothing;

// Says so as long as it lives.
class Scope {
 public:
  explicit Scope(Within what) : before_(std::exchange(within, what)) {}
  ~Scope() { within = before_; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  const Within before_;
};

// An OSError in the words of strerror().
adapter::Raised OsError(int errno_value);

}  // namespace lockstep::mutants

#endif  // LOCKSTEP_IMPL_MUTANTS_INTERPOSITION_H_
