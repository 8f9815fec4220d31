// SPDX-License-Identifier: MIT
#include "harness/adapter/testing_session.h"

namespace lockstep {

TestSession::TestSession(std::vector<std::string> argv, double timeout_scale, Isolation isolation)
    : TestSession(ImplementationOf(std::move(argv)), timeout_scale, isolation) {}

TestSession::TestSession(Implementation implementation, double timeout_scale, Isolation isolation)
    : implementation_(std::move(implementation)) {
  auto supervisor = Supervisor::Start(isolation, name_prefix_);
  CHECK(supervisor.has_value());
  supervisor_ = std::make_unique<Supervisor>(std::move(*supervisor));
  session_ = std::make_unique<Session>(implementation_, *supervisor_,
                                       SessionOptions{folder_.path(), -1, timeout_scale});
}

TestSession::~TestSession() {
  session_.reset();
  supervisor_.reset();
}

std::vector<std::string> ReferenceCommand() { return {LOCKSTEP_REFERENCE_ADAPTER}; }
std::vector<std::string> PythonCommand() {
  return {LOCKSTEP_PYTHON, LOCKSTEP_ROOT "/impl/adapters/python/lockstep_adapter.py"};
}
std::vector<std::string> FakeCommand(const std::string& misbehaviour) {
  return {LOCKSTEP_PYTHON, LOCKSTEP_ROOT "/impl/adapters/fakes/fake_adapter.py", misbehaviour};
}

Implementation ImplementationOf(std::vector<std::string> argv) {
  Implementation implementation;
  implementation.name = "tested";
  implementation.family = "tested";
  implementation.argv = std::move(argv);
  return implementation;
}

Request RequestFor(std::string operation, std::string on, std::vector<Value> args, std::string as) {
  Request request;
  request.operation = std::move(operation);
  request.on = std::move(on);
  request.args = std::move(args);
  request.as = std::move(as);
  return request;
}

}  // namespace lockstep
