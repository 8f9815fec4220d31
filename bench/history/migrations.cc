// SPDX-License-Identifier: MIT
#include "bench/history/migrations.h"

#include <fmt/format.h>

#include "bench/history/database.h"

namespace lockstep::bench {
namespace {

// 0 of an empty database.
Result<int> VersionOf(Database& database) {
  const auto has_store = database.HasStore();
  if (!has_store) return tl::unexpected(has_store.error());
  if (!*has_store) return 0;
  const auto rows = database.Run("SELECT max(version) FROM schema_version", {});
  if (!rows) return tl::unexpected(rows.error());
  const auto* version = rows->empty() ? nullptr : std::get_if<std::int64_t>(&rows->front().front());
  if (version == nullptr) return Fail(fmt::format("{}: its table schema_version has no version", database.name()));
  return static_cast<int>(*version);
}

Result<void> CheckVersion(const Database& database, int version) {
  const auto newest = static_cast<int>(Migrations().size());
  if (version <= newest) return {};
  return Fail(fmt::format("{}: the store is of version {}, and this Lockstep knows those up to {}", database.name(), version, newest),
              "use the Lockstep that wrote it, or a newer one");
}

Result<void> Apply(Database& database, int number) {
  const Migration& migration = Migrations()[static_cast<std::size_t>(number) - 1];
  for (const std::string& statement : migration.statements) {
    if (const auto done = database.Run(statement, {}); !done) return tl::unexpected(done.error());
  }
  const auto noted = database.Run("INSERT INTO schema_version (version, says) VALUES ($1, $2)",
                                  {std::int64_t{number}, migration.says});
  if (!noted) return tl::unexpected(noted.error());
  return {};
}

Result<int> LookAt(Database& database) {
  const Transaction transaction(database);
  if (const auto begun = database.Begin(Database::Intent::kRead); !begun) return tl::unexpected(begun.error());
  return VersionOf(database);
}

}  // namespace

const std::vector<Migration>& Migrations() {
  static const std::vector<Migration> migrations = {
      {"sessions and their series",
       {"CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, says TEXT NOT NULL)",
        "CREATE TABLE session ("
        " id TEXT NOT NULL PRIMARY KEY,"
        " started TEXT NOT NULL,"
        " lockstep TEXT NOT NULL,"
        " command TEXT NOT NULL,"
        " fingerprint TEXT NOT NULL,"
        " facts_json TEXT NOT NULL)",
        "CREATE TABLE series ("
        " session TEXT NOT NULL REFERENCES session (id),"
        " place BIGINT NOT NULL,"
        " implementation TEXT NOT NULL,"
        " version TEXT NOT NULL,"
        " quantity TEXT NOT NULL,"
        " unit TEXT NOT NULL,"
        " more_is_better BIGINT NOT NULL,"
        " n BIGINT NOT NULL,"
        " median DOUBLE PRECISION,"
        " median_ratio DOUBLE PRECISION,"
        " samples_n BIGINT NOT NULL,"
        " p50_ns DOUBLE PRECISION,"
        " p90_ns DOUBLE PRECISION,"
        " p99_ns DOUBLE PRECISION,"
        " p999_ns DOUBLE PRECISION,"
        " values_json TEXT NOT NULL,"
        " ratios_json TEXT NOT NULL,"
        " samples_json TEXT NOT NULL,"
        " PRIMARY KEY (session, place))"}},
      {"labels; a machine's sessions in order of time",
       {"ALTER TABLE session ADD COLUMN label TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX session_of_machine ON session (fingerprint, started, id)"}},
  };
  return migrations;
}

Result<void> Migrate(Database& database, Store::Mode mode) {
  const auto newest = static_cast<int>(Migrations().size());
  // Mostly there is nothing to do, and then nothing has to be writable.
  const auto seen = LookAt(database);
  if (!seen) return tl::unexpected(seen.error());
  if (*seen == 0 && mode == Store::Mode::kExisting) return Fail(fmt::format("{}: there is no store in it", database.name()));
  if (*seen >= newest) return CheckVersion(database, *seen);
  const Transaction transaction(database);
  if (auto begun = database.Begin(Database::Intent::kWrite); !begun) return begun;
  if (auto alone = database.AwaitMigrators(); !alone) return alone;
  // Another may have been first.
  const auto version = VersionOf(database);
  if (!version) return tl::unexpected(version.error());
  if (auto known = CheckVersion(database, *version); !known) return known;
  if (*version == 0) {
    if (auto claimed = database.Claim(); !claimed) return claimed;
  }
  for (int number = *version + 1; number <= newest; ++number) {
    if (auto applied = Apply(database, number); !applied) return applied;
  }
  return database.Commit();
}

}  // namespace lockstep::bench
