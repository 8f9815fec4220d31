// SPDX-License-Identifier: MIT
#include "harness/os/result.h"

#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace lockstep {

tl::unexpected<Error> FailErrno(const std::string& what, int errno_value) {
  return Fail(what + ": " + std::generic_category().message(errno_value));
}

void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\nThis is a defect of Lockstep: please report it.\n",
               file, line, condition);
  std::abort();
}

}  // namespace lockstep
