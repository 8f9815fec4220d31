// SPDX-License-Identifier: MIT
#include "harness/os/process_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "harness/os/syscall_names.h"

namespace lockstep {
namespace {

UniqueFd OpenTaskFile(pid_t pid, pid_t tid, const char* name) {
  return UniqueFd(
      ::open(fmt::format("/proc/{}/task/{}/{}", pid, tid, name).c_str(), O_RDONLY | O_CLOEXEC));
}

// Reads a small /proc file from its start; the length, or -1.
ssize_t ReadFromStart(const UniqueFd& fd, char* buffer, std::size_t size) {
  if (!fd.valid()) return -1;
  const ssize_t n = ::pread(fd.get(), buffer, size - 1, 0);
  buffer[n > 0 ? n : 0] = '\0';
  return n;
}

// The state letter: the first field behind the command's name, which may hold blanks and
// parentheses.
char StateOf(const char* stat) {
  const char* close = std::strrchr(stat, ')');
  return close != nullptr && close[1] == ' ' ? close[2] : '\0';
}

// The numbers of a directory's entries: pids or tids.
std::vector<pid_t> NumbersIn(const std::string& path) {
  std::vector<pid_t> ids;
  DIR* dir = ::opendir(path.c_str());
  if (dir == nullptr) return ids;
  while (const dirent* entry = ::readdir(dir)) {
    const char* end = entry->d_name + std::strlen(entry->d_name);
    pid_t id = 0;
    const auto parsed = std::from_chars(entry->d_name, end, id);
    if (parsed.ec == std::errc() && parsed.ptr == end) ids.push_back(id);
  }
  ::closedir(dir);
  return ids;
}

// A field of /proc/PID/stat by its number in proc(5), from 3 (state) on.
std::optional<long> StatField(pid_t pid, int field) {
  const std::string stat = ReadSmallFile(fmt::format("/proc/{}/stat", pid));
  const std::size_t close = stat.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  const char* at = stat.c_str() + close + 2;
  for (int i = 3; i < field; ++i) {
    at = std::strchr(at, ' ');
    if (at == nullptr) return std::nullopt;
    ++at;
  }
  return std::strtol(at, nullptr, 10);
}

}  // namespace

std::string ReadSmallFile(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!fd.valid()) return text;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = ::read(fd.get(), buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

bool ThreadState::InFutexWait() const {
  if (kind != Kind::kSyscall || syscall != SYS_futex) return false;
  constexpr std::uint64_t kCommandMask =
      0x7f;  // FUTEX_CMD_MASK without the private and clock flags
  constexpr std::uint64_t kWait = 0;
  constexpr std::uint64_t kWaitBitset = 9;
  const std::uint64_t command = args[1] & kCommandMask;
  return command == kWait || command == kWaitBitset;
}

std::string ThreadState::Text() const {
  switch (kind) {
    case Kind::kGone:
      return "gone";
    case Kind::kZombie:
      return "dead";
    case Kind::kRunning:
      return "running";
    case Kind::kStopped:
      return "stopped";
    case Kind::kAsleep:
      return "asleep (its system call cannot be read)";
    case Kind::kSyscall:
      break;
  }
  if (InFutexWait()) {
    return fmt::format("asleep in futex at {:#x}, {}", args[0],
                       args[3] == 0 ? "for ever" : "until a deadline");
  }
  return "asleep in " + SyscallName(syscall);
}

ThreadProbe::ThreadProbe(pid_t pid, pid_t tid)
    : syscall_(OpenTaskFile(pid, tid, "syscall")),
      stat_(OpenTaskFile(pid, tid, "stat")),
      schedstat_(OpenTaskFile(pid, tid, "schedstat")) {}

bool ThreadProbe::CanSeeSyscalls() const {
  char buffer[256];
  return ReadFromStart(syscall_, buffer, sizeof buffer) > 0;
}

ThreadState ThreadProbe::Look() const {
  ThreadState state;
  char buffer[512];
  const ssize_t n = ReadFromStart(syscall_, buffer, sizeof buffer);
  if (n > 0 && std::strncmp(buffer, "running", 7) == 0) {
    state.kind = ThreadState::Kind::kRunning;
  } else if (n > 0) {
    char* at = buffer;
    state.syscall = std::strtol(at, &at, 10);
    for (std::uint64_t& arg : state.args) arg = std::strtoull(at, &at, 16);
    state.kind = ThreadState::Kind::kSyscall;
  }
  // The state letter is looked at last: a stopped thread still shows its futex.
  if (state.kind == ThreadState::Kind::kRunning) return state;
  if (ReadFromStart(stat_, buffer, sizeof buffer) <= 0) return ThreadState{};
  switch (StateOf(buffer)) {
    case 'T':
      return ThreadState{ThreadState::Kind::kStopped, -1, {}};
    case 'Z':
    case 'X':
      return ThreadState{ThreadState::Kind::kZombie, -1, {}};
    case 't':  // At a stop of a tracer's, which lets it go on (call_tracer.h).
    case 'D':  // A page from a disk, a lock of the kernel's: it goes on by itself.
    case 'R':
      return ThreadState{ThreadState::Kind::kRunning, -1, {}};
    default:
      break;
  }
  if (state.kind != ThreadState::Kind::kSyscall) state.kind = ThreadState::Kind::kAsleep;
  return state;
}

std::optional<ThreadProbe::Activity> ThreadProbe::ReadActivity() const {
  char buffer[128];
  if (ReadFromStart(schedstat_, buffer, sizeof buffer) <= 0) return std::nullopt;
  char* at = buffer;
  Activity activity;
  activity.runtime_ns = std::strtoull(at, &at, 10);
  activity.ready_ns = std::strtoull(at, &at, 10);
  activity.switches = std::strtoull(at, &at, 10);
  return activity;
}

std::optional<Mapping> FindMapping(pid_t pid, std::uint64_t address) {
  const std::string maps = ReadSmallFile(fmt::format("/proc/{}/maps", pid));
  std::size_t line = 0;
  while (line < maps.size()) {
    std::size_t end = maps.find('\n', line);
    if (end == std::string::npos) end = maps.size();
    Mapping m;
    unsigned major_number = 0;
    unsigned minor_number = 0;
    char permissions[5] = {};
    // Only the numbers are read; the path at the end may hold anything.
    if (std::sscanf(maps.c_str() + line, "%lx-%lx %4s %lx %x:%x %lu", &m.start, &m.end, permissions,
                    &m.offset, &major_number, &minor_number, &m.inode) == 7 &&
        m.start <= address && address < m.end) {
      m.device = makedev(major_number, minor_number);
      m.shared = permissions[3] == 's';
      return m;
    }
    line = end + 1;
  }
  return std::nullopt;
}

namespace {

// Asks everybody for their parent: slow, and always complete.
std::vector<pid_t> ScanForChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  constexpr int kParentField = 4;
  for (const pid_t candidate : NumbersIn("/proc")) {
    if (StatField(candidate, kParentField) == pid) children.push_back(candidate);
  }
  return children;
}

}  // namespace

std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  bool listed = false;
  for (const pid_t tid : ThreadsOf(pid)) {
    const std::string path = fmt::format("/proc/{}/task/{}/children", pid, tid);
    if (::access(path.c_str(), R_OK) != 0) continue;
    listed = true;
    const std::string text = ReadSmallFile(path);
    const char* at = text.c_str();
    while (*at != '\0') {
      char* end = nullptr;
      const long child = std::strtol(at, &end, 10);
      if (end == at) break;
      children.push_back(static_cast<pid_t>(child));
      at = end;
      while (*at == ' ') ++at;
    }
  }
  // Kernels without CONFIG_PROC_CHILDREN, and gVisor, have no such file.
  return listed ? children : ScanForChildrenOf(pid);
}

std::optional<pid_t> InnerId(pid_t pid, pid_t tid) {
  const std::string status =
      ReadSmallFile(fmt::format("/proc/{}/task/{}/status", pid, tid == 0 ? pid : tid));
  const std::size_t at = status.find("\nNSpid:");
  if (at == std::string::npos)
    return status.empty() ? std::nullopt : std::optional(tid == 0 ? pid : tid);
  const std::size_t end = status.find('\n', at + 1);
  const std::size_t last = status.find_last_of(" \t", end);
  return static_cast<pid_t>(std::strtol(status.c_str() + last, nullptr, 10));
}

std::optional<pid_t> OuterChild(pid_t parent, pid_t inner) {
  // The list may leave children out while their siblings end (proc(5)): a miss is looked up the
  // slow way.
  for (const bool thorough : {false, true}) {
    std::vector<pid_t> children = thorough ? ScanForChildrenOf(parent) : ChildrenOf(parent);
    // The newest are listed last, and the newest is nearly always the one asked for.
    std::reverse(children.begin(), children.end());
    for (const pid_t child : children) {
      if (InnerId(child) == inner) return child;
    }
  }
  return std::nullopt;
}

std::optional<pid_t> OuterThread(pid_t pid, pid_t inner) {
  for (const pid_t tid : ThreadsOf(pid)) {
    if (InnerId(pid, tid) == inner) return tid;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> VoluntarySwitches(pid_t pid, pid_t tid) {
  const std::string status = ReadSmallFile(fmt::format("/proc/{}/task/{}/status", pid, tid));
  const std::string key = "\nvoluntary_ctxt_switches:";
  const std::size_t at = status.find(key);
  if (at == std::string::npos) return std::nullopt;
  return std::strtoull(status.c_str() + at + key.size(), nullptr, 10);
}

std::optional<int> ZombieStatus(pid_t pid) {
  if (!IsZombie(pid)) return std::nullopt;
  constexpr int kExitCodeField = 52;
  const auto status = StatField(pid, kExitCodeField);
  if (!status) return std::nullopt;
  return static_cast<int>(*status);
}

namespace {

// '\0': there is no such process.
char StateOf(pid_t pid) { return StateOf(ReadSmallFile(fmt::format("/proc/{}/stat", pid)).c_str()); }

bool IsOfTheDead(char state) { return state == 'Z' || state == 'X'; }

}  // namespace

bool IsZombie(pid_t pid) { return IsOfTheDead(StateOf(pid)); }

bool IsAlive(pid_t pid) {
  const char state = StateOf(pid);
  return state != '\0' && !IsOfTheDead(state);
}

std::vector<pid_t> ThreadsOf(pid_t pid) { return NumbersIn(fmt::format("/proc/{}/task", pid)); }

std::optional<int> CountDescriptors(pid_t pid) {
  const std::string path = fmt::format("/proc/{}/fd", pid);
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  return static_cast<int>(NumbersIn(path).size());
}

std::vector<std::string> NewestDescriptors(pid_t pid, int count) {
  std::vector<pid_t> numbers = NumbersIn(fmt::format("/proc/{}/fd", pid));
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::string> out;
  for (std::size_t i = numbers.size() - std::min(numbers.size(), static_cast<std::size_t>(count));
       i < numbers.size(); ++i) {
    std::error_code error;
    const auto target =
        std::filesystem::read_symlink(fmt::format("/proc/{}/fd/{}", pid, numbers[i]), error);
    if (!error) out.push_back(fmt::format("{} ({})", numbers[i], target.string()));
  }
  return out;
}

std::vector<int> DescriptorsOn(pid_t pid, int fd) {
  std::vector<int> found;
  struct stat wanted {};
  if (::fstat(fd, &wanted) != 0) return found;
  const std::string folder = fmt::format("/proc/{}/fd", pid);
  for (const int number : NumbersIn(folder)) {
    struct stat one {};
    const bool there = ::stat(fmt::format("{}/{}", folder, number).c_str(), &one) == 0;
    if (there && one.st_dev == wanted.st_dev && one.st_ino == wanted.st_ino) found.push_back(number);
  }
  return found;
}

std::string CommandLineOf(pid_t pid) {
  std::string line = ReadSmallFile(fmt::format("/proc/{}/cmdline", pid));
  std::replace(line.begin(), line.end(), '\0', ' ');
  if (!line.empty()) line.pop_back();
  return line;
}

}  // namespace lockstep
