// SPDX-License-Identifier: MIT
//
// The raw semaphore's adapter, driven over its FIFOs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test_harness.h"

namespace lockstep::adapter {
namespace {

using testing::AllOf;
using testing::Each;
using testing::Gt;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

constexpr char kNone[] = R"("returned": null)";
constexpr char kTrue[] = R"("returned": true)";
constexpr char kFalse[] = R"("returned": false)";

class RawTest : public testing::Test {
 protected:
  void MakeSemaphore(int value) {
    const std::string args = "[1, " + std::to_string(value) + R"(, 1, ")" + name_ + R"(", false])";
    ASSERT_THAT(root_.Call("SemLock", R"("as": "s", "args": )" + args), StartsWith(R"("returned": {"object": "SemLock"})"));
  }
  std::string OnS(const std::string& op, const std::string& args = "[]") {
    return root_.Call(op, R"("on": "s", "args": )" + args);
  }

  TestAdapter adapter_{LOCKSTEP_RAW_ADAPTER};
  TestActor& root_ = adapter_.root();
  const std::string name_ = adapter_.FreshName();
};

TEST_F(RawTest, ClaimsWhatItHas) {
  EXPECT_THAT(root_.hello(), HasSubstr(R"("implementation": "raw")"));
  EXPECT_THAT(root_.hello(), HasSubstr(R"("capabilities": ["fork", "thread", "spawn", "signal", "rebuild_by_name", )"
                                       R"("limits", "hammer", "measure"])"));
}

TEST_F(RawTest, IsASemaphoreAndNothingElse) {
  MakeSemaphore(1);
  EXPECT_EQ(OnS("acquire"), kTrue);
  EXPECT_EQ(OnS("acquire", "[false]"), kFalse);
  EXPECT_EQ(OnS("acquire", "[true, 0.001]"), kFalse);
  EXPECT_EQ(OnS("_is_zero"), kTrue);
  EXPECT_EQ(OnS("release"), kNone);
  EXPECT_EQ(OnS("release"), kNone) << "it has no bound";
  EXPECT_EQ(OnS("_get_value"), R"("returned": 2)");
  EXPECT_EQ(OnS("_count"), R"("unsupported": "nothing counts")");
  EXPECT_EQ(OnS("_is_mine"), R"("unsupported": "permits have no owner")");
  EXPECT_EQ(OnS("_after_fork"), R"("unsupported": "there is nothing to forget")");
}

TEST_F(RawTest, RebuildsByNameAndByHandle) {
  MakeSemaphore(3);
  const std::string handle = OnS("get", R"(["handle"])").substr(std::string(R"("returned": )").size());
  root_.Call("SemLock._rebuild", R"("as": "t", "args": [0, 1, 1, ")" + name_ + "\"]");
  EXPECT_EQ(root_.Call("_get_value", R"("on": "t")"), R"("returned": 3)");
  root_.Call("SemLock._rebuild", R"("as": "t", "args": [)" + handle + ", 1, 1, null]");
  EXPECT_EQ(root_.Call("acquire", R"("on": "t")"), kTrue);
  EXPECT_EQ(root_.Call("del", R"("on": "t")"), kNone);
  EXPECT_EQ(OnS("_get_value"), R"("returned": 2)") << "what was borrowed stays open";
  EXPECT_EQ(root_.Call("sem_unlink", R"("args": [")" + name_ + "\"]"), kNone);
}

TEST_F(RawTest, WaitsForAnotherActor) {
  MakeSemaphore(0);
  const auto child = adapter_.NewActor(root_, "spawn", "c");
  root_.Start("acquire", R"("on": "s")");
  EXPECT_THAT(root_.Note(), StartsWith(R"({"calling": )"));
  root_.ExpectBlocked();
  EXPECT_EQ(child->Call("release", R"("on": "s")"), kNone);
  EXPECT_EQ(root_.Finish(), kTrue);
}

TEST_F(RawTest, MeasuresItself) {
  MakeSemaphore(1);
  const auto measure = [&](const std::string& args) { return OnS("measure", args); };
  for (const char* what : {"pairs", "values", "rebuilds"}) {
    EXPECT_THAT(ReturnedInts(measure(std::string("[\"") + what + "\", 10, 3]")), AllOf(SizeIs(3), Each(Gt(0)))) << what;
  }
  EXPECT_THAT(ReturnedInts(measure(R"(["forks", 1, 2])")), SizeIs(2));
  EXPECT_THAT(measure(R"(["tries", 10, 3])"), HasSubstr("acquire(False) returned True"));
  EXPECT_THAT(ReturnedInts(measure(R"(["tries", 10, 3])")), AllOf(SizeIs(3), Each(Gt(0)))) << "its unit is gone";
}

}  // namespace
}  // namespace lockstep::adapter
