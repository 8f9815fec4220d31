// SPDX-License-Identifier: MIT
//
// Stands in for FindOperation() of the adapter (CMakeLists.txt: --wrap), so that a defect meets a
// request before its arguments are bound.
#include <semaphore.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "defect.h"
#include "mutant_sem_lock.h"
#include "operations.h"

namespace lockstep::mutants {

// The adapter's own, and what is called in its place.
adapter::Operation RealFindOperation(std::string_view name) asm(
    "__real__ZN8lockstep7adapter13FindOperationESt17basic_string_viewIcSt11char_traitsIcEE");
adapter::Operation WrapFindOperation(std::string_view name) asm(
    "__wrap__ZN8lockstep7adapter13FindOperationESt17basic_string_viewIcSt11char_traitsIcEE");

namespace {

using adapter::Actor;
using adapter::None;
using adapter::Operation;
using adapter::Raised;
using adapter::Reply;
using adapter::Request;
using adapter::Value;

Raised TypeError(std::string message) { return {"TypeError", std::move(message), {}}; }

const Value* Keyword(const Request& request, std::string_view name) {
  for (const auto& [key, value] : request.kwargs) {
    if (key == name) return &value;
  }
  return nullptr;
}

const Value* TimeoutOf(const Request& request) {
  return request.args.size() > 1 ? &request.args[1] : Keyword(request, "timeout");
}

bool SpeaksOfBlocking() { return Is("keyword-blocking") || Is("as-annotated"); }

std::optional<Raised> RefusedAcquire(const Request& request) {
  const Value* timeout = TimeoutOf(request);
  if (SpeaksOfBlocking() && Keyword(request, "block") != nullptr)
    return TypeError("acquire() got an unexpected keyword argument 'block'");
  if (Is("timeout-by-keyword-alone") && request.args.size() > 1)
    return TypeError("acquire() takes at most 1 positional argument (2 given)");
  if (Is("timeout-none-refused") && timeout != nullptr && timeout->As<None>() != nullptr)
    return TypeError("must be real number, not NoneType");
  if (Is("timeout-int-refused") && timeout != nullptr && timeout->As<std::int64_t>() != nullptr)
    return TypeError("must be float, not int");
  return std::nullopt;
}

void Acquire(Actor& actor, const Request& request, Reply* reply) {
  if (auto raised = RefusedAcquire(request)) {
    reply->result = *std::move(raised);
    return;
  }
  Request altered = request;
  if (Is("default-is-nonblocking") && altered.args.empty() &&
      Keyword(altered, "block") == nullptr) {
    altered.kwargs.emplace_back("block", false);
    actor.Announce(request);  // the harness knows nothing of the other default
  }
  for (auto& [name, value] : altered.kwargs) {
    if (SpeaksOfBlocking() && name == "blocking") name = "block";
  }
  adapter::Acquire(actor, altered, reply);
}

void Enter(Actor& actor, const Request& request, Reply* reply) {
  if (!Is("enter-does-not-wait") || !request.args.empty() || !request.kwargs.empty())
    return adapter::Enter(actor, request, reply);
  Request altered = request;
  altered.args = {false};
  actor.Announce(request);
  adapter::Acquire(actor, altered, reply);
}

void Exit(Actor& actor, const Request& request, Reply* reply) {
  constexpr std::size_t kArguments = 3;
  if (Is("exit-does-not-release")) {
    reply->result = None{};
    return;
  }
  if (Is("exit-needs-three") && request.args.size() != kArguments) {
    reply->result = TypeError("__exit__() takes exactly 3 arguments");
    return;
  }
  adapter::Exit(actor, request, reply);
  if (Is("exit-forgives") && std::holds_alternative<Raised>(reply->result)) reply->result = None{};
  if (Is("exit-says-true") && std::holds_alternative<Value>(reply->result)) reply->result = true;
}

void CreateSemLock(Actor& actor, const Request& request, Reply* reply) {
  if (Is("constructor-without-keywords") && !request.kwargs.empty()) {
    reply->result = TypeError("SemLock() takes no keyword arguments");
    return;
  }
  adapter::CreateSemLock(actor, request, reply);
}

void GiveBack(adapter::SemLock& object) {
  const auto outcome = object.Count();
  const auto* count = std::get_if<std::int64_t>(&outcome);
  if (count == nullptr) return;
  const auto kind = object.Kind();
  const bool recursive = std::get<std::int64_t>(kind) == kRecursiveMutex;
  const std::int64_t permits = recursive ? std::min<std::int64_t>(*count, 1) : *count;
  for (std::int64_t i = 0; i < permits; ++i) sem_post(SemaphoreOf(object));
}

void ExitProcess(Actor& actor, const Request& request, Reply* reply) {
  for (const auto& [key, object] : actor.process().Objects()) {
    const auto semlock = object.As<adapter::SemLock>();
    if (semlock == nullptr) continue;
    if (Is("exit-gives-back")) GiveBack(*semlock);
    const auto* mutant = dynamic_cast<const MutantSemLock*>(semlock.get());
    if (Is("unlink-at-exit") && mutant != nullptr && mutant->made_by() == getpid() &&
        !mutant->given().rebuilt && mutant->given().name)
      sem_unlink(mutant->given().name->c_str());
  }
  adapter::ExitProcess(actor, request, reply);
}

}  // namespace

Operation WrapFindOperation(std::string_view name) {
  if (IsKind(Kind::kArguments) || IsKind(Kind::kPort)) {
    if (name == "acquire") return Acquire;
    if (name == "__enter__") return Enter;
    if (name == "__exit__") return Exit;
    if (name == "SemLock") return CreateSemLock;
    if (name == "exit") return ExitProcess;
  }
  return RealFindOperation(name);
}

}  // namespace lockstep::mutants
