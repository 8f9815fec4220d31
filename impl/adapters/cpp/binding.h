// SPDX-License-Identifier: MIT
//
// Arguments: from the positional and keyword values of a request to the typed ones of a C++ call,
// with Python's rules as far as a typed API has them. What only the interpreter converts (a string
// for an int, an object for a bool) is unsupported rather than guessed.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_BINDING_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_BINDING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reply.h"
#include "request.h"
#include "value.h"

namespace lockstep::adapter {

// How a function takes its arguments in CPython, and so how it words a TypeError.
enum class Convention {
  kKeywords,    // Argument Clinic's (Python/getargs.c: _PyArg_UnpackKeywords)
  kPositional,  // an exact number, by PyArg_ParseTuple()
  kAtMost,      // a bounded number (_PyArg_CheckPositional)
  kOne,         // METH_O
  kNone,        // METH_NOARGS
  kPython,      // a method that is written in Python; at most one parameter is required
  kAdapter,     // an operation of the protocol's own: what is wrong is an `error`
};

inline constexpr std::size_t kMaxParameters = 5;

struct Signature {
  std::string_view function;   // as messages call it
  std::string_view qualified;  // as "takes no keyword arguments" calls it
  Convention convention;
  std::size_t required;  // so many of the parameters have no default
  std::array<std::string_view, kMaxParameters> parameters;  // unused ones are empty

  std::size_t size() const;
};

// The arguments of one request. Each getter converts the parameter at `index`; once one of them has
// failed the rest only return defaults, so that the first failure in the order of the calls is the
// outcome, as it is in Python. The request and the signature must outlive this.
class Arguments {
 public:
  Arguments(const Signature& signature, const Request& request);

  // What is wrong, if anything.
  const std::optional<Result>& failure() const { return failure_; }

  bool given(std::size_t index) const { return values_[index] != nullptr; }

  // A C int; CPython's two converters word the OverflowError differently: Clinic's `int` and the
  // format unit "i".
  int Int(std::size_t index, int fallback = 0);
  int FormatInt(std::size_t index, int fallback = 0);

  // 64 bits; `overflow` is the OverflowError's message.
  std::int64_t Int64(std::size_t index, std::int64_t fallback, const char* overflow);

  // Any int; what 64 bits cannot hold is the nearest that they can.
  std::int64_t ClampedInt64(std::size_t index, std::int64_t fallback);

  // Any int, modulo 2**64.
  std::uint64_t Pointer(std::size_t index);

  bool Bool(std::size_t index, bool fallback = false);
  std::string String(std::size_t index);
  Bytes BytesOf(std::size_t index);

  // None, or not given: nothing.
  std::optional<std::string> OptionalString(std::size_t index);

  // A parameter that takes objects that only Python has, and None.
  void OnlyNone(std::size_t index);

  // Seconds: a float, or an int as float() would take it. None, or not given: nothing.
  std::optional<double> Seconds(std::size_t index);

 private:
  void Bind(const Signature& signature, const Request& request);
  void BindByKeywords(const Signature& signature, const Request& request);
  void BindPythonFunction(const Signature& signature, const Request& request);
  const Value* Get(std::size_t index) const { return failure_ ? nullptr : values_[index]; }
  int Narrow(std::size_t index, int fallback, const char* too_large, const char* too_small,
             const char* beyond_long);
  void TypeError(std::string message);
  void NotConverted(const Value& value, std::string_view wanted);

  const Signature& signature_;
  std::array<const Value*, kMaxParameters> values_{};
  std::optional<Result> failure_;
};

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_BINDING_H_
