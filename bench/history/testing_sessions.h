// SPDX-License-Identifier: MIT
// Sessions for tests, and processes that store them.
#ifndef LOCKSTEP_BENCH_HISTORY_TESTING_SESSIONS_H_
#define LOCKSTEP_BENCH_HISTORY_TESTING_SESSIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "bench/history/store.h"
#include "bench/session/session.h"
#include "harness/os/fd.h"
#include "harness/os/testing_support.h"

namespace lockstep::bench {

// All of it follows from the two numbers: who finds a session in a store knows what it has to hold.
SessionRecord TestSession(int writer, int number);

// Whether two sessions are the same, to the last bit.
bool Same(const SessionRecord& a, const SessionRecord& b);

// A process that stores TestSession(writer, 0), (writer, 1) … up to `count`, and says the id of each once it is stored.
class TestWriter {
 public:
  TestWriter(const std::string& where, int writer, int count);

  // The next id that it said; empty when it has ended.
  std::string NextId();
  // Kills it, and gives what it said that was not read yet.
  std::vector<std::string> Kill();
  // Waits for its end; its exit status, 0 if all were stored.
  int Wait() { return child_->Wait(); }

 private:
  UniqueFd said_;
  std::unique_ptr<TestChild> child_;
};

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_HISTORY_TESTING_SESSIONS_H_
