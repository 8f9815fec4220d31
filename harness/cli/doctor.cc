// SPDX-License-Identifier: MIT
// lockstep doctor: what this machine lacks, what that costs, and how to mend it.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "harness/cli/options.h"
#include "harness/os/affinity.h"
#include "harness/os/process_view.h"
#include "harness/os/supervisor.h"

namespace lockstep {
namespace {

struct Finding {
  bool well = true;
  std::string what;
  std::string cost;  // when not well
  std::string mend;
};

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
      return {true, "isolation: user, mount and PID namespaces, and a /dev/shm of its own", "", ""};
    case Isolation::kNamespaces:
      return {true, "isolation: mount and PID namespaces (as root), and a /dev/shm of its own", "",
              ""};
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
      "SYS_ADMIN"};
}

Finding LookAtSyscalls() {
  // A child of ours, as adapters are: what can be read of ourselves proves nothing.
  const auto supervisor = Supervisor::Start(Isolation::kNone, "lockstep-doctor");
  const bool readable =
      supervisor && ThreadProbe(supervisor->pid(), supervisor->pid()).CanSeeSyscalls();
  if (readable)
    return {true,
            "/proc/PID/task/TID/syscall: readable, so that a blocked call is seen, not guessed", "",
            ""};
  const std::string yama = ReadSmallFile("/proc/sys/kernel/yama/ptrace_scope");
  return {
      false,
      fmt::format("/proc/PID/task/TID/syscall: not readable{}",
                  yama.empty() ? "" : " (yama ptrace_scope is " + yama.substr(0, 1) + ")"),
      "that a call is blocked is presumed, after nothing has moved for 30 ms, and printed as such",
      "set kernel.yama.ptrace_scope to 0 or 1; in a container allow ptrace (--cap-add SYS_PTRACE)"};
}

Finding LookAtShm() {
  if (::access("/dev/shm", W_OK) == 0) return {true, "/dev/shm: there, and writable", "", ""};
  return {false, "/dev/shm: missing, or not writable for this user", "no semaphore can be made",
          "mount -t tmpfs -o mode=1777 tmpfs /dev/shm"};
}

Finding LookAtCpus() {
  const std::size_t cpus = AllowedCpus().size();
  if (cpus > 1) return {true, fmt::format("CPUs: {}", cpus), "", ""};
  return {false, "CPUs: 1",
          "hammers cannot catch an unguarded counter: two actors never run at once",
          "run on two CPUs or more"};
}

Finding LookAtInterpreters(Discovery& discovery) {
  const auto oracle = discovery.Oracle();
  if (!oracle) {
    return {false, "oracle: none: no CPython of 3.8 or later was found",
            "there is no oracle's column; scenarios judge all the same", "install python3"};
  }
  return {true, fmt::format("oracle: {}, {}", oracle->name, oracle->note), "", ""};
}

}  // namespace

int DoctorVerb(const Words& words) {
  CLI::App app("What this machine lacks, what that costs, and how to mend it.", "doctor");
  if (const auto status = Parse(app, words.words)) return *status;
  const Places places = ProjectPlaces();
  const auto catalogue = LoadCatalogue(Selection{}, places);
  if (!catalogue) return Complain(catalogue.error());
  Discovery discovery(places);
  utsname name{};
  ::uname(&name);
  fmt::print("kernel {} {}, user {}\n", name.release, name.machine, ::geteuid());
  int lacking = 0;
  for (const Finding& finding : {LookAtShm(), LookAtIsolation((*catalogue)->all), LookAtSyscalls(),
                                 LookAtCpus(), LookAtInterpreters(discovery)}) {
    fmt::print("{}  {}\n", finding.well ? "ok   " : "LACKS", finding.what);
    if (finding.well) continue;
    ++lacking;
    fmt::print("         costs: {}\n         mend:  {}\n", finding.cost, finding.mend);
  }
  fmt::print("\nimplementations:\n  reference\n");
  for (const Interpreter& i : discovery.Interpreters()) {
    fmt::print("  {:<18} {} ({}){}\n", i.kind + "-" + i.full, i.path, i.found_as,
               i.version < kOldestJudged ? ": not judged, too old" : "");
  }
  fmt::print("\n{}\n", lacking == 0 ? "nothing is lacking" : fmt::format("{} lacking", lacking));
  return 0;
}

}  // namespace lockstep
