// SPDX-License-Identifier: MIT
#include "harness/adapter/session.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>

#include "harness/os/affinity.h"

namespace lockstep {
namespace {

// A fork answers in a millisecond; a loaded machine may need a thousand times that.
constexpr std::chrono::seconds kForkLimit{5};
// SIGKILL works at once; what takes this long is stuck in the kernel.
constexpr std::chrono::seconds kKillLimit{5};
// What lives on a pipe from a process that we killed (a resource tracker) ends by itself, soon: it
// is not counted as left behind before this.
constexpr std::chrono::seconds kStrangerGrace{2};
constexpr int kLookEveryMs = 2;

}  // namespace

Session::Session(const Implementation& implementation, Supervisor& supervisor,
                 SessionOptions options)
    : implementation_(implementation), supervisor_(supervisor), options_(std::move(options)) {}

Session::~Session() { Drop(); }

void Session::Drop() {
  warm_ = nullptr;
  helpers_.clear();
  base_.reset();
  static_cast<void>(
      supervisor_.KillAll());  // a supervisor that does not answer is replaced by whoever owns it
  supervisor_.ForgetReaped();
}

LaunchOptions Session::OptionsOf(const Implementation& implementation) const {
  LaunchOptions options;
  options.argv = implementation.argv;
  options.environment = EnvironmentOf(implementation);
  options.directory = implementation.directory;
  if (options_.cpu >= 0) options.cpus = {options_.cpu};
  return options;
}

Result<void> Session::Ensure() {
  if (base_ != nullptr) base_->Pump(nanoseconds(0));
  const bool well = warm_ != nullptr && !warm_->process->dead && warm_->fault.empty() &&
                    !warm_->in_flight && !warm_->closed;
  if (well || (hello_ && hello_->capabilities.count("fork") == 0)) return {};
  Drop();
  if (output_ == nullptr) {
    auto output = OutputCapture::Make();
    if (!output) return tl::unexpected(output.error());
    output_ = std::make_unique<OutputCapture>(std::move(*output));
  }
  if (const auto met = MeetTheOther(); !met) return met;
  base_ = std::make_unique<Crew>(supervisor_, *output_, options_.channel_dir);
  const auto actor = base_->Launch("warm", OptionsOf(implementation_), HelloLimit());
  if (!actor) {
    output_->Drain();
    Drop();
    return tl::unexpected(actor.error());
  }
  hello_ = (*actor)->hello;
  if (hello_->capabilities.count("fork") == 0) {
    Drop();
    return {};
  }
  warm_ = *actor;
  // A helper process that the adapter keeps for itself is nobody's leftover.
  helpers_ = Strangers();
  return {};
}

// Starts the implementation beside this one, once, to learn what it is.
Result<void> Session::MeetTheOther() {
  if (implementation_.other == nullptr || other_hello_) return {};
  Crew crew(supervisor_, *output_, options_.channel_dir);
  const auto actor = crew.Launch("other", OptionsOf(*implementation_.other), HelloLimit());
  if (actor) other_hello_ = (*actor)->hello;
  const bool gone = crew.KillAll(Scaled(kKillLimit));
  if (!actor) return tl::unexpected(actor.error());
  return gone ? Result<void>() : Fail("the adapter's process cannot be killed");
}

Result<std::unique_ptr<Crew>> Session::Begin() {
  if (const auto ready = Ensure(); !ready) return tl::unexpected(ready.error());
  auto crew = BeginCrew();
  // A process that was started and is no actor must not be found by the next scenario, as one that
  // the scenario left behind.
  if (!crew) Drop();
  return crew;
}

Result<std::unique_ptr<Crew>> Session::BeginCrew() {
  output_->Drain();
  output_->Clear();
  supervisor_.ForgetReaped();
  auto crew = std::make_unique<Crew>(supervisor_, *output_, options_.channel_dir);
  if (warm_ == nullptr) {
    const auto p = crew->Launch("p", OptionsOf(implementation_), HelloLimit());
    if (!p) return tl::unexpected(p.error());
    return crew;
  }
  const auto p = crew->Prepare("p");
  if (!p) return tl::unexpected(p.error());
  Request fork;
  fork.operation = "fork";
  fork.args = {Value((*p)->channel.path())};
  const auto reply = base_->Ask(*warm_, std::move(fork), Scaled(kForkLimit));
  if (!reply) {
    const std::string why =
        warm_->fault.empty() ? "the adapter's first process does not answer a fork" : warm_->fault;
    warm_->fault = why;
    return Fail(why);
  }
  if (const auto* error = std::get_if<AdapterError>(&reply->outcome))
    return Fail("the adapter cannot fork: " + error->why);
  if (!std::holds_alternative<Value>(reply->outcome))
    return Fail("the adapter claims fork, and did not fork");
  if (const auto* pid = std::get<Value>(reply->outcome).If<std::int64_t>())
    crew->Expect(**p, *warm_, static_cast<pid_t>(*pid));
  if (const auto ready = crew->AwaitHello(**p, warm_, false, Scaled(kForkLimit)); !ready) {
    return tl::unexpected(ready.error());
  }
  return crew;
}

std::string Session::Printed() const { return output_ == nullptr ? "" : output_->Text(); }

Result<Actor*> Session::StartAnother(Crew& crew, const std::string& name, bool pinned,
                                     bool on_other) {
  const Implementation* other = on_other ? implementation_.other.get() : nullptr;
  LaunchOptions options = OptionsOf(other == nullptr ? implementation_ : *other);
  if (!pinned) options.cpus = AllowedCpus();
  return crew.Launch(name, std::move(options), HelloLimit());
}

std::vector<pid_t> Session::Strangers() const {
  std::vector<pid_t> strangers;
  const auto add = [&](pid_t parent) {
    for (const pid_t child : ChildrenOf(parent)) {
      if (warm_ != nullptr && child == warm_->process->outer) continue;
      const bool known = std::find(helpers_.begin(), helpers_.end(), child) != helpers_.end();
      if (!known && IsAlive(child)) strangers.push_back(child);
    }
  };
  add(supervisor_.pid());
  if (warm_ != nullptr) add(warm_->process->outer);
  return strangers;
}

std::vector<std::string> Session::End(Crew& crew) {
  if (!crew.KillAll(Scaled(kKillLimit))) Drop();
  for (const auto& process : crew.processes()) {
    if (warm_ == nullptr || process->parent != warm_ || process->reaped || !warm_->fault.empty())
      continue;
    Request reap;
    reap.operation = "reap";
    reap.args = {Value::Int(process->inner)};
    const auto reply = base_->Ask(*warm_, std::move(reap), Scaled(kForkLimit));
    process->reaped = reply && std::holds_alternative<Value>(reply->outcome);
    if (!process->reaped && warm_->fault.empty())
      warm_->fault = "the adapter does not reap its child";
  }
  std::vector<pid_t> strangers = Strangers();
  if (strangers.empty()) return {};
  const Deadline grace = Deadline::After(Scaled(kStrangerGrace));
  while (!strangers.empty() && !grace.Passed()) {
    ::poll(nullptr, 0, kLookEveryMs);
    strangers = Strangers();
  }
  std::vector<std::string> commands;
  for (const pid_t pid : strangers) commands.push_back(CommandLineOf(pid));
  // What they leave behind in their turn would be found by the next scenario.
  const Deadline deadline = Deadline::After(Scaled(kKillLimit));
  while (!strangers.empty() && !deadline.Passed()) {
    for (const pid_t pid : strangers) ::kill(pid, SIGKILL);
    ::poll(nullptr, 0, kLookEveryMs);
    strangers = Strangers();
  }
  if (!strangers.empty()) Drop();
  return commands;
}

}  // namespace lockstep
