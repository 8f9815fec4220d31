// SPDX-License-Identifier: MIT
// What the writer and the reader of a report's JSON have in common. For these two alone.
#ifndef LOCKSTEP_REPORTS_JSON_WORDS_H_
#define LOCKSTEP_REPORTS_JSON_WORDS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/os/json_line.h"
#include "harness/verdict/verdict.h"

namespace lockstep::reports {

// Keys in the order in which they are written: people read these files.
using Json = nlohmann::ordered_json;

// What is wrong with a line; thrown and caught by the reader alone.
using Wrong = JsonMistake;

template <class Value>
using Names = std::vector<std::pair<Value, const char*>>;

inline const Names<ScenarioRun::End>& Ends() {
  using End = ScenarioRun::End;
  static const Names<End> names = {
      {End::kCompleted, "completed"},        {End::kDiverged, "diverged"},
      {End::kUnsupported, "unsupported"},    {End::kNotRun, "not_run"},
      {End::kHarnessError, "harness_error"}, {End::kTooEarlyToSee, "too_early_to_see"}};
  return names;
}

inline const Names<NotRun>& NotRuns() {
  static const Names<NotRun> names = {{NotRun::kMachine, "machine"},
                                      {NotRun::kFiltered, "not_selected"},
                                      {NotRun::kInterrupted, "interrupted"},
                                      {NotRun::kNo, "no"}};
  return names;
}

inline const Names<Verdict>& Verdicts() {
  static const Names<Verdict> names = [] {
    Names<Verdict> all;
    for (const Verdict verdict :
         {Verdict::kPass, Verdict::kFail, Verdict::kExpectedFail, Verdict::kUnexpectedPass,
          Verdict::kUnsupported, Verdict::kNotRun, Verdict::kHarnessError}) {
      all.emplace_back(verdict, ToText(verdict));
    }
    return all;
  }();
  return names;
}

inline const Names<ExpectedKind>& Kinds() {
  static const Names<ExpectedKind> names = [] {
    Names<ExpectedKind> all;
    for (const ExpectedKind kind :
         {ExpectedKind::kFail, ExpectedKind::kCrash, ExpectedKind::kHang, ExpectedKind::kUnclean,
          ExpectedKind::kUnsupported, ExpectedKind::kNotRun}) {
      all.emplace_back(kind, ToText(kind));
    }
    return all;
  }();
  return names;
}

template <class Value>
const char* NameOf(const Names<Value>& names, Value value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  CHECK(false);
}

template <class Value>
Value ValueOf(const Names<Value>& names, const Json& json) {
  const auto text = json.get<std::string>();
  for (const auto& [value, name] : names) {
    if (text == name) return value;
  }
  throw Wrong{fmt::format("'{}' is no word that is known here", text)};
}
}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_JSON_WORDS_H_
