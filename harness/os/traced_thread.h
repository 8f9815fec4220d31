// SPDX-License-Identifier: MIT
// One thread of another process under ptrace: what is the kernel's and the architecture's about it.
// What its stops are taken for is call_tracer.h's.
#ifndef LOCKSTEP_HARNESS_OS_TRACED_THREAD_H_
#define LOCKSTEP_HARNESS_OS_TRACED_THREAD_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>

#include "harness/os/result.h"

namespace lockstep {

// Belongs to the thread that has seized it: ptrace goes by threads, and every method is that
// thread's alone. A tracer that ends without Detach leaves the traced thread running, untraced.
class TracedThread {
 public:
  struct Stop {
    enum class Kind {
      kEntry,   // it is about to make `syscall`
      kExit,    // a system call has returned `result`
      kSignal,  // `signal` is about to be delivered
      kGroup,   // its process is stopped, as by SIGSTOP
      kOther,   // nothing to be looked at
      kGone,    // it has ended, and is waited for: there is nothing left to trace
    };
    Kind kind = Kind::kOther;
    long syscall = -1;
    std::array<std::uint64_t, 6> args{};
    long result = 0;  // as the kernel has it: an error is -errno, one to be restarted below -511
    int signal = 0;
  };

  // Seizes the thread and has it stop, wherever it is: the first Await gives that stop. What it
  // slept in begins again when it is resumed. An Error begins with "ptrace is denied here: ", and
  // its hint says what to do. No such thread: a thread whose first stop is kGone.
  static Result<TracedThread> Seize(pid_t tid);

  // Blocks until it stops or ends. Not bounded: whoever has to be done kills it.
  Stop Await();
  // Lets it run on to its next system call's entry or exit, with the signal of `stop`, if any; one
  // whose process is stopped stays so until it is continued.
  void Resume(const Stop& stop) const;
  // Lets it run on untraced.
  void Detach() const;

  // At an entry: the call is not made. At its exit: what it returns. False where the architecture's
  // way is not known here.
  [[nodiscard]] static bool CanReplace();
  void SkipSyscall() const;
  void SetResult(long result) const;

  // Up to `size` bytes of its memory; fewer where less is there.
  std::string ReadMemory(std::uint64_t address, std::size_t size) const;

 private:
  explicit TracedThread(pid_t tid) : tid_(tid) {}
  Stop SyscallStop() const;

  pid_t tid_;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_TRACED_THREAD_H_
