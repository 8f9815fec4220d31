// SPDX-License-Identifier: MIT
// What is looked at when all are idle again: sums, counts, the witnesses, and what was recorded, as histories.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "harness/check/check.h"
#include "harness/check/picture.h"
#include "harness/stress/round.h"

namespace lockstep::stress {
namespace {

// A wait this long has slept.
constexpr std::int64_t kSlept = 5'000;
// A timed wait that fails while a post is this near its end has raced it.
constexpr std::int64_t kNear = 50'000;

bool Overlap(const check::Operation& a, const check::Operation& b) { return a.called <= b.returned && b.called <= a.returned; }

}  // namespace

Ending Round::Judge(const EpochPlan& plan) {
  Ending ending = JudgeSums(plan);
  if (IsFine(ending) && !plan.kills) ending = JudgeCounts(plan);
  if (!plan.recorded || std::holds_alternative<Trouble>(ending)) return ending;
  // What was recorded says more than that a sum is wrong.
  Ending told = JudgeHistories(plan);
  return IsFine(ending) || std::holds_alternative<Finding>(told) ? told : ending;
}

Ending Round::JudgeSums(const EpochPlan& plan) {
  for (std::size_t job = 0; job < plan_.semaphores.size(); ++job) {
    const SemaphorePlan& semaphore = plan_.semaphores[job];
    const Sum& sum = sums_[job];
    std::int64_t value = 0;
    const std::int64_t asked = MonotonicNs();
    if (Ending got = GetValue(job, &value); !IsFine(got)) return got;
    of_root_.push_back({check::Kind::kGetValue, static_cast<int>(members_.size()), asked, MonotonicNs(), value});
    of_root_on_.push_back(job);
    const std::int64_t before = std::exchange(values_[job], value);
    // Whoever was killed inside is inside for ever, as far as the witness can tell.
    if (semaphore.use == Use::kGuard && !plan.kills && sum.most_inside > semaphore.value) {
      return Finding{"exclusion", fmt::format("{} actors were inside at once of {}, which has {} unit{}", sum.most_inside,
                                              semaphore.object, semaphore.value, semaphore.value == 1 ? "" : "s"), "", {}, ""};
    }
    const std::uint64_t counter = witness_->Get(job * (members_.size() + 1));
    const std::uint64_t counter_before = std::exchange(counters_[job], counter);
    // What a killed actor did is in no sum.
    if (plan.kills) continue;
    if (semaphore.use == Use::kGuard && semaphore.value == 1 &&
        counter - counter_before != static_cast<std::uint64_t>(sum.acquired)) {
      return Finding{"exclusion", fmt::format("{} was taken {} times, and what it guards was counted {} times", semaphore.object,
                                              sum.acquired, counter - counter_before), "", {}, ""};
    }
    if (has_block_ && semaphore.use == Use::kGuard && semaphore.value == 1) {
      if (Ending counted = JudgeBlock(job, sum.acquired); !IsFine(counted)) return counted;
    }
    if (value != before + sum.released - sum.acquired) {
      return Finding{"conservation", fmt::format("{} had {}, {} were released and {} taken, and now it has {}", semaphore.object,
                                                 before, sum.released, sum.acquired, value), "", {}, ""};
    }
    if (sum.refused > 0) {
      return Finding{"conservation", fmt::format("{} of the releases of {} raised ValueError, each of a unit that was taken before",
                                                 sum.refused, semaphore.object), "", {}, ""};
    }
  }
  return {};
}

// An object counts what its process took and gave (semaphore.c: self->count), whatever its threads did at
// once; a forked child counts for itself.
Ending Round::JudgeCounts(const EpochPlan& plan) {
  for (Member& member : members_) {
    if (member.actor->is_thread) continue;
    for (std::size_t job = 0; job < plan_.semaphores.size(); ++job) {
      if (plan.focus >= 0 && static_cast<int>(job) != plan.focus) continue;
      Value returned;
      const std::string& object = plan_.semaphores[job].object;
      if (Ending asked = stage_.Ask(*member.actor, Stage::Call("_count", object), &returned); !IsFine(asked)) return asked;
      const std::int64_t expected = counts_[member.actor->process.get()][job];
      if (returned == Value::Int(expected)) continue;
      return Finding{"count", fmt::format("{}'s threads have taken {} units of {} more than they released, and its _count() is {}",
                                          member.actor->name, expected, object, returned.Repr()), "", {}, ""};
    }
  }
  return {};
}

// What the implementation's own shared memory says of how often it was guarded.
Ending Round::JudgeBlock(std::size_t job, std::int64_t taken) {
  const auto at = static_cast<std::int64_t>(8 * job);
  Value returned;
  if (Ending read = stage_.Ask(stage_.root(), Stage::Call("read", "m", {Value::Int(at), Value::Int(at + 8)}), &returned); !IsFine(read))
    return read;
  const Bytes* bytes = returned.If<Bytes>();
  std::int64_t word = 0;
  if (bytes == nullptr || bytes->data.size() != sizeof word)
    return Finding{"exception", "8 bytes of the shared memory are " + returned.Repr(), "", {}, ""};
  std::memcpy(&word, bytes->data.data(), sizeof word);
  const std::int64_t before = std::exchange(in_block_[job], word);
  if (word - before == taken) return {};
  return Finding{"exclusion", fmt::format("{} was taken {} times, and the SharedMemory that it guards was counted up {} times",
                                          plan_.semaphores[job].object, taken, word - before), "", {}, ""};
}

Ending Round::JudgeHistories(const EpochPlan& plan, bool unfinished) {
  std::vector<check::RecordedHistory> histories;
  for (const SemaphorePlan& semaphore : plan_.semaphores)
    histories.push_back({semaphore.object, {0, std::numeric_limits<std::int32_t>::max(), {}, names_}});
  for (std::size_t job = 0; job < histories.size(); ++job) histories[job].history.initial = start_values_[job];
  for (Member& member : members_) {
    const auto calls = ReadRing(member.ring, plan_.semaphores.size());
    if (!calls) {
      if (CallsBegun(member.ring) > (member.ring.size() - kRingHeader) / kRingEntry) {
        ++totals_.sights[kUnread];
        return {};
      }
      return Trouble{member.actor->name + " recorded what is no call"};
    }
    const bool is_dead = member.actor->process->dead;
    for (const RingCall& call : *calls) {
      if (call.end_ns == 0 && !is_dead && !unfinished) return Trouble{member.actor->name + " recorded a call that has not ended"};
      const auto one = OperationOf(call, member.slot, plan_.semaphores[call.job].maxvalue, is_dead ? member.dead_by_ns : check::kNever);
      if (one) histories[call.job].history.operations.push_back(*one);
      if (is_dead && call.end_ns == 0) {
        const bool waits = call.what == What::kAcquire || call.what == What::kTimed;
        ++totals_.sights[waits ? "killed in an acquire" : "killed in another call"];
      }
    }
    if (is_dead && InHand(member.ring)) ++totals_.sights["killed with a unit in hand"];
  }
  for (std::size_t i = 0; i < of_root_.size(); ++i) histories[of_root_on_[i]].history.operations.push_back(of_root_[i]);
  CountSights(histories);
  for (check::RecordedHistory& one : histories) {
    const check::Judgement judgement = check::Judge(one.history);
    if (judgement.verdict == check::Verdict::kOk) continue;
    if (judgement.verdict == check::Verdict::kUnknown) {
      ++totals_.sights[kUndecided];
      continue;
    }
    std::string where = check::ToPicture(one.history, judgement.operation);
    return Finding{"history", one.semaphore + ": " + judgement.why, std::move(where), std::move(one), Text(plan)};
  }
  return {};
}

// Which situations came about, so that nobody takes a load without them for a test.
void Round::CountSights(const std::vector<check::RecordedHistory>& histories) {
  for (const check::RecordedHistory& one : histories) {
    std::vector<const check::Operation*> waits;
    std::vector<const check::Operation*> releases;
    std::vector<const check::Operation*> late;
    for (const check::Operation& operation : one.history.operations) {
      if (operation.returned == check::kNever) continue;
      const bool acquires = operation.kind == check::Kind::kAcquire || operation.kind == check::Kind::kFailedAcquire;
      if (acquires && operation.returned - operation.called > kSlept) waits.push_back(&operation);
      if (operation.kind == check::Kind::kRelease) releases.push_back(&operation);
      if (operation.kind == check::Kind::kFailedAcquire && operation.returned - operation.called > kSlept) late.push_back(&operation);
    }
    const auto by_call = [](const auto* a, const auto* b) { return a->called < b->called; };
    std::sort(waits.begin(), waits.end(), by_call);
    std::sort(releases.begin(), releases.end(), by_call);
    totals_.sights["waited"] += static_cast<long>(waits.size());
    for (std::size_t i = 1; i < waits.size(); ++i) totals_.sights["two waited at once"] += Overlap(*waits[i - 1], *waits[i]) ? 1 : 0;
    for (std::size_t i = 1; i < releases.size(); ++i)
      totals_.sights["two released at once"] += Overlap(*releases[i - 1], *releases[i]) ? 1 : 0;
    totals_.sights["timed out"] += static_cast<long>(late.size());
    for (const check::Operation* timeout : late) {
      // The first release that was called after the last 50 µs of the wait began.
      const auto near = std::lower_bound(releases.begin(), releases.end(), timeout->returned - kNear,
                                         [](const auto* release, std::int64_t at) { return release->called < at; });
      if (near != releases.end() && (*near)->called <= timeout->returned) ++totals_.sights["timed out beside a release"];
    }
  }
}

}  // namespace lockstep::stress
