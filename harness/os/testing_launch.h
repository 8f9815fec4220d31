// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_TESTING_LAUNCH_H_
#define LOCKSTEP_HARNESS_OS_TESTING_LAUNCH_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/os/supervisor.h"
#include "harness/os/testing_support.h"

namespace lockstep {

// A test in every isolation that this machine allows, with a supervisor of its own.
class SupervisorTest : public testing::TestWithParam<Isolation> {
 protected:
  void SetUp() override {
    auto started = Supervisor::Start(GetParam(), prefix_);
    ASSERT_TRUE(started) << started.error().message;
    supervisor_ = std::make_unique<Supervisor>(std::move(*started));
  }

  static LaunchOptions Command(std::vector<std::string> argv) {
    LaunchOptions options;
    options.argv = std::move(argv);
    options.environment = {"PATH=/usr/bin:/bin"};
    return options;
  }
  static LaunchOptions Program(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), LOCKSTEP_TESTING_PROGRAM);
    return Command(std::move(arguments));
  }
  static LaunchOptions Shell(const std::string& script) { return Command({"sh", "-c", script}); }

  // What a command prints until all that it started has ended, or closed it.
  std::string OutputOf(LaunchOptions options) {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return "no pipe";
    const UniqueFd reader(fds[0]);
    UniqueFd writer(fds[1]);
    options.output_fd = writer.get();
    const auto launched = supervisor_->Launch(options);
    writer.Reset();
    if (!launched) return launched.error().message;
    return ReadToEnd(reader.get());
  }

  const std::string prefix_ = TestNamePrefix();
  std::unique_ptr<Supervisor> supervisor_;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_TESTING_LAUNCH_H_
