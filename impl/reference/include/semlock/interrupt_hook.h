// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_INTERRUPT_HOOK_H_
#define LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_INTERRUPT_HOOK_H_

namespace semlock {

// What to do when a signal handler has interrupted a wait: the place of PyErr_CheckSignals(). It is
// called on the waiting thread, outside of the handler, after each EINTR; true abandons the call
// with kAbandoned, false goes on waiting for the same deadline. It may use the very object that is
// waited for. Without a function the wait is always taken up again (PEP 475).
struct InterruptHook {
  bool (*function)(void* context) = nullptr;
  void* context = nullptr;

  bool Abandons() const { return function != nullptr && function(context); }
};

}  // namespace semlock

#endif  // LOCKSTEP_IMPL_REFERENCE_INCLUDE_SEMLOCK_INTERRUPT_HOOK_H_
