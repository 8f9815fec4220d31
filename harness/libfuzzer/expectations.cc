// SPDX-License-Identifier: MIT
// An expectations.toml.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/os/result.h"
#include "harness/verdict/expectations.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expectations = lockstep::Expectations::Parse(text, "t.toml");
  CHECK(expectations || expectations.error().message.starts_with("t.toml:"));
  return 0;
}
