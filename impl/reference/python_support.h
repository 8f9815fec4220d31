// SPDX-License-Identifier: MIT
//
// What the tests share that have a CPython at the other end.
#ifndef LOCKSTEP_IMPL_REFERENCE_PYTHON_SUPPORT_H_
#define LOCKSTEP_IMPL_REFERENCE_PYTHON_SUPPORT_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace semlock::testing {

// Becomes python3, running `script` with the names as sys.argv[1:]; for the body of a Child. 127 if
// there is no python3.
int RunPython(const std::string& script, const std::vector<std::string>& names);

// Skips its tests where python3 is not a CPython with SemLock.
class PythonTest : public ::testing::Test {
 protected:
  void SetUp() override;
};

}  // namespace semlock::testing

#endif  // LOCKSTEP_IMPL_REFERENCE_PYTHON_SUPPORT_H_
