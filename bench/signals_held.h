// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_BENCH_SIGNALS_HELD_H_
#define LOCKSTEP_BENCH_SIGNALS_HELD_H_

#include <signal.h>

namespace lockstep::bench {

// While it lives, what would end the calling thread's process from a terminal or politely is kept waiting:
// for stretches of milliseconds in which names are in the file system.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t held;
    ::sigemptyset(&held);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) ::sigaddset(&held, signal);
    ::pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~SignalsHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_;
};

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_SIGNALS_HELD_H_
