// SPDX-License-Identifier: MIT
// The load itself: who does what, until all are done or nobody can go on.
#include "harness/stress/round.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>

#include "harness/os/affinity.h"
#include "harness/stress/amplifier.h"

namespace lockstep::stress {
namespace {

constexpr std::size_t kRingCalls = 1 << 15;  // a ring's room, 1 MiB
// Of one actor: what it records in an epoch is at most this part of its ring, since a turn may be several
// calls.
constexpr long kMostRecorded = kRingCalls / 16;
constexpr std::chrono::microseconds kTogetherIn{200};
constexpr long kHandOversIn = 32;  // turns
constexpr long kHandOversInFocus = 4;
constexpr int kMostUnstuck = 200;
constexpr long kMostTurnsBesideAKill = 2000;
constexpr int kHelping = 16;  // units at once, of what is not given back

const char* UseOf(const SemaphorePlan& one) {
  switch (one.use) {
    case Use::kGuard:
      return one.kind == 0 ? ", recursive" : "";
    case Use::kHandOver:
      return ", handed over";
    case Use::kPass:
      return ", passed on";
    case Use::kPassBack:
      return ", passed back";
  }
  return "";
}

}  // namespace

Round::Round(Session& session, RoundPlan plan, std::string name, std::string files, Random& random, Totals& totals)
    : stage_(session, std::move(name)), plan_(std::move(plan)), files_(std::move(files)), random_(random), totals_(totals) {}

Ending Round::Begin() {
  ++totals_.rounds;
  if (const auto root = stage_.Begin(); !root) return Trouble{root.error().Text()};
  for (const SemaphorePlan& one : plan_.semaphores) {
    Ending made = stage_.MakeSemaphore(one.object, one.kind, one.value, one.maxvalue);
    if (!IsFine(made)) return made;
    values_.push_back(one.value);
  }
  if (stage_.session().hello().capabilities.count("shm") != 0) {
    has_block_ = true;
    if (Ending made = stage_.MakeBlock("m", static_cast<std::int64_t>(8 * plan_.semaphores.size())); !IsFine(made)) return made;
  }
  const auto add = [&](Result<Actor*> actor) -> Ending {
    if (!actor) return Trouble{actor.error().Text()};
    const int slot = static_cast<int>(members_.size());
    auto progress = MakeRing(fmt::format("{}-count{}", files_, slot), 0);
    auto ring = MakeRing(fmt::format("{}-ring{}", files_, slot), kRingCalls);
    if (!progress) return Trouble{progress.error().message};
    if (!ring) return Trouble{ring.error().message};
    members_.push_back({*actor, slot, slot % 2 == 1, std::move(*progress), std::move(*ring), 0});
    names_.push_back((*actor)->name);
    return {};
  };
  for (int process = 1; process <= plan_.processes; ++process) {
    const std::string name = fmt::format("a{}", process);
    if (Ending added = add(stage_.AddProcess(name)); !IsFine(added)) return added;
    Actor& first = *members_.back().actor;
    for (int thread = 2; thread <= plan_.threads; ++thread) {
      Ending added = add(stage_.AddThread(first, fmt::format("{}t{}", name, thread)));
      if (!IsFine(added)) return added;
    }
    if (stage_.session().hello().capabilities.count("signal") != 0) {
      Value none;
      Ending set = stage_.Ask(first, Stage::Call("on_signal", "", {Value(std::string("SIGUSR1")), Value(std::string("return"))}), &none);
      if (!IsFine(set)) return set;
    }
  }
  names_.push_back("p");
  auto witness = SharedFile::Make(files_ + "-witness", plan_.semaphores.size() * (members_.size() + 1));
  if (!witness) return Trouble{witness.error().message};
  witness_.emplace(std::move(*witness));
  counters_.assign(plan_.semaphores.size(), 0);
  in_block_.assign(plan_.semaphores.size(), 0);
  return {};
}

// Of what is handed over as many are given as are taken: takers have the same each, and givers share them.
std::int64_t Round::TurnsOf(const Member& member, std::size_t job, const EpochPlan& plan, long turns) const {
  const bool beside = plan_.semaphores[job].use == Use::kPassBack || plan_.semaphores[job].use == Use::kPass;
  const bool focused = plan.focus >= 0 && beside
                           ? plan_.semaphores[static_cast<std::size_t>(plan.focus)].use == Use::kPassBack ||
                                 plan_.semaphores[static_cast<std::size_t>(plan.focus)].use == Use::kPass
                           : static_cast<int>(job) == plan.focus;
  if (plan.focus >= 0 && !focused) return 0;
  if (plan_.semaphores[job].use == Use::kGuard) return turns;
  const auto takers = static_cast<long>(std::count_if(members_.begin(), members_.end(), [](const Member& m) { return m.takes; }));
  const long givers = static_cast<long>(members_.size()) - takers;
  // Handing over is a system call or two each time; guards are not.
  const long each = std::max(1L, turns / (plan.focus >= 0 ? kHandOversInFocus : kHandOversIn));
  // As many pass on as pass back.
  const Use use = plan_.semaphores[job].use;
  if (use == Use::kPass || use == Use::kPassBack) return member.takes == (use == Use::kPassBack) && member.slot / 2 < takers ? each : 0;
  if (member.takes) return each;
  const long share = each * takers / givers;
  const bool is_first = member.slot == 0;
  return is_first ? each * takers - share * (givers - 1) : share;
}

Ending Round::SendLoads(const EpochPlan& plan, long turns) {
  const std::int64_t at = MonotonicNs() + nanoseconds(kTogetherIn).count();
  List mix;
  for (const auto& [what, weight] : plan.mix) mix.items.emplace_back(List{{Value(what), Value::Int(weight)}});
  for (Member& member : members_) {
    ResetRing(RingOf(member, plan));
    List jobs;
    for (std::size_t job = 0; job < plan_.semaphores.size(); ++job) {
      const SemaphorePlan& one = plan_.semaphores[job];
      const bool passes = one.use == Use::kPass || one.use == Use::kPassBack;
      const std::string role = one.use == Use::kGuard ? "guard" : passes ? "pass" : member.takes ? "take" : "put";
      List words{{Value(one.object), Value(role), Value::Int(TurnsOf(member, job, plan, turns))}};
      if (passes) words.items.emplace_back(plan_.semaphores[one.use == Use::kPass ? job + 1 : job - 1].object);
      jobs.items.emplace_back(std::move(words));
    }
    const auto seed = static_cast<std::int64_t>(random_() >> 16);
    Request load = Stage::Call("load", "", {Value(std::move(jobs)), Value(mix), Value::Int(seed)});
    if (has_block_) load.args.emplace_back(std::string("m"));
    load.witness = witness_->path();
    load.ring = RingOf(member, plan).path();
    load.slot = member.slot;
    load.slots = static_cast<int>(members_.size());
    load.at_ns = at;
    stage_.Send(*member.actor, std::move(load));
  }
  return {};
}

Ending Round::Run(const EpochPlan& plan, long turns) {
  ++epoch_;
  ++totals_.epochs;
  // Who waits for what a killed actor was to give has to be helped unit by unit.
  if (plan.kills) turns = std::min(turns, kMostTurnsBesideAKill);
  if (plan.recorded) turns = std::min(turns, kMostRecorded / static_cast<long>(plan_.semaphores.size()));
  turns = std::max(turns, 1L);
  start_values_ = values_;
  of_root_.clear();
  of_root_on_.clear();
  const std::int64_t start = MonotonicNs();
  planted_canary_ = false;
  Ending ending = SendLoads(plan, turns);
  if (IsFine(ending)) ending = Watch(plan);
  if (IsFine(ending)) ending = Collect(plan);
  last_ns_ = MonotonicNs() - start;
  totals_.load_ns += last_ns_;
  if (!plan.recorded) totals_.unrecorded_ns += last_ns_;
  std::int64_t calls = 0;
  for (Member& member : members_) calls += static_cast<std::int64_t>(CallsBegun(RingOf(member, plan)));
  totals_.calls += calls;
  if (plan.recorded) totals_.recorded += calls;
  const std::int64_t judging = MonotonicNs();
  if (auto* stuck = std::get_if<Finding>(&ending); stuck != nullptr && plan.recorded) {
    // Where nobody can go on something has gone wrong before, and may have been recorded.
    Ending told = JudgeHistories(plan, true);
    if (auto* history = std::get_if<Finding>(&told)) {
      history->what += "; in the end: " + stuck->what;
      history->where += "\n" + stuck->where;
      ending = std::move(told);
    }
  }
  if (IsFine(ending)) ending = Judge(plan);
  totals_.judging_ns += MonotonicNs() - judging;
  if (auto* finding = std::get_if<Finding>(&ending)) finding->amid = Text(plan);
  return ending;
}

std::uint64_t Round::Progress(const EpochPlan& plan) {
  std::uint64_t calls = 0;
  for (Member& member : members_) calls += CallsBegun(RingOf(member, plan)) + (member.actor->in_flight ? 0 : 1);
  return calls;
}

Ending Round::Watch(const EpochPlan& plan) {
  std::vector<Actor*> targets;
  for (Member& member : members_) targets.push_back(member.actor);
  Amplifier amplifier(stage_, plan, std::move(targets), random_, totals_, last_ns_);
  Stage::Waiting waiting;
  waiting.progress = [&] { return Progress(plan); };
  int unstuck = 0;
  while (true) {
    waiting.stopped = amplifier.anybody_stopped();
    waiting.each = [&] {
      const bool was_stopped = waiting.stopped;
      amplifier.Act();
      for (Member& member : members_) {
        if (member.dead_by_ns == 0 && member.actor->process->dead) member.dead_by_ns = MonotonicNs();
      }
      return was_stopped == amplifier.anybody_stopped();
    };
    const Stage::End end = stage_.Await(waiting, amplifier.step());
    if (end == Stage::End::kEnough) continue;
    if (!IsFine(stage_.FirstDeath())) return stage_.FirstDeath();
    if (end == Stage::End::kDone) break;
    if (end == Stage::End::kTrouble) return Trouble{stage_.trouble()};
    if (end == Stage::End::kStarved) return Trouble{"for 10 s no actor has had a CPU: the machine is too busy", true};
    if (end == Stage::End::kSilent)
      return Finding{"silence", "no call has ended for 10 s, and not all are blocked", stage_.Whereabouts(), {}, ""};
    if (!amplifier.has_killed() || ++unstuck > kMostUnstuck) return Stuck(plan);
    if (Ending ending = Unstick(); !IsFine(ending)) return ending;
  }
  for (Member& member : members_) {
    if (member.dead_by_ns == 0 && member.actor->process->dead) member.dead_by_ns = MonotonicNs();
  }
  amplifier.Finish();
  planted_canary_ = amplifier.planted_canary();
  stage_.root().reply.reset();
  return {};
}

// Whoever was killed held a unit, or a wakeup (the crash contract of CPython, C1, allows both): `p` gives
// one of each, so that the rest can go on.
Ending Round::Unstick() {
  ++totals_.sights["unstuck after a kill"];
  for (std::size_t job = 0; job < plan_.semaphores.size(); ++job) {
    const auto act = [&](Request request) -> Ending {
      const bool is_release = request.operation == "release";
      check::Operation one;
      one.actor = static_cast<int>(members_.size());
      Reply reply;
      if (Ending ending = stage_.Exchange(stage_.root(), std::move(request), &reply); !IsFine(ending)) return ending;
      one.called = reply.begin_ns;
      one.returned = reply.end_ns;
      const Value* value = std::get_if<Value>(&reply.outcome);
      if (is_release) {
        one.kind = value != nullptr ? check::Kind::kRelease : check::Kind::kRefusedRelease;
        one.value = plan_.semaphores[job].maxvalue;
      } else {
        one.kind = value != nullptr && *value == Value(true) ? check::Kind::kAcquire : check::Kind::kFailedAcquire;
      }
      of_root_.push_back(one);
      of_root_on_.push_back(job);
      return {};
    };
    const SemaphorePlan& semaphore = plan_.semaphores[job];
    Ending took = act(Stage::Call("acquire", semaphore.object, {Value(false)}));
    if (!IsFine(took)) return took;
    for (int unit = 0; unit < (semaphore.use == Use::kGuard ? 1 : kHelping); ++unit) {
      if (Ending gave = act(Stage::Call("release", semaphore.object)); !IsFine(gave)) return gave;
    }
  }
  return {};
}

Ending Round::Stuck(const EpochPlan& plan) {
  // Who has given up leaves the others waiting.
  for (const Member& member : members_) {
    if (!member.actor->reply) continue;
    if (Ending ending = Stage::JudgeReply("under load " + member.actor->name, *member.actor->reply); !IsFine(ending)) return ending;
  }
  std::string where = stage_.Whereabouts();
  std::string values;
  for (std::size_t job = 0; job < plan_.semaphores.size(); ++job) {
    std::int64_t value = 0;
    Ending got = GetValue(job, &value);
    if (!IsFine(got)) return got;
    std::vector<std::string> holders;
    std::vector<std::string> waiters;
    for (Member& member : members_) {
      if (member.actor->process->dead) continue;
      const SharedFile& ring = RingOf(member, plan);
      if (InHand(ring) == job) holders.push_back(member.actor->name);
      if (member.actor->in_flight && ring.Get(3) == job + 1) waiters.push_back(member.actor->name);
    }
    where += fmt::format("  {}: value {}, in hand of {}; waited for by {}\n", plan_.semaphores[job].object, value,
                         holders.empty() ? "nobody" : fmt::format("{}", fmt::join(holders, ", ")),
                         waiters.empty() ? "nobody" : fmt::format("{}", fmt::join(waiters, ", ")));
    if (value > 0 && !waiters.empty()) {
      return Finding{"lost wakeup",
                     fmt::format("all is quiet, {} has {} units, and {} sleep{} on it", plan_.semaphores[job].object, value,
                                 fmt::join(waiters, ", "), waiters.size() == 1 ? "s" : ""),
                     where, {}, ""};
    }
  }
  return Finding{"deadlock", "nobody can go on: a unit was lost", where, {}, ""};
}

Ending Round::GetValue(std::size_t job, std::int64_t* value) {
  Value returned;
  Ending ending = stage_.Ask(stage_.root(), Stage::Call("_get_value", plan_.semaphores[job].object), &returned);
  if (!IsFine(ending)) return ending;
  const auto* number = returned.If<std::int64_t>();
  if (number == nullptr) return Finding{"exception", "_get_value() is " + returned.Repr(), "", {}, ""};
  *value = *number;
  return {};
}

Ending Round::Collect(const EpochPlan& plan) {
  sums_.assign(plan_.semaphores.size(), {});
  std::int64_t first_done = 0;
  std::int64_t last_done = 0;
  std::int64_t begun = 0;
  for (Member& member : members_) {
    Actor& actor = *member.actor;
    if (actor.process->dead) continue;
    if (!actor.reply) return Trouble{actor.name + " has not answered"};
    const Reply reply = *std::exchange(actor.reply, std::nullopt);
    actor.handled.clear();
    if (Ending ending = Stage::JudgeReply("under load " + actor.name, reply); !IsFine(ending)) return ending;
    const Value* value = std::get_if<Value>(&reply.outcome);
    const Tuple* jobs = value == nullptr ? nullptr : value->If<Tuple>();
    if (jobs == nullptr || jobs->items.size() != plan_.semaphores.size()) return Trouble{actor.name + " answers load with something else"};
    for (std::size_t job = 0; job < jobs->items.size(); ++job) {
      const Tuple* numbers = jobs->items[job].If<Tuple>();
      std::array<std::int64_t, 5> n{};
      if (numbers == nullptr || numbers->items.size() != n.size()) return Trouble{actor.name + " answers load with something else"};
      for (std::size_t i = 0; i < n.size(); ++i) {
        const auto* number = numbers->items[i].If<std::int64_t>();
        if (number == nullptr) return Trouble{actor.name + " answers load with something else"};
        n[i] = *number;
      }
      Sum& sum = sums_[job];
      sum.acquired += n[0];
      sum.released += n[1];
      sum.refused += n[3];
      sum.most_inside = std::max(sum.most_inside, n[4]);
      auto& counts = counts_[actor.process.get()];
      counts.resize(plan_.semaphores.size());
      counts[job] += n[0] - n[1];
    }
    begun = begun == 0 ? reply.begin_ns : std::min(begun, reply.begin_ns);
    first_done = first_done == 0 ? reply.end_ns : std::min(first_done, reply.end_ns);
    last_done = std::max(last_done, reply.end_ns);
  }
  if (last_done > begun && !plan.kills && !plan.stops)
    totals_.spreads.push_back(static_cast<double>(last_done - first_done) / static_cast<double>(last_done - begun));
  return {};
}

std::string Round::Text(const EpochPlan& plan) const {
  std::vector<std::string> mix;
  for (const auto& [what, weight] : plan.mix) mix.push_back(fmt::format("{} {}", what, weight));
  std::vector<std::string> semaphores;
  for (const SemaphorePlan& one : plan_.semaphores)
    semaphores.push_back(fmt::format("{} {} of {}{}", one.object, one.value, one.maxvalue, UseOf(one)));
  std::string text = fmt::format("epoch {} of {} processes of {} threads; {}; {}", epoch_, plan_.processes, plan_.threads,
                                 fmt::join(semaphores, "; "), fmt::join(mix, ", "));
  if (plan.focus >= 0) text += "; only " + plan_.semaphores[static_cast<std::size_t>(plan.focus)].object;
  const std::pair<bool, const char*> amplifiers[] = {{plan.recorded, "recorded"},
                                                     {plan.pinned, "on one CPU"},
                                                     {plan.stops, "with stops"},
                                                     {plan.signals, "with signals"},
                                                     {plan.kills, "with a kill"},
                                                     {!plan.canary.empty(), "with a canary"}};
  for (const auto& [is_on, name] : amplifiers) text += is_on ? fmt::format("; {}", name) : "";
  return text;
}

}  // namespace lockstep::stress
