// SPDX-License-Identifier: MIT
// The actors of one round, and how they are asked: what the load and the races share.
#ifndef LOCKSTEP_HARNESS_STRESS_STAGE_H_
#define LOCKSTEP_HARNESS_STRESS_STAGE_H_

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "harness/adapter/session.h"
#include "harness/engine/blocking.h"
#include "harness/stress/result.h"

namespace lockstep::stress {

// How an exchange ended for the caller. Nothing is wrong: monostate.
using Ending = std::variant<std::monostate, Finding, Trouble>;
inline bool IsFine(const Ending& ending) { return std::holds_alternative<std::monostate>(ending); }

class Stage {
 public:
  // The session outlives it; `name` is what semaphores are called, without a slash.
  Stage(Session& session, std::string name);
  // Ends every process of the round, and removes its names.
  ~Stage();

  // The root, `p`. An Error: there is none.
  Result<Actor*> Begin();
  // A further process: forked by `p`, or where it cannot fork started, with its objects rebuilt by name.
  Result<Actor*> AddProcess(const std::string& name);
  Result<Actor*> AddThread(Actor& of, const std::string& name);
  // In `p`: SemLock(kind, value, maxvalue, NAME, False). To be called before further processes are added.
  Ending MakeSemaphore(const std::string& object, int kind, int value, int maxvalue);

  // In `p`: a SharedMemory of so many bytes. As above.
  Ending MakeBlock(const std::string& object, std::int64_t bytes);

  // One call of an idle actor, and its reply, whatever it is. Who does not answer within 5 s, though it had a
  // CPU, is a finding.
  Ending Exchange(Actor& actor, Request request, Reply* reply);
  // The ending that a reply is which is no value: `what` raised, or cannot be had.
  static Ending JudgeReply(const std::string& what, const Reply& reply);
  // One call of an idle actor, and what it returned. What raises, is unsupported or hangs is an ending.
  Ending Ask(Actor& actor, Request request, Value* returned);
  static Request Call(const std::string& operation, const std::string& object, std::vector<Value> args = {});
  void Send(Actor& actor, Request request);

  // Waits until no call is in flight, taking what comes; `each` is called in between, and may end it. When
  // everybody is blocked for good it asks `stuck`: nothing further can come of the calls in flight.
  struct Waiting {
    std::function<bool()> each;        // false: enough. May be empty
    std::function<std::uint64_t()> progress;  // a number that changes when somebody goes on. May be empty
    bool stopped = false;              // somebody is stopped on purpose: nobody is stuck then
  };
  enum class End { kDone, kStuck, kSilent, kStarved, kEnough, kTrouble };
  // kSilent: not blocked, and no call has ended for long; kStarved: nor has anybody had a CPU. kTrouble: `trouble()` has it.
  End Await(const Waiting& waiting, nanoseconds step);

  // Whose process has ended though nobody killed it, as a Finding.
  Ending FirstDeath() const;
  // Where everybody whose call is in flight is.
  std::string Whereabouts();
  // Marks a process as one that is to die.
  void WillDie(const Process* process) { to_die_.push_back(process); }

  Session& session() { return session_; }
  Crew& crew() { return *crew_; }
  BlockedDetector& detector() { return *detector_; }
  Actor& root() { return *root_; }
  const std::string& trouble() const { return trouble_; }
  // The name of a semaphore's object, with a slash.
  std::string NameOf(const std::string& object) const { return "/" + name_ + "-" + object; }

 private:
  struct Made {
    std::string object;
    int kind;
    int maxvalue;
  };
  // Whether the thread of a call in flight, or a child of its process, is on a CPU, or ready to be.
  bool AnybodyRuns() const;
  // The time that all actors and their children had on a CPU, in ns.
  std::int64_t Runtime() const;

  Session& session_;
  const std::string name_;
  std::unique_ptr<Crew> crew_;
  std::unique_ptr<BlockedDetector> detector_;
  Actor* root_ = nullptr;
  std::vector<Made> made_;
  std::string block_;  // the object's name; empty: there is none
  std::vector<const Process*> to_die_;
  std::string trouble_;
};

}  // namespace lockstep::stress

#endif  // LOCKSTEP_HARNESS_STRESS_STAGE_H_
