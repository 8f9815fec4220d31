// SPDX-License-Identifier: MIT
//
// Errors are values: every function of this library that a caller or a machine can make fail
// returns a Result. Nothing here throws, but for std::bad_alloc.
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_RESULT_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_RESULT_H_

#include <string>
#include <tl/expected.hpp>

namespace semlock {

// What CPython would have raised. kAbandoned has no class there: it is the place of whatever the
// signal handler raised, which only the owner of the interrupt hook knows.
enum class ErrorType {
  kOsError,
  kValueError,
  kAssertionError,
  kBufferError,
  kTypeError,
  kOverflowError,
  kBrokenBarrierError,
  kAbandoned,
};

struct Error {
  ErrorType type = ErrorType::kOsError;
  int errno_value = 0;   // the errno of a kOsError, else 0
  std::string message;   // CPython's words; for a kOsError those of strerror()
  std::string filename;  // the path of a failed shm_open() or shm_unlink(), else empty
};

// The name of the class that CPython raises for `error`: for a kOsError the subclass that belongs
// to its errno (PEP 3151, Objects/exceptions.c: _PyExc_InitState's errnomap), or "OSError". The
// text is static. "Abandoned" for kAbandoned. Any thread may call it; it does not block.
const char* PythonTypeName(const Error& error);

// A value or an Error. Derived, because tl::expected itself is not [[nodiscard]].
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

}  // namespace semlock

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_RESULT_H_
