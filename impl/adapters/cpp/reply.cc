// SPDX-License-Identifier: MIT
#include "reply.h"

#include <time.h>

#include <utility>

#include "json.h"

namespace lockstep::adapter {
namespace {

struct ResultWriter {
  std::string* out;

  void operator()(const Value& value) const {
    *out += R"(, "returned": )";
    AppendValue(value, out);
  }
  void operator()(const Raised& raised) const {
    *out += R"(, "raised": )";
    AppendRaised(raised, out);
  }
  void operator()(const Unsupported& unsupported) const {
    *out += R"(, "unsupported": )";
    AppendString(unsupported.why, out);
  }
  void operator()(const AdapterError& error) const {
    *out += R"(, "error": )";
    AppendString(error.what, out);
  }
};

// One address as it is, several as an array.
void AppendHandles(const std::vector<std::uintptr_t>& handles, std::string* line) {
  List addresses;
  for (const std::uintptr_t handle : handles) addresses.items.push_back(IntFromUnsigned(handle));
  AppendValue(handles.size() == 1 ? addresses.items[0] : Value(std::move(addresses)), line);
}

}  // namespace

std::int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void FormatReply(std::int64_t id, const Reply& reply, std::string* line) {
  const bool stamped = reply.begin_ns != 0;
  const std::int64_t begin_ns = stamped ? reply.begin_ns : NowNs();
  const std::int64_t end_ns = stamped ? reply.end_ns : begin_ns;
  *line = R"({"id": )";
  AppendInt(id, line);
  *line += R"(, "begin": )";
  AppendInt(begin_ns, line);
  *line += R"(, "end": )";
  AppendInt(end_ns, line);
  std::visit(ResultWriter{line}, reply.result);
  if (!reply.handles.empty()) {
    *line += R"(, "handle": )";
    AppendHandles(reply.handles, line);
  }
  *line += "}\n";
}

void FormatCalling(std::int64_t id, std::int64_t begin_ns, std::string* line) {
  *line = R"({"calling": )";
  AppendInt(id, line);
  *line += R"(, "begin": )";
  AppendInt(begin_ns, line);
  *line += "}\n";
}

void FormatHandled(std::string_view signal_name, std::string* line) {
  *line = R"({"handled": )";
  AppendString(signal_name, line);
  *line += "}\n";
}

void AppendRaised(const Raised& raised, std::string* out) {
  *out += R"({"type": )";
  AppendString(raised.type, out);
  *out += R"(, "message": )";
  AppendString(raised.message, out);
  *out += R"(, "errno": )";
  if (raised.errno_value) {
    AppendInt(*raised.errno_value, out);
  } else {
    *out += "null";
  }
  *out += '}';
}

}  // namespace lockstep::adapter
