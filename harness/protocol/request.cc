// SPDX-License-Identifier: MIT
#include "harness/protocol/message.h"

namespace lockstep {

const Value* TimeoutArgument(const Request& request) {
  for (const auto& [name, value] : request.kwargs) {
    if (name == "timeout") return &value;
  }
  return request.operation == "acquire" && request.args.size() > 1 ? &request.args[1] : nullptr;
}

}  // namespace lockstep
