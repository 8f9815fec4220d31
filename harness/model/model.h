// SPDX-License-Identifier: MIT
// The executable specification: given what has happened, what may come of the next step, and by which
// rule. Pure: no system calls, no clock; who is woken, and when a short timeout is over, is open.
//
// It holds every state that the world may be in after what was observed (several: a unit may have
// gone to either waiter), and drops those that an observation rules out. What it does not know (eval,
// the types over SemLock, a machine without room …) ends its opinion: from there on it allows anything.
#ifndef LOCKSTEP_HARNESS_MODEL_MODEL_H_
#define LOCKSTEP_HARNESS_MODEL_MODEL_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/model/state.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

class Model {
 public:
  // The rules are those of this version of CPython.
  explicit Model(const Version& like) : states_{model::Beginning(like)} {}

  // What became of a step.
  struct Judgement {
    enum class Verdict {
      kAgrees,      // something that the step expects is allowed
      kContradicts,  // nothing is
      kUnknown,     // the model has no opinion, of this and of all that follows
    };
    Verdict verdict = Verdict::kUnknown;
    // All that is allowed, each once; of kContradicts at least one, unless the step cannot be done.
    std::vector<model::Outcome> allowed;
    std::string unknown;  // what the model does not know
  };

  // Performs a step as far as it agrees with what the step expects (no expectation: that it does not
  // raise). After kContradicts the model is as it was before.
  Judgement Take(const Step& step);

  // All the ways in which a call may go now, none of them gone; nothing: not known. Become() goes
  // them, or those of them that are left.
  std::optional<std::vector<model::Way>> WaysOf(const std::string& actor, const Call& call) const;
  void Become(std::vector<model::Way> ways);

  // Behind the last step: the names that remain, of semaphores and blocks, and those that `left` steps named.
  // Nothing: the model has no opinion, or several.
  struct Names {
    std::set<std::string> remain;  // "/NAME"
    std::set<std::string> listed;
  };
  std::optional<Names> NamesLeft() const;

  const std::vector<model::State>& states() const { return states_; }
  bool knows() const { return !states_.empty(); }

 private:
  Judgement TakeTogether(const Together& together);
  Judgement GiveUp(const std::string& what);

  std::vector<model::State> states_;  // distinct; empty: it has no opinion any more
  std::set<std::string> left_;
};

// Of these ways each outcome once.
std::vector<model::Outcome> OutcomesOf(const std::vector<model::Way>& ways);

// "-> True", "raises ValueError: …", "-> blocked"; "-> ..." for a value that is not known.
std::string ToText(const model::Outcome& outcome);

// Whether the model holds programs like these two to the same rules.
bool HaveSameRules(const Version& one, const Version& other);
// The versions with the rules of this one, as a scenario's `when`: ">= 3.12".
std::string VersionsOfTheSameRules(const Version& like);

// Lays the model beside a scenario's expectations: the first step that contradicts it, if any.
struct Contradiction {
  const Step* step = nullptr;  // nullptr: the names left in the end
  std::vector<model::Outcome> allowed;
  std::string text;  // what is expected and what is allowed, with the rule, in a sentence
};
struct Opinion {
  int judged = 0;       // steps that the model had an opinion of
  std::string unknown;  // what ended it, as written; empty: it had one to the end
  std::optional<Contradiction> contradiction;
};
Opinion OpinionOf(const Scenario& scenario, const Platform& platform);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_MODEL_MODEL_H_
