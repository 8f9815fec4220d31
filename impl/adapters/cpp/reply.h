// SPDX-License-Identifier: MIT
//
// What came of a request, and its line.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_REPLY_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_REPLY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "implementation.h"
#include "value.h"

namespace lockstep::adapter {

// The adapter itself could not do it: a bad request, no such object. Never held against the
// implementation.
struct AdapterError {
  std::string what;
  bool operator==(const AdapterError&) const = default;
};

// `returned`, `raised`, `unsupported` or `error`.
using Result = std::variant<Value, Raised, Unsupported, AdapterError>;

// CLOCK_MONOTONIC in ns.
std::int64_t NowNs();

struct Reply {
  std::int64_t begin_ns = 0;  // just before the call; 0 while there was none
  std::int64_t end_ns = 0;    // just after it
  Result result;
  std::vector<std::uintptr_t> handles;  // beside a constructor's result

  std::int64_t not_before_ns = 0;       // the request's `at`

  // Makes the call between the two stamps and returns what it returned. Spins until it may begin, so that
  // two calls can be made to meet.
  template <typename Call>
  auto Timed(Call&& call) {
    do {
      begin_ns = NowNs();
    } while (begin_ns < not_before_ns);
    auto outcome = std::forward<Call>(call)();
    end_ns = NowNs();
    return outcome;
  }
};

// The line of a reply, '\n' included, in place of what `line` held. A call that never happened gets
// the present time for both stamps.
void FormatReply(std::int64_t id, const Reply& reply, std::string* line);

// The line that announces a call that may block.
void FormatCalling(std::int64_t id, std::int64_t begin_ns, std::string* line);

// The line that tells that a signal's action was run.
void FormatHandled(std::string_view signal_name, std::string* line);

// Appends `{"type": …, "message": …, "errno": …}`.
void AppendRaised(const Raised& raised, std::string* out);

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_REPLY_H_
