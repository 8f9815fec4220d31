// SPDX-License-Identifier: MIT
// lockstep check FILE…: is a recorded history, anybody's, one of a semaphore?
#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "harness/check/check.h"
#include "harness/check/history_file.h"
#include "harness/check/picture.h"
#include "harness/cli/options.h"
#include "harness/os/text_file.h"

namespace lockstep {
namespace {

Result<std::string> ReadAll(const std::string& file) {
  if (file != "-") return ReadTextFile(file);
  return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
}

const char* NameOf(check::Verdict verdict) {
  switch (verdict) {
    case check::Verdict::kOk:
      return "ok";
    case check::Verdict::kViolation:
      return "violation";
    case check::Verdict::kUnknown:
      return "unknown";
  }
  return "";
}

check::Verdict JudgeOne(const std::string& file, const check::RecordedHistory& one, std::size_t budget) {
  const check::Judgement result = check::Judge(one.history, budget);
  const std::size_t count = one.history.operations.size();
  fmt::print("{}: {}: {}: {} operation{} of {} actor{}\n", file, one.semaphore, NameOf(result.verdict), count,
             count == 1 ? "" : "s", one.history.actors.size(), one.history.actors.size() == 1 ? "" : "s");
  if (result.verdict != check::Verdict::kOk) fmt::print("  {}\n", result.why);
  if (result.verdict == check::Verdict::kViolation)
    fmt::print("\n{}\n", check::ToPicture(one.history, result.operation));
  return result.verdict;
}

}  // namespace

int CheckVerb(const Words& words) {
  CLI::App app("Is a recorded history, anybody's, one of a semaphore? harness/check/HISTORY.md has the format.", "check");
  std::vector<std::string> files;
  std::size_t budget = check::kFrontierBudget;
  app.add_option("FILE", files, "histories as JSON Lines; - is standard input")->required();
  app.add_option("--budget", budget, "orders that may be possible at once before it is unknown")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30));
  if (const auto status = Parse(app, words.words)) return *status;
  int violations = 0;
  int unknown = 0;
  int unreadable = 0;
  int operations = 0;
  for (const std::string& file : files) {
    const auto text = ReadAll(file);
    using Histories = Result<std::vector<check::RecordedHistory>>;
    const auto histories = text ? check::ParseHistories(*text, file) : Histories(tl::unexpected(text.error()));
    if (!histories) {
      // The others are judged all the same.
      Complain(histories.error());
      ++unreadable;
      continue;
    }
    for (const check::RecordedHistory& one : *histories) {
      operations += one.history.operations.empty() ? 0 : 1;
      const check::Verdict verdict = JudgeOne(file, one, budget);
      violations += verdict == check::Verdict::kViolation ? 1 : 0;
      unknown += verdict == check::Verdict::kUnknown ? 1 : 0;
    }
  }
  if (unreadable > 0) return kExitUsage;
  if (operations == 0) fmt::print("nothing was judged: there is no operation\n");
  return violations > 0 ? 1 : unknown > 0 || operations == 0 ? kExitNotJudged : 0;
}

}  // namespace lockstep
