// SPDX-License-Identifier: MIT
#include "harness/os/names.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "harness/os/syscall_names.h"

namespace lockstep {
namespace {

TEST(SignalName, IsTheOneOfTheHeaders) {
  EXPECT_EQ(SignalName(SIGKILL), "SIGKILL");
  EXPECT_EQ(SignalName(SIGUSR1), "SIGUSR1");
  EXPECT_EQ(SignalName(SIGCHLD), "SIGCHLD");
}

TEST(SignalName, IsANumberWhereThereIsNoName) { EXPECT_EQ(SignalName(64), "signal 64"); }

TEST(SignalNumber, IsTheWayBack) {
  ASSERT_GT(SignalNames().size(), 25u);
  for (const std::string& name : SignalNames()) {
    const auto number = SignalNumber(name);
    ASSERT_TRUE(number) << name;
    EXPECT_EQ(SignalName(*number), name);
  }
}

TEST(SignalNumber, IsNothingForWhatIsNoSignal) {
  for (const char* name : {"", "SIG", "SIGNOTHING", "KILL", "sigkill", "signal 64"})
    EXPECT_FALSE(SignalNumber(name)) << name;
}

TEST(ErrnoName, IsTheOneOfTheHeaders) {
  EXPECT_EQ(ErrnoName(ENOENT), "ENOENT");
  EXPECT_EQ(ErrnoName(EAGAIN), "EAGAIN");
  EXPECT_EQ(ErrnoName(ETIMEDOUT), "ETIMEDOUT");
}

TEST(ErrnoName, IsANumberWhereThereIsNoName) {
  EXPECT_EQ(ErrnoName(999), "errno 999");
  EXPECT_EQ(ErrnoName(-1), "errno -1");
}

TEST(ErrnoNumber, IsTheWayBackOfAllThatTheSystemHas) {
  const std::vector<std::string> names = ErrnoNames();
  ASSERT_GT(names.size(), 100u);
  EXPECT_NE(std::find(names.begin(), names.end(), "EHWPOISON"), names.end());
  for (const std::string& name : names) {
    const auto number = ErrnoNumber(name);
    ASSERT_TRUE(number) << name;
    EXPECT_EQ(ErrnoName(*number), name);
  }
}

TEST(ErrnoNumber, IsNothingForWhatIsNoError) {
  for (const char* name : {"", "E", "ENOTHING", "enoent", "0"})
    EXPECT_FALSE(ErrnoNumber(name)) << name;
}

TEST(SyscallName, NamesThoseThatThreadsWaitIn) {
  EXPECT_EQ(SyscallName(SYS_futex), "futex");
  EXPECT_EQ(SyscallName(SYS_clock_nanosleep), "clock_nanosleep");
  EXPECT_EQ(SyscallName(9999), "system call 9999");
}

TEST(WaitingSyscallNumber, IsTheWayBack) {
  for (const char* name :
       {"futex", "pselect6", "ppoll", "epoll_pwait", "nanosleep", "clock_nanosleep", "read",
        "recvmsg", "semop", "semtimedop", "wait4", "waitid", "rt_sigtimedwait"}) {
    const auto number = WaitingSyscallNumber(name);
    ASSERT_TRUE(number) << name;
    EXPECT_EQ(SyscallName(*number), name);
  }
}

TEST(WaitingSyscallNumber, IsNothingForOthers) {
  EXPECT_FALSE(WaitingSyscallNumber("write"));
  EXPECT_FALSE(WaitingSyscallNumber(""));
}

TEST(SyscallNumber, IsOfEveryCallThatThisMachineHas) {
  EXPECT_EQ(SyscallNumber("openat"), SYS_openat);
  EXPECT_EQ(SyscallNumber("exit_group"), SYS_exit_group);
  EXPECT_FALSE(SyscallNumber("sem_open"));
  EXPECT_FALSE(SyscallNumber("riscv_hwprobe"));
  for (const std::string& name : SyscallNames()) {
    EXPECT_TRUE(IsSyscallName(name));
    const auto number = SyscallNumber(name);
    EXPECT_TRUE(!number || SyscallName(*number) == name) << name;
  }
}

TEST(IsSyscallName, KnowsThoseOfOtherMachinesToo) {
  EXPECT_TRUE(IsSyscallName("open"));
  EXPECT_TRUE(IsSyscallName("riscv_hwprobe"));
  EXPECT_FALSE(IsSyscallName("sem_open"));
  EXPECT_FALSE(IsSyscallName(""));
}

}  // namespace
}  // namespace lockstep
