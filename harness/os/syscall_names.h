// SPDX-License-Identifier: MIT
// Names and numbers of Linux system calls. Numbers are this machine's, from the C library's headers;
// names are those of all architectures, so that what names one is read alike everywhere.
#ifndef LOCKSTEP_HARNESS_OS_SYSCALL_NAMES_H_
#define LOCKSTEP_HARNESS_OS_SYSCALL_NAMES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

// Whether Linux has a call of this name on some architecture, and all that it has.
bool IsSyscallName(std::string_view name);
std::vector<std::string> SyscallNames();
// Its number on this machine. Nothing where there is no such call here (arm64 has no `open`), or
// nowhere.
std::optional<long> SyscallNumber(std::string_view name);
// The number on this machine of a system call that threads wait in: futex, futex_waitv, select,
// pselect6, poll, ppoll, epoll_wait, epoll_pwait, nanosleep, clock_nanosleep, read, recvmsg, semop,
// semtimedop, wait4, waitid, pause, rt_sigtimedwait. Nothing for other names.
std::optional<long> WaitingSyscallNumber(std::string_view name);
// Its name, or "system call 123".
std::string SyscallName(long number);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_SYSCALL_NAMES_H_
