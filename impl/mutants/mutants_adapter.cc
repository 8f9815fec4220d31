// SPDX-License-Identifier: MIT
//
// lockstep-adapter-mutants NAME: the reference's adapter with one deliberate defect. `none` has
// none; --list prints the table.
#include <cstdio>
#include <cstring>

#include "adapter.h"
#include "as_annotated.h"
#include "defect.h"
#include "mutant_implementation.h"

namespace {

int Serve() {
  using lockstep::mutants::Kind;
  const lockstep::mutants::Defect* defect = lockstep::mutants::Active();
  const bool port = lockstep::mutants::IsKind(Kind::kPort);
  std::vector<std::string> capabilities = {"fork",   "thread", "spawn", "signal", "rebuild_by_name",
                                           "limits", "hammer", "load",  "measure"};
  if (!port) capabilities.insert(capabilities.end(), {"unnamed", "shm", "sync"});
  const auto implementation =
      port ? lockstep::mutants::MakeAsAnnotated() : lockstep::mutants::MakeMutantImplementation();
  const std::string name = defect == nullptr ? "none" : std::string(defect->name);
  return lockstep::adapter::RunAdapter({.implementation = "mutant " + name,
                                        .version = LOCKSTEP_VERSION,
                                        .capabilities = capabilities},
                                       *implementation);
}

}  // namespace

int main(int argc, char** argv) {
  const char* const name = argc == 2 ? argv[1] : "";
  if (std::strcmp(name, "--list") == 0) {
    std::fputs(lockstep::mutants::TableAsJsonLines().c_str(), stdout);
    return 0;
  }
  if (lockstep::mutants::Activate(name)) return Serve();
  std::fprintf(stderr, "usage: lockstep-adapter-mutants NAME | none | --list\n");
  return 2;
}
