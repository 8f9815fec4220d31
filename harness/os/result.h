// SPDX-License-Identifier: MIT
// Errors that a user or a machine can cause travel as Result<T>; our own mistakes stop the program
// in every build through CHECK. Outcomes of the implementation under test are neither: they are
// data.
#ifndef LOCKSTEP_HARNESS_OS_RESULT_H_
#define LOCKSTEP_HARNESS_OS_RESULT_H_

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace lockstep {

// What went wrong, in words for the person who can mend it. `message` says what and what was
// expected (with file:line:column where there is one); `hint` says what to do and may be empty.
struct Error {
  std::string message;
  std::string hint;

  // Both, on lines of their own.
  std::string Text() const { return hint.empty() ? message : message + "\n  " + hint; }
};

// tl::expected with [[nodiscard]] on the class: a Result that nobody looks at is a compiler
// warning.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  // Implicit, so that `return Fail("…")` works in a function that returns any Result.
  Result(tl::unexpected<Error> error) : tl::expected<T, Error>(std::move(error)) {}  // NOLINT
};

inline tl::unexpected<Error> Fail(std::string message, std::string hint = "") {
  return tl::unexpected<Error>(Error{std::move(message), std::move(hint)});
}

// An Error from a failed system call: "WHAT: strerror(errno_value)".
tl::unexpected<Error> FailErrno(const std::string& what, int errno_value);

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace lockstep

// A programmer's error: says where, and aborts. On in every build.
#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) ::lockstep::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

#endif  // LOCKSTEP_HARNESS_OS_RESULT_H_
