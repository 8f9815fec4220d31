// SPDX-License-Identifier: MIT
// SemLock: construction, acquire and release in all their forms, and what looks at it.
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>

#include "harness/model/call.h"
#include "harness/scenario/words.h"

namespace lockstep::model {
namespace {

constexpr std::int64_t kRecursiveMutex = 0;
constexpr std::int64_t kSemaphore = 1;
constexpr std::int64_t kSemValueMax = std::numeric_limits<std::int32_t>::max();

// Python's conversion to a C int. Nothing: raised, in *way.
std::optional<std::int64_t> ToInt(const State& state, const Value& value, std::optional<Way>* way) {
  if (const auto* b = value.If<bool>()) return *b ? 1 : 0;
  const auto* i = value.If<std::int64_t>();
  if (i == nullptr && value.If<BigInt>() == nullptr) {
    *way = Raises(state, "TypeError", "", rules::kArguments);
    return std::nullopt;
  }
  if (i == nullptr || *i < std::numeric_limits<std::int32_t>::min() ||
      *i > std::numeric_limits<std::int32_t>::max()) {
    *way = Raises(state, "OverflowError", "", rules::kArguments);
    return std::nullopt;
  }
  return *i;
}

Way Keep(State next, const std::string& actor, const Call& call, SemLock lock, const Rule& rule) {
  if (!call.as.empty()) {
    next.ProcessOf(actor).values.erase(call.as);
    next.ProcessOf(actor).objects[call.as] = std::move(lock);
  }
  return Returns(std::move(next), Value(Object{"SemLock"}), rule);
}

std::optional<Way> Construct(const State& state, const std::string& actor, const Call& call, bool named) {
  std::vector<std::string> parameters = {"kind", "value", "maxvalue"};
  if (named) parameters.insert(parameters.end(), {"name", "unlink"});
  const Arguments given = Bind(state, actor, call, parameters, parameters.size());
  if (!given.known) return std::nullopt;
  if (!given.fits) return Raises(state, "TypeError", "", rules::kArguments);
  std::optional<Way> raised;
  std::int64_t numbers[3];
  for (std::size_t i = 0; i < 3; ++i) {
    const auto number = ToInt(state, *given.values[i], &raised);
    if (!number) return raised;
    numbers[i] = *number;
  }
  const auto [kind, value, maxvalue] = numbers;
  if (named && given.values[3]->If<std::string>() == nullptr)
    return Raises(state, "TypeError", "", rules::kArguments);
  if (named && given.values[3]->If<std::string>()->find('\0') != std::string::npos)
    return Raises(state, "ValueError", "embedded null character", rules::kNul);
  if (named && state.of_its_version.flags_are_ints && !ToInt(state, *given.values[4], &raised)) return raised;
  if (kind != kRecursiveMutex && kind != kSemaphore)
    return Raises(state, "ValueError", "unrecognized kind", rules::kKind);
  if (value < 0 || value > kSemValueMax) {
    // Of two reasons POSIX says not which is told.
    const auto taken = named ? PlainName(*given.values[3]) : std::nullopt;
    if (taken && state.semaphore_names.count(*taken) != 0) return std::nullopt;
    return RaisesErrno(state, EINVAL, rules::kValueTooLarge);
  }
  SemLock lock{0, kind, maxvalue, std::nullopt, 0, -1};
  State next = state;
  lock.semaphore = static_cast<int>(next.semaphores.size());
  next.semaphores.push_back(Semaphore{value});
  next.ProcessOf(actor).ForgetClosed();  // Some keep a descriptor.
  if (!named) return Keep(std::move(next), actor, call, std::move(lock), rules::kUnnamed);
  const auto name = PlainName(*given.values[3]);
  if (!name) return std::nullopt;
  if (state.semaphore_names.count(*name) != 0) return RaisesErrno(state, EEXIST, rules::kExists);
  if (!Truth(*given.values[4])) {
    lock.name = *given.values[3]->If<std::string>();
    next.semaphore_names[*name] = lock.semaphore;
  }
  return Keep(std::move(next), actor, call, std::move(lock), rules::kMade);
}

std::optional<int> SemaphoreOfHandle(const State& state, const Value& handle) {
  const auto* object = handle.If<Object>();
  constexpr std::string_view kPrefix = "handle of ";
  if (object == nullptr || !object->type.starts_with(kPrefix)) return std::nullopt;
  const int semaphore = std::stoi(object->type.substr(kPrefix.size()));
  return semaphore < static_cast<int>(state.semaphores.size()) ? std::optional(semaphore) : std::nullopt;
}

std::optional<Way> Rebuild(const State& state, const std::string& actor, const Call& call) {
  const Arguments given = Bind(state, actor, call, {"handle", "kind", "maxvalue", "name"}, 4);
  if (!given.known || !given.fits || !call.kwargs.empty()) return std::nullopt;
  const Value& handle = *given.values[0];
  if (handle.If<std::int64_t>() == nullptr && handle.If<bool>() == nullptr &&
      handle.If<BigInt>() == nullptr && handle.If<Object>() == nullptr)
    return Raises(state, "TypeError", "", rules::kArguments);
  std::optional<Way> raised;
  const auto kind = ToInt(state, *given.values[1], &raised);
  const auto maxvalue = kind ? ToInt(state, *given.values[2], &raised) : std::nullopt;
  if (!maxvalue) return raised;
  SemLock lock{0, *kind, *maxvalue, std::nullopt, 0, -1};
  if (given.values[3]->If<None>() != nullptr) {
    const auto semaphore = SemaphoreOfHandle(state, *given.values[0]);
    if (!semaphore) return std::nullopt;
    lock.semaphore = *semaphore;
    return Keep(state, actor, call, std::move(lock), rules::kRebuilt);
  }
  const auto name = PlainName(*given.values[3]);
  if (!name) return std::nullopt;
  const auto found = state.semaphore_names.find(*name);
  if (found == state.semaphore_names.end()) return RaisesErrno(state, ENOENT, rules::kNotThere);
  lock.semaphore = found->second;
  lock.name = *given.values[3]->If<std::string>();
  return Keep(state, actor, call, std::move(lock), rules::kRebuilt);
}

std::optional<Way> Unlink(const State& state, const std::string& actor, const Call& call) {
  const Arguments given = Bind(state, actor, call, {"name"}, 1);
  if (!given.known || !given.fits) return std::nullopt;
  if (!call.kwargs.empty()) return Raises(state, "TypeError", "", rules::kArguments);
  const auto name = PlainName(*given.values[0]);
  if (!name) return std::nullopt;
  if (state.semaphore_names.count(*name) == 0) return RaisesErrno(state, ENOENT, rules::kNotThere);
  State next = state;
  next.semaphore_names.erase(*name);
  return Returns(std::move(next), None{}, rules::kUnlinked);
}

bool IsMine(const SemLock& lock, const Thread& thread) {
  return lock.count > 0 && lock.last_thread == thread.identity;
}

std::optional<Way> Acquire(const State& state, const std::string& actor, const Call& call, const SemLock& lock,
                           const Arguments& given) {
  if (!given.known) return std::nullopt;
  if (!given.fits) return Raises(state, "TypeError", "", rules::kArguments);
  std::optional<Way> raised;
  if (given.values[0] && state.of_its_version.flags_are_ints && !ToInt(state, *given.values[0], &raised)) return raised;
  State next = state;
  if (lock.kind == kRecursiveMutex && IsMine(lock, state.At(actor))) {
    ++next.FindSemLock(actor, call.object)->count;
    return Returns(std::move(next), true, rules::kTakesAgain);
  }
  const bool block = !given.values[0] || Truth(*given.values[0]);
  std::optional<double> timeout_s;
  if (given.values[1] && given.values[1]->If<None>() == nullptr) {
    timeout_s = given.values[1]->AsSeconds();
    if (const auto* b = given.values[1]->If<bool>()) timeout_s = *b ? 1 : 0;
    if (!timeout_s && given.values[1]->If<std::string>() != nullptr)
      return Raises(state, "TypeError", "", rules::kArguments);
    if (!timeout_s) return std::nullopt;
  }
  if (state.semaphores[static_cast<std::size_t>(lock.semaphore)].value > 0) {
    next.At(actor).wait = Wait{call.object, Patience::kForEver};
    TakeUnit(&next, actor);
    next.At(actor).outcome.reset();
    return Returns(std::move(next), true, rules::kTakes);
  }
  if (!block) return Returns(std::move(next), false, rules::kNoUnit);
  constexpr double kSecondsThereAre = 9223372036854775807.0;
  if (timeout_s && !(*timeout_s < kSecondsThereAre)) {
#if defined(__x86_64__)
    return RaisesErrno(state, EINVAL, rules::kNoDeadline);
#else
    return std::nullopt;  // What becomes of it in an integer is the machine's.
#endif
  }
  constexpr double kKnown = 1e6;  // what any clock can add up
  if (timeout_s && *timeout_s > kKnown) return std::nullopt;
  if (timeout_s && *timeout_s <= 0) return Returns(std::move(next), false, rules::kTimedOut);
  constexpr double kNeverWaitedOut = 10;  // seconds
  const bool is_short = timeout_s && *timeout_s <= kNeverWaitedOut;
  next.At(actor).wait = Wait{call.object, is_short ? Patience::kShort : Patience::kForEver};
  return Way{Outcome{Actual(Blocked{}), &rules::kWaits}, std::move(next)};
}

std::optional<Way> Release(const State& state, const std::string& actor, const Call& call, const SemLock& lock) {
  State next = state;
  SemLock& own = *next.FindSemLock(actor, call.object);
  Semaphore& semaphore = next.semaphores[static_cast<std::size_t>(lock.semaphore)];
  const Rule* rule = &rules::kPosts;
  if (lock.kind == kRecursiveMutex) {
    if (!IsMine(lock, state.At(actor))) {
      return Raises(state, "AssertionError", "attempt to release recursive lock not owned by thread",
                    rules::kNotOwner);
    }
    if (lock.count > 1) {
      --own.count;
      return Returns(std::move(next), None{}, rules::kReleasesInner);
    }
    rule = &rules::kReleasesLast;
  } else if (semaphore.value >= lock.maxvalue) {
    return Raises(state, "ValueError", "semaphore or lock released too many times", rules::kTooMany);
  }
  if (semaphore.value >= kSemValueMax) return RaisesErrno(state, EOVERFLOW, rules::kOverflow);
  ++semaphore.value;
  --own.count;
  return Returns(std::move(next), None{}, *rule);
}

// Those that take no arguments.
std::optional<Way> CallPlain(const State& state, const std::string& actor, const Call& call, const SemLock& lock) {
  const std::int64_t value = state.semaphores[static_cast<std::size_t>(lock.semaphore)].value;
  const std::string& operation = call.operation;
  if (operation == "release") return Release(state, actor, call, lock);
  if (operation == "_count") return Returns(state, lock.count, rules::kCount);
  if (operation == "_is_mine") return Returns(state, IsMine(lock, state.At(actor)), rules::kIsMine);
  if (operation == "_get_value") return Returns(state, value, rules::kGetValue);
  if (operation == "_is_zero") return Returns(state, value == 0, rules::kIsZero);
  State next = state;
  next.FindSemLock(actor, call.object)->count = 0;
  return Returns(std::move(next), None{}, rules::kAfterFork);
}

}  // namespace

void TakeUnit(State* state, const std::string& actor) {
  Thread& thread = state->At(actor);
  SemLock& lock = *state->FindSemLock(actor, thread.wait->object);
  --state->semaphores[static_cast<std::size_t>(lock.semaphore)].value;
  ++lock.count;
  lock.last_thread = thread.identity;
  thread.wait.reset();
  thread.outcome = Outcome{Actual(Value(true)), &rules::kWoken};
}

std::optional<Way> CallSemLock(const State& state, const std::string& actor, const Call& call) {
  if (call.operation == "SemLock") return Construct(state, actor, call, true);
  if (call.operation == "SemLock.unnamed") return Construct(state, actor, call, false);
  if (call.operation == "SemLock._rebuild") return Rebuild(state, actor, call);
  if (call.operation == "sem_unlink") return Unlink(state, actor, call);
  const SemLock* lock = call.object.empty() ? nullptr : state.FindSemLock(actor, call.object);
  if (lock == nullptr) return std::nullopt;
  std::optional<Way> way;
  if (call.operation == "acquire" || (call.operation == "__enter__" && state.of_its_version.enter_is_acquire)) {
    way = Acquire(state, actor, call, *lock, Bind(state, actor, call, {"block", "timeout"}, 0));
  } else if (call.operation == "__enter__") {
    if (!call.args.empty() || !call.kwargs.empty()) return Raises(state, "TypeError", "", rules::kArguments);
    Arguments none;
    none.values.resize(2);
    way = Acquire(state, actor, call, *lock, none);
  } else if (call.operation == "__exit__") {
    if (call.args.size() > 3 || !call.kwargs.empty()) return std::nullopt;
    way = Release(state, actor, call, *lock);
  } else {
    static const std::set<std::string> kPlain = {"release", "_count", "_is_mine", "_get_value", "_is_zero",
                                                 "_after_fork"};
    if (kPlain.count(call.operation) == 0) return std::nullopt;
    if (!call.args.empty() || !call.kwargs.empty()) return Raises(state, "TypeError", "", rules::kArguments);
    way = CallPlain(state, actor, call, *lock);
  }
  // What is kept under a name is what was returned, and a call that waits keeps it later.
  if (way && !call.as.empty()) {
    const auto* value = way->outcome.what ? std::get_if<Value>(&*way->outcome.what) : nullptr;
    way->next.ProcessOf(actor).values[call.as] = value == nullptr ? std::nullopt : std::optional(*value);
  }
  return way;
}

}  // namespace lockstep::model
