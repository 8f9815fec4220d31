// SPDX-License-Identifier: MIT
// What changed between two runs, as a pull request asks: which scenarios fail that did not, and which no longer do.
#ifndef LOCKSTEP_REPORTS_COMPARISON_H_
#define LOCKSTEP_REPORTS_COMPARISON_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "reports/markdown_page.h"
#include "reports/merged.h"

namespace lockstep::reports {

// In the order in which people are told.
enum class Change {
  kNewlyFailing,    // fail, and was none; also of a scenario that was not there
  kInError,         // harness_error, and was none: it says nothing of the implementation
  kKnownNow,        // expected_fail, and passed or was not judged: a divergence that somebody wrote down
  kFixed,           // passes, and was a fail
  kNewlyPassing,    // passes, and was an expected_fail
  kChangedReason,   // fails as before (expected or not) but at another step or with another outcome
  kExpectedNow,     // expected_fail, and was a fail: the expectations changed, not the implementation
  kJudgedNow,       // passes, and was unsupported, not run or a harness_error
  kNoLongerJudged,  // unsupported or not run, and was judged
  kNew,             // was not there; does not fail
  kGone,            // is no longer there
};
constexpr std::size_t kChanges = 11;
// "newly failing", "fixed" …
const char* ToText(Change change);

struct ScenarioChange {
  Change change = Change::kFixed;
  std::string scenario;
  const ScenarioVerdict* before = nullptr;  // null: it was not there
  const ScenarioVerdict* after = nullptr;   // null: it is gone
};

// One implementation in both runs.
struct ImplementationComparison {
  const MergedImplementation* before = nullptr;
  const MergedImplementation* after = nullptr;
  std::vector<ScenarioChange> changes;  // by kind, then in the catalogue's order
  std::size_t same = 0;                 // scenarios that are as they were
  std::size_t compared = 0;             // scenarios that were judged in both

  std::size_t Count(Change change) const;
  // "cpython-3.14.8", or "cpython-3.14.8 -> cpython-3.14.9".
  std::string Name() const;
};

// Points into the two reports, which outlive it.
struct Comparison {
  std::vector<ImplementationComparison> implementations;  // in the order of the new report
  std::vector<std::string> only_before;                   // names without a counterpart
  std::vector<std::string> only_after;
  std::vector<std::string> withheld;  // of both, as "before: …" and "after: …"

  const MergedReport* before = nullptr;
  const MergedReport* after = nullptr;

  // Of both, as "before: …" and "after: …": that one is a shard alone, say.
  std::vector<std::string> Notes() const;
  // What is less than it was, though nothing newly fails: "8 failing and expected now, 3 gone"; empty: nothing.
  std::string Less() const;
  // Over all implementations.
  std::size_t Count(Change change) const;
  // The kinds of change that there are, and newly failing: a table of all is wider than a page.
  std::vector<Change> Kinds() const;
  // "2 scenarios newly fail", "nothing changed" …
  std::string Title() const;
  // Of only_before the first that was to be judged; empty: none.
  std::string Lost() const;
  // Whether some scenario of an implementation that was to be judged was judged in both.
  bool AnyCompared() const;
  // 1 where something newly fails; else 4 where nothing was compared, an implementation is lost, or one of the two is no
  // result; else 3 where the harness or an adapter newly failed; else 0.
  int ExitStatus() const;
};

// Implementations are matched by name; of those left over, by family where each side has exactly one of it. Pure.
Comparison Compare(const MergedReport& before, const MergedReport& after);

// The comparison as a page of Markdown; `before_name` and `after_name` is what it calls the two runs.
// What newly fails is told with its transcript. Bounded as Markdown() is. Pure.
std::string ComparisonMarkdown(const Comparison& comparison, const std::string& before_name, const std::string& after_name,
                               std::size_t most_bytes = kMostMarkdown);

}  // namespace lockstep::reports

#endif  // LOCKSTEP_REPORTS_COMPARISON_H_
