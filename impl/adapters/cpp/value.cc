// SPDX-License-Identifier: MIT
#include "value.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace lockstep::adapter {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<unsigned> HexDigit(char c) {
  if (IsDigit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

struct TypeNamer {
  std::string_view operator()(const None&) const { return "NoneType"; }
  std::string_view operator()(bool) const { return "bool"; }
  std::string_view operator()(std::int64_t) const { return "int"; }
  std::string_view operator()(const BigInt&) const { return "int"; }
  std::string_view operator()(double) const { return "float"; }
  std::string_view operator()(const std::string&) const { return "str"; }
  std::string_view operator()(const Bytes&) const { return "bytes"; }
  std::string_view operator()(const Tuple&) const { return "tuple"; }
  std::string_view operator()(const List&) const { return "list"; }
  std::string_view operator()(const TypeName& type) const { return type.name; }
  std::string_view operator()(const Ref&) const { return "object"; }
  std::string_view operator()(const NestedRequest&) const { return "request"; }
};

}  // namespace

std::optional<Value> IntFromDigits(std::string_view digits) {
  bool negative = false;
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) {
    negative = digits.front() == '-';
    digits.remove_prefix(1);
  }
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), IsDigit)) return std::nullopt;
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
  std::string text = negative && digits != "0" ? "-" : "";
  text += digits;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return Value(number);
  return Value(BigInt{std::move(text)});
}

Value IntFromUnsigned(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return static_cast<std::int64_t>(value);
  }
  return BigInt{std::to_string(value)};
}

std::optional<std::uint64_t> IntModulo64(const Value& value) {
  if (const bool* flag = value.As<bool>()) return *flag ? 1U : 0U;
  if (const std::int64_t* number = value.As<std::int64_t>()) {
    return static_cast<std::uint64_t>(*number);
  }
  const BigInt* big = value.As<BigInt>();
  if (big == nullptr) return std::nullopt;
  const bool negative = big->digits.front() == '-';
  std::uint64_t result = 0;  // unsigned arithmetic wraps, which is the modulo that is wanted
  for (const char c : std::string_view(big->digits).substr(negative ? 1 : 0)) {
    result = result * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return negative ? 0 - result : result;
}

std::string HexFromBytes(std::string_view data) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(data.size() * 2);
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

std::optional<std::string> BytesFromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string data;
  data.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const auto high = HexDigit(hex[i]);
    const auto low = HexDigit(hex[i + 1]);
    if (!high || !low) return std::nullopt;
    data += static_cast<char>(*high << 4U | *low);
  }
  return data;
}

std::string_view PythonTypeNameOf(const Value& value) {
  return std::visit(TypeNamer{}, value.data());
}

}  // namespace lockstep::adapter
