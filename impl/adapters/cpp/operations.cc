// SPDX-License-Identifier: MIT
#include "operations.h"

#include <string.h>

#include <unordered_map>

namespace lockstep::adapter {
namespace {

constexpr Signature kGet{"get", "get", Convention::kAdapter, 1, {"attribute"}};
constexpr Signature kDelete{"del", "del", Convention::kAdapter, 0, {}};

bool IsDunder(std::string_view name) { return name.starts_with("__") && name.ends_with("__"); }

// Whether there is such an attribute; if so the reply has it.
bool GetOfSemLock(Actor& actor, SemLock& object, const std::string& name, Reply* reply) {
  if (name == "handle") {
    Record(actor, reply->Timed([&] { return object.Handle(); }), reply);
  } else if (name == "kind") {
    Record(actor, reply->Timed([&] { return object.Kind(); }), reply);
  } else if (name == "maxvalue") {
    Record(actor, reply->Timed([&] { return object.MaxValue(); }), reply);
  } else if (name == "name") {
    Record(actor, reply->Timed([&] { return object.Name(); }), reply);
  } else if (name == "SEM_VALUE_MAX") {
    Record(actor, reply->Timed([&] { return actor.process().implementation().SemValueMax(); }),
           reply);
  } else {
    return false;
  }
  return true;
}

bool GetOfSharedMemory(Actor& actor, SharedMemory& object, const std::string& name, Reply* reply) {
  const std::lock_guard lock(actor.process().shared_memory_mutex());
  if (name == "size") {
    Record(actor, reply->Timed([&] { return object.Size(); }), reply);
  } else if (name == "name") {
    Record(actor, reply->Timed([&] { return object.Name(); }), reply);
  } else if (name == "buf") {
    const bool open = reply->Timed([&] { return object.Data().has_value(); });
    reply->result = open ? Value(TypeName{"memoryview"}) : Value();
  } else {
    return false;
  }
  return true;
}

bool GetOfBarrier(Actor& actor, Barrier& object, const std::string& name, Reply* reply) {
  if (name == "parties") {
    Record(actor, reply->Timed([&] { return object.Parties(); }), reply);
  } else if (name == "n_waiting") {
    Record(actor, reply->Timed([&] { return object.NWaiting(); }), reply);
  } else if (name == "broken") {
    Record(actor, reply->Timed([&] { return object.Broken(); }), reply);
  } else {
    return false;
  }
  return true;
}

bool GetOf(Actor& actor, const Object& object, const std::string& name, Reply* reply) {
  if (const auto semlock = object.As<SemLock>()) return GetOfSemLock(actor, *semlock, name, reply);
  if (const auto memory = object.As<SharedMemory>()) {
    return GetOfSharedMemory(actor, *memory, name, reply);
  }
  if (const auto barrier = object.As<Barrier>()) return GetOfBarrier(actor, *barrier, name, reply);
  return false;
}

}  // namespace

Operation FindOperation(std::string_view name) {
  static const auto& operations = *new std::unordered_map<std::string_view, Operation>{
      {"SemLock", CreateSemLock},
      {"SemLock._rebuild", RebuildSemLock},
      {"SemLock.unnamed", CreateUnnamedSemLock},
      {"acquire", Acquire},
      {"release", Release},
      {"_count", Count},
      {"_is_mine", IsMine},
      {"_get_value", GetValue},
      {"_is_zero", IsZero},
      {"_after_fork", AfterFork},
      {"__enter__", Enter},
      {"__exit__", Exit},
      {"Lock", MakeLock},
      {"RLock", MakeRLock},
      {"Semaphore", MakeSemaphore},
      {"BoundedSemaphore", MakeBoundedSemaphore},
      {"Condition", MakeCondition},
      {"Event", MakeEvent},
      {"Barrier", MakeBarrier},
      {"Lock.attach", AttachLock},
      {"RLock.attach", AttachRLock},
      {"Semaphore.attach", AttachSemaphore},
      {"BoundedSemaphore.attach", AttachBoundedSemaphore},
      {"Condition.attach", AttachCondition},
      {"Event.attach", AttachEvent},
      {"locked", Locked},
      {"get_value", GetPermits},
      {"wait", Wait},
      {"notify", Notify},
      {"notify_all", NotifyAll},
      {"is_set", IsSet},
      {"set", Set},
      {"clear", Clear},
      {"reset", Reset},
      {"abort", Abort},
      {"get", GetAttribute},
      {"sem_unlink", SemUnlink},
      {"shm_open", ShmOpen},
      {"shm_unlink", ShmUnlink},
      {"SharedMemory", OpenSharedMemory},
      {"close", CloseSharedMemory},
      {"unlink", UnlinkSharedMemory},
      {"read", ReadBytes},
      {"write", WriteBytes},
      {"ftruncate", Ftruncate},
      {"fstat_size", FstatSize},
      {"close_fd", CloseFd},
      {"hammer", Hammer},
      {"load", LoadActor},
      {"measure", MeasureActor},
      {"del", DeleteObject},
      {"nop", Nop},
      {"fork", ForkActor},
      {"thread", StartThread},
      {"spawn", Spawn},
      {"reap", Reap},
      {"exit", ExitProcess},
      {"end", EndThread},
      {"on_signal", OnSignal},
      {"umask", Umask},
      {"rlimit", SetLimit},
  };
  const auto found = operations.find(name);
  return found == operations.end() ? nullptr : found->second;
}

void GetAttribute(Actor& actor, const Request& request, Reply* reply) {
  const auto target = Target(actor, request, reply);
  if (!target) return;
  Arguments arguments(kGet, request);
  const std::string name = arguments.String(0);
  if (!Bound(arguments, reply)) return;
  if (!GetOf(actor, *target, name, reply)) NoAttribute(*target, name, reply);
}

void DeleteObject(Actor& actor, const Request& request, Reply* reply) {
  if (!Target(actor, request, reply) || !Bound(Arguments(kDelete, request), reply)) return;
  reply->result = None{};
  // Another actor may have been quicker; the object is gone all the same.
  reply->Timed([&] { return actor.process().Drop(*request.on); });
}

void Nop(Actor& /*actor*/, const Request& /*request*/, Reply* reply) { reply->result = None{}; }

Raised OsError(int error_number) { return {"OSError", strerror(error_number), error_number}; }

std::optional<Object> Target(Actor& actor, const Request& request, Reply* reply) {
  if (!request.on) {
    reply->result = AdapterError{"'" + request.op + "' needs an object: 'on'"};
    return std::nullopt;
  }
  auto object = actor.process().Find(*request.on);
  if (!object) reply->result = AdapterError{"there is no object '" + *request.on + "'"};
  return object;
}

void NoAttribute(const Object& object, const std::string& name, Reply* reply) {
  if (IsDunder(name)) {
    reply->result = Unsupported{"introspection of the type is the interpreter's"};
    return;
  }
  reply->result =
      Raised{"AttributeError",
             "'" + std::string(object.type()) + "' object has no attribute '" + name + "'",
             {}};
}

bool Bound(const Arguments& arguments, Reply* reply) {
  if (arguments.failure()) reply->result = *arguments.failure();
  return !arguments.failure();
}

}  // namespace lockstep::adapter
