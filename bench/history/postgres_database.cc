// SPDX-License-Identifier: MIT
// libpqxx's exceptions stop here. Of its version 6: 7 has other names.
//
// All tables are in a schema of their own, "lockstep": a server's database may hold other things.
#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <pqxx/pqxx>

#include "bench/history/database.h"

namespace lockstep::bench {
namespace {

// Of pg_advisory_xact_lock: who migrates holds it. Any number that others hardly take; "lockstep" in ASCII.
constexpr std::int64_t kMigrators = 0x6c6f636b73746570;

// As CREATE SCHEMA left it, or somebody who alone may create one.
constexpr char kTablesSql[] =
    "SELECT count(*), count(*) FILTER (WHERE relname = 'schema_version') FROM pg_class "
    "WHERE relnamespace = to_regnamespace('lockstep')";

// Types of columns, as pg_type has them.
constexpr pqxx::oid kInt8 = 20;
constexpr pqxx::oid kInt4 = 23;
constexpr pqxx::oid kFloat8 = 701;

template <class Number>
Cell NumberOf(const char* text) {
  const std::string_view digits = text;
  Number number{};
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc() ? Cell(number) : Cell();
}

Cell CellOf(const pqxx::field& field) {
  if (field.is_null()) return {};
  switch (field.type()) {
    case kInt8:
    case kInt4:
      return NumberOf<std::int64_t>(field.c_str());
    case kFloat8:
      return NumberOf<double>(field.c_str());
    default:
      return std::string(field.c_str(), field.size());
  }
}

// What a parameter is on its way; nothing: NULL. Doubles are the shortest text that is read back to the same bits.
std::optional<std::string> TextOf(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
  return std::nullopt;
}

std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

class PostgresDatabase : public Database {
 public:
  // Throws.
  explicit PostgresDatabase(const std::string& address)
      : Database(WithoutPassword(address)), address_(address), connection_(std::make_unique<pqxx::connection>(address)) {}

  ~PostgresDatabase() override { Rollback(); }

  Result<void> Begin(Intent intent) override {
    return Try("the server cannot be used", [&] {
      if (connection_ == nullptr) connection_ = std::make_unique<pqxx::connection>(address_);
      if (intent == Intent::kWrite) {
        transaction_ = std::make_unique<pqxx::transaction<pqxx::read_committed, pqxx::read_write>>(*connection_);
      } else {
        transaction_ = std::make_unique<pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>>(*connection_);
      }
      // In each transaction, since libpqxx may connect again by itself between two. What is acknowledged is on the server's
      // disk, whatever the server does for others.
      transaction_->exec(fmt::format("SET LOCAL search_path TO lockstep; SET LOCAL lock_timeout TO {}; "
                                     "SET LOCAL synchronous_commit TO on",
                                     std::chrono::milliseconds(kWriterPatience).count()));
    });
  }

  Result<void> Commit() override {
    try {
      transaction_->commit();
      transaction_.reset();
      return {};
    } catch (const std::exception& e) {
      Rollback();
      connection_.reset();
      return Fail(fmt::format("{}: the connection was lost at the end of the transaction: {}", name(), Trimmed(e.what())),
                  "whether it was stored is not known; try again: a session is stored once");
    }
  }

  void Rollback() override {
    try {
      transaction_.reset();
    } catch (const std::exception&) {
      // The connection is gone, and the transaction with it.
    }
  }

  Result<std::vector<Row>> Run(const std::string& sql, const std::vector<Cell>& parameters) override {
    std::vector<Row> rows;
    const auto done = Try("nothing was stored", [&] {
      std::vector<std::optional<std::string>> texts;
      texts.reserve(parameters.size());
      for (const Cell& cell : parameters) texts.push_back(TextOf(cell));
      std::vector<const char*> pointers;
      pointers.reserve(texts.size());
      for (const auto& text : texts) pointers.push_back(text ? text->c_str() : nullptr);
      const pqxx::result result = transaction_->exec_params(sql, pqxx::prepare::make_dynamic_params(pointers));
      for (const auto& line : result) {
        Row& row = rows.emplace_back();
        for (const auto& field : line) row.push_back(CellOf(field));
      }
    });
    if (!done) return tl::unexpected(done.error());
    return rows;
  }

  Result<bool> HasStore() override {
    const auto rows = Run(kTablesSql, {});
    if (!rows) return tl::unexpected(rows.error());
    const Row& counts = rows->front();
    const bool has_store = counts[1] != Cell(std::int64_t{0});
    if (!has_store && counts[0] != Cell(std::int64_t{0})) {
      return Fail(fmt::format("{}: its schema lockstep is of something else", name()),
                  "name another database with --store");
    }
    return has_store;
  }

  Result<void> AwaitMigrators() override {
    const auto locked = Run("SELECT pg_advisory_xact_lock($1)", {kMigrators});
    if (!locked) return tl::unexpected(locked.error());
    return {};
  }

  Result<void> Claim() override {
    const auto there = Run("SELECT 1 FROM pg_namespace WHERE nspname = 'lockstep'", {});
    if (!there) return tl::unexpected(there.error());
    if (!there->empty()) return {};
    const auto made = Run("CREATE SCHEMA lockstep", {});
    if (!made) return Fail(made.error().message, "its user has to be allowed to create the schema lockstep, or be given it");
    return {};
  }

 private:
  template <class Work>
  Result<void> Try(const char* outcome, const Work& work) {
    try {
      work();
      return {};
    } catch (const pqxx::broken_connection& e) {
      Rollback();
      connection_.reset();
      return Fail(fmt::format("{}: {}: {}", name(), outcome, Trimmed(e.what())));
    } catch (const pqxx::disk_full&) {
      return Fail(fmt::format("{}: the server's disk is full: nothing was stored", name()));
    } catch (const std::exception& e) {
      return Fail(fmt::format("{}: {}: {}", name(), outcome, Trimmed(e.what())));
    }
  }

  const std::string address_;
  std::unique_ptr<pqxx::connection> connection_;  // none: it was lost
  std::unique_ptr<pqxx::dbtransaction> transaction_;
};

}  // namespace

Result<std::unique_ptr<Database>> OpenPostgres(const std::string& address) {
  try {
    return std::make_unique<PostgresDatabase>(address);
  } catch (const std::exception& e) {
    return Fail(fmt::format("{}: {}", WithoutPassword(address), Trimmed(e.what())));
  }
}

}  // namespace lockstep::bench
