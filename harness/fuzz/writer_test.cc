// SPDX-License-Identifier: MIT
#include "harness/fuzz/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/scenario/parser.h"

namespace lockstep::fuzz {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What is written again of a transcript: the expectations are the model's.
Written Again(const std::string& transcript, const Subject& subject = {}) {
  const auto steps = ParseSteps(transcript, "t.toml", 1);
  EXPECT_TRUE(steps) << steps.error().Text();
  Writer writer("fuzz/x", subject);
  writer.Repeat(*steps);
  return writer.Take();
}

const std::string kSemaphore0 = "p s = SemLock(1, 0, 2, NAME, True) -> ...\n";

TEST(Writer, WritesTheSameAgain) {
  const std::string text = kSemaphore0 +
                           "p fork a1\n"
                           "p thread a2\n"
                           "a1 s.acquire() -> blocked\n"
                           "a2 s.acquire(timeout=60.0) -> blocked\n"
                           "p s.release() -> None\n"
                           "a1|a2 returns True as w9, other l9\n"
                           "w9 s._get_value() -> 0\n"
                           "kill a1 SIGKILL\n";
  // The last line is of one who has another name by then.
  EXPECT_EQ(Again(text).scenario.steps_text, text.substr(0, text.rfind("kill")));
}

TEST(Writer, LeavesOutWhatIsNotAllowed) {
  // Of so long a timeout the model has no opinion, and p cannot be killed.
  EXPECT_EQ(Again(kSemaphore0 + "p thread a1\na1 s.acquire(timeout=1e8) -> blocked\nkill p SIGKILL\n").scenario.steps_text,
            kSemaphore0 + "p thread a1\n");
}

TEST(Writer, LeavesOutWhatTheSubjectLacks) {
  Subject subject;
  subject.capabilities = {"thread"};
  EXPECT_EQ(Again(kSemaphore0 + "p fork a1\np thread a2\na2 s.release() -> None\n", subject).scenario.steps_text,
            kSemaphore0 + "p thread a2\na2 s.release() -> None\n");
  subject.capabilities.reset();
  subject.unsupported = {"s.acquire(None)"};
  EXPECT_EQ(Again("p t = SemLock(1, 0, 2, NAME2, True) -> ...\np t.acquire(None) raises TypeError\n", subject)
                .scenario.steps_text,
            "p t = SemLock(1, 0, 2, NAME2, True) -> ...\n");
}

TEST(Writer, SpeaksOfStoppedProcessesWhereItIsKnownWhoIsServed) {
  const std::string text = kSemaphore0 +
                           "p fork a1\n"
                           "a1 s.acquire() -> blocked\n"
                           "stop a1\n"
                           "p s.release() -> None\n"
                           "p s._get_value() -> 1\n"
                           "cont a1\n"
                           "a1 returns True\n";
  const Written written = Again(text);
  EXPECT_EQ(written.scenario.steps_text, text);
  EXPECT_THAT(written.sights, Contains("stopped"));
  // Whom a post reaches of one that is stopped and one that is not is open.
  EXPECT_THAT(Again(kSemaphore0 + "p fork a1\np thread a2\na1 s.acquire() -> blocked\n"
                                  "a2 s.acquire() -> blocked\nstop a1\n")
                  .scenario.steps_text,
              Not(HasSubstr("stop a1")));
  EXPECT_THAT(Again(kSemaphore0 + "p fork a1\np thread a2\na1 s.acquire() -> blocked\nstop a1\n"
                                  "a2 s.acquire() -> blocked\n")
                  .scenario.steps_text,
              Not(HasSubstr("a2 s.acquire")));
}

// Who was woken is open, and what of it depends on that is not asked.
TEST(Writer, DoesNotTouchNamesThatDependOnWhoWasWoken) {
  const std::string text = kSemaphore0 +
                           "p fork a1\n"
                           "p fork a2\n"
                           "a1 m = SharedMemory(BARE4, create=True, size=4) -> ...\n"
                           "a2 m = SharedMemory(BARE5, create=True, size=4) -> ...\n"
                           "a1 s.acquire() -> blocked\n"
                           "a2 s.acquire() -> blocked\n"
                           "p s.release() -> None\n"
                           "a1|a2 returns True as w1, other l1x1\n";
  EXPECT_EQ(Again(text + "w1 m.unlink() -> None\n").scenario.steps_text, text + "left NAME4, NAME5\n");
}

TEST(Writer, GivesEachWakeUpItsOwnNames) {
  // The first round keeps the names that it had; the second would have had them by its number.
  const std::string text = kSemaphore0 +
                           "p fork a1\np fork a2\na1 s.acquire() -> blocked\na2 s.acquire() -> blocked\n"
                           "p s.release() -> None\na1|a2 returns True as w2, other l2x1\n"
                           "w2 s.acquire() -> blocked\np s.release() -> None\n";
  const Written written = Again(text);
  EXPECT_THAT(written.scenario.steps_text, HasSubstr(" as w1, other l1x1\n"));
  EXPECT_TRUE(ParseSteps(written.scenario.steps_text, "t.toml", 1)) << written.scenario.steps_text;
}

TEST(Writer, SaysWhatASignalDoes) {
  const std::string text = kSemaphore0 +
                           "p on SIGUSR1 return\n"
                           "p s.acquire() -> blocked\n"
                           "signal p SIGUSR1\n"
                           "p handled SIGUSR1\n"
                           "p still blocked\n";
  EXPECT_EQ(Again(text).scenario.steps_text, text);
  const std::string raising = kSemaphore0 +
                              "p on SIGUSR1 raise ValueError\n"
                              "p s.acquire() -> blocked\n"
                              "signal p SIGUSR1\n"
                              "p raises ValueError\n"
                              "p s._count() -> 0\n";
  EXPECT_EQ(Again(raising).scenario.steps_text, raising);
}

TEST(Writer, ListsWhatIsLeft) {
  EXPECT_THAT(Again("p s = SemLock(1, 0, 2, NAME2, False) -> ...\n"
                    "p m = SharedMemory(BARE4, create=True, size=4) -> ...\n")
                  .scenario.steps_text,
              HasSubstr("\nleft NAME2, NAME4\n"));
}

TEST(Writer, CountsStatesAndSituations) {
  const Written once = Again(kSemaphore0 + "p s.release() -> None\n");
  const Written twice = Again(kSemaphore0 + "p s.release() -> None\np s._get_value() -> 1\n");
  EXPECT_EQ(once.states.size(), 2u);
  EXPECT_EQ(twice.states.back(), twice.states[1]) << "looking changes nothing";
  EXPECT_NE(twice.transitions.back(), twice.transitions[1]);
  EXPECT_THAT(twice.situations, Contains(HasSubstr("semaphore _get_value: ")));
}

TEST(Smaller, IsFewerStepsThenFewerProcessesThenLessText) {
  const Scenario two = Again(kSemaphore0 + "p fork a1\na1 s._count() -> 0\n").scenario;
  const Scenario thread = Again(kSemaphore0 + "p thread a1\na1 s._count() -> 0\n").scenario;
  const Scenario one = Again(kSemaphore0 + "p fork a1\n").scenario;
  EXPECT_TRUE(IsSmaller(one, two));
  EXPECT_TRUE(IsSmaller(thread, two));
  EXPECT_FALSE(IsSmaller(two, two));
}

}  // namespace
}  // namespace lockstep::fuzz
