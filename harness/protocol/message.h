// SPDX-License-Identifier: MIT
// The messages of the adapter protocol (impl/adapters/PROTOCOL.md) as data, and their one codec.
#ifndef LOCKSTEP_HARNESS_PROTOCOL_MESSAGE_H_
#define LOCKSTEP_HARNESS_PROTOCOL_MESSAGE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "harness/os/result.h"
#include "harness/protocol/value.h"

namespace lockstep {

constexpr int kProtocolVersion = 1;
constexpr std::size_t kLineLimit = 1 << 20;  // bytes, the line end included

struct Raised {
  std::string type;
  std::string message;
  std::optional<int> errno_value;
  bool operator==(const Raised&) const = default;
};

struct Hello {
  int protocol = 0;
  std::string implementation;
  std::string version;
  std::string language;
  std::string like;
  std::set<std::string> capabilities;
  std::map<std::string, std::string> build;  // values as text: "true", "glibc 2.36"
  pid_t pid = 0;
  pid_t tid = 0;
  std::string waits = "thread";
  std::string owner = "thread";
  std::optional<Raised> raised;
};

struct Calling {
  std::int64_t id = 0;
  std::int64_t begin_ns = 0;
};

struct HandledSignal {
  std::string signal;
};

struct Unsupported {
  std::string why;
};
struct AdapterError {
  std::string why;
};
struct Reply {
  std::int64_t id = 0;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  std::variant<Value, Raised, Unsupported, AdapterError> outcome;
  // The addresses of the semaphores that a constructor has made: one of a SemLock, several of a
  // Condition.
  std::vector<std::uint64_t> handles;
};

using Message = std::variant<Hello, Calling, HandledSignal, Reply>;

// One line, without its end. An Error says in a few words what is wrong with it: "is not JSON",
// "has two outcomes" …
Result<Message> DecodeMessage(std::string_view line);

// The beginning of a line that an adapter sent, as a message quotes it: in UTF-8 whatever was sent.
std::string QuoteLine(std::string_view line);

struct Request {
  std::int64_t id = 0;
  std::string operation;
  std::string on;
  std::string as;
  std::vector<Value> args;
  std::vector<std::pair<std::string, Value>> kwargs;
  // CLOCK_MONOTONIC in ns, before which the call is not to begin; 0: at once
  std::int64_t at_ns = 0;
  // hammer's and load's
  std::string witness;
  std::string ring;
  int slot = -1;
  int slots = 0;
  // on_signal's: the request that a handler is to make, and SA_RESTART
  std::vector<Request> handler_call;  // none or one; its id is left out
  bool restart = false;
};

// The timeout that an acquire or a wait is given, or nullptr where it is given none.
const Value* TimeoutArgument(const Request& request);
Value* TimeoutArgument(Request& request);

// Whether an adapter has to write `calling` before it: what may sleep on a semaphore, or take long.
// An acquire that is told not to block need not be announced, and may be.
bool MustBeAnnounced(const Request& request);

// A whole line with its end.
std::string EncodeRequest(const Request& request);
std::string EncodeWelcome();
std::string EncodeGoodbye(const std::string& reason);

// A value as the protocol writes it, for reports.
std::string EncodeValue(const Value& value);
Result<Value> DecodeValue(std::string_view json);

// Cuts a stream into lines. Holds at most kLineLimit bytes.
class LineBuffer {
 public:
  // Adds bytes as they were read. False when a line is longer than kLineLimit.
  bool Add(const char* data, std::size_t size);
  // The next whole line without its end, or nothing. Valid until the next call of Add.
  std::optional<std::string_view> Next();
  // What has come of a line that has not ended.
  std::string_view Rest() const { return std::string_view(data_).substr(start_); }

 private:
  std::string data_;
  std::size_t start_ = 0;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_PROTOCOL_MESSAGE_H_
