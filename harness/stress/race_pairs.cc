// SPDX-License-Identifier: MIT
// Races that take two waiters, two releases or two creations.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "harness/stress/race.h"

namespace lockstep::stress {
namespace {

constexpr int kSemaphore = 1;
constexpr int kPlenty = 1 << 20;
constexpr std::int64_t kShortestTimeout = 100'000;
constexpr std::int64_t kTimeouts = 200'000;
constexpr std::chrono::microseconds kStep{200};
constexpr std::int64_t kBehind = 30'000;

}  // namespace

Ending Races::ReleaseAgainstTimeoutOfOneOfTwo() {
  constexpr char kRace[] = "a release against the end of a timeout, while another waits";
  const std::int64_t timeout = kShortestTimeout + Any(random_, kTimeouts);
  const std::int64_t at = Soon();
  // Behind the other in the kernel's queue, as a wake goes to who came first.
  SendAt(*a2_, Stage::Call("acquire", "s"), at + kBehind);
  SendAt(*a_, Stage::Call("acquire", "s", {Value(true), Value(static_cast<double>(timeout) / 1e9)}), at);
  SendAt(*b_, Stage::Call("release", "s"), at + timeout + second_timeout_distance_.Next(random_));
  // The one without a timeout may go on waiting, or not.
  const auto both = [&] { return a_->in_flight || b_->in_flight; };
  while (both()) {
    Stage::Waiting waiting;
    waiting.each = both;
    const Stage::End end = stage_.Await(waiting, kStep);
    // Who is stuck now is stuck for good.
    if (end != Stage::End::kEnough && end != Stage::End::kDone) return AwaitAll(kRace);
  }
  if (Ending death = stage_.FirstDeath(); !IsFine(death)) return death;
  check::Operation first;
  std::vector<check::Operation> all(1);
  if (Ending ending = Take(kRace, *a_, check::Kind::kAcquire, 0, &first); !IsFine(ending)) return ending;
  if (Ending ending = Take(kRace, *b_, check::Kind::kRelease, 1, &all[0]); !IsFine(ending)) return ending;
  const bool got = first.kind == check::Kind::kAcquire;
  if (!got) {
    const std::int64_t took = first.returned - first.called;
    second_timeout_distance_.Learn(std::max<std::int64_t>(0, took - timeout), all[0].returned - all[0].called);
  } else {
    // One unit was given, and this one has it: the other waiter needs one more.
    Reply reply;
    if (Ending ending = stage_.Exchange(*b_, Stage::Call("release", "s"), &reply); !IsFine(ending)) return ending;
    if (Ending ending = Stage::JudgeReply(kRace, reply); !IsFine(ending)) return ending;
    all.push_back({check::Kind::kRelease, 1, reply.begin_ns, reply.end_ns, 0});
  }
  all.push_back(first);
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  check::Operation second;
  if (Ending ending = Take(kRace, *a2_, check::Kind::kAcquire, kThread, &second); !IsFine(ending)) return ending;
  all.push_back(second);
  ++totals_.sights["a timeout ended beside a waiter"];
  return Settle(kRace, "s", {0, kPlenty, std::move(all), {}});
}

Ending Races::TwoReleasesForTwoWaiters() {
  constexpr char kRace[] = "two releases at once for two waiters";
  if (Ending ending = Block(*a_, kRace, "s"); !IsFine(ending)) return ending;
  if (Ending ending = Block(*a2_, kRace, "s"); !IsFine(ending)) return ending;
  const std::int64_t at = Soon();
  SendAt(*b_, Stage::Call("release", "s"), at);
  SendAt(stage_.root(), Stage::Call("release", "s"), at + releases_distance_.Next(random_));
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  check::Operation first;
  check::Operation second;
  check::Operation one;
  check::Operation other;
  if (Ending ending = Take(kRace, *a_, check::Kind::kAcquire, 0, &first); !IsFine(ending)) return ending;
  if (Ending ending = Take(kRace, *a2_, check::Kind::kAcquire, kThread, &second); !IsFine(ending)) return ending;
  if (Ending ending = Take(kRace, *b_, check::Kind::kRelease, 1, &one); !IsFine(ending)) return ending;
  if (Ending ending = Take(kRace, stage_.root(), check::Kind::kRelease, 2, &other); !IsFine(ending)) return ending;
  releases_distance_.Learn(one.returned - one.called, other.returned - other.called);
  ++totals_.sights["two releases met for two waiters"];
  return Settle(kRace, "s", {0, kPlenty, {first, second, one, other}, {}});
}

// Between processes the bound may be passed: CPython reads the value and posts then. Threads of one
// object do that one after the other (semaphore.c: _multiprocessing_SemLock_release_impl, under the
// interpreter's lock or the object's).
Ending Races::TwoReleasesAtTheBound() {
  constexpr char kRace[] = "two releases at once by threads of one object, one below its maxvalue";
  const std::int64_t at = Soon();
  SendAt(*a_, Stage::Call("release", "u"), at);
  SendAt(*a2_, Stage::Call("release", "u"), at + bound_distance_.Next(random_));
  if (Ending ending = AwaitAll(kRace, "u"); !IsFine(ending)) return ending;
  int refused = 0;
  std::int64_t lengths[2] = {};
  for (int i = 0; i < 2; ++i) {
    const Reply reply = *std::exchange((i == 0 ? a_ : a2_)->reply, std::nullopt);
    lengths[i] = reply.end_ns - reply.begin_ns;
    const auto* raised = std::get_if<Raised>(&reply.outcome);
    const bool is_refused = raised != nullptr && raised->type == "ValueError";
    if (Ending ending = Stage::JudgeReply(kRace, reply); !IsFine(ending) && !is_refused) return ending;
    refused += is_refused ? 1 : 0;
  }
  bound_distance_.Learn(lengths[0], lengths[1]);
  ++totals_.races;
  ++totals_.sights["two releases met at the bound"];
  Value value;
  if (Ending got = stage_.Ask(stage_.root(), Stage::Call("_get_value", "u"), &value); !IsFine(got)) return got;
  const Value seen = value;
  for (std::int64_t unit = refused; unit < 2; ++unit) {
    if (Ending took = stage_.Ask(*a_, Stage::Call("acquire", "u", {Value(false)}), &value); !IsFine(took)) return took;
  }
  if (refused == 1 && seen == Value::Int(1)) return {};
  return Finding{"bound", fmt::format("{}: {} of them raised, and the value of maxvalue 1 is {}", kRace,
                                      refused == 0 ? "none" : refused == 1 ? "one" : "both", seen.Repr()), "", {}, kRace, true};
}

// Who takes nothing changes nothing, not even for a moment.
Ending Races::LookBesideATry() {
  constexpr char kRace[] = "a look at an empty one beside an acquire(False)";
  const std::int64_t at = Soon();
  SendAt(*a_, Stage::Call("acquire", "s", {Value(false)}), at);
  SendAt(*b_, Stage::Call("_is_zero", "s"), at + look_distance_.Next(random_));
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  check::Operation acquire;
  if (Ending ending = Take(kRace, *a_, check::Kind::kAcquire, 0, &acquire); !IsFine(ending)) return ending;
  const Reply looked = *std::exchange(b_->reply, std::nullopt);
  if (Ending ending = Stage::JudgeReply(kRace, looked); !IsFine(ending)) return ending;
  const bool is_zero = std::get<Value>(looked.outcome) == Value(true);
  const check::Operation look{check::Kind::kIsZero, 1, looked.begin_ns, looked.end_ns, is_zero ? 1 : 0};
  look_distance_.Learn(acquire.returned - acquire.called, look.returned - look.called);
  ++totals_.sights["a look met an acquire(False)"];
  return Settle(kRace, "s", {0, kPlenty, {acquire, look}, {}});
}

// A process maps a semaphore once, however many objects are on it.
Ending Races::ObjectsThatComeAndGo() {
  constexpr char kRace[] = "one object comes as another goes";
  Value none;
  if (Ending ending = stage_.Ask(*a_, Rebuild("old"), &none); !IsFine(ending)) return ending;
  const std::int64_t at = Soon();
  SendAt(*a_, Stage::Call("del", "old"), at);
  SendAt(*a2_, Rebuild("new"), at + objects_distance_.Next(random_));
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  std::int64_t lengths[2] = {};
  for (int i = 0; i < 2; ++i) {
    const Reply reply = *std::exchange((i == 0 ? a_ : a2_)->reply, std::nullopt);
    lengths[i] = reply.end_ns - reply.begin_ns;
    if (Ending ending = Stage::JudgeReply(kRace, reply); !IsFine(ending)) return ending;
  }
  objects_distance_.Learn(lengths[0], lengths[1]);
  ++totals_.races;
  ++totals_.sights["an object came as another went"];
  // Both that are left are on the same semaphore still.
  if (Ending ending = stage_.Ask(*a2_, Stage::Call("release", "new"), &none); !IsFine(ending)) return ending;
  Value taken;
  if (Ending ending = stage_.Ask(*a_, Stage::Call("acquire", "s", {Value(false)}), &taken); !IsFine(ending)) return ending;
  if (taken != Value(true))
    return Finding{"conservation", fmt::format("{}: what one released the other cannot take", kRace), "", {}, kRace};
  return stage_.Ask(*a2_, Stage::Call("del", "new"), &none);
}

Ending Races::TwoOfOneName() {
  constexpr char kRace[] = "two creations of one name at once";
  const std::string object = fmt::format("n{}", ++names_);
  const std::int64_t at = Soon();
  const auto create = [&] {
    Request request = Stage::Call("SemLock", "", {Value::Int(kSemaphore), Value::Int(1), Value::Int(1), Value(stage_.NameOf(object)),
                                                  Value(false)});
    request.as = "n";
    return request;
  };
  SendAt(*a_, create(), at);
  SendAt(*b_, create(), at + creation_distance_.Next(random_));
  if (Ending ending = AwaitAll(kRace); !IsFine(ending)) return ending;
  int made = 0;
  std::int64_t lengths[2] = {};
  Actor* maker = nullptr;
  for (Actor* actor : {a_, b_}) {
    const Reply reply = *std::exchange(actor->reply, std::nullopt);
    lengths[actor == a_ ? 0 : 1] = reply.end_ns - reply.begin_ns;
    const auto* raised = std::get_if<Raised>(&reply.outcome);
    const bool is_refused = raised != nullptr && raised->errno_value == EEXIST;
    if (is_refused) continue;
    if (Ending ending = Stage::JudgeReply(kRace, reply); !IsFine(ending)) return ending;
    ++made;
    maker = actor;
  }
  creation_distance_.Learn(lengths[0], lengths[1]);
  ++totals_.races;
  ++totals_.sights["two creations met"];
  if (made == 0) return Finding{"exclusion", fmt::format("{}: neither made it", kRace), "", {}, kRace};
  Value none;
  if (Ending ending = stage_.Ask(stage_.root(), Stage::Call("sem_unlink", "", {Value(stage_.NameOf(object))}), &none); !IsFine(ending))
    return ending;
  if (made != 1) return Finding{"exclusion", fmt::format("{}: both made it", kRace), "", {}, kRace};
  return stage_.Ask(*maker, Stage::Call("del", "n"), &none);
}

}  // namespace lockstep::stress
