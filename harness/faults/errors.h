// SPDX-License-Identifier: MIT
// Which errors a system call may end in, by its manual page, and how a caller may be told of them.
#ifndef LOCKSTEP_HARNESS_FAULTS_ERRORS_H_
#define LOCKSTEP_HARNESS_FAULTS_ERRORS_H_

#include <string>
#include <vector>

#include "harness/faults/subject.h"

namespace lockstep::faults {

// By the section "ERRORS" of its page in section 2 of the Linux manual, less those that only a
// caller's own mistake makes (EFAULT, EBADF). Of futex those of a wait or a wake; empty: the call
// is not made to fail.
std::vector<std::string> ErrnosOf(const std::string& call, Subject::Futex futex);

// Whether it may fail so each time: not where trying again is what the caller has to do.
bool MayFailForEver(const std::string& call, const std::string& error);

// "raises OSError ENOMEM or raises MemoryError": all that is right to be told.
std::string RaisedAs(const std::string& call, const std::string& error);

}  // namespace lockstep::faults

#endif  // LOCKSTEP_HARNESS_FAULTS_ERRORS_H_
