// SPDX-License-Identifier: MIT
// Every message of the parser, to the letter: actors, groups, calls in flight, signals, together.
#include <gtest/gtest.h>

#include <string>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

std::string MistakeIn(const std::string& transcript) {
  const Result<std::vector<Step>> steps = ParseSteps(transcript, "t.toml", 1);
  return steps ? "no mistake" : steps.error().message;
}

TEST(ParserActors, TellsWhichActorsThereAre) {
  EXPECT_EQ(MistakeIn("zebra s.acquire()"),
            "t.toml:1:1: unknown actor 'zebra'; the actors here are 'p'\n"
            "zebra s.acquire()\n"
            "^");
}

TEST(ParserActors, GuessesTheActorThatWasMeant) {
  EXPECT_EQ(MistakeIn("p fork child\n"
                      "chidl nop()"),
            "t.toml:2:1: unknown actor 'chidl'; did you mean 'child'?\n"
            "chidl nop()\n"
            "^");
}

TEST(ParserActors, GuessesTheWordThatWasMeant) {
  EXPECT_EQ(MistakeIn("p nop()\n"
                      "stat b"),
            "t.toml:2:1: unknown actor 'stat'; did you mean 'start'?\n"
            "stat b\n"
            "^");
}

TEST(ParserActors, TellsWhereAnActorIsMadeLater) {
  EXPECT_EQ(MistakeIn("c nop()\n"
                      "p fork c"),
            "t.toml:1:1: actor 'c' is used before it is made, on line 2\n"
            "c nop()\n"
            "^");
}

TEST(ParserActors, RefusesAnActorMadeOnAnotherPlatformOnly) {
  EXPECT_EQ(MistakeIn("p fork c when >= 3.12\n"
                      "c nop()"),
            "t.toml:2:1: actor 'c' is not there; it is not made before this step (on Python 3.11)\n"
            "c nop()\n"
            "^");
}

TEST(ParserActors, RefusesAnActorTwice) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "p thread c"),
            "t.toml:2:1: actor 'c' is there already, made on line 1\n"
            "p thread c\n"
            "^");
}

TEST(ParserActors, RefusesASecondP) {
  EXPECT_EQ(MistakeIn("p fork p"),
            "t.toml:1:1: actor 'p' is there from the start\n"
            "p fork p\n"
            "^");
}

TEST(ParserActors, RefusesAReservedWordAsAnActor) {
  EXPECT_EQ(MistakeIn("p fork stop"),
            "t.toml:1:8: 'stop' is reserved, never an actor\n"
            "p fork stop\n"
            "       ^");
}

TEST(ParserActors, RefusesAConstantAsAnActor) {
  EXPECT_EQ(MistakeIn("p fork True"),
            "t.toml:1:8: 'True' has a meaning of its own; an actor needs another name\n"
            "p fork True\n"
            "       ^");
}

TEST(ParserActors, RefusesAnActorThatDied) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "c died SIGSEGV\n"
                      "c nop()"),
            "t.toml:3:1: actor 'c' is gone: it died on line 2\n"
            "c nop()\n"
            "^");
}

TEST(ParserActors, RefusesAnActorThatWasKilled) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "kill c SIGKILL\n"
                      "c nop()"),
            "t.toml:3:1: actor 'c' is gone: it was killed on line 2\n"
            "c nop()\n"
            "^");
}

TEST(ParserActors, RefusesAnActorThatExited) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "c exit(3)\n"
                      "c nop()"),
            "t.toml:3:1: actor 'c' is gone: it exited on line 2\n"
            "c nop()\n"
            "^");
}

TEST(ParserActors, RefusesTheThreadsOfAProcessThatWasKilled) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "c thread t\n"
                      "kill c SIGKILL\n"
                      "t nop()"),
            "t.toml:4:1: actor 't' is gone: it was killed on line 3\n"
            "t nop()\n"
            "^");
}

TEST(ParserActors, RefusesAnEndThatIsJudgedTwice) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "kill c SIGKILL\n"
                      "c died SIGKILL\n"
                      "c died SIGKILL"),
            "t.toml:4:1: actor 'c' is gone: it was killed on line 2\n"
            "c died SIGKILL\n"
            "^");
}

TEST(ParserActors, RefusesADeathOfWhoExits) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "c exit(3)\n"
                      "c died SIGKILL"),
            "t.toml:3:1: actor 'c' exited on line 2; expected 'c exited STATUS'\n"
            "c died SIGKILL\n"
            "^");
}

TEST(ParserActors, RefusesAnExitOfWhoIsKilled) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "kill c SIGKILL\n"
                      "c exited 0"),
            "t.toml:3:1: actor 'c' was killed on line 2; expected 'c died SIGKILL'\n"
            "c exited 0\n"
            "^");
}

TEST(ParserActors, RefusesACallOfWhoIsStopped) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "stop c\n"
                      "c nop()"),
            "t.toml:3:1: actor 'c' is stopped since line 2; expected 'cont c' first\n"
            "c nop()\n"
            "^");
}

TEST(ParserActors, RefusesToContinueWhoRuns) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "cont c"),
            "t.toml:2:1: actor 'c' is not stopped; expected 'stop c' before\n"
            "cont c\n"
            "^");
}

TEST(ParserActors, RefusesAMissingActor) {
  EXPECT_EQ(MistakeIn("kill"),
            "t.toml:1:5: expected an actor, found the end of the line\n"
            "kill\n"
            "    ^");
}

TEST(ParserActors, RefusesANumberForAnActor) {
  EXPECT_EQ(MistakeIn("kill 7 SIGKILL"),
            "t.toml:1:6: expected an actor, found '7'\n"
            "kill 7 SIGKILL\n"
            "     ^");
}

TEST(ParserActors, RefusesAMissingNewActor) {
  EXPECT_EQ(MistakeIn("p fork"),
            "t.toml:1:7: expected a name for the new actor, found the end of the line\n"
            "p fork\n"
            "      ^");
}

TEST(ParserActors, RefusesToForkAGroupFromAGroup) {
  EXPECT_EQ(MistakeIn("p fork w[1..2]\n"
                      "w[*] fork c"),
            "t.toml:2:6: one actor makes others, not a group of them\n"
            "w[*] fork c\n"
            "     ^");
}

TEST(ParserActors, RefusesAForkWithoutAnActor) {
  EXPECT_EQ(MistakeIn("fork c"),
            "t.toml:1:1: 'fork' needs an actor before it, as in 'p fork c'\n"
            "fork c\n"
            "^");
}

TEST(ParserActors, RefusesAHandlerWithoutAnActor) {
  EXPECT_EQ(MistakeIn("on SIGUSR1 return"),
            "t.toml:1:1: 'on' needs an actor before it, as in 'p on SIGUSR1 return'\n"
            "on SIGUSR1 return\n"
            "^");
}

TEST(ParserGroups, RefusesAGroupThatIsNotThere) {
  EXPECT_EQ(MistakeIn("w[*] nop()"),
            "t.toml:1:1: there is no group 'w'; one is made as in 'p fork w[1..8]'\n"
            "w[*] nop()\n"
            "^");
}

TEST(ParserGroups, RefusesAGroupWithoutAnIndex) {
  EXPECT_EQ(MistakeIn("p fork w[1..2]\n"
                      "w nop()"),
            "t.toml:2:1: 'w' is a group; expected 'w[*]' or one of it, as in 'w[1]'\n"
            "w nop()\n"
            "^");
}

TEST(ParserGroups, RefusesAnIndexOutsideOfTheGroup) {
  EXPECT_EQ(MistakeIn("p fork w[1..2]\n"
                      "w[3] nop()"),
            "t.toml:2:3: 'w[3]' is not there; the group 'w' has 2 actors\n"
            "w[3] nop()\n"
            "  ^");
}

TEST(ParserGroups, RefusesANewGroupWithoutARange) {
  EXPECT_EQ(MistakeIn("p fork w[8]"),
            "t.toml:1:10: expected a range, as in 'w[1..8]'\n"
            "p fork w[8]\n"
            "         ^");
}

TEST(ParserGroups, RefusesARangeThatRunsBackwards) {
  EXPECT_EQ(MistakeIn("p fork w[8..1]"),
            "t.toml:1:13: expected an index from 8 to 263\n"
            "p fork w[8..1]\n"
            "            ^");
}

TEST(ParserGroups, RefusesAnOpenBracket) {
  EXPECT_EQ(MistakeIn("p fork w[1..2\n"),
            "t.toml:1:14: expected ']', found the end of the line\n"
            "p fork w[1..2\n"
            "             ^");
}

TEST(ParserFlight, RefusesACallBeforeTheLastCameBack) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "c s.release()"),
            "t.toml:4:1: actor 'c' is still in its call of line 3; expected 'c returns ...' or 'c "
            "raises ...' first\n"
            "c s.release()\n"
            "^");
}

TEST(ParserFlight, RefusesAForkBeforeTheLastCallCameBack) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "c fork d"),
            "t.toml:4:1: actor 'c' is still in its call of line 3; expected 'c returns ...' or 'c "
            "raises ...' first\n"
            "c fork d\n"
            "^");
}

TEST(ParserFlight, RefusesWhatComesBackOfNoCall) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c returns True"),
            "t.toml:3:1: actor 'c' has no call in flight, so nothing comes back; expected 'c CALL "
            "-> blocked' before\n"
            "c returns True\n"
            "^");
}

TEST(ParserFlight, RefusesBlockedOfNoCall) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c still blocked"),
            "t.toml:3:1: actor 'c' has no call in flight, so nothing is blocked; expected 'c CALL "
            "-> blocked' before\n"
            "c still blocked\n"
            "^");
}

TEST(ParserFlight, RefusesStillSomethingElse) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "c still running"),
            "t.toml:4:9: expected 'blocked', found 'running'\n"
            "c still running\n"
            "        ^");
}

TEST(ParserFlight, RefusesOneOfTwoWithoutACall) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "p|c returns True as w, other l"),
            "t.toml:4:1: actor 'p' has no call in flight, so nothing comes back; expected 'p CALL "
            "-> blocked' before\n"
            "p|c returns True as w, other l\n"
            "^");
}

TEST(ParserFlight, RefusesACallOfTwo) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "p|c s.acquire()"),
            "t.toml:3:5: after 'a|b' stands 'returns' or 'raises' only\n"
            "p|c s.acquire()\n"
            "    ^");
}

TEST(ParserFlight, RefusesOneActorTwice) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "c|c returns True"),
            "t.toml:4:1: 'c' stands twice\n"
            "c|c returns True\n"
            "^");
}

TEST(ParserFlight, RefusesOneOtherOfThree) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork w[1..3]\n"
                      "w[*] s.acquire() -> blocked\n"
                      "w1|w2|w3 returns True as a, other b"),
            "t.toml:4:27: 'other' names all that did not come back: expected 2 names, found 1\n"
            "w1|w2|w3 returns True as a, other b\n"
            "                          ^");
}

TEST(ParserFlight, RefusesAWinnerWithTheNameOfAnActor) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "p fork d\n"
                      "d s.acquire() -> blocked\n"
                      "c|d returns True as p"),
            "t.toml:6:1: actor 'p' is there from the start\n"
            "c|d returns True as p\n"
            "^");
}

TEST(ParserFlight, RefusesAnotherWordThanOther) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "p fork d\n"
                      "d s.acquire() -> blocked\n"
                      "c|d returns True as w, loser l"),
            "t.toml:6:24: expected 'other', found 'loser'\n"
            "c|d returns True as w, loser l\n"
            "                       ^");
}

TEST(ParserFlight, RefusesACallOfWhoeverStillWaits) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "p fork d\n"
                      "d s.acquire() -> blocked\n"
                      "c|d returns True as w, other l\n"
                      "l s.release()"),
            "t.toml:7:1: actor 'l' is still in its call of line 3; expected 'l returns ...' or 'l "
            "raises ...' first\n"
            "l s.release()\n"
            "^");
}

TEST(ParserSignals, RefuseAnUnknownSignal) {
  EXPECT_EQ(MistakeIn("kill p SIGKIL"),
            "t.toml:1:8: unknown signal 'SIGKIL'; did you mean 'SIGKILL'?\n"
            "kill p SIGKIL\n"
            "       ^");
}

TEST(ParserSignals, RefuseAMissingSignal) {
  EXPECT_EQ(MistakeIn("p died"),
            "t.toml:1:7: expected a signal, as in 'SIGUSR1'\n"
            "p died\n"
            "      ^");
}

TEST(ParserSignals, RefuseAnUnknownAction) {
  EXPECT_EQ(MistakeIn("p on SIGUSR1 retrun"),
            "t.toml:1:14: expected 'return', 'raise TYPE', 'call CALL', 'ignore' or 'default'; did "
            "you mean 'return'?\n"
            "p on SIGUSR1 retrun\n"
            "             ^");
}

TEST(ParserSignals, RefuseAMissingAction) {
  EXPECT_EQ(MistakeIn("p on SIGUSR1"),
            "t.toml:1:13: expected 'return', 'raise TYPE', 'call CALL', 'ignore' or 'default'\n"
            "p on SIGUSR1\n"
            "            ^");
}

TEST(ParserSignals, RefuseAnUnknownExceptionToRaise) {
  EXPECT_EQ(MistakeIn("p on SIGUSR1 raise Foo"),
            "t.toml:1:20: unknown exception 'Foo'\n"
            "p on SIGUSR1 raise Foo\n"
            "                   ^");
}

TEST(ParserSignals, RefuseRestartOfWhatIsIgnored) {
  EXPECT_EQ(MistakeIn("p on SIGUSR1 ignore restart"),
            "t.toml:1:21: 'restart' is for handlers: 'return', 'raise' and 'call'\n"
            "p on SIGUSR1 ignore restart\n"
            "                    ^");
}

TEST(ParserSignals, RefuseAResultOfAHandlersCall) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p on SIGUSR1 call x = s.release()"),
            "t.toml:2:14: what a handler calls is not kept\n"
            "p on SIGUSR1 call x = s.release()\n"
            "             ^");
}

TEST(ParserSignals, RefuseAnUnknownObjectOfAHandlersCall) {
  EXPECT_EQ(MistakeIn("p on SIGUSR1 call s.release()"),
            "t.toml:1:19: 's' is no object or value of 'p'; it has none\n"
            "p on SIGUSR1 call s.release()\n"
            "                  ^");
}

TEST(ParserSignals, RefuseHandledWithoutAHandler) {
  EXPECT_EQ(
      MistakeIn("p handled SIGUSR1"),
      "t.toml:1:1: actor 'p' has no handler for SIGUSR1; expected 'p on SIGUSR1 return' before\n"
      "p handled SIGUSR1\n"
      "^");
}

TEST(ParserSignals, RefuseAnExitStatusOutOfRange) {
  EXPECT_EQ(MistakeIn("p exited 256"),
            "t.toml:1:10: expected a status from 0 to 255\n"
            "p exited 256\n"
            "         ^");
}

TEST(ParserTogether, RefusesWhatIsNoCall) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "together { kill c SIGKILL }"),
            "t.toml:2:12: 'kill' cannot be in 'together'; expected calls and hammers of actors\n"
            "together { kill c SIGKILL }\n"
            "           ^");
}

TEST(ParserTogether, RefusesAFork) {
  EXPECT_EQ(MistakeIn("together { p fork c }"),
            "t.toml:1:14: 'fork' cannot be in 'together'; expected calls and hammers of actors\n"
            "together { p fork c }\n"
            "             ^");
}

TEST(ParserTogether, RefusesTwoCallsOfOneActor) {
  EXPECT_EQ(MistakeIn("together { p nop(); p nop() }"),
            "t.toml:1:21: actor 'p' has two calls in one 'together'; it can do one at a time\n"
            "together { p nop(); p nop() }\n"
            "                    ^");
}

TEST(ParserTogether, RefusesToBeEmpty) {
  EXPECT_EQ(MistakeIn("together { }"),
            "t.toml:1:10: 'together' is empty; expected calls and hammers of actors\n"
            "together { }\n"
            "         ^");
}

TEST(ParserTogether, RefusesAMissingBrace) {
  EXPECT_EQ(MistakeIn("together p nop()"),
            "t.toml:1:10: expected '{', found 'p'\n"
            "together p nop()\n"
            "         ^");
}

TEST(ParserTogether, RefusesAMissingEnd) {
  EXPECT_EQ(MistakeIn("together {\n"
                      "  p nop()\n"),
            "t.toml:1:10: this 'together' has no end; expected '}'\n"
            "together {\n"
            "         ^");
}

TEST(ParserTogether, RefusesTwoCallsWithoutASemicolon) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "together { p nop() c nop() }"),
            "t.toml:2:20: expected ';' or '}', found 'c'\n"
            "together { p nop() c nop() }\n"
            "                   ^");
}

TEST(ParserTogether, RefusesAConditionInside) {
  EXPECT_EQ(MistakeIn("together {\n"
                      "  p nop() when >= 3.12\n"
                      "}"),
            "t.toml:2:11: a condition stands after the '}' of 'together'\n"
            "  p nop() when >= 3.12\n"
            "          ^");
}

TEST(ParserTogether, RefusesWhatFollowsItsEnd) {
  EXPECT_EQ(MistakeIn("together { p nop() } p nop()"),
            "t.toml:1:22: expected the end of the line, found 'p'\n"
            "together { p nop() } p nop()\n"
            "                     ^");
}

TEST(ParserActors, EndThreadsOnly) {
  EXPECT_EQ(MistakeIn("p end()"),
            "t.toml:1:1: actor 'p' is a process; expected 'p exit(0)', or an actor made by "
            "'thread'\n"
            "p end()\n"
            "^");
  EXPECT_EQ(MistakeIn("p thread t\nt end()\nt nop()"),
            "t.toml:3:1: actor 't' is gone: it ended on line 2\n"
            "t nop()\n"
            "^");
}

TEST(ParserActors, AreGoneWhenACallWasToEndTheirProcess) {
  EXPECT_EQ(MistakeIn("p fork c\nc nop() dies SIGBUS\nc nop()"),
            "t.toml:3:1: actor 'c' is gone: it died on line 2\n"
            "c nop()\n"
            "^");
}

TEST(ParserActors, AreStartedOnBOnly) {
  EXPECT_EQ(MistakeIn("start w on C"),
            "t.toml:1:12: expected 'B', the other implementation, found 'C'\n"
            "start w on C\n"
            "           ^");
}

TEST(ParserObjects, HaveTheOperationsOfTheirTypes) {
  EXPECT_EQ(MistakeIn("p e = Event()\np e.notify()"),
            "t.toml:2:3: 'e' is an Event, which has no 'notify'\n"
            "p e.notify()\n"
            "  ^");
}

}  // namespace
}  // namespace lockstep
