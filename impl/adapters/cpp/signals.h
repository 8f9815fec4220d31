// SPDX-License-Identifier: MIT
//
// Signals as CPython has them: the handler that the kernel calls only notes that the signal came,
// and what was asked to happen happens later, at a point where anything may be called.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_SIGNALS_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_SIGNALS_H_

#include <signal.h>

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "channel.h"
#include "request.h"

namespace lockstep::adapter {

struct SignalAction {
  enum class Kind { kReturn, kRaise, kCall };

  Kind kind = Kind::kReturn;
  std::string name;                     // of the signal, as it was asked for
  std::string raised_type;              // of kRaise
  std::shared_ptr<const Request> call;  // of kCall
  std::weak_ptr<Channel> channel;       // of the actor that asked: it is told
};

// The number of "SIGUSR1", "SIGRTMIN+3" …; nothing if there is no such signal here.
std::optional<int> SignalNumber(std::string_view name);

// To be called by each thread before it waits for anything. Does nothing, but under
// ThreadSanitizer.
void PrepareThreadForSignals();

// The signals of this process. One object a process, since the kernel's handlers are the process's.
// Any thread may call any method; none blocks.
//
// A signal that comes after the last look at pending() and before the system call that then blocks
// is noticed only when that call ends, as in CPython. Reading requests has no such gap: see
// wake_fd().
class SignalTable {
 public:
  SignalTable();
  ~SignalTable();
  SignalTable(const SignalTable&) = delete;
  SignalTable& operator=(const SignalTable&) = delete;

  // Has `action` run when `number` arrives. Without `restart` the signal ends a system call that
  // blocks with EINTR. 0, or the errno of sigaction().
  int Install(int number, SignalAction action, bool restart);

  // SIG_IGN or SIG_DFL in place of an action. 0, or the errno of sigaction().
  int Dispose(int number, void (*disposition)(int));

  // Whether a signal came since TakeArrived() last found none.
  static bool pending();

  // The action of a signal that arrived, lowest number first as in CPython; each arrival is given
  // out once, and several of one signal may be one. Nothing if there is none.
  std::optional<SignalAction> TakeArrived();

  // A descriptor that is readable once a signal came, or -1 before the first Install(), when there
  // is nothing to wait for. ResetWake() makes it unreadable again.
  int wake_fd() const;
  void ResetWake();

  // For a forked child: what arrived at the parent is not the child's, and the actions, which are,
  // tell `channel` from now on. The mutex must be held by the caller: see mutex().
  void AfterFork(const std::shared_ptr<Channel>& channel);

  // Held over a fork, so that the child does not inherit it locked by a thread that it does not
  // have.
  std::mutex& mutex() { return mutex_; }

 private:
  std::mutex mutex_;
  std::array<std::optional<SignalAction>, NSIG> actions_;
};

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_SIGNALS_H_
