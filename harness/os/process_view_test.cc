// SPDX-License-Identifier: MIT
#include "harness/os/process_view.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <fstream>
#include <thread>

#include "harness/os/syscall_names.h"
#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

pid_t OwnTid() { return static_cast<pid_t>(::syscall(SYS_gettid)); }

// A thread of the test that waits on a semaphore until it is let go.
class Waiter {
 public:
  explicit Waiter(bool timed) {
    ::sem_init(&semaphore_, 0, 0);
    thread_ = std::thread([this, timed] {
      tid_ = OwnTid();
      timespec far{};
      ::clock_gettime(CLOCK_REALTIME, &far);
      far.tv_sec += 60;
      while ((timed ? ::sem_timedwait(&semaphore_, &far) : ::sem_wait(&semaphore_)) != 0) {
      }
    });
    WaitUntil([this] { return tid_ != 0; });
  }
  ~Waiter() {
    LetGo();
    ::sem_destroy(&semaphore_);
  }
  void LetGo() {
    if (!thread_.joinable()) return;
    ::sem_post(&semaphore_);
    thread_.join();
  }
  pid_t tid() const { return tid_; }
  std::uint64_t address() const { return reinterpret_cast<std::uint64_t>(&semaphore_); }

 private:
  sem_t semaphore_{};
  std::atomic<pid_t> tid_{0};
  std::thread thread_;
};

TEST(ThreadProbe, SeesAThreadAsleepOnItsSemaphore) {
  const Waiter waiter(false);
  const ThreadProbe probe(::getpid(), waiter.tid());
  ASSERT_TRUE(probe.CanSeeSyscalls());
  ASSERT_TRUE(WaitUntil([&] { return probe.Look().InFutexWait(); }));
  const ThreadState state = probe.Look();
  EXPECT_EQ(state.args[0], waiter.address());
  EXPECT_EQ(state.args[3], 0u);
  EXPECT_EQ(state.Text().substr(0, 20), "asleep in futex at 0");
  EXPECT_TRUE(state.Text().ends_with(", for ever"));
}

TEST(ThreadProbe, SeesThatASleeperHasADeadline) {
  const Waiter waiter(true);
  const ThreadProbe probe(::getpid(), waiter.tid());
  ASSERT_TRUE(WaitUntil([&] { return probe.Look().InFutexWait(); }));
  EXPECT_NE(probe.Look().args[3], 0u);
  EXPECT_TRUE(probe.Look().Text().ends_with(", until a deadline"));
}

TEST(ThreadProbe, FindsThatASleeperHasNotMoved) {
  const Waiter waiter(false);
  const ThreadProbe probe(::getpid(), waiter.tid());
  ASSERT_TRUE(WaitUntil([&] { return probe.Look().InFutexWait(); }));
  ASSERT_TRUE(probe.ReadActivity());
  EXPECT_EQ(probe.ReadActivity(), probe.ReadActivity());
}

TEST(ThreadProbe, IsGoneWithItsThread) {
  Waiter waiter(false);
  const ThreadProbe probe(::getpid(), waiter.tid());
  waiter.LetGo();
  EXPECT_TRUE(WaitUntil([&] { return probe.Look().kind == ThreadState::Kind::kGone; }));
  EXPECT_FALSE(probe.CanSeeSyscalls());
  EXPECT_FALSE(probe.ReadActivity());
  EXPECT_EQ(probe.Look().Text(), "gone");
}

TEST(ThreadProbe, IsGoneWhereThereNeverWasAThread) {
  EXPECT_EQ(ThreadProbe().Look().kind, ThreadState::Kind::kGone);
  EXPECT_EQ(ThreadProbe(::getpid(), 1 << 30).Look().kind, ThreadState::Kind::kGone);
}

TEST(ThreadProbe, SeesAStoppedThreadAsStoppedThoughItIsInACall) {
  TestChild child([] {
    while (true) ::pause();
    return 0;
  });
  const ThreadProbe probe(child.pid(), child.pid());
  ASSERT_TRUE(WaitUntil([&] { return probe.Look().kind == ThreadState::Kind::kSyscall; }));
  child.Signal(SIGSTOP);
  EXPECT_TRUE(WaitUntil([&] { return probe.Look().kind == ThreadState::Kind::kStopped; }));
  EXPECT_EQ(probe.Look().Text(), "stopped");
  child.Signal(SIGCONT);
  EXPECT_TRUE(WaitUntil([&] { return probe.Look().kind == ThreadState::Kind::kSyscall; }));
}

TEST(ThreadProbe, TellsASleepFromAFutex) {
  TestChild child([] {
    const timespec long_time{60, 0};
    ::nanosleep(&long_time, nullptr);
    return 0;
  });
  const ThreadProbe probe(child.pid(), child.pid());
  ASSERT_TRUE(WaitUntil([&] { return probe.Look().kind == ThreadState::Kind::kSyscall; }));
  EXPECT_FALSE(probe.Look().InFutexWait());
  EXPECT_TRUE(probe.Look().syscall == SYS_clock_nanosleep || probe.Look().syscall == SYS_nanosleep);
  EXPECT_EQ(probe.Look().Text(), "asleep in " + SyscallName(probe.Look().syscall));
}

TEST(ThreadProbe, DoesNotTakeForAsleepWhatTheKernelHoldsUp) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  // Whoever calls vfork() is in state D until its child has gone on.
  TestChild child([&ends] {
    ::close(ends[1]);
    const pid_t grandchild = ::vfork();
    if (grandchild != 0) return grandchild > 0 ? 0 : 1;
    char byte = 0;
    static_cast<void>(!::read(ends[0], &byte, 1));
    ::_exit(0);
  });
  ::close(ends[0]);
  const auto state = [&] {
    std::ifstream stat("/proc/" + std::to_string(child.pid()) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(stat), {}};
    return text.substr(text.rfind(')') + 2, 1);
  };
  ASSERT_TRUE(WaitUntil([&] { return state() == "D"; }));
  EXPECT_EQ(ThreadProbe(child.pid(), child.pid()).Look().kind, ThreadState::Kind::kRunning);
  ::close(ends[1]);
}

TEST(ThreadProbe, SeesOneThatBurnsCpuRunningAndItsTimeGrow) {
  TestChild child([] {
    for (std::atomic<std::uint64_t> i = 0;; ++i) {
    }
    return 0;
  });
  const ThreadProbe probe(child.pid(), child.pid());
  ASSERT_TRUE(WaitUntil([&] { return probe.Look().kind == ThreadState::Kind::kRunning; }));
  const auto before = probe.ReadActivity();
  ASSERT_TRUE(before);
  EXPECT_TRUE(
      WaitUntil([&] { return probe.ReadActivity()->runtime_ns > before->runtime_ns + 1'000'000; }));
}

TEST(ThreadProbe, SeesADeadProcessThatIsNotReaped) {
  TestChild child([] { return 0; });
  const ThreadProbe probe(child.pid(), child.pid());
  EXPECT_TRUE(WaitUntil([&] { return probe.Look().kind == ThreadState::Kind::kZombie; }));
  child.Wait();
  EXPECT_EQ(probe.Look().kind, ThreadState::Kind::kGone);
}

TEST(ThreadState, CountsOnlyWaitsAmongTheFutexCalls) {
  ThreadState state{ThreadState::Kind::kSyscall, SYS_futex, {}};
  constexpr std::uint64_t kPrivate = 128;
  constexpr std::uint64_t kRealtime = 256;
  for (const std::uint64_t waits : {0u, 9u}) {
    state.args[1] = waits;
    EXPECT_TRUE(state.InFutexWait());
    state.args[1] = waits | kPrivate | kRealtime;
    EXPECT_TRUE(state.InFutexWait());
  }
  for (const std::uint64_t other : {1u, 3u, 6u, 10u}) {  // wake, requeue, lock_pi, wake_bitset
    state.args[1] = other;
    EXPECT_FALSE(state.InFutexWait());
  }
  state.args[1] = 0;
  state.kind = ThreadState::Kind::kStopped;
  EXPECT_FALSE(state.InFutexWait());
}

TEST(ZombieStatus, TellsHowAProcessEndedBeforeItIsReaped) {
  TestChild exits([] { return 3; });
  TestChild dies([] { return ::raise(SIGKILL); });
  ASSERT_TRUE(WaitUntil([&] { return IsZombie(exits.pid()) && IsZombie(dies.pid()); }));
  const auto exited = ZombieStatus(exits.pid());
  const auto died = ZombieStatus(dies.pid());
  ASSERT_TRUE(exited && died);
  EXPECT_EQ(WEXITSTATUS(*exited), 3);
  ASSERT_TRUE(WIFSIGNALED(*died));
  EXPECT_EQ(WTERMSIG(*died), SIGKILL);
  EXPECT_EQ(exits.Wait(), *exited);
  EXPECT_FALSE(ZombieStatus(exits.pid()));
}

TEST(IsAlive, TellsTheLivingFromTheDeadAndFromTheReaped) {
  TestChild child([] {
    ::pause();
    return 0;
  });
  EXPECT_TRUE(IsAlive(child.pid()));
  ASSERT_EQ(::kill(child.pid(), SIGKILL), 0);
  EXPECT_TRUE(WaitUntil([&] { return IsZombie(child.pid()); }));
  EXPECT_FALSE(IsAlive(child.pid()));
  child.Wait();
  EXPECT_FALSE(IsZombie(child.pid()));
  EXPECT_FALSE(IsAlive(child.pid()));
}

TEST(ZombieStatus, IsNothingForTheLiving) { EXPECT_FALSE(ZombieStatus(::getpid())); }

bool Contains(const std::vector<pid_t>& ids, pid_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

TEST(ChildrenOf, HasTheLivingAndTheZombiesUntilTheyAreReaped) {
  TestChild child([] { return 0; });
  ASSERT_TRUE(WaitUntil([&] { return IsZombie(child.pid()); }));
  EXPECT_TRUE(Contains(ChildrenOf(::getpid()), child.pid()));
  child.Wait();
  EXPECT_FALSE(Contains(ChildrenOf(::getpid()), child.pid()));
}

TEST(ChildrenOf, HasThoseOfEveryThread) {
  std::atomic<pid_t> forked{0};
  std::atomic<bool> done{false};
  std::thread thread([&] {
    TestChild child([] {
      ::pause();
      return 0;
    });
    forked = child.pid();
    WaitUntil([&] { return done.load(); });
  });
  WaitUntil([&] { return forked != 0; });
  EXPECT_TRUE(Contains(ChildrenOf(::getpid()), forked));
  done = true;
  thread.join();
}

TEST(ChildrenOf, IsEmptyForAProcessThatIsGone) { EXPECT_TRUE(ChildrenOf(1 << 30).empty()); }

TEST(ThreadsOf, HasEveryThread) {
  const Waiter waiter(false);
  EXPECT_TRUE(Contains(ThreadsOf(::getpid()), waiter.tid()));
  EXPECT_TRUE(Contains(ThreadsOf(::getpid()), ::getpid()));
}

TEST(InnerId, IsTheSameWithoutANamespace) {
  const Waiter waiter(false);
  EXPECT_EQ(InnerId(::getpid()), ::getpid());
  EXPECT_EQ(OuterThread(::getpid(), waiter.tid()), waiter.tid());
  EXPECT_EQ(InnerId(1 << 30), std::nullopt);
}

class OuterChildTest : public testing::TestWithParam<Isolation> {};

TEST_P(OuterChildTest, TranslatesTheIdThatAProcessHasInsideAndBack) {
  auto supervisor = Supervisor::Start(GetParam(), TestNamePrefix());
  ASSERT_TRUE(supervisor);
  LaunchOptions options;
  options.argv = {LOCKSTEP_TESTING_PROGRAM, "linger"};
  const auto inner = supervisor->Launch(options);
  ASSERT_TRUE(inner);
  const auto outer = OuterChild(supervisor->pid(), *inner);
  ASSERT_TRUE(outer);
  EXPECT_EQ(InnerId(*outer), *inner);
  EXPECT_EQ(OuterThread(*outer, *inner), *outer);
  EXPECT_EQ(CommandLineOf(*outer), std::string(LOCKSTEP_TESTING_PROGRAM) + " linger");
  EXPECT_EQ(*inner == *outer, GetParam() == Isolation::kNone);
  EXPECT_EQ(OuterChild(supervisor->pid(), *inner + 12345), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Isolations, OuterChildTest, testing::ValuesIn(IsolationsHere()),
                         [](const auto& about) { return ToText(about.param); });

class FindMappingTest : public testing::Test {
 protected:
  ~FindMappingTest() override {
    if (memory_ != MAP_FAILED) ::munmap(memory_, kSize);
  }
  // Maps a new file of this name and removes it.
  void MapAndUnlink(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    ASSERT_TRUE(fd.valid());
    ASSERT_EQ(::ftruncate(fd.get(), kSize), 0);
    ASSERT_EQ(::fstat(fd.get(), &file_), 0);
    memory_ = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    ASSERT_EQ(::unlink(path.c_str()), 0);
    ASSERT_NE(memory_, MAP_FAILED);
  }
  std::uint64_t Address() const { return reinterpret_cast<std::uint64_t>(memory_); }

  static constexpr std::size_t kSize = 8192;
  void* memory_ = MAP_FAILED;
  struct stat file_ {};
};

TEST_F(FindMappingTest, KnowsASharedFileByItsInodeAfterItsNameIsGone) {
  MapAndUnlink("/dev/shm/" + TestNamePrefix());
  const auto mapping = FindMapping(::getpid(), Address() + kSize - 1);
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->inode, file_.st_ino);
  EXPECT_EQ(mapping->device, file_.st_dev);
  EXPECT_LE(mapping->start, Address());
  EXPECT_GE(mapping->end, Address() + kSize);
}

TEST_F(FindMappingTest, IsNotMisledByAPathWithBlanksAndDigits) {
  MapAndUnlink("/dev/shm/" + TestNamePrefix() + " 7f00-7fff r--s (deleted) 1:2 3");
  const auto mapping = FindMapping(::getpid(), Address());
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->inode, file_.st_ino);
}

TEST_F(FindMappingTest, HasNoInodeForPrivateMemory) {
  const Waiter waiter(false);
  const auto mapping = FindMapping(::getpid(), waiter.address());
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->inode, 0u);
}

TEST_F(FindMappingTest, FindsNothingWhereNothingIsMapped) {
  EXPECT_FALSE(FindMapping(::getpid(), 8));
  EXPECT_FALSE(FindMapping(1 << 30, 8));
}

TEST(CountDescriptors, CountsWhatIsOpenedAndClosed) {
  const auto before = CountDescriptors(::getpid());
  ASSERT_TRUE(before);
  {
    const UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(*CountDescriptors(::getpid()), *before + 1);
  }
  EXPECT_EQ(*CountDescriptors(::getpid()), *before);
}

TEST(CountDescriptors, IsNothingForAProcessThatIsGone) { EXPECT_FALSE(CountDescriptors(1 << 30)); }

TEST(CommandLineOf, IsEmptyForAProcessThatIsGone) { EXPECT_EQ(CommandLineOf(1 << 30), ""); }

TEST(ReadSmallFile, ReadsAWholeFileAndNothingOfOneThatIsMissing) {
  const TestFolder folder;
  const std::string text(10'000, 'z');
  EXPECT_EQ(ReadSmallFile(folder.Write("f", text)), text);
  EXPECT_EQ(ReadSmallFile(folder.path() + "/missing"), "");
}

}  // namespace
}  // namespace lockstep
