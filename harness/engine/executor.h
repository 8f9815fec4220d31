// SPDX-License-Identifier: MIT
// Performs one scenario once: sends each step to its actor, sees what comes of it, and stops at the
// first that is not as expected.
#ifndef LOCKSTEP_HARNESS_ENGINE_EXECUTOR_H_
#define LOCKSTEP_HARNESS_ENGINE_EXECUTOR_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/adapter/session.h"
#include "harness/engine/blocking.h"
#include "harness/engine/matching.h"
#include "harness/engine/timing.h"
#include "harness/engine/trace.h"
#include "harness/os/call_tracer.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

struct ExecutorOptions {
  Messages messages = Messages::kJudge;
  Platform platform;
  // Multiplies the scenario's own timeouts and what `after` says: a scenario whose timed call ended
  // before it was seen is run again, slower.
  int slowdown = 1;
  // What fresh names begin with, without a slash; unique to the worker. All names of one length, so
  // that scenarios can reckon with it.
  std::string name_prefix;
};

class Executor {
 public:
  // Both outlive the executor. The scenario's needs must have been checked against the session's
  // capabilities.
  Executor(Session& session, const Scenario& scenario, ExecutorOptions options);
  ~Executor();

  // Once. Bounded: a step by 5 s and its own timeout (10 s for a new process's hello, 30 s for a
  // hammer), times the session's scale; 30 s more for what gets no CPU.
  ScenarioRun Run();

 private:
  // An answer takes microseconds; a machine under load may need a hundred thousand times that.
  static constexpr std::chrono::seconds kReplyLimit{5};
  static constexpr const char* kUnknownEnd =
      "its process ended, and nobody can tell how: has the adapter reaped it unasked?";

  // How a step ended for the executor.
  enum class Next { kGoOn, kStop };

  void PerformAll(const std::vector<const Step*>& steps, std::size_t first);
  bool Pinned() const;
  Next Perform(const Step& step);
  Next Perform(const Step& step, const Do& what);
  Next Perform(const Step& step, const Await& what);
  Next Perform(const Step& step, const OneOf& what);
  Next Perform(const Step& step, const StillBlocked& what);
  Next Perform(const Step& step, const Handled& what);
  Next Perform(const Step& step, const Died& what);
  Next Perform(const Step& step, const Exited& what);
  Next Perform(const Step& step, const Create& what);
  Next Perform(const Step& step, const OnSignal& what);
  Next Perform(const Step& step, const SendSignal& what);
  Next Perform(const Step& step, const Arm& what);
  Next Perform(const Step& step, const Together& what);
  Next Perform(const Step& step, const Hammer& what);
  Next Perform(const Step& step, const HammerResult& what);
  Next Perform(const Step& step, const Left& what);
  Next Perform(const Step& step, const Machine& what);

  // Calls: sending, and judging what came.
  Next Begin(const Step& step, const Call& call, Actor& actor);
  Next Finish(const Step& step, const Call& call, const std::optional<Expectation>& expectation,
              Actor& actor);
  Next PerformExit(const Step& step, const Call& call, Actor& actor);
  Next PerformEnd(const Step& step, const Call& call, Actor& actor);
  Next JudgeReply(const Step& step, const std::optional<Expectation>& expectation, Actor& actor,
                  const Actual& actual, const Reply* reply);
  Next JudgeTime(const Step& step, const Expectation& expectation, Actor& actor,
                 const Reply& reply);
  void KeepResult(const Call& call, Actor& actor, const Actual& actual, const Reply* reply);
  Request MakeRequest(const Call& call, Actor& actor);
  Result<Value> Resolve(const Expr& expr, Actor& actor);
  Value ResolveExpected(const Expr& expr, Actor& actor);
  Next CreateOne(const Step& step, const Create& what, Actor& parent, const std::string& child);
  std::string CapabilityOf(const Step& step) const;
  Next StartHammer(const Step& step, const Hammer& what, Actor& actor);
  Next FinishHammer(const Step& step, Actor& actor);
  Next AwaitEnd(const Step& step, Actor& actor);

  // Calls that are broken at a system call, or recorded (executor_faults.cc).
  struct Armed {
    Arm what;
    std::string point;  // "futex:exit#1"
    std::unique_ptr<CallTracer> tracer;  // from the call's begin on
    std::optional<std::size_t> entry;    // of the trace, once the call was seen blocked
  };
  // Seizes an armed actor, which is about to be sent its call.
  Next StartTracer(Actor& actor);
  // The armed call of `actor`, if there is one, is over: takes what its tracer has seen into `entry`
  // of the trace, and stops the run when its point was never reached.
  Next CloseArmed(Actor& actor, std::optional<std::size_t> entry);

  // Waiting.
  enum class For { kReply, kBlocked };
  struct Seen {
    Actual actual;
    std::optional<Reply> reply;
  };
  // Waits until the call in flight has ended or, asked for kBlocked, is seen blocked; and in any
  // case until it is certain that it is blocked for ever. Nothing when the adapter is at fault
  // (run_ then says so).
  std::optional<Seen> Watch(Actor& actor, For what, nanoseconds limit);
  std::optional<Seen> Ended_(Actor& actor);
  static StarvationJudge::Judgement JudgeStarvation(const Actor& actor, nanoseconds round,
                                                    StarvationJudge* starvation);
  bool RanOut(const Actor& actor, const Seen& seen);
  Next TooEarlyToSee(const Step& step);
  struct StuckSince {
    int looks = 0;
  };
  std::optional<Blocked> NeverAnswers(Actor& actor, StuckSince* since);
  // Waits until everything stands still: surely, or as far as can be told. Nothing when it does not.
  std::optional<BlockedDetector::Stillness> Settle(nanoseconds limit);
  // Those of the actors whose calls have ended once everything stands still; `quiet` false: it did not. None is believed
  // only after as many looks as of a single call: who wakes them may be a thread of the implementation's own, which is late.
  struct Back {
    std::vector<Actor*> actors;
    bool quiet = false;
  };
  Back AwaitSome(const std::vector<Actor*>& actors, nanoseconds limit);
  nanoseconds LimitOf(const Actor& actor) const;

  // Endings.
  Next Diverge(const Step& step, const std::string& expected, const std::string& actual,
               const std::string& operation);
  Next Stop(ScenarioRun::End end, const std::string& reason);
  TraceEntry& Note(const Step& step, const std::string& actor, const std::string& outcome);
  Next Unknown(const std::string& actor);
  void Finally();
  void CheckDescriptors();
  void CheckNames();

  std::string FreshName(const std::string& symbol);
  std::string SymbolsOf(std::string text)
      const;  // fresh names replaced by NAME …, so that reports of two runs are alike

  Session& session_;
  const Scenario& scenario_;
  const ExecutorOptions options_;
  ScenarioRun run_;
  std::unique_ptr<Crew> crew_;
  std::unique_ptr<BlockedDetector> detector_;
  std::map<const Process*, std::map<std::string, Value>>
      captured_;                                        // plain values kept by `p h = …`
  std::map<const Process*, int> descriptors_expected_;  // opened by the scenario itself
  std::map<std::string, std::string> fresh_names_;      // NAME → "/lk-…"
  std::set<std::string> left_;                          // files in /dev/shm that may remain
  bool mounted_shm_ = false;
  std::map<const Process*, std::set<std::string>> open_segments_;  // SharedMemory objects not closed yet
  std::map<const Process*, std::set<std::string>> unnamed_;  // semaphores without a name
  std::map<const Actor*, std::optional<double>> timeouts_s_;  // of the call in flight or just ended
  // What came at once of a call that might as well have blocked, for the step that awaits it.
  std::map<const Actor*, Seen> came_at_once_;
  std::map<const Actor*, Armed> armed_;
  std::set<const Actor*> slowed_;  // whose call in flight was given a grown timeout
  bool descriptors_unknown_ = false;  // an eval may have opened anything
  // hammer
  std::string witness_path_;
  int hammer_slots_ = 0;
  int hammer_next_slot_ = 0;
  long hammer_entries_ = 0;
  long hammer_inside_ = 0;
  std::string hammer_object_;
  Actor* hammer_actor_ = nullptr;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ENGINE_EXECUTOR_H_
