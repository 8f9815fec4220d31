// SPDX-License-Identifier: MIT
//
// The codec: lines of JSON in, values and requests out, and back. Strict on purpose, since what is
// read loosely here would be a wrong verdict there: a key that comes twice, a field of a wrong type
// and a value that is none are refused. Unknown fields are passed over, so that the protocol can
// grow. Pure functions: nothing blocks or throws, and any thread may call them.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_JSON_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "request.h"
#include "value.h"

namespace lockstep::adapter {

// `{"welcome": …}` from the harness.
struct Welcome {};

// `{"goodbye": "reason"}`: the harness hangs up.
struct Goodbye {
  std::string reason;
};

// Not a message. `id` is the request's if it could still be read, so that the reply can carry it.
struct Malformed {
  std::optional<std::int64_t> id;
  std::string why;
};

using Message = std::variant<Request, Welcome, Goodbye, Malformed>;

// Reads one line, without its '\n'.
Message ParseMessage(std::string_view line);

// Reads one value; nothing if `json` is none.
std::optional<Value> ParseValue(std::string_view json);

// Appends the JSON of `value`. What is invalid UTF-8 in a string becomes U+FFFD.
void AppendValue(const Value& value, std::string* out);

// Appends `text` as a JSON string, in its quotes.
void AppendString(std::string_view text, std::string* out);

// Appends a number.
void AppendInt(std::int64_t number, std::string* out);

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_JSON_H_
