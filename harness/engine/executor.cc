// SPDX-License-Identifier: MIT
// The run as a whole: before the first step, waiting, endings, and what is looked at after the
// last.
#include "harness/engine/executor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>

#include "harness/os/affinity.h"
#include "harness/os/interrupt.h"

namespace lockstep {
namespace {

// A hammer's rounds run at ten thousand a second at the least.
constexpr std::chrono::seconds kHammerLimit{30};
// A script starts interpreters of its own, one after the other.
constexpr std::chrono::seconds kScriptLimit{30};
// How long a poll for a blocked call sleeps between two looks. A look costs 3 µs and a timer's wake-up
// several more; some workers at this rate hold back the very actors that they watch where CPUs are
// few. So the longer the poll the rarer its looks, which see an eighth of the time too late at most.
constexpr std::chrono::microseconds kLookEvery{20};
constexpr std::chrono::milliseconds kLookAtLeastEvery{1};
nanoseconds NextLookAfter(std::int64_t start_ns) {
  return std::clamp<nanoseconds>(nanoseconds(MonotonicNs() - start_ns) / 8, kLookEvery,
                                 kLookAtLeastEvery);
}
// How often a call that should answer is looked at for being blocked for ever.
constexpr std::chrono::milliseconds kDeadlockLookEvery{2};
// A post makes the waiter runnable before the poster's call returns, so a sleeper without a time-out
// sleeps for ever; a fifth of a second of looks is for implementations whose helper thread has to get
// a CPU first.
constexpr int kLooksForEver = 100;
// A sleeper whose deadline is past is about to wake; one that has slept on through so many looks,
// half a second, will not.
constexpr int kLooksPastDeadline = 250;
// The rounds in which a thread without an answer is looked at for having had no CPU.
constexpr std::chrono::seconds kStarvationRound{1};
// Between end of file and death.
constexpr std::chrono::milliseconds kDeathGrace{500};

// How long a call may take by its own timeout. Huge ones are there to be refused, or to block:
// nobody waits them out.
nanoseconds WaitedOut(const Request& request) {
  constexpr double kLongestTimeout = 10;  // seconds
  const Value* timeout = TimeoutArgument(request);
  const double t = timeout == nullptr ? 0 : timeout->AsSeconds().value_or(0);
  return nanoseconds(t > 0 && t <= kLongestTimeout ? static_cast<std::int64_t>(t * 1e9) : 0);
}

constexpr int kDescriptorLooks = 10;

}  // namespace

Executor::Executor(Session& session, const Scenario& scenario, ExecutorOptions options)
    : session_(session), scenario_(scenario), options_(std::move(options)) {}

Executor::~Executor() {
  if (!witness_path_.empty()) ::unlink(witness_path_.c_str());
}

ScenarioRun Executor::Run() {
  const std::int64_t start = MonotonicNs();
  const std::vector<const Step*> steps = scenario_.StepsFor(options_.platform);
  // The machine comes before the actors: `p` is forked into it.
  const bool has_machine = !steps.empty() && std::holds_alternative<Machine>(steps[0]->what);
  if (!has_machine || Perform(*steps[0], std::get<Machine>(steps[0]->what)) == Next::kGoOn) {
    PerformAll(steps, has_machine ? 1 : 0);
  }
  if (mounted_shm_) static_cast<void>(session_.supervisor().UnmountShm());
  run_.wall = nanoseconds(MonotonicNs() - start);
  return std::move(run_);
}

void Executor::PerformAll(const std::vector<const Step*>& steps, std::size_t first) {
  auto crew = session_.Begin();
  if (!crew) {
    run_.not_begun = true;
    Stop(ScenarioRun::End::kHarnessError, crew.error().Text());
    run_.output = session_.Printed();
    return;
  }
  crew_ = std::move(*crew);
  detector_ = std::make_unique<BlockedDetector>(*crew_, DetectorOptionsOf(session_));
  Actor& p = *crew_->Find("p");
  if (!Pinned()) {
    // A runtime has threads of its own from the start.
    for (const pid_t tid : ThreadsOf(p.process->outer)) PinThread(tid, AllowedCpus());
  }
  p.process->descriptors_at_start = CountDescriptors(p.process->outer).value_or(-1);
  Next next = Next::kGoOn;
  for (std::size_t i = first; i < steps.size() && next == Next::kGoOn; ++i) {
    next = Perform(*steps[i]);
    // An adapter at fault says nothing about the implementation, whatever the step made of it.
    if (const std::string fault = crew_->Fault();
        !fault.empty() && run_.end != ScenarioRun::End::kHarnessError) {
      run_.divergence.reset();
      next = Stop(ScenarioRun::End::kHarnessError, fault);
    }
  }
  Finally();
}

bool Executor::Pinned() const { return scenario_.tags.count("parallel") == 0; }

Executor::Next Executor::Perform(const Step& step) {
  return std::visit([&](const auto& what) { return Perform(step, what); }, step.what);
}

// --- Waiting
// ----------------------------------------------------------------------------------------

nanoseconds Executor::LimitOf(const Actor& actor) const {
  if (!actor.in_flight) return session_.Scaled(kReplyLimit);
  const Request& request = actor.in_flight->request;
  if (request.operation == "hammer") return session_.Scaled(kHammerLimit);
  if (request.operation == "python") return session_.Scaled(kScriptLimit);
  return session_.Scaled(kReplyLimit) + WaitedOut(request);
}

// Whether the answer that is owed can never come: the call sleeps on its semaphore, everything else
// is quiet, and its own time, if it has any, is over.
std::optional<Blocked> Executor::NeverAnswers(Actor& actor, StuckSince* since) {
  auto blocked = detector_->Look(actor);
  const bool over =
      actor.in_flight &&
      MonotonicNs() >= actor.in_flight->begin_ns + WaitedOut(actor.in_flight->request).count();
  if (!over || !blocked || blocked->by != BlockedBy::kFutex || !detector_->Quiescent()) {
    *since = StuckSince{};
    return std::nullopt;
  }
  // Looks are counted, not time: a machine that stood still for a second has looked once.
  ++since->looks;
  const int enough = blocked->for_ever ? kLooksForEver : kLooksPastDeadline;
  return since->looks >= enough ? blocked : std::nullopt;
}

std::optional<Executor::Seen> Executor::Ended_(Actor& actor) {
  if (actor.reply) {
    Seen seen{None{}, std::move(actor.reply)};
    actor.reply.reset();
    if (auto* value = std::get_if<Value>(&seen.reply->outcome)) seen.actual = *value;
    if (auto* raised = std::get_if<Raised>(&seen.reply->outcome)) seen.actual = *raised;
    if (auto* unsupported = std::get_if<Unsupported>(&seen.reply->outcome))
      seen.actual = *unsupported;
    if (auto* error = std::get_if<AdapterError>(&seen.reply->outcome)) {
      actor.fault = "the adapter answered with an error of its own: " + error->why;
      return std::nullopt;
    }
    return seen;
  }
  if (actor.process->dead) {
    crew_->LearnStatus(*actor.process);
    if (!actor.process->status) {
      actor.fault = kUnknownEnd;
      return std::nullopt;
    }
    return Seen{Ended{actor.process->status}, std::nullopt};
  }
  return std::nullopt;
}

std::optional<Executor::Seen> Executor::Watch(Actor& actor, For what, nanoseconds limit) {
  Deadline deadline = Deadline::After(limit);
  StarvationJudge starvation;
  std::optional<Deadline> grace;  // after end of file
  StuckSince stuck;
  const std::int64_t start_ns = MonotonicNs();
  std::int64_t next_deadlock_look_ns = start_ns + nanoseconds(kDeadlockLookEvery).count();
  while (true) {
    if (auto ended = Ended_(actor)) return ended;
    if (!actor.fault.empty()) return std::nullopt;
    if (Interrupted()) {
      Stop(ScenarioRun::End::kNotRun, "interrupted");
      return std::nullopt;
    }
    if (actor.closed && !grace) grace = Deadline::After(session_.Scaled(kDeathGrace));
    if (grace && grace->Passed()) {
      actor.fault = "the adapter closed its channel and lives on";
      return std::nullopt;
    }
    if (what == For::kBlocked) {
      // Twice, with nothing run in between: a thread on its way through futex is not blocked.
      const auto blocked = detector_->Look(actor);
      const auto before = blocked ? actor.probe.ReadActivity() : std::nullopt;
      if (blocked && detector_->Look(actor) && actor.probe.ReadActivity() == before)
        return Seen{*blocked, std::nullopt};
    } else if (MonotonicNs() >= next_deadlock_look_ns) {
      next_deadlock_look_ns = MonotonicNs() + nanoseconds(kDeadlockLookEvery).count();
      if (const auto blocked = NeverAnswers(actor, &stuck)) return Seen{*blocked, std::nullopt};
    }
    if (deadline.Passed()) {
      if (const auto blocked = detector_->Look(actor)) return Seen{*blocked, std::nullopt};
      // The tracer of an armed call saw the request being read: what does not answer then is the call.
      if (actor.in_flight && !actor.in_flight->announced && armed_.count(&actor) == 0 &&
          actor.probe.Look().kind != ThreadState::Kind::kStopped &&
          session_.hello().waits == "thread" &&
          (MustBeAnnounced(actor.in_flight->request) || !actor.probe.Look().InFutexWait())) {
        // It has not even announced the call: that is the adapter's loop, not the implementation.
        actor.fault = fmt::format("the adapter does not answer{}; it is {}",
                                  actor.lines.Rest().empty() ? "" : ": it stopped in the middle of a line",
                                  actor.probe.Look().Text());
        return std::nullopt;
      }
      const nanoseconds round = session_.Scaled(kStarvationRound);
      switch (JudgeStarvation(actor, round, &starvation)) {
        case StarvationJudge::Judgement::kHadItsTime:
          return Seen{NoAnswer{detector_->Whereabouts(actor)}, std::nullopt};
        case StarvationJudge::Judgement::kWait:
          deadline = Deadline::After(round);
          continue;
        case StarvationJudge::Judgement::kStarved:
          Stop(ScenarioRun::End::kHarnessError,
               actor.name + " has hardly had a CPU for half a minute: the machine is too busy");
          return std::nullopt;
      }
    }
    const nanoseconds slice =
        what == For::kBlocked ? NextLookAfter(start_ns) : nanoseconds(kDeadlockLookEvery);
    crew_->Pump(std::min({slice, deadline.Left(), grace ? grace->Left() : slice}));
  }
}

StarvationJudge::Judgement Executor::JudgeStarvation(const Actor& actor, nanoseconds round,
                                                     StarvationJudge* starvation) {
  const auto activity = actor.probe.Look().kind == ThreadState::Kind::kRunning
                            ? actor.probe.ReadActivity()
                            : std::nullopt;
  return activity ? starvation->Judge(activity->runtime_ns, round)
                  : StarvationJudge::Judgement::kHadItsTime;
}

std::optional<BlockedDetector::Stillness> Executor::Settle(nanoseconds limit) {
  const Deadline deadline = Deadline::After(limit);
  const std::int64_t start_ns = MonotonicNs();
  std::optional<std::int64_t> still_since_ns;
  while (true) {
    const auto stillness = detector_->Quiescent();
    if (stillness == BlockedDetector::Stillness::kSure) return stillness;
    if (!stillness) still_since_ns.reset();
    if (stillness && !still_since_ns) still_since_ns = MonotonicNs();
    if (still_since_ns && nanoseconds(MonotonicNs() - *still_since_ns) >= detector_->quiet_window())
      return stillness;
    if (!crew_->Fault().empty() || Interrupted() || deadline.Passed()) return std::nullopt;
    crew_->Pump(NextLookAfter(start_ns));
  }
}

Executor::Back Executor::AwaitSome(const std::vector<Actor*>& actors, nanoseconds limit) {
  const Deadline deadline = Deadline::After(limit);
  for (int looks = 0;; ++looks) {
    const auto settled = Settle(deadline.Left());
    Back back{{}, settled.has_value()};
    std::copy_if(actors.begin(), actors.end(), std::back_inserter(back.actors),
                 [](const Actor* actor) { return actor->reply || actor->process->dead; });
    const bool sure = settled == BlockedDetector::Stillness::kSure && looks >= kLooksForEver;
    if (!back.actors.empty() || sure || !settled || deadline.Passed() || Interrupted()) return back;
    crew_->Pump(kDeadlockLookEvery);
  }
}

// --- Endings
// ----------------------------------------------------------------------------------------

Executor::Next Executor::Stop(ScenarioRun::End end, const std::string& reason) {
  run_.end = end;
  run_.reason = SymbolsOf(reason);
  return Next::kStop;
}

Executor::Next Executor::Diverge(const Step& step, const std::string& expected,
                                 const std::string& actual, const std::string& operation) {
  run_.divergence = Divergence{step.text, expected, SymbolsOf(actual), operation, step.position};
  return Stop(ScenarioRun::End::kDiverged,
              fmt::format("{}: expected {}, got {}", step.text, expected, actual));
}

TraceEntry& Executor::Note(const Step& step, const std::string& actor, const std::string& outcome) {
  TraceEntry entry;
  entry.actor = actor;
  entry.step = step.text;
  entry.outcome = SymbolsOf(outcome);
  entry.position = step.position;
  run_.trace.push_back(std::move(entry));
  return run_.trace.back();
}

Executor::Next Executor::Unknown(const std::string& actor) {
  return Stop(ScenarioRun::End::kHarnessError,
              fmt::format("the scenario speaks of {}, who is not there", actor));
}

void Executor::Finally() {
  if (run_.end == ScenarioRun::End::kDiverged || run_.end == ScenarioRun::End::kHarnessError) {
    for (const auto& actor : crew_->actors()) {
      if (actor->hello) run_.whereabouts.push_back(SymbolsOf(detector_->Whereabouts(*actor)));
    }
  }
  // What a scenario that stopped half-way leaves behind is its own doing.
  const bool judged = run_.end == ScenarioRun::End::kCompleted;
  if (judged) CheckDescriptors();
  const std::vector<std::string> strangers = session_.End(*crew_);
  session_.output().Drain();
  run_.output = SymbolsOf(session_.output().Text());
  if (judged) {
    for (const std::string& command : strangers)
      run_.unclean.push_back("a process is left behind: " + command);
  }
  CheckNames();
}

void Executor::CheckDescriptors() {
  if (descriptors_unknown_) return;
  Actor* p = crew_->Find("p");
  if (p->process->dead || p->process->descriptors_at_start < 0) return;
  const int allowed =
      p->process->descriptors_at_start + std::max(0, descriptors_expected_[p->process.get()]);
  auto now = CountDescriptors(p->process->outer);
  // A thread that has just ended may still be closing its channel.
  for (int look = 0; look < kDescriptorLooks && now && *now > allowed; ++look) {
    crew_->Pump(kDeadlockLookEvery);
    now = CountDescriptors(p->process->outer);
  }
  if (now && *now > allowed) {
    run_.unclean.push_back(SymbolsOf(
        fmt::format("p has {} descriptors more than it should: {} at the start, {} at the end, of "
                    "which {} are the scenario's; the newest are {}",
                    *now - allowed, p->process->descriptors_at_start, *now,
                    allowed - p->process->descriptors_at_start,
                    fmt::join(NewestDescriptors(p->process->outer, *now - allowed), ", "))));
  }
}

void Executor::CheckNames() {
  for (const std::string& name : session_.supervisor().ShmNames()) {
    if (run_.end == ScenarioRun::End::kCompleted && left_.count(name) == 0) {
      run_.unclean.push_back("a name is left behind in /dev/shm: " + SymbolsOf(name));
    }
    session_.supervisor().RemoveShmName(name);
  }
}

std::string Executor::FreshName(const std::string& symbol) {
  const bool bare = symbol.starts_with("BARE");
  const std::string key = "NAME" + symbol.substr(4);
  auto [at, added] = fresh_names_.try_emplace(key);
  if (added) {
    static std::atomic<unsigned> count{0};
    at->second = fmt::format("/{}-{:08x}", options_.name_prefix, count.fetch_add(1));
  }
  return bare ? at->second.substr(1) : at->second;
}

std::string Executor::SymbolsOf(std::string text) const {
  for (const auto& [symbol, name] : fresh_names_) {
    const std::string bare = name.substr(1);
    for (std::size_t at = text.find(bare); at != std::string::npos; at = text.find(bare, at)) {
      const bool slash = at > 0 && text[at - 1] == '/';
      const std::size_t from = slash ? at - 1 : at;
      const std::string with = slash ? symbol : "BARE" + symbol.substr(4);
      text.replace(from, bare.size() + (slash ? 1 : 0), with);
      at = from + with.size();
    }
  }
  return text;
}

}  // namespace lockstep
