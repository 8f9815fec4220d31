// SPDX-License-Identifier: MIT
// Calls of an actor that is made here: a process with a channel, which does what its requests say.
#include "harness/os/call_tracer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "harness/os/channel.h"
#include "harness/os/process_view.h"
#include "harness/os/syscall_names.h"
#include "harness/os/testing_support.h"

namespace lockstep {
namespace {

constexpr const char* kAnswer = "{\"id\":1,\"returned\":null}\n";
constexpr const char* kCalling = "{\"calling\":1,\"begin\":7}\n";
constexpr const char* kHandled = "{\"handled\":\"SIGUSR1\"}\n";
constexpr nanoseconds kPatience = kTestPatience;

volatile sig_atomic_t handled = 0;

class Actor {
 public:
  Actor(const std::string& path, bool polls) : polls_(polls) {
    in_ = ::open((path + ".in").c_str(), O_RDONLY | O_CLOEXEC);
    out_ = ::open((path + ".out").c_str(), O_WRONLY | O_CLOEXEC);
  }
  // Until the end of its channel.
  int Serve() {
    Say(std::to_string(::getpid()) + " " + std::to_string(::syscall(SYS_gettid)) + "\n");
    for (std::string request = Read(); !request.empty(); request = Read()) Do(request);
    return 0;
  }

 private:
  void Say(const std::string& line) { static_cast<void>(!::write(out_, line.data(), line.size())); }
  std::string Read() {
    pollfd fd{in_, POLLIN, 0};
    if (polls_) ::poll(&fd, 1, -1);
    char buffer[256];
    const ssize_t n = ::read(in_, buffer, sizeof buffer);
    return std::string(buffer, static_cast<std::size_t>(n > 0 ? n : 0));
  }
  void Do(const std::string& request) {
    std::string answer = kAnswer;
    for (const char c : request) {
      if (c == 'p') ::syscall(SYS_getppid);
      if (c == 'u') ::syscall(SYS_getuid);
      if (c == 'a') Say(kCalling);
      if (c == 'h') Say(kHandled);
      if (c == 'e') ::_exit(3);
      if (c == '/') {
        Say("{\"calling\"");
        Say(":1,\"begin\":7}\n");
      }
      if (c == 'o') {
        const std::string file = request.substr(request.find(' ') + 1);
        const int fd = ::open(file.substr(0, file.size() - 1).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        answer = fd < 0 ? "{\"id\":1} " + std::to_string(errno) + "\n" : "{\"id\":1} open\n";
        if (fd >= 0) ::close(fd);
      }
      if (c == ' ' || c == '\n') break;
    }
    if (request[0] == 's') answer = "{\"id\":1} " + std::to_string(handled) + "\n";
    Say(answer);
  }

  const bool polls_;
  int in_;
  int out_;
};

// The actor's process has a parent that waits for it, as an adapter has: its status is the actor's,
// or 100 and the signal. (One process cannot be both the parent and the tracer.)
int ParentOf(const std::string& path, bool polls, bool in_thread) {
  // The test's own ends, among others: the actor is to see the end of its channel.
  constexpr int kMostDescriptors = 256;
  for (int fd = STDERR_FILENO + 1; fd < kMostDescriptors; ++fd) ::close(fd);
  const pid_t actor = ::fork();
  if (actor == 0) {
    ::signal(SIGUSR1, [](int) { handled = handled + 1; });
    int status = 0;
    if (in_thread) {
      std::thread([&] { status = Actor(path, polls).Serve(); }).join();
    } else {
      status = Actor(path, polls).Serve();
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(actor, &status, 0);
  return WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status);
}

class CallTracerTest : public testing::Test {
 protected:
  void Begin(bool polls = false, bool in_thread = false) {
    auto made = Channel::Make(folder_.path() + "/c");
    ASSERT_TRUE(made) << made.error().Text();
    channel_.emplace(std::move(*made));
    const std::string path = channel_->path();
    parent_ = std::make_unique<TestChild>([=] { return ParentOf(path, polls, in_thread); });
    const std::string hello = Line();
    ASSERT_EQ(std::sscanf(hello.c_str(), "%d %d", &pid_, &tid_), 2) << hello;
    channel_->Settle();
  }
  std::string Line() {
    std::string text;
    WaitUntil([&] {
      channel_->ReadSome(text);
      return !text.empty() && text.back() == '\n';
    });
    return text;
  }
  void Arm(CallBreak what) {
    auto tracer = CallTracer::Start({pid_, tid_, channel_->write_fd(), channel_->read_fd(), -1, what});
    if (!tracer) GTEST_SKIP() << tracer.error().Text();
    tracer_ = std::move(*tracer);
  }
  void Send(const std::string& request) { ASSERT_TRUE(channel_->Write(request + "\n")); }
  std::string Ask(const std::string& request) {
    Send(request);
    return Line();
  }
  CallTrace Trace() {
    auto trace = tracer_->Await(kPatience);
    EXPECT_TRUE(trace);
    return trace.value_or(CallTrace{});
  }
  static std::string NamesOf(const CallTrace& trace) {
    std::string names;
    for (const CallTrace::Syscall& one : trace.calls) names += (names.empty() ? "" : " ") + SyscallName(one.number);
    return names;
  }
  std::string File() const { return folder_.path() + "/file"; }
  bool FileIsThere() const { return ::access(File().c_str(), F_OK) == 0; }

  const TestFolder folder_;
  std::optional<Channel> channel_;
  std::unique_ptr<TestChild> parent_;
  std::unique_ptr<CallTracer> tracer_;
  pid_t pid_ = 0;
  pid_t tid_ = 0;
};

CallBreak KillAt(long syscall, bool at_exit, int ordinal = 1) {
  CallBreak what;
  what.kind = CallBreak::Kind::kKill;
  what.syscall = syscall;
  what.at_exit = at_exit;
  what.ordinal = ordinal;
  return what;
}

CallBreak FailAt(long syscall, int ordinal, bool and_later) {
  CallBreak what;
  what.kind = CallBreak::Kind::kFail;
  what.syscall = syscall;
  what.ordinal = ordinal;
  what.and_later = and_later;
  what.errno_value = ENOSPC;
  return what;
}

#define ASSERT_ARMED(what)                   \
  do {                                       \
    Arm(what);                               \
    if (testing::Test::IsSkipped()) return;  \
    if (testing::Test::HasFailure()) return; \
  } while (false)

TEST_F(CallTracerTest, RecordsTheSystemCallsOfOneCall) {
  Begin();
  ASSERT_ARMED(CallBreak{});
  EXPECT_EQ(Ask("pup"), kAnswer);
  const CallTrace trace = Trace();
  EXPECT_EQ(NamesOf(trace), "getppid getuid getppid");
  EXPECT_EQ(trace.end, CallTrace::End::kAnswered);
  EXPECT_FALSE(trace.reached);
  EXPECT_EQ(trace.calls[1].returned, static_cast<long>(::getuid()));
}

TEST_F(CallTracerTest, CountsAnewFromTheAnnouncement) {
  Begin();
  ASSERT_ARMED(CallBreak{});
  Send("ppaup");
  EXPECT_EQ(NamesOf(Trace()), "getuid getppid");
}

TEST_F(CallTracerTest, KnowsAnAnnouncementThatIsWrittenInPieces) {
  Begin();
  ASSERT_ARMED(CallBreak{});
  Send("pp/u");
  EXPECT_EQ(NamesOf(Trace()), "getuid");
}

TEST_F(CallTracerTest, LeavesNotesOfSignalsOut) {
  Begin();
  ASSERT_ARMED(CallBreak{});
  Send("phu");
  EXPECT_EQ(NamesOf(Trace()), "getppid getuid");
}

TEST_F(CallTracerTest, FollowsAnActorThatPollsItsChannel) {
  Begin(true);
  ASSERT_ARMED(CallBreak{});
  EXPECT_EQ(Ask("u"), kAnswer);
  EXPECT_EQ(NamesOf(Trace()), "getuid");
}

TEST_F(CallTracerTest, LetsTheActorGoBeforeItAnswers) {
  Begin();
  ASSERT_ARMED(CallBreak{});
  EXPECT_EQ(Ask("u"), kAnswer);
  Trace();
  tracer_.reset();
  EXPECT_NE(ReadSmallFile("/proc/" + std::to_string(pid_) + "/status").find("TracerPid:\t0\n"), std::string::npos);
  EXPECT_EQ(Ask("pu"), kAnswer);
}

TEST_F(CallTracerTest, TracesOneCallAfterTheOther) {
  Begin();
  for (int i = 0; i < 20; ++i) {
    ASSERT_ARMED(CallBreak{});
    EXPECT_EQ(Ask("up"), kAnswer);
    EXPECT_EQ(NamesOf(Trace()), "getuid getppid");
    tracer_.reset();
  }
}

TEST_F(CallTracerTest, KillsBeforeTheCallIsMade) {
  Begin();
  ASSERT_ARMED(KillAt(SYS_openat, false));
  Send("po " + File());
  const CallTrace trace = Trace();
  EXPECT_TRUE(trace.reached);
  EXPECT_EQ(trace.end, CallTrace::End::kDied);
  EXPECT_EQ(parent_->Wait(), (100 + SIGKILL) << 8);
  EXPECT_FALSE(FileIsThere());
}

TEST_F(CallTracerTest, KillsOnceTheCallIsMade) {
  Begin();
  ASSERT_ARMED(KillAt(SYS_openat, true));
  Send("po " + File());
  EXPECT_EQ(NamesOf(Trace()), "getppid openat");
  EXPECT_EQ(parent_->Wait(), (100 + SIGKILL) << 8);
  EXPECT_TRUE(FileIsThere());
}

TEST_F(CallTracerTest, KillsTheProcessOfAThreadToo) {
  Begin(false, true);
  ASSERT_NE(pid_, tid_);
  ASSERT_ARMED(KillAt(SYS_getuid, false, 2));
  Send("upu");
  EXPECT_EQ(NamesOf(Trace()), "getuid getppid getuid");
  EXPECT_EQ(parent_->Wait(), (100 + SIGKILL) << 8);
}

TEST_F(CallTracerTest, SendsOneSignal) {
  Begin();
  CallBreak what = KillAt(SYS_getuid, false);
  what.kind = CallBreak::Kind::kSignal;
  what.signal = SIGUSR1;
  ASSERT_ARMED(what);
  EXPECT_EQ(Ask("uuu"), kAnswer);
  const CallTrace trace = Trace();
  EXPECT_TRUE(trace.reached);
  // A sanitizer has calls of its own behind these.
  EXPECT_TRUE(NamesOf(trace).starts_with("getuid rt_sigreturn getuid getuid")) << NamesOf(trace);
  EXPECT_EQ(Ask("s"), "{\"id\":1} 1\n");
}

TEST_F(CallTracerTest, FailsOneOfTheCalls) {
  Begin();
  ASSERT_ARMED(FailAt(SYS_openat, 2, false));
  EXPECT_EQ(Ask("oo " + File()), "{\"id\":1} " + std::to_string(ENOSPC) + "\n");
  EXPECT_EQ(Trace().calls.back().returned, -ENOSPC);
  EXPECT_TRUE(FileIsThere());
}

TEST_F(CallTracerTest, DoesNotMakeTheCallThatFails) {
  Begin();
  ASSERT_ARMED(FailAt(SYS_openat, 1, false));
  EXPECT_EQ(Ask("o " + File()), "{\"id\":1} " + std::to_string(ENOSPC) + "\n");
  EXPECT_FALSE(FileIsThere());
  EXPECT_EQ(Ask("o " + File()), "{\"id\":1} open\n");
}

TEST_F(CallTracerTest, FailsOneAndLetsTheNextBe) {
  Begin();
  ASSERT_ARMED(FailAt(SYS_openat, 1, false));
  EXPECT_EQ(Ask("oo " + File()), "{\"id\":1} open\n");
}

TEST_F(CallTracerTest, FailsAllThatFollow) {
  Begin();
  ASSERT_ARMED(FailAt(SYS_openat, 1, true));
  EXPECT_EQ(Ask("oo " + File()), "{\"id\":1} " + std::to_string(ENOSPC) + "\n");
  EXPECT_FALSE(FileIsThere());
}

TEST_F(CallTracerTest, TellsThatThePointNeverCame) {
  Begin();
  ASSERT_ARMED(KillAt(SYS_getuid, false, 2));
  EXPECT_EQ(Ask("pu"), kAnswer);
  const CallTrace trace = Trace();
  EXPECT_FALSE(trace.reached);
  EXPECT_EQ(NamesOf(trace), "getppid getuid");
}

TEST_F(CallTracerTest, EndsWithAnActorThatEndsByItself) {
  Begin();
  ASSERT_ARMED(CallBreak{});
  Send("ue");
  const CallTrace trace = Trace();
  // A sanitizer puts its signal stack away in between.
  EXPECT_TRUE(NamesOf(trace).starts_with("getuid ")) << NamesOf(trace);
  EXPECT_TRUE(NamesOf(trace).ends_with(" exit_group")) << NamesOf(trace);
  EXPECT_EQ(trace.end, CallTrace::End::kDied);
  EXPECT_EQ(trace.calls.back().returned, std::nullopt);
  EXPECT_EQ(parent_->Wait(), 3 << 8);
}

TEST_F(CallTracerTest, LeavesAStoppedActorStoppedUntilItIsContinued) {
  Begin();
  ASSERT_ARMED(CallBreak{});
  ASSERT_EQ(::kill(pid_, SIGSTOP), 0);
  Send("u");
  EXPECT_FALSE(tracer_->Await(std::chrono::milliseconds(20)));
  ASSERT_EQ(::kill(pid_, SIGCONT), 0);
  EXPECT_EQ(Line(), kAnswer);
  EXPECT_EQ(NamesOf(Trace()), "getuid");
}

TEST_F(CallTracerTest, KillsWhatIsAbandoned) {
  Begin();
  ASSERT_ARMED(CallBreak{});
  tracer_.reset();
  EXPECT_EQ(parent_->Wait(), (100 + SIGKILL) << 8);
}

TEST_F(CallTracerTest, EndsAtOnceWhereThereIsNoSuchThread) {
  Begin();
  ::kill(pid_, SIGKILL);
  parent_->Wait();
  ASSERT_ARMED(CallBreak{});
  EXPECT_EQ(Trace().end, CallTrace::End::kDied);
}

TEST_F(CallTracerTest, IsDeniedWhereAnotherTraces) {
  Begin();
  ASSERT_ARMED(CallBreak{});
  const auto second = CallTracer::Start({pid_, tid_, channel_->write_fd(), channel_->read_fd(), -1, {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "ptrace is denied here: Operation not permitted");
  EXPECT_NE(second.error().hint, "");
  EXPECT_EQ(Ask("u"), kAnswer);
}

TEST_F(CallTracerTest, TriesWhetherTracingIsAllowed) {
  Begin();
  if (const auto allowed = TryTracing(tid_); !allowed) GTEST_SKIP() << allowed.error().Text();
  EXPECT_EQ(Ask("u"), kAnswer);
}

}  // namespace
}  // namespace lockstep
