// SPDX-License-Identifier: MIT
// A PostgreSQL server of the test's own: on a socket in a folder of its own, reached by nobody else, and gone with it.
#ifndef LOCKSTEP_BENCH_HISTORY_TESTING_POSTGRES_H_
#define LOCKSTEP_BENCH_HISTORY_TESTING_POSTGRES_H_

#include <memory>
#include <string>

#include "harness/os/result.h"
#include "harness/os/testing_support.h"

namespace lockstep::bench {

class TestPostgres {
 public:
  // An Error says why there can be none: the package is not there, or nobody may be another user than root.
  static Result<std::unique_ptr<TestPostgres>> Start();
  ~TestPostgres();

  // Of a new database, which is empty.
  std::string NewDatabase();

 private:
  TestPostgres() = default;
  std::string Address(const std::string& database) const;
  bool Answers() const;

  TestFolder folder_;
  std::unique_ptr<TestChild> server_;
  int databases_ = 0;
};

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_HISTORY_TESTING_POSTGRES_H_
