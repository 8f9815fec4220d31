// SPDX-License-Identifier: MIT
#include "harness/engine/trace.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>

namespace lockstep {
namespace {

TEST(ActualText, IsTheTranscriptLanguages) {
  EXPECT_EQ(ToText(Actual(Value(true))), "-> True");
  EXPECT_EQ(ToText(Actual(Value(None{}))), "-> None");
  EXPECT_EQ(ToText(Actual(Raised{"ValueError", "too many", std::nullopt})),
            "raises ValueError: too many");
  EXPECT_EQ(ToText(Actual(Raised{"OSError", "", EINVAL})), "raises OSError EINVAL");
  EXPECT_EQ(ToText(Actual(Raised{"OSError", "Invalid argument", EINVAL})),
            "raises OSError EINVAL: Invalid argument");
  EXPECT_EQ(ToText(Actual(Unsupported{"no fork"})), "unsupported: no fork");
  EXPECT_EQ(ToText(Actual(Ended{SIGSEGV})), "died SIGSEGV");
  EXPECT_EQ(ToText(Actual(Ended{3 << 8})), "exited 3");
  EXPECT_EQ(ToText(Actual(Ended{std::nullopt})), "died, how is not known");
  EXPECT_EQ(ToText(Actual(NoAnswer{"p: running"})), "no answer: p: running");
}

TEST(ActualText, SaysHowACallWasSeenBlockedUnlessThatIsSure) {
  EXPECT_EQ(ToText(Actual(Blocked{BlockedBy::kFutex, true, 0})), "-> blocked");
  EXPECT_EQ(ToText(Actual(Blocked{BlockedBy::kDeclared, true, 0})),
            "-> blocked (asleep in a system call that it declares)");
  EXPECT_EQ(ToText(Actual(Blocked{BlockedBy::kQuiet, true, 0})),
            "-> blocked (asleep, nothing moved)");
  EXPECT_EQ(ToText(Actual(Blocked{BlockedBy::kSpinning, true, 0})),
            "-> blocked (spinning: it burns CPU while it waits)");
  EXPECT_EQ(ToText(Actual(Blocked{BlockedBy::kPresumed, true, 0})),
            "-> blocked (presumed: announced and unanswered)");
}

}  // namespace
}  // namespace lockstep
