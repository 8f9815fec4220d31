// SPDX-License-Identifier: MIT
#include "harness/model/step.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "harness/model/closure.h"
#include "harness/os/names.h"

namespace lockstep::model {
namespace {

// The value of a kept result is known once the call is over.
Way Completed(State state, const std::string& actor) {
  Outcome outcome = *state.At(actor).outcome;
  state.At(actor).outcome.reset();
  return {std::move(outcome), std::move(state)};
}

Way Sleeps(const State& state) { return {Outcome{Actual(Blocked{}), &rules::kWaits}, state}; }

// In any of the states that these may become, one after the other.
template <class Visit>
Ways InEach(const std::vector<State>& states, const Visit& visit) {
  const bool still = std::all_of(states.begin(), states.end(), IsStill);
  const auto all = still ? std::nullopt : Closure(states);
  if (!still && !all) return std::nullopt;
  std::vector<Way> ways;
  for (const State& state : still ? states : *all) {
    if (!visit(state, &ways)) return std::nullopt;
  }
  return ways;
}

Ways WaysOfReturn(const std::vector<State>& states, const std::string& actor) {
  return InEach(states, [&](const State& state, std::vector<Way>* ways) {
    if (state.At(actor).outcome) ways->push_back(Completed(state, actor));
    if (IsBlocked(state, actor) && IsSettled(state)) ways->push_back(Sleeps(state));
    return state.At(actor).outcome || state.At(actor).wait;
  });
}

Ways WaysOfStillBlocked(const std::vector<State>& states, const std::string& actor) {
  return InEach(states, [&](const State& state, std::vector<Way>* ways) {
    if (!IsSettled(state)) return true;
    if (state.At(actor).outcome) ways->push_back(Completed(state, actor));
    if (state.At(actor).wait) ways->push_back(Sleeps(state));
    return true;
  });
}

Ways WaysOfOneOf(const std::vector<State>& states, const OneOf& what) {
  return InEach(states, [&](const State& state, std::vector<Way>* ways) {
    if (!IsSettled(state)) return true;
    std::vector<std::string> back;
    for (const std::string& actor : what.actors) {
      if (state.At(actor).outcome) back.push_back(actor);
    }
    if (back.size() != 1) return true;
    Way way = Completed(state, back.front());
    const auto name = [&](const std::string& alias, const std::string& actor) {
      way.next.aliases[alias] = state.FirstName(actor);
    };
    if (!what.winner.empty()) name(what.winner, back.front());
    auto other = what.others.begin();
    for (const std::string& actor : what.actors) {
      if (actor != back.front() && other != what.others.end()) name(*other++, actor);
    }
    ways->push_back(std::move(way));
    return true;
  });
}

void EndProcess(State* state, int process, const std::string& how) {
  state->processes[static_cast<std::size_t>(process)].end = how;
  for (auto& [name, thread] : state->threads) {
    if (thread.process != process) continue;
    thread.wait.reset();
    thread.outcome.reset();
    thread.ended = true;
  }
}

// A step that has no outcome of its own: `change` is done in every state.
template <class Change>
Ways Changed(const std::vector<State>& states, const Rule& rule, const Change& change) {
  return InEach(states, [&](const State& state, std::vector<Way>* ways) {
    State next = state;
    if (!change(&next)) return false;
    ways->push_back(Returns(std::move(next), None{}, rule));
    return true;
  });
}

// How a process has ended, as waitpid gives it.
Ways WaysOfEnd(const std::vector<State>& states, const std::string& actor) {
  return InEach(states, [&](const State& state, std::vector<Way>* ways) {
    const std::string& end = state.ProcessOf(actor).end;
    int status = 0;
    if (end.starts_with("died ")) status = SignalNumber(end.substr(5)).value_or(0);
    if (end.starts_with("exited ")) status = std::stoi(end.substr(7)) << 8;
    if (end.empty()) {
      ways->push_back({Outcome{Actual(NoAnswer{"its process lives"}), &rules::kDied}, state});
    } else {
      ways->push_back({Outcome{Actual(Ended{status}), &rules::kDied}, state});
    }
    return true;
  });
}

bool Fork(State* state, const Create& what, const std::string& child) {
  const Thread parent = state->At(what.parent);
  Process process = state->ProcessOf(what.parent);
  process.values.clear();
  process.ForgetClosed();  // for its channel
  process.stopped = false;
  Thread thread;
  thread.process = static_cast<int>(state->processes.size());
  thread.identity = parent.identity;
  state->processes.push_back(std::move(process));
  state->threads[child] = thread;
  return true;
}

bool Start(State* state, const std::string& child) {
  Thread thread;
  thread.process = static_cast<int>(state->processes.size());
  thread.identity = state->next_identity++;
  state->processes.emplace_back();
  state->threads[child] = thread;
  return true;
}

// In a fresh process, the parent's objects by their names.
Ways WaysOfSpawn(const std::vector<State>& states, const Create& what, const std::string& child) {
  return InEach(states, [&](const State& state, std::vector<Way>* ways) {
    State next = state;
    Start(&next, child);
    for (const auto& [name, object] : state.ProcessOf(what.parent).objects) {
      const auto* lock = std::get_if<SemLock>(&object);
      // What has no name is passed on as each implementation can.
      if (lock == nullptr || !lock->name) return false;
      SemLock rebuilt = *lock;
      rebuilt.count = 0;
      rebuilt.last_thread = -1;
      const auto plain = PlainName(Value(*lock->name));
      const auto found = state.semaphore_names.find(plain.value_or(""));
      if (found == state.semaphore_names.end()) {
        next.ProcessOf(child).end = "exited";  // Nobody says how.
        ways->push_back({RaisesErrno(state, ENOENT, rules::kSpawned).outcome, next});
        return true;
      }
      rebuilt.semaphore = found->second;
      next.ProcessOf(child).objects[name] = rebuilt;
    }
    ways->push_back(Returns(std::move(next), None{}, rules::kSpawned));
    return true;
  });
}

// A thread may get the identity of one that has ended, or that a fork has left behind. That shows where
// such a one was the last to acquire.
Ways WaysOfThread(const std::vector<State>& states, const Create& what, const std::string& child) {
  return InEach(states, [&](const State& state, std::vector<Way>* ways) {
    const int process = state.At(what.parent).process;
    std::set<int> identities = {state.next_identity};
    for (const auto& [name, object] : state.ProcessOf(what.parent).objects) {
      const auto* lock = std::get_if<SemLock>(&object);
      if (lock != nullptr && lock->last_thread >= 0) identities.insert(lock->last_thread);
    }
    for (const auto& [name, thread] : state.threads) {
      if (thread.process == process && !thread.ended) identities.erase(thread.identity);
    }
    for (const int identity : identities) {
      State next = state;
      Thread thread;
      thread.process = process;
      thread.identity = identity;
      thread.is_main = false;
      next.threads[child] = thread;
      next.processes[static_cast<std::size_t>(process)].ForgetClosed();  // for its channel
      next.next_identity = std::max(next.next_identity, identity + 1);
      ways->push_back(Returns(std::move(next), None{}, rules::kThreadMade));
    }
    return true;
  });
}

// The handler runs in the thread `actor`.
bool Handle(State* state, const std::string& actor, const Handler& handler, const std::string& signal) {
  Thread& thread = state->At(actor);
  switch (handler.action) {
    case OnSignal::Action::kDefault:
      EndProcess(state, thread.process, "died " + signal);
      return true;
    case OnSignal::Action::kReturn:
    case OnSignal::Action::kIgnore:
      return true;
    case OnSignal::Action::kRaise:
      // One whose call is over already raises where nobody looks.
      if (!thread.wait) return thread.outcome.has_value();
      thread.wait.reset();
      thread.outcome = Outcome{Actual(Raised{handler.type, "", std::nullopt}), &rules::kHandled};
      return true;
    case OnSignal::Action::kCall: {
      const auto wait = thread.wait;
      auto way = MakeCall(*state, actor, handler.call);
      if (!way || !way->outcome.what || !std::holds_alternative<Value>(*way->outcome.what)) return false;
      *state = std::move(way->next);
      state->At(actor).wait = wait;
      return true;
    }
  }
  return false;
}

Ways WaysOfSignal(const std::vector<State>& states, const SendSignal& what, const std::string& actor) {
  return Changed(states, rules::kHandled, [&](State* state) {
    const Thread& thread = state->At(actor);
    Process& process = state->ProcessOf(actor);
    switch (what.how) {
      case SendSignal::How::kStop:
        process.stopped = true;
        return true;
      case SendSignal::How::kCont:
        process.stopped = false;
        return true;
      case SendSignal::How::kKill:
      case SendSignal::How::kSignal:
        break;
    }
    const auto handler = process.handlers.find(what.signal);
    if (handler == process.handlers.end()) {
      // Python has its own handler of SIGINT, and ignores SIGPIPE and SIGXFSZ.
      static const std::set<std::string> kDeadly = {"SIGKILL", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGHUP",
                                                    "SIGALRM", "SIGSEGV", "SIGABRT"};
      if (kDeadly.count(what.signal) == 0) return false;
      EndProcess(state, thread.process, "died " + what.signal);
      return true;
    }
    // Python's handlers run in the main thread, whichever thread the signal came to.
    if (!thread.is_main || process.stopped) return false;
    return Handle(state, actor, Handler(handler->second), what.signal);
  });
}

class Parts {
 public:
  bool operator()(const Do& what) {
    if (what.call.operation == "exit" || what.call.operation == "end") return AddEnds(what);
    for (const std::string& actor : what.actors) {
      Add(actor, [&what, actor](const auto& states) { return WaysOfCall(states, actor, what.call); },
          what.expectation);
    }
    return true;
  }
  bool operator()(const Await& what) {
    for (const std::string& actor : what.actors)
      Add(actor, [actor](const auto& states) { return WaysOfReturn(states, actor); }, what.expectation);
    return true;
  }
  bool operator()(const OneOf& what) {
    Add(what.actors.front(), [&what](const auto& states) { return WaysOfOneOf(states, what); },
        what.expectation);
    return true;
  }
  bool operator()(const StillBlocked& what) {
    for (const std::string& actor : what.actors)
      Add(actor, [actor](const auto& states) { return WaysOfStillBlocked(states, actor); },
          OneExpected(Expected::Kind::kBlocked, ""));
    return true;
  }
  bool operator()(const Handled&) { return true; }
  bool operator()(const Died& what) {
    for (const std::string& actor : what.actors)
      Add(actor, [actor](const auto& states) { return WaysOfEnd(states, actor); },
          OneExpected(Expected::Kind::kDies, what.signal));
    return true;
  }
  bool operator()(const Exited& what) {
    for (const std::string& actor : what.actors) {
      const std::string end = fmt::format("exited {}", what.status);
      Add(actor, [actor, end](const auto& states) {
        return InEach(states, [&](const State& state, std::vector<Way>* ways) {
          // A spawned process that failed ends as its language has it.
          const std::string& own = state.ProcessOf(actor).end;
          if (own == end || own == "exited") ways->push_back(Returns(state, None{}, rules::kDied));
          else ways->push_back({WaysOfEnd({state}, actor)->front().outcome, state});
          return true;
        });
      });
    }
    return true;
  }
  bool operator()(const Create& what) {
    for (const std::string& child : what.children) {
      Add(what.how == Create::How::kStart ? "p" : what.parent, [&what, child](const auto& states) -> Ways {
        switch (what.how) {
          case Create::How::kFork:
            return Changed(states, rules::kForked, [&](State* state) { return Fork(state, what, child); });
          case Create::How::kStart:
            return Changed(states, rules::kNothing, [&](State* state) { return Start(state, child); });
          case Create::How::kSpawn:
            return WaysOfSpawn(states, what, child);
          case Create::How::kThread:
            return WaysOfThread(states, what, child);
        }
        return std::nullopt;
      }, what.expectation);
    }
    return true;
  }
  bool operator()(const OnSignal& what) {
    Add(what.actor, [&what](const auto& states) {
      return Changed(states, rules::kHandled, [&](State* state) {
        state->ProcessOf(what.actor).handlers[what.signal] = Handler{what.action, what.type, what.call};
        return true;
      });
    });
    return true;
  }
  bool operator()(const SendSignal& what) {
    for (const std::string& actor : what.actors)
      Add(actor, [&what, actor](const auto& states) { return WaysOfSignal(states, what, actor); });
    return true;
  }
  bool operator()(const Hammer& what) {
    for (const std::string& actor : what.actors) Add(actor, [](const auto& states) -> Ways {
      // As many releases as acquires: in the end all is as it was.
      return Changed(states, rules::kPosts, [](State*) { return true; });
    });
    return true;
  }
  bool operator()(const HammerResult&) { return true; }
  bool operator()(const Machine&) { return false; }
  template <class Other>
  bool operator()(const Other&) { return false; }

  std::vector<Part> Take() { return std::move(parts_); }

 private:
  bool AddEnds(const Do& what) {
    for (const std::string& actor : what.actors) {
      Add(actor, [&what, actor](const auto& states) {
        return Changed(states, rules::kDied, [&](State* state) {
          Thread& thread = state->At(actor);
          if (what.call.operation == "end") {
            thread.ended = true;
            return !thread.is_main;
          }
          const auto status = what.call.args.empty() ? Value::Int(0)
                                                     : Evaluate(*state, actor, what.call.args[0]).value_or(None{});
          const auto* number = status.template If<std::int64_t>();
          if (number == nullptr) return false;
          EndProcess(state, thread.process, fmt::format("exited {}", *number & 0xff));
          return true;
        });
      });
    }
    return true;
  }

  static Expectation OneExpected(Expected::Kind kind, const std::string& type) {
    Expected expected;
    expected.kind = kind;
    expected.type = type;
    return Expectation{{expected}, std::nullopt, ""};
  }

  void Add(std::string actor, std::function<Ways(const std::vector<State>&)> ways,
           std::optional<Expectation> expectation = std::nullopt) {
    parts_.push_back({std::move(actor), std::move(ways), std::move(expectation)});
  }

  std::vector<Part> parts_;
};

}  // namespace

std::optional<std::vector<Part>> PartsOf(const Step& step) {
  Parts parts;
  if (!std::visit(parts, step.what)) return std::nullopt;
  return parts.Take();
}

Ways WaysOfCall(const std::vector<State>& states, const std::string& actor, const Call& call) {
  return InEach(states, [&](const State& state, std::vector<Way>* ways) {
    const Thread& thread = state.At(actor);
    if (thread.wait || thread.outcome || thread.ended) return true;  // It cannot be told to.
    auto way = MakeCall(state, actor, call);
    if (!way) return false;
    if (!way->next.At(actor).wait) {
      ways->push_back(std::move(*way));
      return true;
    }
    if (IsStill(way->next)) {
      ways->push_back(std::move(*way));
      return true;
    }
    const auto later = Closure({way->next});
    if (!later) return false;
    for (const State& next : *later) {
      if (next.At(actor).outcome) ways->push_back(Completed(next, actor));
      if (IsBlocked(next, actor)) ways->push_back(Sleeps(next));
    }
    return true;
  });
}

}  // namespace lockstep::model
