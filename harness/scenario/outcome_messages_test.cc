// SPDX-License-Identifier: MIT
// Every message of the parser, to the letter: outcomes, hammers, left, machine, conditions, text.
#include <gtest/gtest.h>

#include <string>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

std::string MistakeIn(const std::string& transcript) {
  const Result<std::vector<Step>> steps = ParseSteps(transcript, "t.toml", 1);
  return steps ? "no mistake" : steps.error().message;
}

TEST(ParserOutcomes, RefuseAnOSErrorWithoutErrno) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME) raises OSError"),
            "t.toml:1:27: which errno? expected as in 'OSError EINVAL', or 'OSError any'\n"
            "p sem_unlink(NAME) raises OSError\n"
            "                          ^");
}

TEST(ParserOutcomes, RefuseAPermissionErrorWithoutErrno) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME) raises PermissionError"),
            "t.toml:1:27: which errno? expected 'EACCES' or 'EPERM' after 'PermissionError'\n"
            "p sem_unlink(NAME) raises PermissionError\n"
            "                          ^");
}

TEST(ParserOutcomes, GuessTheErrnoThatWasMeant) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME) raises OSError EINVALL"),
            "t.toml:1:35: unknown errno 'EINVALL'; did you mean 'EINVAL'?\n"
            "p sem_unlink(NAME) raises OSError EINVALL\n"
            "                                  ^");
}

TEST(ParserOutcomes, RefuseAnErrnoThatTheTypeNeverHas) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME) raises FileNotFoundError EINVAL"),
            "t.toml:1:45: FileNotFoundError never has EINVAL; expected 'ENOENT'\n"
            "p sem_unlink(NAME) raises FileNotFoundError EINVAL\n"
            "                                            ^");
}

TEST(ParserOutcomes, RefuseAnErrnoOfAnotherType) {
  EXPECT_EQ(
      MistakeIn("p sem_unlink(NAME) raises ValueError EINVAL"),
      "t.toml:1:38: 'ValueError' has no errno; expected ':' and a message, or the end of the line\n"
      "p sem_unlink(NAME) raises ValueError EINVAL\n"
      "                                     ^");
}

TEST(ParserOutcomes, GuessTheExceptionThatWasMeant) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME) raises ValeuError"),
            "t.toml:1:27: unknown exception 'ValeuError'; did you mean 'ValueError'?\n"
            "p sem_unlink(NAME) raises ValeuError\n"
            "                          ^");
}

TEST(ParserOutcomes, RefuseAMissingException) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME) raises"),
            "t.toml:1:26: expected a type of exception, as in 'ValueError'\n"
            "p sem_unlink(NAME) raises\n"
            "                         ^");
}

TEST(ParserOutcomes, RefuseAnEmptyMessage) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME) raises ValueError:   # why"),
            "t.toml:1:37: expected a message after ':'; leave the ':' out to judge none\n"
            "p sem_unlink(NAME) raises ValueError:   # why\n"
            "                                    ^");
}

TEST(ParserOutcomes, RefuseAnArrowBeforeRaises) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME) -> raises ValueError"),
            "t.toml:1:23: 'raises' stands without '->' before it\n"
            "p sem_unlink(NAME) -> raises ValueError\n"
            "                      ^");
}

TEST(ParserOutcomes, RefuseAMissingValue) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME) ->"),
            "t.toml:1:22: expected a value, found the end of the line\n"
            "p sem_unlink(NAME) ->\n"
            "                     ^");
}

TEST(ParserOutcomes, RefuseBlockedForACallInFlight) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "c returns blocked"),
            "t.toml:4:11: a call in flight that does not come back is 'still blocked'\n"
            "c returns blocked\n"
            "          ^");
}

TEST(ParserOutcomes, RefuseUnsupportedForACallInFlight) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "c returns unsupported"),
            "t.toml:4:11: 'unsupported' is the outcome of a call, not of one in flight\n"
            "c returns unsupported\n"
            "          ^");
}

TEST(ParserOutcomes, RefuseAfterOfWhatIsBlocked) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire() -> blocked after 50ms"),
            "t.toml:2:26: 'after' is for what returns or raises only\n"
            "p s.acquire() -> blocked after 50ms\n"
            "                         ^");
}

TEST(ParserOutcomes, RefuseADurationWithoutUnit) {
  EXPECT_EQ(
      MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                "p s.acquire() -> False after 50"),
      "t.toml:2:30: '50' is not a duration; expected a number and 's', 'ms' or 'us', as in '50ms'\n"
      "p s.acquire() -> False after 50\n"
      "                             ^");
}

TEST(ParserOutcomes, RefuseADurationOfAnUnknownUnit) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire() -> False after 50min"),
            "t.toml:2:30: '50min' is not a duration; expected a number and 's', 'ms' or 'us', as "
            "in '50ms'\n"
            "p s.acquire() -> False after 50min\n"
            "                             ^");
}

TEST(ParserOutcomes, RefuseADurationOfNothing) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire() -> False after 0ms"),
            "t.toml:2:30: '0ms' is out of range; expected more than 0 and at most 24 hours\n"
            "p s.acquire() -> False after 0ms\n"
            "                             ^");
}

TEST(ParserOutcomes, RefuseADurationOfDays) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire() -> False after 90000s"),
            "t.toml:2:30: '90000s' is out of range; expected more than 0 and at most 24 hours\n"
            "p s.acquire() -> False after 90000s\n"
            "                             ^");
}

TEST(ParserOutcomes, RefuseAnOutcomeOfAFork) {
  EXPECT_EQ(MistakeIn("p fork c raises OSError EAGAIN"),
            "t.toml:1:10: only 'spawn' has an outcome, and only 'raises'\n"
            "p fork c raises OSError EAGAIN\n"
            "         ^");
}

TEST(ParserOutcomes, RefuseASpawnThatReturns) {
  EXPECT_EQ(MistakeIn("p spawn c -> 0"),
            "t.toml:1:11: only 'spawn' has an outcome, and only 'raises'\n"
            "p spawn c -> 0\n"
            "          ^");
}

TEST(ParserHammers, RefuseAResultOfNothing) {
  EXPECT_EQ(MistakeIn("hammer: entries 8"),
            "t.toml:1:1: nothing has been hammered; expected 'p hammer s 1000' before\n"
            "hammer: entries 8\n"
            "^");
}

TEST(ParserHammers, RefuseASecondResultOfOneHammer) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p hammer s 5\n"
                      "hammer: entries 5\n"
                      "hammer: entries 5"),
            "t.toml:4:1: nothing has been hammered; expected 'p hammer s 1000' before\n"
            "hammer: entries 5\n"
            "^");
}

TEST(ParserHammers, RefuseAMissingColon) {
  EXPECT_EQ(
      MistakeIn("hammer s 5"),
      "t.toml:1:8: expected ':', as in 'hammer: entries 8000'; an actor's is 'p hammer s 1000'\n"
      "hammer s 5\n"
      "       ^");
}

TEST(ParserHammers, RefuseAnUnknownField) {
  EXPECT_EQ(
      MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                "p hammer s 5\n"
                "hammer: entrys 5"),
      "t.toml:3:9: expected 'entries', 'counter', 'inside' or 'value'; did you mean 'entries'?\n"
      "hammer: entrys 5\n"
      "        ^");
}

TEST(ParserHammers, RefuseAFieldTwice) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p hammer s 5\n"
                      "hammer: value 5, value 6"),
            "t.toml:3:18: 'value' is said twice\n"
            "hammer: value 5, value 6\n"
            "                 ^");
}

TEST(ParserHammers, RefuseAnExactNumberInside) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p hammer s 5\n"
                      "hammer: inside 3"),
            "t.toml:3:16: expected '<=', as in 'inside <= 3'\n"
            "hammer: inside 3\n"
            "               ^");
}

TEST(ParserHammers, RefuseAMissingNumberOfRounds) {
  EXPECT_EQ(
      MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                "p hammer s"),
      "t.toml:2:11: expected a number of rounds from 1 to 1000000000, found the end of the line\n"
      "p hammer s\n"
      "          ^");
}

TEST(ParserHammers, RefuseNoRounds) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p hammer s 0"),
            "t.toml:2:12: expected a number of rounds from 1 to 1000000000\n"
            "p hammer s 0\n"
            "           ^");
}

TEST(ParserHammers, RefuseAMissingSemaphore) {
  EXPECT_EQ(MistakeIn("p hammer 5"),
            "t.toml:1:10: expected a semaphore and a number of rounds, as in 'hammer s 1000'\n"
            "p hammer 5\n"
            "         ^");
}

TEST(ParserHammers, RefuseSharedMemory) {
  EXPECT_EQ(MistakeIn("p m = SharedMemory(BARE, create=True, size=16)\n"
                      "p hammer m 5"),
            "t.toml:2:1: 'm' is no SemLock; only those are hammered\n"
            "p hammer m 5\n"
            "^");
}

TEST(ParserLeft, RefusesANameThatNoStepUses) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "left NAME2"),
            "t.toml:2:6: 'NAME2' is left, but no step uses 'NAME2'\n"
            "left NAME2\n"
            "     ^");
}

TEST(ParserLeft, RefusesANameThatIsNotFresh) {
  EXPECT_EQ(MistakeIn("left '/abc'"),
            "t.toml:1:6: expected a fresh name, as in 'left NAME' or 'left NAME, NAME2'\n"
            "left '/abc'\n"
            "     ^");
}

TEST(ParserMachine, RefusesToBeSecond) {
  EXPECT_EQ(MistakeIn("p nop()\n"
                      "machine shm full"),
            "t.toml:2:1: 'machine' is not the first step; actors have started before it\n"
            "machine shm full\n"
            "^");
}

TEST(ParserMachine, RefusesSomethingElseThanShm) {
  EXPECT_EQ(MistakeIn("machine disk full"),
            "t.toml:1:9: expected 'shm', found 'disk'\n"
            "machine disk full\n"
            "        ^");
}

TEST(ParserMachine, RefusesToSayNothing) {
  EXPECT_EQ(MistakeIn("machine shm"),
            "t.toml:1:12: expected 'size=4K', 'inodes=8', 'full', 'read-only' or 'absent'\n"
            "machine shm\n"
            "           ^");
}

TEST(ParserMachine, RefusesAnUnknownWord) {
  EXPECT_EQ(MistakeIn("machine shm ful"),
            "t.toml:1:13: unknown word 'ful' of a machine; expected 'size=4K', 'inodes=8', 'full', "
            "'read-only' or 'absent'; did you mean 'full'?\n"
            "machine shm ful\n"
            "            ^");
}

TEST(ParserMachine, RefusesABadSize) {
  EXPECT_EQ(MistakeIn("machine shm size=4KB"),
            "t.toml:1:13: '4KB' is not a size; expected as in 'size=4K'\n"
            "machine shm size=4KB\n"
            "            ^");
}

TEST(ParserMachine, RefusesAFullOneThatIsAbsent) {
  EXPECT_EQ(MistakeIn("machine shm absent full"),
            "t.toml:1:24: a /dev/shm that is absent has nothing else\n"
            "machine shm absent full\n"
            "                       ^");
}

TEST(ParserConditions, RefuseAnUnknownSubject) {
  EXPECT_EQ(MistakeIn("p nop() when gilbc < 2.41"),
            "t.toml:1:14: unknown subject 'gilbc' of a condition; expected a version of Python as "
            "in '>= 3.12', or 'glibc' or 'musl'; did you mean 'glibc'?\n"
            "p nop() when gilbc < 2.41\n"
            "             ^");
}

TEST(ParserConditions, RefuseAMissingComparison) {
  EXPECT_EQ(MistakeIn("p nop() when 3.12"),
            "t.toml:1:14: expected a comparison as in '>= 3.12', found '3.12'\n"
            "p nop() when 3.12\n"
            "             ^");
}

TEST(ParserConditions, RefuseAMissingVersion) {
  EXPECT_EQ(MistakeIn("p nop() when >="),
            "t.toml:1:16: expected a version as in '3.12', found the end of the line\n"
            "p nop() when >=\n"
            "               ^");
}

TEST(ParserConditions, RefuseAWordAsAVersion) {
  EXPECT_EQ(MistakeIn("p nop() when >= three"),
            "t.toml:1:17: expected a version as in '3.12', found 'three'\n"
            "p nop() when >= three\n"
            "                ^");
}

TEST(ParserConditions, RefuseWhatFollowsThem) {
  EXPECT_EQ(MistakeIn("p nop() when >= 3.12 or < 3.8"),
            "t.toml:1:22: conditions are joined by 'and'; for 'or' write a step for each\n"
            "p nop() when >= 3.12 or < 3.8\n"
            "                     ^");
}

TEST(ParserText, CountsColumnsInCharacters) {
  EXPECT_EQ(MistakeIn("p sem_unlink('é', $)"),
            "t.toml:1:19: unexpected character '$'\n"
            "p sem_unlink('é', $)\n"
            "                  ^");
}

TEST(ParserText, KeepsATabBehindACharacterOfTwoBytes) {
  EXPECT_EQ(MistakeIn("p sem_unlink('é',\t$)"),
            "t.toml:1:19: unexpected character '$'\n"
            "p sem_unlink('é',\t$)\n"
            "                 \t^");
}

TEST(ParserText, KeepsTheTabsBeforeTheCaret) {
  EXPECT_EQ(MistakeIn("\tp\tfork\tstop"),
            "t.toml:1:9: 'stop' is reserved, never an actor\n"
            "\tp\tfork\tstop\n"
            "\t \t    \t^");
}

TEST(ParserText, LeavesTheCarriageReturnOut) {
  EXPECT_EQ(MistakeIn("p nop()\r\n"
                      "p fork stop\r\n"),
            "t.toml:2:8: 'stop' is reserved, never an actor\n"
            "p fork stop\n"
            "       ^");
}

}  // namespace
}  // namespace lockstep
