// SPDX-License-Identifier: MIT
#include "harness/engine/matching.h"

#include <algorithm>

#include "harness/scenario/words.h"

namespace lockstep {
namespace {

bool MatchesRaised(const Expected& expected, const Raised& raised, Messages messages) {
  const transcript::ExceptionName* wanted = transcript::FindException(expected.type);
  if (wanted != nullptr && wanted->is_os_error) {
    const transcript::ExceptionName* got = transcript::FindException(raised.type);
    if (got == nullptr || !got->is_os_error) return false;
    if (expected.errno_value && raised.errno_value != expected.errno_value) return false;
    // A subclass without a written errno stands for any of its own.
    const std::vector<int>& own = wanted->errnos;
    if (!expected.errno_value && !own.empty() &&
        std::find(own.begin(), own.end(), raised.errno_value) == own.end()) {
      return false;
    }
  } else if (raised.type != expected.type) {
    return false;
  }
  if (messages == Messages::kIgnore || !expected.message) return true;
  return MatchesText(*expected.message, raised.message);
}

bool IsOfType(const std::string& type, const Value& value) {
  if (type == "...") return true;
  if (type == "int") return value.If<std::int64_t>() != nullptr || value.If<BigInt>() != nullptr;
  if (type == "float") return value.If<double>() != nullptr;
  if (type == "str") return value.If<std::string>() != nullptr;
  if (type == "bytes") return value.If<Bytes>() != nullptr;
  if (type == "bool") return value.If<bool>() != nullptr;
  return false;
}

bool IsLike(const Value& pattern, const Value& value) {
  const auto* wanted = pattern.If<std::string>();
  const auto* text = value.If<std::string>();
  return wanted != nullptr && text != nullptr && MatchesText(*wanted, *text);
}

}  // namespace

bool Matches(const Expectation& expectation, const Actual& actual, Messages messages,
             const std::function<Value(const Expr&)>& resolve) {
  for (const Expected& expected : expectation.alternatives) {
    switch (expected.kind) {
      case Expected::Kind::kReturned:
        if (const auto* value = std::get_if<Value>(&actual)) {
          if (expected.type_of_value.empty() && resolve(expected.value) == *value) return true;
          if (expected.type_of_value == "like" && IsLike(resolve(expected.value), *value))
            return true;
          if (IsOfType(expected.type_of_value, *value)) return true;
        }
        break;
      case Expected::Kind::kRaised:
        if (const auto* raised = std::get_if<Raised>(&actual)) {
          if (MatchesRaised(expected, *raised, messages)) return true;
        }
        break;
      case Expected::Kind::kBlocked:
        if (std::holds_alternative<Blocked>(actual)) return true;
        break;
      case Expected::Kind::kDies:
        if (std::holds_alternative<Ended>(actual) && ToText(actual) == "died " + expected.type)
          return true;
        break;
      case Expected::Kind::kUnsupported:
        if (std::holds_alternative<Unsupported>(actual)) return true;
        break;
    }
  }
  return false;
}

bool MatchesText(std::string_view pattern, std::string_view text) {
  constexpr std::string_view kAny = "...";
  std::size_t any = pattern.find(kAny);
  if (any == std::string_view::npos) return pattern == text;
  if (text.substr(0, any) != pattern.substr(0, any)) return false;
  // Leftmost matches are enough: what a part skips, a later part may still use.
  std::size_t at = any;
  pattern.remove_prefix(any + kAny.size());
  while ((any = pattern.find(kAny)) != std::string_view::npos) {
    const std::size_t found = text.find(pattern.substr(0, any), at);
    if (found == std::string_view::npos) return false;
    at = found + any;
    pattern.remove_prefix(any + kAny.size());
  }
  return text.size() >= at + pattern.size() && text.substr(text.size() - pattern.size()) == pattern;
}

}  // namespace lockstep
