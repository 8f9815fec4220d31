// SPDX-License-Identifier: MIT
// The little of SQL that the store needs, alike in SQLite and PostgreSQL. Exceptions of their libraries stop behind it.
#ifndef LOCKSTEP_BENCH_HISTORY_DATABASE_H_
#define LOCKSTEP_BENCH_HISTORY_DATABASE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bench/history/store.h"
#include "harness/os/result.h"

namespace lockstep::bench {

// One session's transaction takes milliseconds; with a hundred writers before this one it still fits. Who waits longer
// waits for somebody who was stopped.
constexpr std::chrono::seconds kWriterPatience{60};

// NULL, or a value of one of SQL's types.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Cell>;

class Database {
 public:
  explicit Database(std::string name) : name_(std::move(name)) {}
  virtual ~Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  enum class Intent {
    kRead,   // sees one state, whatever others write meanwhile
    kWrite,  // sees what others have written
  };
  virtual Result<void> Begin(Intent intent) = 0;
  virtual Result<void> Commit() = 0;
  virtual void Rollback() = 0;  // nothing is begun: nothing happens

  // One statement in the transaction that is begun. Its parameters are $1, $2 …, which appear in this order.
  virtual Result<std::vector<Row>> Run(const std::string& sql, const std::vector<Cell>& parameters) = 0;

  // Within a transaction. Whether it has a store: false for one that is empty, an Error for one of something else.
  virtual Result<bool> HasStore() = 0;
  // Within a transaction for writing, which waits for all others that migrate: makes an empty database ours.
  virtual Result<void> AwaitMigrators() = 0;
  virtual Result<void> Claim() = 0;

  // For messages.
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
};

// Undoes what was not committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}
  ~Transaction() { database_.Rollback(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

 private:
  Database& database_;
};

Result<std::unique_ptr<Database>> OpenSqlite(const std::string& path, Store::Mode mode);
// An Error in a build without libpqxx.
Result<std::unique_ptr<Database>> OpenPostgres(const std::string& address);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_HISTORY_DATABASE_H_
