// SPDX-License-Identifier: MIT
//
// The reference adapter, driven over its FIFOs: processes, threads and contention.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reply.h"
#include "test_harness.h"

namespace lockstep::adapter {
namespace {

constexpr char kNone[] = R"("returned": null)";
constexpr char kTrue[] = R"("returned": true)";

class ProcessTest : public testing::Test {
 protected:
  std::string Make(const std::string& arguments) {
    return root_.Call("SemLock", R"("as": "s", "args": [)" + arguments + "]");
  }

  // A semaphore `s` of this kind and value, unlinked.
  void MakeSemaphore(int kind, int value) {
    ASSERT_TRUE(Make(std::to_string(kind) + ", " + std::to_string(value) + R"(, 8, ")" +
                     adapter_.FreshName() + R"(", true)")
                    .starts_with(R"("returned": )"));
  }

  TestAdapter adapter_{ReferenceAdapter()};
  TestActor& root_ = adapter_.root();
};

TEST_F(ProcessTest, ForksAnActorWithACopyOfTheObjects) {
  MakeSemaphore(0, 1);
  EXPECT_EQ(root_.Call("acquire", R"("on": "s")"), kTrue);
  auto child = adapter_.NewActor(root_, "fork", "c");
  EXPECT_EQ(child->tid(), child->pid());
  EXPECT_NE(child->pid(), root_.pid());
  EXPECT_EQ(child->Call("_count", R"("on": "s")"), R"("returned": 1)");
  EXPECT_EQ(child->Call("_is_mine", R"("on": "s")"), kTrue);
  EXPECT_EQ(child->Call("_after_fork", R"("on": "s")"), kNone);
  EXPECT_EQ(child->Call("_count", R"("on": "s")"), R"("returned": 0)");
  EXPECT_EQ(root_.Call("_count", R"("on": "s")"), R"("returned": 1)");
  EXPECT_EQ(child->Call("del", R"("on": "s")"), kNone);
  EXPECT_EQ(root_.Call("release", R"("on": "s")"), kNone);
  EndChild(std::move(child), root_);
}

TEST_F(ProcessTest, ClosesTheChannelsThatAForkedChildInherited) {
  const auto thread = adapter_.NewActor(root_, "thread", "t");
  auto child = adapter_.NewActor(root_, "fork", "c");
  std::set<std::string> channels;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(child->pid()) + "/fd")) {
    const auto target = std::filesystem::read_symlink(entry.path());
    if (target.extension() == ".in" || target.extension() == ".out") {
      channels.insert(target.filename().string());
    }
  }
  EXPECT_EQ(channels, (std::set<std::string>{"c.in", "c.out"}));
  EndChild(std::move(child), root_);
}

TEST_F(ProcessTest, ForksFromAForkAndFromAThread) {
  MakeSemaphore(1, 0);
  auto child = adapter_.NewActor(root_, "fork", "c");
  auto grandchild = adapter_.NewActor(*child, "fork", "g");
  EXPECT_EQ(grandchild->Call("release", R"("on": "s")"), kNone);
  EXPECT_EQ(root_.Call("acquire", R"("on": "s")"), kTrue);
  EndChild(std::move(grandchild), *child);
  EndChild(std::move(child), root_);
  const auto thread = adapter_.NewActor(root_, "thread", "t");
  auto forked = adapter_.NewActor(*thread, "fork", "f");
  EXPECT_EQ(forked->pid(), forked->tid());
  EndChild(std::move(forked), *thread);
}

TEST_F(ProcessTest, BlocksOneActorAndNoOther) {
  MakeSemaphore(1, 0);
  auto child = adapter_.NewActor(root_, "fork", "c");
  child->Start("acquire", R"("on": "s")");
  EXPECT_EQ(child->Note(), R"({"calling": 1})");
  child->ExpectBlocked();
  EXPECT_EQ(root_.Call("release", R"("on": "s")"), kNone);
  EXPECT_EQ(child->Finish(), kTrue);
  EndChild(std::move(child), root_);
}

TEST_F(ProcessTest, StartsAThreadThatSharesTheObjects) {
  MakeSemaphore(0, 1);
  const auto thread = adapter_.NewActor(root_, "thread", "t");
  EXPECT_EQ(thread->pid(), root_.pid());
  EXPECT_NE(thread->tid(), root_.tid());
  EXPECT_EQ(root_.Call("acquire", R"("on": "s")"), kTrue);
  EXPECT_EQ(thread->Call("_count", R"("on": "s")"), R"("returned": 1)");
  EXPECT_EQ(thread->Call("_is_mine", R"("on": "s")"), R"("returned": false)");
  thread->Start("acquire", R"("on": "s")");
  thread->ExpectBlocked();
  EXPECT_EQ(root_.Call("release", R"("on": "s")"), kNone);
  EXPECT_EQ(thread->Finish(), kTrue);
}

TEST_F(ProcessTest, KeepsAnObjectAliveForTheCallThatIsOnIt) {
  MakeSemaphore(1, 0);
  auto child = adapter_.NewActor(root_, "fork", "c");
  const auto thread = adapter_.NewActor(root_, "thread", "t");
  thread->Start("acquire", R"("on": "s")");
  thread->ExpectBlocked();
  EXPECT_EQ(root_.Call("del", R"("on": "s")"), kNone);
  EXPECT_EQ(child->Call("release", R"("on": "s")"), kNone);
  EXPECT_EQ(thread->Finish(), kTrue);
  EndChild(std::move(child), root_);
}

TEST_F(ProcessTest, EndsWhenTheHarnessHangsUpAlthoughAThreadIsBlocked) {
  MakeSemaphore(1, 0);
  const auto thread = adapter_.NewActor(root_, "thread", "t");
  thread->Start("acquire", R"("on": "s")");
  thread->ExpectBlocked();
  root_.HangUp();
  EXPECT_EQ(adapter_.Wait(), 0);
}

TEST_F(ProcessTest, SaysThatAThreadHasNoChannel) {
  EXPECT_EQ(root_.Call("thread", R"("args": ["absent"])"),
            R"("error": "no channel: )" + adapter_.directory() +
                R"(/absent.in: No such file or directory")");
}

TEST_F(ProcessTest, SpawnsAProcessThatRebuildsObjectsByTheirNames) {
  const std::string name = adapter_.FreshName();
  Make(R"(1, 0, 8, ")" + name + R"(", false)");
  root_.Call("SharedMemory", R"("as": "m", "kwargs": {"create": true, "size": 2})");
  root_.Call("SemLock.unnamed", R"("as": "u", "args": [1, 0, 4])");
  auto child = adapter_.NewActor(root_, "spawn", "c");
  EXPECT_NE(child->hello().find(R"("implementation": "reference")"), std::string::npos);
  EXPECT_EQ(child->hello().find("raised"), std::string::npos) << child->hello();
  EXPECT_EQ(child->Call("release", R"("on": "s")"), kNone);
  EXPECT_EQ(child->Call("get", R"("on": "s", "args": ["maxvalue"])"), R"("returned": 8)");
  EXPECT_EQ(child->Call("release", R"("on": "u")"), kNone);
  EXPECT_EQ(child->Call("get", R"("on": "u", "args": ["maxvalue"])"), R"("returned": 4)");
  EXPECT_EQ(child->Call("write", R"("on": "m", "args": [0, {"bytes": "beef"}])"), kNone);
  EXPECT_EQ(root_.Call("acquire", R"("on": "s")"), kTrue);
  EXPECT_EQ(root_.Call("acquire", R"("on": "u")"), kTrue);
  EXPECT_EQ(root_.Call("read", R"("on": "m", "args": [0, 2])"), R"("returned": {"bytes": "beef"})");
  EXPECT_EQ(root_.Call("unlink", R"("on": "m")"), kNone);
  EXPECT_EQ(root_.Call("sem_unlink", R"("args": [")" + name + R"("])"), kNone);
  EndChild(std::move(child), root_);
}

TEST_F(ProcessTest, SpawnsFromASpawnedProcess) {
  root_.Call("SemLock.unnamed", R"("as": "u", "args": [1, 0, 4])");
  auto child = adapter_.NewActor(root_, "spawn", "c");
  auto grandchild = adapter_.NewActor(*child, "spawn", "g");
  EXPECT_EQ(grandchild->Call("release", R"("on": "u")"), kNone);
  EXPECT_EQ(root_.Call("acquire", R"("on": "u")"), kTrue);
  EndChild(std::move(grandchild), *child);
  EndChild(std::move(child), root_);
}

TEST_F(ProcessTest, TellsWhatRebuildingRaised) {
  const std::string name = adapter_.FreshName();
  Make(R"(1, 0, 8, ")" + name + R"(", false)");
  EXPECT_EQ(root_.Call("sem_unlink", R"("args": [")" + name + R"("])"), kNone);
  auto child = adapter_.NewActor(root_, "spawn", "c");
  EXPECT_NE(
      child->hello().find(R"("raised": {"type": "FileNotFoundError", "message": "No such file )"
                          R"(or directory", "errno": 2})"),
      std::string::npos)
      << child->hello();
  EndChild(std::move(child), root_);
}

TEST_F(ProcessTest, LeavesOutOfASpawnedProcessWhatHasNoName) {
  MakeSemaphore(1, 0);
  auto child = adapter_.NewActor(root_, "spawn", "c");
  EXPECT_EQ(child->hello().find("raised"), std::string::npos) << child->hello();
  EXPECT_EQ(child->Call("release", R"("on": "s")"), R"("error": "there is no object 's'")");
  EndChild(std::move(child), root_);
}

TEST_F(ProcessTest, ReapsTheStatusOfAnExitAndOfASignal) {
  auto exiting = adapter_.NewActor(root_, "fork", "a");
  exiting->Start("exit", R"("args": [3])");
  EXPECT_EQ(root_.Call("reap", R"("args": [)" + std::to_string(exiting->pid()) + "]"),
            R"("returned": 768)");
  auto killed = adapter_.NewActor(root_, "fork", "b");
  kill(killed->pid(), SIGKILL);
  EXPECT_EQ(root_.Call("reap", R"("args": [)" + std::to_string(killed->pid()) + "]"),
            R"("returned": 9)");
  EXPECT_EQ(root_.Call("reap", R"("args": [)" + std::to_string(killed->pid()) + "]"),
            R"("raised": {"type": "OSError", "message": "No child processes", "errno": 10})");
}

TEST_F(ProcessTest, LeavesADeadChildUntilItIsToldToReap) {
  auto child = adapter_.NewActor(root_, "fork", "c");
  kill(child->pid(), SIGKILL);
  siginfo_t info{};
  // Only its parent can wait for it; everybody can see that it is still there.
  const std::string stat = "/proc/" + std::to_string(child->pid()) + "/stat";
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(child->pid()), &info, WEXITED), -1);
  EXPECT_EQ(root_.Call("nop"), kNone);
  EXPECT_TRUE(std::filesystem::exists(stat));
  root_.Call("reap", R"("args": [)" + std::to_string(child->pid()) + "]");
  EXPECT_FALSE(std::filesystem::exists(stat));
}

// A witness file of `slots` slots; entry 0 is the counter.
class WitnessFile {
 public:
  WitnessFile(const std::string& path, std::size_t slots) : path_(path), entries_(slots + 1) {
    Write();
  }
  const std::string& path() const { return path_; }
  void Set(std::size_t entry, std::uint64_t value) {
    entries_[entry] = value;
    Write();
  }
  std::uint64_t Get(std::size_t entry) {
    std::ifstream file(path_, std::ios::binary);
    file.read(reinterpret_cast<char*>(entries_.data()), Bytes());
    return entries_[entry];
  }

 private:
  std::streamsize Bytes() const {
    return static_cast<std::streamsize>(entries_.size() * sizeof entries_[0]);
  }
  void Write() {
    std::ofstream file(path_, std::ios::binary);
    file.write(reinterpret_cast<const char*>(entries_.data()), Bytes());
  }

  std::string path_;
  std::vector<std::uint64_t> entries_;
};

std::string HammerFields(const WitnessFile& witness, int slot, int slots, int rounds) {
  return R"("on": "s", "args": [)" + std::to_string(rounds) + R"(], "witness": ")" +
         witness.path() + R"(", "slot": )" + std::to_string(slot) + R"(, "slots": )" +
         std::to_string(slots);
}

TEST_F(ProcessTest, HammersWithoutLosingAnUpdateWhenTheSemaphoreIsGood) {
  MakeSemaphore(1, 1);
  WitnessFile witness(adapter_.directory() + "/witness", 4);
  std::vector<std::unique_ptr<TestActor>> actors;
  actors.push_back(adapter_.NewActor(root_, "fork", "a"));
  actors.push_back(adapter_.NewActor(root_, "fork", "b"));
  actors.push_back(adapter_.NewActor(root_, "thread", "c"));
  actors.push_back(adapter_.NewActor(root_, "thread", "d"));
  for (int i = 0; i < 4; ++i) {
    actors[static_cast<std::size_t>(i)]->Start("hammer", HammerFields(witness, i, 4, 500));
  }
  for (const auto& actor : actors) {
    EXPECT_EQ(actor->Finish(), R"("returned": {"tuple": [500, 1]})");
    EXPECT_EQ(actor->notes, std::vector<std::string>{R"({"calling": 1})"});
  }
  EXPECT_EQ(witness.Get(0), 2000U);
  EXPECT_EQ(witness.Get(1), 1000U);
  EXPECT_EQ(root_.Call("_get_value", R"("on": "s")"), R"("returned": 1)");
  EndChild(std::move(actors[0]), root_);
  EndChild(std::move(actors[1]), root_);
}

TEST_F(ProcessTest, HammersALockOfTheSynchronisationTypes) {
  EXPECT_TRUE(root_.Call("Lock", R"("as": "s")").starts_with(R"("returned": )"));
  WitnessFile witness(adapter_.directory() + "/witness", 1);
  EXPECT_EQ(root_.Call("hammer", HammerFields(witness, 0, 1, 10)),
            R"("returned": {"tuple": [10, 1]})");
  EXPECT_EQ(root_.Call("locked", R"("on": "s")"), R"("returned": false)");
}

TEST_F(ProcessTest, HammersAndSeesAnotherThatIsInside) {
  MakeSemaphore(1, 1);
  WitnessFile witness(adapter_.directory() + "/witness", 2);
  witness.Set(2, 7);  // slot 1 is inside, and stays
  EXPECT_EQ(root_.Call("hammer", HammerFields(witness, 0, 2, 10)),
            R"("returned": {"tuple": [10, 2]})");
}

TEST_F(ProcessTest, EndsAHammerWithWhatReleaseRaises) {
  root_.Call("SemLock", R"("as": "s", "args": [1, 2, 1, ")" + adapter_.FreshName() + R"(", true])");
  WitnessFile witness(adapter_.directory() + "/witness", 1);
  EXPECT_EQ(root_.Call("hammer", HammerFields(witness, 0, 1, 10)),
            R"("raised": {"type": "ValueError", "message": "semaphore or lock released too many )"
            R"(times", "errno": null})");
}

TEST_F(ProcessTest, RefusesAHammerWithoutAWitness) {
  MakeSemaphore(1, 1);
  EXPECT_EQ(root_.Call("hammer", R"("on": "s", "args": [1])"),
            R"("error": "hammer needs a witness and a slot among its slots")");
  WitnessFile witness(adapter_.directory() + "/witness", 1);
  EXPECT_EQ(root_.Call("hammer", HammerFields(witness, 0, 2, 1)),
            R"("error": "the witness is shorter than its slots")");
}

std::string LoadFields(const std::string& jobs, const std::string& mix, const WitnessFile& witness, int slots) {
  return R"("args": [)" + jobs + ", " + mix + R"(, 7], "witness": ")" + witness.path() + R"(", "slot": 0, "slots": )" +
         std::to_string(slots);
}

TEST_F(ProcessTest, LoadsAndRecordsEachCall) {
  MakeSemaphore(1, 1);
  WitnessFile witness(adapter_.directory() + "/witness", 1);
  WitnessFile ring(adapter_.directory() + "/ring", 8 + 4 * 100);
  const std::string fields = LoadFields(R"([["s", "guard", 10]])", R"([["try", 1]])", witness, 1);
  EXPECT_EQ(root_.Call("load", fields + R"(, "ring": ")" + ring.path() + "\""),
            R"("returned": {"tuple": [{"tuple": [10, 10, 0, 0, 1]}]})");
  EXPECT_EQ(ring.Get(1), 20U);
  EXPECT_EQ(ring.Get(2), 0U);
  for (std::size_t call = 0; call < 20; ++call) {
    const std::size_t at = 8 + call * 4;
    EXPECT_EQ(ring.Get(at + 2), call % 2 == 0 ? 2U : 4U) << call;
    EXPECT_EQ(ring.Get(at + 3), call % 2 == 0 ? 1U : 0U) << call;
    EXPECT_GE(ring.Get(at + 1), ring.Get(at)) << call;
  }
  EXPECT_EQ(witness.Get(0), 10U);
  EXPECT_EQ(witness.Get(1), 20U);
}

TEST_F(ProcessTest, LoadsThroughOtherObjectsAndChildren) {
  const std::string name = adapter_.FreshName();
  root_.Call("SemLock", R"("as": "s", "args": [1, 1, 1, ")" + name + R"(", false])");
  WitnessFile witness(adapter_.directory() + "/witness", 1);
  const std::string got =
      root_.Call("load", LoadFields(R"([["s", "guard", 20]])", R"([["acquire", 1], ["rebuild", 1], ["fork", 1]])", witness, 1));
  root_.Call("sem_unlink", R"("args": [")" + name + R"("])");
  EXPECT_TRUE(got.starts_with(R"("returned": {"tuple": [{"tuple": [20, 20, 0, 0, )")) << got;
  EXPECT_EQ(witness.Get(0), 20U);
}

TEST_F(ProcessTest, PassesUnitsFromOneToTheOther) {
  MakeSemaphore(1, 1);
  root_.Call("SemLock", R"("as": "t", "args": [1, 0, 5, ")" + adapter_.FreshName() + R"(", true])");
  WitnessFile witness(adapter_.directory() + "/witness", 3);
  EXPECT_EQ(root_.Call("load", LoadFields(R"([["s", "pass", 1, "t"], ["t", "take", 0]])", R"([["acquire", 1]])", witness, 1)),
            R"("returned": {"tuple": [{"tuple": [1, 0, 0, 0, 0]}, {"tuple": [0, 1, 0, 0, 0]}]})");
  EXPECT_EQ(root_.Call("_get_value", R"("on": "t")"), R"("returned": 1)");
}

TEST_F(ProcessTest, RefusesALoadThatWouldNotEnd) {
  MakeSemaphore(1, 1);
  WitnessFile witness(adapter_.directory() + "/witness", 1);
  EXPECT_EQ(root_.Call("load", LoadFields(R"([["s", "guard", 1]])", R"([["_is_zero", 1]])", witness, 1)),
            R"("error": "load: one of acquire, try and timed has to have a weight, or it would never end")");
  EXPECT_EQ(root_.Call("load", LoadFields(R"([["s", "eat", 1]])", R"([["try", 1]])", witness, 1)),
            R"("error": "load: a job is [the name of a SemLock, guard, put, take or pass, a count], and of pass another name")");
}

TEST_F(ProcessTest, BeginsACallNoSoonerThanItMay) {
  MakeSemaphore(1, 1);
  const std::int64_t at = NowNs() + 20'000'000;
  EXPECT_EQ(root_.Call("_get_value", R"("on": "s", "at": )" + std::to_string(at)), R"("returned": 1)");
  EXPECT_GE(NowNs(), at);
}

}  // namespace
}  // namespace lockstep::adapter
