// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_ACTOR_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_ACTOR_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "channel.h"
#include "implementation.h"
#include "process.h"
#include "reply.h"
#include "request.h"
#include "signals.h"

namespace lockstep::adapter {

// One thread of control and its channel: reads requests, carries them out, replies. Made and used
// on its own thread only.
class Actor final : private Interrupts {
 public:
  Actor(Process& process, std::shared_ptr<Channel> channel);

  // Says `hello` (a line) and serves requests until the channel ends. Returns the status that a
  // process should exit with: 0, or 2 if what came could not be understood, which is told on
  // standard error.
  int Run(std::string_view hello);

  // Carries one request out. Never throws: what an implementation throws is an AdapterError.
  void Execute(const Request& request, Reply* reply);

  Process& process() { return process_; }
  const std::shared_ptr<Channel>& channel() const { return channel_; }

  // What a call that can be interrupted is given. Only a process's main thread runs the actions of
  // signals, as in CPython: a wait of any other thread is simply taken up again.
  Interrupts& interrupts() { return *this; }

  // Tells the harness that `request` was read and may block from now on. A nested one is not told.
  void Announce(const Request& request);

  // What the handler raised that had a call abandoned.
  Raised TakeAbandonment();

  bool is_main_thread() const { return is_main_thread_; }

  // Has Run() return once the request under way is carried out, without a reply to it.
  void End() { ending_ = true; }

  // Runs the actions of the signals that have arrived, outside of any call: what they raise is
  // lost.
  void RunArrivedActions();

 private:
  bool RunHandlers() override;

  // Runs the action and then tells the actor that asked for it; true if it raises.
  bool RunAction(const SignalAction& action);

  // False if the channel is done for.
  bool Serve(std::string_view line, int* status);

  Process& process_;
  const std::shared_ptr<Channel> channel_;
  const bool is_main_thread_;
  std::optional<Raised> abandonment_;
  bool ending_ = false;
  int nested_ = 0;    // actions under way
  std::string line_;  // of replies
  std::string note_;  // of anything that is written before the reply
};

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_ACTOR_H_
