// SPDX-License-Identifier: MIT
#include "harness/os/supervisor_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "harness/os/affinity.h"
#include "harness/os/descriptor_limit.h"
#include "harness/os/process_view.h"

namespace lockstep {
namespace {

// Rounds of killing until nobody is left: a process that forks itself again and again needs a few;
// each is bounded by its wait.
constexpr int kKillRounds = 400;
constexpr int kReapsAtOnce = 100;

bool WriteWhole(const char* path, const std::string& text) {
  const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  return fd.valid() &&
         ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// A /dev with nothing but what interpreters open at start, and no /dev/shm. 0, or what failed:
// `mounted` tells whether there is something to take away again.
int MountDevWithoutShm(bool* mounted) {
  constexpr const char* kNodes[] = {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"};
  std::vector<UniqueFd> nodes;
  for (const char* node : kNodes) nodes.emplace_back(::open(node, O_PATH | O_CLOEXEC));
  if (::mount("none", "/dev", "tmpfs", MS_NOSUID, "mode=0755,size=64k") != 0) return errno;
  *mounted = true;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].valid()) continue;
    const UniqueFd file(::open(kNodes[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    const std::string source = fmt::format("/proc/self/fd/{}", nodes[i].get());
    if (::mount(source.c_str(), kNodes[i], nullptr, MS_BIND, nullptr) != 0) return errno;
  }
  return 0;
}

int FillShm() {
  const UniqueFd fd(::open(fmt::format("/dev/shm/{}", kFillerName).c_str(),
                           O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return errno;
  const std::string block(4096, '\0');
  while (::write(fd.get(), block.data(), block.size()) > 0) {
  }
  return errno == ENOSPC ? 0 : errno;
}

// Fields: M, size, inodes, full, read_only, absent
std::string MountOptions(const std::vector<std::string>& fields) {
  std::string options = "mode=1777";
  // Without a size a tmpfs has half of the machine's memory, and `full` would fill it.
  const bool full = fields[3] == "1";
  options += ",size=" + (!fields[1].empty() ? fields[1] : full ? "1m" : "256m");
  if (!fields[2].empty()) options += ",nr_inodes=" + fields[2];
  return options;
}

// One supervisor's state and its loop.
class Server {
 public:
  Server(int socket, Isolation isolation, std::string name_prefix)
      : socket_(socket), isolation_(isolation), name_prefix_(std::move(name_prefix)) {}

  void Run() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);  // nothing but SIGKILL ends a supervisor
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    const UniqueFd signals(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    bool more_to_reap = false;
    while (true) {
      pollfd fds[] = {{socket_, POLLIN, 0}, {signals.get(), POLLIN, 0}};
      if (::poll(fds, 2, more_to_reap ? 0 : -1) < 0 && errno != EINTR) break;
      if (fds[1].revents != 0 || more_to_reap) {
        signalfd_siginfo info;
        while (::read(signals.get(), &info, sizeof info) > 0) {
        }
        more_to_reap = ReapOrphans();
      }
      if (fds[0].revents == 0) continue;
      auto message = ReceiveMessage(socket_);
      if (!message) break;
      Serve(*message);
    }
    KillEverything();
    if (isolation_ == Isolation::kNone) RemoveOwnNames();
  }

 private:
  // Whether there may be more: who forks and dies without end must not keep us from being told to
  // kill.
  bool ReapOrphans() {
    int status = 0;
    for (int i = 0; i < kReapsAtOnce; ++i) {
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid <= 0) return false;
      SendMessage(socket_, JoinFields({"R", std::to_string(pid), std::to_string(status)}));
    }
    return true;
  }

  void Serve(const ReceivedMessage& message) {
    const std::vector<std::string> fields = SplitFields(message.text);
    switch (message.text.empty() ? '\0' : message.text[0]) {
      case 'L':
        Answer(LaunchCommand(fields, message.fd.get()));
        break;
      case 'K':
        Answer(KillEverything() ? Result<std::string>("") : Fail("some processes would not die"));
        break;
      case 'M':
        MountShm(fields);
        break;
      case 'U':
        UnmountShm();
        break;
      default:
        Answer(Fail("the supervisor does not know this request"));
    }
  }

  void Answer(const Result<std::string>& result, int fd = -1) {
    SendMessage(socket_,
                result ? JoinFields({"+", *result}) : JoinFields({"-", result.error().message}),
                fd);
  }

  // Fields: L, cpus, directory, argc, argv…, environment…
  Result<std::string> LaunchCommand(const std::vector<std::string>& fields, int output_fd) {
    int report[2];
    if (::pipe2(report, O_CLOEXEC) != 0) return FailErrno("pipe", errno);
    const pid_t pid = ::fork();
    if (pid < 0) return FailErrno("fork", errno);
    if (pid == 0) BecomeCommand(fields, output_fd, report[1]);
    ::close(report[1]);
    const UniqueFd reader(report[0]);
    int failure = 0;
    // End of file: exec has closed the pipe. Bounded by exec itself; there is no adapter's code
    // before it.
    if (::read(reader.get(), &failure, sizeof failure) == sizeof failure) {
      ::waitpid(pid, nullptr, 0);
      if (failure < 0) return FailErrno(fmt::format("cannot start in {}", fields[2]), -failure);
      return FailErrno(fmt::format("cannot run {}", fields[4]), failure);
    }
    return std::to_string(pid);
  }

  [[noreturn]] static void BecomeCommand(const std::vector<std::string>& fields, int output_fd,
                                         int report_fd) {
    const std::size_t argc = std::strtoul(fields[3].c_str(), nullptr, 10);
    std::vector<char*> argv;
    std::vector<char*> environment;
    for (std::size_t i = 4; i < fields.size(); ++i) {
      (i < 4 + argc ? argv : environment).push_back(const_cast<char*>(fields[i].c_str()));
    }
    argv.push_back(nullptr);
    environment.push_back(nullptr);

    ::setsid();
    if (!fields[1].empty()) {
      std::vector<int> cpus;
      std::istringstream list(fields[1]);
      for (std::string cpu; std::getline(list, cpu, ',');) cpus.push_back(std::atoi(cpu.c_str()));
      PinThread(0, cpus);
    }
    // No capability survives the exec, not even root's: root and an ordinary user get the same
    // verdicts.
    for (int capability = 0; capability <= 63; ++capability)
      ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2] = {};
    if (::syscall(SYS_capget, &header, sets) == 0) {
      sets[0].inheritable = sets[1].inheritable = 0;
      ::syscall(SYS_capset, &header, sets);
    }
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const rlimit descriptors = OriginalDescriptorLimit();
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);  // crashes are expected, their core files are not wanted
    const UniqueFd null(::open("/dev/null", O_RDONLY));
    ::dup2(null.get(), 0);
    ::dup2(output_fd, 1);
    ::dup2(output_fd, 2);
    ::dup2(report_fd, 3);
    ::fcntl(3, F_SETFD, FD_CLOEXEC);
    ::close_range(4, ~0U, 0);
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (!fields[2].empty() && ::chdir(fields[2].c_str()) != 0) Report(3, -errno);
    environ = environment.data();  // its PATH is the one to look on, not ours
    ::execvp(argv[0], argv.data());
    Report(3, errno);
  }

  // An errno; negative: of the change of directory.
  [[noreturn]] static void Report(int fd, int failure) {
    [[maybe_unused]] const ssize_t written = ::write(fd, &failure, sizeof failure);
    ::_exit(127);
  }

  bool KillEverything() {
    for (int round = 0; round < kKillRounds; ++round) {
      if (isolation_ != Isolation::kNone) {
        ::kill(-1, SIGKILL);  // as PID 1: everybody in the namespace but itself
      } else {
        KillBelow(::getpid());
      }
      int status = 0;
      pid_t pid = 0;
      while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
        SendMessage(socket_, JoinFields({"R", std::to_string(pid), std::to_string(status)}));
      }
      if (pid < 0 && errno == ECHILD) return true;
      // Someone is still dying: wait for the next death, 10 ms at most, and look again.
      sigset_t child;
      sigemptyset(&child);
      sigaddset(&child, SIGCHLD);
      const timespec limit{0, 10'000'000};
      ::sigtimedwait(&child, nullptr, &limit);
    }
    return false;
  }

  static void KillBelow(pid_t pid) {
    for (const pid_t child : ChildrenOf(pid)) {
      KillBelow(child);
      ::kill(child, SIGKILL);
    }
  }

  void RemoveOwnNames() const {
    DIR* dir = ::opendir("/dev/shm");
    if (dir == nullptr) return;
    while (const dirent* entry = ::readdir(dir)) {
      if (std::strstr(entry->d_name, name_prefix_.c_str()) != nullptr)
        ::unlinkat(::dirfd(dir), entry->d_name, 0);
    }
    ::closedir(dir);
  }

  // Fields: M, size, inodes, full, read_only, absent
  void MountShm(const std::vector<std::string>& fields) {
    if (isolation_ == Isolation::kNone) return Answer(Fail("no namespace"));
    if (fields[5] == "1") {
      bool mounted = false;
      const int failure = MountDevWithoutShm(&mounted);
      if (mounted) mounted_on_ = "/dev";
      if (failure != 0) return Answer(FailErrno("mount on /dev", failure));
      return Answer(std::string());
    }
    if (::mount("none", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, MountOptions(fields).c_str()) !=
        0) {
      return Answer(FailErrno("mount on /dev/shm", errno));
    }
    mounted_on_ = "/dev/shm";
    if (const int failure = fields[3] == "1" ? FillShm() : 0; failure != 0) {
      return Answer(FailErrno("filling /dev/shm", failure));
    }
    if (fields[4] == "1" && ::mount("none", "/dev/shm", nullptr,
                                    MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) != 0) {
      return Answer(FailErrno("remounting /dev/shm read-only", errno));
    }
    const UniqueFd dir(::open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Answer(std::string(), dir.get());
  }

  void UnmountShm() {
    // Lazily: a process that is being killed may still hold a file there.
    if (!mounted_on_.empty()) ::umount2(mounted_on_.c_str(), MNT_DETACH);
    mounted_on_.clear();
    const UniqueFd dir(::open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Answer(std::string(), dir.get());
  }

  const int socket_;
  const Isolation isolation_;
  const std::string name_prefix_;
  std::string mounted_on_;
};

}  // namespace

std::string JoinFields(const std::vector<std::string>& fields) {
  std::string message;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) message += '\0';
    message += fields[i];
  }
  return message;
}

std::vector<std::string> SplitFields(const std::string& message) {
  std::vector<std::string> fields(1);
  for (const char c : message) {
    if (c == '\0') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

bool SendMessage(int socket, const std::string& message, int fd) {
  iovec part{const_cast<char*>(message.data()), message.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

std::optional<ReceivedMessage> ReceiveMessage(int socket) {
  static thread_local std::string buffer(kMessageLimit, '\0');
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t received = 0;
  do {
    received = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received <= 0) return std::nullopt;
  ReceivedMessage message;
  message.text.assign(buffer.data(), static_cast<std::size_t>(received));
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
    message.fd.Reset(fd);
  }
  return message;
}

Result<void> EnterNamespaces(Isolation isolation) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  int flags = CLONE_NEWNS | CLONE_NEWPID;
  if (isolation == Isolation::kUserNamespace) flags |= CLONE_NEWUSER;
  if (::unshare(flags) != 0) return FailErrno("unshare", errno);
  if (isolation == Isolation::kUserNamespace) {
    // setgroups must be denied before an ordinary user may map a group: user_namespaces(7).
    if (!WriteWhole("/proc/self/setgroups", "deny"))
      return FailErrno("writing /proc/self/setgroups", errno);
    if (!WriteWhole("/proc/self/uid_map", fmt::format("{} {} 1", uid, uid))) {
      return FailErrno("writing /proc/self/uid_map", errno);
    }
    if (!WriteWhole("/proc/self/gid_map", fmt::format("{} {} 1", gid, gid))) {
      return FailErrno("writing /proc/self/gid_map", errno);
    }
  }
  return {};
}

Result<void> MountOwnShm() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return FailErrno("making mounts private", errno);
  if (::mount("none", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=256m") != 0) {
    return FailErrno("mounting a tmpfs on /dev/shm", errno);
  }
  return {};
}

void ServeAsSupervisor(int control_socket, Isolation isolation, const std::string& name_prefix) {
  Server(control_socket, isolation, name_prefix).Run();
  ::_exit(0);
}

}  // namespace lockstep
