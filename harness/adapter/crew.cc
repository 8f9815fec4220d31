// SPDX-License-Identifier: MIT
#include "harness/adapter/crew.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "harness/os/interrupt.h"
#include "harness/os/names.h"

namespace lockstep {
namespace {

// A channel's file needs a name that no other has: actors of one name follow each other in one
// folder.
std::string UniqueChannelName() {
  static std::atomic<std::uint64_t> count{0};
  return fmt::format("c{}", count.fetch_add(1));
}

// Between a channel's end of file and its process's death passes a moment only; a process that
// still lives after this has closed its channel.
constexpr std::chrono::milliseconds kDeathGrace{500};

// The supervisor tells of what it reaps at once. A process that its own parent has reaped is never
// told of, and this is waited in vain.
constexpr std::chrono::milliseconds kReapedLimit{100};

// Stamps outside of the time between request and answer come from another clock, or are in another
// unit.
constexpr const char* kWrongClock =
    "the adapter's stamps are not CLOCK_MONOTONIC in ns: they lie outside of the call";

constexpr std::chrono::milliseconds kLookUpEvery{50};

// A flood of lines must not keep Pump for ever: reads of 64 KiB a call and actor.
constexpr int kReadsAPump = 32;

// ": exit status 1", ": SIGSEGV", or nothing.
std::string HowItEnded(const std::optional<int>& status) {
  if (!status) return "";
  if (WIFSIGNALED(*status)) return ": " + SignalName(WTERMSIG(*status));
  return fmt::format(": exit status {}", WEXITSTATUS(*status));
}

}  // namespace

bool SendSignalTo(const Process& process, int signal) {
  return ::syscall(SYS_pidfd_send_signal, process.pidfd.get(), signal, nullptr, 0) == 0;
}

bool SendSignalToThread(const Actor& actor, int signal) {
  return ::syscall(SYS_tgkill, actor.process->outer, actor.outer_tid, signal) == 0;
}

Crew::Crew(Supervisor& supervisor, OutputCapture& output, std::string channel_dir)
    : supervisor_(supervisor), output_(output), channel_dir_(std::move(channel_dir)) {}

Crew::~Crew() = default;

Result<Actor*> Crew::Prepare(const std::string& name) {
  auto channel = Channel::Make(channel_dir_ + "/" + UniqueChannelName());
  if (!channel) return tl::unexpected(channel.error());
  actors_.push_back(std::make_unique<Actor>(name, std::move(*channel)));
  by_name_[name] = actors_.back().get();
  return actors_.back().get();
}

Result<Actor*> Crew::Launch(const std::string& name, LaunchOptions options, nanoseconds limit) {
  auto actor = Prepare(name);
  if (!actor) return actor;
  options.environment.push_back(fmt::format("{}={}", kChannelVariable, (*actor)->channel.path()));
  options.output_fd = output_.write_fd();
  const auto inner = supervisor_.Launch(options);
  if (!inner) return tl::unexpected(inner.error());
  auto process = std::make_shared<Process>();
  process->inner = *inner;
  const auto outer = OuterChild(supervisor_.pid(), *inner);
  // It may have ended already: then there is nothing to open.
  if (outer) process->pidfd.Reset(static_cast<int>(::syscall(SYS_pidfd_open, *outer, 0)));
  if (!outer || !process->pidfd.valid()) {
    return Fail(fmt::format("the adapter ended before it said hello{}",
                            HowItEnded(supervisor_.AwaitReapedStatus(*inner, kReapedLimit))));
  }
  process->outer = *outer;
  processes_.push_back(process);
  (*actor)->process = process;
  const auto ready = AwaitHello(**actor, nullptr, false, limit);
  if (!ready) return tl::unexpected(ready.error());
  return actor;
}

void Crew::Expect(Actor& child, Actor& parent, pid_t inner) {
  const auto outer = OuterChild(parent.process->outer, inner);
  if (!outer) return;  // hello, or the lack of it, will tell
  auto process = std::make_shared<Process>();
  process->inner = inner;
  process->outer = *outer;
  process->parent = &parent;
  process->pidfd.Reset(static_cast<int>(::syscall(SYS_pidfd_open, *outer, 0)));
  if (!process->pidfd.valid()) return;
  // A fork inherits the mappings, and so what is known of them.
  process->handles = parent.process->handles;
  process->mappings = parent.process->mappings;
  processes_.push_back(process);
  child.process = process;
}

Result<void> Crew::AwaitHello(Actor& actor, Actor* parent, bool is_thread, nanoseconds limit) {
  const Deadline deadline = Deadline::After(limit);
  while (!actor.hello && actor.fault.empty()) {
    if (Interrupted()) return Fail("interrupted");
    if (deadline.Passed()) {
      const std::string_view rest = actor.lines.Rest();
      return Fail(fmt::format(
          "the adapter did not say hello within {} ms{}",
          std::chrono::duration_cast<std::chrono::milliseconds>(limit).count(),
          rest.empty() ? "" : ": it stopped in the middle of a line, after " + QuoteLine(rest)));
    }
    // A parent that died will have no child any more; a launched process is looked after by whoever
    // launched it.
    if (parent != nullptr && parent->process->dead)
      return Fail("the process that was to fork has died");
    if (parent != nullptr && !parent->fault.empty()) return Fail(parent->fault);
    if (actor.process != nullptr && actor.process->dead) {
      LearnStatus(*actor.process);
      return Fail(fmt::format("the adapter ended before it said hello{}",
                              HowItEnded(actor.process->status)));
    }
    Pump(deadline.Left());
  }
  if (!actor.fault.empty()) return Fail(actor.fault);
  if (actor.hello->protocol != kProtocolVersion) {
    const std::string reason = fmt::format("speaks protocol {}, and this harness speaks {}",
                                           actor.hello->protocol, kProtocolVersion);
    actor.channel.Write(EncodeGoodbye(reason));
    return Fail("the adapter " + reason);
  }
  if (const auto found = FindProcess(actor, parent, is_thread); !found) return found;
  actor.channel.Settle();
  if (!actor.channel.Write(EncodeWelcome()))
    return Fail("the adapter closed its channel after hello");
  return {};
}

Result<void> Crew::FindProcess(Actor& actor, Actor* parent, bool is_thread) {
  const Hello& hello = *actor.hello;
  actor.inner_tid = hello.tid;
  actor.is_thread = is_thread;
  if (is_thread) {
    actor.process = parent->process;
  } else if (actor.process == nullptr) {
    // What an adapter says is never taken for a process to be killed: it has to be a child.
    Expect(actor, *parent, hello.pid);
    if (actor.process == nullptr) {
      return Fail(fmt::format("hello names process {}, which is no child of the one that forked",
                              hello.pid));
    }
  } else if (actor.process->inner != hello.pid) {
    return Fail(
        fmt::format("hello names process {}, but {} was started", hello.pid, actor.process->inner),
        "the command has to be the adapter itself: let a script exec it");
  }
  if (hello.tid == hello.pid) {
    actor.outer_tid = actor.process->outer;
  } else {
    const auto tid = OuterThread(actor.process->outer, hello.tid);
    if (!tid)
      return Fail(fmt::format("hello names thread {}, which process {} does not have", hello.tid,
                              hello.pid));
    actor.outer_tid = *tid;
  }
  actor.probe = ThreadProbe(actor.process->outer, actor.outer_tid);
  return {};
}

void Crew::Send(Actor& actor, Request request) {
  if (!actor.fault.empty()) return;
  if (actor.in_flight) {
    actor.fault = fmt::format("it was to be asked {} while its {} is unanswered", request.operation,
                              actor.in_flight->request.operation);
    return;
  }
  request.id = next_id_++;
  actor.reply.reset();
  const std::string line = EncodeRequest(request);
  actor.in_flight = InFlight{std::move(request), false, 0, MonotonicNs()};
  // That the other end is gone is seen by whoever waits for the answer: it may be a death.
  if (!actor.channel.Write(line) && errno == EAGAIN) {
    actor.fault = "the adapter does not read its channel any more";
  }
}

bool Crew::Pump(nanoseconds wait) {
  std::vector<pollfd> fds;
  fds.reserve(actors_.size() + processes_.size() + 1);
  for (const auto& actor : actors_) {
    fds.push_back(
        {actor->closed || !actor->fault.empty() ? -1 : actor->channel.read_fd(), POLLIN, 0});
  }
  for (const auto& process : processes_) {
    fds.push_back({process->dead ? -1 : process->pidfd.get(), POLLIN, 0});
  }
  fds.push_back({output_.read_fd(), POLLIN, 0});
  // Whoever waits for longer has to look up now and then: an interrupt comes to another thread.
  wait = std::min<nanoseconds>(wait, kLookUpEvery);
  const timespec limit{wait.count() / 1'000'000'000, wait.count() % 1'000'000'000};
  if (::ppoll(fds.data(), fds.size(), &limit, nullptr) <= 0) return false;
  bool came = false;
  if (fds.back().revents != 0) output_.Drain();
  // Deaths are looked at before lines, lines are taken before deaths are told: what a process said
  // before it died still counts.
  const std::size_t actor_count = actors_.size();
  for (std::size_t i = 0; i < actor_count; ++i) {
    if (fds[i].revents == 0) continue;
    came = true;
    TakeLines(*actors_[i]);
  }
  for (std::size_t i = 0; i < processes_.size() && actor_count + i + 1 < fds.size(); ++i) {
    if (fds[actor_count + i].revents == 0) continue;
    came = true;
    Process& process = *processes_[i];
    process.dead = true;
    LearnStatus(process);
    for (const auto& actor : actors_) {
      if (actor->process.get() == &process && !actor->closed && actor->fault.empty())
        TakeLines(*actor);
    }
  }
  return came;
}

void Crew::TakeLines(Actor& actor) {
  for (int i = 0; i < kReadsAPump; ++i) {
    read_buffer_.clear();
    const Channel::Read read = actor.channel.ReadSome(read_buffer_);
    if (read == Channel::Read::kClosed) {
      // Before hello our own end is open as well, so this is never a child that has not come yet.
      actor.closed = true;
      return;
    }
    if (read == Channel::Read::kNothing) return;
    const bool fits = actor.lines.Add(read_buffer_.data(), read_buffer_.size());
    while (actor.fault.empty()) {
      const auto line = actor.lines.Next();
      if (!line) break;
      TakeMessage(actor, *line);
    }
    if (!actor.fault.empty()) return;
    if (!fits) {
      actor.fault = fmt::format("the adapter sent a line longer than {} bytes", kLineLimit);
      return;
    }
    if (read_buffer_.size() < 4096)
      return;  // the usual case: one short line, and no second read to learn that
  }
}

void Crew::TakeMessage(Actor& actor, std::string_view line) {
  auto decoded = DecodeMessage(line);
  if (!decoded) {
    actor.fault = "the adapter sent " + decoded.error().message;
    return;
  }
  if (auto* hello = std::get_if<Hello>(&*decoded)) {
    if (actor.hello) actor.fault = "the adapter said hello twice";
    actor.hello = std::move(*hello);
    return;
  }
  if (!actor.hello) {
    actor.fault = fmt::format("the adapter's first line is not hello: {}", QuoteLine(line));
    return;
  }
  if (const auto* handled = std::get_if<HandledSignal>(&*decoded)) {
    constexpr std::size_t kHandledLimit = 10'000;
    if (actor.handled.size() >= kHandledLimit) {
      actor.fault =
          fmt::format("the adapter sent more than {} notes of handled signals", kHandledLimit);
      return;
    }
    actor.handled.push_back(handled->signal);
    return;
  }
  if (const auto* calling = std::get_if<Calling>(&*decoded)) {
    if (!actor.in_flight || actor.in_flight->request.id != calling->id ||
        actor.in_flight->announced) {
      actor.fault = fmt::format("the adapter announced a call of id {} that it was not asked for",
                                calling->id);
      return;
    }
    if (calling->begin_ns < actor.in_flight->sent_ns || calling->begin_ns > MonotonicNs()) {
      actor.fault = kWrongClock;
      return;
    }
    actor.in_flight->announced = true;
    actor.in_flight->begin_ns = calling->begin_ns;
    return;
  }
  Reply& reply = std::get<Reply>(*decoded);
  // Each request has a higher id than those before it.
  if (!actor.in_flight || (reply.id > 0 && reply.id < actor.in_flight->request.id)) {
    actor.fault =
        fmt::format("the adapter answered request {} once more, or without being asked", reply.id);
    return;
  }
  if (reply.id != actor.in_flight->request.id) {
    actor.fault = fmt::format("the adapter answered request {}, but was asked {}", reply.id,
                              actor.in_flight->request.id);
    return;
  }
  if (MustBeAnnounced(actor.in_flight->request) && !actor.in_flight->announced &&
      std::holds_alternative<Value>(reply.outcome)) {
    actor.fault = fmt::format("the adapter answered {} without having announced it by \"calling\"",
                              actor.in_flight->request.operation);
    return;
  }
  const bool stamped =
      std::holds_alternative<Value>(reply.outcome) || std::holds_alternative<Raised>(reply.outcome);
  if (stamped && (reply.begin_ns < actor.in_flight->sent_ns || reply.end_ns > MonotonicNs())) {
    actor.fault = kWrongClock;
    return;
  }
  actor.in_flight.reset();
  actor.reply = std::move(reply);
}

void Crew::AwaitReplies(const std::vector<Actor*>& actors, nanoseconds limit) {
  const Deadline deadline = Deadline::After(limit);
  std::optional<Deadline> grace;
  const auto waits = [](const Actor* actor) { return !actor->reply.has_value(); };
  while (std::any_of(actors.begin(), actors.end(), waits) && !deadline.Passed()) {
    for (Actor* actor : actors) {
      const bool raised = actor->reply && !std::holds_alternative<Value>(actor->reply->outcome);
      if (raised || !actor->fault.empty()) return;
      if (actor->reply) continue;
      if (actor->process->dead || Interrupted()) return;
      if (actor->closed && !grace) grace = Deadline::After(kDeathGrace);
      if (actor->closed && grace->Passed()) {
        actor->fault = "the adapter closed its channel and lives on";
        return;
      }
    }
    Pump(grace ? std::min(grace->Left(), deadline.Left()) : deadline.Left());
  }
  for (Actor* actor : actors) {
    if (actor->reply || !actor->fault.empty() || actor->process->dead || Interrupted()) continue;
    if (actor->closed) {
      actor->fault = "the adapter closed its channel and lives on";
    } else {
      // Whatever comes later would be taken for the answer to something else.
      actor->fault = "the adapter does not answer " + actor->in_flight->request.operation;
    }
  }
}

std::optional<Reply> Crew::Ask(Actor& actor, Request request, nanoseconds limit) {
  Send(actor, std::move(request));
  AwaitReplies({&actor}, limit);
  if (!actor.fault.empty() || !actor.reply) return std::nullopt;
  return std::exchange(actor.reply, std::nullopt);
}

Actor* Crew::Find(const std::string& name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void Crew::Alias(const std::string& alias, const std::string& name) {
  by_name_[alias] = by_name_.at(name);
}

std::string Crew::Fault() const {
  for (const auto& actor : actors_) {
    if (!actor->fault.empty()) return fmt::format("{}: {}", actor->name, actor->fault);
  }
  return "";
}

void Crew::LearnStatus(Process& process) {
  if (process.status) return;
  process.status = ZombieStatus(process.outer);
  // An orphan, or a process that the harness launched, is reaped by the supervisor, which tells.
  if (!process.status && !IsZombie(process.outer))
    process.status = supervisor_.AwaitReapedStatus(process.inner, kReapedLimit);
}

bool Crew::KillAll(nanoseconds limit) {
  for (const auto& process : processes_) {
    if (!process->dead) SendSignalTo(*process, SIGKILL);
  }
  const Deadline deadline = Deadline::After(limit);
  for (const auto& process : processes_) {
    while (!process->dead) {
      if (deadline.Passed()) return false;
      Pump(deadline.Left());
    }
  }
  return true;
}

}  // namespace lockstep
