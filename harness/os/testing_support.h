// SPDX-License-Identifier: MIT
// What the harness's own tests share: waiting for a condition, processes that end with their test,
// a folder that goes with it.
#ifndef LOCKSTEP_HARNESS_OS_TESTING_SUPPORT_H_
#define LOCKSTEP_HARNESS_OS_TESTING_SUPPORT_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "harness/os/clock.h"
#include "harness/os/supervisor.h"

namespace lockstep {

// Far more than anything here takes on a loaded machine; who waits so long has failed.
constexpr std::chrono::seconds kTestPatience{20};

// Asks every millisecond until the condition holds; false when it has not within kTestPatience.
bool WaitUntil(const std::function<bool()>& condition);

// What comes until end of file, or nothing came for kTestPatience.
std::string ReadToEnd(int fd);
// One line of it, with its end.
std::string ReadLine(int fd);

// A folder of its own, removed with all that is in it.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  // Writes a file in it; its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

// A fork of the test that runs a function and then exits with what it returns. Killed and reaped at
// the latest with this object.
class TestChild {
 public:
  explicit TestChild(const std::function<int()>& function);
  ~TestChild();
  TestChild(const TestChild&) = delete;
  TestChild& operator=(const TestChild&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // Waits for its end, bounded by kTestPatience (then it is killed); the wait status.
  int Wait();

 private:
  pid_t pid_;
  bool reaped_ = false;
};

// Makes the calling process the one that orphans below it are given to, and reaps all its children
// that have died.
void AdoptOrphans();
void ReapAll();

// All processes below this one that are not zombies.
std::vector<pid_t> LivingBelow(pid_t pid);

// The isolations that this machine allows, and a name for each.
const std::vector<Isolation>& IsolationsHere();
std::string ToText(Isolation isolation);
// A prefix for names in /dev/shm that no other process of this machine uses.
std::string TestNamePrefix();
// The names now in the test's own /dev/shm that hold this text.
std::vector<std::string> OwnShmNames(const std::string& text);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_TESTING_SUPPORT_H_
