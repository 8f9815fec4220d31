// SPDX-License-Identifier: MIT
#include "test_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace lockstep::adapter {
namespace {

// Far beyond what anything takes, on a loaded machine and under a sanitizer as well.
constexpr std::chrono::seconds kBound{60};
constexpr int kBoundMs = 60'000;

// Between two looks at /proc. Not a time in which something has to happen.
constexpr timespec kPollInterval{0, 200'000};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool IsReply(const std::string& line) { return line.starts_with(R"({"id": )"); }

// The outcome of a reply: what stands after its stamps, without the closing brace.
std::string OutcomeOf(const std::string& line) {
  static constexpr std::string_view kEnd = R"("end": )";
  const std::size_t end = line.find(kEnd);
  const std::size_t comma = end == std::string::npos ? end : line.find(", ", end);
  if (comma == std::string::npos || !line.ends_with('}')) {
    ADD_FAILURE() << "not a reply: " << line;
    return line;
  }
  return line.substr(comma + 2, line.size() - comma - 3);
}

std::string WithoutStamp(const std::string& note) {
  const std::size_t stamp = note.find(R"(, "begin": )");
  return stamp == std::string::npos ? note : note.substr(0, stamp) + "}";
}

template <typename Condition>
bool WaitUntil(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kBound;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    nanosleep(&kPollInterval, nullptr);
  }
  return true;
}

}  // namespace

std::int64_t IntField(std::string_view line, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\": ";
  const std::size_t found = line.find(key);
  if (found == std::string_view::npos) {
    ADD_FAILURE() << "no " << name << " in " << line;
    return 0;
  }
  return std::stoll(std::string(line.substr(found + key.size())));
}

std::vector<std::int64_t> ReturnedInts(std::string_view outcome) {
  constexpr std::string_view kStart = R"("returned": [)";
  if (!outcome.starts_with(kStart) || !outcome.ends_with(']')) {
    ADD_FAILURE() << "no list: " << outcome;
    return {};
  }
  std::vector<std::int64_t> ints;
  const char* at = outcome.data() + kStart.size();
  const char* const end = outcome.data() + outcome.size() - 1;
  while (at < end) {
    const auto [after, error] = std::from_chars(at, end, ints.emplace_back());
    if (error != std::errc()) {
      ADD_FAILURE() << "no list of ints: " << outcome;
      return {};
    }
    at = std::find_if(after, end, [](char c) { return c != ',' && c != ' '; });
  }
  return ints;
}

TestActor::TestActor(const std::string& directory, const std::string& name) : name_(name) {
  const std::string path = directory + "/" + name;
  EXPECT_EQ(mkfifo((path + ".in").c_str(), 0600), 0);
  EXPECT_EQ(mkfifo((path + ".out").c_str(), 0600), 0);
  // For reading and writing, so that this does not wait for the other side.
  to_fd_ = open((path + ".in").c_str(), O_RDWR | O_CLOEXEC);
  from_fd_ = open((path + ".out").c_str(), O_RDWR | O_CLOEXEC);
}

TestActor::~TestActor() {
  HangUp();
  close(from_fd_);
}

void TestActor::HangUp() {
  if (to_fd_ >= 0) close(to_fd_);
  to_fd_ = -1;
}

void TestActor::ExpectHello() {
  hello_ = Receive();
  ASSERT_TRUE(hello_.starts_with(R"({"hello": )")) << hello_;
  pid_ = static_cast<pid_t>(IntField(hello_, "pid"));
  tid_ = static_cast<pid_t>(IntField(hello_, "tid"));
  Send(R"({"welcome": {"protocol": 1}})");
}

void TestActor::Send(const std::string& line) {
  const std::string text = line + "\n";
  ASSERT_EQ(write(to_fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string TestActor::Receive() {
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd waited{from_fd_, POLLIN, 0};
    if (poll(&waited, 1, kBoundMs) != 1) {
      ADD_FAILURE() << "no line from " << name_;
      return "";
    }
    char part[4096];
    const ssize_t got = read(from_fd_, part, sizeof part);
    if (got <= 0) return "";
    buffer_.append(part, static_cast<std::size_t>(got));
  }
}

void TestActor::Start(const std::string& op, const std::string& fields) {
  std::string line = R"({"id": )" + std::to_string(++last_id_) + R"(, "op": ")" + op + "\"";
  if (!fields.empty()) line += ", " + fields;
  Send(line + "}");
}

std::string TestActor::Finish() {
  for (;;) {
    const std::string line = Receive();
    if (line.empty()) return "";
    if (!IsReply(line)) {
      notes.push_back(WithoutStamp(line));
      continue;
    }
    EXPECT_EQ(IntField(line, "id"), last_id_);
    elapsed_ns_ = IntField(line, "end") - IntField(line, "begin");
    EXPECT_GE(elapsed_ns_, 0);
    return OutcomeOf(line);
  }
}

std::string TestActor::Call(const std::string& op, const std::string& fields) {
  Start(op, fields);
  return Finish();
}

std::string TestActor::Note() {
  std::string line = Receive();
  EXPECT_FALSE(IsReply(line)) << line;
  return WithoutStamp(line);
}

void TestActor::ExpectSystemCall(const std::vector<long>& numbers) {
  const std::string path =
      "/proc/" + std::to_string(pid_) + "/task/" + std::to_string(tid_) + "/syscall";
  std::string seen;
  EXPECT_TRUE(WaitUntil([&] {
    seen = ReadFile(path);
    return std::any_of(numbers.begin(), numbers.end(),
                       [&](long number) { return seen.starts_with(std::to_string(number) + " "); });
  })) << path
      << ": " << seen;
}

void TestActor::ExpectBlocked() { ExpectSystemCall({SYS_futex}); }

void TestActor::ExpectIdle() {
#ifdef SYS_poll
  ExpectSystemCall({SYS_read, SYS_poll});
#else
  ExpectSystemCall({SYS_read, SYS_ppoll});
#endif
}

TestAdapter::TestAdapter(const std::string& program, const std::vector<std::string>& arguments) {
  std::string pattern = (std::filesystem::temp_directory_path() / "lockstep-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no directory: " << pattern;
  directory_ = pattern;
  root_ = std::make_unique<TestActor>(directory_, "root");
  const std::string channel = "LOCKSTEP_CHANNEL=" + directory_ + "/root";
  const std::string errors = directory_ + "/stderr";
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    const int fd = open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(fd, STDERR_FILENO);
    putenv(const_cast<char*>(channel.c_str()));
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  root_->ExpectHello();
}

TestAdapter::~TestAdapter() {
  root_->HangUp();
  if (pid_ > 0) {
    const int status = Wait();
    EXPECT_EQ(status, 0) << StandardError();
  }
  for (const std::string& name : names_) {  // what a test that failed did not come to
    sem_unlink(name.c_str());
    shm_unlink(name.c_str());
  }
  std::filesystem::remove_all(directory_);
}

std::string TestAdapter::FreshName() {
  static std::atomic<int> count{0};
  names_.push_back("/lockstep-test-" + std::to_string(getpid()) + "-" + std::to_string(++count));
  return names_.back();
}

std::unique_ptr<TestActor> TestAdapter::NewActor(TestActor& parent, const std::string& how,
                                                 const std::string& name) {
  auto actor = std::make_unique<TestActor>(directory_, name);
  const std::string reply = parent.Call(how, R"("args": [")" + name + R"("])");
  actor->ExpectHello();
  if (how == "thread") {
    EXPECT_EQ(reply, R"("returned": null)");
  } else {
    EXPECT_EQ(IntField(reply, "returned"), actor->pid());
  }
  return actor;
}

int TestAdapter::Wait() {
  int status = 0;
  const bool ended = WaitUntil([&] { return waitpid(pid_, &status, WNOHANG) == pid_; });
  if (!ended) {
    ADD_FAILURE() << "the adapter does not end";
    kill(pid_, SIGKILL);
    waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  return status;
}

std::string TestAdapter::StandardError() const { return ReadFile(directory_ + "/stderr"); }

void EndChild(std::unique_ptr<TestActor> child, TestActor& parent) {
  const std::string pid = std::to_string(child->pid());
  child->HangUp();
  EXPECT_EQ(parent.Call("reap", R"("args": [)" + pid + "]"), R"("returned": 0)");
}

std::string ReferenceAdapter() { return LOCKSTEP_REFERENCE_ADAPTER; }

}  // namespace lockstep::adapter
