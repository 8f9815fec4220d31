// SPDX-License-Identifier: MIT
// A scenario file, as `run --scenarios` reads it; and what the model says of it, as `run` asks.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/os/result.h"
#include "harness/model/model.h"
#include "harness/scenario/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto scenarios = lockstep::ParseScenarioFile(text, "t.toml");
  if (!scenarios) {
    CHECK(scenarios.error().message.starts_with("t.toml:"));
    return 0;
  }
  static const lockstep::Platform kPlatform{lockstep::Version{{3, 14}}, "glibc", {}, nullptr};
  for (const lockstep::Scenario& scenario : *scenarios) {
    const lockstep::Opinion opinion = lockstep::OpinionOf(scenario, kPlatform);
    CHECK(!opinion.contradiction || !opinion.contradiction->text.empty());
  }
  return 0;
}
