// SPDX-License-Identifier: MIT
//
// The adapter of the reference implementation.
#include "adapter.h"
#include "reference_implementation.h"

int main() {
  const auto implementation = lockstep::adapter::MakeReferenceImplementation();
  return lockstep::adapter::RunAdapter(
      {
          .implementation = "reference",
          .version = LOCKSTEP_VERSION,
          .capabilities = {"fork", "thread", "spawn", "signal", "rebuild_by_name", "unnamed", "shm",
                           "limits", "hammer", "load", "measure", "sync"},
          .build = {{"git", LOCKSTEP_GIT_DESCRIBE}},
      },
      *implementation);
}
