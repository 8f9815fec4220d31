// SPDX-License-Identifier: MIT
//
// The whole adapter around an implementation. A program is an adapter with
//
//   int main() {
//     MyImplementation implementation;  // implementation.h
//     return lockstep::adapter::RunAdapter({.implementation = "mine", …}, implementation);
//   }
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_ADAPTER_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_ADAPTER_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "implementation.h"
#include "value.h"

namespace lockstep::adapter {

// What the adapter says of itself; PROTOCOL.md, section 2, has the fields.
struct AdapterInfo {
  std::string implementation;
  std::string version = {};
  std::string language = "c++";
  std::string like = "3.14";

  // What is claimed. "fork", "thread", "spawn", "signal", "limits", "hammer", "load" and "measure" are
  // RunAdapter()'s own work, but "spawn" needs semaphores that can be rebuilt and "signal" an Acquire() that calls
  // Interrupts::RunHandlers(); "rebuild_by_name", "unnamed", "shm" and "sync" are the
  // implementation's.
  std::vector<std::string> capabilities = {};

  // Facts worth a line in a report. StandardBuildFacts() are added to them.
  std::vector<std::pair<std::string, Value>> build = {};

  std::optional<std::string> owner = {};  // what owns a lock, if it is not the thread
};

// `libc`, `compiler`, `sanitizer` (if built with one) and `debug` (whether assertions are on).
std::vector<std::pair<std::string, Value>> StandardBuildFacts();

// Serves the channel that LOCKSTEP_CHANNEL names, or standard input and output, until the harness
// hangs up, and returns the status that main() should return: 0, or 2 if there is no channel or
// what came over it could not be understood, which is told on standard error. Does not return in
// forked children, nor while threads that it started still run: it ends the process then. To be
// called once, from the main thread, before any other thread exists. SIGPIPE and SIGXFSZ are
// ignored from then on, as CPython has them (Python/pylifecycle.c: init_signals), so that a harness
// that is gone and a file that may not grow are errors of a call.
int RunAdapter(const AdapterInfo& info, Implementation& implementation);

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_ADAPTER_H_
