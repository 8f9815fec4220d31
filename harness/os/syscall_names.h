// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_SYSCALL_NAMES_H_
#define LOCKSTEP_HARNESS_OS_SYSCALL_NAMES_H_

#include <optional>
#include <string>
#include <string_view>

namespace lockstep {

// The number on this machine of a system call that threads wait in: futex, futex_waitv, select,
// pselect6, poll, ppoll, epoll_wait, epoll_pwait, nanosleep, clock_nanosleep, read, recvmsg, semop,
// semtimedop, wait4, waitid, pause, rt_sigtimedwait. Nothing for other names.
std::optional<long> WaitingSyscallNumber(std::string_view name);
// Its name, or "system call 123".
std::string SyscallName(long number);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_SYSCALL_NAMES_H_
