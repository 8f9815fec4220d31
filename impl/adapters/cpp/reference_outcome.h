// SPDX-License-Identifier: MIT
//
// From libsemlock's results to an adapter's outcomes.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_REFERENCE_OUTCOME_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_REFERENCE_OUTCOME_H_

#include <semlock/interrupt_hook.h>
#include <semlock/result.h>

#include <memory>
#include <type_traits>
#include <utility>

#include "implementation.h"

namespace lockstep::adapter {

inline Raised RaisedBy(const semlock::Error& error) {
  Raised raised{semlock::PythonTypeName(error), error.message, {}};
  if (error.type == semlock::ErrorType::kOsError) raised.errno_value = error.errno_value;
  return raised;
}

template <typename T>
struct OutcomeOf {
  using Type = T;
};
template <>
struct OutcomeOf<void> {
  using Type = None;
};
template <>
struct OutcomeOf<int> {
  using Type = std::int64_t;
};

// What a failed Result is as an outcome.
template <typename T>
Outcome<T> Failure(const semlock::Error& error) {
  if (error.type == semlock::ErrorType::kAbandoned) return Abandoned{};
  return RaisedBy(error);
}

template <typename T>
Outcome<typename OutcomeOf<T>::Type> ToOutcome(const semlock::Result<T>& result) {
  using Type = typename OutcomeOf<T>::Type;
  if (!result) return Failure<Type>(result.error());
  if constexpr (std::is_void_v<T>) {
    return None{};
  } else {
    return Type{*result};
  }
}

inline semlock::InterruptHook HookOf(Interrupts& interrupts) {
  return {[](void* context) { return static_cast<Interrupts*>(context)->RunHandlers(); },
          &interrupts};
}

// A made object, as a Wrapper that is an Interface.
template <typename Wrapper, typename Interface, typename T>
Outcome<std::unique_ptr<Interface>> Wrap(semlock::Result<T> result) {
  if (!result) return Failure<std::unique_ptr<Interface>>(result.error());
  return std::make_unique<Wrapper>(*std::move(result));
}

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_REFERENCE_OUTCOME_H_
