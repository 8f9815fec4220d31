// SPDX-License-Identifier: MIT
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <utility>

#include "operations.h"

namespace lockstep::adapter {
namespace {

constexpr Signature kOnSignal{
    "on_signal", "on_signal", Convention::kAdapter, 2, {"signal", "action", "argument"}};
constexpr Signature kUmask{"umask", "umask", Convention::kAdapter, 1, {"mask"}};
constexpr Signature kLimit{"rlimit", "rlimit", Convention::kAdapter, 2, {"resource", "soft"}};

constexpr std::int64_t kUnlimited = -1;

struct NamedResource {
  std::string_view name;
  int number;
};

constexpr auto kResources = std::to_array<NamedResource>({
    {"AS", RLIMIT_AS},
    {"CORE", RLIMIT_CORE},
    {"CPU", RLIMIT_CPU},
    {"DATA", RLIMIT_DATA},
    {"FSIZE", RLIMIT_FSIZE},
    {"MEMLOCK", RLIMIT_MEMLOCK},
    {"MSGQUEUE", RLIMIT_MSGQUEUE},
    {"NOFILE", RLIMIT_NOFILE},
    {"NPROC", RLIMIT_NPROC},
    {"SIGPENDING", RLIMIT_SIGPENDING},
    {"STACK", RLIMIT_STACK},
});

// The action that the request asks for, or nothing, and then the reply says what is wrong.
std::optional<SignalAction> ActionOf(Actor& actor, const Request& request,
                                     const std::string& signal, const std::string& kind,
                                     Reply* reply) {
  SignalAction action;
  action.name = signal;
  action.channel = actor.channel();
  const Value* argument = request.args.size() > 2 ? &request.args[2] : nullptr;
  if (kind == "return") return action;
  if (kind == "raise") {
    const std::string* type = argument == nullptr ? nullptr : argument->As<std::string>();
    if (type == nullptr) {
      reply->result = AdapterError{"'raise' needs the name of a type"};
      return std::nullopt;
    }
    action.kind = SignalAction::Kind::kRaise;
    action.raised_type = *type;
    return action;
  }
  if (kind == "call") {
    const NestedRequest* call = argument == nullptr ? nullptr : argument->As<NestedRequest>();
    if (call == nullptr) {
      reply->result = AdapterError{"'call' needs a request"};
      return std::nullopt;
    }
    action.kind = SignalAction::Kind::kCall;
    action.call = call->request;
    return action;
  }
  reply->result = AdapterError{"no action '" + kind + "'"};
  return std::nullopt;
}

void RecordErrno(int error, Reply* reply) {
  if (error != 0) {
    reply->result = OsError(error);
  } else {
    reply->result = None{};
  }
}

}  // namespace

void OnSignal(Actor& actor, const Request& request, Reply* reply) {
  Arguments arguments(kOnSignal, request);
  const std::string name = arguments.String(0);
  const std::string kind = arguments.String(1);
  if (!Bound(arguments, reply)) return;
  const std::optional<int> number = SignalNumber(name);
  if (!number) {
    reply->result = AdapterError{"no signal '" + name + "'"};
    return;
  }
  SignalTable& signals = actor.process().signals();
  if (kind == "ignore" || kind == "default") {
    const auto disposition = kind == "ignore" ? SIG_IGN : SIG_DFL;
    return RecordErrno(reply->Timed([&] { return signals.Dispose(*number, disposition); }), reply);
  }
  auto action = ActionOf(actor, request, name, kind, reply);
  if (!action) return;
  RecordErrno(
      reply->Timed([&] { return signals.Install(*number, *std::move(action), request.restart); }),
      reply);
}

void Umask(Actor& /*actor*/, const Request& request, Reply* reply) {
  Arguments arguments(kUmask, request);
  const int mask = arguments.Int(0);
  if (!Bound(arguments, reply)) return;
  reply->result =
      Value(std::int64_t{reply->Timed([&] { return umask(static_cast<mode_t>(mask)); })});
}

void SetLimit(Actor& /*actor*/, const Request& request, Reply* reply) {
  Arguments arguments(kLimit, request);
  const std::string name = arguments.String(0);
  const std::int64_t soft = arguments.Int64(1, 0, "a limit of more than 64 bits");
  if (!Bound(arguments, reply)) return;
  for (const NamedResource& resource : kResources) {
    if (resource.name != name) continue;
    return RecordErrno(reply->Timed([&] {
      // The kernel's numbers, whatever type the C library gives them.
      const auto which = static_cast<decltype(RLIMIT_AS)>(resource.number);
      rlimit limit{};
      if (getrlimit(which, &limit) != 0) return errno;
      limit.rlim_cur = soft == kUnlimited ? RLIM_INFINITY : static_cast<rlim_t>(soft);
      return setrlimit(which, &limit) == 0 ? 0 : errno;
    }),
                       reply);
  }
  reply->result = AdapterError{"no resource '" + name + "'"};
}

}  // namespace lockstep::adapter
