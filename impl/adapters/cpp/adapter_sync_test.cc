// SPDX-License-Identifier: MIT
//
// The reference adapter, driven over its FIFOs: the synchronisation types, and threads that end.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "test_harness.h"

namespace lockstep::adapter {
namespace {

constexpr char kNone[] = R"("returned": null)";
constexpr char kTrue[] = R"("returned": true)";
constexpr char kFalse[] = R"("returned": false)";

std::string Raises(const std::string& type, const std::string& message,
                   const std::string& error_number = "null") {
  return R"("raised": {"type": ")" + type + R"(", "message": ")" + message + R"(", "errno": )" +
         error_number + "}";
}

class SyncTest : public testing::Test {
 protected:
  // Makes an object of `type` under the name "x"; how many handles it told.
  std::size_t Make(const std::string& type, const std::string& args = "[]") {
    const std::string reply = root_.Call(type, R"("as": "x", "args": )" + args);
    const std::string returned =
        R"("returned": {"object": ")" + type.substr(0, type.find('.')) + R"("}, "handle": )";
    EXPECT_TRUE(reply.starts_with(returned)) << reply;
    std::size_t handles = 1;
    for (const char c : reply.substr(std::min(reply.size(), returned.size()))) handles += c == ',';
    return handles;
  }

  static std::string OnX(TestActor& actor, const std::string& op, const std::string& args = "[]") {
    return actor.Call(op, R"("on": "x", "args": )" + args);
  }
  std::string OnX(const std::string& op, const std::string& args = "[]") {
    return OnX(root_, op, args);
  }

  // Starts a call that is announced and then sleeps.
  static void Block(TestActor& actor, const std::string& op, const std::string& args = "[]") {
    actor.Start(op, R"("on": "x", "args": )" + args);
    EXPECT_TRUE(actor.Note().starts_with(R"({"calling": )"));
    actor.ExpectBlocked();
  }

  // Makes a semaphore that keeps its name, and tells the name in quotes.
  std::string NamedSemaphore(int kind, int value) {
    const std::string name = '"' + adapter_.FreshName() + '"';
    EXPECT_TRUE(root_
                    .Call("SemLock", R"("args": [)" + std::to_string(kind) + ", " +
                                         std::to_string(value) + ", 9, " + name + ", false]")
                    .starts_with(R"("returned": )"));
    return name;
  }

  TestAdapter adapter_{ReferenceAdapter()};
  TestActor& root_ = adapter_.root();
};

TEST_F(SyncTest, TellsEverySemaphoreThatAnObjectMaySleepOn) {
  for (const char* type : {"Lock", "RLock", "Semaphore", "BoundedSemaphore"}) {
    EXPECT_EQ(Make(type), 1U) << type;
  }
  EXPECT_EQ(Make("Condition"), 4U);
  EXPECT_EQ(Make("Event"), 5U);
  EXPECT_EQ(Make("Barrier", "[2]"), 4U);
}

TEST_F(SyncTest, DoesEveryMethodOfALock) {
  Make("Lock");
  EXPECT_EQ(OnX("locked"), kFalse);
  EXPECT_EQ(OnX("acquire"), kTrue);
  EXPECT_EQ(OnX("acquire", "[false]"), kFalse);
  EXPECT_EQ(OnX("acquire", "[true, 0.001]"), kFalse);
  EXPECT_EQ(OnX("locked"), kTrue);
  EXPECT_EQ(OnX("release"), kNone);
  EXPECT_EQ(OnX("release"), Raises("ValueError", "semaphore or lock released too many times"));
  EXPECT_EQ(OnX("__enter__"), kTrue);
  EXPECT_EQ(OnX("__exit__", "[null, null, null]"), kNone);
  EXPECT_EQ(OnX("get_value"),
            Raises("AttributeError", "'Lock' object has no attribute 'get_value'"));
  EXPECT_EQ(OnX("_count"), Raises("AttributeError", "'Lock' object has no attribute '_count'"));
  EXPECT_EQ(OnX("get", R"(["name"])"),
            Raises("AttributeError", "'Lock' object has no attribute 'name'"));
}

TEST_F(SyncTest, DoesEveryMethodOfTheOtherLocks) {
  Make("RLock");
  EXPECT_EQ(OnX("acquire"), kTrue);
  EXPECT_EQ(OnX("acquire"), kTrue);
  EXPECT_EQ(OnX("release"), kNone);
  EXPECT_EQ(OnX("locked"), kTrue);
  EXPECT_EQ(OnX("release"), kNone);
  EXPECT_EQ(OnX("release"),
            Raises("AssertionError", "attempt to release recursive lock not owned by thread"));
  Make("Semaphore", "[2]");
  EXPECT_EQ(OnX("release"), kNone);
  EXPECT_EQ(OnX("get_value"), R"("returned": 3)");
  Make("Semaphore");
  EXPECT_EQ(OnX("get_value"), R"("returned": 1)");
  Make("BoundedSemaphore", "[2]");
  EXPECT_EQ(OnX("release"), Raises("ValueError", "semaphore or lock released too many times"));
  EXPECT_EQ(OnX("get_value"), R"("returned": 2)");
}

TEST_F(SyncTest, TakesTheArgumentsOfPythonsConstructors) {
  EXPECT_EQ(root_.Call("Lock", R"("args": [1])"),
            Raises("TypeError", "BaseContext.Lock() takes 1 positional argument but 2 were given"));
  EXPECT_EQ(root_.Call("Event", R"("kwargs": {"a": 1})"),
            Raises("TypeError", "BaseContext.Event() got an unexpected keyword argument 'a'"));
  EXPECT_EQ(root_.Call("Barrier"),
            Raises("TypeError",
                   "BaseContext.Barrier() missing 1 required positional argument: 'parties'"));
  EXPECT_EQ(
      root_.Call("Barrier", R"("args": [1, 2, 3, 4])"),
      Raises("TypeError",
             "BaseContext.Barrier() takes from 2 to 4 positional arguments but 5 were given"));
  EXPECT_EQ(root_.Call("Semaphore", R"("kwargs": {"value": -1})"),
            Raises("OSError", "Invalid argument", "22"));
  EXPECT_EQ(root_.Call("BoundedSemaphore", R"("args": [4294967296])"),
            Raises("OverflowError", "Python int too large to convert to C int"));
  EXPECT_EQ(root_.Call("Barrier", R"("args": [1, 2])"),
            R"("unsupported": "'int' where None is wanted: argument conversion is the )"
            R"(interpreter's")");
  EXPECT_EQ(root_.Call("Condition", R"("args": [null])").substr(0, 36),
            R"("returned": {"object": "Condition"},)");
  Make("Barrier", "[2, null, 0.001]");
  EXPECT_EQ(OnX("wait"), Raises("BrokenBarrierError", ""));
}

TEST_F(SyncTest, WaitsOnAConditionAndNotifies) {
  Make("Condition");
  EXPECT_EQ(OnX("wait"), Raises("AssertionError", "must acquire() condition before using wait()"));
  EXPECT_EQ(OnX("notify"), Raises("AssertionError", "lock is not owned"));
  auto child = adapter_.NewActor(root_, "fork", "c");
  EXPECT_EQ(OnX(*child, "__enter__"), kTrue);
  child->notes.clear();
  Block(*child, "wait");
  EXPECT_EQ(OnX("acquire"), kTrue);
  EXPECT_EQ(OnX("notify", "[0]"), kNone);
  EXPECT_EQ(OnX("notify", R"([{"int": "-100000000000000000000"}])"), kNone);
  child->ExpectBlocked();
  EXPECT_EQ(OnX("notify", R"([{"int": "100000000000000000000"}])"), kNone);
  EXPECT_EQ(OnX("release"), kNone);
  EXPECT_EQ(child->Finish(), kTrue);
  EXPECT_EQ(OnX(*child, "wait", "[0.001]"), kFalse);
  EXPECT_EQ(OnX(*child, "wait", R"([{"float": "nan"}])"),
            Raises("OSError", "Invalid argument", "22"));
  EXPECT_EQ(OnX(*child, "__exit__", "[null, null, null]"), kNone);
  EXPECT_EQ(OnX("locked"),
            Raises("AttributeError", "'Condition' object has no attribute 'locked'"));
  EndChild(std::move(child), root_);
}

TEST_F(SyncTest, NotifiesAllWhoWaitOnACondition) {
  Make("Condition");
  const auto thread = adapter_.NewActor(root_, "thread", "t");
  EXPECT_EQ(OnX(*thread, "acquire"), kTrue);
  thread->notes.clear();
  Block(*thread, "wait", R"([{"int": "3600"}])");
  EXPECT_EQ(OnX("acquire"), kTrue);
  EXPECT_EQ(OnX("notify_all"), kNone);
  EXPECT_EQ(OnX("release"), kNone);
  EXPECT_EQ(thread->Finish(), kTrue);
  EXPECT_EQ(OnX(*thread, "release"), kNone);
}

TEST_F(SyncTest, DoesEveryMethodOfAnEvent) {
  Make("Event");
  auto child = adapter_.NewActor(root_, "fork", "c");
  Block(*child, "wait");
  EXPECT_EQ(OnX("is_set"), kFalse);
  EXPECT_EQ(OnX("set"), kNone);
  EXPECT_EQ(child->Finish(), kTrue);
  EXPECT_EQ(OnX(*child, "is_set"), kTrue);
  EXPECT_EQ(OnX("wait", "[0]"), kTrue);
  EXPECT_EQ(OnX(*child, "clear"), kNone);
  EXPECT_EQ(OnX("wait", "[0.001]"), kFalse);
  EXPECT_EQ(OnX("acquire"), Raises("AttributeError", "'Event' object has no attribute 'acquire'"));
  EndChild(std::move(child), root_);
}

TEST_F(SyncTest, DoesEveryMethodAndAttributeOfABarrier) {
  Make("Barrier", "[2]");
  const auto get = [this](const std::string& name) { return OnX("get", "[\"" + name + "\"]"); };
  auto child = adapter_.NewActor(root_, "fork", "c");
  Block(*child, "wait");
  EXPECT_EQ(get("parties"), R"("returned": 2)");
  EXPECT_EQ(get("n_waiting"), R"("returned": 1)");
  EXPECT_EQ(OnX("wait"), R"("returned": 1)");
  EXPECT_EQ(child->Finish(), R"("returned": 0)");
  EXPECT_EQ(OnX("abort"), kNone);
  EXPECT_EQ(get("broken"), kTrue);
  EXPECT_EQ(OnX(*child, "wait"), Raises("BrokenBarrierError", ""));
  EXPECT_EQ(OnX("reset"), kNone);
  EXPECT_EQ(get("broken"), kFalse);
  EXPECT_EQ(get("kind"), Raises("AttributeError", "'Barrier' object has no attribute 'kind'"));
  EndChild(std::move(child), root_);
}

TEST_F(SyncTest, AnnouncesWhatMayBlock) {
  const auto announced = [this](const std::string& type, const std::string& args,
                                const std::vector<std::string>& ops) {
    Make(type, args);
    root_.notes.clear();
    std::string result;
    for (const std::string& op : ops) {
      const std::size_t before = root_.notes.size();
      OnX(op);
      result += root_.notes.size() == before ? '-' : '+';
    }
    return result;
  };
  EXPECT_EQ(announced("Semaphore", "[3]",
                      {"acquire", "__enter__", "release", "__exit__", "locked", "get_value"}),
            "++----");
  EXPECT_EQ(announced("Condition", "[]", {"acquire", "notify", "notify_all", "release"}), "+++-");
  EXPECT_EQ(announced("Event", "[]", {"is_set", "set", "wait", "clear"}), "++++");
  EXPECT_EQ(announced("Barrier", "[1]", {"wait", "abort", "reset"}), "+++");
}

TEST_F(SyncTest, AttachesToSemaphoresByTheirNames) {
  const std::string lock = NamedSemaphore(1, 1);
  EXPECT_EQ(Make("Lock.attach", "[" + lock + "]"), 1U);
  EXPECT_EQ(OnX("acquire"), kTrue);
  Make("Semaphore.attach", "[" + lock + "]");
  EXPECT_EQ(OnX("get_value"), R"("returned": 0)");
  Make("BoundedSemaphore.attach", "[" + lock + ", 1]");
  EXPECT_EQ(OnX("release"), kNone);
  EXPECT_EQ(OnX("release"), Raises("ValueError", "semaphore or lock released too many times"));
  Make("RLock.attach", "[" + lock + "]");
  EXPECT_EQ(OnX("release"),
            Raises("AssertionError", "attempt to release recursive lock not owned by thread"));

  std::string names = lock;
  for (int i = 0; i < 3; ++i) names += ", " + NamedSemaphore(1, 0);
  EXPECT_EQ(Make("Condition.attach", "[" + names + "]"), 4U);
  EXPECT_EQ(OnX("acquire"), kTrue);
  EXPECT_EQ(OnX("acquire"), kTrue);  // an RLock
  EXPECT_EQ(OnX("release"), kNone);
  EXPECT_EQ(OnX("release"), kNone);
  const std::string flag = NamedSemaphore(1, 0);
  EXPECT_EQ(Make("Event.attach", "[" + names + ", " + flag + "]"), 5U);
  EXPECT_EQ(OnX("set"), kNone);
  Make("Semaphore.attach", "[" + flag + "]");
  EXPECT_EQ(OnX("get_value"), R"("returned": 1)");
}

TEST_F(SyncTest, DoesNotAttachToWhatIsNotThere) {
  const std::string absent = '"' + adapter_.FreshName() + '"';
  EXPECT_EQ(root_.Call("Lock.attach", R"("args": [)" + absent + "]"),
            Raises("FileNotFoundError", "No such file or directory", "2"));
  EXPECT_EQ(root_.Call("Condition.attach", R"("args": [)" + absent + "]"),
            R"("error": "Condition.attach() missing required argument 'sleeping_count' (pos 2))"
            "\"");
}

TEST_F(SyncTest, LeavesTheTypesOutOfASpawnedProcess) {
  Make("Lock.attach", "[" + NamedSemaphore(1, 1) + "]");
  root_.Call("Barrier", R"("as": "y", "args": [1])");
  auto child = adapter_.NewActor(root_, "spawn", "c");
  EXPECT_EQ(child->hello().find("raised"), std::string::npos) << child->hello();
  EXPECT_EQ(OnX(*child, "acquire"), R"("error": "there is no object 'x'")");
  EXPECT_EQ(child->Call("wait", R"("on": "y")"), R"("error": "there is no object 'y'")");
  EndChild(std::move(child), root_);
}

TEST_F(SyncTest, EndsAWaitWithWhatAHandlerRaisesAndTheLockHeld) {
  Make("Condition");
  auto child = adapter_.NewActor(root_, "fork", "c");
  child->Call("on_signal", R"("args": ["SIGUSR1", "raise", "KeyboardInterrupt"])");
  EXPECT_EQ(OnX(*child, "acquire"), kTrue);
  child->notes.clear();
  Block(*child, "wait");
  kill(child->pid(), SIGUSR1);
  EXPECT_EQ(child->Note(), R"({"handled": "SIGUSR1"})");
  EXPECT_EQ(child->Finish(), Raises("KeyboardInterrupt", "SIGUSR1"));
  EXPECT_EQ(OnX("acquire", "[false]"), kFalse);
  EXPECT_EQ(OnX(*child, "release"), kNone);
  EndChild(std::move(child), root_);
}

TEST_F(SyncTest, RemembersWhatAHandlerRaisedWhileOthersAreCalled) {
  Make("Condition");
  auto child = adapter_.NewActor(root_, "fork", "c");
  child->Call("on_signal", R"("args": ["SIGUSR1", "raise", "KeyboardInterrupt"])");
  child->Call("on_signal", R"("args": ["SIGUSR2", "call", {"op": "nop"}])");
  EXPECT_EQ(OnX(*child, "acquire"), kTrue);
  child->notes.clear();
  Block(*child, "wait");
  EXPECT_EQ(OnX("acquire"), kTrue);
  kill(child->pid(), SIGUSR1);
  EXPECT_EQ(child->Note(), R"({"handled": "SIGUSR1"})");
  child->ExpectBlocked();  // it wants the lock
  kill(child->pid(), SIGUSR2);
  EXPECT_EQ(child->Note(), R"({"handled": "SIGUSR2"})");
  EXPECT_EQ(OnX("release"), kNone);
  EXPECT_EQ(child->Finish(), Raises("KeyboardInterrupt", "SIGUSR1"));
  EndChild(std::move(child), root_);
}

TEST_F(SyncTest, HammersOnlyWhatCanBeAcquired) {
  Make("Event");
  EXPECT_EQ(root_.Call("hammer", R"("on": "x", "args": [1])"),
            Raises("AttributeError", "'Event' object has no attribute 'hammer'"));
}

TEST_F(SyncTest, EndsAThreadWhenToldTo) {
  const auto thread = adapter_.NewActor(root_, "thread", "t");
  const std::string task =
      "/proc/" + std::to_string(root_.pid()) + "/task/" + std::to_string(thread->tid());
  EXPECT_EQ(thread->Call("end", R"("args": [1])").substr(0, 8), R"("error":)");
  thread->Start("end");
  for (int i = 0; i < 10'000 && std::filesystem::exists(task); ++i) root_.Call("nop");
  EXPECT_FALSE(std::filesystem::exists(task));
  EXPECT_EQ(adapter_.NewActor(root_, "thread", "u")->Call("nop"), kNone);
}

TEST_F(SyncTest, DoesNotEndAMainThread) {
  constexpr char kRefused[] = R"("error": "the main thread ends with its process only")";
  EXPECT_EQ(root_.Call("end"), kRefused);
  const auto thread = adapter_.NewActor(root_, "thread", "t");
  auto child = adapter_.NewActor(*thread, "fork", "c");
  EXPECT_EQ(child->Call("end"), kRefused);
  EndChild(std::move(child), *thread);
}

TEST(ExampleAdapter, HasNoSynchronisationTypes) {
  TestAdapter adapter(LOCKSTEP_EXAMPLE_ADAPTER);
  EXPECT_EQ(adapter.root().Call("Lock"), R"("unsupported": "no synchronisation types")");
  EXPECT_EQ(adapter.root().Call("Event.attach", R"("args": ["a", "b", "c", "d", "e"])"),
            R"("unsupported": "no synchronisation types")");
}

}  // namespace
}  // namespace lockstep::adapter
