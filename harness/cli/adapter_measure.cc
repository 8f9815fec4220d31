// SPDX-License-Identifier: MIT
#include "harness/cli/adapter_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace lockstep {
namespace {

using End = MeasureTrial::End;

constexpr std::chrono::seconds kCallLimit{5};  // a call takes some ms; a loaded machine needs more
constexpr std::int64_t kTurnsALook = 16;       // of `until`

struct Trial {
  std::vector<Value> args;
  std::string on;
  std::size_t items;       // in the list that it returns; 0: a number of turns
  std::string capability;  // beside `measure`
};

// `s` has a unit and a name, `z` has neither.
std::vector<Trial> Trials(const std::string& name) {
  const auto text = [](const char* word) { return Value(std::string(word)); };
  const Value one = Value::Int(1);
  const Value two = Value::Int(2);
  const Value three = Value::Int(3);
  return {
      {{text("pairs"), Value::Int(100), two}, "s", 2, ""},
      {{text("tries"), Value::Int(100), two}, "z", 2, ""},
      {{text("values"), Value::Int(100), two}, "s", 2, ""},
      {{text("rebuilds"), three, two}, "s", 2, "rebuild_by_name"},
      {{text("creations"), three, two, one, Value(name)}, "", 2, ""},
      {{text("forks"), one, two}, "s", 2, "fork"},
      {{text("timeouts"), Value(0.001), two}, "z", 2, ""},
      {{text("until"), one}, "s", 0, ""},
      {{text("hand_over"), three, Value::Int(1000), text("s")}, "s", 3, ""},
  };
}

bool IsAsItIsToBe(const Trial& trial, const Value& returned) {
  const auto is_positive = [](const Value& value) {
    const auto* number = value.If<std::int64_t>();
    return number != nullptr && *number > 0;
  };
  if (trial.items == 0) return is_positive(returned) && *returned.If<std::int64_t>() % kTurnsALook == 0;
  const auto* list = returned.If<List>();
  return list != nullptr && list->items.size() == trial.items && std::all_of(list->items.begin(), list->items.end(), is_positive);
}

// The calls of one adapter; the first that is not well is kept.
class Trier {
 public:
  Trier(Session& session, Crew& crew, Actor& actor) : session_(session), crew_(crew), actor_(actor) {}

  const MeasureTrial& result() const { return result_; }

  std::optional<Reply> Ask(const std::string& what, Request request) {
    auto reply = crew_.Ask(actor_, std::move(request), session_.Scaled(kCallLimit));
    if (!reply) Say(End::kFailed, fmt::format("{}: {}", what, crew_.Fault().empty() ? "no answer" : crew_.Fault()));
    return reply;
  }

  // What it returned; nothing, and a result, if it did anything else.
  std::optional<Value> Returned(const std::string& what, Request request) {
    const auto reply = Ask(what, std::move(request));
    if (!reply) return std::nullopt;
    if (const auto* value = std::get_if<Value>(&reply->outcome)) return *value;
    if (const auto* raised = std::get_if<Raised>(&reply->outcome)) {
      Say(End::kWrong, fmt::format("{}: raised {}: {}", what, raised->type, raised->message));
    } else if (const auto* unsupported = std::get_if<Unsupported>(&reply->outcome)) {
      Say(End::kMissing, fmt::format("{}: {}", what, unsupported->why));
    } else {
      Say(End::kFailed, fmt::format("{}: {}", what, std::get<AdapterError>(reply->outcome).why));
    }
    return std::nullopt;
  }

  void Say(End end, std::string why) {
    if (result_.end == End::kWell) result_ = {end, std::move(why)};
  }
  bool is_well() const { return result_.end == End::kWell; }

 private:
  Session& session_;
  Crew& crew_;
  Actor& actor_;
  MeasureTrial result_;
};

Request Call(const char* operation, std::string on, std::vector<Value> args) {
  Request request;
  request.operation = operation;
  request.on = std::move(on);
  request.args = std::move(args);
  return request;
}

void Make(Trier& trier, const std::string& object, std::int64_t value, const std::string& name, bool unlink) {
  Request request =
      Call("SemLock", "", {Value::Int(1), Value::Int(value), Value::Int(1), Value(name), Value(unlink)});
  request.as = object;
  trier.Returned("SemLock", std::move(request));
}

void TryAll(Trier& trier, const Hello& hello, const std::string& prefix) {
  const std::string named = "/" + prefix + "-measure";
  Make(trier, "s", 1, named, false);
  Make(trier, "z", 0, named + "-z", true);
  for (const Trial& trial : Trials(named + "-c")) {
    if (!trier.is_well()) return;
    if (!trial.capability.empty() && hello.capabilities.count(trial.capability) == 0) continue;
    const std::string what = *trial.args[0].If<std::string>();
    const auto returned = trier.Returned(what, Call("measure", trial.on, trial.args));
    if (returned && !IsAsItIsToBe(trial, *returned))
      trier.Say(End::kWrong, fmt::format("{}: expected {}, got {}", what,
                                         trial.items == 0 ? "a number of turns, 16 or more of them"
                                                          : fmt::format("a list of {} positive ints", trial.items),
                                         returned->Repr()));
  }
  if (!trier.is_well()) return;
  const auto got_one = trier.Ask("tries", Call("measure", "s", {Value(std::string("tries")), Value::Int(1), Value::Int(1)}));
  const auto* raised = got_one ? std::get_if<Raised>(&got_one->outcome) : nullptr;
  if (got_one && (raised == nullptr || raised->type != "RuntimeError"))
    trier.Say(End::kWrong, "tries: one that gets a unit was expected to raise RuntimeError");
  trier.Ask("sem_unlink", Call("sem_unlink", "", {Value(named)}));
}

}  // namespace

MeasureTrial TryEachMeasurement(Session& session, const std::string& prefix) {
  const auto begun = session.Begin();
  if (!begun) return {End::kFailed, begun.error().message};
  Crew& crew = **begun;
  Actor* const actor = crew.Find("p");
  if (actor == nullptr) return {End::kFailed, "there is no actor"};
  Trier trier(session, crew, *actor);
  TryAll(trier, session.hello(), prefix);
  session.End(crew);
  return trier.result();
}

}  // namespace lockstep
