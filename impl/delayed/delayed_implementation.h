// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_DELAYED_DELAYED_IMPLEMENTATION_H_
#define LOCKSTEP_IMPL_DELAYED_DELAYED_IMPLEMENTATION_H_

#include <memory>

#include "delay.h"
#include "implementation.h"

namespace lockstep::delayed {

// `inner`, delayed where `measure` repeats pairs, and before each release().
std::unique_ptr<adapter::Implementation> MakeDelayed(std::unique_ptr<adapter::Implementation> inner, const Delay& delay);

}  // namespace lockstep::delayed

#endif  // LOCKSTEP_IMPL_DELAYED_DELAYED_IMPLEMENTATION_H_
