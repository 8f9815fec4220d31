// SPDX-License-Identifier: MIT
#include "reports/page/page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "harness/os/text_file.h"
#include "reports/page/frame.h"
#include "reports/page/parts.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

// "7 implementations on 1528 scenarios, 2026-11-22T14:40:06Z".
std::string SubjectOf(const Sheet& sheet) {
  std::vector<std::string> parts;
  if (!sheet.merged.implementations.empty()) {
    parts.push_back(fmt::format("{} on {}", Counted(sheet.merged.implementations.size(), "implementation"),
                                Counted(sheet.cases.size(), "scenario")));
    parts.push_back(sheet.merged.oracle_name.empty() ? "no oracle" : "oracle " + sheet.merged.oracle_name);
  }
  if (!sheet.input.sessions.empty()) parts.push_back(Counted(sheet.input.sessions.size(), "session") + " of measurements");
  if (!sheet.input.reports.empty())
    parts.push_back(sheet.input.reports.back().header.started);
  else if (!sheet.input.sessions.empty())
    parts.push_back(sheet.input.sessions.back().started);
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string HtmlPage(const PageInput& input) {
  const MergedReport merged = Merge(input.reports, input.names);
  const Sheet sheet{input, merged, CasesOf(merged), merged.oracle_name.empty() ? nullptr : merged.Find(merged.oracle_name)};
  Frame frame{"Lockstep", SubjectOf(sheet), merged.withheld, {}};
  const bool judged = !merged.implementations.empty();
  if (judged) frame.parts = {{"summary", "Summary"}, {"matrix", "Matrix"}, {"why", "Why"}};
  if (!input.sessions.empty() || !input.lines.empty()) frame.parts.emplace_back("latency", "Latency");
  if (judged) frame.parts.emplace_back("cases", "Cases");
  frame.parts.emplace_back("environment", "Environment");
  Html body;
  if (judged) body << SummaryPart(sheet) << MatrixPart(sheet) << WhyPart(sheet);
  body << LatencyPart(input);
  if (judged) body << CasesPart(sheet);
  return Framed(frame, body << EnvironmentPart(sheet));
}

Result<std::string> WritePage(const std::string& page, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Fail(fmt::format("cannot make the folder {}: {}", folder, error.message()), "name another with --html DIR");
  const std::string path = folder + "/index.html";
  if (const auto written = ReplaceTextFile(path, page); !written) return tl::unexpected(written.error());
  return path;
}

}  // namespace lockstep::reports
