// SPDX-License-Identifier: MIT
#include "harness/faults/cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/faults/errors.h"
#include "harness/scenario/parser.h"

namespace lockstep::faults {
namespace {

const Subject& Named(const std::string& name) {
  const auto at = std::find_if(Subjects().begin(), Subjects().end(),
                               [&](const Subject& one) { return one.name == name; });
  EXPECT_NE(at, Subjects().end()) << name;
  return *at;
}

std::vector<std::string> PointsOf(const std::vector<Case>& cases) {
  std::vector<std::string> points;
  for (const Case& one : cases) points.push_back(one.point);
  return points;
}

const Case& At(const std::vector<Case>& cases, const std::string& point) {
  const auto at =
      std::find_if(cases.begin(), cases.end(), [&](const Case& one) { return one.point == point; });
  EXPECT_NE(at, cases.end()) << point;
  return *at;
}

// As the C library's sem_open() makes them, and then sem_unlink().
const Recorded kCreation = {{{"getrandom"},
                             {"openat"},
                             {"mmap", true},
                             {"mmap"},
                             {"link"},
                             {"newfstatat"},
                             {"unlink"},
                             {"close"},
                             {"unlink"}}};

TEST(CasesTest, EachTranscriptIsOneOfTheLanguage) {
  Recorded everything = kCreation;
  for (const char* name : {"futex", "futex", "munmap", "ftruncate", "write", "dup"})
    everything.calls.push_back({name});
  std::vector<Case> cases = ResourceCases();
  for (const bool forks : {true, false}) {
    for (const Sweep sweep : {Sweep::kKills, Sweep::kErrors, Sweep::kSignals}) {
      for (const Subject& subject : Subjects()) {
        if (!IsSwept(subject, sweep)) continue;
        if (!subject.call.empty()) cases.push_back(RecordingOf(subject, sweep, forks));
        for (Case& one : CasesOf(subject, sweep, forks, everything))
          cases.push_back(std::move(one));
      }
    }
  }
  for (const Case& one : cases) {
    EXPECT_FALSE(one.variants.empty()) << one.subject << one.point;
    for (const Ending& variant : one.variants) {
      for (const std::string& lines : {variant.lines, TraceEachCall(variant.lines)}) {
        const auto steps = ParseSteps(lines, "steps", 1);
        ASSERT_TRUE(steps) << one.subject << " " << one.point << "\n"
                           << steps.error().message << "\n"
                           << lines;
      }
    }
  }
}

TEST(CasesTest, KillsAreAtBothEndsOfEachSystemCall) {
  const std::vector<Case> cases = CasesOf(Named("acquire-that-waits"), Sweep::kKills, true,
                                          {{{"futex"}, {"brk", true}, {"futex"}}});
  EXPECT_EQ(PointsOf(cases),
            (std::vector<std::string>{"futex:entry#1", "futex:exit#1", "brk:entry#1", "brk:exit#1",
                                      "futex:entry#2", "futex:exit#2"}));
  const std::string begin =
      "p s = SemLock(SEMAPHORE, 0, 9, NAME, unlink=False)\n"
      "p fork c\n"
      "kill c at futex:exit#1\n"
      "c s.acquire() -> blocked or dies SIGKILL\n"
      "p s.release() -> None\n"
      "c died SIGKILL\n"
      "p s._get_value() -> 1\n";
  EXPECT_EQ(cases[1].variants[0].lines.substr(0, begin.size()), begin);
}

TEST(CasesTest, WhoCannotForkIsStartedAndOpensByName) {
  const std::vector<Case> cases =
      CasesOf(Named("acquire-that-waits"), Sweep::kKills, false, {{{"futex"}}});
  EXPECT_NE(
      cases[0].variants[0].lines.find("start c\nc s = SemLock._rebuild(0, SEMAPHORE, 9, NAME)\n"),
      std::string::npos);
}

TEST(CasesTest, ErrorsAreThoseOfTheManualPageOnceAndForEver) {
  const std::vector<Case> cases =
      CasesOf(Named("ftruncate"), Sweep::kErrors, true, {{{"ftruncate"}, {"getpid"}}});
  EXPECT_EQ(PointsOf(cases),
            (std::vector<std::string>{
                "ftruncate#1 with EFBIG", "ftruncate#1.. with EFBIG", "ftruncate#1 with EINTR",
                "ftruncate#1 with EINVAL", "ftruncate#1.. with EINVAL", "ftruncate#1 with EIO",
                "ftruncate#1.. with EIO", "ftruncate#1 with EPERM", "ftruncate#1.. with EPERM",
                "ftruncate#1 with EROFS", "ftruncate#1.. with EROFS", "ftruncate#1 with ETXTBSY",
                "ftruncate#1.. with ETXTBSY"}));
  // `p` calls: its descriptors are counted.
  EXPECT_NE(cases[0].variants[0].lines.find(
                "fail p at ftruncate#1 with EFBIG\np ftruncate(fd, 100) -> None\n"),
            std::string::npos);
  EXPECT_NE(cases[0].variants[1].lines.find("p ftruncate(fd, 100) raises OSError EFBIG\n"),
            std::string::npos);
}

TEST(CasesTest, AnAllocatorsCallsDoNotFailButCount) {
  const std::vector<Case> cases = CasesOf(Named("create"), Sweep::kErrors, true, kCreation);
  const auto points = PointsOf(cases);
  EXPECT_EQ(std::count(points.begin(), points.end(), "mmap#1 with ENOMEM"), 0);
  EXPECT_EQ(std::count(points.begin(), points.end(), "mmap#2 with ENOMEM"), 1);
}

TEST(CasesTest, ANameMayStayOnlyWhereTheCallFailedAfterItsLink) {
  const std::vector<Case> cases =
      CasesOf(Named("create-and-unlink"), Sweep::kErrors, true, kCreation);
  EXPECT_EQ(At(cases, "mmap#2 with ENOMEM").variants.size(), 2U);
  EXPECT_EQ(At(cases, "link#1 with EPERM").variants.size(), 2U);
  EXPECT_EQ(At(cases, "newfstatat#1 with ENOMEM").variants.size(), 3U);
  EXPECT_EQ(At(cases, "unlink#2 with EPERM").variants.size(), 3U);
  EXPECT_TRUE(At(cases, "unlink#2 with EPERM").may_leave_names);
  EXPECT_FALSE(At(cases, "link#1 with EPERM").may_leave_names);
}

TEST(CasesTest, AFutexFailsAsAWaitOrAsAWake) {
  EXPECT_EQ(ErrnosOf("futex", Subject::Futex::kWaits),
            (std::vector<std::string>{"EAGAIN", "EINTR"}));
  EXPECT_EQ(ErrnosOf("futex", Subject::Futex::kWakes),
            (std::vector<std::string>{"EFAULT", "EINVAL"}));
  EXPECT_TRUE(ErrnosOf("futex", Subject::Futex::kNone).empty());
  EXPECT_FALSE(MayFailForEver("futex", "EAGAIN"));
  EXPECT_FALSE(MayFailForEver("openat", "EINTR"));
  EXPECT_TRUE(MayFailForEver("openat", "ENOMEM"));
}

TEST(CasesTest, AHandlerThatRaisesMayNotLoseAUnit) {
  const std::vector<Case> cases =
      CasesOf(Named("acquire-that-waits"), Sweep::kSignals, true, {{{"futex"}}});
  const Case& one = At(cases, "futex:exit#1, raise KeyError");
  ASSERT_EQ(one.variants.size(), 2U);
  EXPECT_NE(one.variants[0].lines.find("c returns True\np s._get_value() -> 0\n"),
            std::string::npos);
  EXPECT_NE(one.variants[1].lines.find("c raises KeyError\np s._get_value() -> 1\n"),
            std::string::npos);
}

TEST(CasesTest, FollowsEachCallButThoseThatAreArmed) {
  EXPECT_EQ(TraceEachCall("p s = SemLock(SEMAPHORE, 0, 9, NAME, unlink=True)\n"
                          "p fork c\n"
                          "kill c at futex:exit#1\n"
                          "c s.acquire() -> blocked\n"
                          "p s.release() -> None\n"
                          "c died SIGKILL\n"
                          "d|e returns True as w, other l\n"),
            "trace p\n"
            "p s = SemLock(SEMAPHORE, 0, 9, NAME, unlink=True)\n"
            "p fork c\n"
            "kill c at futex:exit#1\n"
            "c s.acquire() -> blocked\n"
            "trace p\n"
            "p s.release() -> None\n"
            "c died SIGKILL\n"
            "d|e returns True as w, other l\n");
}

TEST(CasesTest, ResourcesNeedNoTracer) {
  std::set<std::string> points;
  for (const Case& one : ResourceCases()) {
    points.insert(one.point);
    for (const Ending& variant : one.variants)
      EXPECT_EQ(variant.lines.find(" at "), std::string::npos) << variant.lines;
  }
  for (const char* point :
       {"NOFILE 0", "AS 4096", "FSIZE 31", "/dev/shm read-only", "/dev/shm full, then not"})
    EXPECT_EQ(points.count(point), 1U) << point;
}

}  // namespace
}  // namespace lockstep::faults
