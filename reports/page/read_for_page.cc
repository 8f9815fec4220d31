// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <sstream>

#include "bench/session/session_file.h"
#include "bench/statistics/statistics.h"
#include "harness/os/json_line.h"
#include "harness/os/text_file.h"
#include "reports/page/page.h"

namespace lockstep::reports {
namespace {

// As a store would have them.
std::vector<bench::Point> PointsOf(const std::vector<bench::SessionRecord>& sessions) {
  std::vector<bench::Point> points;
  for (const bench::SessionRecord& session : sessions) {
    for (const bench::Series& series : session.series) {
      if (series.values.empty()) continue;
      bench::Point point{session.id, session.started, session.label, session.machine.fingerprint, series.implementation, series.version,
                         series.quantity, series.unit, series.more_is_better, static_cast<std::int64_t>(series.values.size()),
                         bench::Median(series.values), std::nullopt};
      if (!series.ratios.empty()) point.median_ratio = bench::Median(series.ratios);
      points.push_back(std::move(point));
    }
  }
  return points;
}

// By its first line. What is neither is left to the reader of reports, which says what is wrong with it.
bool IsSessionFile(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return false;
  const std::string_view line = std::string_view(text).substr(begin, text.find('\n', begin) - begin);
  try {
    const auto json = ParseJsonLine(line);
    return json.is_object() && json.contains("kind") && json["kind"] == "session";
  } catch (const JsonMistake&) {
    return false;
  }
}

}  // namespace

Result<PageInput> ReadForPage(const std::vector<std::string>& files) {
  std::vector<std::pair<StoredReport, std::string>> reports;
  PageInput input;
  for (const std::string& file : files) {
    const auto text = ReadTextFile(file);
    if (!text) return tl::unexpected(text.error());
    // Both are JSON Lines; the first key tells them apart, and each reader says what is wrong with its own.
    if (IsSessionFile(*text)) {
      auto sessions = bench::ReadSessions(*text, file);
      if (!sessions) return tl::unexpected(sessions.error());
      std::move(sessions->begin(), sessions->end(), std::back_inserter(input.sessions));
      continue;
    }
    std::istringstream in(*text);
    auto report = ReadJsonReport(in, file);
    if (!report) return tl::unexpected(report.error());
    reports.emplace_back(std::move(*report), file);
  }
  std::stable_sort(reports.begin(), reports.end(),
                   [](const auto& a, const auto& b) { return a.first.header.started < b.first.header.started; });
  for (auto& [report, name] : reports) {
    input.reports.push_back(std::move(report));
    input.names.push_back(name);
  }
  std::stable_sort(input.sessions.begin(), input.sessions.end(), [](const auto& a, const auto& b) { return a.started < b.started; });
  if (input.sessions.size() > 1) input.lines = bench::LinesOf(PointsOf(input.sessions), true);
  return input;
}

}  // namespace lockstep::reports
