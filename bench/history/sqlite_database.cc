// SPDX-License-Identifier: MIT
// SQLiteCpp's exceptions stop here.
//
// The journal is SQLite's own default, the one that is rolled back, and not its write-ahead log: that one shares memory
// between its processes, which files on network disks do not, and keeps part of what is stored in a second file, which
// those who copy the first forget. A writer that is killed leaves a journal, with which the next who opens the file
// undoes what it had begun.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <system_error>

#include "bench/history/database.h"

namespace lockstep::bench {
namespace {

namespace fs = std::filesystem;

// "Lkst": in the file's header it says whose the database is.
constexpr int kApplicationId = 0x4c6b7374;

constexpr char kCannotBeRead[] = "cannot be read";

tl::unexpected<Error> Explain(const std::string& name, const SQLite::Exception& e, const char* outcome) {
  switch (e.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Fail(fmt::format("{}: another writer has held it for {} s", name, kWriterPatience.count()),
                  "one that was stopped? `fuser` tells who has the file open");
    case SQLITE_NOTADB:
      return Fail(fmt::format("{}: this is no SQLite database", name), "name another file with --store");
    case SQLITE_CORRUPT:
      return Fail(fmt::format("{}: the database is damaged: {}", name, e.what()),
                  "`sqlite3 FILE .recover` saves what can be saved");
    case SQLITE_FULL:
      return Fail(fmt::format("{}: the disk is full: {}", name, outcome), "what was stored before is whole");
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Fail(fmt::format("{}: it cannot be written to", name));
    default:
      return Fail(fmt::format("{}: {}: {}", name, outcome, e.what()), "what was stored before is whole");
  }
}

class SqliteDatabase : public Database {
 public:
  // Throws.
  SqliteDatabase(const std::string& path, int flags)
      : Database(path), database_(path, flags, static_cast<int>(std::chrono::milliseconds(kWriterPatience).count())) {
    // Committed is on the disk, and so is the end of the journal in its folder.
    database_.exec("PRAGMA synchronous = EXTRA");
  }

  Result<void> Begin(Intent intent) override {
    intent_ = intent;
    return Try([&] {
      // A writer that began as a reader could find that another was first.
      database_.exec(intent == Intent::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
      is_begun_ = true;
    });
  }

  Result<void> Commit() override {
    return Try([&] {
      database_.exec("COMMIT");
      is_begun_ = false;
    });
  }

  void Rollback() override {
    if (!is_begun_) return;
    is_begun_ = false;
    // It fails where an error has rolled back already.
    static_cast<void>(database_.tryExec("ROLLBACK"));
  }

  Result<std::vector<Row>> Run(const std::string& sql, const std::vector<Cell>& parameters) override {
    std::vector<Row> rows;
    const auto done = Try([&] {
      SQLite::Statement statement(database_, sql);
      for (std::size_t i = 0; i < parameters.size(); ++i) Bind(statement, static_cast<int>(i) + 1, parameters[i]);
      while (statement.executeStep()) {
        Row& row = rows.emplace_back();
        for (int i = 0; i < statement.getColumnCount(); ++i) row.push_back(CellOf(statement.getColumn(i)));
      }
    });
    if (!done) return tl::unexpected(done.error());
    return rows;
  }

  Result<bool> HasStore() override {
    bool has_store = false;
    bool is_ours = true;
    const auto done = Try([&] {
      const int objects = database_.execAndGet("SELECT count(*) FROM sqlite_master").getInt();
      const int owner = database_.execAndGet("PRAGMA application_id").getInt();
      has_store = owner == kApplicationId;
      is_ours = has_store || (objects == 0 && owner == 0);
    });
    if (!done) return tl::unexpected(done.error());
    if (!is_ours) return Fail(fmt::format("{}: this is a database of something else", name()), "name another file with --store");
    return has_store;
  }

  Result<void> AwaitMigrators() override { return {}; }  // BEGIN IMMEDIATE has

  Result<void> Claim() override {
    return Try([&] { database_.exec(fmt::format("PRAGMA application_id = {}", kApplicationId)); });
  }

 private:
  static void Bind(SQLite::Statement& statement, int place, const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) {
      statement.bindNoCopy(place, *text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
      statement.bind(place, *integer);
    } else if (const auto* real = std::get_if<double>(&cell)) {
      statement.bind(place, *real);
    } else {
      statement.bind(place);
    }
  }

  static Cell CellOf(const SQLite::Column& column) {
    if (column.isNull()) return {};
    if (column.isInteger()) return column.getInt64();
    if (column.isFloat()) return column.getDouble();
    return column.getString();
  }

  template <class Work>
  Result<void> Try(const Work& work) {
    try {
      work();
      return {};
    } catch (const SQLite::Exception& e) {
      return Explain(name(), e, intent_ == Intent::kRead ? kCannotBeRead : "nothing was stored");
    }
  }

  SQLite::Database database_;
  Intent intent_ = Intent::kRead;
  bool is_begun_ = false;
};

// Why it cannot be opened, which SQLite does not tell.
std::string WhyNot(const std::string& path, Store::Mode mode) {
  std::error_code error;
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : fs::path(".");
  if (fs::is_directory(path, error)) return "it is a folder";
  if (!fs::exists(folder, error)) return fmt::format("there is no folder {}", folder.string());
  if (!fs::is_directory(folder, error)) return fmt::format("{} is no folder", folder.string());
  if (mode == Store::Mode::kExisting && !fs::exists(path, error)) return "there is no such file";
  return "it cannot be opened";
}

}  // namespace

Result<std::unique_ptr<Database>> OpenSqlite(const std::string& path, Store::Mode mode) {
  const int flags = SQLite::OPEN_READWRITE | (mode == Store::Mode::kCreate ? SQLite::OPEN_CREATE : 0);
  try {
    return std::make_unique<SqliteDatabase>(path, flags);
  } catch (const SQLite::Exception& e) {
    if (e.getErrorCode() == SQLITE_CANTOPEN) return Fail(fmt::format("{}: {}", path, WhyNot(path, mode)));
    return Explain(path, e, kCannotBeRead);
  }
}

}  // namespace lockstep::bench
