// SPDX-License-Identifier: MIT
#include "harness/scenario/integer.h"

#include <fmt/format.h>

#include <charconv>

#include "harness/os/result.h"

namespace lockstep::transcript {
namespace {

constexpr std::uint64_t kBase = 1'000'000'000;
constexpr std::size_t kDigitsALimb = 9;

unsigned DigitOf(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

}  // namespace

Integer::Integer(std::int64_t value) : negative_(value < 0) {
  // Negating in unsigned arithmetic is defined for the smallest value, too.
  auto rest = static_cast<std::uint64_t>(value);
  if (negative_) rest = 0 - rest;
  for (; rest != 0; rest /= kBase) limbs_.push_back(static_cast<std::uint32_t>(rest % kBase));
}

std::optional<Integer> Integer::FromDigits(std::string_view digits, unsigned base) {
  if (digits.size() > 4 * kMaxDigits) return std::nullopt;
  Integer out;
  for (const char c : digits) {
    std::uint64_t carry = DigitOf(c);
    CHECK(carry < base);
    for (std::uint32_t& limb : out.limbs_) {
      carry += std::uint64_t{limb} * base;
      limb = static_cast<std::uint32_t>(carry % kBase);
      carry /= kBase;
    }
    if (carry != 0) out.limbs_.push_back(static_cast<std::uint32_t>(carry));
  }
  return std::move(out).Checked();
}

std::optional<Integer> Integer::FromValue(const Value& value) {
  if (const auto* small = value.If<std::int64_t>()) return Integer(*small);
  const auto* big = value.If<BigInt>();
  if (big == nullptr) return std::nullopt;
  std::string_view digits = big->digits;
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative) digits.remove_prefix(1);
  std::optional<Integer> out = FromDigits(digits, 10);
  if (out) out->negative_ = negative;
  return out;
}

int Integer::Compare(const Limbs& a, const Limbs& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (std::size_t i = a.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

std::optional<Integer> Integer::Checked() && {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
  if (limbs_.empty()) negative_ = false;
  if (limbs_.size() * kDigitsALimb > kMaxDigits + kDigitsALimb) return std::nullopt;
  return std::move(*this);
}

std::optional<Integer> Integer::Add(const Integer& other) const {
  Integer out;
  if (negative_ == other.negative_) {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < limbs_.size() || i < other.limbs_.size() || carry != 0; ++i) {
      if (i < limbs_.size()) carry += limbs_[i];
      if (i < other.limbs_.size()) carry += other.limbs_[i];
      out.limbs_.push_back(static_cast<std::uint32_t>(carry % kBase));
      carry /= kBase;
    }
    out.negative_ = negative_;
    return std::move(out).Checked();
  }
  const bool this_is_larger = Compare(limbs_, other.limbs_) >= 0;
  const Integer& large = this_is_larger ? *this : other;
  const Integer& small = this_is_larger ? other : *this;
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < large.limbs_.size(); ++i) {
    const std::uint64_t take = borrow + (i < small.limbs_.size() ? small.limbs_[i] : 0);
    borrow = large.limbs_[i] < take ? 1 : 0;
    out.limbs_.push_back(static_cast<std::uint32_t>(large.limbs_[i] + borrow * kBase - take));
  }
  out.negative_ = large.negative_;
  return std::move(out).Checked();
}

std::optional<Integer> Integer::Subtract(const Integer& other) const {
  return Add(other.Negated());
}

std::optional<Integer> Integer::Multiply(const Integer& other) const {
  Integer out;
  out.limbs_.assign(limbs_.size() + other.limbs_.size(), 0);
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < other.limbs_.size() || carry != 0; ++j) {
      carry += out.limbs_[i + j];
      if (j < other.limbs_.size()) carry += std::uint64_t{limbs_[i]} * other.limbs_[j];
      out.limbs_[i + j] = static_cast<std::uint32_t>(carry % kBase);
      carry /= kBase;
    }
  }
  out.negative_ = negative_ != other.negative_;
  return std::move(out).Checked();
}

std::optional<Integer> Integer::Power(const Integer& exponent) const {
  CHECK(!exponent.negative_);
  const bool is_one = limbs_.size() == 1 && limbs_[0] == 1;
  // 0, 1 and -1 stay small whatever the exponent; of it only the parity and whether it is 0 matter.
  if (limbs_.empty()) return exponent.limbs_.empty() ? Integer(1) : Integer(0);
  const bool odd = !exponent.limbs_.empty() && exponent.limbs_[0] % 2 == 1;
  if (is_one) return Integer(negative_ && odd ? -1 : 1);
  const std::optional<std::int64_t> times = exponent.ToInt64();
  // 2 gains a digit at least every four rounds: a larger exponent cannot fit.
  if (!times || *times > static_cast<std::int64_t>(4 * kMaxDigits)) return std::nullopt;
  std::optional<Integer> out = Integer(1);
  for (std::int64_t i = 0; i < *times && out; ++i) out = out->Multiply(*this);
  return out;
}

Integer Integer::Negated() const {
  Integer out = *this;
  out.negative_ = !negative_ && !limbs_.empty();
  return out;
}

std::optional<std::int64_t> Integer::ToInt64() const {
  const std::string digits = Digits();
  std::int64_t out = 0;
  const char* end = digits.data() + digits.size();
  if (std::from_chars(digits.data(), end, out).ec != std::errc()) return std::nullopt;
  return out;
}

Value Integer::ToValue() const {
  if (const std::optional<std::int64_t> small = ToInt64()) return Value(*small);
  return Value(BigInt{Digits()});
}

std::string Integer::Digits() const {
  if (limbs_.empty()) return "0";
  std::string out = negative_ ? "-" : "";
  out += fmt::format("{}", limbs_.back());
  for (std::size_t i = limbs_.size() - 1; i-- > 0;) out += fmt::format("{:09}", limbs_[i]);
  return out;
}

}  // namespace lockstep::transcript
