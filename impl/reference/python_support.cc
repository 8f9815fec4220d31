// SPDX-License-Identifier: MIT
#include "python_support.h"

#include <unistd.h>

#include "test_support.h"

namespace semlock::testing {

int RunPython(const std::string& script, const std::vector<std::string>& names) {
  std::vector<std::string> arguments = {"python3", "-E", "-c", script};
  arguments.insert(arguments.end(), names.begin(), names.end());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execvp("python3", pointers.data());
  return 127;
}

void PythonTest::SetUp() {
  Child probe([] {
    return RunPython(
        "import _multiprocessing, _posixshmem, mmap, sys\n"
        "sys.exit(0 if sys.implementation.name == 'cpython' else 1)",
        {});
  });
  if (probe.Wait() != 0) GTEST_SKIP() << "skipped: python3 is not a CPython with SemLock";
}

}  // namespace semlock::testing
