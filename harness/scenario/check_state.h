// SPDX-License-Identifier: MIT
// What is known of a transcript's actors and processes at one point of it. Internal to check.cc.
#ifndef LOCKSTEP_HARNESS_SCENARIO_CHECK_STATE_H_
#define LOCKSTEP_HARNESS_SCENARIO_CHECK_STATE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/scenario/scenario.h"
#include "harness/scenario/words.h"
#include "harness/text/source.h"

namespace lockstep::transcript {

// What a process has under a name: an object in the adapter, or (kind: nullopt) a value with the
// engine.
struct Kept {
  std::optional<ObjectKind> kind;
};

struct ProcessState {
  std::map<std::string, Kept> kept;
  std::set<std::string> handlers;  // signals
  int stopped_line = 0;            // 0: it runs
};

// kMaybe: one of several actors is so, and which is known at run time only.
enum class Known { kNo, kMaybe, kYes };

struct ActorState {
  std::size_t process = 0;
  bool is_thread = false;  // made by `thread`
  Known in_flight = Known::kNo;
  int call_line = 0;  // of the call in flight
  Position armed_at;    // the step that arms its next call; line 0: none does
  int traced_line = 0;  // of the one that armed the call in flight
  Known gone = Known::kNo;
  bool judged = false;  // its end has been
  std::string end;      // "was killed", "exited", "died"
  int end_line = 0;
  int made_line = 0;
};

// Methods report a mistake at `position` and return whether there was none.
class State {
 public:
  explicit State(Mistakes* mistakes);

  ActorState* Find(const std::string& name);
  const std::map<std::string, ActorState>& actors() const { return actors_; }
  ProcessState& ProcessOf(const ActorState& actor) { return processes_[actor.process]; }

  // There, not gone, and no call in flight: it can be told to do something.
  bool MustBeIdle(const std::string& name, Position position);
  // There, and a call may be in flight.
  bool MustBeInFlight(const std::string& name, Position position, const std::string& verb);
  bool MustBeAlive(const std::string& name, Position position);
  bool MustNotBeStopped(const std::string& name, Position position);

  void Add(const std::string& name, std::size_t process, Position position);
  std::size_t AddProcess(ProcessState process);
  // Every actor of this process is gone.
  void EndProcess(const ActorState& actor, const std::string& how, int line, bool judged);

  // The thread `name` is gone; its process goes on.
  void EndThread(const std::string& name, Position position);

  // The object or value `name` in the process of `actor`; reports when there is none.
  const Kept* FindKept(const std::string& actor, const std::string& name, Position position);

  bool Fail(Position position, std::string what) {
    mistakes_->Report(position, std::move(what));
    return false;
  }

 private:
  std::map<std::string, ActorState> actors_;
  std::vector<ProcessState> processes_;
  Mistakes* mistakes_;
};

}  // namespace lockstep::transcript

#endif  // LOCKSTEP_HARNESS_SCENARIO_CHECK_STATE_H_
