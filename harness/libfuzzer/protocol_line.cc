// SPDX-License-Identifier: MIT
// A line that an adapter sent.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/os/result.h"
#include "harness/protocol/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = lockstep::DecodeMessage(text);
  CHECK(message || !message.error().message.empty());
  CHECK(text.empty() || !lockstep::QuoteLine(text).empty());
  return 0;
}
