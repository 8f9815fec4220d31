// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_INTERRUPT_H_
#define LOCKSTEP_HARNESS_OS_INTERRUPT_H_

namespace lockstep {

// From now on SIGINT, SIGTERM and SIGHUP only set a flag; the second one ends the process at once
// (supervisors then clean up by themselves).
void CatchInterrupts();
// Whether one has come. Any thread.
bool Interrupted();

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_INTERRUPT_H_
