// SPDX-License-Identifier: MIT
// Adapters that misbehave, each in one way: told what they did, within a bound, leaving nothing
// behind.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <map>
#include <set>
#include <sstream>

#include "harness/adapter/testing_session.h"
#include "harness/os/command.h"
#include "harness/os/names.h"
#include "harness/os/process_view.h"

namespace lockstep {
namespace {

using std::string_literals::operator""s;

constexpr const char* kNothing = "nothing is wrong";

// How what is told must begin. What a line quotes of stamps differs between runs.
const std::map<std::string, std::string>& Diagnoses() {
  static const std::string sent = "p: the adapter sent a line that ";
  static const std::map<std::string, std::string> diagnoses = {
      {"well-behaved", kNothing},
      {"never-says-hello", "the adapter did not say hello within 1000 ms"},
      {"wrong-version", "the adapter speaks protocol 99, and this harness speaks 1"},
      {"garbage", "the adapter sent a line that is not JSON: 'Welcome to my adapter! {[}'"},
      {"garbage-later", sent + "is not JSON: '{\"id\": 2, \"returned\": '"},
      {"half-a-line", "p: the adapter does not answer SemLock"},
      {"ten-megabyte-line", "p: the adapter sent a line longer than 1048576 bytes"},
      {"wrong-id", "p: the adapter answered request 1001, but was asked 1"},
      {"answers-twice", "p: the adapter answered request 1 once more, or without being asked"},
      {"floods-stderr", kNothing},
      {"dies-in-a-call", "exited 7 in acquire"},
      {"dies-by-signal", "died SIGSEGV in acquire"},
      {"ignores-sigterm", "p: the adapter does not answer SemLock"},
      {"forks-a-daemon", "exited 0 in acquire"},
      {"closes-the-pipe", "p: the adapter closed its channel and lives on"},
      {"claims-capabilities", "the adapter cannot fork: the fake does not know how after all"},
      {"always-true", "the adapter did not say hello within 1000 ms"},
      {"always-unsupported", "SemLock is unsupported: everything is"},
      {"echo", "SemLock returned [1, 1, 1, '/"},
      {"never-answers", "p: the adapter does not answer SemLock"},
      {"exits-before-hello", "the adapter ended before it said hello: exit status 3"},
      {"slow-flood-of-notes", "p: the adapter does not answer acquire"},
      {"stdout-instead", "the adapter did not say hello within 1000 ms"},
      {"reply-without-outcome",
       sent + "has no outcome: returned, raised, unsupported or error: '{\"id\": 1, "},
      {"reply-with-two-outcomes", sent + "has more than one outcome: '{\"id\": 1, "},
      {"stamps-backwards", sent + "has \"end\" before \"begin\": '{\"id\": 1, "},
      {"invalid-utf8", sent + "is not JSON: b'{\"id\": 1, "},
      {"duplicate-keys", sent + "has the key \"returned\" twice: '{\"id\": 1, "}};
  return diagnoses;
}

// Where only waiting tells what is wrong, a fifth of every bound is waited. A machine under load
// may need the whole bound for what is well.
double ScaleOf(const std::string& misbehaviour) {
  static const std::set<std::string> silent = {"never-says-hello", "stdout-instead"};
  static const std::set<std::string> told_by_waiting = {
      "always-true",     "closes-the-pipe", "forks-a-daemon",     "half-a-line",
      "ignores-sigterm", "never-answers",   "slow-flood-of-notes"};
  if (silent.count(misbehaviour) != 0) return 0.1;
  return told_by_waiting.count(misbehaviour) != 0 ? 0.2 : 1;
}

std::string HowItEnded(int status) {
  return WIFSIGNALED(status) ? "died " + SignalName(WTERMSIG(status))
                             : fmt::format("exited {}", WEXITSTATUS(status));
}

// What one call shows to be wrong; empty when it is answered as it should be.
std::string Try(Session& session, Crew& crew, Request request, const Value& expected) {
  Actor& p = *crew.Find("p");
  const std::string operation = request.operation;
  const auto reply = crew.Ask(p, std::move(request), session.Scaled(std::chrono::seconds(5)));
  crew.Pump(nanoseconds(0));
  if (!crew.Fault().empty()) return crew.Fault();
  if (!reply && p.process->dead) {
    crew.LearnStatus(*p.process);
    return p.process->status ? HowItEnded(*p.process->status) + " in " + operation
                             : "its status is not known";
  }
  if (!reply) return fmt::format("no answer to {}, after {}", operation, QuoteLine(p.lines.Rest()));
  if (const auto* unsupported = std::get_if<Unsupported>(&reply->outcome))
    return operation + " is unsupported: " + unsupported->why;
  const auto* value = std::get_if<Value>(&reply->outcome);
  if (value == nullptr) return operation + " did not return";
  return *value == expected ? "" : operation + " returned " + value->Repr();
}

// The first thing that a short conversation shows to be wrong.
std::string Diagnose(Session& session, const std::string& name) {
  auto begun = session.Begin();
  if (!begun) return begun.error().message;
  Crew& crew = **begun;
  const std::vector<std::pair<Request, Value>> conversation = {
      {RequestFor("SemLock", "",
                  {Value::Int(1), Value::Int(1), Value::Int(1), Value("/" + name), Value(true)},
                  "s"),
       Value(Object{"SemLock"})},
      {RequestFor("acquire", "s"), Value(true)},
      {RequestFor("release", "s"), Value(None{})}};
  std::string wrong;
  for (const auto& [request, expected] : conversation) {
    wrong = Try(session, crew, request, expected);
    if (!wrong.empty()) break;
  }
  session.End(crew);
  return wrong.empty() ? kNothing : wrong;
}

std::string NameOf(const testing::TestParamInfo<std::string>& about) {
  std::string name;
  for (const char c : about.param) name += c == '-' ? '_' : c;
  return name;
}

std::vector<std::string> AllFakes() {
  std::vector<std::string> names;
  for (const auto& [name, diagnosis] : Diagnoses()) names.push_back(name);
  return names;
}

TEST(Misbehaviours, AreAllKnownHere) {
  const auto listed = RunCommand(FakeCommand("--list"), {}, kTestPatience);
  ASSERT_TRUE(listed);
  std::set<std::string> there;
  std::istringstream lines(listed->output);
  for (std::string line; std::getline(lines, line);) there.insert(line);
  const std::vector<std::string> here = AllFakes();
  EXPECT_EQ(there, std::set<std::string>(here.begin(), here.end()));
}

class MisbehaviourTest : public testing::TestWithParam<std::string> {};

TEST_P(MisbehaviourTest, IsToldWithinABoundAndLeavesNothing) {
  TestSession test(FakeCommand(GetParam()), ScaleOf(GetParam()));
  const std::int64_t before = MonotonicNs();
  const std::string told = Diagnose(test.session(), test.name_prefix());
  EXPECT_TRUE(told.starts_with(Diagnoses().at(GetParam()))) << told;
  EXPECT_LT(nanoseconds(MonotonicNs() - before), std::chrono::seconds(15));
  test.EndSession();
  EXPECT_TRUE(LivingBelow(test.supervisor().pid()).empty());
  EXPECT_TRUE(test.supervisor().ShmNames().empty());
}

INSTANTIATE_TEST_SUITE_P(Fakes, MisbehaviourTest, testing::ValuesIn(AllFakes()), NameOf);

class MisbehaviourAgainTest : public testing::TestWithParam<std::string> {};

TEST_P(MisbehaviourAgainTest, IsToldAgainByTheSameSession) {
  TestSession test(FakeCommand(GetParam()), ScaleOf(GetParam()));
  for (int i = 0; i < 2; ++i) {
    const std::string told = Diagnose(test.session(), fmt::format("{}-{}", test.name_prefix(), i));
    EXPECT_TRUE(told.starts_with(Diagnoses().at(GetParam()))) << told;
  }
}

INSTANTIATE_TEST_SUITE_P(Fakes, MisbehaviourAgainTest,
                         testing::Values("well-behaved"s, "dies-in-a-call"s, "dies-by-signal"s,
                                         "exits-before-hello"s, "garbage"s, "forks-a-daemon"s,
                                         "closes-the-pipe"s, "claims-capabilities"s,
                                         "floods-stderr"s),
                         NameOf);

class MisbehaviourWithoutNamespaceTest : public testing::TestWithParam<std::string> {};

TEST_P(MisbehaviourWithoutNamespaceTest, IsToldAndLeavesNothingToo) {
  TestSession test(FakeCommand(GetParam()), ScaleOf(GetParam()), Isolation::kNone);
  const std::string told = Diagnose(test.session(), test.name_prefix());
  EXPECT_TRUE(told.starts_with(Diagnoses().at(GetParam()))) << told;
  test.EndSession();
  EXPECT_TRUE(LivingBelow(test.supervisor().pid()).empty());
}

INSTANTIATE_TEST_SUITE_P(Fakes, MisbehaviourWithoutNamespaceTest,
                         testing::Values("well-behaved"s, "dies-in-a-call"s, "dies-by-signal"s,
                                         "exits-before-hello"s, "ignores-sigterm"s,
                                         "forks-a-daemon"s, "closes-the-pipe"s),
                         NameOf);

TEST(Misbehaviours, AreShownWithWhatTheAdapterPrinted) {
  TestSession flood(FakeCommand("floods-stderr"));
  EXPECT_EQ(Diagnose(flood.session(), flood.name_prefix()), kNothing);
  flood.session().output().Drain();
  EXPECT_NE(flood.session().output().Text().find("of no interest to anybody at all\n"),
            std::string::npos);
  TestSession elsewhere(FakeCommand("stdout-instead"), 0.1);
  Diagnose(elsewhere.session(), elsewhere.name_prefix());
  EXPECT_NE(elsewhere.session().output().Text().find("{\"hello\": "), std::string::npos);
}

}  // namespace
}  // namespace lockstep
