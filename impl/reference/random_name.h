// SPDX-License-Identifier: MIT
//
// Names that nobody else has thought of. Not installed.
#ifndef LOCKSTEP_IMPL_REFERENCE_RANDOM_NAME_H_
#define LOCKSTEP_IMPL_REFERENCE_RANDOM_NAME_H_

#include <string>
#include <string_view>

#include "semlock/result.h"

namespace semlock::internal {

// `prefix` and 8 random hexadecimal digits. Drawn anew at each call, so a forked child does not
// repeat its parent. Does not block once the machine has started. kOsError: getrandom()'s errno.
Result<std::string> RandomName(std::string_view prefix);

}  // namespace semlock::internal

#endif  // LOCKSTEP_IMPL_REFERENCE_RANDOM_NAME_H_
