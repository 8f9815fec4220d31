// SPDX-License-Identifier: MIT
#include "harness/os/syscall_names.h"

#include <sys/syscall.h>

namespace lockstep {
namespace {

struct Entry {
  const char* name;
  long number;
};

// Numbers come from the headers: they differ between architectures, and some have no `poll` or
// `select` at all.
constexpr Entry kEntries[] = {
    {"futex", SYS_futex},
#ifdef SYS_futex_waitv
    {"futex_waitv", SYS_futex_waitv},
#endif
#ifdef SYS_select
    {"select", SYS_select},
#endif
    {"pselect6", SYS_pselect6},
#ifdef SYS_poll
    {"poll", SYS_poll},
#endif
    {"ppoll", SYS_ppoll},
#ifdef SYS_epoll_wait
    {"epoll_wait", SYS_epoll_wait},
#endif
    {"epoll_pwait", SYS_epoll_pwait},
    {"nanosleep", SYS_nanosleep},
    {"clock_nanosleep", SYS_clock_nanosleep},
    {"read", SYS_read},
    {"recvmsg", SYS_recvmsg},
    {"semop", SYS_semop},
    {"semtimedop", SYS_semtimedop},
    {"wait4", SYS_wait4},
    {"waitid", SYS_waitid},
#ifdef SYS_pause
    {"pause", SYS_pause},
#endif
    {"rt_sigtimedwait", SYS_rt_sigtimedwait},
};

}  // namespace

std::optional<long> WaitingSyscallNumber(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (name == entry.name) return entry.number;
  }
  return std::nullopt;
}

std::string SyscallName(long number) {
  for (const Entry& entry : kEntries) {
    if (number == entry.number) return entry.name;
  }
  return "system call " + std::to_string(number);
}

}  // namespace lockstep
