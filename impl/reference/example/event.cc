// SPDX-License-Identifier: MIT
#include <semlock/semlock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

int main() {
  auto ready = semlock::Event::Create();
  if (!ready) {
    std::fprintf(stderr, "%s: %s\n", PythonTypeName(ready.error()), ready.error().message.c_str());
    return 1;
  }
  const pid_t child = fork();
  if (child == 0) {
    ready->AfterFork();
    _exit(ready->Set() ? 0 : 1);
  }
  const auto set = ready->Wait(/*timeout_s=*/10.0);
  waitpid(child, nullptr, 0);
  std::printf("set: %d\n", set && *set);
  return set && *set ? 0 : 1;
}
