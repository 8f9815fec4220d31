// SPDX-License-Identifier: MIT
#include "harness/os/descriptor_limit.h"

namespace lockstep {

rlimit OriginalDescriptorLimit() {
  static const rlimit original = [] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit;
  }();
  return original;
}

void RaiseDescriptorLimit() {
  rlimit limit = OriginalDescriptorLimit();
  limit.rlim_cur = limit.rlim_max;
  // Refused: then the soft limit has to do, and running out of descriptors is told as what it is.
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

}  // namespace lockstep
