// SPDX-License-Identifier: MIT
//
// New actors, and the end of old ones.
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

#include "environment.h"
#include "hello.h"
#include "operations.h"
#include "rebuild.h"

namespace lockstep::adapter {
namespace {

constexpr Signature kFork{"fork", "fork", Convention::kAdapter, 1, {"channel"}};
constexpr Signature kThread{"thread", "thread", Convention::kAdapter, 1, {"channel"}};
constexpr Signature kSpawn{"spawn", "spawn", Convention::kAdapter, 1, {"channel"}};
constexpr Signature kReap{"reap", "reap", Convention::kAdapter, 1, {"pid"}};
constexpr Signature kEnd{"end", "end", Convention::kAdapter, 0, {}};
constexpr Signature kExit{"exit", "exit", Convention::kAdapter, 0, {"status"}};

constexpr int kNoChannel = 2;
constexpr char kOwnProgram[] = "/proc/self/exe";

// A forked child's whole life. Nothing that the parent's stack holds is destroyed in it.
[[noreturn]] void BeForkedChild(Process& process, const std::shared_ptr<Channel>& channel,
                                const std::string& problem) {
  if (channel == nullptr) {
    fmt::print(stderr, "lockstep adapter: no channel: {}\n", problem);
    _exit(kNoChannel);
  }
  Actor actor(process, channel);
  _exit(actor.Run(ShortHello()));
}

// The arguments that this program was started with.
std::vector<std::string> OwnArguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> arguments;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\0', start), text.size());
    arguments.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  if (arguments.empty()) arguments.emplace_back(kOwnProgram);
  return arguments;
}

// This process's environment, with the two variables of an adapter set anew.
std::vector<std::string> EnvironmentWith(const std::string& channel, const std::string& objects) {
  const std::string channel_entry = std::string(kChannelVariable) + "=";
  const std::string objects_entry = std::string(kObjectsVariable) + "=";
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with(channel_entry) && !text.starts_with(objects_entry)) {
      entries.emplace_back(text);
    }
  }
  entries.push_back(channel_entry + channel);
  entries.push_back(objects_entry + objects);
  return entries;
}

std::vector<char*> Pointers(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings->size() + 1);
  for (std::string& text : *strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Between fork and exec of a process with threads: only calls that are async-signal-safe. Returns
// if the exec failed.
void ExecOwnProgram(const std::vector<int>& inherited, const std::vector<char*>& arguments,
                    const std::vector<char*>& environment) {
  for (const int fd : inherited) fcntl(fd, F_SETFD, 0);
  execve(kOwnProgram, arguments.data(), environment.data());
}

// Starts the program anew. The child's pid, or -1 and errno, also that of its exec, which a pipe
// tells that the exec closes.
pid_t SpawnOwnProgram(const ObjectsDescription& objects, const std::string& channel) {
  std::vector<std::string> argument_strings = OwnArguments();
  std::vector<std::string> environment_strings = EnvironmentWith(channel, objects.text);
  const std::vector<char*> arguments = Pointers(&argument_strings);
  const std::vector<char*> environment = Pointers(&environment_strings);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -1;
  const pid_t pid = fork();
  if (pid == 0) {
    ExecOwnProgram(objects.descriptors, arguments, environment);
    const int error = errno;
    const ssize_t written = write(report[1], &error, sizeof error);
    _exit(written == sizeof error ? 1 : kNoChannel);
  }
  int error = pid < 0 ? errno : 0;
  close(report[1]);
  if (pid > 0) {
    ssize_t got = 0;
    do {
      got = read(report[0], &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) error = 0;
  }
  close(report[0]);
  if (error == 0) return pid;
  if (pid > 0) waitpid(pid, nullptr, 0);
  errno = error;
  return -1;
}

}  // namespace

void ForkActor(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kFork, request);
  const std::string name = arguments.String(0);
  if (!Bound(arguments, reply)) return;
  std::shared_ptr<Channel> channel;
  std::string problem;
  int error = 0;
  const pid_t pid = reply->Timed([&] {
    const pid_t result = actor.process().Fork(name, &channel, &problem);
    error = errno;
    return result;
  });
  if (pid == 0) BeForkedChild(actor.process(), channel, problem);
  if (pid < 0) {
    reply->result = OsError(error);
  } else {
    reply->result = Value(std::int64_t{pid});
  }
}

void StartThread(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kThread, request);
  const std::string name = arguments.String(0);
  if (!Bound(arguments, reply)) return;
  Process& process = actor.process();
  std::string problem;
  const std::shared_ptr<Channel> channel = process.OpenChannel(name, &problem);
  if (channel == nullptr) {
    reply->result = AdapterError{"no channel: " + problem};
    return;
  }
  ++process.live_threads();
  try {
    std::thread([&process, channel]() mutable {
      Actor(process, std::move(channel)).Run(ShortHello());
      --process.live_threads();
    }).detach();  // it ends with its channel, or with the process
  } catch (const std::system_error& failure) {
    --process.live_threads();
    reply->result = AdapterError{std::string("no thread: ") + failure.what()};
    return;
  }
  reply->result = None{};
}

void Spawn(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kSpawn, request);
  const std::string name = arguments.String(0);
  if (!Bound(arguments, reply)) return;
  const ObjectsDescription objects = DescribeObjects(actor.process());
  int error = 0;
  const pid_t pid = reply->Timed([&] {
    const pid_t result = SpawnOwnProgram(objects, actor.process().ChannelPath(name));
    error = errno;
    return result;
  });
  if (pid < 0) {
    reply->result = OsError(error);
  } else {
    reply->result = Value(std::int64_t{pid});
  }
}

void Reap(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kReap, request);
  const int pid = arguments.Int(0);
  if (!Bound(arguments, reply)) return;
  int status = 0;
  const int error = reply->Timed([&] {
    while (waitpid(pid, &status, 0) < 0) {
      if (errno != EINTR) return errno;
      actor.RunArrivedActions();
    }
    return 0;
  });
  if (error != 0) {
    reply->result = OsError(error);
  } else {
    reply->result = Value(std::int64_t{status});
  }
}

void ExitProcess(Actor& /*actor*/, const Request& request, Reply* reply) {
  Arguments arguments(kExit, request);
  const int status = arguments.Int(0);
  if (!Bound(arguments, reply)) return;
  _exit(status);
}

void EndThread(Actor& actor, const Request& request, Reply* reply) {
  if (!Bound(Arguments(kEnd, request), reply)) return;
  if (actor.is_main_thread()) {
    reply->result = AdapterError{"the main thread ends with its process only"};
    return;
  }
  actor.End();
}

}  // namespace lockstep::adapter
