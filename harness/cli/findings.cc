// SPDX-License-Identifier: MIT
#include "harness/cli/findings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "harness/os/affinity.h"
#include "harness/os/call_tracer.h"
#include "harness/os/process_view.h"
#include "harness/os/supervisor.h"

namespace lockstep {
namespace {

int CountScenarios(const std::vector<Scenario>& all, bool (*counts)(const Scenario&)) {
  return static_cast<int>(std::count_if(all.begin(), all.end(), counts));
}

bool ChangesTheMachine(const Scenario& scenario) {
  return std::any_of(scenario.steps.begin(), scenario.steps.end(),
                     [](const Step& step) { return std::holds_alternative<Machine>(step.what); });
}

Finding LookAtIsolation(const std::vector<Scenario>& all) {
  const IsolationProbe& probe = ProbeIsolation();
  switch (probe.isolation) {
    case Isolation::kUserNamespace:
      return {true, "isolation: user, mount and PID namespaces, and a /dev/shm of its own"};
    case Isolation::kNamespaces:
      return {true, "isolation: mount and PID namespaces (as root), and a /dev/shm of its own"};
    case Isolation::kNone:
      break;
  }
  return {
      false, "isolation: none: " + probe.why_not,
      fmt::format("{} scenarios that need a /dev/shm of their own are not run; names in the "
                  "machine's /dev/shm are shared with other programs",
                  CountScenarios(all, ChangesTheMachine)),
      "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or on Ubuntu "
      "kernel.apparmor_restrict_unprivileged_userns=0), or in a container give it --cap-add "
      "SYS_ADMIN",
      "list what is not_run, with its reason, in the expectations (impl/EXPECTATIONS.md), or run "
      "on "
      "a machine that has namespaces; all else is judged here, too"};
}

Finding LookAtSyscalls(const Result<Supervisor>& supervisor) {
  const bool readable =
      supervisor && ThreadProbe(supervisor->pid(), supervisor->pid()).CanSeeSyscalls();
  if (readable)
    return {true,
            "/proc/PID/task/TID/syscall: readable, so that a blocked call is seen, not guessed"};
  const std::string yama = ReadSmallFile("/proc/sys/kernel/yama/ptrace_scope");
  return {
      false,
      fmt::format("/proc/PID/task/TID/syscall: not readable{}",
                  yama.empty() ? "" : " (yama ptrace_scope is " + yama.substr(0, 1) + ")"),
      "that a call is blocked is presumed, after nothing has moved for 30 ms, and printed as such",
      "set kernel.yama.ptrace_scope to 0 or 1; in a container allow ptrace (--cap-add SYS_PTRACE)",
      "nothing needs to be done: everything is judged, more slowly and less surely"};
}

bool ArmsACall(const Scenario& scenario) {
  return std::any_of(scenario.steps.begin(), scenario.steps.end(),
                     [](const Step& step) { return std::holds_alternative<Arm>(step.what); });
}

Finding LookAtTracing(const Result<Supervisor>& supervisor, const std::vector<Scenario>& all) {
  const auto traced = supervisor ? TryTracing(supervisor->pid()) : Result<void>(tl::unexpected(supervisor.error()));
  if (traced) return {true, "ptrace: allowed, so that a call can be broken between two system calls"};
  return {false, traced.error().message,
          fmt::format("{} scenarios that break a call at a system call are not run", CountScenarios(all, ArmsACall)),
          traced.error().hint,
          "list what is not_run, with its reason, in the expectations (impl/EXPECTATIONS.md); all else is judged here, too"};
}

Finding LookAtShm() {
  if (::access("/dev/shm", W_OK) == 0) return {true, "/dev/shm: there, and writable"};
  return {false, "/dev/shm: missing, or not writable for this user", "no semaphore can be made",
          "mount -t tmpfs -o mode=1777 tmpfs /dev/shm", ""};
}

Finding LookAtCpus() {
  const std::size_t cpus = AllowedCpus().size();
  if (cpus > 1) return {true, fmt::format("CPUs: {}", cpus)};
  return {false, "CPUs: 1",
          "hammers cannot catch an unguarded counter: two actors never run at once",
          "run on two CPUs or more", ""};
}

}  // namespace

std::vector<Finding> LookAtMachine(const std::vector<Scenario>& all) {
  // A child of ours, as adapters are: what can be read of ourselves proves nothing. It is gone with the end of this.
  const auto supervisor = Supervisor::Start(Isolation::kNone, "lockstep-doctor");
  return {LookAtShm(), LookAtIsolation(all), LookAtSyscalls(supervisor), LookAtTracing(supervisor, all), LookAtCpus()};
}

}  // namespace lockstep
