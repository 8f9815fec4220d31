// SPDX-License-Identifier: MIT
#include "harness/os/testing_support.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "harness/os/process_view.h"

namespace lockstep {
namespace {

int LeftMs(const Deadline& deadline) {
  return static_cast<int>(deadline.Left().count() / 1'000'000);
}

// Reads until the text ends with a line's end or, asked for everything, the file ends.
std::string Read(int fd, bool one_line) {
  std::string text;
  const Deadline deadline = Deadline::After(kTestPatience);
  while (!one_line || !text.ends_with('\n')) {
    pollfd readable{fd, POLLIN, 0};
    const int ready = ::poll(&readable, 1, LeftMs(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    char buffer[4096];
    const ssize_t n = ::read(fd, buffer, one_line ? 1 : sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return text;
}

}  // namespace

bool WaitUntil(const std::function<bool()>& condition) {
  const Deadline deadline = Deadline::After(kTestPatience);
  while (!condition()) {
    if (deadline.Passed()) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

std::string ReadToEnd(int fd) { return Read(fd, false); }
std::string ReadLine(int fd) { return Read(fd, true); }

TestFolder::TestFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "lockstep-test-XXXXXX").string();
  CHECK(::mkdtemp(path.data()) != nullptr);
  path_ = path;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TestFolder::Write(const std::string& name, const std::string& text) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TestChild::TestChild(const std::function<int()>& function) : pid_(::fork()) {
  CHECK(pid_ >= 0);
  if (pid_ == 0) ::_exit(function());
}

TestChild::~TestChild() {
  if (reaped_) return;
  ::kill(pid_, SIGKILL);
  Wait();
}

void TestChild::Signal(int signal) const { ::kill(pid_, signal); }

int TestChild::Wait() {
  const UniqueFd death(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd dead{death.get(), POLLIN, 0};
  const Deadline deadline = Deadline::After(kTestPatience);
  int ended = 0;
  do {
    ended = ::poll(&dead, 1, LeftMs(deadline));
  } while (ended < 0 && errno == EINTR);
  if (ended == 0) ::kill(pid_, SIGKILL);
  int status = -1;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  return status;
}

void AdoptOrphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

void ReapAll() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

std::vector<pid_t> LivingBelow(pid_t pid) {
  std::vector<pid_t> all;
  for (const pid_t child : ChildrenOf(pid)) {
    if (IsAlive(child)) all.push_back(child);
    const std::vector<pid_t> below = LivingBelow(child);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

const std::vector<Isolation>& IsolationsHere() {
  static const std::vector<Isolation> isolations = [] {
    std::vector<Isolation> all = {Isolation::kNone};
    for (const Isolation isolation : {Isolation::kNamespaces, Isolation::kUserNamespace}) {
      if (Supervisor::Start(isolation, TestNamePrefix())) all.push_back(isolation);
    }
    return all;
  }();
  return isolations;
}

std::string ToText(Isolation isolation) {
  switch (isolation) {
    case Isolation::kNone:
      return "None";
    case Isolation::kNamespaces:
      return "Namespaces";
    case Isolation::kUserNamespace:
      return "UserNamespace";
  }
  return "";
}

std::string TestNamePrefix() {
  static std::atomic<unsigned> count{0};
  return fmt::format("lockstep-test-{}-{:03d}", ::getpid(), count.fetch_add(1));
}

std::vector<std::string> OwnShmNames(const std::string& text) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.find(text) != std::string::npos) names.push_back(name);
  }
  return names;
}

}  // namespace lockstep
