// SPDX-License-Identifier: MIT
// A session of its own for a test: folder, supervisor, implementation.
#ifndef LOCKSTEP_HARNESS_ADAPTER_TESTING_SESSION_H_
#define LOCKSTEP_HARNESS_ADAPTER_TESTING_SESSION_H_

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/adapter/session.h"
#include "harness/os/testing_support.h"

namespace lockstep {

// Everything below it has ended, and its folder is gone, once it is destroyed.
class TestSession {
 public:
  explicit TestSession(std::vector<std::string> argv, double timeout_scale = 1,
                       Isolation isolation = ProbeIsolation().isolation);
  explicit TestSession(Implementation implementation, double timeout_scale = 1,
                       Isolation isolation = ProbeIsolation().isolation);
  ~TestSession();
  TestSession(const TestSession&) = delete;
  TestSession& operator=(const TestSession&) = delete;

  Session& session() { return *session_; }
  Supervisor& supervisor() { return *supervisor_; }
  const std::string& name_prefix() const { return name_prefix_; }
  const std::string& folder() const { return folder_.path(); }
  // Ends the session, and with it the adapter; the supervisor stays.
  void EndSession() { session_.reset(); }

 private:
  const std::string name_prefix_ = TestNamePrefix();
  const TestFolder folder_;
  const Implementation implementation_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<Session> session_;
};

// The commands of the adapters that tests use: the reference's, the reference runner's, a
// misbehaving one.
std::vector<std::string> ReferenceCommand();
std::vector<std::string> PythonCommand();
std::vector<std::string> FakeCommand(const std::string& misbehaviour);
Implementation ImplementationOf(std::vector<std::string> argv);

// `on.operation(args)`, with the result kept as `as`.
Request RequestFor(std::string operation, std::string on = "", std::vector<Value> args = {},
                   std::string as = "");

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ADAPTER_TESTING_SESSION_H_
