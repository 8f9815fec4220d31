// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_REQUEST_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "value.h"

namespace lockstep::adapter {

// A request as it was read: well-formed, but not yet known to make sense. Immutable once parsed.
struct Request {
  std::int64_t id = 0;  // 0 in a nested request, which gets no reply
  std::string op;
  std::optional<std::string> on;
  std::optional<std::string> as;
  std::vector<Value> args;
  std::vector<std::pair<std::string, Value>> kwargs;  // in the order of the line; no name twice

  // CLOCK_MONOTONIC in ns, before which the call is not to begin; 0: at once.
  std::int64_t at_ns = 0;

  // The fields of `hammer` and `load`.
  std::optional<std::string> witness;
  std::optional<std::string> ring;
  std::optional<std::int64_t> slot;
  std::optional<std::int64_t> slots;

  // The field of `on_signal`.
  bool restart = false;
};

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_REQUEST_H_
