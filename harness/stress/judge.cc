// SPDX-License-Identifier: MIT
// What was recorded, as histories, and what they show.
#include <fmt/format.h>

#include <algorithm>
#include <map>

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

Ending Round::JudgeHistories(const EpochPlan& plan) {
  std::vector<check::RecordedHistory> histories;
  for (const SemaphorePlan& semaphore : plan_.semaphores)
    histories.push_back({semaphore.object, {0, std::numeric_limits<std::int32_t>::max(), {}, names_}});
  for (std::size_t job = 0; job < histories.size(); ++job) histories[job].history.initial = start_values_[job];
  for (Member& member : members_) {
    const auto calls = ReadRing(member.ring, plan_.semaphores.size());
    if (!calls) {
      totals_.sights["rings that were full or wrong"]++;
      if (CallsBegun(member.ring) > (member.ring.size() - kRingHeader) / kRingEntry) return {};
      return Trouble{member.actor->name + " recorded what is no call"};
    }
    const bool is_dead = member.actor->process->dead;
    for (const RingCall& call : *calls) {
      if (call.end_ns == 0 && !is_dead) return Trouble{member.actor->name + " recorded a call that has not ended"};
      const auto one = OperationOf(call, member.slot, plan_.semaphores[call.job].maxvalue, member.dead_by_ns);
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
      ++totals_.sights["histories that were not decided"];
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
      // The first release that returned after the last 50 µs of the wait began.
      const auto near = std::lower_bound(releases.begin(), releases.end(), timeout->returned - kNear,
                                         [](const auto* release, std::int64_t at) { return release->called < at; });
      if (near != releases.end() && (*near)->called <= timeout->returned) ++totals_.sights["timed out beside a release"];
    }
  }
}

}  // namespace lockstep::stress
