// SPDX-License-Identifier: MIT
// Where /dev/shm is shared with others, what killed creators leave there under names of the C
// library's choosing, which nobody else removes.
#ifndef LOCKSTEP_HARNESS_FAULTS_LEFTOVERS_H_
#define LOCKSTEP_HARNESS_FAULTS_LEFTOVERS_H_

#include <set>
#include <string>
#include <vector>

namespace lockstep::faults {

// The initial value of the semaphores whose creation is swept: by it a file is known for ours.
constexpr int kInitialValue = 77315;

class Leftovers {
 public:
  // What is there now is never removed.
  explicit Leftovers(unsigned value);
  // Removes the files sem.XXXXXX that have come since and hold the value, or are empty and open to
  // nobody: sem_open() has its file open as long as it is empty. Their names.
  std::vector<std::string> Remove() const;

 private:
  static std::set<std::string> Names();

  const unsigned value_;
  const std::set<std::string> before_;
};

}  // namespace lockstep::faults

#endif  // LOCKSTEP_HARNESS_FAULTS_LEFTOVERS_H_
