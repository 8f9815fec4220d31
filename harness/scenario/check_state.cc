// SPDX-License-Identifier: MIT
#include "harness/scenario/check_state.h"

#include <fmt/format.h>
#include <strings.h>

#include <utility>

namespace lockstep::transcript {

State::State(Mistakes* mistakes) : mistakes_(mistakes) { Add("p", AddProcess({}), Position{}); }

ActorState* State::Find(const std::string& name) {
  const auto found = actors_.find(name);
  return found == actors_.end() ? nullptr : &found->second;
}

bool State::MustBeAlive(const std::string& name, Position position) {
  const ActorState* actor = Find(name);
  if (actor == nullptr) {
    return Fail(position,
                fmt::format("actor '{}' is not there; it is not made before this step", name));
  }
  if (actor->gone != Known::kYes && actor->armed_at.line != 0) {
    return Fail(position, fmt::format("actor '{}' is armed on line {}; what it does next is to be a call of its own", name,
                                      actor->armed_at.line));
  }
  if (actor->gone != Known::kYes) return true;
  return Fail(position, fmt::format("actor '{}' is gone: it {} on line {}", name, actor->end,
                                    actor->end_line));
}

bool State::MustNotBeStopped(const std::string& name, Position position) {
  const int line = ProcessOf(*Find(name)).stopped_line;
  if (line == 0) return true;
  return Fail(
      position,
      fmt::format("actor '{0}' is stopped since line {1}; expected 'cont {0}' first", name, line));
}

bool State::MustBeIdle(const std::string& name, Position position) {
  if (!MustBeAlive(name, position) || !MustNotBeStopped(name, position)) return false;
  const ActorState& actor = *Find(name);
  if (actor.in_flight != Known::kYes) return true;
  return Fail(
      position,
      fmt::format("actor '{0}' is still in its call of line {1}; expected '{0} returns ...' or "
                  "'{0} raises ...' first",
                  name, actor.call_line));
}

bool State::MustBeInFlight(const std::string& name, Position position, const std::string& verb) {
  if (!MustBeAlive(name, position)) return false;
  if (Find(name)->in_flight != Known::kNo) return true;
  return Fail(position, fmt::format("actor '{0}' has no call in flight, so nothing {1}; expected "
                                    "'{0} CALL -> blocked' before",
                                    name, verb));
}

void State::Add(const std::string& name, std::size_t process, Position position) {
  const ActorState* there = Find(name);
  if (there != nullptr && there->gone == Known::kNo) {
    Fail(position, name == "p" ? "actor 'p' is there from the start"
                               : fmt::format("actor '{}' is there already, made on line {}", name,
                                             there->made_line));
  }
  ActorState actor;
  actor.process = process;
  actor.made_line = position.line;
  actors_[name] = actor;
}

std::size_t State::AddProcess(ProcessState process) {
  processes_.push_back(std::move(process));
  return processes_.size() - 1;
}

void State::EndProcess(const ActorState& actor, const std::string& how, int line, bool judged) {
  const std::size_t process = actor.process;
  for (auto& [name, one] : actors_) {
    if (one.process != process) continue;
    // The line that ended it says more than the one that judged it.
    if (one.end.empty()) {
      one.end = how;
      one.end_line = line;
    }
    one.gone = Known::kYes;
    one.judged = one.judged || judged;
    one.in_flight = Known::kNo;
  }
  processes_[process].stopped_line = 0;
}

void State::EndThread(const std::string& name, Position position) {
  ActorState& actor = *Find(name);
  if (!actor.is_thread) {
    Fail(position, fmt::format("actor '{0}' is a process; expected '{0} exit(0)', or an actor made by 'thread'", name));
    return;
  }
  actor.end = "ended";
  actor.end_line = position.line;
  actor.gone = Known::kYes;
  actor.judged = true;
}

const Kept* State::FindKept(const std::string& actor, const std::string& name, Position position) {
  const ProcessState& process = ProcessOf(*Find(actor));
  if (const auto found = process.kept.find(name); found != process.kept.end())
    return &found->second;
  std::vector<std::string> names;
  for (const auto& [key, kept] : process.kept) names.push_back(key);
  std::string hint = DidYouMean(name, names);
  for (const char* constant : {"True", "False", "None"}) {
    if (::strcasecmp(name.c_str(), constant) == 0) hint = fmt::format("; did you mean '{}'?", constant);
  }
  for (const auto& [other, state] : actors_) {
    if (!hint.empty()) break;
    const auto& kept = processes_[state.process].kept;
    const auto found = kept.find(name);
    if (found != kept.end() && !found->second.kind)
      hint = fmt::format("; '{0}' has it: '{0}.{1}'", other, name);
  }
  if (hint.empty() && names.empty()) hint = "; it has none";
  if (hint.empty()) hint = fmt::format("; it has {}", JoinQuoted(names));
  Fail(position, fmt::format("'{}' is no object or value of '{}'{}", name, actor, hint));
  return nullptr;
}

}  // namespace lockstep::transcript
