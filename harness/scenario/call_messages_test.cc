// SPDX-License-Identifier: MIT
// Every message of the parser, to the letter: calls and values.
#include <gtest/gtest.h>

#include <string>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

std::string MistakeIn(const std::string& transcript) {
  const Result<std::vector<Step>> steps = ParseSteps(transcript, "t.toml", 1);
  return steps ? "no mistake" : steps.error().message;
}

TEST(ParserCalls, RefuseWhatIsNoCall) {
  EXPECT_EQ(MistakeIn("p 7"),
            "t.toml:1:3: expected a call, found '7'\n"
            "p 7\n"
            "  ^");
}

TEST(ParserCalls, RefuseAnEmptyLineAfterAnActor) {
  EXPECT_EQ(MistakeIn("p"),
            "t.toml:1:2: expected a call, found the end of the line\n"
            "p\n"
            " ^");
}

TEST(ParserCalls, GuessTheStepThatWasMeant) {
  EXPECT_EQ(MistakeIn("p frok c"),
            "t.toml:1:3: 'frok' is no step and no call; expected a call as in 's.acquire()', or "
            "one of: fork, thread, spawn, on, hammer, returns, raises, still blocked, handled, "
            "died, exited; did you mean 'fork'?\n"
            "p frok c\n"
            "  ^");
}

TEST(ParserCalls, GuessTheOperationThatWasMeant) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.aquire()"),
            "t.toml:2:5: unknown operation 'aquire'; did you mean 'acquire'?\n"
            "p s.aquire()\n"
            "    ^");
}

TEST(ParserCalls, GuessTheFunctionThatWasMeant) {
  EXPECT_EQ(MistakeIn("p Semlock(SEMAPHORE, 1, 1, NAME, True)"),
            "t.toml:1:3: unknown operation 'Semlock'; did you mean 'SemLock'?\n"
            "p Semlock(SEMAPHORE, 1, 1, NAME, True)\n"
            "  ^");
}

TEST(ParserCalls, RefuseAMethodWithoutAnObject) {
  EXPECT_EQ(MistakeIn("p acquire()"),
            "t.toml:1:3: 'acquire' is done on an object: 's.acquire(...)'\n"
            "p acquire()\n"
            "  ^");
}

TEST(ParserCalls, RefuseAnUnknownConstructor) {
  EXPECT_EQ(MistakeIn("p SemLock.rebuild(0, 1, 1, NAME)"),
            "t.toml:1:3: unknown operation 'SemLock.rebuild'; did you mean 'SemLock._rebuild'?\n"
            "p SemLock.rebuild(0, 1, 1, NAME)\n"
            "  ^");
}

TEST(ParserCalls, RefuseAnObjectThatIsNotThere) {
  EXPECT_EQ(MistakeIn("p s.acquire()"),
            "t.toml:1:3: 's' is no object or value of 'p'; it has none\n"
            "p s.acquire()\n"
            "  ^");
}

TEST(ParserCalls, GuessTheObjectThatWasMeant) {
  EXPECT_EQ(MistakeIn("p sem = SemLock(SEMAPHORE, 1, 1, NAME, True)\n"
                      "p smem.acquire()"),
            "t.toml:2:3: 'smem' is no object or value of 'p'; did you mean 'sem'?\n"
            "p smem.acquire()\n"
            "  ^");
}

TEST(ParserCalls, RefuseAnObjectAfterDel) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p del s\n"
                      "p s.acquire()"),
            "t.toml:3:3: 's' is no object or value of 'p'; it has none\n"
            "p s.acquire()\n"
            "  ^");
}

TEST(ParserCalls, RefuseAnObjectThatCouldNotBeMade) {
  EXPECT_EQ(MistakeIn("p s = SemLock(7, 1, 1, NAME, True) raises ValueError\n"
                      "p s.acquire()"),
            "t.toml:2:3: 's' is no object or value of 'p'; it has none\n"
            "p s.acquire()\n"
            "  ^");
}

TEST(ParserCalls, RefuseAnObjectOfAnotherProcess) {
  EXPECT_EQ(MistakeIn("p fork c\n"
                      "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "c s.acquire()"),
            "t.toml:3:3: 's' is no object or value of 'c'; it has none\n"
            "c s.acquire()\n"
            "  ^");
}

TEST(ParserCalls, RefuseAnObjectThatAStartedProcessHasNot) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "start c\n"
                      "c s.acquire()"),
            "t.toml:3:3: 's' is no object or value of 'c'; it has none\n"
            "c s.acquire()\n"
            "  ^");
}

TEST(ParserCalls, RefuseAnotherActorsObjectAsOnesOwn) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "p c.s.acquire()"),
            "t.toml:3:3: 'c' is an actor; an actor calls its own objects only: 'c s...'\n"
            "p c.s.acquire()\n"
            "  ^");
}

TEST(ParserCalls, RefuseAValueAsAnObject) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p h = s.handle\n"
                      "p h.acquire()"),
            "t.toml:3:3: 'h' is a value; expected an object\n"
            "p h.acquire()\n"
            "  ^");
}

TEST(ParserCalls, RefuseAnOperationOfAnotherKindOfObject) {
  EXPECT_EQ(MistakeIn("p m = SharedMemory(BARE, create=True, size=16)\n"
                      "p m.acquire()"),
            "t.toml:2:3: 'm' is a SharedMemory, which has no 'acquire'\n"
            "p m.acquire()\n"
            "  ^");
}

TEST(ParserCalls, RefuseASliceOfASemaphore) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.buf[0:4]"),
            "t.toml:2:3: 's' is a SemLock, which has no 'buf'\n"
            "p s.buf[0:4]\n"
            "  ^");
}

TEST(ParserCalls, GuessTheAttributeThatWasMeant) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.knd"),
            "t.toml:2:5: unknown attribute 'knd' of a SemLock; did you mean 'kind'?\n"
            "p s.knd\n"
            "    ^");
}

TEST(ParserCalls, RefuseAMethodWithoutBrackets) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.release"),
            "t.toml:2:5: 'release' is an operation; expected 'release(...)'\n"
            "p s.release\n"
            "    ^");
}

TEST(ParserCalls, RefuseAChainOfAttributes) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.name.upper()"),
            "t.toml:2:9: expected the end of the call after 's.name'\n"
            "p s.name.upper()\n"
            "        ^");
}

TEST(ParserCalls, RefuseAReservedNameForAnObject) {
  EXPECT_EQ(MistakeIn("p hammer = SemLock(SEMAPHORE, 1, 1, NAME, True)"),
            "t.toml:1:3: 'hammer' is reserved; keep this under another name\n"
            "p hammer = SemLock(SEMAPHORE, 1, 1, NAME, True)\n"
            "  ^");
}

TEST(ParserCalls, RefuseAValueToBeKeptByDel) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p x = del s"),
            "t.toml:2:11: 'del' has no result to keep\n"
            "p x = del s\n"
            "          ^");
}

TEST(ParserCalls, RefuseDelOfNothing) {
  EXPECT_EQ(MistakeIn("p del"),
            "t.toml:1:6: expected an object after 'del'\n"
            "p del\n"
            "     ^");
}

TEST(ParserCalls, RefuseReadAsAMethod) {
  EXPECT_EQ(MistakeIn("p m = SharedMemory(BARE, create=True, size=16)\n"
                      "p m.read(0, 4)"),
            "t.toml:2:5: unknown operation 'read'; reading is written 'm.buf[0:4]'\n"
            "p m.read(0, 4)\n"
            "    ^");
}

TEST(ParserCalls, RefuseWriteAsAMethod) {
  EXPECT_EQ(MistakeIn("p m = SharedMemory(BARE, create=True, size=16)\n"
                      "p m.write(0, b'x')"),
            "t.toml:2:5: unknown operation 'write'; writing is written 'm.buf[0:4] = b'abcd''\n"
            "p m.write(0, b'x')\n"
            "    ^");
}

TEST(ParserCalls, RefuseGetAsAMethod) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.get('kind')"),
            "t.toml:2:5: unknown operation 'get'; an attribute is written 's.kind'\n"
            "p s.get('kind')\n"
            "    ^");
}

TEST(ParserCalls, RefuseAnIndexInsteadOfASlice) {
  EXPECT_EQ(MistakeIn("p m = SharedMemory(BARE, create=True, size=16)\n"
                      "p m.buf[0] -> 0"),
            "t.toml:2:10: expected ':' and the end of a slice, as in 'm.buf[0:4]'\n"
            "p m.buf[0] -> 0\n"
            "         ^");
}

TEST(ParserCalls, RefuseTheWholeBuffer) {
  EXPECT_EQ(MistakeIn("p m = SharedMemory(BARE, create=True, size=16)\n"
                      "p m.buf"),
            "t.toml:2:8: expected a slice, as in 'm.buf[0:4]'\n"
            "p m.buf\n"
            "       ^");
}

TEST(ParserCalls, RefuseASliceThatChangesItsSize) {
  EXPECT_EQ(MistakeIn("p m = SharedMemory(BARE, create=True, size=16)\n"
                      "p m.buf[0:4] = b'abc'"),
            "t.toml:2:16: 3 bytes for a slice of 4; a slice keeps its size\n"
            "p m.buf[0:4] = b'abc'\n"
            "               ^");
}

TEST(ParserCalls, RefuseTextForASlice) {
  EXPECT_EQ(
      MistakeIn("p m = SharedMemory(BARE, create=True, size=16)\n"
                "p m.buf[0:4] = 'abcd'"),
      "t.toml:2:16: expected bytes for a slice of two integers, as in 'm.buf[0:4] = b'abcd''\n"
      "p m.buf[0:4] = 'abcd'\n"
      "               ^");
}

TEST(ParserCalls, RefuseAnOpenBracket) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire(True"),
            "t.toml:2:17: expected ',' or ')', found the end of the line\n"
            "p s.acquire(True\n"
            "                ^");
}

TEST(ParserCalls, RefuseAnArgumentTwice) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire(timeout=1, timeout=2)"),
            "t.toml:2:24: the argument 'timeout' is given twice\n"
            "p s.acquire(timeout=1, timeout=2)\n"
            "                       ^");
}

TEST(ParserCalls, RefuseAnArgumentAfterOneWithAName) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire(block=True, 2)"),
            "t.toml:2:25: an argument without a name follows one with a name\n"
            "p s.acquire(block=True, 2)\n"
            "                        ^");
}

TEST(ParserCalls, RefuseAnExitWithoutAStatus) {
  EXPECT_EQ(MistakeIn("p exit()"),
            "t.toml:1:3: expected a status, as in 'exit(3)'\n"
            "p exit()\n"
            "  ^");
}

TEST(ParserCalls, RefuseWhatFollowsThem) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire() True"),
            "t.toml:2:15: expected '-> VALUE' for what it returns, found 'True'\n"
            "p s.acquire() True\n"
            "              ^");
}

TEST(ParserValues, RefuseACallAsAnArgument) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire(s.kind())"),
            "t.toml:2:19: expected ',' or ')', found '('\n"
            "p s.acquire(s.kind())\n"
            "                  ^");
}

TEST(ParserValues, RefuseAnUnknownName) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.acquire(tru)"),
            "t.toml:2:13: 'tru' is no object or value of 'p'; it has 's'\n"
            "p s.acquire(tru)\n"
            "            ^");
}

TEST(ParserValues, TellWhoHasAValue) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "p h = s.handle\n"
                      "c t = SemLock._rebuild(h, SEMAPHORE, 1, NAME)"),
            "t.toml:4:24: 'h' is no object or value of 'c'; 'p' has it: 'p.h'\n"
            "c t = SemLock._rebuild(h, SEMAPHORE, 1, NAME)\n"
            "                       ^");
}

TEST(ParserValues, RefuseAnObjectOfAnotherProcess) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire(p.s)"),
            "t.toml:3:13: 'p.s' is an object of another process; expected one of its attributes, "
            "as in 'p.s.handle'\n"
            "c s.acquire(p.s)\n"
            "            ^");
}

TEST(ParserValues, RefuseAnObjectAsAnOutcome) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p s.kind -> s"),
            "t.toml:2:13: 's' is an object; expected a value\n"
            "p s.kind -> s\n"
            "            ^");
}

TEST(ParserValues, RefuseAnAttributeOfAValue) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p h = s.handle\n"
                      "p s.acquire(h.kind)"),
            "t.toml:3:13: 'h' is a value; it has no attributes\n"
            "p s.acquire(h.kind)\n"
            "            ^");
}

TEST(ParserValues, RefuseAnAttributeOfWhoIsInACall) {
  EXPECT_EQ(MistakeIn("p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n"
                      "p fork c\n"
                      "c s.acquire() -> blocked\n"
                      "p t = SemLock._rebuild(c.s.handle, SEMAPHORE, 1, NAME)"),
            "t.toml:4:24: actor 'c' is still in its call of line 3; expected 'c returns ...' or 'c "
            "raises ...' first\n"
            "p t = SemLock._rebuild(c.s.handle, SEMAPHORE, 1, NAME)\n"
            "                       ^");
}

TEST(ParserValues, RefuseANameThatIsAnActorAndAnObject) {
  EXPECT_EQ(MistakeIn("p c = SemLock(SEMAPHORE, 1, 1, NAME, True)\n"
                      "p fork c\n"
                      "p c.acquire(c.kind)"),
            "t.toml:3:13: 'c' is an actor and an object; give one of them another name\n"
            "p c.acquire(c.kind)\n"
            "            ^");
}

TEST(ParserValues, RefuseAFreshNameOutOfRange) {
  EXPECT_EQ(MistakeIn("p sem_unlink(NAME1)"),
            "t.toml:1:14: 'NAME1' is no fresh name; expected NAME, NAME2, NAME3 ... NAME999\n"
            "p sem_unlink(NAME1)\n"
            "             ^");
}

TEST(ParserValues, RefuseAStringWithoutEnd) {
  EXPECT_EQ(MistakeIn("p sem_unlink('abc)"),
            "t.toml:1:14: this string has no end; expected '\n"
            "p sem_unlink('abc)\n"
            "             ^");
}

TEST(ParserValues, RefuseAnUnknownEscape) {
  EXPECT_EQ(MistakeIn("p sem_unlink('\\q')"),
            "t.toml:1:14: unknown escape '\\q' in a string\n"
            "p sem_unlink('\\q')\n"
            "             ^");
}

TEST(ParserValues, RefuseASurrogate) {
  EXPECT_EQ(MistakeIn("p sem_unlink('\\ud800')"),
            "t.toml:1:14: a lone surrogate cannot be sent as text; write it inside of eval('...')\n"
            "p sem_unlink('\\ud800')\n"
            "             ^");
}

TEST(ParserValues, RefuseAnUnknownPrefix) {
  EXPECT_EQ(MistakeIn("p sem_unlink(r'x')"),
            "t.toml:1:14: unknown prefix 'r' of a string; only b'...' is known\n"
            "p sem_unlink(r'x')\n"
            "             ^");
}

TEST(ParserValues, RefuseLettersBehindANumber) {
  EXPECT_EQ(MistakeIn("p sem_unlink(12ab)"),
            "t.toml:1:14: '12ab' is not a number; expected as in '12', '0xff' or '1e300'\n"
            "p sem_unlink(12ab)\n"
            "             ^");
}

TEST(ParserValues, RefuseANumberThatLooksOctal) {
  EXPECT_EQ(MistakeIn("p umask(022)"),
            "t.toml:1:9: '022' is not a number; expected '0o22' for octal digits\n"
            "p umask(022)\n"
            "        ^");
}

TEST(ParserValues, RefuseADigitOfAnotherBase) {
  EXPECT_EQ(MistakeIn("p umask(0o28)"),
            "t.toml:1:9: '0o28' is not a number; expected as in '12', '0xff' or '1e300'\n"
            "p umask(0o28)\n"
            "        ^");
}

TEST(ParserValues, RefuseAnUnexpectedCharacter) {
  EXPECT_EQ(MistakeIn("p umask($)"),
            "t.toml:1:9: unexpected character '$'\n"
            "p umask($)\n"
            "        ^");
}

TEST(ParserValues, RefuseAControlCharacter) {
  EXPECT_EQ(MistakeIn("p umask(\x02"
                      ")"),
            "t.toml:1:9: unexpected character '\\x02'\n"
            "p umask(�)\n"
            "        ^");
}

TEST(ParserValues, RefuseANonAsciiCharacterInBytes) {
  EXPECT_EQ(MistakeIn("p eval(b'é')"),
            "t.toml:1:8: bytes have ASCII characters only; write others as '\\xe9'\n"
            "p eval(b'é')\n"
            "       ^");
}

TEST(ParserValues, RefuseASumOfTextAndNumber) {
  EXPECT_EQ(MistakeIn("p sem_unlink('a' + 1)"),
            "t.toml:1:18: '+' does not join these; '+ - * ** |' are for integers, '+' and '*' for "
            "strings, too\n"
            "p sem_unlink('a' + 1)\n"
            "                 ^");
}

TEST(ParserValues, RefuseMinusBeforeText) {
  EXPECT_EQ(MistakeIn("p sem_unlink(-'a')"),
            "t.toml:1:14: '-' stands before numbers only\n"
            "p sem_unlink(-'a')\n"
            "             ^");
}

TEST(ParserValues, RefuseANegativeExponent) {
  EXPECT_EQ(MistakeIn("p umask(2**-1)"),
            "t.toml:1:10: the exponent of '**' is negative; expected an integer >= 0\n"
            "p umask(2**-1)\n"
            "         ^");
}

TEST(ParserValues, RefuseAnIntegerBeyondAllMeasure) {
  EXPECT_EQ(MistakeIn("p umask(10**100000)"),
            "t.toml:1:11: this integer has more than 10000 digits\n"
            "p umask(10**100000)\n"
            "          ^");
}

TEST(ParserValues, RefuseATextBeyondAllMeasure) {
  EXPECT_EQ(MistakeIn("p sem_unlink('x' * 2**40)"),
            "t.toml:1:18: this string would have more than 262144 bytes\n"
            "p sem_unlink('x' * 2**40)\n"
            "                 ^");
}

TEST(ParserValues, RefuseATextRepeatedHalf) {
  EXPECT_EQ(MistakeIn("p sem_unlink('x' * 0.5)"),
            "t.toml:1:18: a string is repeated an integer number of times, 0 or more\n"
            "p sem_unlink('x' * 0.5)\n"
            "                 ^");
}

TEST(ParserValues, RefuseBitsOfBigIntegers) {
  EXPECT_EQ(MistakeIn("p umask(2**70 | 1)"),
            "t.toml:1:15: '|' is for integers of 64 bits\n"
            "p umask(2**70 | 1)\n"
            "              ^");
}

TEST(ParserValues, RefuseEndlessNesting) {
  EXPECT_EQ(MistakeIn("p umask((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((()"),
            "t.toml:1:49: too deeply nested; expected at most 40 levels\n"
            "p umask((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((()\n"
            "                                                ^");
}

TEST(ParserValues, RefuseAnOpenList) {
  EXPECT_EQ(MistakeIn("p eval([1, 2)"),
            "t.toml:1:13: expected ',' or ']', found ')'\n"
            "p eval([1, 2)\n"
            "            ^");
}

TEST(ParserValues, RefuseNothing) {
  EXPECT_EQ(MistakeIn("p umask(,)"),
            "t.toml:1:9: expected a value, found ','\n"
            "p umask(,)\n"
            "        ^");
}

}  // namespace
}  // namespace lockstep
