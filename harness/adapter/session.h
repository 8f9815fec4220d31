// SPDX-License-Identifier: MIT
// One implementation on one worker: a warm process of its adapter, from which each scenario is
// forked, and the clearing up after each. An adapter that cannot fork is started afresh for each
// scenario.
#ifndef LOCKSTEP_HARNESS_ADAPTER_SESSION_H_
#define LOCKSTEP_HARNESS_ADAPTER_SESSION_H_

#include <memory>
#include <string>
#include <vector>

#include "harness/adapter/crew.h"
#include "harness/adapter/implementation.h"

namespace lockstep {

struct SessionOptions {
  std::string channel_dir;
  int cpu = -1;              // the adapter and all that it forks are pinned to it; -1: not pinned
  double timeout_scale = 1;  // multiplies every bound on waiting
};

class Session {
 public:
  // Both references outlive the session.
  Session(const Implementation& implementation, Supervisor& supervisor, SessionOptions options);
  ~Session();

  // Makes sure that the adapter runs and has said hello. Starts it again when it has died or
  // misbehaved. Cheap when it is well.
  Result<void> Ensure();
  // After Ensure: what the adapter said of itself.
  const Hello& hello() const { return *hello_; }
  // The same of the implementation beside it (Implementation::other), if there is one.
  const std::optional<Hello>& other_hello() const { return other_hello_; }
  bool warm() const { return warm_ != nullptr; }

  // A crew whose actor `p` is ready. Everything else about it is the caller's.
  Result<std::unique_ptr<Crew>> Begin();
  // Kills what the scenario left, lets the warm process reap it, and tells which processes nobody
  // knows of: the command lines of what would have stayed behind. Those are killed too.
  std::vector<std::string> End(Crew& crew);
  // One more fresh process of the adapter, in this crew (`start c`); `on_other`: of the
  // implementation beside it, where there is one.
  Result<Actor*> StartAnother(Crew& crew, const std::string& name, bool pinned = true,
                              bool on_other = false);

  Supervisor& supervisor() { return supervisor_; }
  const Implementation& implementation() const { return implementation_; }
  const SessionOptions& options() const { return options_; }
  // After Begin.
  OutputCapture& output() { return *output_; }
  // What the adapter has printed lately; empty if it was never started.
  std::string Printed() const;
  nanoseconds HelloLimit() const { return Scaled(std::chrono::seconds(10)); }
  nanoseconds Scaled(nanoseconds wait) const {
    return nanoseconds(
        static_cast<std::int64_t>(static_cast<double>(wait.count()) * options_.timeout_scale));
  }

 private:
  Result<std::unique_ptr<Crew>> BeginCrew();
  LaunchOptions OptionsOf(const Implementation& implementation) const;
  Result<void> MeetTheOther();
  std::vector<pid_t> Strangers() const;
  void Drop();

  const Implementation& implementation_;
  Supervisor& supervisor_;
  const SessionOptions options_;
  std::unique_ptr<OutputCapture> output_;
  std::optional<Hello> hello_;
  std::optional<Hello> other_hello_;
  std::unique_ptr<Crew> base_;  // the warm process
  std::vector<pid_t> helpers_;  // processes that the warm one had beside it from the start
  Actor* warm_ = nullptr;       // in base_
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ADAPTER_SESSION_H_
