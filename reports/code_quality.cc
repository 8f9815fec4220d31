// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "reports/annotations.h"
#include "reports/markup.h"

namespace lockstep::reports {
namespace {

const char* SeverityOf(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kWithheld:
      return "blocker";
    case Finding::Kind::kNotStarted:
    case Finding::Kind::kHarnessError:
      return "critical";
    case Finding::Kind::kFail:
    case Finding::Kind::kUnlisted:
      return "major";
    case Finding::Kind::kUnexpectedPass:
    case Finding::Kind::kStale:
      return "minor";
  }
  return "info";
}

// FNV-1a of 64 bits (Fowler, Noll and Vo), from two beginnings: no two findings of one report may share it.
std::string FingerprintOf(std::string_view text) {
  const auto hash = [text](std::uint64_t value) {
    for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return value;
  };
  return fmt::format("{:016x}{:016x}", hash(14695981039346656037U), hash(1099511628211U));
}

// An entry stays what it is when lines are added above it.
std::string WithoutPlace(const Finding& finding) {
  const std::string place = fmt::format("{}:{}: ", finding.place.file, finding.place.line);
  return finding.reason.starts_with(place) ? finding.place.file + ": " + finding.reason.substr(place.size()) : finding.reason;
}

}  // namespace

std::string CodeQualityReport(const std::vector<Finding>& findings, const PathInRepository& path) {
  using Json = nlohmann::ordered_json;
  Json report = Json::array();
  std::set<std::string> known;
  for (const Finding& finding : findings) {
    // A title names implementation and scenario; what has neither is told apart by its reason.
    const bool by_reason = finding.kind == Finding::Kind::kStale || finding.kind == Finding::Kind::kUnlisted ||
                           finding.kind == Finding::Kind::kWithheld;
    std::string fingerprint =
        FingerprintOf(fmt::format("{}\n{}\n{}", ToText(finding.kind), finding.title, by_reason ? WithoutPlace(finding) : ""));
    if (!known.insert(fingerprint).second) continue;
    const std::string file = finding.place.file.empty() ? "" : path(finding.place.file);
    report.push_back(Json{
        {"description", OneLine(finding.title + ": " + finding.reason, 1000)},
        {"check_name", fmt::format("lockstep.{}", ToText(finding.kind))},
        {"fingerprint", std::move(fingerprint)},
        {"severity", SeverityOf(finding.kind)},
        {"location",
         {{"path", file.empty() ? "lockstep" : OneLine(file)},
          {"lines", {{"begin", file.empty() ? 1 : std::max(finding.place.line, 1)}}}}}});
  }
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep::reports
