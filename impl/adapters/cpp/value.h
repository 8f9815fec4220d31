// SPDX-License-Identifier: MIT
//
// The protocol's values: what arguments and results are made of.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_VALUE_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_VALUE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace lockstep::adapter {

struct Request;
class Value;

// Python's None; also what a method without a result returns.
struct None {
  bool operator==(const None&) const = default;
};

// An int beyond 64 bits: an optional '-', then digits without leading zeros. IntFromDigits() makes
// it, so that one number has one representation.
struct BigInt {
  std::string digits;
  bool operator==(const BigInt&) const = default;
};

struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};

struct Tuple {
  std::vector<Value> items;
  bool operator==(const Tuple& other) const;
};

struct List {
  std::vector<Value> items;
  bool operator==(const List& other) const;
};

// Any object that is told by the name of its type alone.
struct TypeName {
  std::string name;
  bool operator==(const TypeName&) const = default;
};

// An object of this process, by its name.
struct Ref {
  std::string name;
  bool operator==(const Ref&) const = default;
};

// A request without an id, as the "call" of on_signal takes it. Never null.
struct NestedRequest {
  std::shared_ptr<const Request> request;
  bool operator==(const NestedRequest&) const = default;
};

// One value. True is not 1 and 1 is not 1.0: the alternative that is held is the type. Values own
// all that they hold and are as safe among threads as a std::string.
class Value {
 public:
  using Data = std::variant<None, bool, std::int64_t, BigInt, double, std::string, Bytes, Tuple,
                            List, TypeName, Ref, NestedRequest>;

  Value() = default;

  // Implicit, so that an operation can return what it has. Only what fits an alternative without
  // narrowing is taken; an unsigned number goes through IntFromUnsigned().
  template <typename T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, Value> && std::is_constructible_v<Data, T>)
      Value(T&& value)
      : data_(std::forward<T>(value)) {}  // NOLINT(google-explicit-constructor)

  const Data& data() const { return data_; }

  // The alternative T, or null if the value is of another type.
  template <typename T>
  const T* As() const {
    return std::get_if<T>(&data_);
  }

  bool operator==(const Value& other) const { return data_ == other.data_; }

 private:
  Data data_;
};

inline bool Tuple::operator==(const Tuple& other) const { return items == other.items; }
inline bool List::operator==(const List& other) const { return items == other.items; }

// The int that `digits` spells ('-' or '+' and leading zeros allowed), or nothing if it spells
// none.
std::optional<Value> IntFromDigits(std::string_view digits);

// The int `value`, as a BigInt where it does not fit 63 bits.
Value IntFromUnsigned(std::uint64_t value);

// The int `value` modulo 2**64, as a C API reads a Python int without an overflow check. Nothing if
// the value is no int (a bool is one).
std::optional<std::uint64_t> IntModulo64(const Value& value);

// The lower-case hexadecimal text of `data`, two digits a byte.
std::string HexFromBytes(std::string_view data);

// The bytes that `hex` spells, in either case; nothing if it is no hexadecimal text of even length.
std::optional<std::string> BytesFromHex(std::string_view hex);

// What Python calls the value's type: "int", "NoneType", "bytes" …
std::string_view PythonTypeNameOf(const Value& value);

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_VALUE_H_
