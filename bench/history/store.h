// SPDX-License-Identifier: MIT
// The history of sessions: a database that many programs, of several machines, write to at once. README.md beside
// this file has its tables.
#ifndef LOCKSTEP_BENCH_HISTORY_STORE_H_
#define LOCKSTEP_BENCH_HISTORY_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/session/session.h"
#include "harness/os/result.h"

namespace lockstep::bench {

// A session without its numbers.
struct SessionSummary {
  std::string id;
  std::string started;
  std::string lockstep;
  std::string label;
  Machine machine;
  std::vector<std::string> implementations;  // in the order of the session
  std::size_t series = 0;
};

// One session's value of one quantity of one implementation.
struct Point {
  std::string session;
  std::string started;
  std::string label;
  std::string fingerprint;
  std::string implementation;
  std::string version;
  std::string quantity;
  std::string unit;
  bool more_is_better = false;
  std::int64_t count = 0;  // of values
  double median = 0;
  std::optional<double> median_ratio;  // to the raw C semaphore
};

// For one thread; processes have one each. An Error names the store, and passwords never. Whatever fails, what was
// stored before is whole, and nothing of what failed is seen.
class Store {
 public:
  enum class Mode {
    kCreate,    // made where there is none; a database without tables becomes one
    kExisting,  // an Error where there is none
  };

  // `where` is a file of SQLite, or "postgresql://…" (also "postgres://…"). A store of an older version is migrated;
  // one of a newer is an Error, and so is a database of something else. Waits for other writers, a minute at most.
  static Result<std::unique_ptr<Store>> Open(const std::string& where, Mode mode = Mode::kCreate);
  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Stores a session whole, or nothing of it: one transaction. Once it returns, the session survives whatever becomes
  // of this process and, as far as the disk keeps its word, of the machine. False: a session of this id was there, and
  // stays as it was. Waits for other writers, a minute at most. A session that its file could not hold is an Error.
  virtual Result<bool> Add(const SessionRecord& session) = 0;

  // The order of all lists: by `started`, then by id. An empty fingerprint is any machine's.
  virtual Result<std::vector<SessionSummary>> List(const std::string& fingerprint = "") = 0;
  virtual Result<std::vector<SessionRecord>> Sessions(const std::string& fingerprint = "") = 0;
  // Those of series that have values. Within a session in its order.
  virtual Result<std::vector<Point>> Points(const std::string& fingerprint = "") = 0;

  // The session whose id begins so; an Error where there is none, or more than one.
  virtual Result<SessionRecord> Load(const std::string& prefix) = 0;

 protected:
  Store() = default;
};

// Whether Store::Open takes it for a server's address, rather than for a file's path.
bool IsAddress(const std::string& where);
// The same without its password, for people.
std::string WithoutPassword(const std::string& where);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_HISTORY_STORE_H_
