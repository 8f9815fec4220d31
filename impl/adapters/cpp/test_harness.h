// SPDX-License-Identifier: MIT
//
// The harness's side of the protocol, as far as the tests of an adapter need it. Every wait is
// bounded and fails the test when it takes longer.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_TEST_HARNESS_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_TEST_HARNESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::adapter {

// The number in the field `name` of a line; 0 and a failure if there is none.
std::int64_t IntField(std::string_view line, std::string_view name);

// The list of ints that an outcome of TestActor::Call() returned; empty and a failure if it is none.
std::vector<std::int64_t> ReturnedInts(std::string_view outcome);

// One actor: its two FIFOs, and what came over them.
class TestActor {
 public:
  // Makes and opens the FIFOs `directory`/`name`.in and .out.
  TestActor(const std::string& directory, const std::string& name);
  TestActor(const TestActor&) = delete;
  TestActor& operator=(const TestActor&) = delete;
  ~TestActor();

  const std::string& name() const { return name_; }

  // Reads the hello and remembers pid and tid.
  void ExpectHello();
  const std::string& hello() const { return hello_; }
  pid_t pid() const { return pid_; }
  pid_t tid() const { return tid_; }

  // Sends a request and returns its outcome: the reply without id and stamps, such as
  // `"returned": true`. `fields` are those beside id and op, as JSON members. Notes that come
  // before the reply (`calling`, `handled`) go to notes().
  std::string Call(const std::string& op, const std::string& fields = "");

  // The same in two steps, for calls that block.
  void Start(const std::string& op, const std::string& fields = "");
  std::string Finish();

  // Reads one line that is not a reply and returns it without its stamp: `{"calling": 7}`.
  std::string Note();
  std::vector<std::string> notes;

  // Waits until the actor's thread sleeps in a futex.
  void ExpectBlocked();

  // Waits until the actor's thread waits for a request.
  void ExpectIdle();

  // How long the last call took by the adapter's own stamps.
  std::int64_t elapsed_ns() const { return elapsed_ns_; }

  // Sends `line` as it is.
  void Send(const std::string& line);

  // The next line; "" at the end of the file.
  std::string Receive();

  void HangUp();

 private:
  void ExpectSystemCall(const std::vector<long>& numbers);

  std::string name_;
  int to_fd_;
  int from_fd_;
  std::string buffer_;
  std::string hello_;
  pid_t pid_ = 0;
  pid_t tid_ = 0;
  std::int64_t last_id_ = 0;
  std::int64_t elapsed_ns_ = 0;
};

// A running adapter with its root actor, in a directory of its own. Ends it, kills it if need be,
// and removes the directory.
class TestAdapter {
 public:
  explicit TestAdapter(const std::string& program, const std::vector<std::string>& arguments = {});
  TestAdapter(const TestAdapter&) = delete;
  TestAdapter& operator=(const TestAdapter&) = delete;
  ~TestAdapter();

  TestActor& root() { return *root_; }
  pid_t pid() const { return pid_; }
  const std::string& directory() const { return directory_; }

  // A fresh name of a semaphore or of shared memory, with its slash. Unlinked at the end if it is
  // still there.
  std::string FreshName();

  // A new actor, which has said hello: `how` is fork, thread or spawn.
  std::unique_ptr<TestActor> NewActor(TestActor& parent, const std::string& how,
                                      const std::string& name);

  // Waits for the end of the program: the wait status.
  int Wait();

  // What it has printed on standard error. Call after Wait().
  std::string StandardError() const;

 private:
  std::string directory_;
  std::unique_ptr<TestActor> root_;
  std::vector<std::string> names_;
  pid_t pid_ = -1;
};

// Ends a child process and has its parent reap it.
void EndChild(std::unique_ptr<TestActor> child, TestActor& parent);

// The program that is tested: the reference adapter.
std::string ReferenceAdapter();

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_TEST_HARNESS_H_
