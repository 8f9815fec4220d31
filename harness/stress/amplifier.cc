// SPDX-License-Identifier: MIT
#include "harness/stress/amplifier.h"

#include <signal.h>

#include <algorithm>

#include "harness/os/affinity.h"

namespace lockstep::stress {
namespace {

// As rr's chaos mode does it: one of ten is a victim, and starves for 1 ms to 128 ms in powers of two. Of an
// epoch, which has 40 ms of its own, stops take 200 ms at most: rr's longest would be most of a campaign.
constexpr int kVictimOneIn = 10;
constexpr std::int64_t kShortestStop = 1'000'000;
constexpr int kLongestStop = 7;  // 2^7 ms
constexpr std::int64_t kMostStopped = 200'000'000;
constexpr std::int64_t kStopEvery = 2'000'000;
constexpr std::int64_t kSignalEvery = 100'000;
constexpr std::int64_t kLeastExpected = 1'000'000;
constexpr std::int64_t kKillWithin = 1'500'000;  // such an epoch is short
constexpr std::chrono::milliseconds kIdleStep{5};
constexpr std::chrono::microseconds kBusyStep{100};
constexpr std::chrono::microseconds kKillStep{20};

}  // namespace

Amplifier::Amplifier(Stage& stage, const EpochPlan& plan, std::vector<Actor*> targets, Random& random, Totals& totals,
                     std::int64_t expected_ns)
    : stage_(stage), plan_(plan), targets_(std::move(targets)), random_(random), totals_(totals) {
  const std::int64_t now = MonotonicNs();
  const std::int64_t expected = std::max(kLeastExpected, std::min<std::int64_t>(expected_ns, 20'000'000));
  stop_at_ns_ = now;
  signal_at_ns_ = now;
  stops_left_ns_ = kMostStopped;
  kill_at_ns_ = now + Any(random_, kKillWithin);
  kill_anyhow_ = Any(random_, 3) == 0;
  canary_at_ns_ = now + Any(random_, expected / 2);
  if (plan_.pinned) Pin(true);
}

Amplifier::~Amplifier() {
  for (const Stopped& one : stopped_) SendSignalTo(*one.process, SIGCONT);
}

void Amplifier::Pin(bool on_one_cpu) {
  const std::vector<int>& cpus = AllowedCpus();
  const std::vector<int> one = {cpus[static_cast<std::size_t>(Any(random_, static_cast<std::int64_t>(cpus.size())))]};
  for (const Actor* target : targets_) PinThread(target->outer_tid, on_one_cpu ? one : cpus);
  if (on_one_cpu) ++totals_.sights["on one CPU"];
}

nanoseconds Amplifier::step() const {
  if (plan_.kills && !has_killed_) return nanoseconds(kKillStep);
  const bool busy = plan_.stops || plan_.signals || (!plan_.canary.empty() && !canary_sent_);
  return busy ? nanoseconds(kBusyStep) : nanoseconds(kIdleStep);
}

void Amplifier::Act() {
  const std::int64_t now = MonotonicNs();
  for (auto one = stopped_.begin(); one != stopped_.end();) {
    if (one->until_ns > now) {
      ++one;
      continue;
    }
    SendSignalTo(*one->process, SIGCONT);
    one = stopped_.erase(one);
  }
  if (plan_.stops && now >= stop_at_ns_) Stop(now);
  if (plan_.signals && now >= signal_at_ns_) Signal(now);
  if (plan_.kills && !has_killed_ && now >= kill_at_ns_) Kill();
  if (!plan_.canary.empty() && !canary_sent_ && now >= canary_at_ns_) Canary();
}

void Amplifier::Stop(std::int64_t now) {
  stop_at_ns_ = now + kStopEvery;
  for (const Actor* target : targets_) {
    const std::shared_ptr<Process>& process = target->process;
    const bool is_stopped = std::any_of(stopped_.begin(), stopped_.end(), [&](const Stopped& one) { return one.process == process; });
    if (is_stopped || process->dead || target->is_thread || !target->in_flight || Any(random_, kVictimOneIn) != 0) continue;
    std::int64_t length = kShortestStop;
    for (int i = 0; i < kLongestStop && Any(random_, 2) == 0; ++i) length *= 2;
    if (length > stops_left_ns_) continue;
    stops_left_ns_ -= length;
    if (!SendSignalTo(*process, SIGSTOP)) continue;
    stopped_.push_back({process, now + length});
    ++totals_.sights["stopped"];
  }
}

void Amplifier::Signal(std::int64_t now) {
  signal_at_ns_ = now + kSignalEvery + Any(random_, kSignalEvery * 4);
  Actor* const target = targets_[static_cast<std::size_t>(Any(random_, static_cast<std::int64_t>(targets_.size())))];
  // Its handler belongs to the process's main thread, on which handlers run.
  if (target->is_thread || !target->in_flight || target->process->dead) return;
  const bool waits = target->probe.Look().InFutexWait();
  if (SendSignalToThread(*target, SIGUSR1) && waits) ++totals_.sights["signal in a wait"];
}

void Amplifier::Kill() {
  Actor* const target = targets_[static_cast<std::size_t>(Any(random_, static_cast<std::int64_t>(targets_.size())))];
  if (target->process->dead || !target->in_flight) return;
  // Mostly while it waits, if that comes about.
  constexpr int kLooksForAWait = 100;
  if (!kill_anyhow_ && ++looks_for_a_wait_ < kLooksForAWait && !target->probe.Look().InFutexWait()) return;
  has_killed_ = true;
  stage_.WillDie(target->process.get());
  SendSignalTo(*target->process, SIGKILL);
  ++totals_.sights["killed"];
}

void Amplifier::Canary() {
  canary_sent_ = true;
  stage_.Send(stage_.root(), Stage::Call("release", plan_.canary));
}

bool Amplifier::planted_canary() const {
  const auto& reply = stage_.root().reply;
  return canary_sent_ && reply && std::holds_alternative<Value>(reply->outcome);
}

void Amplifier::Finish() {
  for (const Stopped& one : stopped_) SendSignalTo(*one.process, SIGCONT);
  stopped_.clear();
  if (plan_.pinned) Pin(false);
}

}  // namespace lockstep::stress
