// SPDX-License-Identifier: MIT
#include "harness/stress/race.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "harness/check/check.h"
#include "harness/check/picture.h"
#include "harness/engine/timing.h"
#include "harness/os/interrupt.h"

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
// Of who begins to wait.
constexpr std::chrono::seconds kSeenWithin{20};
constexpr std::chrono::microseconds kLookEvery{20};
constexpr int kLooks = 10'000;
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
  if (IsFine(ending)) ending = LookBesideATry();
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

Ending Races::AwaitAll(const char* race, const std::string& object) {
  const Stage::End end = stage_.Await({}, kStep);
  if (!IsFine(stage_.FirstDeath())) return stage_.FirstDeath();
  if (end == Stage::End::kTrouble) return Trouble{stage_.trouble()};
  if (end == Stage::End::kDone) return {};
  if (end == Stage::End::kStarved) return Trouble{"for 10 s no actor has had a CPU: the machine is too busy", true};
  std::string where = stage_.Whereabouts();
  Value value;
  if (Ending asked = stage_.Ask(stage_.root(), Stage::Call("_get_value", object), &value); !IsFine(asked)) return asked;
  const bool lost = value.If<std::int64_t>() != nullptr && *value.If<std::int64_t>() > 0;
  where += fmt::format("  {}: value {}\n", object, value.Repr());
  return Finding{lost ? "lost wakeup" : end == Stage::End::kStuck ? "deadlock" : "silence",
                 fmt::format("{}: {}", race, lost ? "all is quiet, " + object + " has units, and somebody sleeps on it"
                                                  : "somebody does not return"),
                 where, {}, race};
}

Ending Races::Take(const char* race, Actor& actor, check::Kind kind, int number, check::Operation* one) {
  if (!actor.reply) return Trouble{fmt::format("{}: {} has not answered", race, actor.name)};
  const Reply reply = *std::exchange(actor.reply, std::nullopt);
  if (Ending ending = Stage::JudgeReply(fmt::format("{}: {}", race, actor.name), reply); !IsFine(ending)) return ending;
  const bool failed = kind == check::Kind::kAcquire && std::get<Value>(reply.outcome) != Value(true);
  *one = {failed ? check::Kind::kFailedAcquire : kind, number, reply.begin_ns, reply.end_ns, 0};
  return {};
}

Ending Races::Settle(const char* race, const std::string& object, check::History history) {
  ++totals_.races;
  history.actors = {"a", "b", "p", "a2", "v"};
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
  const Deadline deadline = Deadline::After(stage_.session().Scaled(kSeenWithin));
  const auto goes_on = [&] { return actor.in_flight && !actor.process->dead && stage_.crew().Fault().empty() && !Interrupted(); };
  // The time may be over because nobody had any, ourselves included: so many looks are taken all the same.
  for (int looks = 0; goes_on() && (looks < kLooks || !deadline.Passed()); ++looks) {
    if (const auto blocked = stage_.detector().Look(actor); blocked && actor.in_flight && actor.in_flight->announced) {
      totals_.sights["spun while it waited"] += blocked->by == BlockedBy::kSpinning ? 1 : 0;
      return {};
    }
    stage_.crew().Pump(kLookEvery);
  }
  if (Interrupted()) return Trouble{"interrupted"};
  if (!stage_.crew().Fault().empty()) return Trouble{stage_.crew().Fault()};
  if (Ending death = stage_.FirstDeath(); !IsFine(death)) return death;
  if (actor.in_flight) {
    const std::string where = stage_.detector().Whereabouts(actor);
    return Trouble{fmt::format("{}: nobody can see whether {} waits: {}", race, actor.name, where)};
  }
  check::Operation ignored;
  if (Ending ending = Take(race, actor, check::Kind::kAcquire, 0, &ignored); !IsFine(ending)) return ending;
  return Finding{"history", fmt::format("{}: {} returned from acquire() though {} had no unit", race, actor.name, object), "", {}, race};
}

Request Races::Rebuild(const std::string& as) const {
  Request request = Stage::Call("SemLock._rebuild", "",
                                {Value::Int(0), Value::Int(kSemaphore), Value::Int(kPlenty), Value(stage_.NameOf("s"))});
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
  check::Operation acquire;
  check::Operation release;
  if (Ending ending = Take(kRace, *a_, check::Kind::kAcquire, 0, &acquire); !IsFine(ending)) return ending;
  if (Ending ending = Take(kRace, *b_, check::Kind::kRelease, 1, &release); !IsFine(ending)) return ending;
  const bool got = acquire.kind == check::Kind::kAcquire;
  const std::int64_t took = acquire.returned - acquire.called;
  if (!got && JudgeElapsed(nanoseconds(timeout), nanoseconds(took)) == Elapsed::kEarly) {
    return Finding{"timeout", fmt::format("{}: a wait of {} µs ended after {} µs", kRace, timeout / 1000, took / 1000), "", {}, kRace};
  }
  if (!got) timeout_distance_.Learn(std::max<std::int64_t>(0, took - timeout), release.returned - release.called);
  const bool met = release.called <= acquire.returned + kNear && acquire.called + timeout <= release.returned + kNear;
  if (met) ++totals_.sights[got ? "a release came before a timeout" : "a timeout came before a release"];
  return Settle(kRace, "s", {0, kPlenty, {acquire, release}, {}});
}

Ending Races::ReleaseAgainstKill() {
  constexpr char kRace[] = "a release against the death of a waiter";
  const auto victim = stage_.AddProcess(fmt::format("v{}", ++victims_));
  if (!victim) return Trouble{victim.error().Text()};
  if (Ending ending = Block(**victim, kRace, "s"); !IsFine(ending)) return ending;
  stage_.WillDie((*victim)->process.get());
  const std::int64_t called = (*victim)->in_flight->begin_ns;
  const std::int64_t at = Soon();
  SendAt(*b_, Stage::Call("release", "s"), at);
  const std::int64_t kill_at = at + kill_distance_.Next(random_);
  while (MonotonicNs() < kill_at) stage_.crew().Pump(nanoseconds(0));
  SendSignalTo(*(*victim)->process, SIGKILL);
  AwaitDeath(*(*victim)->process);
  const std::int64_t dead_by = MonotonicNs();
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  check::Operation release;
  if (Ending ending = Take(kRace, *b_, check::Kind::kRelease, 1, &release); !IsFine(ending)) return ending;
  check::Operation acquire{check::Kind::kAcquire, kVictim, called, check::kNever, 0};
  acquire.dead_by = dead_by;
  const bool returned = (*victim)->reply.has_value();
  if (returned) {
    if (Ending ending = Take(kRace, **victim, check::Kind::kAcquire, kVictim, &acquire); !IsFine(ending)) return ending;
  }
  ++totals_.sights[returned ? "a waiter died after its acquire" : "a waiter died in its acquire"];
  kill_distance_.Learn(release.returned - release.called, 10'000);
  if (Ending ending = Settle(kRace, "s", {0, kPlenty, {acquire, release}, {}}); !IsFine(ending)) return ending;
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
  check::Operation acquire;
  check::Operation close;
  check::Operation release;
  if (Ending ending = Take(kRace, *a2_, check::Kind::kAcquire, kThread, &acquire); !IsFine(ending)) return ending;
  if (Ending ending = Take(kRace, *a_, check::Kind::kRelease, 0, &close); !IsFine(ending)) return ending;
  if (Ending ending = Take(kRace, *b_, check::Kind::kRelease, 1, &release); !IsFine(ending)) return ending;
  close_distance_.Learn(close.returned - close.called, release.returned - release.called);
  ++totals_.sights["an object ended beside a release"];
  return Settle(kRace, "s", {0, kPlenty, {acquire, release}, {}});
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
  if (Ending ending = AwaitAll(kRace, "t"); !IsFine(ending)) return ending;
  const Reply forked = *std::exchange(a_->reply, std::nullopt);
  check::Operation acquire;
  if (Ending ending = Take(kRace, *a2_, check::Kind::kAcquire, kThread, &acquire); !IsFine(ending)) return ending;
  const Value* pid = std::get_if<Value>(&forked.outcome);
  if (pid == nullptr || pid->If<std::int64_t>() == nullptr) return Trouble{"a cannot fork"};
  stage_.crew().Expect(**child, *a_, static_cast<pid_t>(*pid->If<std::int64_t>()));
  const auto ready = stage_.crew().AwaitHello(**child, a_, false, stage_.session().HelloLimit());
  if (!ready) return Trouble{ready.error().Text()};
  stage_.WillDie((*child)->process.get());
  fork_distance_.Learn(forked.end_ns - forked.begin_ns, acquire.returned - acquire.called);
  ++totals_.sights["a fork beside an acquire"];
  // The child is not held up by what the other thread was at.
  Value taken;
  if (Ending ending = stage_.Ask(*b_, Stage::Call("release", "t"), &none); !IsFine(ending)) return ending;
  stage_.Send(**child, Stage::Call("acquire", "t", {Value(true), Value(kChildWaits)}));
  if (Ending ending = AwaitAll(kRace, "t"); !IsFine(ending)) return ending;
  check::Operation childs;
  if (Ending ending = Take(kRace, **child, check::Kind::kAcquire, 1, &childs); !IsFine(ending)) return ending;
  if (childs.kind != check::Kind::kAcquire)
    return Finding{"liveness", fmt::format("{}: the child cannot take a unit that is there", kRace), "", {}, kRace};
  SendSignalTo(*(*child)->process, SIGKILL);
  AwaitDeath(*(*child)->process);
  ++totals_.races;
  Value reaped;
  return stage_.Ask(*a_, Stage::Call("reap", "", {*pid}), &reaped);
}

}  // namespace lockstep::stress
