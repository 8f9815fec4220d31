// SPDX-License-Identifier: MIT
// The values that steps pass and return, typed as Python types them: True is not 1, None is not
// False, 1 is not 1.0, and NaN, infinities and integers of any size survive
// (impl/adapters/PROTOCOL.md, section 4).
#ifndef LOCKSTEP_HARNESS_PROTOCOL_VALUE_H_
#define LOCKSTEP_HARNESS_PROTOCOL_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lockstep {

class Value;

struct None {
  bool operator==(const None&) const = default;
};
// An integer outside int64_t: an optional '-' and decimal digits, no leading zero.
struct BigInt {
  std::string digits;
  bool operator==(const BigInt&) const = default;
};
struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};
struct List {
  std::vector<Value> items;
  bool operator==(const List&) const;
};
struct Tuple {
  std::vector<Value> items;
  bool operator==(const Tuple&) const;
};
// Some object of the implementation, known by the name of its type alone.
struct Object {
  std::string type;
  bool operator==(const Object&) const = default;
};
// An object of the adapter's process, by the name under which the adapter keeps it; only as an
// argument.
struct Ref {
  std::string name;
  bool operator==(const Ref&) const = default;
};

class Value {
 public:
  using Variant = std::variant<None, bool, std::int64_t, BigInt, double, std::string, Bytes, List,
                               Tuple, Object, Ref>;

  Value() = default;
  // Implicit from each alternative, so that tests and tables read naturally; never from const
  // char*, which would silently become bool.
  template <class T>
  requires std::is_constructible_v<Variant, T> &&
      (!std::is_pointer_v<std::decay_t<T>>)Value(T alternative)
      : variant_(std::move(alternative)) {}  // NOLINT

  static Value Int(std::int64_t i) { return Value(i); }

  const Variant& variant() const { return variant_; }
  template <class T>
  const T* If() const {
    return std::get_if<T>(&variant_);
  }

  // A number, int64_t or float, as seconds; nothing for anything else.
  std::optional<double> AsSeconds() const;

  // As Python's repr shows it: True, None, 1.5, nan, 'text', b'\x00', [1, 2], <SemLock>.
  std::string Repr() const;

  // Equal in type and value; NaN equals NaN, 0.0 does not equal -0.0.
  bool operator==(const Value& other) const;

 private:
  Variant variant_;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_PROTOCOL_VALUE_H_
