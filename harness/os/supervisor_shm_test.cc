// SPDX-License-Identifier: MIT
// The /dev/shm of a supervisor.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/os/testing_launch.h"

namespace lockstep {
namespace {

class SupervisorShmTest : public SupervisorTest {
 protected:
  std::string OpenShm(const std::string& suffix) {
    return OutputOf(Program({"shm-open", "/" + prefix_ + suffix}));
  }
  std::set<std::string> Names() const {
    const auto names = supervisor_->ShmNames();
    return {names.begin(), names.end()};
  }
};

TEST_P(SupervisorShmTest, ListsTheNamesThatWereMade) {
  EXPECT_TRUE(Names().empty());
  EXPECT_EQ(OpenShm("-a"), "ok\n");
  EXPECT_EQ(OpenShm("-b"), "ok\n");
  EXPECT_EQ(Names(), (std::set<std::string>{prefix_ + "-a", prefix_ + "-b"}));
}

TEST_P(SupervisorShmTest, RemovesAName) {
  ASSERT_EQ(OpenShm("-a"), "ok\n");
  supervisor_->RemoveShmName(prefix_ + "-a");
  supervisor_->RemoveShmName(prefix_ + "-a");  // missing is fine
  EXPECT_TRUE(Names().empty());
  EXPECT_EQ(OpenShm("-a"), "ok\n");
}

TEST_P(SupervisorShmTest, RemovesADirectoryToo) {
  ASSERT_EQ(OutputOf(Shell("mkdir /dev/shm/" + prefix_ + "-d")), "");
  ASSERT_EQ(Names().size(), 1u);
  supervisor_->RemoveShmName(prefix_ + "-d");
  EXPECT_TRUE(Names().empty());
}

TEST_P(SupervisorShmTest, LeavesNothingInTheHarnesssOwn) {
  ASSERT_EQ(OpenShm("-a"), "ok\n");
  supervisor_.reset();
  EXPECT_TRUE(OwnShmNames(prefix_).empty());
}

TEST_P(SupervisorShmTest, ShowsOthersNamesOnlyWithoutANamespace) {
  ASSERT_EQ(OpenShm("-a"), "ok\n");
  EXPECT_EQ(OwnShmNames(prefix_).size(), GetParam() == Isolation::kNone ? 1u : 0u);
}

TEST_P(SupervisorShmTest, DoesNotListTheNamesOfOthersWithoutANamespace) {
  auto other = Supervisor::Start(GetParam(), TestNamePrefix());
  ASSERT_TRUE(other);
  ASSERT_EQ(OpenShm("-a"), "ok\n");
  EXPECT_TRUE(other->ShmNames().empty());
}

INSTANTIATE_TEST_SUITE_P(Isolations, SupervisorShmTest, testing::ValuesIn(IsolationsHere()),
                         [](const auto& about) { return ToText(about.param); });

// --- Other machines
// --------------------------------------------------------------------------------------

class MountShmTest : public SupervisorShmTest {
 protected:
  void Mount(const ShmOptions& options) {
    const auto mounted = supervisor_->MountShm(options);
    ASSERT_TRUE(mounted) << mounted.error().message;
  }
};

TEST_P(MountShmTest, HasRoomForItsSizeOnly) {
  Mount({.size_bytes = 8192});
  EXPECT_EQ(OpenShm("-a"), "ok\n");
  EXPECT_EQ(OpenShm("-b"), "ok\n");
  EXPECT_EQ(OpenShm("-c"), "ENOSPC\n");
  EXPECT_EQ(Names().size(), 3u);
}

TEST_P(MountShmTest, HasNoMoreInodesThanAsked) {
  Mount({.inodes = 2});  // one is the folder's own
  EXPECT_EQ(OpenShm("-a"), "ok\n");
  EXPECT_EQ(OpenShm("-b"), "ENOSPC\n");
}

TEST_P(MountShmTest, IsFullWithoutShowingWithWhat) {
  Mount({.size_bytes = 65536, .full = true});
  EXPECT_TRUE(Names().empty());
  EXPECT_EQ(OpenShm("-a"), "ENOSPC\n");
}

TEST_P(MountShmTest, CanBeFullWithoutASize) {
  Mount({.full = true});
  EXPECT_EQ(OpenShm("-a"), "ENOSPC\n");
}

TEST_P(MountShmTest, CanBeReadOnly) {
  Mount({.read_only = true});
  EXPECT_EQ(OpenShm("-a"), "EROFS\n");
}

TEST_P(MountShmTest, CanBeAbsent) {
  Mount({.absent = true});
  EXPECT_EQ(OpenShm("-a"), "ENOENT\n");
  EXPECT_EQ(OutputOf(Shell("ls /dev/shm >/dev/null 2>&1 || echo none; echo x >/dev/null && head -c "
                           "1 /dev/urandom | wc -c")),
            "none\n1\n");
}

TEST_P(MountShmTest, IsAsBeforeWhenTakenAway) {
  ASSERT_EQ(OpenShm("-before"), "ok\n");
  for (const ShmOptions& options : {ShmOptions{.size_bytes = 4096, .full = true},
                                    ShmOptions{.read_only = true}, ShmOptions{.absent = true}}) {
    Mount(options);
    EXPECT_NE(OpenShm("-a"), "ok\n");
    ASSERT_TRUE(supervisor_->UnmountShm());
    EXPECT_EQ(Names(), std::set<std::string>{prefix_ + "-before"});
  }
  EXPECT_EQ(OpenShm("-a"), "ok\n");
}

TEST_P(MountShmTest, IsTakenAwayWhileAProcessHoldsItOpen) {
  Mount({.size_bytes = 65536});
  ASSERT_TRUE(supervisor_->Launch(Shell("exec 9>/dev/shm/" + prefix_ + "-held; sleep 60")));
  ASSERT_TRUE(WaitUntil([&] { return !Names().empty(); }));
  ASSERT_TRUE(supervisor_->UnmountShm());
  EXPECT_TRUE(Names().empty());
}

TEST_P(MountShmTest, HarmsNothingWhenThereIsNothingToTakeAway) {
  ASSERT_TRUE(supervisor_->UnmountShm());
  EXPECT_EQ(OpenShm("-a"), "ok\n");
}

std::vector<Isolation> WithNamespaces() {
  std::vector<Isolation> isolations = IsolationsHere();
  isolations.erase(isolations.begin());
  return isolations;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MountShmTest);
INSTANTIATE_TEST_SUITE_P(Isolations, MountShmTest, testing::ValuesIn(WithNamespaces()),
                         [](const auto& about) { return ToText(about.param); });

TEST(MountShm, IsRefusedWithoutANamespace) {
  auto supervisor = Supervisor::Start(Isolation::kNone, TestNamePrefix());
  ASSERT_TRUE(supervisor);
  const auto mounted = supervisor->MountShm({.full = true});
  ASSERT_FALSE(mounted);
  EXPECT_EQ(mounted.error().message, "no namespace");
}

}  // namespace
}  // namespace lockstep
