// SPDX-License-Identifier: MIT
// A report as JSON Lines, as `diff` reads it.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "harness/os/result.h"
#include "reports/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::istringstream in(text);
  const auto stored = lockstep::reports::ReadJsonReport(in, "t.jsonl");
  CHECK(stored || stored.error().message.starts_with("t.jsonl:"));
  return 0;
}
