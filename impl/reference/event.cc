// SPDX-License-Identifier: MIT
#include "semlock/event.h"

#include <memory>

#include "errors.h"
#include "with_condition.h"

namespace semlock {

using internal::ErrorOf;
using internal::WithCondition;

Result<Event> Event::Create() {
  Result<Lock> lock = Lock::Create();
  if (!lock) return ErrorOf(lock);
  return Assemble(Condition::Create(std::make_shared<Lock>(std::move(*lock))),
                  Semaphore::Create(0));
}

Result<Event> Event::Attach(std::string lock_name, ConditionNames condition_names,
                            std::string flag_name) {
  Result<Lock> lock = Lock::Attach(std::move(lock_name));
  if (!lock) return ErrorOf(lock);
  return Assemble(
      Condition::Attach(std::make_shared<Lock>(std::move(*lock)), std::move(condition_names)),
      Semaphore::Attach(std::move(flag_name)));
}

Result<Event> Event::Assemble(Result<Condition> condition, Result<Semaphore> flag) {
  if (!condition) return ErrorOf(condition);
  if (!flag) return ErrorOf(flag);
  return Event(std::move(*condition), std::move(*flag));
}

// Whether the flag is set. There is no other way to look than to take its permit and give it back,
// which the lock hides.
Result<bool> Event::LookAtFlag(InterruptHook hook) {
  auto set = flag_.Acquire(false, std::nullopt, hook);
  if (!set || !*set) return set;
  if (const auto released = flag_.Release(); !released) return ErrorOf(released);
  return true;
}

Result<bool> Event::IsSet(InterruptHook hook) {
  return WithCondition(condition_, hook, [&] { return LookAtFlag(hook); });
}

Result<void> Event::Set(InterruptHook hook) {
  return WithCondition(condition_, hook, [&]() -> Result<void> {
    // Taken first, so that the flag never has two permits.
    if (const auto set = flag_.Acquire(false, std::nullopt, hook); !set) return ErrorOf(set);
    if (auto released = flag_.Release(); !released) return released;
    return condition_.NotifyAll(hook);
  });
}

Result<void> Event::Clear(InterruptHook hook) {
  return WithCondition(condition_, hook, [&]() -> Result<void> {
    if (const auto set = flag_.Acquire(false, std::nullopt, hook); !set) return ErrorOf(set);
    return {};
  });
}

Result<bool> Event::Wait(std::optional<double> timeout_s, InterruptHook hook) {
  return WithCondition(condition_, hook, [&]() -> Result<bool> {
    auto set = LookAtFlag(hook);
    if (!set) return set;
    if (!*set) {
      if (auto notified = condition_.Wait(timeout_s, hook); !notified) return notified;
    }
    return LookAtFlag(hook);
  });
}

void Event::AfterFork() {
  condition_.AfterFork();
  flag_.AfterFork();
}

}  // namespace semlock
