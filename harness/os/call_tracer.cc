// SPDX-License-Identifier: MIT
#include "harness/os/call_tracer.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "harness/os/affinity.h"
#include "harness/os/process_view.h"
#include "harness/os/traced_thread.h"

namespace lockstep {
namespace {

using Stop = TracedThread::Stop;

// What an actor writes to its channel.
enum class Line { kHandled, kCalling, kAnswer };

// Announcements and notes are shorter by far; what is longer is an answer.
constexpr std::size_t kLongestNote = 4096;
constexpr std::size_t kMostParts = 16;

Line KindOf(std::string_view line) {
  const auto has = [&](std::string_view key) { return line.find(key) != std::string_view::npos; };
  if (has("\"id\"")) return Line::kAnswer;
  if (has("\"calling\"")) return Line::kCalling;
  return has("\"handled\"") ? Line::kHandled : Line::kAnswer;
}

// Of several lines in one write the one that says most.
Line KindOfAll(std::string_view text) {
  Line kind = Line::kHandled;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    kind = std::max(kind, KindOf(text.substr(0, size)));
    text.remove_prefix(size);
  }
  return kind;
}

bool IsRead(long syscall) { return syscall == SYS_read || syscall == SYS_readv; }
bool IsWrite(long syscall) { return syscall == SYS_write || syscall == SYS_writev; }

bool Holds(const std::vector<int>& descriptors, std::uint64_t fd) {
  return std::find(descriptors.begin(), descriptors.end(), static_cast<int>(fd)) != descriptors.end();
}

}  // namespace

// What the stops of the traced thread mean, one after the other.
class CallTracer::Window {
 public:
  Window(const Options& options, const UniqueFd& pidfd, const TracedThread& thread)
      : options_(options),
        pidfd_(pidfd),
        thread_(thread),
        in_(DescriptorsOn(options.pid, options.in_fd)),
        out_(DescriptorsOn(options.pid, options.out_fd)) {}

  // False: the window is closed, and the thread is to be let go.
  bool Take(const Stop& stop) {
    if (stop.kind == Stop::Kind::kEntry) return Enter(stop);
    if (stop.kind == Stop::Kind::kExit) Exit(stop.result);
    return true;
  }
  CallTrace TakeTrace() { return std::move(trace_); }

 private:
  // What the system call that has been entered is to us.
  enum class Role { kNone, kRequest, kLine, kCounted };

  void Open() {
    open_ = true;
    trace_.calls.clear();
    entries_.clear();
  }

  bool Enter(const Stop& stop) {
    role_ = Role::kNone;
    if (IsRead(stop.syscall) && Holds(in_, stop.args[0])) {
      role_ = Role::kRequest;
      return true;
    }
    if (IsWrite(stop.syscall) && Holds(out_, stop.args[0])) {
      // What follows a write that took a part only is of the same line.
      const std::string text = TextOf(stop);
      if (!unfinished_) line_ = text.empty() || text.size() >= kLongestNote ? Line::kAnswer : KindOfAll(text);
      text_ = text;
      role_ = Role::kLine;
      return !open_ || line_ != Line::kAnswer;
    }
    if (open_) Count(stop);
    return true;
  }

  void Exit(long result) {
    const Role role = std::exchange(role_, Role::kNone);
    if (role == Role::kRequest && result > 0 && !announced_) {
      Open();
    } else if (role == Role::kLine && result > 0) {
      const std::size_t written = std::min(static_cast<std::size_t>(result), text_.size());
      unfinished_ = line_ != Line::kAnswer && written > 0 && text_[written - 1] != '\n';
      if (!unfinished_ && open_ && line_ == Line::kCalling) {
        announced_ = true;
        Open();
      }
    } else if (role == Role::kCounted) {
      if (failing_) {
        result = -options_.what.errno_value;
        thread_.SetResult(result);
      }
      trace_.calls.back().returned = result;
      if (here_ && options_.what.at_exit) Break();
    }
  }

  bool IsOfMemory(const Stop& stop) const {
    if (stop.syscall == SYS_brk || stop.syscall == SYS_madvise) return true;
    if (stop.syscall == SYS_mmap) return (stop.args[3] & MAP_ANONYMOUS) != 0;
    if (stop.syscall != SYS_munmap && stop.syscall != SYS_mremap) return false;
    const auto mapping = FindMapping(options_.pid, stop.args[0]);
    return !mapping || mapping->inode == 0;
  }

  void Count(const Stop& stop) {
    role_ = Role::kCounted;
    const long syscall = stop.syscall;
    const CallBreak& what = options_.what;
    trace_.calls.push_back({syscall, std::nullopt, what.kind == CallBreak::Kind::kNone && IsOfMemory(stop)});
    const int ordinal = ++entries_[syscall];
    const bool later = what.kind == CallBreak::Kind::kFail && what.and_later && ordinal > what.ordinal;
    here_ = what.kind != CallBreak::Kind::kNone && syscall == what.syscall && (ordinal == what.ordinal || later);
    failing_ = here_ && what.kind == CallBreak::Kind::kFail;
    if (here_ && !what.at_exit) Break();
  }

  void Break() {
    trace_.reached = true;
    switch (options_.what.kind) {
      case CallBreak::Kind::kKill:
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
        break;
      case CallBreak::Kind::kSignal:
        ::syscall(SYS_tgkill, options_.pid, options_.tid, options_.what.signal);
        break;
      case CallBreak::Kind::kFail:
        thread_.SkipSyscall();
        break;
      case CallBreak::Kind::kNone:
        break;
    }
  }

  // What a write writes, as far as a note may be long.
  std::string TextOf(const Stop& stop) const {
    if (stop.syscall == SYS_write)
      return thread_.ReadMemory(stop.args[1], std::min<std::size_t>(stop.args[2], kLongestNote));
    const std::size_t count = std::min<std::size_t>(stop.args[2], kMostParts);
    const std::string bytes = thread_.ReadMemory(stop.args[1], count * sizeof(iovec));
    std::vector<iovec> parts(bytes.size() / sizeof(iovec));
    std::memcpy(parts.data(), bytes.data(), parts.size() * sizeof(iovec));
    std::string text;
    for (const iovec& part : parts) {
      const std::size_t size = std::min(part.iov_len, kLongestNote - text.size());
      text += thread_.ReadMemory(reinterpret_cast<std::uintptr_t>(part.iov_base), size);
    }
    return text;
  }

  const Options& options_;
  const UniqueFd& pidfd_;
  const TracedThread& thread_;
  const std::vector<int> in_;
  const std::vector<int> out_;
  CallTrace trace_;
  std::map<long, int> entries_;
  bool open_ = false;
  bool announced_ = false;
  // Of the system call that it is in.
  Role role_ = Role::kNone;
  bool here_ = false;     // it is one that the break is for
  bool failing_ = false;  // it is not made
  Line line_ = Line::kAnswer;
  std::string text_;
  bool unfinished_ = false;  // the line written last has no end yet
};

CallTracer::CallTracer(const Options& options)
    : options_(options), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, options.pid, 0))) {}

Result<std::unique_ptr<CallTracer>> CallTracer::Start(const Options& options) {
  if (options.what.kind == CallBreak::Kind::kFail && !TracedThread::CanReplace())
    return Fail("a system call cannot be made to fail on this architecture");
  std::unique_ptr<CallTracer> tracer(new CallTracer(options));
  // One that is gone already is found to be so by the tracer.
  if (tracer->pidfd_.get() < 0 && errno != ESRCH) return FailErrno("cannot hold on to the process that is traced", errno);
  tracer->thread_ = std::thread([&self = *tracer] { self.Run(); });
  std::unique_lock lock(tracer->mutex_);
  tracer->changed_.wait(lock, [&] { return tracer->started_; });
  if (!tracer->denied_) return tracer;
  Error denied = *tracer->denied_;
  lock.unlock();
  return tl::unexpected<Error>(std::move(denied));
}

CallTracer::~CallTracer() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    if (!trace_ && !denied_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
  }
  thread_.join();
}

std::optional<CallTrace> CallTracer::Await(nanoseconds limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [&] { return trace_.has_value(); });
  return trace_;
}

void CallTracer::Publish(CallTrace trace) {
  const std::lock_guard lock(mutex_);
  trace_ = std::move(trace);
  changed_.notify_all();
}

void CallTracer::Run() {
  // Signals to the harness are for its other threads.
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  // On the same CPU a stop costs a fifth of what it costs across two.
  if (options_.cpu >= 0) PinThread(0, {options_.cpu});
  const auto start = [&](std::optional<Error> denied) {
    const std::lock_guard lock(mutex_);
    started_ = true;
    denied_ = std::move(denied);
    changed_.notify_all();
  };
  auto thread = TracedThread::Seize(options_.tid);
  if (!thread) return start(thread.error());
  Window window(options_, pidfd_, *thread);
  for (bool first = true;; first = false) {
    const Stop stop = thread->Await();
    const bool gone = stop.kind == Stop::Kind::kGone;
    if (gone || !window.Take(stop)) {
      CallTrace trace = window.TakeTrace();
      trace.end = gone ? CallTrace::End::kDied : CallTrace::End::kAnswered;
      // Told before it is let go: who reads its answer finds this.
      Publish(std::move(trace));
      if (!gone) thread->Detach();
      if (first) start(std::nullopt);
      return;
    }
    thread->Resume(stop);
    if (first) start(std::nullopt);
  }
}

Result<void> TryTracing(pid_t tid) {
  auto thread = TracedThread::Seize(tid);
  if (!thread) return tl::unexpected(thread.error());
  if (thread->Await().kind != Stop::Kind::kGone) thread->Detach();
  return {};
}

}  // namespace lockstep
