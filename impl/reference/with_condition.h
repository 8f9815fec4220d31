// SPDX-License-Identifier: MIT
//
// Python's `with condition:`, which Event and Barrier do everything in. Not installed.
#ifndef LOCKSTEP_IMPL_REFERENCE_WITH_CONDITION_H_
#define LOCKSTEP_IMPL_REFERENCE_WITH_CONDITION_H_

#include <optional>

#include "errors.h"
#include "semlock/condition.h"

namespace semlock::internal {

// What `body`, which returns a Result and does not throw, returned with the condition's lock held.
// Its error gives way to one of the release, as it does to what `__exit__` raises; an error of the
// acquire is told without a call. Blocks until the lock is there.
template <typename Body>
auto WithCondition(Condition& condition, InterruptHook hook, Body body) -> decltype(body()) {
  const auto acquired = condition.Acquire(true, std::nullopt, hook);
  if (!acquired) return ErrorOf(acquired);
  auto result = body();
  if (const auto released = condition.Release(); !released) return ErrorOf(released);
  return result;
}

}  // namespace semlock::internal

#endif  // LOCKSTEP_IMPL_REFERENCE_WITH_CONDITION_H_
