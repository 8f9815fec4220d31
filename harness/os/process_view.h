// SPDX-License-Identifier: MIT
// What /proc tells of other processes. Nothing here changes or stops the process looked at.
// Process and thread ids are those of the caller's own PID namespace, unless said otherwise.
#ifndef LOCKSTEP_HARNESS_OS_PROCESS_VIEW_H_
#define LOCKSTEP_HARNESS_OS_PROCESS_VIEW_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/os/fd.h"

namespace lockstep {

// Where a thread is, at one instant.
struct ThreadState {
  enum class Kind {
    kGone,  // no such thread
    kZombie,
    kRunning,  // on a CPU, ready to be, or held up by the kernel (state D) or a tracer: it goes on
               // by itself
    kStopped,  // SIGSTOP
    kSyscall,  // asleep in `syscall`
    kAsleep,   // asleep, and the kernel does not let us see in what
  };
  Kind kind = Kind::kGone;
  long syscall = -1;
  std::array<std::uint64_t, 6> args{};

  bool operator==(const ThreadState&) const = default;
  // A futex wait; args[0] is the address, args[3] the time-out (0: for ever).
  bool InFutexWait() const;
  // "futex 0x7f…, for ever", "running", "stopped" …: for people.
  std::string Text() const;
};

// Looks at one thread again and again, on descriptors that stay open: 2–3 µs a look.
// Thread-compatible.
class ThreadProbe {
 public:
  ThreadProbe() = default;
  ThreadProbe(pid_t pid, pid_t tid);

  ThreadState Look() const;
  // Whether /proc/PID/task/TID/syscall can be read at all (a yama of 2 or 3, gVisor and
  // non-dumpable processes refuse).
  bool CanSeeSyscalls() const;
  // How often and how long the thread has been on a CPU: numbers that stand still while it
  // sleeps.
  struct Activity {
    std::uint64_t runtime_ns = 0;
    std::uint64_t ready_ns = 0;  // waited for a CPU that others had
    std::uint64_t switches = 0;
    bool operator==(const Activity&) const = default;
  };
  std::optional<Activity> ReadActivity() const;

 private:
  UniqueFd syscall_;
  UniqueFd stat_;
  UniqueFd schedstat_;
};

// What lies at an address: the file behind a mapping, known by device and inode, because glibc's
// creator of a semaphore maps a temporary name. inode 0: private memory.
struct Mapping {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool shared = false;  // MAP_SHARED: what is written there is seen by others
};
// Nothing when no mapping has the address, or maps cannot be read. About 150 µs: keep the answer.
std::optional<Mapping> FindMapping(pid_t pid, std::uint64_t address);

// The direct children of a process, of all its threads.
std::vector<pid_t> ChildrenOf(pid_t pid);
// The ids that a task has from the inside of its own PID namespace (last of NSpid); the same number
// where there is no namespace. tid 0: the process.
std::optional<pid_t> InnerId(pid_t pid, pid_t tid = 0);
// The other way round: which child of `parent`, or which thread of `pid`, calls itself `inner`?
std::optional<pid_t> OuterChild(pid_t parent, pid_t inner);
std::optional<pid_t> OuterThread(pid_t pid, pid_t inner);

// How often a thread has given up its CPU by itself, to wait. Nothing when it is gone.
std::optional<std::uint64_t> VoluntarySwitches(pid_t pid, pid_t tid);

// The wait status of a zombie that its parent has not reaped yet (last field of /proc/PID/stat).
std::optional<int> ZombieStatus(pid_t pid);
bool IsZombie(pid_t pid);
// Whether there is such a process, and it is no zombie. One that its parent reaped since it was listed is gone.
bool IsAlive(pid_t pid);
// All ids of the threads of a process.
std::vector<pid_t> ThreadsOf(pid_t pid);
// How many descriptors a process has open; nothing when that cannot be read.
std::optional<int> CountDescriptors(pid_t pid);
// The `count` descriptors with the highest numbers, as "7 (/dev/null)", for messages.
std::vector<std::string> NewestDescriptors(pid_t pid, int count);
// The descriptors of a process that are open on the file that `fd` of ours is open on; of a FIFO
// both ends are.
std::vector<int> DescriptorsOn(pid_t pid, int fd);
// argv[0] and so on, for messages.
std::string CommandLineOf(pid_t pid);
std::string ReadSmallFile(const std::string& path);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_PROCESS_VIEW_H_
