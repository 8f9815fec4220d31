// SPDX-License-Identifier: MIT
#include <utility>

#include "operations.h"

namespace lockstep::adapter {
namespace {

constexpr Signature kCreate{"SemLock",
                            "SemLock",
                            Convention::kKeywords,
                            5,
                            {"kind", "value", "maxvalue", "name", "unlink"}};
constexpr Signature kRebuild{"_rebuild",
                             "SemLock._rebuild",
                             Convention::kPositional,
                             4,
                             {"handle", "kind", "maxvalue", "name"}};
constexpr Signature kUnnamed{
    "unnamed", "SemLock.unnamed", Convention::kKeywords, 3, {"kind", "value", "maxvalue"}};
constexpr Signature kAcquire{
    "acquire", "SemLock.acquire", Convention::kKeywords, 0, {"block", "timeout"}};
constexpr Signature kEnter{"__enter__", "SemLock.__enter__", Convention::kNone, 0, {}};
constexpr Signature kExit{
    "__exit__", "SemLock.__exit__", Convention::kAtMost, 0, {"exc_type", "exc_value", "exc_tb"}};
constexpr Signature kRelease{"release", "SemLock.release", Convention::kNone, 0, {}};
constexpr Signature kCount{"_count", "SemLock._count", Convention::kNone, 0, {}};
constexpr Signature kIsMine{"_is_mine", "SemLock._is_mine", Convention::kNone, 0, {}};
constexpr Signature kGetValue{"_get_value", "SemLock._get_value", Convention::kNone, 0, {}};
constexpr Signature kIsZero{"_is_zero", "SemLock._is_zero", Convention::kNone, 0, {}};
constexpr Signature kAfterFork{"_after_fork", "SemLock._after_fork", Convention::kNone, 0, {}};
constexpr Signature kSemUnlink{
    "sem_unlink", "_multiprocessing.sem_unlink", Convention::kOne, 1, {"name"}};

constexpr std::int64_t kRecursiveMutex = 0;

// CPython's acquire() lets the owner of a recursive mutex in before it looks at the timeout, so
// that a timeout that cannot be converted then does not matter (semaphore.c:
// _multiprocessing_SemLock_acquire_impl). The types of sync.h do not tell who their owner is.
bool EntersAgain(Lockable& target) {
  auto* const semlock = dynamic_cast<SemLock*>(&target);
  if (semlock == nullptr) return false;
  const auto kind = semlock->Kind();
  const auto* number = std::get_if<std::int64_t>(&kind);
  if (number == nullptr || *number != kRecursiveMutex) return false;
  const auto mine = semlock->IsMine();
  const bool* is_mine = std::get_if<bool>(&mine);
  return is_mine != nullptr && *is_mine;
}

void DoAcquire(Actor& actor, const Request& request, Lockable& target, bool block,
               std::optional<double> timeout_s, Reply* reply) {
  if (block) actor.Announce(request);
  Record(actor, reply->Timed([&] { return target.Acquire(block, timeout_s, actor.interrupts()); }),
         reply);
}

}  // namespace

std::vector<std::uintptr_t> HandlesOf(SemLock& object) {
  const auto handle = object.Handle();
  const auto* address = std::get_if<std::uintptr_t>(&handle);
  if (address == nullptr) return {};
  return {*address};
}

void CreateSemLock(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kCreate, request);
  const int kind = arguments.Int(0);
  const int value = arguments.Int(1);
  const int maxvalue = arguments.Int(2);
  const std::string name = arguments.String(3);
  const bool unlink = arguments.Bool(4);
  if (!Bound(arguments, reply)) return;
  Implementation& implementation = actor.process().implementation();
  RecordMade(actor, request, kSemLockType, reply->Timed([&] {
    return implementation.CreateSemLock(kind, value, maxvalue, name, unlink);
  }),
             reply);
}

void RebuildSemLock(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kRebuild, request);
  const std::uintptr_t handle = arguments.Pointer(0);
  const int kind = arguments.FormatInt(1);
  const int maxvalue = arguments.FormatInt(2);
  const std::optional<std::string> name = arguments.OptionalString(3);
  if (!Bound(arguments, reply)) return;
  Implementation& implementation = actor.process().implementation();
  RecordMade(actor, request, kSemLockType, reply->Timed([&] {
    return implementation.RebuildSemLock(handle, kind, maxvalue, name);
  }),
             reply);
}

void CreateUnnamedSemLock(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kUnnamed, request);
  const int kind = arguments.Int(0);
  const int value = arguments.Int(1);
  const int maxvalue = arguments.Int(2);
  if (!Bound(arguments, reply)) return;
  Implementation& implementation = actor.process().implementation();
  RecordMade(actor, request, kSemLockType, reply->Timed([&] {
    return implementation.CreateUnnamedSemLock(kind, value, maxvalue);
  }),
             reply);
}

void Acquire(Actor& actor, const Request& request, Reply* reply) {
  const auto target = TargetAs<Lockable>(actor, request, reply);
  if (target == nullptr) return;
  Arguments arguments(kAcquire, request);
  const bool block = arguments.Bool(0, true);
  const bool block_is_good = !arguments.failure();
  const std::optional<double> timeout_s = arguments.Seconds(1);
  if (arguments.failure() && block_is_good &&
      std::holds_alternative<Raised>(*arguments.failure()) && EntersAgain(*target)) {
    return DoAcquire(actor, request, *target, block, std::nullopt, reply);
  }
  if (!Bound(arguments, reply)) return;
  DoAcquire(actor, request, *target, block, timeout_s, reply);
}

void Enter(Actor& actor, const Request& request, Reply* reply) {
  const auto target = TargetAs<Lockable>(actor, request, reply);
  if (target == nullptr || !Bound(Arguments(kEnter, request), reply)) return;
  DoAcquire(actor, request, *target, true, std::nullopt, reply);
}

void Release(Actor& actor, const Request& request, Reply* reply) {
  CallMethod(actor, request, kRelease, &Lockable::Release, reply);
}

void Exit(Actor& actor, const Request& request, Reply* reply) {
  CallMethod(actor, request, kExit, &Lockable::Release, reply);
}

void Count(Actor& actor, const Request& request, Reply* reply) {
  CallMethod(actor, request, kCount, &SemLock::Count, reply);
}

void IsMine(Actor& actor, const Request& request, Reply* reply) {
  CallMethod(actor, request, kIsMine, &SemLock::IsMine, reply);
}

void GetValue(Actor& actor, const Request& request, Reply* reply) {
  CallMethod(actor, request, kGetValue, &SemLock::GetValue, reply);
}

void IsZero(Actor& actor, const Request& request, Reply* reply) {
  CallMethod(actor, request, kIsZero, &SemLock::IsZero, reply);
}

void AfterFork(Actor& actor, const Request& request, Reply* reply) {
  CallMethod(actor, request, kAfterFork, &SemLock::AfterFork, reply);
}

void SemUnlink(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kSemUnlink, request);
  const std::string name = arguments.String(0);
  if (!Bound(arguments, reply)) return;
  Record(actor, reply->Timed([&] { return actor.process().implementation().SemUnlink(name); }),
         reply);
}

}  // namespace lockstep::adapter
