// SPDX-License-Identifier: MIT
#include "harness/os/supervisor.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "harness/os/supervisor_process.h"

namespace lockstep {
namespace {


// Runs in the forked guardian, which has no other thread. With namespaces the supervisor is its
// child, and the guardian waits for it, so that it stays a descendant of the harness: a yama of 1
// lets only ancestors look at a process.
[[noreturn]] void RunGuardian(int socket, Isolation isolation, const std::string& name_prefix) {
  ::close_range(3, static_cast<unsigned>(socket) - 1, 0);
  ::close_range(static_cast<unsigned>(socket) + 1, ~0U, 0);
  ::signal(
      SIGCHLD,
      SIG_DFL);  // whoever started the harness may have ignored it: then nothing could be reaped
  ::setsid();    // a terminal's Ctrl-C is for the harness alone, which then ends us
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  const auto give_up = [&](const Error& error) {
    SendMessage(socket, JoinFields({"-", error.message}));
    ::_exit(1);
  };
  if (isolation == Isolation::kNone) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    SendMessage(socket, JoinFields({"G", std::to_string(::getpid())}));
    const UniqueFd shm(::open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    SendMessage(socket, "Y", shm.get());
    ServeAsSupervisor(socket, isolation, name_prefix);
  }
  // Without a namespace this would end the supervisor before it has cleaned up; with one, its death
  // is the clean-up.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (const auto entered = EnterNamespaces(isolation); !entered) give_up(entered.error());
  const pid_t pid = ::fork();
  if (pid < 0) give_up(FailErrno("fork", errno).value());
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (const auto mounted = MountOwnShm(); !mounted) give_up(mounted.error());
    const UniqueFd shm(::open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    SendMessage(socket, "Y", shm.get());
    ServeAsSupervisor(socket, isolation, name_prefix);
  }
  SendMessage(socket, JoinFields({"G", std::to_string(pid)}));
  ::close(socket);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(0);
}

}  // namespace

Result<Supervisor> Supervisor::Start(Isolation isolation, std::string name_prefix) {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
    return FailErrno("socketpair", errno);
  Supervisor supervisor;
  supervisor.isolation_ = isolation;
  supervisor.name_prefix_ = std::move(name_prefix);
  supervisor.control_.Reset(sockets[0]);
  UniqueFd theirs(sockets[1]);
  const pid_t guardian = ::fork();
  if (guardian < 0) return FailErrno("fork", errno);
  if (guardian == 0) RunGuardian(theirs.get(), isolation, supervisor.name_prefix_);
  supervisor.guardian_ = guardian;
  theirs.Reset();
  if (const auto ready = supervisor.AwaitReady(); !ready) return tl::unexpected(ready.error());
  return supervisor;
}

Result<void> Supervisor::AwaitReady() {
  const Deadline deadline = Deadline::After(kAnswerLimit);
  // Two messages, in either order: the guardian's and the supervisor's own.
  while (pid_ < 0 || !shm_dir_.valid()) {
    pollfd readable{control_.get(), POLLIN, 0};
    const auto left_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline.Left()).count();
    if (left_ms == 0) return Fail("the supervisor did not start in time");
    if (::poll(&readable, 1, static_cast<int>(left_ms)) <= 0) continue;
    auto message = ReceiveMessage(control_.get());
    if (!message) return Fail("the supervisor ended while it started");
    const auto fields = SplitFields(message->text);
    if (fields[0] == "G") {
      pid_ = std::atoi(fields[1].c_str());
    } else if (fields[0] == "Y") {
      // Without a /dev/shm there is no descriptor; an invalid one must still end the loop.
      shm_dir_ = message->fd.valid() ? std::move(message->fd)
                                     : UniqueFd(::open("/proc/self/fd", O_RDONLY | O_CLOEXEC));
    } else {
      return Fail(fields.size() > 1 ? fields[1] : "the supervisor failed");
    }
  }
  return {};
}

Supervisor::~Supervisor() {
  if (guardian_ < 0 || !control_.valid()) return;
  control_.Reset();  // it kills what is below it, and ends
  const Deadline deadline = Deadline::After(kAnswerLimit);
  int status = 0;
  const UniqueFd death(static_cast<int>(::syscall(SYS_pidfd_open, guardian_, 0)));
  pollfd dead{death.get(), POLLIN, 0};
  int ended = 0;
  // An interrupt of the harness must not cut the clean-up short.
  do {
    const auto left_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline.Left()).count();
    ended = ::poll(&dead, 1, static_cast<int>(left_ms));
  } while (ended < 0 && errno == EINTR);
  if (ended <= 0) ::kill(guardian_, SIGKILL);
  while (::waitpid(guardian_, &status, 0) < 0 && errno == EINTR) {
  }
}

Result<std::optional<std::string>> Supervisor::Receive(nanoseconds wait) {
  pollfd readable{control_.get(), POLLIN, 0};
  const timespec limit{wait.count() / 1'000'000'000, wait.count() % 1'000'000'000};
  if (::ppoll(&readable, 1, &limit, nullptr) <= 0) return std::optional<std::string>();
  auto message = ReceiveMessage(control_.get());
  if (!message) return Fail("the supervisor is gone");
  const auto fields = SplitFields(message->text);
  if (fields[0] == "R") {
    reaped_[std::atoi(fields[1].c_str())] = std::atoi(fields[2].c_str());
    return std::optional<std::string>();
  }
  if (fields[0] == "-") return Fail(fields[1]);
  if (message->fd.valid()) shm_dir_ = std::move(message->fd);
  return std::optional<std::string>(fields[1]);
}

Result<std::string> Supervisor::Ask(const std::string& request, int fd_to_send) {
  if (request.size() > kMessageLimit) {
    return Fail(
        fmt::format("a command and its environment have {} bytes, and at most {} can be passed on",
                    request.size(), kMessageLimit),
        "unset what is large in the environment");
  }
  if (!control_.valid() || !SendMessage(control_.get(), request, fd_to_send))
    return Fail("the supervisor is gone");
  const Deadline deadline = Deadline::After(kAnswerLimit);
  while (!deadline.Passed()) {
    auto answer = Receive(deadline.Left());
    if (!answer) return tl::unexpected(answer.error());
    if (answer->has_value()) return **answer;
  }
  // A late answer would be taken for the next one's: it is never asked again.
  control_.Reset();
  return Fail("the supervisor does not answer");
}

namespace {

// "0,1": the CPUs of a launch, as its message has them; empty: as the harness.
std::string CpuList(const std::vector<int>& cpus) {
  std::string list;
  for (const int cpu : cpus) list += (list.empty() ? "" : ",") + std::to_string(cpu);
  return list;
}

}  // namespace

Result<pid_t> Supervisor::Launch(const LaunchOptions& options) {
  std::vector<std::string> fields = {"L", CpuList(options.cpus), options.directory,
                                     std::to_string(options.argv.size())};
  fields.insert(fields.end(), options.argv.begin(), options.argv.end());
  fields.insert(fields.end(), options.environment.begin(), options.environment.end());
  const auto answer = Ask(JoinFields(fields), options.output_fd);
  if (!answer) return tl::unexpected(answer.error());
  return std::atoi(answer->c_str());
}

Result<void> Supervisor::KillAll() {
  const auto answer = Ask("K");
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Result<void> Supervisor::MountShm(const ShmOptions& o) {
  const auto number = [](const std::optional<long>& n) {
    return n ? std::to_string(*n) : std::string();
  };
  const auto answer =
      Ask(JoinFields({"M", number(o.size_bytes), number(o.inodes), o.full ? "1" : "",
                      o.read_only ? "1" : "", o.absent ? "1" : ""}));
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Result<void> Supervisor::UnmountShm() {
  const auto answer = Ask("U");
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

std::vector<std::string> Supervisor::ShmNames() const {
  std::vector<std::string> names;
  DIR* dir = ::fdopendir(::openat(shm_dir_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir == nullptr) return names;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || name == kFillerName) continue;
    if (isolation_ == Isolation::kNone && name.find(name_prefix_) == std::string::npos) continue;
    names.push_back(name);
  }
  ::closedir(dir);
  return names;
}

void Supervisor::RemoveShmName(const std::string& name) const {
  if (::unlinkat(shm_dir_.get(), name.c_str(), 0) != 0 && errno == EISDIR) {
    ::unlinkat(shm_dir_.get(), name.c_str(), AT_REMOVEDIR);
  }
}

std::optional<int> Supervisor::ReapedStatus(pid_t inner) {
  // Take what has been said so far without waiting.
  for (pollfd said{control_.get(), POLLIN, 0}; ::poll(&said, 1, 0) > 0;) {
    if (!Receive(nanoseconds(0))) break;
  }
  const auto found = reaped_.find(inner);
  return found == reaped_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<int> Supervisor::AwaitReapedStatus(pid_t inner, nanoseconds limit) {
  const Deadline deadline = Deadline::After(limit);
  std::optional<int> status = ReapedStatus(inner);
  while (!status && !deadline.Passed()) {
    if (!Receive(deadline.Left())) break;
    status = ReapedStatus(inner);
  }
  return status;
}

const IsolationProbe& ProbeIsolation() {
  static const IsolationProbe probe = [] {
    IsolationProbe result;
    const char* asked = std::getenv("LOCKSTEP_ISOLATION");
    if (asked != nullptr && std::string(asked) == "none") {
      result.why_not = "LOCKSTEP_ISOLATION=none asks for it";
      return result;
    }
    for (const Isolation isolation : {Isolation::kUserNamespace, Isolation::kNamespaces}) {
      const auto tried = Supervisor::Start(isolation, "lockstep-probe");
      if (tried) {
        result.isolation = isolation;
        return result;
      }
      if (result.why_not.empty()) result.why_not = tried.error().message;
    }
    return result;
  }();
  return probe;
}

}  // namespace lockstep
