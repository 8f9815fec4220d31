// SPDX-License-Identifier: MIT
//
// The adapter of POSIX's named semaphores as the C library has them: README.md.
#include "adapter.h"
#include "raw_implementation.h"

int main() {
  const auto implementation = lockstep::adapter::MakeRawImplementation();
  return lockstep::adapter::RunAdapter(
      {
          .implementation = "raw",
          .version = LOCKSTEP_VERSION,
          .language = "c",
          // Not "load": its recursive mutexes and its releases beyond a maximum would mean something else here.
          .capabilities = {"fork", "thread", "spawn", "signal", "rebuild_by_name", "limits", "hammer", "measure"},
      },
      *implementation);
}
