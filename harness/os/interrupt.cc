// SPDX-License-Identifier: MIT
#include "harness/os/interrupt.h"

#include <signal.h>

#include <atomic>

namespace lockstep {
namespace {

std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "it is set in a signal handler");

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

void Note(int) {
  g_interrupted.store(true);
  for (const int number : kSignals) ::signal(number, SIG_DFL);
}

}  // namespace

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = Note;
  for (const int number : kSignals) {
    // Who started us with a signal ignored (nohup) means it.
    struct sigaction before {};
    if (sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    sigaction(number, &action, nullptr);
  }
}

bool Interrupted() { return g_interrupted.load(std::memory_order_relaxed); }

}  // namespace lockstep
