// SPDX-License-Identifier: MIT
#include "harness/os/syscall_names.h"

#include <sys/syscall.h>

#include <algorithm>

namespace lockstep {
namespace {

struct Entry {
  std::string_view name;
  long number;  // kNotHere: this architecture has no such call
};

constexpr long kNotHere = -1;

// The number that a header's macro has become, or kNotHere where it has stayed a name: architectures
// have different calls, so that each may be missing, and no `#ifdef` fits into a table.
constexpr long NumberIn(std::string_view text) {
  long number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return kNotHere;
    number = number * 10 + (c - '0');
  }
  return text.empty() ? kNotHere : number;
}

#define LOCKSTEP_TEXT(macro) #macro
#define LOCKSTEP_EXPANDED(macro) LOCKSTEP_TEXT(macro)
#define N(name) {#name, NumberIn(LOCKSTEP_EXPANDED(SYS_##name))},
constexpr Entry kEntries[] = {
    // clang-format off
    N(accept) N(accept4) N(access) N(acct) N(add_key) N(adjtimex) N(alarm) N(arch_prctl) N(bind) N(bpf) N(brk)
    N(cachestat) N(capget) N(capset) N(chdir) N(chmod) N(chown) N(chroot) N(clock_adjtime) N(clock_getres)
    N(clock_gettime) N(clock_nanosleep) N(clock_settime) N(clone) N(clone3) N(close) N(close_range) N(connect)
    N(copy_file_range) N(creat) N(delete_module) N(dup) N(dup2) N(dup3) N(epoll_create) N(epoll_create1) N(epoll_ctl)
    N(epoll_pwait) N(epoll_pwait2) N(epoll_wait) N(eventfd) N(eventfd2) N(execve) N(execveat) N(exit) N(exit_group)
    N(faccessat) N(faccessat2) N(fadvise64) N(fallocate) N(fanotify_init) N(fanotify_mark) N(fchdir) N(fchmod) N(fchmodat)
    N(fchmodat2) N(fchown) N(fchownat) N(fcntl) N(fdatasync) N(fgetxattr) N(finit_module) N(flistxattr) N(flock) N(fork)
    N(fremovexattr) N(fsconfig) N(fsetxattr) N(fsmount) N(fsopen) N(fspick) N(fstat) N(fstatfs) N(fsync)
    N(ftruncate) N(futex) N(futex_requeue) N(futex_wait) N(futex_waitv) N(futex_wake) N(futimesat) N(get_mempolicy)
    N(get_robust_list) N(get_thread_area) N(getcpu) N(getcwd) N(getdents) N(getdents64) N(getegid) N(geteuid) N(getgid)
    N(getgroups) N(getitimer) N(getpeername) N(getpgid) N(getpgrp) N(getpid) N(getppid) N(getpriority) N(getrandom)
    N(getresgid) N(getresuid) N(getrlimit) N(getrusage) N(getsid) N(getsockname) N(getsockopt) N(gettid) N(gettimeofday)
    N(getuid) N(getxattr) N(init_module) N(inotify_add_watch) N(inotify_init) N(inotify_init1) N(inotify_rm_watch)
    N(io_cancel) N(io_destroy) N(io_getevents) N(io_pgetevents) N(io_setup) N(io_submit) N(io_uring_enter)
    N(io_uring_register) N(io_uring_setup) N(ioctl) N(ioperm) N(iopl) N(ioprio_get) N(ioprio_set) N(kcmp)
    N(kexec_file_load) N(kexec_load) N(keyctl) N(kill) N(landlock_add_rule) N(landlock_create_ruleset)
    N(landlock_restrict_self) N(lchown) N(lgetxattr) N(link) N(linkat) N(listen) N(listmount) N(listxattr) N(llistxattr)
    N(lookup_dcookie) N(lremovexattr) N(lseek) N(lsetxattr) N(lstat) N(madvise) N(map_shadow_stack) N(mbind) N(membarrier)
    N(memfd_create) N(memfd_secret) N(migrate_pages) N(mincore) N(mkdir) N(mkdirat) N(mknod) N(mknodat) N(mlock) N(mlock2)
    N(mlockall) N(mmap) N(modify_ldt) N(mount) N(mount_setattr) N(move_mount) N(move_pages) N(mprotect) N(mq_getsetattr)
    N(mq_notify) N(mq_open) N(mq_timedreceive) N(mq_timedsend) N(mq_unlink) N(mremap) N(mseal) N(msgctl) N(msgget)
    N(msgrcv) N(msgsnd) N(msync) N(munlock) N(munlockall) N(munmap) N(name_to_handle_at) N(nanosleep) N(newfstatat)
    N(open) N(open_by_handle_at) N(open_tree) N(openat) N(openat2) N(pause) N(perf_event_open) N(personality)
    N(pidfd_getfd) N(pidfd_open) N(pidfd_send_signal) N(pipe) N(pipe2) N(pivot_root) N(pkey_alloc) N(pkey_free)
    N(pkey_mprotect) N(poll) N(ppoll) N(prctl) N(pread64) N(preadv) N(preadv2) N(prlimit64) N(process_madvise)
    N(process_mrelease) N(process_vm_readv) N(process_vm_writev) N(pselect6) N(ptrace) N(pwrite64) N(pwritev) N(pwritev2)
    N(quotactl) N(quotactl_fd) N(read) N(readahead) N(readlink) N(readlinkat) N(readv) N(reboot) N(recvfrom) N(recvmmsg)
    N(recvmsg) N(remap_file_pages) N(removexattr) N(rename) N(renameat) N(renameat2) N(request_key) N(restart_syscall)
    N(riscv_flush_icache) N(riscv_hwprobe) N(rmdir) N(rseq) N(rt_sigaction) N(rt_sigpending) N(rt_sigprocmask)
    N(rt_sigqueueinfo) N(rt_sigreturn) N(rt_sigsuspend) N(rt_sigtimedwait) N(rt_tgsigqueueinfo) N(sched_get_priority_max)
    N(sched_get_priority_min) N(sched_getaffinity) N(sched_getattr) N(sched_getparam) N(sched_getscheduler)
    N(sched_rr_get_interval) N(sched_setaffinity) N(sched_setattr) N(sched_setparam) N(sched_setscheduler) N(sched_yield)
    N(seccomp) N(select) N(semctl) N(semget) N(semop) N(semtimedop) N(sendfile) N(sendmmsg) N(sendmsg) N(sendto)
    N(set_mempolicy) N(set_mempolicy_home_node) N(set_robust_list) N(set_thread_area) N(set_tid_address) N(setdomainname)
    N(setfsgid) N(setfsuid) N(setgid) N(setgroups) N(sethostname) N(setitimer) N(setns) N(setpgid) N(setpriority)
    N(setregid) N(setresgid) N(setresuid) N(setreuid) N(setrlimit) N(setsid) N(setsockopt) N(settimeofday) N(setuid)
    N(setxattr) N(shmat) N(shmctl) N(shmdt) N(shmget) N(shutdown) N(sigaltstack) N(signalfd) N(signalfd4) N(socket)
    N(socketpair) N(splice) N(stat) N(statfs) N(statmount) N(statx) N(swapoff) N(swapon) N(symlink) N(symlinkat) N(sync)
    N(sync_file_range) N(sync_file_range2) N(syncfs) N(sysfs) N(sysinfo) N(syslog) N(tee) N(tgkill) N(time)
    N(timer_create) N(timer_delete) N(timer_getoverrun) N(timer_gettime) N(timer_settime) N(timerfd_create)
    N(timerfd_gettime) N(timerfd_settime) N(times) N(tkill) N(truncate) N(umask) N(umount2) N(uname) N(unlink) N(unlinkat)
    N(unshare) N(uselib) N(userfaultfd) N(ustat) N(utime) N(utimensat) N(utimes) N(vfork) N(vhangup) N(vmsplice) N(wait4)
    N(waitid) N(write) N(writev)
    // clang-format on
};
#undef N
#undef LOCKSTEP_EXPANDED
#undef LOCKSTEP_TEXT

// Those that threads wait in.
constexpr std::string_view kWaiting[] = {
    "futex",       "futex_waitv", "select",    "pselect6",        "poll",  "ppoll",   "epoll_wait",
    "epoll_pwait", "nanosleep",   "read",      "clock_nanosleep", "semop", "recvmsg", "semtimedop",
    "wait4",       "waitid",      "pause",     "rt_sigtimedwait",
};

const Entry* Find(std::string_view name) {
  const auto* found = std::find_if(std::begin(kEntries), std::end(kEntries),
                                   [&](const Entry& entry) { return entry.name == name; });
  return found == std::end(kEntries) ? nullptr : found;
}

}  // namespace

bool IsSyscallName(std::string_view name) { return Find(name) != nullptr; }

std::vector<std::string> SyscallNames() {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) names.emplace_back(entry.name);
  return names;
}

std::optional<long> SyscallNumber(std::string_view name) {
  const Entry* entry = Find(name);
  if (entry == nullptr || entry->number == kNotHere) return std::nullopt;
  return entry->number;
}

std::optional<long> WaitingSyscallNumber(std::string_view name) {
  const bool waits = std::find(std::begin(kWaiting), std::end(kWaiting), name) != std::end(kWaiting);
  return waits ? SyscallNumber(name) : std::nullopt;
}

std::string SyscallName(long number) {
  for (const Entry& entry : kEntries) {
    if (number == entry.number && number != kNotHere) return std::string(entry.name);
  }
  return "system call " + std::to_string(number);
}

}  // namespace lockstep
