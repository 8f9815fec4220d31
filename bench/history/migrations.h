// SPDX-License-Identifier: MIT
// The steps that made the store's tables what they are. One that was released is never changed: a new one is added.
#ifndef LOCKSTEP_BENCH_HISTORY_MIGRATIONS_H_
#define LOCKSTEP_BENCH_HISTORY_MIGRATIONS_H_

#include <string>
#include <vector>

#include "bench/history/database.h"

namespace lockstep::bench {

struct Migration {
  std::string says;                     // for whoever looks into the table schema_version
  std::vector<std::string> statements;  // as both databases understand them
};

// The first makes version 1 of nothing.
const std::vector<Migration>& Migrations();

// Brings a database to the newest version, all steps in one transaction; several that try it at once wait for each
// other. With Mode::kExisting one without a store is an Error.
Result<void> Migrate(Database& database, Store::Mode mode);

}  // namespace lockstep::bench

#endif  // LOCKSTEP_BENCH_HISTORY_MIGRATIONS_H_
