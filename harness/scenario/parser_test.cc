// SPDX-License-Identifier: MIT
// Every form of a line, and what it becomes.
#include "harness/scenario/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

namespace lockstep {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""s;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Step> Parsed(const std::string& text) {
  Result<std::vector<Step>> steps = ParseSteps(text, "t.toml", 1);
  if (steps) return *std::move(steps);
  ADD_FAILURE() << steps.error().Text();
  return {};
}

// The last step of a transcript, which is of the kind T.
template <class T>
T Last(const std::string& text) {
  const std::vector<Step> steps = Parsed(text);
  if (!steps.empty() && std::holds_alternative<T>(steps.back().what))
    return std::get<T>(steps.back().what);
  ADD_FAILURE() << "the last step is not of this kind";
  return T();
}

const std::string kSemaphore = "p s = SemLock(SEMAPHORE, 0, 1, NAME, True)\n";
const std::string kBlocked =
    kSemaphore + "p fork a\np fork b\na s.acquire() -> blocked\nb s.acquire() -> blocked\n";
const std::string kMemory = "p m = SharedMemory(BARE, create=True, size=16)\n";

// --- Calls
// ----------------------------------------------------------------------------------------

TEST(Calls, KeepTheirResultUnderAName) {
  const Do what = Last<Do>("p s = SemLock(RECURSIVE_MUTEX, 1, 2, NAME, unlink=True)");
  EXPECT_THAT(what.actors, ElementsAre("p"));
  EXPECT_EQ(what.call.as, "s");
  EXPECT_EQ(what.call.operation, "SemLock");
  ASSERT_EQ(what.call.args.size(), 4u);
  EXPECT_EQ(what.call.args[0].value, Value::Int(0));
  EXPECT_EQ(what.call.args[2].value, Value::Int(2));
  EXPECT_EQ(what.call.args[3].kind, Expr::Kind::kFreshName);
  EXPECT_EQ(what.call.args[3].name, "NAME");
  ASSERT_EQ(what.call.kwargs.size(), 1u);
  EXPECT_EQ(what.call.kwargs[0].first, "unlink");
  EXPECT_EQ(what.call.kwargs[0].second.value, Value(true));
  EXPECT_FALSE(what.expectation.has_value());
}

TEST(Calls, AreDoneOnAnObject) {
  const Do what = Last<Do>(kSemaphore + "p s.acquire(True, timeout=0.05)");
  EXPECT_EQ(what.call.object, "s");
  EXPECT_EQ(what.call.operation, "acquire");
  EXPECT_EQ(what.call.kwargs[0].second.value, Value(0.05));
}

TEST(Calls, OfConstructorsWithADotAreOneOperation) {
  EXPECT_EQ(Last<Do>("p t = SemLock._rebuild(0, SEMAPHORE, 1, NAME)").call.operation,
            "SemLock._rebuild");
  EXPECT_EQ(Last<Do>("p u = SemLock.unnamed(SEMAPHORE, 1, 1)").call.operation, "SemLock.unnamed");
}

TEST(Calls, GetAttributes) {
  const Call call = Last<Do>(kSemaphore + "p s.kind -> 1").call;
  EXPECT_EQ(call.operation, "get");
  EXPECT_EQ(call.object, "s");
  EXPECT_EQ(call.args[0].value, Value(std::string("kind")));
}

TEST(Calls, DropObjects) {
  const Call call = Last<Do>(kSemaphore + "p del s").call;
  EXPECT_EQ(call.operation, "del");
  EXPECT_EQ(call.object, "s");
}

TEST(Calls, ReadSlices) {
  const Call call = Last<Do>(kMemory + "p m.buf[2:4] -> b'cd'").call;
  EXPECT_EQ(call.operation, "read");
  EXPECT_EQ(call.args[0].value, Value::Int(2));
  EXPECT_EQ(call.args[1].value, Value::Int(4));
}

TEST(Calls, WriteSlices) {
  const Call call = Last<Do>(kMemory + "p m.buf[2:4] = b'xy'").call;
  EXPECT_EQ(call.operation, "write");
  EXPECT_EQ(call.args[0].value, Value::Int(2));
  EXPECT_EQ(call.args[1].value, Value(Bytes{"xy"}));
}

TEST(Calls, EndTheProcess) {
  const std::vector<Step> steps = Parsed("p exit(3)\np exited 3");
  EXPECT_EQ(std::get<Do>(steps[0].what).call.operation, "exit");
  EXPECT_EQ(std::get<Exited>(steps[1].what).status, 3);
}

TEST(Calls, MayBeOnAnObjectThatIsCalledLikeAStep) {
  // `on` is a step word, `on.x` would be a call; names that are reserved cannot be kept in the
  // first place.
  EXPECT_EQ(Last<Do>("p ond = SemLock(SEMAPHORE, 1, 1, NAME, True)\np ond.release()").call.object,
            "ond");
}

// --- Outcomes
// -------------------------------------------------------------------------------------

Expectation OutcomeOf(const std::string& outcome) {
  return *Last<Do>(kSemaphore + "p s.acquire() " + outcome).expectation;
}

TEST(Outcomes, AreValues) {
  EXPECT_EQ(OutcomeOf("-> None").alternatives[0].value.value, Value(None{}));
  EXPECT_EQ(OutcomeOf("-> True").alternatives[0].value.value, Value(true));
  EXPECT_EQ(OutcomeOf("-> -7").alternatives[0].value.value, Value::Int(-7));
}

TEST(Outcomes, AreTypesOfValues) {
  for (const std::string type : {"int", "str", "float", "bytes", "bool", "..."}) {
    EXPECT_EQ(OutcomeOf("-> " + type).alternatives[0].type_of_value, type);
  }
}

TEST(Outcomes, MayBeBlockedOrUnsupported) {
  EXPECT_EQ(OutcomeOf("-> blocked").alternatives[0].kind, Expected::Kind::kBlocked);
  EXPECT_EQ(OutcomeOf("-> unsupported").alternatives[0].kind, Expected::Kind::kUnsupported);
}

TEST(Outcomes, HaveDurationsInEveryUnit) {
  EXPECT_EQ(OutcomeOf("-> False after 50ms").after, 50ms);
  EXPECT_EQ(OutcomeOf("-> False after 250us").after, 250us);
  EXPECT_EQ(OutcomeOf("-> False after 1.5s").after, 1500ms);
  EXPECT_EQ(OutcomeOf("-> False after 3600s").after, 3600s);
}

TEST(Outcomes, AreRememberedAsWritten) {
  EXPECT_EQ(OutcomeOf("->   False  after 50ms").text, "-> False after 50ms");
}

TEST(Outcomes, HaveAlternatives) {
  const Expectation outcome = OutcomeOf("-> True or False or raises OSError EINTR after 5ms");
  ASSERT_EQ(outcome.alternatives.size(), 3u);
  EXPECT_EQ(outcome.alternatives[1].value.value, Value(false));
  EXPECT_EQ(outcome.alternatives[2].type, "OSError");
  EXPECT_EQ(outcome.alternatives[2].errno_value, EINTR);
  EXPECT_EQ(outcome.after, 5ms);
}

TEST(Outcomes, RaiseWithAnErrno) {
  EXPECT_EQ(OutcomeOf("raises OSError ENOSPC").alternatives[0].errno_value, ENOSPC);
  EXPECT_EQ(OutcomeOf("raises PermissionError EPERM").alternatives[0].errno_value, EPERM);
}

TEST(Outcomes, RaiseWithTheErrnoThatTheTypeSays) {
  EXPECT_EQ(OutcomeOf("raises FileNotFoundError").alternatives[0].errno_value, ENOENT);
  EXPECT_EQ(OutcomeOf("raises FileExistsError").alternatives[0].errno_value, EEXIST);
}

TEST(Outcomes, RaiseWithAnyErrnoWhenAsked) {
  EXPECT_EQ(OutcomeOf("raises OSError any").alternatives[0].errno_value, std::nullopt);
}

TEST(Outcomes, RaiseWithoutAnErrnoElse) {
  const Expected one = OutcomeOf("raises ValueError").alternatives[0];
  EXPECT_EQ(one.errno_value, std::nullopt);
  EXPECT_EQ(one.message, std::nullopt);
}

TEST(Messages, ReachToTheEndOfTheLine) {
  EXPECT_EQ(
      OutcomeOf("raises ValueError: 'x' isn't a#1 or 2;  but } three   ").alternatives[0].message,
      "'x' isn't a#1 or 2;  but } three");
}

TEST(Messages, EndAtAComment) {
  EXPECT_EQ(OutcomeOf("raises ValueError: too many   # really").alternatives[0].message,
            "too many");
}

TEST(Messages, EndAtACondition) {
  const std::vector<Step> steps = Parsed("p nop() raises ValueError: what when it is when < 3.12");
  EXPECT_EQ(std::get<Do>(steps[0].what).expectation->alternatives[0].message, "what when it is");
  EXPECT_EQ(steps[0].condition.text, "< 3.12");
}

TEST(Messages, EndAtADuration) {
  const Expectation outcome = OutcomeOf("raises OSError EINTR: after all after 50ms");
  EXPECT_EQ(outcome.alternatives[0].message, "after all");
  EXPECT_EQ(outcome.after, 50ms);
}

TEST(Messages, EndAtTheNextAlternative) {
  const Expectation outcome = OutcomeOf("raises ValueError: one or two or raises TypeError: three");
  EXPECT_EQ(outcome.alternatives[0].message, "one or two");
  EXPECT_EQ(outcome.alternatives[1].message, "three");
}

TEST(Messages, EndAtTheEndOfABlock) {
  const Together what = Last<Together>(
      "p fork c\ntogether { p nop() raises ValueError: a b; c nop() raises TypeError: c }");
  EXPECT_EQ(std::get<Do>(what.steps[0].what).expectation->alternatives[0].message, "a b");
  EXPECT_EQ(std::get<Do>(what.steps[1].what).expectation->alternatives[0].message, "c");
}

TEST(Messages, KeepTheirBlanksInTheText) {
  EXPECT_EQ(Parsed("p   nop()   raises ValueError:  a  b")[0].text,
            "p nop() raises ValueError: a  b");
}

// --- Calls in flight
// ------------------------------------------------------------------------------

TEST(Await, IsWhatBecomesOfACallInFlight) {
  const Await what = Last<Await>(kBlocked + "a returns True after 300ms");
  EXPECT_THAT(what.actors, ElementsAre("a"));
  EXPECT_EQ(what.expectation.alternatives[0].value.value, Value(true));
  EXPECT_EQ(what.expectation.after, 300ms);
}

TEST(Await, MayRaise) {
  EXPECT_EQ(Last<Await>(kBlocked + "a raises KeyboardInterrupt").expectation.alternatives[0].type,
            "KeyboardInterrupt");
}

TEST(OneOf, NamesTheWinnerAndTheOther) {
  const OneOf what = Last<OneOf>(kBlocked + "a|b returns True as w, other l");
  EXPECT_THAT(what.actors, ElementsAre("a", "b"));
  EXPECT_EQ(what.winner, "w");
  EXPECT_EQ(what.others, std::vector<std::string>{"l"});
}

TEST(OneOf, NamesEveryOtherOfThree) {
  const OneOf what = Last<OneOf>(kBlocked +
                                 "p fork c\nc s.acquire() -> blocked\n"
                                 "a|b|c returns True as w, other l, m\n"
                                 "p s.release()\nl|m returns True as x, other y");
  EXPECT_THAT(what.actors, ElementsAre("l", "m"));
  EXPECT_EQ(what.others, std::vector<std::string>{"y"});
}

TEST(OneOf, NeedsNoNames) { EXPECT_EQ(Last<OneOf>(kBlocked + "a|b returns True").winner, ""); }

TEST(OneOf, MayRaiseWithAMessage) {
  const OneOf what = Last<OneOf>(kBlocked + "a|b raises ValueError: known as it is as w");
  EXPECT_EQ(what.expectation.alternatives[0].message, "known as it is");
  EXPECT_EQ(what.winner, "w");
}

TEST(OneOf, MayBeDoneTwice) {
  EXPECT_EQ(Parsed(kBlocked + "a|b returns True\na|b returns True").size(), 7u);
}

TEST(OneOf, LetsTheOtherComeBack) {
  const Await what = Last<Await>(
      kBlocked + "a|b returns True as w, other l\nl still blocked\nw s.release()\nl returns True");
  EXPECT_THAT(what.actors, ElementsAre("l"));
}

TEST(StillBlocked, NamesItsActors) {
  EXPECT_THAT(Last<StillBlocked>(kBlocked + "a still blocked").actors, ElementsAre("a"));
}

// --- Actors
// ---------------------------------------------------------------------------------------

TEST(Create, ForksSpawnsAndMakesThreads) {
  EXPECT_EQ(Last<Create>("p fork c").how, Create::How::kFork);
  EXPECT_EQ(Last<Create>("p spawn c").how, Create::How::kSpawn);
  EXPECT_EQ(Last<Create>("p thread c").how, Create::How::kThread);
  EXPECT_EQ(Last<Create>("p thread c").parent, "p");
  EXPECT_THAT(Last<Create>("p thread c").children, ElementsAre("c"));
}

TEST(Create, StartsProcessesThatShareNothing) {
  EXPECT_EQ(Last<Create>("start c").how, Create::How::kStart);
  EXPECT_EQ(Last<Create>("start c").parent, "");
}

TEST(Create, MayFailToSpawn) {
  const Create what = Last<Create>(kSemaphore + "p spawn c raises FileNotFoundError");
  EXPECT_EQ(what.expectation->alternatives[0].errno_value, ENOENT);
}

TEST(Create, MakesAnActorAgainThatIsGone) {
  EXPECT_EQ(Parsed("p fork c\nkill c SIGKILL\nc died SIGKILL\np fork c\nc nop()").size(), 5u);
}

TEST(Create, HandsObjectsDownButNotValues) {
  EXPECT_EQ(
      Parsed(kSemaphore + "p h = s.handle\np fork c\nc fork d\nd s.kind -> 1\nd s.handle -> p.h")
          .size(),
      6u);
}

TEST(Create, SharesValuesAmongThreads) {
  EXPECT_EQ(Parsed(kSemaphore + "p h = s.handle\np thread t\nt s.handle -> h").size(), 4u);
}

TEST(Groups, AreMadeByARange) {
  EXPECT_THAT(Last<Create>("p fork w[1..3]").children, ElementsAre("w1", "w2", "w3"));
}

TEST(Groups, StandWhereAnActorMay) {
  const std::string group = "p fork w[1..4]\n";
  EXPECT_THAT(Last<Do>(group + "w[*] nop()").actors, ElementsAre("w1", "w2", "w3", "w4"));
  EXPECT_THAT(Last<Do>(group + "w[3] nop()").actors, ElementsAre("w3"));
  EXPECT_THAT(Last<Do>(group + "w3 nop()").actors, ElementsAre("w3"));
  EXPECT_THAT(Last<Do>(group + "w[2..3] nop()").actors, ElementsAre("w2", "w3"));
  EXPECT_THAT(Last<SendSignal>(group + "kill w[2..3] SIGKILL").actors, ElementsAre("w2", "w3"));
  EXPECT_THAT(Last<Died>(group + "w[*] died SIGSEGV").actors, ElementsAre("w1", "w2", "w3", "w4"));
}

TEST(Groups, HandleSignalsOneAfterTheOther) {
  const std::vector<Step> steps =
      Parsed("p fork w[1..2]\nw[*]  on SIGUSR1 return\nw[*] handled SIGUSR1");
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(std::get<OnSignal>(steps[2].what).actor, "w2");
  EXPECT_EQ(steps[2].text, "w2 on SIGUSR1 return");
  EXPECT_EQ(std::get<Handled>(steps[4].what).actor, "w2");
}

// --- Signals and ends
// -----------------------------------------------------------------------------

TEST(OnSignal, HasEveryAction) {
  using Action = OnSignal::Action;
  EXPECT_EQ(Last<OnSignal>("p on SIGUSR1 return").action, Action::kReturn);
  EXPECT_EQ(Last<OnSignal>("p on SIGUSR1 ignore").action, Action::kIgnore);
  EXPECT_EQ(Last<OnSignal>("p on SIGUSR1 default").action, Action::kDefault);
  EXPECT_EQ(Last<OnSignal>("p on SIGUSR1 raise KeyboardInterrupt").type, "KeyboardInterrupt");
  EXPECT_EQ(Last<OnSignal>(kSemaphore + "p on SIGUSR1 call s.release()").call.operation, "release");
}

TEST(OnSignal, MayRestart) {
  EXPECT_FALSE(Last<OnSignal>("p on SIGUSR1 return").restart);
  EXPECT_TRUE(Last<OnSignal>("p on SIGUSR1 return restart").restart);
  EXPECT_TRUE(Last<OnSignal>(kSemaphore + "p on SIGUSR1 call s.release() restart").restart);
}

TEST(SendSignal, HasEveryWay) {
  using How = SendSignal::How;
  EXPECT_EQ(Last<SendSignal>("kill p SIGTERM").how, How::kKill);
  EXPECT_EQ(Last<SendSignal>("signal p SIGUSR1").how, How::kSignal);
  EXPECT_EQ(Last<SendSignal>("stop p").how, How::kStop);
  EXPECT_EQ(Last<SendSignal>("stop p\ncont p").how, How::kCont);
  EXPECT_EQ(Last<SendSignal>("kill p SIGTERM").signal, "SIGTERM");
}

TEST(Ends, AreBySignalOrStatus) {
  EXPECT_EQ(Last<Died>("p fork c\nkill c SIGKILL\nc died SIGKILL").signal, "SIGKILL");
  EXPECT_EQ(Last<Exited>("p fork c\nc exit(0)\nc exited 0").status, 0);
}

TEST(Handled, WaitsForAHandler) {
  EXPECT_EQ(
      Last<Handled>("p on SIGUSR1 return\np fork c\nsignal c SIGUSR1\nc handled SIGUSR1").signal,
      "SIGUSR1");
}

// --- together, hammer, left, machine
// --------------------------------------------------------------

TEST(Together, StandsOnOneLine) {
  const Together what = Last<Together>("p fork c\ntogether { p nop(); c nop() -> None }");
  ASSERT_EQ(what.steps.size(), 2u);
  EXPECT_EQ(what.steps[1].text, "c nop() -> None");
}

TEST(Together, StandsOnSeveralLines) {
  const std::vector<Step> steps =
      Parsed("p fork c\ntogether {  # at once\n  p nop()\n\n  c nop();\n}\np nop()");
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(std::get<Together>(steps[1].what).steps[1].position.line, 5);
  EXPECT_EQ(steps[1].text, "together { p nop(); c nop() }");
}

TEST(Together, MayBlock) {
  const std::vector<Step> steps = Parsed(
      kSemaphore + "p fork w[1..2]\ntogether { w[*] s.acquire() -> blocked }\nw[*] still blocked");
  EXPECT_EQ(steps.size(), 4u);
}

TEST(Together, HasItsConditionBehindTheBrace) {
  EXPECT_EQ(Parsed("together {\n p nop()\n} when >= 3.12")[0].condition.text, ">= 3.12");
}

TEST(Hammer, HasRoundsAndAResult) {
  const std::vector<Step> steps =
      Parsed(kSemaphore + "p hammer s 1000\nhammer: entries 8000, counter 7, inside <= 3, value 4");
  EXPECT_EQ(std::get<Hammer>(steps[1].what).object, "s");
  EXPECT_EQ(std::get<Hammer>(steps[1].what).rounds, 1000);
  const auto& result = std::get<HammerResult>(steps[2].what);
  EXPECT_EQ(result.entries, 8000);
  EXPECT_EQ(result.counter, 7);
  EXPECT_EQ(result.inside_at_most, 3);
  EXPECT_EQ(result.value, 4);
}

TEST(Hammer, MayLeaveResultsOut) {
  const HammerResult result = Last<HammerResult>(kSemaphore + "p hammer s 1\nhammer: value 4");
  EXPECT_EQ(result.entries, std::nullopt);
  EXPECT_EQ(result.value, 4);
}

TEST(Left, NamesWhatRemains) {
  const Left left = Last<Left>(
      "p sem_unlink(NAME)\np sem_unlink(BARE2)\np sem_unlink(NAME + 'x')\nleft NAME, NAME2, NAME + "
      "'x'");
  ASSERT_EQ(left.names.size(), 3u);
  EXPECT_EQ(left.names[1].name, "NAME2");
  EXPECT_EQ(left.names[2].kind, Expr::Kind::kConcat);
}

TEST(Machine, HasSizeInodesAndIsFull) {
  const Machine machine = Last<Machine>("machine shm size=4K inodes=8 full");
  EXPECT_EQ(machine.size_bytes, 4096);
  EXPECT_EQ(machine.inodes, 8);
  EXPECT_TRUE(machine.full);
}

TEST(Machine, MayBeReadOnlyOrAbsent) {
  EXPECT_TRUE(Last<Machine>("machine shm read-only").read_only);
  EXPECT_TRUE(Last<Machine>("machine shm absent").absent);
}

// --- Lines
// ----------------------------------------------------------------------------------------

TEST(Lines, MayBeEmptyOrComments) { EXPECT_THAT(Parsed("\n  \n# p nop()\n\t# x"), IsEmpty()); }

TEST(Lines, HaveCommentsOutsideOfQuotesOnly) {
  const Do what = Last<Do>("p sem_unlink('/a#b')# c");
  EXPECT_EQ(what.call.args[0].value, Value(std::string("/a#b")));
}

TEST(Lines, KnowWhereTheyStand) {
  const Result<std::vector<Step>> steps = ParseSteps("\n   p nop()", "t.toml", 40);
  ASSERT_TRUE(steps.has_value());
  EXPECT_EQ(steps->at(0).position.line, 41);
  EXPECT_EQ(steps->at(0).position.column, 4);
  EXPECT_EQ(std::get<Do>(steps->at(0).what).call.position.column, 6);
}

TEST(Lines, AreRememberedWithoutCommentAndCondition) {
  EXPECT_EQ(Parsed("  p   sem_unlink( 'a  b' )   ->  None   when >= 3.12  # why")[0].text,
            "p sem_unlink( 'a  b' ) -> None");
}

TEST(Lines, MayEndInCarriageReturns) {
  const std::vector<Step> steps = Parsed("p nop() -> None\r\np nop() raises ValueError: text\r\n");
  EXPECT_EQ(std::get<Do>(steps[1].what).expectation->alternatives[0].message, "text");
}

TEST(Lines, MayBeIndentedByTabs) {
  EXPECT_EQ(Parsed("\tp\tnop()\t->\tNone")[0].text, "p nop() -> None");
}

// --- What ends a process, texts that match, scripts, other implementations
// ---------------------------------------------------------------------

TEST(Outcomes, MayBeTheDeathOfTheProcess) {
  const Do what = Last<Do>("p fork c\nc nop() dies SIGBUS or raises OSError EINVAL");
  ASSERT_EQ(what.expectation->alternatives.size(), 2u);
  EXPECT_EQ(what.expectation->alternatives[0].kind, Expected::Kind::kDies);
  EXPECT_EQ(what.expectation->alternatives[0].type, "SIGBUS");
  EXPECT_EQ(what.expectation->text, "dies SIGBUS or raises OSError EINVAL");
}

TEST(Outcomes, MayBeATextThatMatches) {
  const Do what = Last<Do>("p eval('x') -> like '<Lock...>'");
  EXPECT_EQ(what.expectation->alternatives[0].type_of_value, "like");
  EXPECT_EQ(what.expectation->alternatives[0].value.value, Value(std::string("<Lock...>")));
  // It is a name as any other where no text follows.
  EXPECT_EQ(Last<Do>("p like = fstat_size(0)\np fstat_size(1) -> like")
                .expectation->alternatives[0]
                .value.name,
            "like");
}

TEST(Calls, AreOnTheTypesOverSemLockToo) {
  EXPECT_EQ(Last<Do>("p c = Condition()\np c.notify(2)").call.operation, "notify");
  EXPECT_EQ(Last<Do>("p l = Lock.attach(NAME)").call.operation, "Lock.attach");
  EXPECT_EQ(Last<Do>("p b = Barrier(2)\np b.n_waiting -> 0").call.operation, "get");
}

TEST(Calls, MayGiveTheScenariosScript) {
  EXPECT_EQ(Last<Do>("p python(SCRIPT, NAME)").call.args[0].kind, Expr::Kind::kScript);
}

TEST(Actors, MayBeOfTheOtherImplementation) {
  EXPECT_TRUE(Last<Create>("start w on B").on_other);
  EXPECT_FALSE(Last<Create>("start w").on_other);
}

TEST(Actors, ThatAreThreadsMayEnd) {
  EXPECT_EQ(Last<Do>("p thread t\nt end()").call.operation, "end");
}

}  // namespace
}  // namespace lockstep
