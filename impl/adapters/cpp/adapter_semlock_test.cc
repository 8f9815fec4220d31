// SPDX-License-Identifier: MIT
//
// The reference adapter, driven over its FIFOs: semaphores, shared memory and what is no request.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "test_harness.h"

namespace lockstep::adapter {
namespace {

constexpr char kNone[] = R"("returned": null)";
constexpr char kTrue[] = R"("returned": true)";
constexpr char kFalse[] = R"("returned": false)";

class AdapterTest : public testing::Test {
 protected:
  // Makes the semaphore `s`, which has no name any more.
  void MakeSemaphore(int kind, int value, int maxvalue) {
    const std::string reply =
        root_.Call("SemLock", R"("as": "s", "args": [)" + std::to_string(kind) + ", " +
                                  std::to_string(value) + ", " + std::to_string(maxvalue) +
                                  R"(, ")" + adapter_.FreshName() + R"(", true])");
    ASSERT_TRUE(reply.starts_with(R"("returned": {"object": "SemLock"}, "handle": )")) << reply;
  }

  std::string OnS(const std::string& op, const std::string& args = "[]") {
    return root_.Call(op, R"("on": "s", "args": )" + args);
  }

  TestAdapter adapter_{ReferenceAdapter()};
  TestActor& root_ = adapter_.root();
};

TEST_F(AdapterTest, SaysHelloWithAllThatItIs) {
  const std::string& hello = root_.hello();
  EXPECT_EQ(root_.pid(), adapter_.pid());
  EXPECT_EQ(root_.tid(), adapter_.pid());
  EXPECT_EQ(IntField(hello, "protocol"), 1);
  for (const char* part :
       {R"("implementation": "reference")", R"("version": ")", R"("language": "c++")",
        R"("like": "3.14")",
        R"("capabilities": ["fork", "thread", "spawn", "signal", "rebuild_by_name", "unnamed", )"
        R"("shm", "limits", "hammer", "load", "measure", "sync"])",
        R"("git": ")", R"("libc": ")", R"("compiler": ")", R"("debug": )"}) {
    EXPECT_NE(hello.find(part), std::string::npos) << part << " in " << hello;
  }
}

TEST_F(AdapterTest, DoesEveryMethodOfASemaphore) {
  MakeSemaphore(1, 1, 2);
  EXPECT_EQ(OnS("acquire"), kTrue);
  EXPECT_EQ(OnS("_count"), R"("returned": 1)");
  EXPECT_EQ(OnS("_is_mine"), kTrue);
  EXPECT_EQ(OnS("_get_value"), R"("returned": 0)");
  EXPECT_EQ(OnS("_is_zero"), kTrue);
  EXPECT_EQ(OnS("acquire", "[false]"), kFalse);
  EXPECT_EQ(OnS("release"), kNone);
  EXPECT_EQ(OnS("release"), kNone);
  EXPECT_EQ(OnS("release"),
            R"("raised": {"type": "ValueError", "message": "semaphore or lock released too many )"
            R"(times", "errno": null})");
  EXPECT_EQ(OnS("__enter__"), kTrue);
  EXPECT_EQ(OnS("__exit__", "[null, null, null]"), kNone);
  EXPECT_EQ(OnS("_after_fork"), kNone);
  EXPECT_EQ(OnS("_count"), R"("returned": 0)");
}

TEST_F(AdapterTest, GivesTheAttributesOfASemaphore) {
  MakeSemaphore(1, 0, 5);
  EXPECT_EQ(OnS("get", R"(["kind"])"), R"("returned": 1)");
  EXPECT_EQ(OnS("get", R"(["maxvalue"])"), R"("returned": 5)");
  EXPECT_EQ(OnS("get", R"(["name"])"), kNone);
  EXPECT_EQ(OnS("get", R"(["SEM_VALUE_MAX"])"), R"("returned": 2147483647)");
  EXPECT_EQ(OnS("get", R"(["nothing"])"),
            R"("raised": {"type": "AttributeError", "message": "'_multiprocessing.SemLock' object )"
            R"(has no attribute 'nothing'", "errno": null})");
  EXPECT_EQ(OnS("get", R"(["__class__"])"),
            R"("unsupported": "introspection of the type is the interpreter's")");
}

TEST_F(AdapterTest, TellsTheHandleBesideTheConstructorsResult) {
  const std::string made = root_.Call(
      "SemLock", R"("as": "s", "args": [1, 1, 1, ")" + adapter_.FreshName() + R"(", true])");
  EXPECT_EQ(OnS("get", R"(["handle"])"),
            "\"returned\": " + std::to_string(IntField(made, "handle")));
}

TEST_F(AdapterTest, KeepsANameUntilItIsUnlinked) {
  const std::string name = adapter_.FreshName();
  const std::string args = R"("args": [1, 0, 1, ")" + name + R"(", false])";
  EXPECT_TRUE(root_.Call("SemLock", R"("as": "s", )" + args).starts_with(R"("returned": )"));
  EXPECT_EQ(root_.Call("SemLock", args),
            R"("raised": {"type": "FileExistsError", "message": "File exists", "errno": 17})");
  EXPECT_TRUE(root_.Call("SemLock._rebuild", R"("as": "t", "args": [0, 1, 1, ")" + name + R"("])")
                  .starts_with(R"("returned": {"object": "SemLock"})"));
  EXPECT_EQ(root_.Call("release", R"("on": "t")"), kNone);
  EXPECT_EQ(OnS("acquire", "[false]"), kTrue);
  EXPECT_EQ(root_.Call("sem_unlink", R"("args": [")" + name + R"("])"), kNone);
  EXPECT_EQ(root_.Call("sem_unlink", R"("args": [")" + name + R"("])"),
            R"("raised": {"type": "FileNotFoundError", "message": "No such file or directory", )"
            R"("errno": 2})");
}

TEST_F(AdapterTest, MakesUnnamedSemaphores) {
  EXPECT_TRUE(root_.Call("SemLock.unnamed", R"("as": "s", "args": [1, 2, 3])")
                  .starts_with(R"("returned": {"object": "SemLock"}, "handle": )"));
  EXPECT_EQ(OnS("_get_value"), R"("returned": 2)");
  EXPECT_EQ(OnS("get", R"(["name"])"), kNone);
}

TEST_F(AdapterTest, StampsTheCallItself) {
  MakeSemaphore(1, 0, 1);
  EXPECT_EQ(OnS("acquire", "[true, 0.05]"), kFalse);
  EXPECT_GE(root_.elapsed_ns(), 49'800'000);
}

TEST_F(AdapterTest, AnnouncesACallOnlyWhenItMayBlock) {
  MakeSemaphore(1, 1, 1);
  OnS("acquire", "[false]");
  OnS("release");
  EXPECT_TRUE(root_.notes.empty());
  OnS("acquire");
  EXPECT_EQ(root_.notes.size(), 1U);
  OnS("release");
  OnS("__enter__");
  EXPECT_EQ(root_.notes.size(), 2U);
}

TEST_F(AdapterTest, LetsTheOwnerInBeforeItLooksAtTheTimeout) {
  MakeSemaphore(0, 1, 1);
  const std::string too_large = R"([true, {"int": "1)" + std::string(309, '0') + R"("}])";
  EXPECT_EQ(OnS("acquire", too_large),
            R"("raised": {"type": "OverflowError", "message": "int too large to convert to )"
            R"(float", "errno": null})");
  EXPECT_EQ(OnS("acquire"), kTrue);
  EXPECT_EQ(OnS("acquire", too_large), kTrue);
  EXPECT_EQ(OnS("_count"), R"("returned": 2)");
}

TEST_F(AdapterTest, SaysWhatIsNotItsToConvert) {
  MakeSemaphore(1, 1, 1);
  EXPECT_EQ(OnS("acquire", R"([true, "soon"])"),
            R"("unsupported": "'str' where a float is wanted: argument conversion is the )"
            R"(interpreter's")");
  EXPECT_EQ(root_.Call("eval", R"("args": ["1 + 1"])"), R"("unsupported": "no operation 'eval'")");
}

TEST_F(AdapterTest, AnswersAnErrorWhenTheRequestIsBad) {
  EXPECT_EQ(root_.Call("acquire", R"("on": "s")"), R"("error": "there is no object 's'")");
  EXPECT_EQ(root_.Call("acquire"), R"("error": "'acquire' needs an object: 'on'")");
  EXPECT_EQ(root_.Call("nop", R"("on": "a", "on": "b")"), R"("error": "the key 'on' comes twice")");
  EXPECT_EQ(root_.Call("nop", R"("args": )"), R"("error": "not JSON at byte 32")");
  EXPECT_EQ(root_.Call("nop"), kNone);
}

TEST_F(AdapterTest, ForgetsAnObjectWhenToldTo) {
  MakeSemaphore(1, 1, 1);
  EXPECT_EQ(OnS("del"), kNone);
  EXPECT_EQ(OnS("acquire"), R"("error": "there is no object 's'")");
}

TEST_F(AdapterTest, DoesEveryMethodOfSharedMemory) {
  EXPECT_EQ(root_.Call("SharedMemory", R"("as": "m", "kwargs": {"create": true, "size": 4})"),
            R"("returned": {"object": "SharedMemory"})");
  const auto on_m = [this](const std::string& op, const std::string& args = "[]") {
    return root_.Call(op, R"("on": "m", "args": )" + args);
  };
  EXPECT_EQ(on_m("get", R"(["size"])"), R"("returned": 4)");
  EXPECT_TRUE(on_m("get", R"(["name"])").starts_with(R"("returned": "psm_)"));
  EXPECT_EQ(on_m("get", R"(["buf"])"), R"("returned": {"object": "memoryview"})");
  EXPECT_EQ(on_m("write", R"([1, {"bytes": "a1b2"}])"), kNone);
  EXPECT_EQ(on_m("read", "[0, 99]"), R"("returned": {"bytes": "00a1b200"})");
  EXPECT_EQ(on_m("read", "[-2, -1]"), R"("returned": {"bytes": "b2"})");
  EXPECT_EQ(on_m("read", "[3, 1]"), R"("returned": {"bytes": ""})");
  EXPECT_EQ(on_m("write", R"([3, {"bytes": "a1b2"}])"),
            R"("raised": {"type": "ValueError", "message": "memoryview assignment: lvalue and )"
            R"(rvalue have different structures", "errno": null})");
  EXPECT_EQ(on_m("unlink"), kNone);
  EXPECT_EQ(on_m("close"), kNone);
  EXPECT_EQ(on_m("close"), kNone);
  EXPECT_EQ(on_m("get", R"(["buf"])"), kNone);
  EXPECT_EQ(on_m("read", "[0, 1]"),
            R"("raised": {"type": "TypeError", "message": "'NoneType' object is not )"
            R"(subscriptable", "errno": null})");
  EXPECT_EQ(on_m("acquire"),
            R"("raised": {"type": "AttributeError", "message": "'SharedMemory' object has no )"
            R"(attribute 'acquire'", "errno": null})");
}

TEST_F(AdapterTest, AttachesToSharedMemoryByItsName) {
  const std::string name = adapter_.FreshName().substr(1);
  EXPECT_EQ(root_.Call("SharedMemory", R"("as": "a", "args": [")" + name + R"(", true, 3])"),
            R"("returned": {"object": "SharedMemory"})");
  EXPECT_EQ(root_.Call("SharedMemory", R"("as": "b", "args": [")" + name + R"("])"),
            R"("returned": {"object": "SharedMemory"})");
  EXPECT_EQ(root_.Call("write", R"("on": "a", "args": [0, {"bytes": "0a"}])"), kNone);
  EXPECT_EQ(root_.Call("read", R"("on": "b", "args": [0, 1])"), R"("returned": {"bytes": "0a"})");
  EXPECT_EQ(root_.Call("unlink", R"("on": "b")"), kNone);
  EXPECT_EQ(root_.Call("SharedMemory", R"("kwargs": {"name": ")" + name + R"("})"),
            R"("raised": {"type": "FileNotFoundError", "message": "No such file or directory", )"
            R"("errno": 2})");
}

TEST_F(AdapterTest, DoesTheFunctionsOfSharedMemory) {
  const std::string name = adapter_.FreshName();
  const std::string flags = std::to_string(O_CREAT | O_EXCL | O_RDWR);
  const std::string opened = root_.Call(
      "shm_open", R"("args": [")" + name + "\", " + flags + R"(], "kwargs": {"mode": 384})");
  const std::string fd = std::to_string(IntField(opened, "returned"));
  EXPECT_EQ(root_.Call("ftruncate", R"("args": [)" + fd + ", 10]"), kNone);
  EXPECT_EQ(root_.Call("fstat_size", R"("args": [)" + fd + "]"), R"("returned": 10)");
  EXPECT_EQ(root_.Call("close_fd", R"("args": [)" + fd + "]"), kNone);
  EXPECT_EQ(root_.Call("fstat_size", R"("args": [)" + fd + "]"),
            R"("raised": {"type": "OSError", "message": "Bad file descriptor", "errno": 9})");
  EXPECT_EQ(root_.Call("shm_unlink", R"("args": [")" + name + R"("])"), kNone);
  EXPECT_EQ(root_.Call("shm_unlink", R"("args": [")" + name + R"("])"),
            R"("raised": {"type": "FileNotFoundError", "message": "No such file or directory", )"
            R"("errno": 2})");
}

TEST_F(AdapterTest, AnswersAnErrorWhenTheReplyWouldBeTooLong) {
  EXPECT_EQ(root_.Call("SharedMemory", R"("as": "m", "kwargs": {"create": true, "size": 600000})"),
            R"("returned": {"object": "SharedMemory"})");
  EXPECT_EQ(root_.Call("unlink", R"("on": "m")"), kNone);
  EXPECT_EQ(root_.Call("read", R"("on": "m", "args": [0, 600000])"),
            R"("error": "a reply of more than 1 MiB")");
}

TEST_F(AdapterTest, SetsLimitsAndTheUmask) {
  EXPECT_EQ(root_.Call("umask", R"("args": [63])"), "\"returned\": " + std::to_string([] {
                                                      const mode_t mask = umask(0);
                                                      umask(mask);
                                                      return mask;
                                                    }()));
  EXPECT_EQ(root_.Call("umask", R"("args": [18])"), R"("returned": 63)");
  EXPECT_EQ(root_.Call("rlimit", R"("args": ["NOFILE", 123])"), kNone);
  std::ifstream limits("/proc/" + std::to_string(adapter_.pid()) + "/limits");
  const std::string text{std::istreambuf_iterator<char>(limits), {}};
  EXPECT_NE(text.find("Max open files            123 "), std::string::npos) << text;
  EXPECT_EQ(root_.Call("rlimit", R"("args": ["NOTHING", 0])"),
            R"("error": "no resource 'NOTHING'")");
}

TEST_F(AdapterTest, SurvivesALimitOfFileSizes) {
  EXPECT_EQ(root_.Call("rlimit", R"("args": ["FSIZE", 0])"), kNone);
  EXPECT_EQ(root_.Call("SemLock", R"("args": [1, 1, 1, ")" + adapter_.FreshName() + R"(", true])"),
            R"("raised": {"type": "OSError", "message": "File too large", "errno": 27})");
}

TEST(Adapter, EndsWellWhenTheHarnessHangsUp) {
  TestAdapter adapter(ReferenceAdapter());
  adapter.root().HangUp();
  EXPECT_EQ(adapter.Wait(), 0);
  EXPECT_EQ(adapter.StandardError(), "");
}

TEST(Adapter, EndsWithStatusTwoWhenALineIsNoRequest) {
  TestAdapter adapter(ReferenceAdapter());
  adapter.root().Send("garbage");
  EXPECT_EQ(WEXITSTATUS(adapter.Wait()), 2);
  EXPECT_EQ(adapter.StandardError(), "lockstep adapter: not JSON at byte 1\n");
}

TEST(Adapter, TellsWhyTheHarnessHangsUp) {
  TestAdapter adapter(ReferenceAdapter());
  adapter.root().Send(R"({"goodbye": "version 2 is spoken here"})");
  EXPECT_EQ(adapter.Wait(), 0);
  EXPECT_EQ(adapter.StandardError(),
            "lockstep adapter: the harness hangs up: version 2 is spoken here\n");
}

// What `command` prints on standard output.
std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "no pipe";
  char part[1024];
  while (fgets(part, sizeof part, pipe) != nullptr) output += part;
  EXPECT_EQ(pclose(pipe), 0);
  return output;
}

TEST(Adapter, SpeaksOnStandardInputAndOutputWhenThereIsNoChannel) {
  const std::string output = OutputOf(
      "unset LOCKSTEP_CHANNEL; echo '{\"id\": 1, \"op\": \"nop\"}' | " + ReferenceAdapter());
  EXPECT_TRUE(output.starts_with(R"({"hello": {"protocol": 1, )")) << output;
  EXPECT_NE(output.find("\n{\"id\": 1, \"begin\": "), std::string::npos) << output;
}

TEST(Adapter, SaysWhatIsMissingWhenItsChannelIsNotThere) {
  EXPECT_EQ(OutputOf("LOCKSTEP_CHANNEL=/nowhere/c " + ReferenceAdapter() +
                     " 2>&1; test $? = 2 || echo 'another status'"),
            "lockstep adapter: no channel: /nowhere/c.in: No such file or directory\n");
}

TEST(ExampleAdapter, SaysHelloAndTakesAPermit) {
  TestAdapter adapter(LOCKSTEP_EXAMPLE_ADAPTER);
  TestActor& root = adapter.root();
  EXPECT_NE(root.hello().find(R"("implementation": "example")"), std::string::npos) << root.hello();
  EXPECT_TRUE(root.Call("SemLock", R"("as": "s", "args": [1, 1, 1, "/unused", true])")
                  .starts_with(R"("returned": {"object": "SemLock"})"));
  EXPECT_EQ(root.Call("acquire", R"("on": "s")"), kTrue);
  EXPECT_EQ(root.Call("acquire", R"("on": "s", "args": [true, 0.001])"), kFalse);
  EXPECT_EQ(root.Call("release", R"("on": "s")"), kNone);
  EXPECT_EQ(root.Call("_count", R"("on": "s")"), R"("returned": 0)");
  EXPECT_EQ(root.Call("sem_unlink", R"("args": ["/x"])"), R"("unsupported": "no sem_unlink")");
}

}  // namespace
}  // namespace lockstep::adapter
