// SPDX-License-Identifier: MIT
// One program for all, with one server: it takes a second or two to make.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <pqxx/pqxx>

#include "bench/history/store.h"
#include "bench/history/store_cases.h"
#include "bench/history/testing_postgres.h"
#include "bench/history/testing_sessions.h"

// libpqxx 6.4 forgets a result where a connection breaks amid a statement, which a test makes it do. Of no effect
// without the leak sanitizer, whose name this is.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6"; }  // NOLINT(bugprone-reserved-identifier)

namespace lockstep::bench {
namespace {

class Postgres : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = TestPostgres::Start();
    if (started) {
      server_ = std::move(*started);
    } else {
      why_not_ = started.error().message;
    }
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << "skipped: " << why_not_;
    where_ = server_->NewDatabase();
  }

  std::string Ask(const std::string& sql) const {
    pqxx::connection connection(where_);
    pqxx::work work(connection);
    const pqxx::result result = work.exec(sql);
    work.commit();
    return result.empty() ? "" : std::string(result[0][0].c_str());
  }

  void MakeVersion1() const {
    std::string all = "CREATE SCHEMA lockstep; SET search_path TO lockstep;";
    for (const std::string& statement : StoreOfVersion1()) all += statement + ";";
    Ask(all);
  }

  std::string ErrorOf(const std::string& where, Store::Mode mode = Store::Mode::kCreate) const {
    const auto store = Store::Open(where, mode);
    return store ? "none" : store.error().message;
  }

  static std::unique_ptr<TestPostgres> server_;
  static std::string why_not_;
  std::string where_;
};

std::unique_ptr<TestPostgres> Postgres::server_;
std::string Postgres::why_not_;

TEST_F(Postgres, SessionsAreKeptAndFound) { ExpectSessionsAreKeptAndFound(where_); }

TEST_F(Postgres, NothingThatNoFileHolds) { ExpectNothingThatNoFileHolds(where_); }

TEST_F(Postgres, ManyWritersLoseNothing) {
  ExpectManyWritersLoseNothing(where_);
  EXPECT_EQ(Ask("SELECT count(*) FROM lockstep.session"), "200");
  EXPECT_EQ(Ask("SELECT count(*) FROM lockstep.schema_version"), "2");
}

TEST_F(Postgres, AKilledWriterLosesItsOwnSessionAtMost) {
  ASSERT_TRUE(Store::Open(where_));
  ExpectKilledWritersLoseTheirOwnAtMost(where_, 60, [] {}, [this] {
    return Ask("SELECT count(*) FROM lockstep.series WHERE session NOT IN (SELECT id FROM lockstep.session)") == "0";
  });
}

TEST_F(Postgres, AStoreOfVersion1IsMigratedByManyAtOnce) {
  MakeVersion1();
  std::vector<std::unique_ptr<TestWriter>> writers;
  for (int i = 1; i <= 8; ++i) writers.push_back(std::make_unique<TestWriter>(where_, i, 1));
  for (const auto& writer : writers) EXPECT_EQ(writer->Wait(), 0);
  ExpectTheSessionOfVersion1(where_);
  EXPECT_EQ(Ask("SELECT count(*) FROM lockstep.schema_version"), "2");
}

TEST_F(Postgres, AMigrationThatFailsLeavesTheStoreAsItWas) {
  MakeVersion1();
  Ask("CREATE VIEW lockstep.session_of_machine AS SELECT 1");
  EXPECT_NE(ErrorOf(where_).find("\"session_of_machine\" already exists"), std::string::npos) << ErrorOf(where_);
  EXPECT_EQ(Ask("SELECT max(version) FROM lockstep.schema_version"), "1");
  EXPECT_EQ(Ask("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'lockstep' AND column_name = 'label'"), "0");
}

TEST_F(Postgres, AStoreOfANewerVersionIsRefused) {
  ASSERT_TRUE(Store::Open(where_));
  Ask("INSERT INTO lockstep.schema_version VALUES (3, 'what is to come')");
  EXPECT_EQ(ErrorOf(where_), where_ + ": the store is of version 3, and this Lockstep knows those up to 2");
}

TEST_F(Postgres, LeavesTheTablesOfOthersAlone) {
  Ask("CREATE TABLE session (mine INTEGER); INSERT INTO session VALUES (7)");
  ASSERT_TRUE(Store::Open(where_).value()->Add(TestSession(0, 0)).value());
  EXPECT_EQ(Ask("SELECT mine FROM public.session"), "7");
}

TEST_F(Postgres, ASchemaOfSomethingElseIsRefused) {
  Ask("CREATE SCHEMA lockstep; CREATE TABLE lockstep.session (mine INTEGER)");
  EXPECT_EQ(ErrorOf(where_), where_ + ": its schema lockstep is of something else");
}

TEST_F(Postgres, IsNotMadeWhereItHasToBeThere) {
  EXPECT_EQ(ErrorOf(where_, Store::Mode::kExisting), where_ + ": there is no store in it");
  EXPECT_EQ(Ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'lockstep'"), "0");
}

TEST_F(Postgres, SaysWhatIsNotAllowed) {
  Ask("CREATE ROLE guest LOGIN");
  std::string where = where_;
  where.replace(where.find("user=lockstep"), std::string("user=lockstep").size(), "user=guest");
  const auto store = Store::Open(where);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("permission denied for database"), std::string::npos) << store.error().message;
  EXPECT_EQ(store.error().hint, "its user has to be allowed to create the schema lockstep, or be given it");
}

TEST_F(Postgres, ALostConnectionStoresNothingAndIsMadeAgain) {
  const auto store = Store::Open(where_);
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->Add(TestSession(0, 0)).value());
  Ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
  const auto lost = (*store)->Add(TestSession(0, 1));
  EXPECT_FALSE(lost);
  const auto again = (*store)->Add(TestSession(0, 1));
  ASSERT_TRUE(again) << again.error().Text();
  EXPECT_EQ((*store)->Sessions()->size(), 2u);
}

TEST(PostgresAddress, OfNoServerIsAnErrorWithoutThePassword) {
  const auto store = Store::Open("postgresql://user:secret@/db?host=/nowhere&connect_timeout=2");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().Text().find("secret"), std::string::npos) << store.error().Text();
  EXPECT_NE(store.error().message.find("No such file or directory"), std::string::npos) << store.error().message;
}

}  // namespace
}  // namespace lockstep::bench
