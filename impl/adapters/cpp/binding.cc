// SPDX-License-Identifier: MIT
#include "binding.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

namespace lockstep::adapter {
namespace {

constexpr std::size_t kNowhere = kMaxParameters;

std::size_t IndexOf(const Signature& signature, std::string_view name) {
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (signature.parameters[i] == name) return i;
  }
  return kNowhere;
}

std::string_view Plural(std::size_t count) { return count == 1 ? "" : "s"; }

}  // namespace

std::size_t Signature::size() const {
  std::size_t count = 0;
  while (count < kMaxParameters && !parameters[count].empty()) ++count;
  return count;
}

Arguments::Arguments(const Signature& signature, const Request& request) : signature_(signature) {
  Bind(signature, request);
}

void Arguments::Bind(const Signature& signature, const Request& request) {
  const std::size_t given = request.args.size();
  const std::size_t most = signature.size();
  switch (signature.convention) {
    case Convention::kKeywords:
    case Convention::kAdapter:
      return BindByKeywords(signature, request);
    case Convention::kPython:
      return BindPythonFunction(signature, request);
    default:
      break;
  }
  if (!request.kwargs.empty()) {
    return TypeError(fmt::format("{}() takes no keyword arguments", signature.qualified));
  }
  if (given > most || given < signature.required) {
    if (signature.convention == Convention::kNone) {
      return TypeError(
          fmt::format("{}() takes no arguments ({} given)", signature.qualified, given));
    }
    if (signature.convention == Convention::kOne) {
      return TypeError(
          fmt::format("{}() takes exactly one argument ({} given)", signature.qualified, given));
    }
    if (signature.convention == Convention::kAtMost) {
      return TypeError(fmt::format("{} expected at most {} argument{}, got {}", signature.function,
                                   most, Plural(most), given));
    }
    return TypeError(fmt::format("{}() takes exactly {} argument{} ({} given)", signature.function,
                                 most, Plural(most), given));
  }
  for (std::size_t i = 0; i < given; ++i) values_[i] = &request.args[i];
}

void Arguments::BindByKeywords(const Signature& signature, const Request& request) {
  const std::size_t positional = request.args.size();
  const std::size_t given = positional + request.kwargs.size();
  const std::size_t most = signature.size();
  const std::string_view function = signature.function;
  if (given > most) {
    return TypeError(fmt::format("{}() takes at most {} {}argument{} ({} given)", function, most,
                                 positional == 0 ? "keyword " : "", Plural(most), given));
  }
  for (std::size_t i = 0; i < positional; ++i) values_[i] = &request.args[i];
  std::string_view unexpected;
  std::size_t twice = kNowhere;
  for (const auto& [name, value] : request.kwargs) {
    const std::size_t index = IndexOf(signature, name);
    if (index == kNowhere) {
      if (unexpected.empty()) unexpected = name;
    } else if (values_[index] != nullptr) {
      twice = index;
    } else {
      values_[index] = &value;
    }
  }
  for (std::size_t i = 0; i < signature.required; ++i) {
    if (values_[i] != nullptr) continue;
    return TypeError(fmt::format("{}() missing required argument '{}' (pos {})", function,
                                 signature.parameters[i], i + 1));
  }
  if (twice != kNowhere) {
    return TypeError(fmt::format("argument for {}() given by name ('{}') and position ({})",
                                 function, signature.parameters[twice], twice + 1));
  }
  if (!unexpected.empty()) {
    TypeError(fmt::format("{}() got an unexpected keyword argument '{}'", function, unexpected));
  }
}

void Arguments::BindPythonFunction(const Signature& signature, const Request& request) {
  const std::size_t positional = request.args.size();
  const std::size_t most = signature.size();
  const std::string_view function = signature.function;
  for (std::size_t i = 0; i < positional && i < most; ++i) values_[i] = &request.args[i];
  for (const auto& [name, value] : request.kwargs) {
    const std::size_t index = IndexOf(signature, name);
    if (index == kNowhere) {
      return TypeError(fmt::format("{}() got an unexpected keyword argument '{}'", function, name));
    }
    if (values_[index] != nullptr) {
      return TypeError(fmt::format("{}() got multiple values for argument '{}'", function, name));
    }
    values_[index] = &value;
  }
  if (positional > most) {  // the numbers count `self`
    const std::string takes =
        signature.required == most
            ? fmt::format("{} positional argument{}", most + 1, Plural(most + 1))
            : fmt::format("from {} to {} positional arguments", signature.required + 1, most + 1);
    return TypeError(
        fmt::format("{}() takes {} but {} were given", function, takes, positional + 1));
  }
  if (signature.required == 1 && values_[0] == nullptr) {
    TypeError(fmt::format("{}() missing 1 required positional argument: '{}'", function,
                          signature.parameters[0]));
  }
}

int Arguments::Narrow(std::size_t index, int fallback, const char* too_large, const char* too_small,
                      const char* beyond_long) {
  const Value* value = Get(index);
  if (value == nullptr) return fallback;
  if (const bool* flag = value->As<bool>()) return *flag ? 1 : 0;
  if (value->As<BigInt>() != nullptr) {
    failure_ = Raised{"OverflowError", beyond_long, {}};
    return fallback;
  }
  const std::int64_t* number = value->As<std::int64_t>();
  if (number == nullptr) {
    NotConverted(*value, "an int");
    return fallback;
  }
  if (*number > std::numeric_limits<int>::max()) {
    failure_ = Raised{"OverflowError", too_large, {}};
    return fallback;
  }
  if (*number < std::numeric_limits<int>::min()) {
    failure_ = Raised{"OverflowError", too_small, {}};
    return fallback;
  }
  return static_cast<int>(*number);
}

int Arguments::Int(std::size_t index, int fallback) {
  static constexpr char kMessage[] = "Python int too large to convert to C int";
  return Narrow(index, fallback, kMessage, kMessage, kMessage);
}

int Arguments::FormatInt(std::size_t index, int fallback) {
  return Narrow(index, fallback, "signed integer is greater than maximum",
                "signed integer is less than minimum", "Python int too large to convert to C long");
}

std::int64_t Arguments::Int64(std::size_t index, std::int64_t fallback, const char* overflow) {
  const Value* value = Get(index);
  if (value == nullptr) return fallback;
  if (const bool* flag = value->As<bool>()) return *flag ? 1 : 0;
  if (const std::int64_t* number = value->As<std::int64_t>()) return *number;
  if (value->As<BigInt>() != nullptr) {
    failure_ = Raised{"OverflowError", overflow, {}};
  } else {
    NotConverted(*value, "an int");
  }
  return fallback;
}

std::int64_t Arguments::ClampedInt64(std::size_t index, std::int64_t fallback) {
  const Value* value = Get(index);
  const BigInt* big = value == nullptr ? nullptr : value->As<BigInt>();
  if (big == nullptr) return Int64(index, fallback, "");
  using Limits = std::numeric_limits<std::int64_t>;
  return big->digits.front() == '-' ? Limits::min() : Limits::max();
}

std::uint64_t Arguments::Pointer(std::size_t index) {
  const Value* value = Get(index);
  if (value == nullptr) return 0;
  const auto number = IntModulo64(*value);
  if (!number) NotConverted(*value, "an int");
  return number.value_or(0);
}

bool Arguments::Bool(std::size_t index, bool fallback) {
  const Value* value = Get(index);
  if (value == nullptr) return fallback;
  if (const bool* flag = value->As<bool>()) return *flag;
  if (const std::int64_t* number = value->As<std::int64_t>()) return *number != 0;
  if (value->As<BigInt>() != nullptr) return true;
  NotConverted(*value, "a bool");
  return fallback;
}

std::string Arguments::String(std::size_t index) {
  const Value* value = Get(index);
  if (value == nullptr) return {};
  if (const std::string* text = value->As<std::string>()) return *text;
  NotConverted(*value, "a str");
  return {};
}

Bytes Arguments::BytesOf(std::size_t index) {
  const Value* value = Get(index);
  if (value == nullptr) return {};
  if (const Bytes* bytes = value->As<Bytes>()) return *bytes;
  NotConverted(*value, "bytes");
  return {};
}

std::optional<std::string> Arguments::OptionalString(std::size_t index) {
  const Value* value = Get(index);
  if (value == nullptr || value->As<None>() != nullptr) return std::nullopt;
  return String(index);
}

void Arguments::OnlyNone(std::size_t index) {
  const Value* value = Get(index);
  if (value != nullptr && value->As<None>() == nullptr) NotConverted(*value, "None");
}

std::optional<double> Arguments::Seconds(std::size_t index) {
  const Value* value = Get(index);
  if (value == nullptr || value->As<None>() != nullptr) return std::nullopt;
  if (const double* seconds = value->As<double>()) return *seconds;
  if (const bool* flag = value->As<bool>()) return *flag ? 1.0 : 0.0;
  if (const std::int64_t* number = value->As<std::int64_t>()) return static_cast<double>(*number);
  const BigInt* big = value->As<BigInt>();
  if (big == nullptr) {
    NotConverted(*value, "a float");
    return std::nullopt;
  }
  const double seconds = std::strtod(big->digits.c_str(), nullptr);  // rounds as float(int) does
  if (std::isinf(seconds)) {
    failure_ = Raised{"OverflowError", "int too large to convert to float", {}};
    return std::nullopt;
  }
  return seconds;
}

void Arguments::TypeError(std::string message) {
  if (signature_.convention == Convention::kAdapter) {
    failure_ = AdapterError{std::move(message)};
  } else {
    failure_ = Raised{"TypeError", std::move(message), {}};
  }
}

void Arguments::NotConverted(const Value& value, std::string_view wanted) {
  std::string message =
      fmt::format("'{}' where {} is wanted: argument conversion is the interpreter's",
                  PythonTypeNameOf(value), wanted);
  if (signature_.convention == Convention::kAdapter) {
    failure_ = AdapterError{std::move(message)};
  } else {
    failure_ = Unsupported{std::move(message)};
  }
}

}  // namespace lockstep::adapter
