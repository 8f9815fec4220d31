// SPDX-License-Identifier: MIT
#include "actor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <utility>

#include "json.h"
#include "operations.h"

namespace lockstep::adapter {
namespace {

// Actions that call, are interrupted, run actions that call …: beyond this the rest waits its turn.
constexpr int kMaxNestedActions = 16;

constexpr int kMisunderstood = 2;

void Complain(std::string_view why) { fmt::print(stderr, "lockstep adapter: {}\n", why); }

}  // namespace

Actor::Actor(Process& process, std::shared_ptr<Channel> channel)
    : process_(process), channel_(std::move(channel)), is_main_thread_(gettid() == getpid()) {
  PrepareThreadForSignals();
}

int Actor::Run(std::string_view hello) {
  if (!channel_->WriteLine(hello)) return 0;
  int status = 0;
  for (;;) {  // bounded by the channel: it ends when the harness hangs up
    std::string_view line;
    const int wake_fd = is_main_thread_ ? process_.signals().wake_fd() : -1;
    switch (channel_->ReadLine(wake_fd, &line)) {
      case Channel::Read::kLine:
        if (!Serve(line, &status)) return status;
        break;
      case Channel::Read::kInterrupted:
        if (wake_fd >= 0) process_.signals().ResetWake();
        RunArrivedActions();
        break;
      case Channel::Read::kEnd:
        return 0;
      case Channel::Read::kTooLong:
        Complain("a line of more than 1 MiB");
        return kMisunderstood;
    }
  }
}

bool Actor::Serve(std::string_view line, int* status) {
  const Message message = ParseMessage(line);
  if (std::holds_alternative<Welcome>(message)) return true;
  if (const Goodbye* goodbye = std::get_if<Goodbye>(&message)) {
    Complain("the harness hangs up: " + goodbye->reason);
    return false;
  }
  Reply reply;
  std::int64_t id = 0;
  if (const Malformed* malformed = std::get_if<Malformed>(&message)) {
    if (!malformed->id) {
      Complain(malformed->why);
      *status = kMisunderstood;
      return false;
    }
    id = *malformed->id;
    reply.result = AdapterError{malformed->why};
  } else {
    const Request& request = std::get<Request>(message);
    id = request.id;
    Execute(request, &reply);
    if (ending_) return false;
    RunArrivedActions();  // as soon as the call is over, so before anybody hears that it is
  }
  FormatReply(id, reply, &line_);
  if (line_.size() > kMaxLineBytes) {
    reply.result = AdapterError{"a reply of more than 1 MiB"};
    FormatReply(id, reply, &line_);
  }
  return channel_->WriteLine(line_);
}

void Actor::Execute(const Request& request, Reply* reply) {
  abandonment_.reset();  // of a call that went on although it had been told to give up
  const Operation operation = FindOperation(request.op);
  if (operation == nullptr) {
    reply->result = Unsupported{"no operation '" + request.op + "'"};
    return;
  }
  reply->not_before_ns = request.at_ns;
  try {
    operation(*this, request, reply);
  } catch (const std::exception& exception) {
    reply->result = AdapterError{std::string("an exception escaped: ") + exception.what()};
  }
}

void Actor::Announce(const Request& request) {
  if (request.id == 0) return;
  FormatCalling(request.id, NowNs(), &note_);
  // A harness that is gone is noticed at the reply.
  [[maybe_unused]] const bool written = channel_->WriteLine(note_);
}

Raised Actor::TakeAbandonment() {
  auto raised = std::exchange(abandonment_, std::nullopt);
  if (raised) return *std::move(raised);
  return Raised{"RuntimeError", "abandoned, although no signal's action raised", {}};
}

void Actor::RunArrivedActions() {
  if (!is_main_thread_ || !SignalTable::pending()) return;
  // Bounded by the signals that arrive.
  while (nested_ < kMaxNestedActions) {
    const auto action = process_.signals().TakeArrived();
    if (!action) return;
    RunAction(*action);
  }
}

bool Actor::RunHandlers() {
  if (!is_main_thread_) return false;
  while (nested_ < kMaxNestedActions) {
    const auto action = process_.signals().TakeArrived();
    if (!action) return false;
    if (!RunAction(*action)) continue;
    abandonment_ = Raised{action->raised_type, action->name, {}};
    return true;
  }
  return false;
}

bool Actor::RunAction(const SignalAction& action) {
  if (action.kind == SignalAction::Kind::kCall) {
    ++nested_;
    Reply dropped;
    auto outer = std::move(abandonment_);  // of a call that was abandoned and is not over yet
    Execute(*action.call, &dropped);
    abandonment_ = std::move(outer);
    --nested_;
  }
  const auto installer = action.channel.lock();  // null if that actor is gone
  FormatHandled(action.name, &note_);
  [[maybe_unused]] const bool written = (installer ? installer : channel_)->WriteLine(note_);
  return action.kind == SignalAction::Kind::kRaise;
}

}  // namespace lockstep::adapter
