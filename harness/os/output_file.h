// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_OUTPUT_FILE_H_
#define LOCKSTEP_HARNESS_OS_OUTPUT_FILE_H_

#include <string>

#include "harness/os/fd.h"
#include "harness/os/result.h"

namespace lockstep {

// Opens a file for writing from its start, emptied, close-on-exec, and locked for as long as the
// descriptor lives: an Error where another process writes to it so. What cannot be locked or emptied
// (a pipe, /dev/null) is opened all the same.
Result<UniqueFd> OpenToWriteAlone(const std::string& path);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_OUTPUT_FILE_H_
