// SPDX-License-Identifier: MIT
#include "harness/scenario/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "harness/os/result.h"
#include "harness/scenario/check_state.h"
#include "harness/scenario/platforms.h"

namespace lockstep::transcript {
namespace {

// `-> blocked` alone is kYes, as one of several alternatives kMaybe.
Known BlocksOf(const std::optional<Expectation>& expectation) {
  if (!expectation) return Known::kNo;
  std::size_t blocked = 0;
  for (const Expected& one : expectation->alternatives) {
    if (one.kind == Expected::Kind::kBlocked) ++blocked;
  }
  if (blocked == 0) return Known::kNo;
  return blocked == expectation->alternatives.size() ? Known::kYes : Known::kMaybe;
}

bool AlwaysRaises(const std::optional<Expectation>& expectation) {
  return expectation &&
         std::all_of(expectation->alternatives.begin(), expectation->alternatives.end(),
                     [](const Expected& one) { return one.kind == Expected::Kind::kRaised; });
}

bool AlwaysDies(const std::optional<Expectation>& expectation) {
  return expectation &&
         std::all_of(expectation->alternatives.begin(), expectation->alternatives.end(),
                     [](const Expected& one) { return one.kind == Expected::Kind::kDies; });
}

// NAME2 for NAME2 and BARE2: they are one name.
std::string FreshStem(const Expr& expr) { return "NAME" + expr.name.substr(4); }

class Checker {
 public:
  explicit Checker(Mistakes* mistakes) : mistakes_(*mistakes), state_(mistakes) {}

  void Check(const std::vector<const Step*>& steps) {
    for (std::size_t i = 0; i < steps.size() && !mistakes_.any(); ++i) {
      is_first_ = i == 0;
      position_ = steps[i]->position;
      std::visit([&](const auto& what) { Visit(what); }, steps[i]->what);
    }
    for (const auto& [name, actor] : state_.actors()) {
      if (actor.armed_at.line != 0 && actor.gone != Known::kYes)
        state_.Fail(actor.armed_at, fmt::format("actor '{0}' is armed, and calls nothing; expected '{0} CALL' after it", name));
    }
    for (const Expr* name : left_) {
      if (used_.count(FreshStem(*name)) == 0) {
        state_.Fail(name->position,
                    fmt::format("'{0}' is left, but no step uses '{0}'", FreshStem(*name)));
      }
    }
  }

 private:
  void Visit(const Do& what) {
    for (const std::string& actor : what.actors) {
      if (!UseArmed(actor, what.call) || !state_.MustBeIdle(actor, position_) || !CheckCall(actor, what.call)) return;
      if (what.expectation) CheckExpectation(actor, *what.expectation);
      Perform(actor, what);
    }
  }

  void Perform(const std::string& name, const Do& what) {
    ActorState& actor = *state_.Find(name);
    std::map<std::string, Kept>& kept = state_.ProcessOf(actor).kept;
    const std::string& operation = what.call.operation;
    const bool fails = AlwaysRaises(what.expectation);
    if (operation == "del" && !fails) kept.erase(what.call.object);
    if (operation == "exit") state_.EndProcess(actor, "exited", position_.line, false);
    if (operation == "end") state_.EndThread(name, position_);
    if (AlwaysDies(what.expectation)) state_.EndProcess(actor, "died", position_.line, true);
    if (!what.call.as.empty() && !fails) {
      Kept result;
      if (const Operation* known = FindOperation(operation)) result.kind = known->makes;
      kept[what.call.as] = result;
    }
    if (actor.gone == Known::kYes) return;
    actor.in_flight = BlocksOf(what.expectation);
    actor.call_line = position_.line;
  }

  bool CheckCall(const std::string& actor, const Call& call) {
    if (!call.object.empty() && !CheckObject(actor, call)) return false;
    for (const Expr& arg : call.args) CheckExpr(actor, arg, true);
    for (const auto& [key, arg] : call.kwargs) CheckExpr(actor, arg, true);
    return !mistakes_.any();
  }

  bool CheckObject(const std::string& actor, const Call& call) {
    const Kept* kept = state_.FindKept(actor, call.object, call.position);
    if (kept == nullptr) return false;
    if (!kept->kind) {
      return state_.Fail(call.position,
                         fmt::format("'{}' is a value; expected an object", call.object));
    }
    if (call.operation == "get") {
      return CheckAttribute(*kept->kind, *call.args[0].value.If<std::string>(),
                            call.args[0].position);
    }
    const Operation* operation = FindOperation(call.operation);
    const auto is_on = [&](ObjectKind kind) {
      return std::find(operation->on.begin(), operation->on.end(), kind) != operation->on.end();
    };
    if (operation == nullptr || *kept->kind == ObjectKind::kAny || is_on(ObjectKind::kAny) ||
        is_on(*kept->kind)) {
      return true;
    }
    const bool slice = call.operation == "read" || call.operation == "write";
    return state_.Fail(call.position,
                       fmt::format("'{}' is {} {}, which has no '{}'", call.object,
                                   *kept->kind == ObjectKind::kEvent ? "an" : "a",
                                   KindName(*kept->kind), slice ? "buf" : call.operation));
  }

  bool CheckAttribute(ObjectKind kind, const std::string& name, Position position) {
    // What eval made may have any.
    if (kind == ObjectKind::kAny || Contains(AttributesOf(kind), name)) return true;
    const Operation* operation = FindOperation(name);
    if (operation != nullptr && operation->is_method()) {
      return state_.Fail(position, fmt::format("'{0}' is an operation; expected '{0}(...)'", name));
    }
    return state_.Fail(position, fmt::format("unknown attribute '{}' of a {}{}", name,
                                             KindName(kind), DidYouMean(name, AttributesOf(kind))));
  }

  // `argument`: of a call, which takes objects of its process, too; an outcome is a value.
  void CheckExpr(const std::string& actor, const Expr& expr, bool argument) {
    if (expr.kind == Expr::Kind::kFreshName) used_.insert(FreshStem(expr));
    if (expr.kind == Expr::Kind::kVariable) {
      CheckVariable(actor, expr, argument);
    } else if (expr.kind == Expr::Kind::kAttribute) {
      CheckAttributeExpr(actor, expr);
    } else {
      for (const Expr& operand : expr.operands) CheckExpr(actor, operand, argument);
    }
  }

  void CheckVariable(const std::string& actor, const Expr& expr, bool argument) {
    const std::string& owner = expr.actor.empty() ? actor : expr.actor;
    // A value stays with the engine when its actor is gone.
    if (state_.Find(owner) == nullptr && !state_.MustBeAlive(owner, expr.position)) return;
    const Kept* kept = state_.FindKept(owner, expr.name, expr.position);
    if (kept == nullptr || !kept->kind) return;
    if (!expr.actor.empty()) {
      state_.Fail(expr.position,
                  fmt::format("'{0}.{1}' is an object of another process; expected one of its "
                              "attributes, as in '{0}.{1}.handle'",
                              owner, expr.name));
    } else if (!argument) {
      state_.Fail(expr.position, fmt::format("'{}' is an object; expected a value", expr.name));
    }
  }

  void CheckAttributeExpr(const std::string& actor, const Expr& expr) {
    const Expr& object = expr.operands.front();
    const std::string& owner = object.actor.empty() ? actor : object.actor;
    // The harness asks the owner for it.
    if (!object.actor.empty() && !state_.MustBeIdle(owner, expr.position)) return;
    const Kept* kept = state_.FindKept(owner, object.name, expr.position);
    if (kept == nullptr) return;
    if (!kept->kind) {
      state_.Fail(expr.position, fmt::format("'{}' is a value; it has no attributes", object.name));
    } else {
      CheckAttribute(*kept->kind, expr.name, expr.position);
    }
  }

  void CheckExpectation(const std::string& actor, const Expectation& expectation) {
    for (const Expected& one : expectation.alternatives) {
      if (one.kind == Expected::Kind::kReturned) CheckExpr(actor, one.value, false);
    }
  }

  void Visit(const Await& what) {
    for (const std::string& name : what.actors) {
      if (!state_.MustBeInFlight(name, position_, "comes back") ||
          !state_.MustNotBeStopped(name, position_))
        return;
      state_.Find(name)->in_flight = Known::kNo;
      CheckExpectation(name, what.expectation);
    }
  }

  void Visit(const OneOf& what) {
    bool one_process = true;
    for (const std::string& name : what.actors) {
      if (!state_.MustBeInFlight(name, position_, "comes back")) return;
      CheckExpectation(name, what.expectation);
      one_process =
          one_process && state_.Find(name)->process == state_.Find(what.actors[0])->process;
    }
    for (const std::string& name : what.actors) state_.Find(name)->in_flight = Known::kMaybe;
    // Copied: adding moves what they point at.
    const ActorState first = *state_.Find(what.actors[0]);
    std::vector<std::string> aliases = what.others;
    if (!what.winner.empty()) aliases.push_back(what.winner);
    for (const std::string& alias : aliases) {
      // Whose process it is shows at run time only: what befalls it must not be believed of one of
      // them.
      const std::size_t process =
          one_process ? first.process : state_.AddProcess(ProcessState(state_.ProcessOf(first)));
      state_.Add(alias, process, position_);
      ActorState& added = *state_.Find(alias);
      added.in_flight = alias == what.winner ? Known::kNo : Known::kYes;
      added.call_line = first.call_line;
    }
  }

  void Visit(const StillBlocked& what) {
    for (const std::string& name : what.actors)
      state_.MustBeInFlight(name, position_, "is blocked");
  }

  void Visit(const Handled& what) {
    if (!state_.MustBeAlive(what.actor, position_)) return;
    if (state_.ProcessOf(*state_.Find(what.actor)).handlers.count(what.signal) != 0) return;
    state_.Fail(
        position_,
        fmt::format("actor '{0}' has no handler for {1}; expected '{0} on {1} return' before",
                    what.actor, what.signal));
  }

  void Visit(const Died& what) { VisitEnd(what.actors, "died", "exited", "exited STATUS"); }
  void Visit(const Exited& what) { VisitEnd(what.actors, "exited", "was killed", "died SIGKILL"); }

  void VisitEnd(const std::vector<std::string>& actors, const std::string& how,
                const std::string& contradiction, const std::string& instead) {
    for (const std::string& name : actors) {
      const ActorState* actor = state_.Find(name);
      if (actor == nullptr || actor->judged) {
        state_.MustBeAlive(name, position_);
        return;
      }
      if (actor->gone == Known::kYes && actor->end == contradiction) {
        state_.Fail(position_, fmt::format("actor '{0}' {1} on line {2}; expected '{0} {3}'", name,
                                           actor->end, actor->end_line, instead));
        return;
      }
    }
    // Several may be of one process.
    for (const std::string& name : actors)
      state_.EndProcess(*state_.Find(name), how, position_.line, true);
  }

  void Visit(const Create& what) {
    ProcessState process;
    std::size_t parent_process = 0;
    if (what.how != Create::How::kStart) {
      if (!state_.MustBeIdle(what.parent, position_)) return;
      parent_process = state_.Find(what.parent)->process;
      process = state_.ProcessOf(*state_.Find(what.parent));
    }
    // Values stay under the actor that got them: `p.h`.
    for (auto it = process.kept.begin(); it != process.kept.end();) {
      it = it->second.kind ? std::next(it) : process.kept.erase(it);
    }
    if (what.how != Create::How::kFork) process.handlers.clear();
    if (AlwaysRaises(what.expectation)) return;
    for (const std::string& child : what.children) {
      const bool thread = what.how == Create::How::kThread;
      state_.Add(child, thread ? parent_process : state_.AddProcess(process), position_);
      if (!mistakes_.any()) state_.Find(child)->is_thread = thread;
    }
  }

  void Visit(const OnSignal& what) {
    using Action = OnSignal::Action;
    if (!state_.MustBeIdle(what.actor, position_)) return;
    if (what.action == Action::kCall) CheckCall(what.actor, what.call);
    std::set<std::string>& handlers = state_.ProcessOf(*state_.Find(what.actor)).handlers;
    if (what.action == Action::kIgnore || what.action == Action::kDefault) {
      handlers.erase(what.signal);
    } else {
      handlers.insert(what.signal);
    }
  }

  void Visit(const SendSignal& what) {
    for (const std::string& name : what.actors) {
      if (!state_.MustBeAlive(name, position_)) return;
      ActorState& actor = *state_.Find(name);
      int& stopped_line = state_.ProcessOf(actor).stopped_line;
      if (what.how == SendSignal::How::kStop) {
        if (!state_.MustNotBeStopped(name, position_) || !MustNotBeTraced(actor)) return;
        stopped_line = position_.line;
      } else if (what.how == SendSignal::How::kCont) {
        if (stopped_line == 0)
          state_.Fail(position_,
                      fmt::format("actor '{0}' is not stopped; expected 'stop {0}' before", name));
        stopped_line = 0;
      } else if (what.how == SendSignal::How::kKill && what.signal == "SIGKILL") {
        state_.EndProcess(actor, "was killed", position_.line, false);
      }
    }
  }

  void Visit(const Arm& what) {
    for (const std::string& name : what.actors) {
      if (!state_.MustBeIdle(name, position_)) return;
      ActorState& actor = *state_.Find(name);
      if (actor.in_flight == Known::kMaybe) {
        state_.Fail(position_, fmt::format("actor '{}' may still be in its call of line {}; only one that is idle can be armed",
                                           name, actor.call_line));
      }
      actor.armed_at = position_;
    }
  }

  // A process that a tracer follows stops for that tracer, not for good.
  bool MustNotBeTraced(const ActorState& of_process) {
    for (const auto& [name, actor] : state_.actors()) {
      if (actor.process != of_process.process || actor.in_flight == Known::kNo || actor.traced_line == 0) continue;
      return state_.Fail(position_, fmt::format("the call of actor '{}' is armed on line {}; until it is over it cannot be stopped",
                                                name, actor.traced_line));
    }
    return true;
  }

  // This call is the one that was armed, if any was.
  bool UseArmed(const std::string& name, const Call& call) {
    ActorState* actor = state_.Find(name);
    if (actor == nullptr) return true;
    actor->traced_line = std::exchange(actor->armed_at, Position{}).line;
    if (actor->traced_line == 0 || (call.operation != "exit" && call.operation != "end")) return true;
    return state_.Fail(position_, fmt::format("actor '{}' is armed on line {}, and '{}' has no answer; expected another call",
                                              name, actor->traced_line, call.operation));
  }

  void Visit(const Together& what) {
    std::set<std::string> busy;
    for (const Step& step : what.steps) {
      position_ = step.position;
      const auto* hammer = std::get_if<Hammer>(&step.what);
      const auto* call = std::get_if<Do>(&step.what);
      CHECK(hammer != nullptr || call != nullptr);
      const std::vector<std::string>& actors = hammer != nullptr ? hammer->actors : call->actors;
      for (const std::string& name : actors) {
        if (!busy.insert(name).second) {
          state_.Fail(
              position_,
              fmt::format("actor '{}' has two calls in one 'together'; it can do one at a time",
                          name));
        }
      }
      if (hammer != nullptr) Visit(*hammer);
      if (call != nullptr) Visit(*call);
    }
  }

  void Visit(const Hammer& what) {
    for (const std::string& name : what.actors) {
      if (!state_.MustBeIdle(name, position_)) return;
      const Kept* kept = state_.FindKept(name, what.object, position_);
      if (kept != nullptr && (!kept->kind || *kept->kind == ObjectKind::kSharedMemory)) {
        state_.Fail(position_,
                    fmt::format("'{}' is no SemLock; only those are hammered", what.object));
      }
    }
    hammered_ = true;
  }

  void Visit(const HammerResult&) {
    if (!hammered_)
      state_.Fail(position_, "nothing has been hammered; expected 'p hammer s 1000' before");
    hammered_ = false;
  }

  void Visit(const Left& what) {
    for (const Expr& name : what.names) {
      const Expr* fresh = &name;
      while (fresh->kind == Expr::Kind::kConcat) fresh = &fresh->operands.front();
      left_.push_back(fresh);
    }
  }

  void Visit(const Machine&) {
    if (!is_first_)
      state_.Fail(position_, "'machine' is not the first step; actors have started before it");
  }

  Mistakes& mistakes_;
  State state_;
  Position position_;
  bool is_first_ = false;
  bool hammered_ = false;
  std::set<std::string> used_;
  std::vector<const Expr*> left_;
};

}  // namespace

void CheckSteps(const std::vector<Step>& steps, const Condition& scope, Mistakes* mistakes) {
  const std::vector<Platform> platforms = RepresentativePlatforms(steps, scope);
  std::optional<Mistakes> found;
  std::string where;
  std::size_t wrong = 0;
  for (const Platform& platform : platforms) {
    std::vector<const Step*> there;
    for (const Step& step : steps) {
      if (step.condition.Holds(platform)) there.push_back(&step);
    }
    Mistakes here;
    Checker(&here).Check(there);
    if (!here.any()) continue;
    ++wrong;
    if (!found) {
      found = here;
      where = PlatformText(platform);
    }
  }
  if (!found) return;
  const bool everywhere = wrong == platforms.size();
  mistakes->Report(found->position(), found->what() + (everywhere ? "" : " (" + where + ")"));
}

}  // namespace lockstep::transcript
