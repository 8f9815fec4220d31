// SPDX-License-Identifier: MIT
// Writes a transcript step by step, the model beside it: what cannot be done where it stands is left
// out, each step gets what the model allows as its expectation, and whoever is woken comes back before
// anything else is done.
#ifndef LOCKSTEP_HARNESS_FUZZ_WRITER_H_
#define LOCKSTEP_HARNESS_FUZZ_WRITER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/model/model.h"
#include "harness/scenario/scenario.h"

namespace lockstep::fuzz {

// What transcripts are written for.
struct Subject {
  Version like{{3, 14}};  // the version of CPython whose rules hold
  // Capabilities that the implementation has; nothing: all. What needs another is left out.
  std::optional<std::set<std::string>> capabilities;
  // Calls that it has no way to make, each as on an object `s`, with names all NAME; they are left out too.
  std::set<std::string> unsupported;
};

// A call as in Subject::unsupported.
std::string OnAnyObject(Call call);

struct Written {
  Scenario scenario;
  // What happens in it that is worth having seen, by its name: "two waiters", "fork while owned" …
  std::set<std::string> sights;
  // Each way in which something is done: the operation, the rule, and how many wait and have a part.
  std::set<std::string> situations;
  // States of the model, and steps from one to another, by their hashes.
  std::vector<std::uint64_t> states;
  std::vector<std::uint64_t> transitions;
};

class Writer {
 public:
  Writer(const std::string& name, const Subject& subject);

  // Each does something if the model allows it here, and it needs nothing that the subject lacks. False:
  // it was left out.
  //
  // A call. One of which nobody could say whether it sleeps is left out, and one that sleeps where
  // `may_sleep` is false.
  bool Do(const std::string& actor, Call call, bool may_sleep = true);
  // A new actor; `child` is its name, empty: the next of a1, a2 …
  bool Create(lockstep::Create::How how, const std::string& parent, std::string child = "");
  // SIGKILL to the process of an actor, which must not be the first one.
  bool Kill(const std::string& actor);
  bool Stop(const std::string& actor);
  bool Continue(const std::string& actor);
  // What SIGUSR1 does in the process of an actor: return, or raise ValueError.
  bool Handle(const std::string& actor, OnSignal::Action action);
  // SIGUSR1 to a main thread whose process handles it.
  bool Signal(const std::string& actor);
  // A whole transcript again, as far as it can be done; of its expectations nothing is kept.
  void Repeat(const std::vector<Step>& steps);

  // Those that can be told to do something, whoever was woken before.
  std::vector<std::string> Idle() const;
  std::vector<std::string> Waiting() const;
  std::vector<std::string> Stopped() const;
  bool Has(const std::string& actor) const;
  // Whether it surely is no process's main thread.
  bool IsThread(const std::string& actor) const;
  // Whether its process may be the one that all came from.
  bool IsOfTheFirstProcess(const std::string& actor) const;
  // Names of what an actor's process surely has.
  enum class Kind { kSemLock, kSharedMemory };
  std::vector<std::string> ObjectsOf(const std::string& actor, Kind kind) const;
  // Names of the descriptors that it surely keeps.
  std::vector<std::string> DescriptorsOf(const std::string& actor) const;
  // Whether the actor's process has objects that are known by name only, since nobody knows which
  // process it is.
  bool IsUnsure(const std::string& actor) const { return sure_objects_.count(actor) != 0; }
  std::size_t actors() const { return actors_.size(); }
  const std::string& text() const { return written_.scenario.steps_text; }

  // The transcript with what is left in the end. The Writer is done.
  Written Take();

 private:
  std::vector<std::string> ObjectsOf(const std::string& actor) const;
  template <class Test>
  std::vector<std::string> ActorsThat(const Test& test) const;
  bool Owns(const std::string& actor) const;
  std::vector<std::string> Woken(const model::State& state) const;
  bool StoppedWaitOn(const std::string& actor, const std::string& object) const;
  bool CanDo(const Step& step) const;
  bool Add(decltype(Step::what) what);
  void Append(Step step);
  // `why`: the operation that posted; empty: none did.
  void WakeThoseWhoCan(const std::string& why);
  static bool AgreeOnNames(const std::vector<model::Way>& ways);
  void See(const std::string& sight) { written_.sights.insert(sight); }
  void SeeOutcome(const std::string& actor, const Call& call, const model::Outcome& outcome);
  void RepeatOne(const Step& step);

  Model model_;
  const Subject& subject_;
  Written written_;
  std::vector<std::string> actors_ = {"p"};  // by the names that they go by now
  // Of those that have a name since a wake-up, and of those that they made, nobody knows the process:
  // only what it had then can be spoken of.
  std::map<std::string, std::vector<std::string>> sure_objects_;
  bool ended_ = false;  // from here on nobody could say who waits
  std::uint64_t state_ = 0;  // the hash of the last
  std::set<std::string> names_ = {"p"};  // that actors ever had
  int made_ = 0;
  int rounds_ = 0;
  std::optional<OneOf> next_round_;  // whose names the next wake-up of several gives
};

// How small a transcript is, the smaller the simpler: steps, then processes, then letters.
bool IsSmaller(const Scenario& one, const Scenario& other);

}  // namespace lockstep::fuzz

#endif  // LOCKSTEP_HARNESS_FUZZ_WRITER_H_
