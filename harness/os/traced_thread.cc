// SPDX-License-Identifier: MIT
#include "harness/os/traced_thread.h"

#include <elf.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace lockstep {
namespace {

constexpr int kSyscallStop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD
constexpr int kEventStop = 128;               // PTRACE_EVENT_STOP
constexpr const char* kHint =
    "set kernel.yama.ptrace_scope to 0 or 1; in a container allow ptrace (--cap-add SYS_PTRACE)";

long Trace(int request, pid_t tid, std::uintptr_t address, std::uintptr_t data) {
  return ::ptrace(static_cast<decltype(PTRACE_CONT)>(request), tid, reinterpret_cast<void*>(address),
                  reinterpret_cast<void*>(data));
}

// The size of what the kernel tells of the stop; 0: it is too old to tell.
long SyscallInfo(pid_t tid, __ptrace_syscall_info* info) {
  const long size = Trace(PTRACE_GET_SYSCALL_INFO, tid, sizeof *info, reinterpret_cast<std::uintptr_t>(info));
  return size > 0 ? size : 0;
}

}  // namespace

Result<TracedThread> TracedThread::Seize(pid_t tid) {
  TracedThread thread(tid);
  if (Trace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD) != 0) {
    const int failure = errno;
    if (failure == ESRCH) return thread;
    return Fail(fmt::format("ptrace is denied here: {}", std::strerror(failure)), kHint);
  }
  Trace(PTRACE_INTERRUPT, tid, 0, 0);
  siginfo_t stopped{};
  // Looked at, and left for Await.
  while (::waitid(P_PID, static_cast<id_t>(tid), &stopped, WSTOPPED | WEXITED | __WALL | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  const bool ended = stopped.si_code == CLD_EXITED || stopped.si_code == CLD_KILLED || stopped.si_code == CLD_DUMPED;
  __ptrace_syscall_info info{};
  errno = 0;
  if (ended || SyscallInfo(tid, &info) != 0 || errno == ESRCH) return thread;
  thread.Detach();
  return Fail("ptrace is denied here: needs Linux 5.3", "run on a newer kernel");
}

TracedThread::Stop TracedThread::Await() {
  int status = 0;
  pid_t waited = 0;
  do {
    waited = ::waitpid(tid_, &status, __WALL);
  } while (waited < 0 && errno == EINTR);
  Stop stop;
  if (waited < 0 || !WIFSTOPPED(status)) {
    stop.kind = Stop::Kind::kGone;
    return stop;
  }
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (signal == kSyscallStop) return SyscallStop();
  if (event == kEventStop && signal != SIGTRAP) {
    stop.kind = Stop::Kind::kGroup;
  } else if (event == 0) {
    stop.kind = Stop::Kind::kSignal;
    stop.signal = signal;
  }
  return stop;
}

TracedThread::Stop TracedThread::SyscallStop() const {
  Stop stop;
  __ptrace_syscall_info info{};
  if (SyscallInfo(tid_, &info) == 0) return stop;  // killed meanwhile
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    stop.kind = Stop::Kind::kEntry;
    stop.syscall = static_cast<long>(info.entry.nr);
    for (std::size_t i = 0; i < stop.args.size(); ++i) stop.args[i] = info.entry.args[i];
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    stop.kind = Stop::Kind::kExit;
    stop.result = static_cast<long>(info.exit.rval);
  }
  return stop;
}

void TracedThread::Resume(const Stop& stop) const {
  if (stop.kind == Stop::Kind::kGone) return;
  // Fails only of a thread that was killed meanwhile: Await tells.
  if (stop.kind == Stop::Kind::kGroup) {
    Trace(PTRACE_LISTEN, tid_, 0, 0);
  } else {
    Trace(PTRACE_SYSCALL, tid_, 0, static_cast<std::uintptr_t>(stop.signal));
  }
}

void TracedThread::Detach() const { Trace(PTRACE_DETACH, tid_, 0, 0); }

#if defined(__x86_64__)

bool TracedThread::CanReplace() { return true; }

void TracedThread::SkipSyscall() const {
  Trace(PTRACE_POKEUSER, tid_, offsetof(user, regs.orig_rax), static_cast<std::uintptr_t>(-1));
}

void TracedThread::SetResult(long result) const {
  Trace(PTRACE_POKEUSER, tid_, offsetof(user, regs.rax), static_cast<std::uintptr_t>(result));
}

#elif defined(__aarch64__)

bool TracedThread::CanReplace() { return true; }

void TracedThread::SkipSyscall() const {
  constexpr int kSystemCall = 0x404;  // NT_ARM_SYSTEM_CALL
  int none = -1;
  iovec part{&none, sizeof none};
  Trace(PTRACE_SETREGSET, tid_, kSystemCall, reinterpret_cast<std::uintptr_t>(&part));
}

void TracedThread::SetResult(long result) const {
  user_regs_struct registers{};
  iovec part{&registers, sizeof registers};
  if (Trace(PTRACE_GETREGSET, tid_, NT_PRSTATUS, reinterpret_cast<std::uintptr_t>(&part)) != 0) return;
  registers.regs[0] = static_cast<decltype(registers.regs[0] + 0)>(result);
  Trace(PTRACE_SETREGSET, tid_, NT_PRSTATUS, reinterpret_cast<std::uintptr_t>(&part));
}

#else

bool TracedThread::CanReplace() { return false; }
void TracedThread::SkipSyscall() const {}
void TracedThread::SetResult(long) const {}

#endif

std::string TracedThread::ReadMemory(std::uint64_t address, std::size_t size) const {
  std::string bytes(size, '\0');
  iovec here{bytes.data(), size};
  iovec there{reinterpret_cast<void*>(static_cast<std::uintptr_t>(address)), size};
  const ssize_t n = ::process_vm_readv(tid_, &here, 1, &there, 1, 0);
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

}  // namespace lockstep
