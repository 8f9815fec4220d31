// SPDX-License-Identifier: MIT
// Follows one call of an actor from system call to system call, and breaks it at one of them.
//
// The *window* is what is counted and recorded. It opens when the actor has read its request: at
// the exit of a read on its channel. It opens anew, with nothing counted, when the actor has
// announced the call (`calling`, impl/adapters/PROTOCOL.md, section 3). It closes when the answer is
// about to be written: there the thread is let go, so that the answer and all that follows it run
// untraced. Notes of signals handled are neither counted nor recorded, nor are reads of the channel.
//
// Ordinals count entries of one system call in the window, from 1. One that the kernel begins again
// after a signal is a new entry: under its own number, or as restart_syscall. What the actor slept
// in when it was seized began before the window, and is never counted.
#ifndef LOCKSTEP_HARNESS_OS_CALL_TRACER_H_
#define LOCKSTEP_HARNESS_OS_CALL_TRACER_H_

#include <sys/types.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "harness/os/clock.h"
#include "harness/os/fd.h"
#include "harness/os/result.h"

namespace lockstep {

// What is to happen, and at which stop.
struct CallBreak {
  enum class Kind {
    kNone,    // nothing: the call is recorded
    kKill,    // SIGKILL to its process
    kSignal,  // one `signal` to its thread
    kFail,    // the system call is not made, and returns -errno_value
  };
  Kind kind = Kind::kNone;
  long syscall = -1;  // its number
  bool at_exit = false;
  int ordinal = 1;
  bool and_later = false;  // kFail: and every later one of the window
  int signal = 0;
  int errno_value = 0;
};

struct CallTrace {
  struct Syscall {
    long number = -1;
    std::optional<long> returned;  // as the kernel has it; nothing: it never returned
    // kNone only: it asks for, gives back or advises on memory of no file, as an allocator does.
    bool of_memory = false;
  };
  std::vector<Syscall> calls;  // in order of entry
  bool reached = false;        // the stop of the break came
  enum class End {
    kAnswered,  // it was let go before its answer
    kDied,
  } end = End::kDied;
};

// One armed call of one thread. Has a thread of its own, which ends by itself with the window.
class CallTracer {
 public:
  struct Options {
    pid_t pid = 0;  // the process, and the thread of it that makes the call, both as we call them
    pid_t tid = 0;
    int in_fd = -1;   // our ends of the actor's channel, by which its own are told: what it reads
    int out_fd = -1;  // and what it writes
    int cpu = -1;     // that the actor is pinned to, if any: the tracer then goes there, too
    CallBreak what;
  };

  // Returns once the thread, which is to be idle in a read of its channel, is seized and runs on.
  // Errors are those of TracedThread::Seize, and a kFail that cannot be done on this architecture.
  // A thread that is gone is no error: its trace ends at once.
  static Result<std::unique_ptr<CallTracer>> Start(const Options& options);

  // Kills the process if the window is still open, and waits for the thread. Bounded by how long
  // the kernel takes to end a killed process.
  ~CallTracer();
  CallTracer(const CallTracer&) = delete;
  CallTracer& operator=(const CallTracer&) = delete;

  // What came of it, once the window has closed; nothing when it does not within `limit`. Whoever
  // has read the actor's answer does not wait. A death is known here only when the tracer has seen
  // it, which is a moment later than its pidfd's; only then can its parent reap it.
  std::optional<CallTrace> Await(nanoseconds limit);

 private:
  class Window;

  explicit CallTracer(const Options& options);
  void Run();
  void Publish(CallTrace trace);

  const Options options_;
  UniqueFd pidfd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool started_ = false;         // guarded by mutex_, as are the next two
  std::optional<Error> denied_;
  std::optional<CallTrace> trace_;
  std::thread thread_;  // last: it uses all others
};

// Whether a thread may be traced here, tried on this one: it is seized and let go. Bounded as the
// destructor above, and by the thread's own way to its next stop.
Result<void> TryTracing(pid_t tid);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_CALL_TRACER_H_
