// SPDX-License-Identifier: MIT
//
// The one interface between this adapter and the implementation that it exposes. Write these three
// classes for yours (and, if it has them, those of sync.h), hand an Implementation to RunAdapter()
// (adapter.h), and that is an adapter: channels, requests, typed values, processes, threads and
// signals are done for you.
//
// The adapter records and never judges, so neither should these methods: pass every argument on as
// it is, and report what came of it, right or wrong.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_IMPLEMENTATION_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_IMPLEMENTATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "value.h"

namespace lockstep::adapter {

// What Python would have raised: the name of its type, and the message without the errno. An
// OSError is known by its errno, so "OSError" will do for all of its subclasses.
struct Raised {
  std::string type;
  std::string message;
  std::optional<int> errno_value;
  bool operator==(const Raised&) const = default;
};

// The implementation has nothing of the kind, and why.
struct Unsupported {
  std::string why;
  bool operator==(const Unsupported&) const = default;
};

// The call gave up because Interrupts::RunHandlers() said so; what the handler raised is the call's
// outcome, and the adapter knows it.
struct Abandoned {
  bool operator==(const Abandoned&) const = default;
};

// What came of a call: a value, an exception, nothing of the kind, or (only from a method that is
// given Interrupts) abandoned.
template <typename T>
using Outcome = std::variant<T, Raised, Unsupported, Abandoned>;

// An outcome that is no value, as that of a call with another type of value.
template <typename To, typename From>
Outcome<To> FailureAs(Outcome<From> outcome) {
  if (auto* raised = std::get_if<Raised>(&outcome)) return std::move(*raised);
  if (auto* unsupported = std::get_if<Unsupported>(&outcome)) return std::move(*unsupported);
  return Abandoned{};
}

// The place of PyErr_CheckSignals().
class Interrupts {
 public:
  // To be called on the waiting thread, outside of any signal handler and with no lock held, each
  // time that a wait has ended with EINTR. It runs the actions of the signals that arrived, which
  // may call anything, the object that is waited for included; bounded only by what they do. True:
  // give up and return Abandoned. False: go on waiting for the same deadline.
  virtual bool RunHandlers() = 0;

 protected:
  ~Interrupts() = default;
};

// What can be acquired and released: a SemLock, and most of the types of sync.h.
class Lockable {
 public:
  virtual ~Lockable() = default;

  // acquire(block, timeout): whether a permit was taken. `timeout_s` is in seconds and any double,
  // NaN and infinities included; none means no limit.
  virtual Outcome<bool> Acquire(bool block, std::optional<double> timeout_s,
                                Interrupts& interrupts) = 0;

  // release().
  virtual Outcome<None> Release() = 0;
};

// What `measure` repeats (PROTOCOL.md, section 11): acquire() and release(); acquire(False), which is to be False;
// _get_value().
enum class Turn { kPair, kTry, kValue };

// What a turn raises whose acquire() did not return what it is to return.
Raised FailedTurn(Turn turn);

// One SemLock object.
//
// Threads: all methods may be called by several threads at once, also on the same object; the
// adapter holds no lock meanwhile. Destroyed when no call is under way any more. A forked child
// goes on with its copy. Acquire() may block, nothing else may. An exception that escapes is
// reported as a failure of the adapter.
class SemLock : public Lockable {
 public:
  // _count(), _is_mine(), _get_value(), _is_zero(), _after_fork().
  virtual Outcome<std::int64_t> Count() = 0;
  virtual Outcome<bool> IsMine() = 0;
  virtual Outcome<std::int64_t> GetValue() = 0;
  virtual Outcome<bool> IsZero() = 0;
  virtual Outcome<None> AfterFork() = 0;

  // The attributes `kind`, `maxvalue` and `name` (none is None).
  virtual Outcome<std::int64_t> Kind() = 0;
  virtual Outcome<std::int64_t> MaxValue() = 0;
  virtual Outcome<std::optional<std::string>> Name() = 0;

  // The attribute `handle`: the address of the semaphore in this process, by which a blocked thread
  // is recognised. Unsupported where there is no such thing.
  virtual Outcome<std::uintptr_t> Handle() { return Unsupported{"there is no handle"}; }

  // The descriptor of an unnamed semaphore, from which a spawned process can rebuild it; it stays
  // the object's. None for every other.
  virtual std::optional<int> Descriptor() { return std::nullopt; }

  // Does `turns` turns; the first that fails ends them. It is what is timed, so override it with loops as your users
  // would write them, over your own types: this one goes by the methods above, and pays for their being virtual and
  // for their outcomes, some ns a turn. `kPair` may block as Acquire() does.
  virtual Outcome<None> Repeat(Turn turn, std::int64_t turns, Interrupts& interrupts);
};

// One SharedMemory object. The adapter calls its methods one at a time; none may block.
class SharedMemory {
 public:
  virtual ~SharedMemory() = default;

  // The attributes `size` and `name`.
  virtual Outcome<std::int64_t> Size() = 0;
  virtual Outcome<std::string> Name() = 0;

  // The attribute `buf`: the bytes, valid until the next call of this object, or none once it is
  // closed. The adapter slices, reads and writes them with Python's rules.
  virtual std::optional<std::span<std::byte>> Data() = 0;

  virtual Outcome<None> Close() = 0;
  virtual Outcome<None> Unlink() = 0;
};

class SyncTypes;  // sync.h

// The implementation: what makes the objects, and its free functions. It outlives every object and
// is called by several threads at once. What is not overridden is unsupported; leave its capability
// ("rebuild_by_name", "unnamed", "shm", "sync") out of the AdapterInfo then.
class Implementation {
 public:
  virtual ~Implementation() = default;

  // SemLock(kind, value, maxvalue, name, unlink). The strings may hold any character, NUL included.
  virtual Outcome<std::unique_ptr<SemLock>> CreateSemLock(int kind, int value, int maxvalue,
                                                          const std::string& name, bool unlink) = 0;

  // SemLock._rebuild(handle, kind, maxvalue, name).
  virtual Outcome<std::unique_ptr<SemLock>> RebuildSemLock(
      std::uintptr_t /*handle*/, int /*kind*/, int /*maxvalue*/,
      const std::optional<std::string>& /*name*/) {
    return Unsupported{"no semaphore is rebuilt by name"};
  }

  // SemLock.unnamed(kind, value, maxvalue).
  virtual Outcome<std::unique_ptr<SemLock>> CreateUnnamedSemLock(int /*kind*/, int /*value*/,
                                                                 int /*maxvalue*/) {
    return Unsupported{"no unnamed semaphores"};
  }

  // An unnamed semaphore in a spawned process, from the SemLock::Descriptor() that it inherited.
  // `descriptor` stays the caller's and is closed afterwards.
  virtual Outcome<std::unique_ptr<SemLock>> RebuildUnnamedSemLock(int /*descriptor*/, int /*kind*/,
                                                                  int /*maxvalue*/) {
    return Unsupported{"no unnamed semaphores"};
  }

  // sem_unlink(name).
  virtual Outcome<None> SemUnlink(const std::string& /*name*/) {
    return Unsupported{"no sem_unlink"};
  }

  // SemLock.SEM_VALUE_MAX.
  virtual Outcome<std::int64_t> SemValueMax() { return Unsupported{"no SEM_VALUE_MAX"}; }

  // shm_open(path, flags, mode): a descriptor, owned by the caller. shm_unlink(path).
  virtual Outcome<int> ShmOpen(const std::string& /*path*/, int /*flags*/, int /*mode*/,
                               Interrupts& /*interrupts*/) {
    return Unsupported{"no shared memory"};
  }
  virtual Outcome<None> ShmUnlink(const std::string& /*path*/, Interrupts& /*interrupts*/) {
    return Unsupported{"no shared memory"};
  }

  // SharedMemory(name, create, size).
  virtual Outcome<std::unique_ptr<SharedMemory>> OpenSharedMemory(
      const std::optional<std::string>& /*name*/, bool /*create*/, std::int64_t /*size*/) {
    return Unsupported{"no shared memory"};
  }

  // Lock, RLock, Semaphore, BoundedSemaphore, Condition, Event, Barrier: null where there are none.
  virtual SyncTypes* sync_types() { return nullptr; }
};

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_IMPLEMENTATION_H_
