// SPDX-License-Identifier: MIT
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bench/history/store.h"
#include "bench/history/store_cases.h"
#include "bench/history/testing_sessions.h"
#include "harness/os/text_file.h"

namespace lockstep::bench {
namespace {

class Sqlite : public ::testing::Test {
 protected:
  std::string ErrorOf(const std::string& where, Store::Mode mode = Store::Mode::kCreate) const {
    const auto store = Store::Open(where, mode);
    return store ? "none" : store.error().message;
  }

  static std::string Ask(const std::string& path, const std::string& sql) {
    SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    return database.execAndGet(sql).getString();
  }

  void MakeVersion1() const {
    SQLite::Database database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA application_id = 1282110324");
    for (const std::string& statement : StoreOfVersion1()) database.exec(statement);
  }

  const TestFolder folder_;
  const std::string path_ = folder_.path() + "/history.db";
};

TEST_F(Sqlite, SessionsAreKeptAndFound) { ExpectSessionsAreKeptAndFound(path_); }

TEST_F(Sqlite, NothingThatNoFileHolds) { ExpectNothingThatNoFileHolds(path_); }

TEST_F(Sqlite, ManyWritersLoseNothing) {
  ExpectManyWritersLoseNothing(path_);
  EXPECT_EQ(Ask(path_, "PRAGMA integrity_check"), "ok");
  EXPECT_EQ(Ask(path_, "SELECT count(*) FROM session"), "200");
}

TEST_F(Sqlite, ManyWritersMigrateOnce) {
  MakeVersion1();
  std::vector<std::unique_ptr<TestWriter>> writers;
  for (int i = 0; i < 8; ++i) writers.push_back(std::make_unique<TestWriter>(path_, i, 1));
  for (const auto& writer : writers) EXPECT_EQ(writer->Wait(), 0);
  EXPECT_EQ(Ask(path_, "SELECT count(*) FROM session"), "9");
  EXPECT_EQ(Ask(path_, "SELECT count(*) FROM schema_version"), "2");
}

TEST_F(Sqlite, AKilledWriterLosesItsOwnSessionAtMost) {
  int amid = 0;
  ExpectKilledWritersLoseTheirOwnAtMost(
      path_, 200, [&] { amid += std::filesystem::exists(path_ + "-journal") ? 1 : 0; },
      [this] { return Ask(path_, "PRAGMA integrity_check") == "ok"; });
  fmt::print("{} kills amid a transaction\n", amid);
  EXPECT_GT(amid, 0);
}

TEST_F(Sqlite, AStoreOfVersion1IsMigrated) {
  MakeVersion1();
  ExpectTheSessionOfVersion1(path_);
  EXPECT_EQ(Ask(path_, "SELECT max(version) FROM schema_version"), "2");
  EXPECT_EQ(Ask(path_, "SELECT count(*) FROM sqlite_master WHERE name = 'session_of_machine'"), "1");
}

TEST_F(Sqlite, AMigrationThatFailsLeavesTheStoreAsItWas) {
  MakeVersion1();
  SQLite::Database(path_, SQLite::OPEN_READWRITE).exec("CREATE VIEW session_of_machine AS SELECT 1");
  EXPECT_NE(ErrorOf(path_).find("already a table named session_of_machine"), std::string::npos) << ErrorOf(path_);
  EXPECT_EQ(Ask(path_, "SELECT max(version) FROM schema_version"), "1");
  EXPECT_EQ(Ask(path_, "SELECT count(*) FROM pragma_table_info('session') WHERE name = 'label'"), "0");
}

TEST_F(Sqlite, AStoreOfANewerVersionIsRefused) {
  ASSERT_TRUE(Store::Open(path_));
  SQLite::Database(path_, SQLite::OPEN_READWRITE).exec("INSERT INTO schema_version VALUES (3, 'what is to come')");
  EXPECT_EQ(ErrorOf(path_), path_ + ": the store is of version 3, and this Lockstep knows those up to 2");
}

TEST_F(Sqlite, ADatabaseOfSomethingElseIsRefusedAndLeftAlone) {
  SQLite::Database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE session (id INTEGER)");
  EXPECT_EQ(ErrorOf(path_), path_ + ": this is a database of something else");
  EXPECT_EQ(Ask(path_, "SELECT group_concat(name) FROM sqlite_master"), "session");
}

TEST_F(Sqlite, WhatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string file = folder_.Write("notes.txt", std::string(5000, 'x'));
  EXPECT_EQ(ErrorOf(file), file + ": this is no SQLite database");
  EXPECT_EQ(ReadTextFile(file).value(), std::string(5000, 'x'));
}

TEST_F(Sqlite, ADamagedOneSaysSo) {
  {
    const auto store = Store::Open(path_);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE((*store)->Add(TestSession(0, i)).value());
  }
  const auto size = std::filesystem::file_size(path_);
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  for (std::uintmax_t page = 1; page < size / 4096; ++page) {
    file.seekp(static_cast<std::streamoff>(page * 4096));
    file.write("damaged!", 8);
  }
  file.close();
  const auto store = Store::Open(path_);
  const std::string message = store ? (*store)->Sessions().error().message : store.error().message;
  EXPECT_TRUE(message.starts_with(path_ + ": the database is damaged")) << message;
}

TEST_F(Sqlite, SaysWhyItCannotBeOpened) {
  EXPECT_EQ(ErrorOf(folder_.path()), folder_.path() + ": it is a folder");
  EXPECT_EQ(ErrorOf(folder_.path() + "/none/h.db"), fmt::format("{0}/none/h.db: there is no folder {0}/none", folder_.path()));
  const std::string file = folder_.Write("file", "");
  EXPECT_EQ(ErrorOf(file + "/h.db"), fmt::format("{0}/h.db: {0} is no folder", file));
  EXPECT_EQ(ErrorOf(path_, Store::Mode::kExisting), path_ + ": there is no such file");
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(ErrorOf(file, Store::Mode::kExisting), file + ": there is no store in it");
}

TEST_F(Sqlite, OneThatMayOnlyBeReadIsReadAndNotWritten) {
  ASSERT_TRUE(Store::Open(path_).value()->Add(TestSession(0, 0)).value());
  ::chmod(path_.c_str(), 0444);
  ::chmod(folder_.path().c_str(), 0555);
  TestChild reader([&] {
    // Root may write whatever the file says.
    if (::geteuid() == 0 && (::chmod(folder_.path().c_str(), 0555) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0)) return 1;
    const auto store = Store::Open(path_, Store::Mode::kExisting);
    if (!store || (*store)->Sessions().value().size() != 1) return 2;
    const auto added = (*store)->Add(TestSession(0, 1));
    return !added && added.error().message == path_ + ": it cannot be written to" ? 0 : 3;
  });
  EXPECT_EQ(reader.Wait(), 0);
  ::chmod(folder_.path().c_str(), 0755);
}

TEST_F(Sqlite, KeepsItsJournalWhereNetworkDisksCanHaveIt) {
  ASSERT_TRUE(Store::Open(path_).value()->Add(TestSession(0, 0)).value());
  EXPECT_EQ(Ask(path_, "PRAGMA journal_mode"), "delete");
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST(Stores, AreNamedByAPathOrAnAddress) {
  const auto error = [](const std::string& where) { return Store::Open(where).error().message; };
  EXPECT_EQ(error(""), "'' is no store: expected a path, or postgresql://…");
  EXPECT_EQ(error("mysql://u:secret@h/d"), "'mysql://u:***@h/d' is no store: expected a path, or postgresql://…");
}

#ifdef LOCKSTEP_WITHOUT_POSTGRES
TEST(Stores, SayWhatABuildWithoutPostgresLacks) {
  const auto store = Store::Open("postgresql://user:secret@host/db");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().Text(),
            "postgresql://user:***@host/db: this Lockstep was built without PostgreSQL\n"
            "  install libpqxx-dev of version 6, as Debian 12 has it, and build again");
}
#endif

TEST(Stores, NeverTellAPassword) {
  EXPECT_EQ(WithoutPassword("postgresql://user:pa@ss@host:5432/db"), "postgresql://user:***@host:5432/db");
  EXPECT_EQ(WithoutPassword("postgresql://user@host:5432/db"), "postgresql://user@host:5432/db");
  EXPECT_EQ(WithoutPassword("postgresql:///db?host=/tmp&password=secret&user=u"), "postgresql:///db?host=/tmp&password=***&user=u");
  EXPECT_EQ(WithoutPassword("out/a:b@c.db"), "out/a:b@c.db");
}

}  // namespace
}  // namespace lockstep::bench
