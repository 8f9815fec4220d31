// SPDX-License-Identifier: MIT
// A run as JSON Lines: written as it goes, read again by reports, history and merge. The format:
// reports/FORMAT.md.
#ifndef LOCKSTEP_REPORTS_JSON_H_
#define LOCKSTEP_REPORTS_JSON_H_

#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/os/result.h"
#include "harness/scenario/behaviours.h"
#include "harness/verdict/verdict.h"

namespace lockstep::reports {

// Of the file's format. Raised when a reader of the last one would misunderstand; new keys alone do
// not raise it.
constexpr int kReportFormat = 1;

// Something that a run needs and its machine does not have.
struct Lack {
  std::string what;
  std::string cost;
  std::string mend;
};

struct ReportHeader {
  std::string lockstep_version;
  std::string started;                 // as UtcText gives it
  std::vector<std::string> arguments;  // of the command line, without the program
  std::string rerun_prefix = "./lockstep run";  // of its verdicts
  bool strict = false;                 // as in RunReport
  std::string shard;                   // "2/5"; empty: it is the whole of what was selected
  std::string oracle_name;             // empty: none
  std::vector<std::pair<std::string, std::string>> environment;
  std::optional<std::vector<Lack>> lacking;  // nothing: nobody looked
};

// "2/5": the second of five parts that work is dealt out in. Nothing for what is no I/N with 1 <= I <= N.
std::optional<std::pair<int, int>> ParseShard(const std::string& text);

// "2026-11-22T10:36:49Z".
std::string UtcText(std::chrono::system_clock::time_point time);

// Writes one report. For one thread at a time. Each call writes whole lines and hands them to the
// system before it returns, so that a run that is killed leaves what it had. The first failure to
// write (a full disk) is kept, and nothing more is written; End tells it.
class JsonWriter {
 public:
  // Makes the file, or empties it.
  static Result<JsonWriter> Open(const std::string& path);

  // First, once.
  void Begin(const ReportHeader& header);
  // Behind the header: which behaviours there are, and which scenarios show each.
  void Coverage(const std::vector<Covered>& coverage);
  // As soon as what it says of itself is known, before or behind its verdicts; of two for one name
  // the later holds. Its verdicts are left out.
  void Implementation(const ImplementationReport& implementation);
  void Verdict(const std::string& implementation, const ScenarioVerdict& verdict);
  // Last, once: counts, stale expectations, times. A file without this was cut off.
  Result<void> End(const RunReport& report, int exit_status);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  JsonWriter(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  void WriteLine(const std::string& line);

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::optional<Error> failure_;
  std::size_t verdicts_ = 0;
};

// A report that was read, fit to be written by every writer. Owns the scenarios and entries that
// its verdicts point to; moving it keeps these pointers good.
struct StoredReport {
  StoredReport() = default;
  StoredReport(StoredReport&&) = default;
  StoredReport& operator=(StoredReport&&) = default;

  ReportHeader header;
  RunReport report;
  std::optional<int> exit_status;  // nothing: the file was cut off
  std::string cut_off;             // how it was, for people; empty: it is whole
  std::deque<Scenario> scenarios;
  std::deque<ExpectedEntry> entries;
};

// Errors are "FILE:LINE: what, what was expected". A file that ends too early is no error: it is
// told in `cut_off`.
Result<StoredReport> ReadJsonReport(const std::string& path);
// The same of an open one; `path` is what messages call it.
Result<StoredReport> ReadJsonReport(std::istream& in, const std::string& path);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_JSON_H_
