// SPDX-License-Identifier: MIT
#include <utility>

#include "harness/protocol/message.h"

namespace lockstep {

const Value* TimeoutArgument(const Request& request) {
  for (const auto& [name, value] : request.kwargs) {
    if (name == "timeout") return &value;
  }
  const std::size_t place = request.operation == "wait" ? 0 : 1;
  const bool waits = request.operation == "acquire" || request.operation == "wait";
  return waits && request.args.size() > place ? &request.args[place] : nullptr;
}

Value* TimeoutArgument(Request& request) {
  return const_cast<Value*>(TimeoutArgument(std::as_const(request)));
}

bool MustBeAnnounced(const Request& request) {
  const std::string& op = request.operation;
  if (op == "acquire") {
    const Value* block = request.args.empty() ? nullptr : &request.args[0];
    for (const auto& [name, value] : request.kwargs) {
      if (name == "block") block = &value;
    }
    // Anything but True may be taken for false, or be refused.
    return block == nullptr || *block == Value(true);
  }
  return op == "__enter__" || op == "hammer" || op == "load" || op == "measure" || op == "wait";
}

}  // namespace lockstep
