// SPDX-License-Identifier: MIT
// The certificates run, and pass, on the reference and on a CPython.
#include <gtest/gtest.h>

#include "harness/engine/testing_run.h"
#include "harness/scenario/testing_certificates.h"

namespace lockstep {

void PrintTo(const Certificate& certificate, std::ostream* out) { *out << certificate.name; }

namespace {

class CertificateTest : public testing::TestWithParam<Certificate> {
 protected:
  void RunOn(std::vector<std::string> command) {
    TestSession test(std::move(command));
    const std::string told = Summary(RunTimed(test, GetParam().steps));
    const bool denied = test.supervisor().isolation() == Isolation::kNone &&
                        GetParam().name == std::string("NoRoom");
    EXPECT_EQ(told, denied
                        ? "not run: it needs a /dev/shm of its own, and namespaces are denied here"
                        : "completed");
  }
};

TEST_P(CertificateTest, PassesOnTheReference) { RunOn(ReferenceCommand()); }
TEST_P(CertificateTest, PassesOnCPython) { RunOn(PythonCommand()); }

INSTANTIATE_TEST_SUITE_P(Transcripts, CertificateTest, testing::ValuesIn(kCertificates),
                         [](const auto& about) { return std::string(about.param.name); });

}  // namespace
}  // namespace lockstep
