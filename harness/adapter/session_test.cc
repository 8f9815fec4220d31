// SPDX-License-Identifier: MIT
// Sessions and crews on adapters that behave.
#include "harness/adapter/session.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "harness/adapter/testing_session.h"
#include "harness/os/process_view.h"

namespace lockstep {
namespace {

using std::string_literals::operator""s;

class SessionTest : public testing::TestWithParam<Isolation> {
 protected:
  Session& session() { return test_.session(); }

  std::unique_ptr<Crew> Begin() {
    auto crew = session().Begin();
    CHECK(crew.has_value());
    return std::move(*crew);
  }
  static std::optional<Reply> Ask(Crew& crew, const std::string& actor, Request request) {
    return crew.Ask(*crew.Find(actor), std::move(request), kTestPatience);
  }
  static Value ValueOf(const std::optional<Reply>& reply) {
    const auto* value = reply ? std::get_if<Value>(&reply->outcome) : nullptr;
    return value == nullptr ? Value(Object{"no value"}) : *value;
  }
  // One more actor, made by `how` of `p`.
  Actor& Create(Crew& crew, const std::string& how, const std::string& name) {
    const auto actor = crew.Prepare(name);
    CHECK(actor.has_value());
    const auto made = Ask(crew, "p", RequestFor(how, "", {Value((*actor)->channel.path())}));
    const auto ready = crew.AwaitHello(**actor, crew.Find("p"), how == "thread", kTestPatience);
    EXPECT_TRUE(made && ready);
    return **actor;
  }

  TestSession test_{ReferenceCommand(), 1, GetParam()};
};

TEST_P(SessionTest, KnowsWhatTheAdapterSaysOfItself) {
  ASSERT_TRUE(session().Ensure());
  EXPECT_EQ(session().hello().implementation, "reference");
  EXPECT_EQ(session().hello().capabilities.count("fork"), 1u);
  EXPECT_TRUE(session().warm());
}

TEST_P(SessionTest, ForksEachScenarioFromOneWarmProcess) {
  auto first = Begin();
  const pid_t first_pid = first->Find("p")->process->outer;
  EXPECT_TRUE(session().End(*first).empty());
  const std::vector<pid_t> warm = ChildrenOf(test_.supervisor().pid());
  auto second = Begin();
  EXPECT_NE(second->Find("p")->process->outer, first_pid);
  EXPECT_EQ(ChildrenOf(test_.supervisor().pid()), warm);
  EXPECT_TRUE(session().End(*second).empty());
}

TEST_P(SessionTest, LeavesNoZombieToTheWarmProcess) {
  for (int i = 0; i < 3; ++i) {
    auto crew = Begin();
    session().End(*crew);
  }
  const std::vector<pid_t> warm = ChildrenOf(test_.supervisor().pid());
  ASSERT_EQ(warm.size(), 1u);
  EXPECT_TRUE(ChildrenOf(warm.front()).empty());
}

TEST_P(SessionTest, StartsAgainWhenTheWarmProcessHasDied) {
  auto crew = Begin();
  session().End(*crew);
  const std::vector<pid_t> before = ChildrenOf(test_.supervisor().pid());
  ASSERT_EQ(before.size(), 1u);
  ASSERT_EQ(::kill(before.front(), SIGKILL), 0);
  ASSERT_TRUE(WaitUntil([&] { return ChildrenOf(test_.supervisor().pid()).empty(); }));
  auto again = Begin();
  EXPECT_EQ(ValueOf(Ask(*again, "p", RequestFor("nop"))), Value(None{}));
  session().End(*again);
}

TEST_P(SessionTest, LeavesNoFileInItsFolder) {
  auto crew = Begin();
  Create(*crew, "fork", "c");
  session().End(*crew);
  crew.reset();
  EXPECT_TRUE(std::filesystem::is_empty(test_.folder()));
}

TEST_P(SessionTest, TellsWhatNobodyKnowsOf) {
  // Such a process is given time to end by itself; a tenth of it is enough here.
  TestSession impatient(ReferenceCommand(), 0.1, GetParam());
  auto crew = impatient.session().Begin();
  ASSERT_TRUE(crew);
  // A child of `p` that the crew is not told of is orphaned when `p` is killed.
  const auto stray = Channel::Make(impatient.folder() + "/stray");
  ASSERT_TRUE(stray);
  ASSERT_TRUE(Ask(**crew, "p", RequestFor("fork", "", {Value(stray->path())})));
  const std::vector<std::string> left = impatient.session().End(**crew);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.front(), ReferenceCommand().front());
  EXPECT_TRUE(WaitUntil([&] { return LivingBelow(impatient.supervisor().pid()).size() == 1; }));
}

TEST_P(SessionTest, HasActorsOfEveryKind) {
  auto crew = Begin();
  Actor& p = *crew->Find("p");
  Actor& child = Create(*crew, "fork", "c");
  Actor& thread = Create(*crew, "thread", "t");
  Actor& spawned = Create(*crew, "spawn", "x");
  const auto started = session().StartAnother(*crew, "y");
  ASSERT_TRUE(started);
  EXPECT_EQ(thread.process, p.process);
  EXPECT_NE(thread.outer_tid, p.outer_tid);
  for (const Actor* actor : {&child, &spawned, *started}) EXPECT_NE(actor->process, p.process);
  EXPECT_EQ(child.process->parent, &p);
  EXPECT_EQ((*started)->process->parent, nullptr);
  for (const char* name : {"p", "c", "t", "x", "y"})
    EXPECT_EQ(ValueOf(Ask(*crew, name, RequestFor("nop"))), Value(None{})) << name;
  for (const auto& actor : crew->actors()) {
    EXPECT_TRUE(actor->probe.CanSeeSyscalls()) << actor->name;
    EXPECT_EQ(InnerId(actor->process->outer, actor->outer_tid), actor->inner_tid) << actor->name;
  }
  EXPECT_TRUE(session().End(*crew).empty());
}

TEST_P(SessionTest, CanCallAnActorByAnotherName) {
  auto crew = Begin();
  crew->Alias("w", "p");
  EXPECT_EQ(crew->Find("w"), crew->Find("p"));
  EXPECT_EQ(crew->Find("nobody"), nullptr);
  session().End(*crew);
}

TEST_P(SessionTest, LearnsHowAForkedChildDiedFromItsZombie) {
  auto crew = Begin();
  Actor& child = Create(*crew, "fork", "c");
  ASSERT_TRUE(SendSignalTo(*child.process, SIGKILL));
  ASSERT_TRUE(WaitUntil([&] {
    crew->Pump(nanoseconds(0));
    return child.process->dead;
  }));
  ASSERT_TRUE(child.process->status);
  EXPECT_EQ(*child.process->status, SIGKILL);
  EXPECT_EQ(ValueOf(Ask(*crew, "p", RequestFor("reap", "", {Value::Int(child.process->inner)}))),
            Value::Int(SIGKILL));
  session().End(*crew);
}

TEST_P(SessionTest, LearnsHowAProcessDiedThatTheSupervisorReaps) {
  // Often: what is known of the death comes from two sides, in any order.
  for (int i = 0; i < 20; ++i) {
    auto crew = Begin();
    const auto started = session().StartAnother(*crew, "y");
    ASSERT_TRUE(started);
    Process& process = *(*started)->process;
    ASSERT_TRUE(SendSignalTo(process, SIGKILL));
    ASSERT_TRUE(WaitUntil([&] {
      crew->Pump(std::chrono::milliseconds(1));
      return process.dead;
    }));
    ASSERT_TRUE(process.status) << "in round " << i;
    EXPECT_EQ(*process.status, SIGKILL);
    session().End(*crew);
  }
}

TEST_P(SessionTest, KillsAllActors) {
  auto crew = Begin();
  Create(*crew, "fork", "c");
  EXPECT_TRUE(crew->KillAll(kTestPatience));
  for (const auto& process : crew->processes()) EXPECT_TRUE(process->dead);
  session().End(*crew);
}

TEST_P(SessionTest, PassesALongLineBothWays) {
  auto crew = Begin();
  // Refused as a name, and quoted in what is raised or answered; longer than a pipe holds in any
  // case.
  const auto reply =
      Ask(*crew, "p", RequestFor("sem_unlink", "", {Value("/" + std::string(200'000, 'n'))}));
  ASSERT_TRUE(reply);
  EXPECT_TRUE(std::holds_alternative<Raised>(reply->outcome));
  EXPECT_EQ(ValueOf(Ask(*crew, "p", RequestFor("nop"))), Value(None{}));
  session().End(*crew);
}

TEST_P(SessionTest, SendsNothingToOneThatIsDeadAndSurvivesThat) {
  auto crew = Begin();
  Actor& p = *crew->Find("p");
  ASSERT_TRUE(SendSignalTo(*p.process, SIGKILL));
  ASSERT_TRUE(WaitUntil([&] {
    crew->Pump(nanoseconds(0));
    return p.process->dead;
  }));
  EXPECT_FALSE(Ask(*crew, "p", RequestFor("nop")));
  EXPECT_EQ(crew->Fault(), "");
  session().End(*crew);
}

INSTANTIATE_TEST_SUITE_P(Isolations, SessionTest, testing::ValuesIn(IsolationsHere()),
                         [](const auto& about) { return ToText(about.param); });

TEST(SessionWithoutFork, StartsAFreshProcessForEachScenario) {
  TestSession test(FakeCommand("well-behaved"));
  ASSERT_TRUE(test.session().Ensure());
  EXPECT_FALSE(test.session().warm());
  EXPECT_TRUE(LivingBelow(test.supervisor().pid()).empty());
  for (int i = 0; i < 2; ++i) {
    auto crew = test.session().Begin();
    ASSERT_TRUE(crew);
    EXPECT_EQ(LivingBelow(test.supervisor().pid()).size(), 1u);
    EXPECT_TRUE(test.session().End(**crew).empty());
  }
}

TEST(SessionWithoutFork, DoesNotLeaveToTheNextScenarioWhatAFailedBeginningStarted) {
  // Says hello the first time only, when it is asked what it is; the scenario's own process lives
  // on.
  const TestFolder first;
  std::vector<std::string> command = FakeCommand("");
  command.pop_back();
  command.insert(command.begin(), {"/bin/sh", "-c",
                                   "mkdir $0/time 2>/dev/null && exec \"$@\" well-behaved || "
                                   "exec \"$@\" never-says-hello",
                                   first.path()});
  TestSession test(std::move(command), 0.1);
  ASSERT_TRUE(test.session().Ensure());
  const auto crew = test.session().Begin();
  ASSERT_FALSE(crew);
  EXPECT_EQ(crew.error().message, "the adapter did not say hello within 1000 ms");
  EXPECT_TRUE(LivingBelow(test.supervisor().pid()).empty());
}

TEST(SessionOfAMissingCommand, SaysWhatCannotBeRun) {
  TestSession test(std::vector<std::string>{"/nowhere/adapter"});
  const auto ready = test.session().Ensure();
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().message, "cannot run /nowhere/adapter: No such file or directory");
}

TEST(SessionOfACommandThatIsNoAdapter, SaysThatItEnded) {
  TestSession test(std::vector<std::string>{"/bin/true"});
  const auto ready = test.session().Ensure();
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().message, "the adapter ended before it said hello: exit status 0");
}

TEST(SessionOfACommandThatIsNoAdapter, ShowsWhatItPrinted) {
  TestSession test({"/bin/sh", "-c", "echo I am a shell; exit 5"});
  const auto ready = test.session().Ensure();
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().message, "the adapter ended before it said hello: exit status 5");
  EXPECT_EQ(test.session().output().Text(), "I am a shell\n");
}

TEST(SessionOnACpu, PinsTheAdapterAndWhatItForks) {
  TestSession test(ReferenceCommand());
  Session session(test.session().implementation(), test.supervisor(),
                  SessionOptions{test.folder(), 0, 1});
  auto crew = session.Begin();
  ASSERT_TRUE(crew);
  const pid_t p = (*crew)->Find("p")->process->outer;
  const std::string status = ReadSmallFile("/proc/" + std::to_string(p) + "/status");
  EXPECT_NE(status.find("Cpus_allowed_list:\t0\n"), std::string::npos);
  session.End(**crew);
}

}  // namespace
}  // namespace lockstep
