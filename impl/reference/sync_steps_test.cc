// SPDX-License-Identifier: MIT
//
// Which semaphores the synchronisation types use, in which order, and what comes of it when one of
// the steps fails. This program has libc functions of its own in front of the real ones, which
// write down what is called. The order is the contract with the Python process at the other end.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "semlock/semlock.h"
#include "test_support.h"

namespace {

// What is written down: "post S" for sem_post() on the semaphore that was labelled so.
struct Trace {
  std::map<const void*, std::string> labels;
  std::vector<std::string> steps;
  std::function<void(const std::string&)> after;     // each step, and may act on semaphores itself
  std::map<std::string, std::vector<int>> failures;  // errnos to come of a step before it works

  std::vector<std::string> opened;    // name, mode and value of each creation
  std::vector<std::string> unlinked;  // names
  int taken_names = 0;                // so many creations fail with EEXIST

  bool clock_stands = false;  // CLOCK_MONOTONIC says always the same
};

Trace* trace = nullptr;

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// Does `call` as the step `what` on `semaphore`, unless the step is to fail.
int Step(const char* what, sem_t* semaphore, const std::function<int()>& call) {
  Trace* const active = std::exchange(trace, nullptr);  // not what the trace does itself
  const auto label =
      active == nullptr ? decltype(active->labels)::iterator() : active->labels.find(semaphore);
  if (active == nullptr || label == active->labels.end()) {
    trace = active;
    return call();
  }
  const std::string step = std::string(what) + " " + label->second;
  active->steps.push_back(step);
  int result = -1;
  int error = 0;
  if (auto& errnos = active->failures[step]; !errnos.empty()) {
    error = errnos.front();
    errnos.erase(errnos.begin());
  } else {
    result = call();
    error = errno;
  }
  if (active->after) active->after(step);
  trace = active;
  errno = error;
  return result;
}

}  // namespace

extern "C" {

sem_t* sem_open(const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  const unsigned int value = va_arg(arguments, unsigned int);
  va_end(arguments);
  if (trace != nullptr && (flags & O_CREAT) != 0) {
    trace->opened.push_back(std::string(name) + ((flags & O_EXCL) != 0 ? " new " : " any ") +
                            std::to_string(mode) + " " + std::to_string(value));
    if (trace->taken_names-- > 0) {
      errno = EEXIST;
      return SEM_FAILED;
    }
  }
  return Real<sem_t*(const char*, int, mode_t, unsigned int)>("sem_open")(name, flags, mode, value);
}

int sem_unlink(const char* name) noexcept {
  if (trace != nullptr) trace->unlinked.emplace_back(name);
  return Real<int(const char*)>("sem_unlink")(name);
}

int sem_trywait(sem_t* semaphore) {
  return Step("try", semaphore, [&] { return Real<int(sem_t*)>("sem_trywait")(semaphore); });
}

int sem_wait(sem_t* semaphore) {
  return Step("wait", semaphore, [&] { return Real<int(sem_t*)>("sem_wait")(semaphore); });
}

int sem_timedwait(sem_t* semaphore, const timespec* deadline) {
  return Step("timed", semaphore, [&] {
    return Real<int(sem_t*, const timespec*)>("sem_timedwait")(semaphore, deadline);
  });
}

int sem_post(sem_t* semaphore) noexcept {
  return Step("post", semaphore, [&] { return Real<int(sem_t*)>("sem_post")(semaphore); });
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  if (trace != nullptr && trace->clock_stands && clock == CLOCK_MONOTONIC) {
    *now = {1000, 0};
    return 0;
  }
  return static_cast<int>(syscall(SYS_clock_gettime, clock, now));
}

}  // extern "C"

namespace semlock {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using testing::Must;
using ::testing::SizeIs;

sem_t* SemaphoreOf(const LockBase& lock) {
  return static_cast<sem_t*>(testing::AddressOf(lock.sem_lock()));
}

class TraceTest : public ::testing::Test {
 protected:
  ~TraceTest() override { ::trace = nullptr; }

  void Label(const LockBase& lock, const std::string& label) {
    trace_.labels[SemaphoreOf(lock)] = label;
  }

  // L the lock, S who sleeps, W who was woken, Q what they wait on.
  void Label(const Condition& condition) {
    Label(condition.lock(), "L");
    Label(condition.sleeping_count(), "S");
    Label(condition.woken_count(), "W");
    Label(condition.wait_semaphore(), "Q");
  }

  // What is written down while `call` runs.
  std::vector<std::string> StepsOf(const std::function<void()>& call) {
    trace_.steps.clear();
    ::trace = &trace_;
    call();
    ::trace = nullptr;
    return trace_.steps;
  }

  void FailAt(const std::string& step, int error) { trace_.failures[step] = {error}; }

  Trace trace_;
};

using LockSteps = TraceTest;

TEST_F(LockSteps, MakeANewNameAndRemoveItAtOnce) {
  ::trace = &trace_;
  const Semaphore semaphore = Must(Semaphore::Create(3));
  ::trace = nullptr;
  ASSERT_THAT(trace_.opened, ElementsAre(MatchesRegex("/mp-[0-9a-f]{8} new 384 3")));
  EXPECT_THAT(trace_.unlinked, ElementsAre(trace_.opened[0].substr(0, 12)));
}

TEST_F(LockSteps, LookForAnotherNameWhenOneIsTaken) {
  trace_.taken_names = 99;
  ::trace = &trace_;
  const auto lock = Lock::Create();
  ::trace = nullptr;
  EXPECT_TRUE(lock.has_value());
  EXPECT_THAT(trace_.opened, SizeIs(100));
  EXPECT_THAT(trace_.unlinked, SizeIs(1));
}

TEST_F(LockSteps, GiveUpAfterAHundredNames) {
  trace_.taken_names = 1000;
  ::trace = &trace_;
  const auto lock = Lock::Create();
  ::trace = nullptr;
  EXPECT_RAISES(lock, "FileExistsError", "cannot find name for semaphore");
  EXPECT_THAT(trace_.opened, SizeIs(100));
}

class ConditionSteps : public TraceTest {
 protected:
  ConditionSteps() {
    Label(condition_);
    Must(condition_.Acquire());
  }

  Condition condition_ = Must(Condition::Create());
};

TEST_F(ConditionSteps, OfAWaitWhoseTimeIsOver) {
  Must(condition_.Acquire());
  EXPECT_THAT(StepsOf([&] { EXPECT_FALSE(Must(condition_.Wait(0.001))); }),
              ElementsAre("post S", "post L", "try Q", "timed Q", "post W", "try L"));
}

TEST_F(ConditionSteps, OfAWaitThatIsNotified) {
  trace_.after = [&](const std::string& step) {
    if (step == "try Q") sem_post(SemaphoreOf(condition_.wait_semaphore()));
  };
  EXPECT_THAT(StepsOf([&] { EXPECT_TRUE(Must(condition_.Wait())); }),
              ElementsAre("post S", "post L", "try Q", "wait Q", "post W", "try L"));
}

TEST_F(ConditionSteps, OfAWaitForWhoseTimeIsOverAtOnce) {
  trace_.clock_stands = true;
  const auto never = [] { return false; };
  EXPECT_THAT(StepsOf([&] { EXPECT_FALSE(Must(condition_.WaitFor(never, 0.0))); }), ElementsAre());
}

TEST_F(ConditionSteps, OfAWaitForThatIsNotifiedTwice) {
  trace_.clock_stands = true;
  trace_.after = [&](const std::string& step) {
    if (step == "try Q") sem_post(SemaphoreOf(condition_.wait_semaphore()));
  };
  int asked = 0;
  const auto third_time = [&] { return ++asked == 3; };
  EXPECT_THAT(StepsOf([&] { EXPECT_TRUE(Must(condition_.WaitFor(third_time, 0.5))); }),
              ElementsAre("post S", "post L", "try Q", "timed Q", "post W", "try L",  //
                          "post S", "post L", "try Q", "timed Q", "post W", "try L"));
}

TEST_F(ConditionSteps, OfANotifyWhenNobodySleeps) {
  EXPECT_THAT(StepsOf([&] { Must(condition_.Notify()); }), ElementsAre("try Q", "try W", "try S"));
}

TEST_F(ConditionSteps, OfANotifyOfNone) {
  EXPECT_THAT(StepsOf([&] { Must(condition_.Notify(0)); }), ElementsAre("try Q", "try W"));
}

TEST_F(ConditionSteps, OfANotifyAfterATimeout) {
  ASSERT_FALSE(Must(condition_.Wait(0.0)));
  EXPECT_THAT(StepsOf([&] { Must(condition_.Notify()); }),
              ElementsAre("try Q", "try W", "try S", "try W", "try S"));
}

TEST_F(ConditionSteps, OfANotifyThatWakesTwo) {
  for (int i = 0; i < 3; ++i) sem_post(SemaphoreOf(condition_.sleeping_count()));
  trace_.after = [&](const std::string& step) {
    if (step != "post Q") return;
    ASSERT_EQ(sem_trywait(SemaphoreOf(condition_.wait_semaphore())), 0);
    sem_post(SemaphoreOf(condition_.woken_count()));
  };
  EXPECT_THAT(StepsOf([&] { Must(condition_.Notify(2)); }),
              ElementsAre("try Q", "try W", "try S", "post Q", "try S", "post Q", "try W", "try W",
                          "try Q"));
  EXPECT_EQ(Must(condition_.sleeping_count().GetValue()), 1);
}

TEST_F(ConditionSteps, OfANotifyWhoseSleeperLeavesJustThen) {
  sem_post(SemaphoreOf(condition_.sleeping_count()));
  trace_.after = [&](const std::string& step) {
    if (step == "post Q") sem_post(SemaphoreOf(condition_.woken_count()));
  };
  EXPECT_THAT(StepsOf([&] { Must(condition_.NotifyAll()); }),
              ElementsAre("try Q", "try W", "try S", "post Q", "try S", "try W", "try Q", "try Q"));
  EXPECT_EQ(Must(condition_.wait_semaphore().GetValue()), 0);
}

TEST_F(ConditionSteps, OfAWaitThatCannotSayThatItSleeps) {
  FailAt("post S", EINVAL);
  EXPECT_THAT(StepsOf([&] { EXPECT_OS_ERROR(condition_.Wait(), EINVAL); }), ElementsAre("post S"));
  EXPECT_TRUE(condition_.lock().sem_lock().IsMine());
}

TEST_F(ConditionSteps, OfAWaitThatCannotGiveTheLockUp) {
  FailAt("post L", EOVERFLOW);
  EXPECT_THAT(StepsOf([&] { EXPECT_OS_ERROR(condition_.Wait(), EOVERFLOW); }),
              ElementsAre("post S", "post L"));
}

TEST_F(ConditionSteps, OfAWaitThatFails) {
  FailAt("timed Q", ENOMEM);
  EXPECT_THAT(StepsOf([&] { EXPECT_OS_ERROR(condition_.Wait(1.0), ENOMEM); }),
              ElementsAre("post S", "post L", "try Q", "timed Q", "post W", "try L"));
}

TEST_F(ConditionSteps, OfAWaitThatCannotSayThatItWoke) {
  FailAt("timed Q", ENOMEM);
  FailAt("post W", EINVAL);
  EXPECT_THAT(StepsOf([&] { EXPECT_OS_ERROR(condition_.Wait(1.0), EINVAL); }),
              ElementsAre("post S", "post L", "try Q", "timed Q", "post W"));
}

TEST_F(ConditionSteps, OfAWaitThatCannotTakeTheLock) {
  FailAt("try L", ENOMEM);
  EXPECT_THAT(StepsOf([&] { EXPECT_OS_ERROR(condition_.Wait(0.0), ENOMEM); }),
              ElementsAre("post S", "post L", "try Q", "timed Q", "post W", "try L"));
}

TEST_F(ConditionSteps, OfANotifyEndWithTheFirstThatFails) {
  const auto wake_one = [&](const std::string& step) {
    FailAt(step, ENOMEM);
    sem_post(SemaphoreOf(condition_.sleeping_count()));
    return StepsOf([&] { EXPECT_OS_ERROR(condition_.Notify(), ENOMEM); });
  };
  EXPECT_THAT(wake_one("try Q"), ElementsAre("try Q"));
  EXPECT_THAT(wake_one("try W"), ElementsAre("try Q", "try W"));
  EXPECT_THAT(wake_one("try S"), ElementsAre("try Q", "try W", "try S"));
  EXPECT_THAT(wake_one("post Q"), ElementsAre("try Q", "try W", "try S", "post Q"));
  FailAt("wait W", EINVAL);
  EXPECT_THAT(StepsOf([&] { EXPECT_OS_ERROR(condition_.Notify(), EINVAL); }),
              ElementsAre("try Q", "try W", "try S", "post Q", "try W", "wait W"));
}

class EventSteps : public TraceTest {
 protected:
  EventSteps() {
    Label(event_.condition());
    Label(event_.flag(), "F");
  }

  Event event_ = Must(Event::Create());
};

TEST_F(EventSteps, OfEachMethod) {
  EXPECT_THAT(StepsOf([&] { EXPECT_FALSE(Must(event_.IsSet())); }),
              ElementsAre("try L", "try F", "post L"));
  EXPECT_THAT(StepsOf([&] { Must(event_.Clear()); }), ElementsAre("try L", "try F", "post L"));
  EXPECT_THAT(StepsOf([&] { EXPECT_FALSE(Must(event_.Wait(0.0))); }),
              ElementsAre("try L", "try F", "post S", "post L", "try Q", "timed Q", "post W",
                          "try L", "try F", "post L"));
  EXPECT_THAT(StepsOf([&] { Must(event_.Set()); }),
              ElementsAre("try L", "try F", "post F", "try Q", "try W", "try S", "try W", "try S",
                          "post L"));
  EXPECT_THAT(StepsOf([&] { EXPECT_TRUE(Must(event_.IsSet())); }),
              ElementsAre("try L", "try F", "post F", "post L"));
  EXPECT_THAT(StepsOf([&] { EXPECT_TRUE(Must(event_.Wait(std::nan("")))); }),
              ElementsAre("try L", "try F", "post F", "try F", "post F", "post L"));
}

TEST_F(EventSteps, ReleaseTheLockWhenAnyFails) {
  for (const char* step : {"try F", "try Q", "post F"}) {
    FailAt(step, ENOMEM);
    StepsOf([&] { EXPECT_OS_ERROR(event_.Set(), ENOMEM); });
    EXPECT_FALSE(Must(event_.condition().lock().Locked())) << step;
  }
  FailAt("timed Q", ENOMEM);
  StepsOf([&] { EXPECT_OS_ERROR(event_.Wait(1.0), ENOMEM); });
  EXPECT_FALSE(Must(event_.condition().lock().Locked()));
}

TEST_F(EventSteps, TellTheFailureOfTheReleaseRatherThanTheirOwn) {
  FailAt("try F", ENOMEM);
  FailAt("post L", EOVERFLOW);
  StepsOf([&] { EXPECT_OS_ERROR(event_.IsSet(), EOVERFLOW); });
}

TEST_F(EventSteps, DoNothingWithoutTheLock) {
  FailAt("try L", ENOMEM);
  EXPECT_THAT(StepsOf([&] { EXPECT_OS_ERROR(event_.Set(), ENOMEM); }), ElementsAre("try L"));
}

class BarrierSteps : public TraceTest {
 protected:
  // Labels the semaphores of a barrier for so many.
  Barrier Make(int parties) {
    Barrier barrier = Must(Barrier::Create(parties));
    Label(barrier.condition());
    return barrier;
  }
};

TEST_F(BarrierSteps, OfTheLastToCome) {
  Barrier barrier = Make(1);
  EXPECT_THAT(StepsOf([&] { EXPECT_EQ(Must(barrier.Wait()), 0); }),
              ElementsAre("try L", "try Q", "try W", "try S", "try Q", "try W", "try S", "post L"));
}

TEST_F(BarrierSteps, OfOneWhoseTimeIsOver) {
  Barrier barrier = Make(2);
  EXPECT_THAT(StepsOf([&] { EXPECT_RAISES(barrier.Wait(0.0), "BrokenBarrierError", ""); }),
              ElementsAre("try L", "try Q", "try W", "try S", "post L"));
  EXPECT_THAT(StepsOf([&] { EXPECT_RAISES(barrier.Wait(0.0), "BrokenBarrierError", ""); }),
              ElementsAre("try L", "post L"));
  EXPECT_THAT(StepsOf([&] { Must(barrier.Reset()); }),
              ElementsAre("try L", "try Q", "try W", "try S", "post L"));
  EXPECT_FALSE(barrier.broken());
}

// Between the waiter's giving the lock up and its falling asleep others come, who take it for a
// sleeper that has woken.
TEST_F(BarrierSteps, MendItOnceThoseWhomABreakThrowsOutHaveLeft) {
  Barrier barrier = Make(2);
  const Condition& condition = barrier.condition();
  bool come = false;
  trace_.after = [&](const std::string& step) {
    if (step != "try Q" || std::exchange(come, true)) return;
    sem_post(SemaphoreOf(condition.woken_count()));
    Must(barrier.Abort());
    EXPECT_TRUE(barrier.broken());
    Must(barrier.Reset());
    EXPECT_FALSE(barrier.broken());
    sem_post(SemaphoreOf(condition.sleeping_count()));
    sem_post(SemaphoreOf(condition.wait_semaphore()));
  };
  StepsOf([&] { EXPECT_RAISES(barrier.Wait(), "BrokenBarrierError", ""); });
  EXPECT_TRUE(come);
  EXPECT_FALSE(barrier.broken());
}

TEST_F(BarrierSteps, BreakItWhenItCannotBeOpened) {
  Barrier barrier = Make(1);
  FailAt("try S", ENOMEM);
  StepsOf([&] { EXPECT_OS_ERROR(barrier.Wait(), ENOMEM); });
  EXPECT_TRUE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0);
  EXPECT_FALSE(Must(barrier.condition().lock().Locked()));
}

TEST_F(BarrierSteps, DoNotBreakItWhenAWaitFails) {
  Barrier barrier = Make(2);
  FailAt("timed Q", ENOMEM);
  StepsOf([&] { EXPECT_OS_ERROR(barrier.Wait(1.0), ENOMEM); });
  EXPECT_FALSE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0);
}

}  // namespace
}  // namespace semlock
