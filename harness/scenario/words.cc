// SPDX-License-Identifier: MIT
#include "harness/scenario/words.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace lockstep::transcript {
namespace {

using Words = std::vector<std::string>;

struct Number {
  std::string name;
  int value;
};

// The values are this machine's: adapters run on the same one.
const std::vector<Number>& Constants() {
  static const std::vector<Number> constants = {
      {"RECURSIVE_MUTEX", 0}, {"SEMAPHORE", 1},   {"SEM_VALUE_MAX", INT_MAX},
      {"O_RDONLY", O_RDONLY}, {"O_RDWR", O_RDWR}, {"O_WRONLY", O_WRONLY},
      {"O_CREAT", O_CREAT},   {"O_EXCL", O_EXCL}, {"O_TRUNC", O_TRUNC},
  };
  return constants;
}

const std::vector<Number>& Errnos() {
#define LOCKSTEP_ERRNO(name) \
  { #name, name }
  static const std::vector<Number> errnos = {
      LOCKSTEP_ERRNO(EPERM),       LOCKSTEP_ERRNO(ENOENT),       LOCKSTEP_ERRNO(ESRCH),
      LOCKSTEP_ERRNO(EINTR),       LOCKSTEP_ERRNO(EIO),          LOCKSTEP_ERRNO(ENXIO),
      LOCKSTEP_ERRNO(E2BIG),       LOCKSTEP_ERRNO(ENOEXEC),      LOCKSTEP_ERRNO(EBADF),
      LOCKSTEP_ERRNO(ECHILD),      LOCKSTEP_ERRNO(EAGAIN),       LOCKSTEP_ERRNO(ENOMEM),
      LOCKSTEP_ERRNO(EACCES),      LOCKSTEP_ERRNO(EFAULT),       LOCKSTEP_ERRNO(EBUSY),
      LOCKSTEP_ERRNO(EEXIST),      LOCKSTEP_ERRNO(EXDEV),        LOCKSTEP_ERRNO(ENODEV),
      LOCKSTEP_ERRNO(ENOTDIR),     LOCKSTEP_ERRNO(EISDIR),       LOCKSTEP_ERRNO(EINVAL),
      LOCKSTEP_ERRNO(ENFILE),      LOCKSTEP_ERRNO(EMFILE),       LOCKSTEP_ERRNO(ENOTTY),
      LOCKSTEP_ERRNO(ETXTBSY),     LOCKSTEP_ERRNO(EFBIG),        LOCKSTEP_ERRNO(ENOSPC),
      LOCKSTEP_ERRNO(ESPIPE),      LOCKSTEP_ERRNO(EROFS),        LOCKSTEP_ERRNO(EMLINK),
      LOCKSTEP_ERRNO(EPIPE),       LOCKSTEP_ERRNO(EDOM),         LOCKSTEP_ERRNO(ERANGE),
      LOCKSTEP_ERRNO(EDEADLK),     LOCKSTEP_ERRNO(ENAMETOOLONG), LOCKSTEP_ERRNO(ENOLCK),
      LOCKSTEP_ERRNO(ENOSYS),      LOCKSTEP_ERRNO(ENOTEMPTY),    LOCKSTEP_ERRNO(ELOOP),
      LOCKSTEP_ERRNO(EOVERFLOW),   LOCKSTEP_ERRNO(EILSEQ),       LOCKSTEP_ERRNO(EOPNOTSUPP),
      LOCKSTEP_ERRNO(ETIMEDOUT),   LOCKSTEP_ERRNO(ESTALE),       LOCKSTEP_ERRNO(EDQUOT),
      LOCKSTEP_ERRNO(ECANCELED),   LOCKSTEP_ERRNO(EOWNERDEAD),   LOCKSTEP_ERRNO(ENOTRECOVERABLE),
      LOCKSTEP_ERRNO(ENODATA),     LOCKSTEP_ERRNO(EPROTO),       LOCKSTEP_ERRNO(EMSGSIZE),
      LOCKSTEP_ERRNO(EALREADY),    LOCKSTEP_ERRNO(EINPROGRESS),  LOCKSTEP_ERRNO(ECONNREFUSED),
      LOCKSTEP_ERRNO(ECONNRESET),  LOCKSTEP_ERRNO(ECONNABORTED), LOCKSTEP_ERRNO(ESHUTDOWN),
      LOCKSTEP_ERRNO(EWOULDBLOCK), LOCKSTEP_ERRNO(ENOTSUP),
  };
#undef LOCKSTEP_ERRNO
  return errnos;
}

const std::vector<ExceptionName>& Exceptions() {
  static const std::vector<ExceptionName> exceptions = [] {
    // Python's documentation of OSError says which errno becomes which subclass.
    std::vector<ExceptionName> all = {
        {"OSError", true, {}},
        {"BlockingIOError", true, {EAGAIN, EALREADY, EINPROGRESS}},
        {"ChildProcessError", true, {ECHILD}},
        {"BrokenPipeError", true, {EPIPE, ESHUTDOWN}},
        {"ConnectionAbortedError", true, {ECONNABORTED}},
        {"ConnectionRefusedError", true, {ECONNREFUSED}},
        {"ConnectionResetError", true, {ECONNRESET}},
        {"FileExistsError", true, {EEXIST}},
        {"FileNotFoundError", true, {ENOENT}},
        {"InterruptedError", true, {EINTR}},
        {"IsADirectoryError", true, {EISDIR}},
        {"NotADirectoryError", true, {ENOTDIR}},
        {"PermissionError", true, {EACCES, EPERM}},
        {"ProcessLookupError", true, {ESRCH}},
        {"TimeoutError", true, {ETIMEDOUT}},
    };
    for (const char* name : {"ArithmeticError",    "AssertionError",
                             "AttributeError",     "BaseException",
                             "BrokenBarrierError", "BufferError",
                             "DeprecationWarning", "EOFError",
                             "Exception",          "FloatingPointError",
                             "GeneratorExit",      "ImportError",
                             "IndexError",         "KeyError",
                             "KeyboardInterrupt",  "LookupError",
                             "MemoryError",        "ModuleNotFoundError",
                             "NameError",          "NotImplementedError",
                             "OverflowError",      "PicklingError",
                             "RecursionError",     "ReferenceError",
                             "ResourceWarning",    "RuntimeError",
                             "RuntimeWarning",     "StopIteration",
                             "SyntaxError",        "SystemError",
                             "SystemExit",         "TypeError",
                             "UnicodeDecodeError", "UnicodeEncodeError",
                             "UnicodeError",       "UserWarning",
                             "ValueError",         "Warning",
                             "ZeroDivisionError"}) {
      all.push_back({name, false, {}});
    }
    return all;
  }();
  return exceptions;
}

template <class T>
const T* Find(const std::vector<T>& all, std::string_view name) {
  for (const T& one : all) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

template <class T>
Words NamesOf(const std::vector<T>& all) {
  Words names;
  for (const T& one : all) names.push_back(one.name);
  return names;
}

}  // namespace

std::string_view KindName(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kSemLock: return "SemLock";
    case ObjectKind::kSharedMemory: return "SharedMemory";
    case ObjectKind::kLock: return "Lock";
    case ObjectKind::kCondition: return "Condition";
    case ObjectKind::kEvent: return "Event";
    case ObjectKind::kBarrier: return "Barrier";
    case ObjectKind::kAny: break;
  }
  return "";
}

const std::vector<Operation>& Operations() {
  using enum ObjectKind;
  static const std::vector<Operation> operations = {
      {"SemLock", {}, "", kSemLock},
      {"SemLock._rebuild", {}, "", kSemLock},
      {"SemLock.unnamed", {}, "unnamed", kSemLock},
      {"Lock", {}, "sync", kLock},
      {"Lock.attach", {}, "sync", kLock},
      {"RLock", {}, "sync", kLock},
      {"RLock.attach", {}, "sync", kLock},
      {"Semaphore", {}, "sync", kLock},
      {"Semaphore.attach", {}, "sync", kLock},
      {"BoundedSemaphore", {}, "sync", kLock},
      {"BoundedSemaphore.attach", {}, "sync", kLock},
      {"Condition", {}, "sync", kCondition},
      {"Condition.attach", {}, "sync", kCondition},
      {"Event", {}, "sync", kEvent},
      {"Event.attach", {}, "sync", kEvent},
      {"Barrier", {}, "sync", kBarrier},
      {"acquire", {kSemLock, kLock, kCondition}, "", {}},
      {"release", {kSemLock, kLock, kCondition}, "", {}},
      {"_count", {kSemLock}, "", {}},
      {"_is_mine", {kSemLock}, "", {}},
      {"_get_value", {kSemLock}, "", {}},
      {"_is_zero", {kSemLock}, "", {}},
      {"_after_fork", {kSemLock}, "", {}},
      {"__enter__", {kSemLock, kLock, kCondition}, "", {}},
      {"__exit__", {kSemLock, kLock, kCondition}, "", {}},
      {"locked", {kLock}, "sync", {}},
      {"get_value", {kLock}, "sync", {}},
      {"wait", {kCondition, kEvent, kBarrier}, "sync", {}},
      {"notify", {kCondition}, "sync", {}},
      {"notify_all", {kCondition}, "sync", {}},
      {"is_set", {kEvent}, "sync", {}},
      {"set", {kEvent}, "sync", {}},
      {"clear", {kEvent}, "sync", {}},
      {"reset", {kBarrier}, "sync", {}},
      {"abort", {kBarrier}, "sync", {}},
      {"sem_unlink", {}, "", {}},
      {"shm_open", {}, "shm", {}},
      {"shm_unlink", {}, "shm", {}},
      {"SharedMemory", {}, "shm", kSharedMemory},
      {"close", {kSharedMemory}, "shm", {}},
      {"unlink", {kSharedMemory}, "shm", {}},
      {"read", {kSharedMemory}, "shm", {}},
      {"write", {kSharedMemory}, "shm", {}},
      {"ftruncate", {}, "shm", {}},
      {"fstat_size", {}, "shm", {}},
      {"close_fd", {}, "shm", {}},
      {"get", {kAny}, "", {}},
      {"del", {kAny}, "", {}},
      {"eval", {}, "python", kAny},
      {"python", {}, "python", {}},
      {"nop", {}, "", {}},
      {"exit", {}, "", {}},
      {"end", {}, "thread", {}},
      {"umask", {}, "limits", {}},
      {"rlimit", {}, "limits", {}},
  };
  return operations;
}

const Operation* FindOperation(std::string_view name) { return Find(Operations(), name); }

const Words& AttributesOf(ObjectKind kind) {
  static const Words none = {};
  static const Words sem_lock = {"handle", "kind", "maxvalue", "name", "SEM_VALUE_MAX"};
  static const Words shared_memory = {"buf", "name", "size"};
  static const Words barrier = {"broken", "n_waiting", "parties"};
  static const Words any = {"SEM_VALUE_MAX", "broken",    "buf",  "handle",  "kind",
                            "maxvalue",      "n_waiting", "name", "parties", "size"};
  switch (kind) {
    case ObjectKind::kSemLock: return sem_lock;
    case ObjectKind::kSharedMemory: return shared_memory;
    case ObjectKind::kBarrier: return barrier;
    case ObjectKind::kLock:
    case ObjectKind::kCondition:
    case ObjectKind::kEvent: return none;
    case ObjectKind::kAny: break;
  }
  return any;
}

const Words& ConstantNames() {
  static const Words names = NamesOf(Constants());
  return names;
}

std::optional<std::int64_t> ConstantValue(std::string_view name) {
  const Number* found = Find(Constants(), name);
  if (found == nullptr) return std::nullopt;
  return found->value;
}

const ExceptionName* FindException(std::string_view name) { return Find(Exceptions(), name); }

const Words& ExceptionNames() {
  static const Words names = NamesOf(Exceptions());
  return names;
}

std::optional<int> ErrnoValue(std::string_view name) {
  const Number* found = Find(Errnos(), name);
  if (found == nullptr) return std::nullopt;
  return found->value;
}

std::string ErrnoName(int value) {
  for (const Number& one : Errnos()) {
    if (one.value == value) return one.name;
  }
  return std::to_string(value);
}

const Words& ErrnoNames() {
  static const Words names = NamesOf(Errnos());
  return names;
}

const Words& SignalNames() {
  static const Words names = {
      "SIGABRT",   "SIGALRM", "SIGBUS",  "SIGCHLD",   "SIGCONT",  "SIGFPE",  "SIGHUP",  "SIGILL",
      "SIGINT",    "SIGIO",   "SIGKILL", "SIGPIPE",   "SIGPROF",  "SIGPWR",  "SIGQUIT", "SIGSEGV",
      "SIGSTKFLT", "SIGSTOP", "SIGSYS",  "SIGTERM",   "SIGTRAP",  "SIGTSTP", "SIGTTIN", "SIGTTOU",
      "SIGURG",    "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ"};
  return names;
}

const Words& ReservedWords() {
  static const Words words = {"start",  "fork", "spawn",    "thread",  "kill", "stop",  "cont",
                              "signal", "on",   "together", "machine", "left", "hammer",
                              "interleave", "fail", "trace"};
  return words;
}

const Words& StepWords() {
  static const Words words = {"fork",   "thread", "spawn",   "on",   "hammer", "returns",
                              "raises", "still",  "handled", "died", "exited"};
  return words;
}

const Words& TypeWords() {
  static const Words words = {"int", "str", "float", "bytes", "bool"};
  return words;
}

const Words& CapabilityNames() {
  static const Words names = {"fork",    "thread", "spawn",  "signal", "rebuild_by_name",
                              "unnamed", "shm",    "limits", "hammer", "python",
                              "sync"};
  return names;
}

bool Contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace lockstep::transcript
