// SPDX-License-Identifier: MIT
// Integers of any size, as far as constants in a transcript need them: 2**63 - 1, -10**400.
#ifndef LOCKSTEP_HARNESS_SCENARIO_INTEGER_H_
#define LOCKSTEP_HARNESS_SCENARIO_INTEGER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/protocol/value.h"

namespace lockstep::transcript {

// A value type; pure. No result has more than kMaxDigits decimal digits: what would is nullopt.
class Integer {
 public:
  // A message line of the protocol must hold a few of them.
  static constexpr std::size_t kMaxDigits = 10000;

  Integer() = default;
  explicit Integer(std::int64_t value);
  // Digits only, of base 2, 8, 10 or 16.
  static std::optional<Integer> FromDigits(std::string_view digits, unsigned base);
  // Of an int64_t or a BigInt; nullopt for any other value.
  static std::optional<Integer> FromValue(const Value& value);

  std::optional<Integer> Add(const Integer& other) const;
  std::optional<Integer> Subtract(const Integer& other) const;
  std::optional<Integer> Multiply(const Integer& other) const;
  // `exponent` is not negative.
  std::optional<Integer> Power(const Integer& exponent) const;
  Integer Negated() const;

  bool negative() const { return negative_; }
  std::optional<std::int64_t> ToInt64() const;
  // An int64_t where it fits, else a BigInt.
  Value ToValue() const;

 private:
  using Limbs = std::vector<std::uint32_t>;
  static int Compare(const Limbs& a, const Limbs& b);
  std::optional<Integer> Checked() &&;
  std::string Digits() const;

  // Base 10^9, least first, no zeros at the end: digits are what comes in and goes out.
  Limbs limbs_;
  bool negative_ = false;
};

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_INTEGER_H_
