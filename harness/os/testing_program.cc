// SPDX-License-Identifier: MIT
// What tests of the supervisor run below it: `testing-program WHAT [ARGUMENT]`. Each ends by itself
// after a minute.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "harness/os/names.h"

namespace {

constexpr unsigned kLifetimeS = 60;

int PrintResult(int failed_errno) {
  std::puts(failed_errno == 0 ? "ok" : lockstep::ErrnoName(failed_errno).c_str());
  return 0;
}

// Creates the name, and puts a page into it.
int OpenShm(const char* name) {
  const int fd = ::shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return PrintResult(errno);
  const std::string page(4096, 'x');
  return PrintResult(::write(fd, page.data(), page.size()) < 0 ? errno : 0);
}

[[noreturn]] void Linger() {
  while (true) ::pause();
}

// Forks and exits, and so does the child, as fast as it goes: whoever lists processes is always
// late.
int RunAway() {
  for (int i = 0; i < 1'000'000; ++i) {
    const pid_t pid = ::fork();
    if (pid > 0) ::_exit(0);
    ::alarm(kLifetimeS);
  }
  return 0;
}

// Every process has two children, `depth` deep; all stay.
[[noreturn]] void GrowTree(int depth) {
  for (int children = 0; children < 2 && depth > 0; ++children) {
    if (::fork() != 0) continue;
    ::alarm(kLifetimeS);
    --depth;
    children = -1;  // this is the child, and has none yet
  }
  Linger();
}

// Leaves a process in a session of its own, which ignores what can be ignored.
int BecomeDaemon() {
  for (const int signal : {SIGTERM, SIGHUP, SIGINT}) ::signal(signal, SIG_IGN);
  if (::fork() != 0) return 0;
  ::setsid();
  if (::fork() != 0) return 0;
  ::alarm(kLifetimeS);
  Linger();
}

}  // namespace

int main(int argc, char** argv) {
  ::alarm(kLifetimeS);
  const std::string what = argc > 1 ? argv[1] : "";
  const char* argument = argc > 2 ? argv[2] : "";
  if (what == "shm-open") return OpenShm(argument);
  if (what == "linger") Linger();
  if (what == "run-away") return RunAway();
  if (what == "tree") GrowTree(std::atoi(argument));
  if (what == "daemon") return BecomeDaemon();
  if (what == "exit") return std::atoi(argument);
  if (what == "die") return ::raise(std::atoi(argument));
  std::fprintf(stderr,
               "usage: testing-program shm-open|linger|run-away|tree|daemon|exit|die [ARGUMENT]\n");
  return 2;
}
