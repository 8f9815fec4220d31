// SPDX-License-Identifier: MIT
// A supervisor is a process of ours below which adapters run. It launches them, inherits their
// orphans, and ends everything below it; it runs no adapter's code. Where the machine allows, it is
// PID 1 of a namespace of its own with a small /dev/shm of its own, so that nothing can outlive it
// or be seen from outside.
//
//   harness ── guardian (waits) ── supervisor ── adapters and all that they fork
//
// It dies with the harness: it sees its control socket close, kills what is below it, removes names
// that belong to it, and exits.
#ifndef LOCKSTEP_HARNESS_OS_SUPERVISOR_H_
#define LOCKSTEP_HARNESS_OS_SUPERVISOR_H_

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/os/clock.h"
#include "harness/os/fd.h"
#include "harness/os/result.h"

namespace lockstep {

// How far a supervisor is cut off from the rest of the machine.
enum class Isolation {
  kNone,        // unique names, a subreaper, and kill until nobody is left
  kNamespaces,  // mount and PID namespaces, made by root without a user namespace (as in a chroot)
  kUserNamespace,  // user, mount and PID namespaces
};

// The strongest isolation that this machine allows, found by trying all of it in a throw-away
// child, once per process. `why_not` tells what failed when it is kNone. The environment variable
// LOCKSTEP_ISOLATION=none asks for kNone.
struct IsolationProbe {
  Isolation isolation = Isolation::kNone;
  std::string why_not;
};
const IsolationProbe& ProbeIsolation();

// What /dev/shm is to be for one scenario.
struct ShmOptions {
  std::optional<long> size_bytes{};
  std::optional<long> inodes{};
  bool full = false;
  bool read_only = false;
  bool absent = false;
};

struct LaunchOptions {
  std::vector<std::string> argv;         // argv[0] is looked up on the PATH of `environment`
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;                 // to start in; empty: the harness's
  int output_fd = -1;                    // becomes standard output and error
  std::vector<int> cpus;                 // pinned to these; empty: as the harness
};

// Thread-compatible: one worker thread owns it. The thread that starts it must live until it is
// destroyed or stopped (a parent-death signal is sent when that *thread* ends). No call blocks
// longer than kAnswerLimit.
class Supervisor {
 public:
  static constexpr std::chrono::seconds kAnswerLimit{10};

  // `name_prefix`: names in /dev/shm that hold this text belong to this supervisor: without a
  // namespace they are removed when it ends.
  static Result<Supervisor> Start(Isolation isolation, std::string name_prefix);

  Supervisor(Supervisor&&) noexcept = default;
  Supervisor& operator=(Supervisor&&) = delete;
  ~Supervisor();

  // Runs a command in a session of its own, without capabilities, signals at their defaults, all
  // descriptors but 0, 1, 2 closed. Its process id as seen from inside. A command that cannot be
  // executed is an Error that says so.
  Result<pid_t> Launch(const LaunchOptions& options);
  // Kills every process below the supervisor and waits until they are reaped.
  Result<void> KillAll();
  // Puts another /dev/shm over the supervisor's, and takes it away again. Only with a namespace.
  Result<void> MountShm(const ShmOptions& options);
  Result<void> UnmountShm();

  // The names now in the supervisor's /dev/shm, less what MountShm put there; without a namespace
  // only those that hold the prefix.
  std::vector<std::string> ShmNames() const;
  // Removes a name from there; missing is fine.
  void RemoveShmName(const std::string& name) const;

  Isolation isolation() const { return isolation_; }
  // The supervisor's process, as seen from the harness.
  pid_t pid() const { return pid_; }
  // An orphan's wait status, if the supervisor has reaped one of this inner id since the last
  // Forget.
  std::optional<int> ReapedStatus(pid_t inner);
  // The same for a process that has just been seen to be gone: between the supervisor's reaping it
  // and its telling so passes a moment. Blocks for `limit` at most.
  std::optional<int> AwaitReapedStatus(pid_t inner, nanoseconds limit);
  void ForgetReaped() { reaped_.clear(); }

 private:
  Supervisor() = default;
  Result<void> AwaitReady();
  Result<std::string> Ask(const std::string& request, int fd_to_send = -1);
  // Takes one message: an answer, or a report of a reaped orphan (kept in reaped_, and nothing is
  // returned).
  Result<std::optional<std::string>> Receive(nanoseconds wait);

  Isolation isolation_ = Isolation::kNone;
  std::string name_prefix_;
  UniqueFd control_;
  UniqueFd shm_dir_;
  pid_t guardian_ = -1;
  pid_t pid_ = -1;
  std::map<pid_t, int> reaped_;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_SUPERVISOR_H_
