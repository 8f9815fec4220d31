// SPDX-License-Identifier: MIT
#include "bench/latency/contestant.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/statistics/statistics.h"
#include "harness/engine/trace.h"
#include "harness/os/affinity.h"
#include "harness/os/interrupt.h"
#include "harness/os/process_view.h"
#include "harness/os/syscall_names.h"

namespace lockstep::bench {
namespace {

constexpr int kRecursiveMutex = 0;
constexpr int kSemaphore = 1;

constexpr std::chrono::seconds kHelloLimit{10};
constexpr std::chrono::seconds kAnswerLimit{10};  // beyond the time that a request takes by itself
constexpr std::chrono::seconds kKillLimit{5};

// Long enough for the clock's 25 ns and short enough to lie, mostly, between two timer interrupts (1 to 4 ms apart).
constexpr std::int64_t kBurstNs = 100'000;
constexpr std::int64_t kBursts = 8;
constexpr std::int64_t kTrialTurns = 256;
constexpr std::int64_t kMostTurns = 100'000;
constexpr std::int64_t kCalls = 32;
constexpr std::int64_t kForks = 6;
// A just-in-time compiler begins after some thousand turns (PyPy: 1,039 of a loop).
constexpr std::int64_t kWarmTurns = 5'000;

constexpr std::chrono::milliseconds kContendedStart{2};  // by then all have read their request
constexpr std::chrono::milliseconds kContendedTime{20};

constexpr std::int64_t kCountedPairs = 1'000;
constexpr int kCountedHandOvers = 20;
// Between two looks at whether somebody is asleep: short beside a hand-over, and leaves it the CPU.
constexpr std::chrono::microseconds kLookAgain{20};

// About the same time for each idle time, but for the longest.
std::int64_t HandOverTurns(nanoseconds idle) {
  if (idle >= std::chrono::milliseconds(1)) return 6;
  if (idle >= std::chrono::microseconds(100)) return 20;
  return idle.count() > 0 ? 50 : 100;
}

Result<std::vector<std::int64_t>> NumbersOf(const Reply& reply, const std::string& what, std::int64_t count) {
  const Value& value = std::get<Value>(reply.outcome);
  const auto* list = value.If<List>();
  const auto* tuple = value.If<Tuple>();
  if (list == nullptr && tuple == nullptr) return Fail(fmt::format("{} returned {}, no list", what, value.Repr()));
  std::vector<std::int64_t> numbers;
  for (const Value& item : list != nullptr ? list->items : tuple->items) {
    const auto* number = item.If<std::int64_t>();
    if (number == nullptr) return Fail(fmt::format("{} returned a list with {} in it, no int", what, item.Repr()));
    numbers.push_back(*number);
  }
  if (numbers.size() != static_cast<std::size_t>(count))
    return Fail(fmt::format("{} returned {} numbers, not {}", what, numbers.size(), count));
  return numbers;
}

// Stamps that rise, within the call.
Result<std::vector<std::int64_t>> StampsOf(const Reply& reply, const std::string& what, std::int64_t count) {
  auto stamps = NumbersOf(reply, what, count);
  if (!stamps) return stamps;
  std::int64_t before = reply.begin_ns;
  for (const std::int64_t stamp : *stamps) {
    if (stamp < before || stamp > reply.end_ns)
      return Fail(fmt::format("{} returned stamps that cannot be: {} after {}, in a call that ended at {}", what, stamp, before,
                              reply.end_ns));
    before = stamp;
  }
  return stamps;
}

}  // namespace

Contestant::Contestant(Supervisor& supervisor, OutputCapture& output, Efforts& efforts, Options options)
    : supervisor_(supervisor),
      efforts_(efforts),
      options_(std::move(options)),
      crew_(std::make_unique<Crew>(supervisor, output, options_.channel_dir)) {}

Contestant::~Contestant() {
  static_cast<void>(crew_->KillAll(Scaled(kKillLimit)));  // what is stuck in the kernel ends with its supervisor
  for (const Made& made : made_) supervisor_.RemoveShmName("sem." + NameOfObject(made.object).substr(1));
}

nanoseconds Contestant::Scaled(nanoseconds limit) const {
  return nanoseconds(static_cast<std::int64_t>(static_cast<double>(limit.count()) * options_.timeout_scale));
}

Result<std::unique_ptr<Contestant>> Contestant::Start(const Implementation& implementation, Supervisor& supervisor,
                                                      OutputCapture& output, Efforts& efforts, Options options) {
  auto one = std::unique_ptr<Contestant>(new Contestant(supervisor, output, efforts, std::move(options)));
  one->implementation_ = implementation;
  const auto started = one->Launch("p");
  if (!started) return tl::unexpected(started.error());
  one->p_ = *started;
  one->abilities_ = one->hello().capabilities;
  if (!Lacks(one->abilities_, Quantity{}).empty()) return one;  // the caller asks
  struct Object {
    const char* name;
    int kind;
    int value;
  };
  for (const Object& object : {Object{"r", kRecursiveMutex, 1}, Object{"h", kRecursiveMutex, 1}, Object{"c", kSemaphore, 1},
                               Object{"z", kSemaphore, 0}, Object{"a", kSemaphore, 0}, Object{"b", kSemaphore, 0}}) {
    if (const auto made = one->Make(object.name, object.kind, object.value); !made) return tl::unexpected(made.error());
  }
  if (const auto held = one->Hold(); !held) return tl::unexpected(held.error());
  return one;
}

// Takes h for good, and finds out whether its owner comes in again.
Result<void> Contestant::Hold() {
  const auto call = [&](const char* operation, std::vector<Value> args) {
    Request request;
    request.operation = operation;
    request.on = "h";
    request.args = std::move(args);
    return Ask(*p_, std::move(request), kAnswerLimit);
  };
  if (const auto held = call("acquire", {}); !held) return tl::unexpected(held.error());
  const auto again = call("acquire", {Value(false)});
  if (!again) return tl::unexpected(again.error());
  if (!(*again == Value(true))) return {};
  abilities_.insert(kReentry);
  const auto left = call("release", {});
  if (!left) return tl::unexpected(left.error());
  return {};
}

Result<Actor*> Contestant::Launch(const std::string& name) {
  LaunchOptions launch;
  launch.argv = implementation_.argv;
  launch.environment = EnvironmentOf(implementation_);
  launch.directory = implementation_.directory;
  launch.cpus = {options_.cpus.front()};
  return crew_->Launch(name, std::move(launch), Scaled(kHelloLimit));
}

Result<void> Contestant::Make(const std::string& object, int kind, int value) {
  Request make;
  make.operation = "SemLock";
  make.as = object;
  make.args = {Value::Int(kind), Value::Int(value), Value::Int(1), Value(NameOfObject(object)), Value(false)};
  made_.push_back({object, kind});
  const auto made = Ask(*p_, std::move(make), kAnswerLimit);
  if (!made) return tl::unexpected(made.error());
  return {};
}

std::string Contestant::Lacks(const std::set<std::string>& can, const Quantity& quantity) {
  if (can.count("measure") == 0) return "measure";
  for (const std::string& need : quantity.needs) {
    if (can.count(need) == 0) return need;
  }
  const bool several = quantity.form == Quantity::Form::kHandOver || quantity.form == Quantity::Form::kContended;
  return several && can.count("fork") == 0 && can.count("rebuild_by_name") == 0 ? "fork" : "";
}

// A process beside p in which the semaphores are: forked, or started and rebuilt by name.
Result<Actor*> Contestant::Further(const std::string& name) {
  if (hello().capabilities.count("fork") != 0) {
    const auto child = crew_->Prepare(name);
    if (!child) return child;
    Request fork;
    fork.operation = "fork";
    fork.args = {Value((*child)->channel.path())};
    const auto pid = Ask(*p_, std::move(fork), kAnswerLimit);
    if (!pid) return tl::unexpected(pid.error());
    const auto* inner = pid->If<std::int64_t>();
    if (inner == nullptr) return Fail("fork returned " + pid->Repr());
    crew_->Expect(**child, *p_, static_cast<pid_t>(*inner));
    if (const auto ready = crew_->AwaitHello(**child, p_, false, Scaled(kHelloLimit)); !ready) return tl::unexpected(ready.error());
    return *child;
  }
  const auto started = Launch(name);
  if (!started) return started;
  for (const Made& made : made_) {
    Request rebuild;
    rebuild.operation = "SemLock._rebuild";
    rebuild.as = made.object;
    rebuild.args = {Value::Int(0), Value::Int(made.kind), Value::Int(1), Value(NameOfObject(made.object))};
    const auto rebuilt = Ask(**started, std::move(rebuild), kAnswerLimit);
    if (!rebuilt) return tl::unexpected(rebuilt.error());
  }
  return started;
}

Result<void> Contestant::Need(std::size_t processes) {
  while (further_.size() + 1 < processes) {
    const auto one = Further(fmt::format("q{}", further_.size()));
    if (!one) return tl::unexpected(one.error());
    further_.push_back(*one);
  }
  return {};
}

void Contestant::Place(Placement placement) {
  const auto pin = [](const Actor& actor, const std::vector<int>& cpus) {
    for (const pid_t tid : ThreadsOf(actor.process->outer)) PinThread(tid, cpus);
  };
  const std::vector<int> first = {options_.cpus.front()};
  const std::vector<int> last = {options_.cpus.back()};
  const bool unpinned = placement == Placement::kUnpinned;
  pin(*p_, unpinned ? options_.cpus : first);
  for (const Actor* actor : further_) pin(*actor, unpinned ? options_.cpus : placement == Placement::kOtherCpu ? last : first);
}

Request Contestant::MeasureRequest(const std::string& what, const std::string& object, std::vector<Value> args) const {
  Request request;
  request.operation = "measure";
  request.on = object;
  args.insert(args.begin(), Value(what));
  request.args = std::move(args);
  return request;
}

// Why an actor's request came to no value; empty: it came to one.
std::string Contestant::Failure(Actor& actor, const std::string& what) {
  if (actor.reply) {
    if (const auto* raised = std::get_if<Raised>(&actor.reply->outcome))
      return fmt::format("{} raised {}: {}", what, raised->type, raised->message);
    if (const auto* lacking = std::get_if<Unsupported>(&actor.reply->outcome))
      return fmt::format("{} is unsupported: {}", what, lacking->why);
    if (const auto* error = std::get_if<AdapterError>(&actor.reply->outcome)) return fmt::format("{}: {}", what, error->why);
    return "";
  }
  if (!actor.fault.empty()) return actor.fault;
  if (!actor.process->dead) return "";
  crew_->LearnStatus(*actor.process);
  return fmt::format("its process {} in {}", ToText(Actual(Ended{actor.process->status})), what);
}

Result<std::vector<Reply>> Contestant::Await(const std::vector<Actor*>& actors, nanoseconds limit) {
  std::vector<std::string> what;
  for (const Actor* actor : actors) {
    const Request& request = actor->in_flight ? actor->in_flight->request : Request{};
    const bool measures = request.operation == "measure" && !request.args.empty();
    what.push_back(measures ? fmt::format("measure {}", request.args.front().Repr()) : request.operation);
  }
  crew_->AwaitReplies(actors, Scaled(limit));
  for (std::size_t i = 0; i < actors.size(); ++i) {
    if (const std::string failure = Failure(*actors[i], what[i]); !failure.empty()) return Fail(failure);
  }
  std::vector<Reply> replies;
  for (Actor* actor : actors) {
    if (!actor->reply) return Fail("interrupted");
    replies.push_back(*std::exchange(actor->reply, std::nullopt));
  }
  return replies;
}

Result<Reply> Contestant::AskForReply(Actor& actor, Request request, nanoseconds limit) {
  crew_->Send(actor, std::move(request));
  auto replies = Await({&actor}, limit);
  if (!replies) return tl::unexpected(replies.error());
  return std::move(replies->front());
}

Result<Value> Contestant::Ask(Actor& actor, Request request, nanoseconds limit) {
  auto reply = AskForReply(actor, std::move(request), limit);
  if (!reply) return tl::unexpected(reply.error());
  return std::get<Value>(std::move(reply->outcome));
}

// Durations, each longer than nothing, all together no longer than the call.
Result<std::vector<double>> Contestant::AskDurations(Actor& actor, Request request, std::int64_t count, nanoseconds limit) {
  const std::string what = fmt::format("measure {}", request.args.front().Repr());
  const auto reply = AskForReply(actor, std::move(request), limit);
  if (!reply) return tl::unexpected(reply.error());
  const auto numbers = NumbersOf(*reply, what, count);
  if (!numbers) return tl::unexpected(numbers.error());
  std::vector<double> durations;
  std::int64_t left = reply->end_ns - reply->begin_ns;
  for (const std::int64_t ns : *numbers) {
    if (ns <= 0 || ns > left) {
      return Fail(fmt::format("{} returned durations that cannot be: {} ns, of which {} ns of a call of {} ns were left", what, ns, left,
                              reply->end_ns - reply->begin_ns));
    }
    left -= ns;
    durations.push_back(static_cast<double>(ns));
  }
  return durations;
}

Result<Visit> Contestant::Bursts(const Quantity& quantity, std::int64_t turns, std::int64_t bursts) {
  std::vector<Value> args = {Value::Int(turns), Value::Int(bursts)};
  if (quantity.what == "creations") args.insert(args.end(), {Value::Int(kSemaphore), Value(NameOfObject("n"))});
  const auto durations = AskDurations(*p_, MeasureRequest(quantity.what, quantity.object, std::move(args)), bursts, kAnswerLimit);
  if (!durations) return tl::unexpected(durations.error());
  Visit visit;
  for (const double ns : *durations) visit.values.push_back(ns / static_cast<double>(turns));
  return visit;
}

// How many turns make a burst; found at the first visit of an implementation's first process.
Result<std::int64_t> Contestant::Turns(const Quantity& quantity) {
  const auto known = efforts_.find(quantity.name);
  if (known != efforts_.end()) return known->second;
  const auto trial = Bursts(quantity, kTrialTurns, kBursts);
  if (!trial) return tl::unexpected(trial.error());
  const double turn_ns = std::max(Median(trial->values), 0.1);
  const std::int64_t turns = std::clamp<std::int64_t>(std::llround(static_cast<double>(kBurstNs) / turn_ns), 1, kMostTurns);
  efforts_[quantity.name] = turns;
  return turns;
}

Result<Visit> Contestant::Timeouts(const Quantity& quantity) {
  const std::int64_t turns = quantity.timeout_s < 0.001 ? 10 : quantity.timeout_s < 0.01 ? 5 : 2;
  const auto durations = AskDurations(*p_, MeasureRequest(quantity.what, quantity.object, {Value(quantity.timeout_s), Value::Int(turns)}),
                                      turns, kAnswerLimit);
  if (!durations) return tl::unexpected(durations.error());
  Visit visit;
  for (const double ns : *durations) visit.values.push_back(ns - quantity.timeout_s * 1e9);
  return visit;
}

Result<Visit> Contestant::HandOver(const Quantity& quantity, std::int64_t turns) {
  if (!handed_) {
    Request post;
    post.operation = "release";
    post.on = "a";
    if (const auto posted = Ask(*p_, std::move(post), kAnswerLimit); !posted) return tl::unexpected(posted.error());
    handed_ = true;
  }
  Actor& q = *further_.front();
  const nanoseconds limit = kAnswerLimit + 2 * turns * quantity.idle;
  const Value idle = Value::Int(quantity.idle.count());
  crew_->Send(q, MeasureRequest(quantity.what, "b", {Value::Int(turns), idle, Value(std::string("a"))}));
  crew_->Send(*p_, MeasureRequest(quantity.what, "a", {Value::Int(turns), idle, Value(std::string("b"))}));
  const auto replies = Await({p_, &q}, limit);
  if (!replies) return tl::unexpected(replies.error());
  const auto ours = StampsOf((*replies)[0], "measure 'hand_over'", turns);
  if (!ours) return tl::unexpected(ours.error());
  const auto theirs = StampsOf((*replies)[1], "measure 'hand_over'", turns);
  if (!theirs) return tl::unexpected(theirs.error());
  const std::int64_t idle_ns = quantity.idle.count();
  Visit visit;
  // The first one is left out: q may not have waited yet.
  for (std::size_t i = 1; i < ours->size(); ++i) {
    for (const std::int64_t ns : {(*ours)[i] - (*theirs)[i - 1] - idle_ns, (*theirs)[i] - (*ours)[i] - idle_ns}) {
      if (ns < 0) return Fail(fmt::format("measure 'hand_over' returned stamps that cannot be: {} ns before the release was due", -ns));
      visit.values.push_back(static_cast<double>(ns));
    }
  }
  return visit;
}

Result<Visit> Contestant::Contend(const Quantity& quantity) {
  std::vector<Actor*> actors = {p_};
  actors.insert(actors.end(), further_.begin(), further_.begin() + (quantity.processes - 1));
  const std::int64_t start = MonotonicNs() + nanoseconds(kContendedStart).count();
  const std::int64_t end = start + nanoseconds(kContendedTime).count();
  for (Actor* actor : actors) {
    Request request = MeasureRequest(quantity.what, quantity.object, {Value::Int(end)});
    request.at_ns = start;
    crew_->Send(*actor, std::move(request));
  }
  const auto replies = Await(actors, kAnswerLimit);
  if (!replies) return tl::unexpected(replies.error());
  double sum = 0;
  double least = INFINITY;
  double most = 0;
  for (const Reply& reply : *replies) {
    const auto* turns = std::get<Value>(reply.outcome).If<std::int64_t>();
    // It looks whether the time is over after 16 turns.
    if (reply.end_ns < end) return Fail(fmt::format("measure 'until' returned {} ns too early", end - reply.end_ns));
    if (turns == nullptr || *turns < 16)
      return Fail(fmt::format("measure 'until' returned {}, no number of turns", std::get<Value>(reply.outcome).Repr()));
    sum += static_cast<double>(*turns);
    least = std::min(least, static_cast<double>(*turns));
    most = std::max(most, static_cast<double>(*turns));
  }
  Visit visit;
  visit.values = {sum / std::chrono::duration<double>(kContendedTime).count()};
  visit.fairness = least / most;
  return visit;
}

Result<Visit> Contestant::Once(const Quantity& quantity) {
  switch (quantity.form) {
    case Quantity::Form::kBursts: {
      const auto turns = Turns(quantity);
      return turns ? Bursts(quantity, *turns, kBursts) : tl::unexpected(turns.error());
    }
    case Quantity::Form::kCalls:
      return Bursts(quantity, 1, quantity.what == "forks" ? kForks : kCalls);
    case Quantity::Form::kTimeouts:
      return Timeouts(quantity);
    case Quantity::Form::kHandOver:
      return HandOver(quantity, HandOverTurns(quantity.idle));
    case Quantity::Form::kContended:
      return Contend(quantity);
  }
  return Fail("no such form");
}

Result<Visit> Contestant::Measure(const Quantity& quantity) {
  const bool several = quantity.form == Quantity::Form::kHandOver || quantity.form == Quantity::Form::kContended;
  if (several) {
    if (const auto there = Need(quantity.form == Quantity::Form::kHandOver ? 2 : static_cast<std::size_t>(quantity.processes)); !there)
      return tl::unexpected(there.error());
    Place(quantity.form == Quantity::Form::kContended ? Placement::kUnpinned : quantity.placement);
  }
  if (std::find(warmed_.begin(), warmed_.end(), quantity.name) == warmed_.end()) {
    warmed_.push_back(quantity.name);
    const bool bursts = quantity.form == Quantity::Form::kBursts;
    const auto warm = bursts ? Bursts(quantity, kWarmTurns, 1) : Once(quantity);
    if (!warm) return warm;
  }
  auto visit = Once(quantity);
  if (several) Place(Placement::kSameCpu);
  return visit;
}

std::optional<std::unique_ptr<CallTracer>> Contestant::Trace(Actor& actor) {
  CallTracer::Options options;
  options.pid = actor.process->outer;
  options.tid = actor.outer_tid;
  options.in_fd = actor.channel.write_fd();
  options.out_fd = actor.channel.read_fd();
  options.cpu = options_.cpus.front();
  auto tracer = CallTracer::Start(options);
  if (!tracer) return std::nullopt;
  return std::move(*tracer);
}

std::optional<double> Contestant::CountSyscalls() {
  // Whose calls are not its thread's cannot be followed.
  if (hello().waits != "thread") return std::nullopt;
  Quantity free;
  free.what = "pairs";
  free.object = "c";
  if (!Bursts(free, kWarmTurns, 1)) return std::nullopt;
  auto tracer = Trace(*p_);
  if (!tracer || !Bursts(free, kCountedPairs, 1)) return std::nullopt;
  const auto trace = (*tracer)->Await(Scaled(kAnswerLimit));
  if (!trace) return std::nullopt;
  return static_cast<double>(trace->calls.size()) / static_cast<double>(kCountedPairs);
}

// Waits until an actor's thread is asleep: `in_call`, within the call that it has announced; if not, between two.
bool Contestant::AwaitAsleep(Actor& actor, bool in_call) {
  const auto deadline = MonotonicNs() + Scaled(kAnswerLimit).count();
  while (MonotonicNs() < deadline && !Interrupted() && Failure(actor, "").empty()) {
    if (in_call && actor.reply) return false;  // nobody has released
    if (!in_call || (actor.in_flight && actor.in_flight->announced)) {
      const auto kind = actor.probe.Look().kind;
      if (kind == ThreadState::Kind::kSyscall || kind == ThreadState::Kind::kAsleep) return true;
    }
    crew_->Pump(kLookAgain);
  }
  return false;
}

// Its waiter is asleep before the release, so that it takes what a hand-over takes whatever else the machine does.
bool Contestant::HandOverToASleeper() {
  Actor& q = *further_.front();
  const auto of_b = [](const char* operation) {
    Request request;
    request.operation = operation;
    request.on = "b";
    return request;
  };
  crew_->Send(q, of_b("acquire"));
  return AwaitAsleep(q, true) && Ask(*p_, of_b("release"), kAnswerLimit) && Await({&q}, kAnswerLimit) && AwaitAsleep(*p_, false) &&
         AwaitAsleep(q, false);
}

std::optional<double> Contestant::CountVoluntarySwitches() {
  const auto now = [&]() -> std::optional<double> {
    const auto ours = VoluntarySwitches(p_->process->outer, p_->outer_tid);
    const auto theirs = VoluntarySwitches(further_.front()->process->outer, further_.front()->outer_tid);
    if (!ours || !theirs) return std::nullopt;
    return static_cast<double>(*ours + *theirs);
  };
  const auto before = now();
  for (int i = 0; i < kCountedHandOvers; ++i) {
    if (!HandOverToASleeper()) return std::nullopt;
  }
  const auto after = now();
  if (!before || !after) return std::nullopt;
  // Each has also waited for its next request, once.
  return (*after - *before) / kCountedHandOvers - 2;
}

std::optional<double> Contestant::CountFutexes() {
  const auto futex = SyscallNumber("futex");
  double futexes = 0;
  for (int i = 0; i < kCountedHandOvers; ++i) {
    const auto ours = Trace(*p_);
    const auto theirs = Trace(*further_.front());
    if (!ours || !theirs || !HandOverToASleeper()) return std::nullopt;
    for (const auto* tracer : {&*ours, &*theirs}) {
      const auto trace = (*tracer)->Await(Scaled(kAnswerLimit));
      if (!trace) return std::nullopt;
      futexes += static_cast<double>(std::count_if(trace->calls.begin(), trace->calls.end(),
                                                   [&](const CallTrace::Syscall& call) { return call.number == futex; }));
    }
  }
  return futexes / kCountedHandOvers;
}

Counts Contestant::CountHandOvers() {
  Counts counts;
  Quantity hand_over;
  hand_over.form = Quantity::Form::kHandOver;
  hand_over.what = "hand_over";
  if (hello().waits != "thread" || !Lacks(abilities_, hand_over).empty() || !Need(2)) return counts;
  Place(Placement::kSameCpu);
  if (!HandOverToASleeper()) return counts;
  counts.voluntary_switches = CountVoluntarySwitches();
  counts.futexes = CountFutexes();
  return counts;
}

}  // namespace lockstep::bench
