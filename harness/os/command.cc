// SPDX-License-Identifier: MIT
#include "harness/os/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "harness/os/fd.h"

namespace lockstep {
namespace {

constexpr std::size_t kOutputLimit = 1 << 20;

Result<pid_t> Spawn(const std::vector<std::string>& argv,
                    const std::vector<std::string>& environment, int output_fd) {
  std::vector<char*> arguments;
  std::vector<char*> variables;
  for (const std::string& arg : argv) arguments.push_back(const_cast<char*>(arg.c_str()));
  for (const std::string& entry : environment)
    variables.push_back(const_cast<char*>(entry.c_str()));
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&attributes,
                                &all);  // we ignore SIGPIPE; a shell's pipelines need it
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int failure =
      posix_spawn(&pid, argv[0].c_str(), &actions, &attributes, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) return FailErrno("cannot run " + argv[0], failure);
  return pid;
}

int LeftMs(const Deadline& deadline) {
  return static_cast<int>(deadline.Left().count() / 1'000'000);
}

// False when the process still lives at the deadline.
bool AwaitDeath(pid_t pid, const Deadline& deadline) {
  const UniqueFd death(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd dead{death.get(), POLLIN, 0};
  int ended = 0;
  do {
    ended = ::poll(&dead, 1, LeftMs(deadline));
  } while (ended < 0 && errno == EINTR);
  return ended > 0;
}

}  // namespace

Result<CommandOutput> RunCommand(const std::vector<std::string>& argv,
                                 const std::vector<std::string>& environment, nanoseconds limit) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return FailErrno("pipe", errno);
  UniqueFd reader(fds[0]);
  UniqueFd writer(fds[1]);
  const auto pid = Spawn(argv, environment, writer.get());
  writer.Reset();
  if (!pid) return tl::unexpected(pid.error());
  const Deadline deadline = Deadline::After(limit);
  CommandOutput result;
  while (result.output.size() < kOutputLimit) {
    pollfd readable{reader.get(), POLLIN, 0};
    const int ready = ::poll(&readable, 1, LeftMs(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    char buffer[4096];
    const ssize_t n = ::read(reader.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    result.output.append(buffer, static_cast<std::size_t>(n));
  }
  // It may have closed its output and live on, or have more to say than we want to hear.
  reader.Reset();
  const bool in_time = AwaitDeath(*pid, deadline);
  if (!in_time) {
    ::kill(-*pid, SIGKILL);
    ::kill(*pid, SIGKILL);
  }
  while (::waitpid(*pid, &result.status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return Fail(fmt::format("{} did not end in time", argv[0]));
  return result;
}

std::string FindOnPath(const std::string& command) {
  // A folder may be executable, too, and is no command.
  const auto runs = [](const std::string& file) {
    std::error_code error;
    return std::filesystem::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0;
  };
  if (command.find('/') != std::string::npos) return runs(command) ? command : "";
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + command;
    if (runs(candidate)) return candidate;
  }
  return "";
}

}  // namespace lockstep
