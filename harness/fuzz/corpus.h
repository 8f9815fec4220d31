// SPDX-License-Identifier: MIT
// Transcripts worth trying before any others: those that showed a defect once, and those in which
// something happened for the first time. Kept as a scenario file.
#ifndef LOCKSTEP_HARNESS_FUZZ_CORPUS_H_
#define LOCKSTEP_HARNESS_FUZZ_CORPUS_H_

#include <set>
#include <string>
#include <vector>

#include "harness/fuzz/writer.h"
#include "harness/os/result.h"
#include "harness/scenario/scenario.h"

namespace lockstep::fuzz {

class Corpus {
 public:
  // `own` is a file that grows and need not be there yet; `given` is the project's. A file that is no
  // scenario file is an Error. Empty: none.
  static Result<Corpus> Load(const std::string& given, const std::string& own);

  const std::vector<Scenario>& scenarios() const { return scenarios_; }
  // Adds what is new to the own file. Of kInteresting ones at most so many are kept there: what a longer
  // corpus would show the generator shows as soon. An Error: the file cannot be written; what is new is
  // tried again with the next.
  static constexpr std::size_t kMost = 500;
  enum class Why { kInteresting, kFails };
  Result<void> Add(const std::vector<Scenario>& scenarios, Why why);

 private:
  std::string own_;
  std::string text_;  // of the own file
  std::size_t own_size_ = 0;
  std::set<std::string> known_;  // transcripts
  std::vector<Scenario> scenarios_;
};

// A scenario as its table in a scenario file, under this name, and on this condition; empty: on none.
std::string TableOf(const Scenario& scenario, const std::string& name, const std::string& when = "");

}  // namespace lockstep::fuzz

#endif  // LOCKSTEP_HARNESS_FUZZ_CORPUS_H_
