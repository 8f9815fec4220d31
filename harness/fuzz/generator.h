// SPDX-License-Identifier: MIT
// Random plans, which rapidcheck can shrink.
#ifndef LOCKSTEP_HARNESS_FUZZ_GENERATOR_H_
#define LOCKSTEP_HARNESS_FUZZ_GENERATOR_H_

#include <rapidcheck.h>

#include <cstdint>

#include "harness/fuzz/plan.h"

namespace lockstep::fuzz {

class Generator {
 public:
  explicit Generator(std::uint64_t seed);
  // Many that are short, some that are long. The same seed gives the same ones in the same order.
  rc::Shrinkable<Plan> Next();

 private:
  rc::Random random_;
  rc::Gen<Plan> plans_;
};

}  // namespace lockstep::fuzz

#endif  // LOCKSTEP_HARNESS_FUZZ_GENERATOR_H_
