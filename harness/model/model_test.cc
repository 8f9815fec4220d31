// SPDX-License-Identifier: MIT
#include "harness/model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/scenario/parser.h"

namespace lockstep {
namespace {

using model::Rule;
namespace rules = model::rules;
using Verdict = Model::Judgement::Verdict;

const Version kLike = *Version::Parse("3.14");

// The judgement of a transcript's last step; what is before it must agree.
Model::Judgement Last(const std::string& transcript) {
  const auto steps = ParseSteps(transcript, "t.toml", 1);
  EXPECT_TRUE(steps) << steps.error().Text();
  Model model(kLike);
  Model::Judgement judgement;
  for (const Step& step : *steps) {
    EXPECT_NE(judgement.verdict, Verdict::kContradicts) << "before " << step.text;
    judgement = model.Take(step);
  }
  return judgement;
}

std::string Allowed(const Model::Judgement& judgement) {
  std::string text;
  for (const model::Outcome& outcome : judgement.allowed) text += (text.empty() ? "" : " or ") + ToText(outcome);
  return text;
}

const std::string kSemaphore0 = "p s = SemLock(SEMAPHORE, 0, 2, NAME, unlink=True)\n";
const std::string kSemaphore1 = "p s = SemLock(SEMAPHORE, 1, 2, NAME, unlink=True)\n";
const std::string kMutex = "p s = SemLock(RECURSIVE_MUTEX, 1, 1, NAME, unlink=False)\n";
const std::string kObject = "p f = shm_open(NAME, O_CREAT | O_RDWR, 0o600)\n";
const std::string kTwoWaiters =
    kSemaphore0 + "p fork a\np fork b\na s.acquire() -> blocked\nb s.acquire() -> blocked\n";

// What is right, what is wrong, and the rule that says so.
struct Case {
  const char* name;
  std::string before;
  std::string step;
  std::string right;
  std::string wrong;
  const Rule* rule;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class Rules : public testing::TestWithParam<Case> {};

TEST_P(Rules, AllowWhatIsRightAlone) {
  const Case& one = GetParam();
  const Model::Judgement right = Last(one.before + one.step + " " + one.right);
  EXPECT_EQ(right.verdict, Verdict::kAgrees) << Allowed(right);
  const Model::Judgement wrong = Last(one.before + one.step + " " + one.wrong);
  ASSERT_EQ(wrong.verdict, Verdict::kContradicts);
  ASSERT_FALSE(wrong.allowed.empty());
  EXPECT_STREQ(wrong.allowed.front().rule->sentence, one.rule->sentence) << Allowed(wrong);
}

INSTANTIATE_TEST_SUITE_P(
    Model, Rules,
    testing::Values(
        Case{"Exists", kMutex, "p SemLock(SEMAPHORE, 1, 1, NAME, True)", "raises FileExistsError", "-> ...",
             &rules::kExists},
        Case{"Kind", "", "p SemLock(2, 1, 1, NAME, True)", "raises ValueError", "-> ...", &rules::kKind},
        Case{"ValueTooLarge", "", "p SemLock(1, -1, 1, NAME, True)", "raises OSError EINVAL", "-> ...",
             &rules::kValueTooLarge},
        Case{"NotThere", kSemaphore1, "p SemLock._rebuild(0, SEMAPHORE, 1, NAME)", "raises FileNotFoundError",
             "-> ...", &rules::kNotThere},
        Case{"Rebuilt", kMutex + "p s.acquire()\np t = SemLock._rebuild(0, RECURSIVE_MUTEX, 1, NAME)\n",
             "p t._count()", "-> 0", "-> 1", &rules::kCount},
        Case{"Takes", kSemaphore1, "p s.acquire()", "-> True", "-> blocked", &rules::kTakes},
        Case{"TakesAgain", kMutex + "p s.acquire()\n", "p s.acquire(False, 'x')", "-> True", "-> False",
             &rules::kTakesAgain},
        Case{"NoUnit", kSemaphore0, "p s.acquire(False)", "-> False", "-> blocked", &rules::kNoUnit},
        Case{"TimedOutAtOnce", kSemaphore0, "p s.acquire(True, -1)", "-> False", "-> blocked", &rules::kTimedOut},
        Case{"Waits", kSemaphore0, "p s.acquire()", "-> blocked", "-> False", &rules::kWaits},
        Case{"WaitsLong", kSemaphore0, "p s.acquire(timeout=60.0)", "-> blocked", "-> False", &rules::kWaits},
        Case{"TimedOut", kSemaphore0, "p s.acquire(timeout=0.01)", "-> False", "-> True", &rules::kWaits},
        Case{"TooMany", kSemaphore1 + "p s.release()\n", "p s.release()", "raises ValueError", "-> None",
             &rules::kTooMany},
        Case{"NotOwner", kMutex, "p s.release()", "raises AssertionError", "-> None", &rules::kNotOwner},
        Case{"ReleasesInner", kMutex + "p s.acquire()\np s.acquire()\np s.release()\n", "p s._get_value()", "-> 0",
             "-> 1", &rules::kGetValue},
        Case{"CountsBelowZero", kSemaphore1 + "p s.release()\n", "p s._count()", "-> -1", "-> 0", &rules::kCount},
        Case{"ForkedOwner", kMutex + "p s.acquire()\np fork c\n", "c s._is_mine()", "-> True", "-> False",
             &rules::kIsMine},
        Case{"OtherThread", kMutex + "p s.acquire()\np thread t\n", "t s._is_mine()", "-> False", "-> True",
             &rules::kIsMine},
        Case{"AfterFork", kMutex + "p s.acquire()\np fork c\nc s._after_fork()\n", "c s._is_mine()", "-> False",
             "-> True", &rules::kIsMine},
        Case{"SharedValue", kSemaphore1 + "p fork c\nc s.acquire()\n", "p s._is_zero()", "-> True", "-> False",
             &rules::kIsZero},
        Case{"OnePostOneWaiter", kTwoWaiters + "p s.release()\na|b returns True as w, other l\n", "l",
             "still blocked", "returns True", &rules::kWaits},
        Case{"Spawned", kMutex + "p s.acquire()\np spawn c\n", "c s._count()", "-> 0", "-> 1", &rules::kCount},
        Case{"SpawnedOfWhatIsGone", kMutex + "p sem_unlink(NAME)\n", "p spawn c", "raises FileNotFoundError",
             "raises ValueError", &rules::kSpawned},
        Case{"Died", "p fork c\nkill c SIGKILL\n", "c died", "SIGKILL", "SIGTERM", &rules::kDied},
        Case{"BlockBytes", "p m = SharedMemory(BARE, create=True, size=8)\np m.buf[2:4] = b'ab'\n", "p m.buf[0:4]",
             "-> b'\\x00\\x00ab'", "-> b'ab\\x00\\x00'", &rules::kBlockBytes},
        Case{"NulInAName", "", "p SemLock(SEMAPHORE, 1, 1, NAME + '\\x00x', True)", "raises ValueError", "-> ...",
             &rules::kNul},
        Case{"UnitBeforeDeadline", kSemaphore1, "p s.acquire(True, inf)", "-> True", "raises OSError EINVAL",
             &rules::kTakes},
        Case{"ShmExists", kObject, "p shm_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0o600)", "raises FileExistsError",
             "-> int", &rules::kExists},
        Case{"ShmNotThere", "", "p shm_open(NAME, O_RDWR)", "raises FileNotFoundError", "-> int", &rules::kNotThere},
        Case{"ShmSize", kObject + "p g = shm_open(NAME, O_RDONLY)\np ftruncate(f, 6)\n", "p fstat_size(g)", "-> 6",
             "-> 0", &rules::kShmSize},
        Case{"ShmEmptied", kObject + "p ftruncate(f, 6)\np g = shm_open(NAME, O_RDWR | O_TRUNC)\n",
             "p fstat_size(f)", "-> 0", "-> 6", &rules::kShmSize},
        Case{"ShmReadOnly", kObject + "p g = shm_open(NAME, O_RDONLY)\n", "p ftruncate(g, 6)", "raises OSError EINVAL",
             "-> None", &rules::kShmNotResized},
        Case{"ShmClosed", kObject + "p close_fd(f)\n", "p fstat_size(f)", "raises OSError EBADF", "-> 0",
             &rules::kNoDescriptor},
        Case{"ShmUnlinked", kObject + "p shm_unlink(NAME)\n", "p shm_unlink(NAME)", "raises FileNotFoundError",
             "-> None", &rules::kNotThere},
        Case{"ShmIsABlock", kObject + "p ftruncate(f, 6)\np m = SharedMemory(BARE)\n", "p m.size", "-> 6", "-> 0",
             &rules::kBlockAttached},
        Case{"SizeStays",
             "p m = SharedMemory(BARE, create=True, size=4)\np m.close()\np f = shm_open(NAME, O_RDWR)\n"
             "p ftruncate(f, 2)\n",
             "p m.size", "-> 4", "-> 2", &rules::kBlockAttached},
        Case{"BlockNotThere", "", "p SharedMemory(BARE)", "raises FileNotFoundError", "-> ...", &rules::kNotThere}),
    [](const testing::TestParamInfo<Case>& one) { return one.param.name; });

TEST(Model, LeavesItOpenWhoIsWoken) {
  for (const std::string winner : {"a", "b"}) {
    const std::string loser = winner == "a" ? "b" : "a";
    EXPECT_EQ(Last(kTwoWaiters + "p s.release()\n" + winner + " returns True\n" + loser + " still blocked").verdict,
              Verdict::kAgrees);
  }
}

TEST(Model, RemembersWhoWasWoken) {
  const std::string before = kTwoWaiters + "p s.release()\na|b returns True as w, other l\n";
  EXPECT_EQ(Last(before + "w s._count() -> 1").verdict, Verdict::kAgrees);
  EXPECT_EQ(Last(before + "w s._count() -> 0").verdict, Verdict::kContradicts);
  EXPECT_EQ(Last(before + "l still blocked").verdict, Verdict::kAgrees);
  // If it is the one that still waits, it cannot be told to.
  EXPECT_EQ(Allowed(Last(before + "a s.acquire(False) -> 7")), "-> False");
}

TEST(Model, LetsANewcomerTakeTheUnitOfOneThatIsBeingWoken) {
  const std::string before = kSemaphore0 + "p fork a\na s.acquire() -> blocked\np s.release()\n";
  EXPECT_EQ(Last(before + "p s.acquire(False) -> True\na still blocked").verdict, Verdict::kAgrees);
  EXPECT_EQ(Last(before + "p s.acquire(False) -> False\na returns True").verdict, Verdict::kAgrees);
  EXPECT_EQ(Last(before + "p s.acquire(False) -> True\na returns True").verdict, Verdict::kContradicts);
}

TEST(Model, SeesAWakeupThatIsLost) {
  EXPECT_EQ(Last(kTwoWaiters + "p s.release()\na still blocked\nb still blocked").verdict, Verdict::kContradicts);
}

TEST(Model, LetsAKilledWaiterTakeNothing) {
  const std::string before = kTwoWaiters + "kill a SIGKILL\na died SIGKILL\np s.release()\n";
  EXPECT_EQ(Last(before + "b returns True").verdict, Verdict::kAgrees);
  EXPECT_EQ(Last(before + "b still blocked").verdict, Verdict::kContradicts);
}

TEST(Model, LosesTheUnitsOfAKilledHolder) {
  EXPECT_EQ(Allowed(Last(kSemaphore1 + "p fork c\nc s.acquire()\nkill c SIGKILL\nc died SIGKILL\n"
                                       "p s.acquire(False) -> True")),
            "-> False");
}

TEST(Model, KnowsTimeoutsWithoutADeadlineOnOneMachineAlone) {
#if defined(__x86_64__)
  EXPECT_EQ(Allowed(Last(kSemaphore0 + "p s.acquire(True, nan) -> True")), "raises OSError EINVAL");
#else
  EXPECT_EQ(Last(kSemaphore0 + "p s.acquire(True, nan) -> True").verdict, Verdict::kUnknown);
#endif
}

TEST(Model, LeavesOpenWhetherAPostWentToOneThatIsStopped) {
  const std::string before = kTwoWaiters + "stop a\np s.release()\n";
  EXPECT_EQ(Last(before + "b returns True").verdict, Verdict::kAgrees);
  EXPECT_EQ(Last(before + "b still blocked").verdict, Verdict::kAgrees);
  EXPECT_EQ(Last(before + "b still blocked\ncont a\na returns True").verdict, Verdict::kAgrees);
}

TEST(Model, MayGiveANewThreadTheIdentityOfOneThatIsGone) {
  const std::string before = kMutex + "p thread t\nt s.acquire()\np fork c\nc thread u\n";
  EXPECT_EQ(Last(before + "u s._is_mine() -> True").verdict, Verdict::kAgrees);
  EXPECT_EQ(Last(before + "u s._is_mine() -> False").verdict, Verdict::kAgrees);
  // In the process where it lives nobody else has it.
  EXPECT_EQ(Last(kMutex + "p thread t\nt s.acquire()\np thread u\nu s._is_mine() -> True").verdict,
            Verdict::kContradicts);
}

TEST(Model, HasNoOpinionOfADescriptorWhoseNumberMayBeGivenAgain) {
  EXPECT_EQ(Last(kObject + "p close_fd(f)\np thread t\np fstat_size(f) -> 0").verdict, Verdict::kUnknown);
}

TEST(Model, HasNoOpinionOfASemaphoreThatWasClosedUnderAnotherObject) {
  EXPECT_EQ(Last(kSemaphore1 + "p t = SemLock._rebuild(s.handle, SEMAPHORE, 1, None)\np del t").verdict,
            Verdict::kUnknown);
}

TEST(Model, HoldsLikeVersionsToTheSameRules) {
  const auto version = [](const char* text) { return *Version::Parse(text); };
  EXPECT_TRUE(HaveSameRules(version("3.12"), version("3.15")));
  EXPECT_FALSE(HaveSameRules(version("3.11"), version("3.12")));
  EXPECT_FALSE(HaveSameRules(version("3.9"), version("3.10")));
  EXPECT_EQ(VersionsOfTheSameRules(version("3.8")), "< 3.10");
  EXPECT_EQ(VersionsOfTheSameRules(version("3.11")), ">= 3.10 and < 3.12");
  EXPECT_EQ(VersionsOfTheSameRules(version("3.14")), ">= 3.12");
}

TEST(Model, JudgesCallsAtOnceInEveryOrder) {
  const std::string calls = "together {\na s.acquire(False) -> True or False\nb s.acquire(False) -> True or False\n}\n";
  const std::string before = kSemaphore1 + "p fork a\np fork b\n" + calls;
  EXPECT_EQ(Last(before + "p s._get_value() -> 0").verdict, Verdict::kAgrees);
  EXPECT_EQ(Allowed(Last(before + "p s._get_value() -> 1")), "-> 0");
}

TEST(Model, EndsAWaitByAHandlerThatRaises) {
  const std::string before = kSemaphore0 + "p on SIGUSR1 raise ValueError\np s.acquire() -> blocked\nsignal p SIGUSR1\n";
  EXPECT_EQ(Last(before + "p raises ValueError: SIGUSR1").verdict, Verdict::kAgrees);
  EXPECT_EQ(Last(before + "p still blocked").verdict, Verdict::kContradicts);
}

TEST(Model, HasNoOpinionOfWhatItDoesNotKnow) {
  const Model::Judgement judgement = Last(kSemaphore0 + "p eval('s.release()')\np s._get_value() -> 77");
  EXPECT_EQ(judgement.verdict, Verdict::kUnknown);
}

TEST(Model, TellsWhatIsAllowedNext) {
  const auto steps = ParseSteps(kMutex + "p fork c\nc s.release() raises AssertionError\nleft NAME", "t.toml", 1);
  ASSERT_TRUE(steps);
  Model model(kLike);
  for (std::size_t i = 0; i < 2; ++i) model.Take((*steps)[i]);
  const auto ways = model.WaysOf("c", std::get<Do>((*steps)[2].what).call);
  ASSERT_TRUE(ways);
  const auto allowed = OutcomesOf(*ways);
  ASSERT_EQ(allowed.size(), 1u);
  EXPECT_EQ(ToText(allowed.front()),
            "raises AssertionError: attempt to release recursive lock not owned by thread");
  model.Take((*steps)[3]);
  EXPECT_THAT(model.NamesLeft()->remain, testing::ElementsAre("/NAME"));
  EXPECT_EQ(model.NamesLeft()->remain, model.NamesLeft()->listed);
}

}  // namespace
}  // namespace lockstep
