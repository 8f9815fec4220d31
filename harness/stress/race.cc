// SPDX-License-Identifier: MIT
#include "harness/stress/race.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "harness/check/check.h"
#include "harness/check/picture.h"
#include "harness/engine/timing.h"

namespace lockstep::stress {
namespace {

constexpr int kSemaphore = 1;
constexpr int kPlenty = 1 << 20;
// From the sending of a request to the earliest instant at which its call can begin, and some more.
constexpr std::int64_t kLead = 120'000;
constexpr std::int64_t kShortestTimeout = 100'000;
constexpr std::int64_t kTimeouts = 300'000;
constexpr std::int64_t kNear = 50'000;  // the slack of a timer
constexpr double kBeyond = 1.1;
constexpr double kForget = 0.9;
constexpr std::chrono::microseconds kStep{200};
// A fork is no part of the semaphore: its child may come so much later.
constexpr double kChildWaits = 5;  // seconds

}  // namespace

std::int64_t Races::Distance::Next(Random& random) {
  const double from = -second_ns_ * kBeyond;
  const double to = first_ns_ * kBeyond;
  return static_cast<std::int64_t>(std::uniform_real_distribution<double>(from, to)(random));
}

void Races::Distance::Learn(std::int64_t first_ns, std::int64_t second_ns) {
  // What was held up by another process says nothing.
  constexpr std::int64_t kHeldUp = 2'000'000;
  if (first_ns < kHeldUp) first_ns_ = kForget * first_ns_ + (1 - kForget) * static_cast<double>(first_ns);
  if (second_ns < kHeldUp) second_ns_ = kForget * second_ns_ + (1 - kForget) * static_cast<double>(second_ns);
}

Races::Races(Session& session, std::string name, Random& random, Totals& totals)
    : stage_(session, std::move(name)), random_(random), totals_(totals) {}

Ending Races::Begin() {
  ++totals_.rounds;
  if (const auto root = stage_.Begin(); !root) return Trouble{root.error().Text()};
  for (const auto& [object, maxvalue] : {std::pair{"s", kPlenty}, {"t", kPlenty}, {"u", 1}}) {
    Ending made = stage_.MakeSemaphore(object, kSemaphore, 0, maxvalue);
    if (!IsFine(made)) return made;
  }
  const auto a = stage_.AddProcess("a");
  if (!a) return Trouble{a.error().Text()};
  a_ = *a;
  const auto b = stage_.AddProcess("b");
  if (!b) return Trouble{b.error().Text()};
  b_ = *b;
  if (stage_.session().hello().capabilities.count("thread") == 0) return {};
  const auto a2 = stage_.AddThread(*a_, "a2");
  if (!a2) return Trouble{a2.error().Text()};
  a2_ = *a2;
  return {};
}

Ending Races::RunEach() {
  const auto& can = stage_.session().hello().capabilities;
  Ending ending = ReleaseAgainstTimeout();
  if (IsFine(ending)) ending = TwoOfOneName();
  if (IsFine(ending) && a2_ != nullptr) ending = ReleaseAgainstTimeoutOfOneOfTwo();
  if (IsFine(ending) && a2_ != nullptr) ending = TwoReleasesForTwoWaiters();
  if (IsFine(ending) && a2_ != nullptr) ending = TwoReleasesAtTheBound();
  if (IsFine(ending) && can.count("fork") != 0) ending = ReleaseAgainstKill();
  if (IsFine(ending) && a2_ != nullptr && can.count("rebuild_by_name") != 0) ending = CloseAgainstPost();
  if (IsFine(ending) && a2_ != nullptr && can.count("rebuild_by_name") != 0) ending = ObjectsThatComeAndGo();
  if (IsFine(ending) && a2_ != nullptr && can.count("fork") != 0) ending = ForkAgainstAcquire();
  return ending;
}

std::int64_t Races::Soon() const { return MonotonicNs() + kLead; }

void Races::SendAt(Actor& actor, Request request, std::int64_t at_ns) {
  request.at_ns = at_ns;
  stage_.Send(actor, std::move(request));
}

Ending Races::AwaitAll(const char* race) {
  const Stage::End end = stage_.Await({}, kStep);
  if (!IsFine(stage_.FirstDeath())) return stage_.FirstDeath();
  if (end == Stage::End::kTrouble) return Trouble{stage_.trouble()};
  if (end == Stage::End::kDone) return {};
  if (end == Stage::End::kStarved) return Trouble{"for 10 s no actor has had a CPU: the machine is too busy"};
  std::string where = stage_.Whereabouts();
  Value value;
  if (Ending asked = stage_.Ask(stage_.root(), Stage::Call("_get_value", "s"), &value); !IsFine(asked)) return asked;
  const bool lost = value.If<std::int64_t>() != nullptr && *value.If<std::int64_t>() > 0;
  where += fmt::format("  s: value {}\n", value.Repr());
  return Finding{lost ? "lost wakeup" : end == Stage::End::kStuck ? "deadlock" : "silence",
                 fmt::format("{}: {}", race, lost ? "all is quiet, s has units, and somebody sleeps on it" : "somebody does not return"),
                 where, {}, race};
}

std::optional<check::Operation> Races::Take(Actor& actor, check::Kind kind, int number) {
  if (!actor.reply) return std::nullopt;
  const Reply reply = *std::exchange(actor.reply, std::nullopt);
  const Value* value = std::get_if<Value>(&reply.outcome);
  if (value == nullptr) return std::nullopt;
  const bool failed = kind == check::Kind::kAcquire && *value != Value(true);
  check::Operation one;
  one.kind = failed ? check::Kind::kFailedAcquire : kind;
  one.actor = number;
  one.called = reply.begin_ns;
  one.returned = reply.end_ns;
  return one;
}

Ending Races::Settle(const char* race, const std::string& object, check::History history) {
  ++totals_.races;
  history.actors = {"a", "b", "p"};
  Value value;
  const std::int64_t asked = MonotonicNs();
  if (Ending got = stage_.Ask(stage_.root(), Stage::Call("_get_value", object), &value); !IsFine(got)) return got;
  const auto* number = value.If<std::int64_t>();
  if (number == nullptr) return Trouble{"_get_value() is " + value.Repr()};
  history.operations.push_back({check::Kind::kGetValue, 2, asked, MonotonicNs(), *number});
  const check::Judgement judgement = check::Judge(history);
  if (judgement.verdict == check::Verdict::kViolation) {
    std::string where = check::ToPicture(history, judgement.operation);
    return Finding{"history", fmt::format("{}: {}", race, judgement.why), std::move(where),
                   check::RecordedHistory{object, std::move(history)}, race};
  }
  // What is left has to be there to be taken.
  for (std::int64_t left = *number; left > 0; --left) {
    Value taken;
    if (Ending took = stage_.Ask(stage_.root(), Stage::Call("acquire", object, {Value(false)}), &taken); !IsFine(took)) return took;
    if (taken != Value(true))
      return Finding{"conservation", fmt::format("{}: the value is {}, and acquire(False) returns False", race, left), "", {}, race};
  }
  return {};
}

Ending Races::Block(Actor& actor, const char* race, const std::string& object) {
  stage_.Send(actor, Stage::Call("acquire", object));
  const Deadline seen = Deadline::After(stage_.session().Scaled(std::chrono::seconds(5)));
  while (actor.in_flight && !seen.Passed()) {
    if (const auto blocked = stage_.detector().Look(actor); blocked && actor.in_flight && actor.in_flight->announced) {
      totals_.sights["spun while it waited"] += blocked->by == BlockedBy::kSpinning ? 1 : 0;
      return {};
    }
    stage_.crew().Pump(nanoseconds(0));
  }
  if (!stage_.crew().Fault().empty()) return Trouble{stage_.crew().Fault()};
  if (actor.in_flight) return Trouble{fmt::format("{}: nobody can see whether {} waits", race, actor.name)};
  return Finding{"history", fmt::format("{}: {} returned from acquire() though {} had no unit", race, actor.name, object), "", {}, race};
}

Request Races::Rebuild(const std::string& as) const {
  Request request = Stage::Call("SemLock._rebuild", "", {Value::Int(0), Value::Int(kSemaphore), Value::Int(kPlenty), Value(stage_.NameOf("s"))});
  request.as = as;
  return request;
}

void Races::AwaitDeath(const Process& process) {
  const Deadline death = Deadline::After(stage_.session().Scaled(std::chrono::seconds(5)));
  while (!process.dead && !death.Passed()) stage_.crew().Pump(death.Left());
}

Ending Races::ReleaseAgainstTimeout() {
  constexpr char kRace[] = "a release against the end of a timeout";
  const std::int64_t timeout = kShortestTimeout + Any(random_, kTimeouts);
  const std::int64_t at = Soon();
  SendAt(*a_, Stage::Call("acquire", "s", {Value(true), Value(static_cast<double>(timeout) / 1e9)}), at);
  SendAt(*b_, Stage::Call("release", "s"), at + timeout + timeout_distance_.Next(random_));
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  const auto acquire = Take(*a_, check::Kind::kAcquire, 0);
  const auto release = Take(*b_, check::Kind::kRelease, 1);
  if (!acquire || !release) return Finding{"exception", fmt::format("{}: a call raised", kRace), "", {}, kRace};
  const bool got = acquire->kind == check::Kind::kAcquire;
  const std::int64_t took = acquire->returned - acquire->called;
  if (!got && JudgeElapsed(nanoseconds(timeout), nanoseconds(took)) == Elapsed::kEarly) {
    return Finding{"timeout", fmt::format("{}: a wait of {} µs ended after {} µs", kRace, timeout / 1000, took / 1000), "", {}, kRace};
  }
  if (!got) timeout_distance_.Learn(std::max<std::int64_t>(0, took - timeout), release->returned - release->called);
  const bool met = release->called <= acquire->returned + kNear && acquire->called + timeout <= release->returned + kNear;
  if (met) ++totals_.sights[got ? "a release came before a timeout" : "a timeout came before a release"];
  return Settle(kRace, "s", {0, kPlenty, {*acquire, *release}, {}});
}

Ending Races::ReleaseAgainstKill() {
  constexpr char kRace[] = "a release against the death of a waiter";
  const auto victim = stage_.AddProcess(fmt::format("v{}", ++victims_));
  if (!victim) return Trouble{victim.error().Text()};
  stage_.WillDie((*victim)->process.get());
  if (Ending ending = Block(**victim, kRace, "s"); !IsFine(ending)) return ending;
  const std::int64_t called = (*victim)->in_flight->begin_ns;
  const std::int64_t at = Soon();
  SendAt(*b_, Stage::Call("release", "s"), at);
  const std::int64_t kill_at = at + kill_distance_.Next(random_);
  while (MonotonicNs() < kill_at) stage_.crew().Pump(nanoseconds(0));
  SendSignalTo(*(*victim)->process, SIGKILL);
  AwaitDeath(*(*victim)->process);
  const std::int64_t dead_by = MonotonicNs();
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  const auto release = Take(*b_, check::Kind::kRelease, 1);
  if (!release) return Finding{"exception", fmt::format("{}: the release raised", kRace), "", {}, kRace};
  check::Operation acquire{check::Kind::kAcquire, 0, called, check::kNever, 0};
  acquire.dead_by = dead_by;
  const auto returned = Take(**victim, check::Kind::kAcquire, 0);
  if (returned) acquire = *returned;
  ++totals_.sights[returned ? "a waiter died after its acquire" : "a waiter died in its acquire"];
  kill_distance_.Learn(release->returned - release->called, 10'000);
  if (Ending ending = Settle(kRace, "s", {0, kPlenty, {acquire, *release}, {}}); !IsFine(ending)) return ending;
  // The dead keeps nobody from going on.
  Value none;
  if (Ending ending = stage_.Ask(*b_, Stage::Call("release", "s"), &none); !IsFine(ending)) return ending;
  Value taken;
  if (Ending ending = stage_.Ask(*a_, Stage::Call("acquire", "s", {Value(true), Value(1.0)}), &taken); !IsFine(ending)) return ending;
  if (taken != Value(true))
    return Finding{"liveness", fmt::format("{}: afterwards a released unit could not be taken", kRace), "", {}, kRace};
  return {};
}

Ending Races::CloseAgainstPost() {
  constexpr char kRace[] = "the end of an object against a release, while another waits";
  Value made;
  if (Ending ending = stage_.Ask(*a_, Rebuild("again"), &made); !IsFine(ending)) return ending;
  if (Ending ending = Block(*a2_, kRace, "s"); !IsFine(ending)) return ending;
  const std::int64_t at = Soon();
  SendAt(*a_, Stage::Call("del", "again"), at);
  SendAt(*b_, Stage::Call("release", "s"), at + close_distance_.Next(random_));
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  const auto acquire = Take(*a2_, check::Kind::kAcquire, 0);
  const auto close = Take(*a_, check::Kind::kAcquire, 0);
  const auto release = Take(*b_, check::Kind::kRelease, 1);
  if (!acquire || !release || !close) return Finding{"exception", fmt::format("{}: a call raised", kRace), "", {}, kRace};
  close_distance_.Learn(close->returned - close->called, release->returned - release->called);
  ++totals_.sights["an object ended beside a release"];
  return Settle(kRace, "s", {0, kPlenty, {*acquire, *release}, {}});
}

Ending Races::ForkAgainstAcquire() {
  constexpr char kRace[] = "a fork while another thread acquires";
  Value none;
  if (Ending ending = stage_.Ask(*b_, Stage::Call("release", "t"), &none); !IsFine(ending)) return ending;
  const std::string name = fmt::format("f{}", ++victims_);
  const auto child = stage_.crew().Prepare(name);
  if (!child) return Trouble{child.error().Text()};
  const std::int64_t at = Soon();
  SendAt(*a_, Stage::Call("fork", "", {Value((*child)->channel.path())}), at);
  SendAt(*a2_, Stage::Call("acquire", "t"), at + fork_distance_.Next(random_));
  // The thread's acquire is over whatever becomes of the child.
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  const Reply forked = *std::exchange(a_->reply, std::nullopt);
  const auto acquire = Take(*a2_, check::Kind::kAcquire, 0);
  const Value* pid = std::get_if<Value>(&forked.outcome);
  if (pid == nullptr || pid->If<std::int64_t>() == nullptr) return Trouble{"a cannot fork"};
  if (!acquire) return Finding{"exception", fmt::format("{}: the acquire raised", kRace), "", {}, kRace};
  stage_.crew().Expect(**child, *a_, static_cast<pid_t>(*pid->If<std::int64_t>()));
  const auto ready = stage_.crew().AwaitHello(**child, a_, false, stage_.session().HelloLimit());
  if (!ready) return Trouble{ready.error().Text()};
  stage_.WillDie((*child)->process.get());
  fork_distance_.Learn(forked.end_ns - forked.begin_ns, acquire->returned - acquire->called);
  ++totals_.sights["a fork beside an acquire"];
  // The child is not held up by what the other thread was at.
  Value taken;
  if (Ending ending = stage_.Ask(*b_, Stage::Call("release", "t"), &none); !IsFine(ending)) return ending;
  stage_.Send(**child, Stage::Call("acquire", "t", {Value(true), Value(kChildWaits)}));
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  const auto childs = Take(**child, check::Kind::kAcquire, 1);
  if (!childs || childs->kind != check::Kind::kAcquire)
    return Finding{"liveness", fmt::format("{}: the child cannot take a unit that is there", kRace), "", {}, kRace};
  SendSignalTo(*(*child)->process, SIGKILL);
  AwaitDeath(*(*child)->process);
  ++totals_.races;
  Value reaped;
  return stage_.Ask(*a_, Stage::Call("reap", "", {*pid}), &reaped);
}

}  // namespace lockstep::stress
