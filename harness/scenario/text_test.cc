// SPDX-License-Identifier: MIT
// Steps put into words and read again.
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "harness/scenario/parser.h"
#include "harness/scenario/testing_dump.h"

namespace lockstep {
namespace {

// As a program would have built them: without the texts that the parser keeps.
void ForgetTexts(std::vector<Step>* steps) {
  for (Step& step : *steps) {
    step.text.clear();
    if (auto* call = std::get_if<Do>(&step.what)) {
      if (call->expectation) call->expectation->text.clear();
    } else if (auto* await = std::get_if<Await>(&step.what)) {
      await->expectation.text.clear();
    } else if (auto* one_of = std::get_if<OneOf>(&step.what)) {
      one_of->expectation.text.clear();
    } else if (auto* together = std::get_if<Together>(&step.what)) {
      ForgetTexts(&together->steps);
    }
  }
}

void ExpectSameAgain(std::vector<Step> steps, const std::string& name) {
  const std::string before = DumpSteps(steps);
  ForgetTexts(&steps);
  std::string text;
  for (const Step& step : steps) text += ToText(step) + "\n";
  const Result<std::vector<Step>> again = ParseSteps(text, name, 1);
  ASSERT_TRUE(again.has_value()) << again.error().Text() << "\n" << text;
  EXPECT_EQ(DumpSteps(*again), before) << text;
}

std::string InWords(const std::string& transcript) {
  Result<std::vector<Step>> steps = ParseSteps(transcript, "t.toml", 1);
  if (!steps) return steps.error().Text();
  ForgetTexts(&*steps);
  return ToText(steps->back());
}

TEST(Text, OfTheWholeCatalogueIsReadAsTheSame) {
  const Result<std::vector<Scenario>> scenarios = LoadScenarios(LOCKSTEP_SCENARIOS);
  ASSERT_TRUE(scenarios.has_value()) << scenarios.error().Text();
  EXPECT_GE(scenarios->size(), 100u);
  for (const Scenario& scenario : *scenarios) ExpectSameAgain(scenario.steps, scenario.name);
}

TEST(Text, OfEveryFormIsReadAsTheSame) {
  const std::string transcript = R"(machine shm size=4K inodes=8 full
p s = SemLock(SEMAPHORE, 0, maxvalue=3, name=NAME + '/x' * 2, unlink=False) -> ... or raises OSError any after 2s
p m = SharedMemory(BARE2, create=True, size=4096)
p m.buf[0:2] = b'a\x00' -> None
p m.buf[0:2] -> b'a\x00' or bytes when glibc >= 2.36 and < 3.12
p h = s.handle
p t = SemLock._rebuild(p.h, SEMAPHORE, 2**63, p.s.name)
p eval(('/' + NAME) * 2) -> [nan, -inf, (1,), (), 'it\'s', h]
p fork w[1..3]
w[1..2] s.acquire(timeout=3600) -> blocked
w1|w2 raises PermissionError EPERM: it's  as it is after 1.5ms as x, other y
y still blocked
p fork v[1..3]
v[*] s.acquire() -> blocked
v1|v2|v3 returns True as a, other b, c
start z
z on SIGUSR1 raise KeyboardInterrupt restart
z on SIGUSR2 ignore
p on SIGUSR1 call s.release()
w3 exit(3)
w[3] exited 3
signal z SIGUSR1 at futex:entry#12
fail p at openat#2.. with ENOSPC
together { z nop(); p nop() }
kill z at futex:exit#1 when >= 3.12
trace p
p nop()
z nop()
stop z
cont z
signal z SIGUSR1
z handled SIGUSR1
p spawn v raises FileNotFoundError or raises ValueError
together { p s._count(); z nop() -> None } when >= 3.12
together { p hammer s 10 }
hammer: entries 10, counter 10, inside <= 3, value 0
kill z SIGKILL
z died SIGKILL
left NAME + '/x', NAME2)";
  Result<std::vector<Step>> steps = ParseSteps(transcript, "t.toml", 1);
  ASSERT_TRUE(steps.has_value()) << steps.error().Text();
  ExpectSameAgain(*std::move(steps), "t.toml");
}

TEST(Text, OfACallIsPythons) {
  EXPECT_EQ(InWords("p   s = SemLock( 1,1 , 1,NAME, unlink = True )"),
            "p s = SemLock(1, 1, 1, NAME, unlink=True)");
}

TEST(Text, OfALargeIntegerHasItsDigits) {
  EXPECT_EQ(InWords("p umask(2**64) -> 0"), "p umask(18446744073709551616) -> 0");
}

TEST(Text, OfADurationHasTheLargestUnitThatFits) {
  EXPECT_EQ(InWords("p nop() -> None after 1500us"), "p nop() -> None after 1500us");
  EXPECT_EQ(InWords("p nop() -> None after 2000ms"), "p nop() -> None after 2s");
}

TEST(Text, OfAnErrnoThatTheTypeSaysIsLeftOut) {
  EXPECT_EQ(InWords("p nop() raises FileExistsError EEXIST"), "p nop() raises FileExistsError");
  EXPECT_EQ(InWords("p nop() raises OSError EEXIST: File exists"),
            "p nop() raises OSError EEXIST: File exists");
}

TEST(Text, OfAGroupIsALineEach) {
  EXPECT_EQ(InWords("p fork w[1..2]\nw[*] nop() when >= 3.12"),
            "w1 nop() when >= 3.12\nw2 nop() when >= 3.12");
}

TEST(Text, IsAsWrittenWhereItIsKnown) {
  const Result<std::vector<Step>> steps =
      ParseSteps("p  umask( 0o22 )  ->  int   # c", "t.toml", 1);
  EXPECT_EQ(ToText(steps->at(0)), "p umask( 0o22 ) -> int");
  EXPECT_EQ(ToText(*std::get<Do>(steps->at(0).what).expectation), "-> int");
}

}  // namespace
}  // namespace lockstep
