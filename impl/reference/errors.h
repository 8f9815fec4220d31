// SPDX-License-Identifier: MIT
//
// How the sources of this library make their errors. Not installed.
#ifndef LOCKSTEP_IMPL_REFERENCE_ERRORS_H_
#define LOCKSTEP_IMPL_REFERENCE_ERRORS_H_

#include <string>
#include <string_view>

#include "semlock/result.h"

namespace semlock::internal {

// A kOsError with the words of strerror(). `errno_value` is passed rather than read, so that a
// clean-up between the failure and the report cannot change it.
tl::unexpected<Error> OsError(int errno_value, std::string_view filename = {});

tl::unexpected<Error> ValueError(std::string message);
tl::unexpected<Error> AssertionError(std::string message);
tl::unexpected<Error> BrokenBarrierError();  // CPython raises it without a message
tl::unexpected<Error> Abandoned();

// The error of `failed`, for a Result of another type.
template <typename T>
tl::unexpected<Error> ErrorOf(const Result<T>& failed) {
  return tl::unexpected<Error>(failed.error());
}

// What CPython's argument parser says of a string with a NUL in it, which no C function could see
// the whole of (Python/getargs.c: convertsimple, 's').
tl::unexpected<Error> EmbeddedNull();
bool HasEmbeddedNull(std::string_view text);

}  // namespace semlock::internal

#endif  // LOCKSTEP_IMPL_REFERENCE_ERRORS_H_
