// SPDX-License-Identifier: MIT
#include "bench/history/store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "bench/history/database.h"
#include "bench/history/migrations.h"
#include "bench/session/session_file.h"

namespace lockstep::bench {
namespace {

constexpr std::size_t kIdDigits = 32;

Cell MedianOf(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : values[middle - 1] / 2 + values[middle] / 2;
}

Cell PercentileOf(const Histogram& samples, double q) {
  const auto percentile = samples.Percentile(q);
  return percentile ? Cell(*percentile) : Cell();
}

// What the queries below select is never NULL but where it is asked for, and of the type of its column.
std::string TextOf(const Cell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? "" : *text;
}
std::int64_t IntegerOf(const Cell& cell) {
  const auto* integer = std::get_if<std::int64_t>(&cell);
  return integer == nullptr ? 0 : *integer;
}
std::optional<double> RealOf(const Cell& cell) {
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  return std::nullopt;
}

constexpr char kSessionColumns[] = "id, started, lockstep, command, label, fingerprint, facts_json";
constexpr char kSeriesColumns[] =
    "session, place, implementation, version, quantity, unit, more_is_better, n, median, median_ratio, samples_n, p50_ns, "
    "p90_ns, p99_ns, p999_ns, values_json, ratios_json, samples_json";

Row RowOf(const std::string& session, std::size_t place, const Series& series) {
  const Histogram& samples = series.samples;
  return {session,
          static_cast<std::int64_t>(place),
          series.implementation,
          series.version,
          series.quantity,
          series.unit,
          std::int64_t{series.more_is_better},
          static_cast<std::int64_t>(series.values.size()),
          MedianOf(series.values),
          MedianOf(series.ratios),
          static_cast<std::int64_t>(samples.count()),
          PercentileOf(samples, 0.5),
          PercentileOf(samples, 0.9),
          PercentileOf(samples, 0.99),
          PercentileOf(samples, 0.999),
          NumbersToJson(series.values),
          NumbersToJson(series.ratios),
          SamplesToJson(samples)};
}

// "($1, $2), ($3, $4)"
std::string Placeholders(std::size_t rows, std::size_t columns) {
  std::string text;
  for (std::size_t i = 0; i < rows * columns; ++i)
    text += fmt::format("{}${}{}", i % columns > 0 ? ", " : i > 0 ? ", (" : "(", i + 1, (i + 1) % columns == 0 ? ")" : "");
  return text;
}

class SqlStore : public Store {
 public:
  explicit SqlStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<bool> Add(const SessionRecord& given) override {
    const auto read = AsRead(given);
    if (!read) return tl::unexpected(read.error());
    const SessionRecord& session = *read;
    const Transaction transaction(*database_);
    if (const auto begun = database_->Begin(Database::Intent::kWrite); !begun) return tl::unexpected(begun.error());
    const auto added = database_->Run(
        fmt::format("INSERT INTO session ({}) VALUES {} ON CONFLICT (id) DO NOTHING RETURNING id", kSessionColumns, Placeholders(1, 7)),
        {session.id, session.started, session.lockstep, session.command, session.label, session.machine.fingerprint,
         FactsToJson(session.machine.facts)});
    if (!added) return tl::unexpected(added.error());
    if (added->empty()) return false;
    if (const auto series = AddSeries(session); !series) return tl::unexpected(series.error());
    if (const auto committed = database_->Commit(); !committed) return tl::unexpected(committed.error());
    return true;
  }

  Result<std::vector<SessionSummary>> List(const std::string& fingerprint) override {
    const auto both = Read(fingerprint, "session, implementation");
    if (!both) return tl::unexpected(both.error());
    std::vector<SessionSummary> summaries;
    for (const Row& row : both->sessions) {
      const auto session = SessionOf(row);
      if (!session) return tl::unexpected(session.error());
      summaries.push_back({session->id, session->started, session->lockstep, session->label, session->machine, {}, 0});
      for (const Row& series : both->SeriesOf(session->id)) {
        std::vector<std::string>& names = summaries.back().implementations;
        if (std::find(names.begin(), names.end(), TextOf(series[1])) == names.end()) names.push_back(TextOf(series[1]));
        ++summaries.back().series;
      }
    }
    return summaries;
  }

  Result<std::vector<SessionRecord>> Sessions(const std::string& fingerprint) override {
    return Records("fingerprint = $1 OR $2 = ''", {fingerprint, fingerprint});
  }

  Result<std::vector<Point>> Points(const std::string& fingerprint) override {
    const auto both =
        Read(fingerprint, "session, implementation, version, quantity, unit, more_is_better, n, median, median_ratio");
    if (!both) return tl::unexpected(both.error());
    std::vector<Point> points;
    for (const Row& session : both->sessions) {
      for (const Row& series : both->SeriesOf(TextOf(session[0]))) {
        const auto median = RealOf(series[7]);
        if (!median) continue;
        points.push_back({TextOf(session[0]), TextOf(session[1]), TextOf(session[4]), TextOf(session[5]), TextOf(series[1]),
                          TextOf(series[2]), TextOf(series[3]), TextOf(series[4]), IntegerOf(series[5]) != 0,
                          IntegerOf(series[6]), *median, RealOf(series[8])});
      }
    }
    return points;
  }

  Result<SessionRecord> Load(const std::string& prefix) override {
    if (prefix.empty() || prefix.size() > kIdDigits || prefix.find_first_not_of("0123456789abcdef") != std::string::npos)
      return Fail(fmt::format("'{}' is not how an id begins: expected 1 to {} hexadecimal digits", prefix, kIdDigits));
    auto records = Records("id LIKE $1", {prefix + "%"});
    if (!records) return tl::unexpected(records.error());
    if (records->empty()) return Fail(fmt::format("{}: there is no session {}", database_->name(), prefix));
    if (records->size() == 1) return std::move(records->front());
    std::vector<std::string> ids;
    for (const SessionRecord& record : *records) ids.push_back(record.id);
    return Fail(fmt::format("{}: {} sessions begin with {}: {}", database_->name(), ids.size(), prefix, fmt::join(ids, ", ")));
  }

 private:
  // Sessions, and the series of each, of one state of the store.
  struct Both {
    std::vector<Row> sessions;
    std::map<std::string, std::vector<Row>> series;

    const std::vector<Row>& SeriesOf(const std::string& session) const {
      static const std::vector<Row> none;
      const auto found = series.find(session);
      return found == series.end() ? none : found->second;
    }
  };

  Result<Both> Read(const std::string& fingerprint, const std::string& series_columns) {
    return ReadWhere("fingerprint = $1 OR $2 = ''", {fingerprint, fingerprint}, series_columns);
  }

  // The first of the columns of series has to be its session.
  Result<Both> ReadWhere(const std::string& condition, const std::vector<Cell>& parameters, const std::string& series_columns) {
    const Transaction transaction(*database_);
    if (const auto begun = database_->Begin(Database::Intent::kRead); !begun) return tl::unexpected(begun.error());
    auto sessions = database_->Run(
        fmt::format("SELECT {} FROM session WHERE {} ORDER BY started, id", kSessionColumns, condition), parameters);
    if (!sessions) return tl::unexpected(sessions.error());
    auto series = database_->Run(fmt::format("SELECT {} FROM series WHERE session IN (SELECT id FROM session WHERE {}) "
                                             "ORDER BY session, place", series_columns, condition), parameters);
    if (!series) return tl::unexpected(series.error());
    Both both{std::move(*sessions), {}};
    for (Row& row : *series) both.series[TextOf(row[0])].push_back(std::move(row));
    return both;
  }

  Result<std::vector<SessionRecord>> Records(const std::string& condition, const std::vector<Cell>& parameters) {
    const auto both = ReadWhere(
        condition, parameters, "session, implementation, version, quantity, unit, more_is_better, values_json, ratios_json, samples_json");
    if (!both) return tl::unexpected(both.error());
    std::vector<SessionRecord> records;
    for (const Row& row : both->sessions) {
      auto session = SessionOf(row);
      if (!session) return tl::unexpected(session.error());
      for (const Row& line : both->SeriesOf(session->id)) {
        auto series = OneSeriesOf(line);
        if (!series) return tl::unexpected(series.error());
        session->series.push_back(std::move(*series));
      }
      records.push_back(std::move(*session));
    }
    return records;
  }

  tl::unexpected<Error> Damaged(const std::string& session, const Error& why) const {
    return Fail(fmt::format("{}: session {}: {}", database_->name(), session, why.message),
                "something else than Lockstep has written to the store");
  }

  Result<SessionRecord> SessionOf(const Row& row) const {
    auto facts = FactsFromJson(TextOf(row[6]));
    if (!facts) return Damaged(TextOf(row[0]), facts.error());
    SessionRecord session{TextOf(row[0]), TextOf(row[1]), TextOf(row[2]), TextOf(row[3]), TextOf(row[4]), {}, {}};
    session.machine = {TextOf(row[5]), std::move(*facts)};
    return session;
  }

  Result<Series> OneSeriesOf(const Row& row) const {
    auto values = NumbersFromJson(TextOf(row[6]));
    if (!values) return Damaged(TextOf(row[0]), values.error());
    auto ratios = NumbersFromJson(TextOf(row[7]));
    if (!ratios) return Damaged(TextOf(row[0]), ratios.error());
    auto samples = SamplesFromJson(TextOf(row[8]));
    if (!samples) return Damaged(TextOf(row[0]), samples.error());
    return Series{TextOf(row[1]),         TextOf(row[2]),     TextOf(row[3]),     TextOf(row[4]),
                  IntegerOf(row[5]) != 0, std::move(*values), std::move(*ratios), std::move(*samples)};
  }

  // Many rows a statement: a server may be some milliseconds away.
  Result<void> AddSeries(const SessionRecord& session) {
    constexpr std::size_t kRowsAtOnce = 100;
    for (std::size_t first = 0; first < session.series.size(); first += kRowsAtOnce) {
      const std::size_t end = std::min(first + kRowsAtOnce, session.series.size());
      std::vector<Cell> cells;
      std::size_t columns = 0;
      for (std::size_t i = first; i < end; ++i) {
        Row row = RowOf(session.id, i, session.series[i]);
        columns = row.size();
        std::move(row.begin(), row.end(), std::back_inserter(cells));
      }
      const auto added = database_->Run(
          fmt::format("INSERT INTO series ({}) VALUES {}", kSeriesColumns, Placeholders(end - first, columns)), cells);
      if (!added) return tl::unexpected(added.error());
    }
    return {};
  }

  const std::unique_ptr<Database> database_;
};

}  // namespace

bool IsAddress(const std::string& where) { return where.find("://") != std::string::npos; }

std::string WithoutPassword(const std::string& where) {
  if (!IsAddress(where)) return where;
  std::string shown = where;
  const std::size_t begin = shown.find("://") + 3;
  const std::size_t at = shown.substr(0, shown.find_first_of("/?", begin)).rfind('@');
  const std::size_t colon = shown.find(':', begin);
  if (at != std::string::npos && colon != std::string::npos && colon < at) shown.replace(colon + 1, at - colon - 1, "***");
  for (std::size_t key = shown.find("password="); key != std::string::npos; key = shown.find("password=", key + 1)) {
    const std::size_t value = key + std::string("password=").size();
    shown.replace(value, std::min(shown.find('&', value), shown.size()) - value, "***");
  }
  return shown;
}

Result<std::unique_ptr<Store>> Store::Open(const std::string& where, Mode mode) {
  const bool is_postgres = where.starts_with("postgresql://") || where.starts_with("postgres://");
  if (where.empty() || (IsAddress(where) && !is_postgres))
    return Fail(fmt::format("'{}' is no store: expected a path, or postgresql://…", WithoutPassword(where)));
  auto database = is_postgres ? OpenPostgres(where) : OpenSqlite(where, mode);
  if (!database) return tl::unexpected(database.error());
  if (const auto migrated = Migrate(**database, mode); !migrated) return tl::unexpected(migrated.error());
  return std::make_unique<SqlStore>(std::move(*database));
}

}  // namespace lockstep::bench
