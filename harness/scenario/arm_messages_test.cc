// SPDX-License-Identifier: MIT
// Steps that arm a call: their forms, and every message about them, to the letter.
#include <gtest/gtest.h>

#include <string>

#include "harness/scenario/interleavings.h"
#include "harness/scenario/parser.h"
#include "harness/scenario/python_script.h"
#include "harness/scenario/testing_dump.h"

namespace lockstep {
namespace {

// The message's first line, or "no mistake".
std::string MistakeIn(const std::string& transcript) {
  const Result<std::vector<Step>> steps = ParseSteps(transcript, "t.toml", 1);
  return steps ? "no mistake" : steps.error().message.substr(0, steps.error().message.find('\n'));
}

Arm ArmOf(const std::string& line) {
  const Result<std::vector<Step>> steps = ParseSteps("p fork w[1..2]\n" + line + "\np nop()\nw[*] nop()", "t.toml", 1);
  EXPECT_TRUE(steps) << steps.error().Text();
  return steps ? std::get<Arm>(steps->at(1).what) : Arm{};
}

TEST(Arm, KillsAtAStop) {
  const Arm what = ArmOf("kill p at futex:exit#2");
  EXPECT_EQ(what.how, Arm::How::kKill);
  EXPECT_EQ(what.syscall, "futex");
  EXPECT_TRUE(what.at_exit);
  EXPECT_EQ(what.ordinal, 2);
  EXPECT_EQ(ArmOf("kill w[*] at openat:entry#1").actors, (std::vector<std::string>{"w1", "w2"}));
}

TEST(Arm, SignalsAtAStop) {
  const Arm what = ArmOf("signal p SIGUSR1 at futex:entry#1   # and a comment");
  EXPECT_EQ(what.how, Arm::How::kSignal);
  EXPECT_EQ(what.signal, "SIGUSR1");
  EXPECT_FALSE(what.at_exit);
}

TEST(Arm, FailsOneOrAllThatFollow) {
  EXPECT_EQ(ArmOf("fail p at openat#2 with ENOSPC").errno_name, "ENOSPC");
  EXPECT_FALSE(ArmOf("fail p at openat#2 with ENOSPC").and_later);
  EXPECT_TRUE(ArmOf("fail p at openat#2.. with ENOSPC when >= 3.8").and_later);
}

TEST(Arm, RecordsOnly) { EXPECT_EQ(ArmOf("trace p").how, Arm::How::kTrace); }

TEST(Arm, IsReadAgainAsItIsWritten) {
  const std::string text =
      "kill p at futex:exit#2\np nop()\nsignal p SIGUSR1 at futex:entry#1\np nop()\n"
      "fail p at openat#2 with ENOSPC\np nop()\nfail p at openat#3.. with EMFILE\np nop()\ntrace p\np nop()\n";
  Result<std::vector<Step>> steps = ParseSteps(text, "t.toml", 1);
  ASSERT_TRUE(steps) << steps.error().Text();
  const std::string before = DumpSteps(*steps);
  std::string again;
  for (Step& step : *steps) {
    EXPECT_EQ(ToText(step), step.text);
    step.text.clear();
    again += ToText(step) + "\n";
  }
  EXPECT_EQ(again, text);
  EXPECT_EQ(DumpSteps(*ParseSteps(again, "t.toml", 1)), before);
}

TEST(Arm, TakesItsTurnWithTheCallThatItArms) {
  const auto steps = ParseSteps("p fork c\ninterleave {\ntrace c\nc nop()\np nop()\n}", "t.toml", 1);
  ASSERT_TRUE(steps) << steps.error().Text();
  const auto all = transcript::AllInterleavings(*steps);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(transcript::CountInterleavings(*steps, 100), 2u);
  EXPECT_EQ(all[0].steps.size(), 4u);
  EXPECT_EQ(all[0].order, "c-p");
}

TEST(Arm, IsNothingForAPythonScript) {
  const auto steps = ParseSteps("fail p at openat#1 with EMFILE\np nop()", "t.toml", 1);
  Scenario scenario;
  scenario.file = "t.toml";
  scenario.steps = *steps;
  const auto script = ToPythonScript(scenario, Platform{Version{{3, 14}}, "glibc", {}, nullptr});
  ASSERT_FALSE(script);
  EXPECT_EQ(script.error().message,
            "t.toml:1: no Python script can do 'fail p at openat#1 with EMFILE': it stands between two system calls of "
            "another process");
}

TEST(ArmMessages, PointAtThePlace) {
  EXPECT_EQ(ParseSteps("kill p at futx:exit#1\np nop()", "t.toml", 1).error().message,
            "t.toml:1:11: unknown system call 'futx'; did you mean 'futex'?\n"
            "kill p at futx:exit#1\n"
            "          ^");
}

TEST(ArmMessages, TellWhatIsExpected) {
  EXPECT_EQ(MistakeIn("fail p"), "t.toml:1:7: expected 'at', as in 'fail p at openat#1 with EMFILE', found the end of the line");
  EXPECT_EQ(MistakeIn("fail p at"), "t.toml:1:10: expected a system call, as in 'futex', found the end of the line");
  EXPECT_EQ(MistakeIn("fail p at 7#1 with EIO"), "t.toml:1:11: expected a system call, as in 'futex', found '7'");
  EXPECT_EQ(MistakeIn("fail p at openat with EIO"), "t.toml:1:17: expected '#' and which of them, as in 'openat#1'");
  EXPECT_EQ(MistakeIn("fail p at openat #1 with EIO"), "t.toml:1:17: expected '#' and which of them, as in 'openat#1'");
  EXPECT_EQ(MistakeIn("fail p at openat#0 with EIO"), "t.toml:1:18: expected a number from 1 to 1000000");
  EXPECT_EQ(MistakeIn("fail p at openat# with EIO"), "t.toml:1:19: expected a number from 1 to 1000000");
  EXPECT_EQ(MistakeIn("fail p at openat:exit#1 with EIO"),
            "t.toml:1:17: a call that fails is not made, and has no sides; expected 'openat#1'");
  EXPECT_EQ(MistakeIn("fail p at openat#1"), "t.toml:1:19: expected 'with' and an errno, found the end of the line");
  EXPECT_EQ(MistakeIn("fail p at openat#1 with"), "t.toml:1:24: expected an errno, as in 'with ENOSPC', found the end of the line");
  EXPECT_EQ(MistakeIn("fail p at openat#1 with ENOSPCE"), "t.toml:1:25: unknown errno 'ENOSPCE'; did you mean 'ENOSPC'?");
  EXPECT_EQ(MistakeIn("kill p at futex#1"), "t.toml:1:16: expected ':entry' or ':exit', as in 'futex:entry#1'");
  EXPECT_EQ(MistakeIn("kill p at futex:exti#1"), "t.toml:1:17: expected 'entry' or 'exit'; did you mean 'exit'?");
  EXPECT_EQ(MistakeIn("kill p at futex:exit"), "t.toml:1:21: expected '#' and which of them, as in 'futex:exit#1'");
  EXPECT_EQ(MistakeIn("kill p at futex:exit#1.."), "t.toml:1:23: only 'fail' goes on for every later one");
  EXPECT_EQ(MistakeIn("kill p SIGTERM at futex:exit#1"),
            "t.toml:1:8: 'kill ... at' is by SIGKILL always; expected 'at', or 'signal' for another");
  EXPECT_EQ(MistakeIn("signal p SIGSTOP at futex:exit#1"),
            "t.toml:1:10: SIGSTOP cannot be sent at a system call; expected 'stop' or 'cont'");
  EXPECT_EQ(MistakeIn("trace p at futex#1"), "t.toml:1:9: expected the end of the line, found 'at'");
}

TEST(ArmMessages, KeepTheWordsFromActors) {
  EXPECT_EQ(MistakeIn("p fork fail"), "t.toml:1:8: 'fail' is reserved, never an actor");
  EXPECT_EQ(MistakeIn("p fork trace"), "t.toml:1:8: 'trace' is reserved, never an actor");
}

TEST(ArmMessages, TellOfAnActorThatCannotBeArmed) {
  EXPECT_EQ(MistakeIn("trace c\np fork c"), "t.toml:1:7: actor 'c' is used before it is made, on line 2");
  EXPECT_EQ(MistakeIn("p fork c\nkill c SIGKILL\ntrace c"), "t.toml:3:1: actor 'c' is gone: it was killed on line 2");
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\np fork c\nc s.acquire() -> blocked\ntrace c"),
            "t.toml:4:1: actor 'c' is still in its call of line 3; expected 'c returns ...' or 'c raises ...' first");
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\np fork c\nc s.acquire() -> True or blocked\ntrace c"),
            "t.toml:4:1: actor 'c' may still be in its call of line 3; only one that is idle can be armed");
}

TEST(ArmMessages, TellOfAnActorThatCallsNothingNext) {
  EXPECT_EQ(MistakeIn("p fork c\ntrace c"), "t.toml:2:1: actor 'c' is armed, and calls nothing; expected 'c CALL' after it");
  for (const char* line : {"trace c", "c fork d", "c on SIGUSR1 return", "kill c SIGKILL", "stop c", "signal c SIGUSR1"}) {
    EXPECT_EQ(MistakeIn("p fork c\ntrace c\n" + std::string(line)),
              "t.toml:3:1: actor 'c' is armed on line 2; what it does next is to be a call of its own");
  }
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)\np fork c\ntrace c\nc hammer s 10"),
            "t.toml:4:1: actor 'c' is armed on line 3; what it does next is to be a call of its own");
  EXPECT_EQ(MistakeIn("p fork c\ntrace c\np nop()\ntogether { p nop(); c nop() }"), "no mistake");
}

TEST(ArmMessages, TellOfACallThatHasNoAnswer) {
  EXPECT_EQ(MistakeIn("p fork c\ntrace c\nc exit(0)"),
            "t.toml:3:1: actor 'c' is armed on line 2, and 'exit' has no answer; expected another call");
  EXPECT_EQ(MistakeIn("p thread t\ntrace t\nt end()"),
            "t.toml:3:1: actor 't' is armed on line 2, and 'end' has no answer; expected another call");
}

TEST(ArmMessages, TellOfAFollowedActorThatIsToStop) {
  const std::string blocked = "p s = SemLock(SEMAPHORE, 0, 1, NAME, unlink=True)\np fork c\ntrace c\nc s.acquire() -> blocked\n";
  EXPECT_EQ(MistakeIn(blocked + "stop c"),
            "t.toml:5:1: the call of actor 'c' is armed on line 3; until it is over it cannot be stopped");
  EXPECT_EQ(MistakeIn(blocked + "p s.release()\nc returns True\nstop c"), "no mistake");
}

TEST(ArmMessages, TellOfOneInTogether) {
  EXPECT_EQ(MistakeIn("together { trace p; p nop() }"),
            "t.toml:1:12: 'trace' cannot be in 'together'; expected calls and hammers of actors");
}

}  // namespace
}  // namespace lockstep
