// SPDX-License-Identifier: MIT
// Expectations: the divergences of an implementation that are known, each with the reason that must
// match. A known divergence that is gone fails the run, so that a fix is noticed and a regression
// after it is too. The format: impl/EXPECTATIONS.md.
#ifndef LOCKSTEP_HARNESS_VERDICT_EXPECTATIONS_H_
#define LOCKSTEP_HARNESS_VERDICT_EXPECTATIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/os/result.h"
#include "harness/scenario/scenario.h"

namespace lockstep {

// What an entry says that comes of a scenario.
enum class ExpectedKind {
  kFail,   // a divergence; `reason` matches what came instead: "-> True", "raises TypeError: ...",
           // "late: ..."
  kCrash,  // the same, by the death of a process: "died SIGSEGV"
  kHang,   // the same, by a call that does not end: "-> blocked", "no answer: ..."
  kUnclean,      // every step was right, and something is left behind
  kUnsupported,  // it lacks something
  kNotRun,       // the machine lacks something
};

// Whether `text` matches `pattern`, in which `*` stands for any text.
bool MatchesPattern(std::string_view pattern, std::string_view text);

// What an entry is about: how an implementation behaves, or what it or the machine lacks
// (unsupported, not_run).
enum class Concern { kConduct, kLack };

struct ExpectedEntry {
  std::string scenario;  // a name, or a pattern: `*` matches any text
  ExpectedKind kind = ExpectedKind::kFail;
  std::string reason;   // must match; `...` in it matches any text
  Condition condition;  // `when`: on other platforms the entry is not there
  std::string why;      // for people: what differs, in a sentence
  std::string link;     // an issue or a page; may be empty
  std::string place;    // "FILE:LINE"
  // Filled in while judging.
  bool matched = false;  // some scenario of this name was judged and was so
  bool passed = false;   // some scenario of this name passed instead
  // Some scenario of this name came to something that tells neither: it was not run, or it failed
  // with another reason, and says so by itself. Then the entry is not stale.
  bool unsettled = false;
};

// "fail", "crash", "hang", "unclean", "unsupported", "not_run".
const char* ToText(ExpectedKind kind);

// Not for several threads. Nothing here blocks but Load, which reads one file.
class Expectations {
 public:
  Expectations() = default;

  // Parses the text of an expectations.toml. Errors are "FILE:LINE:COLUMN: …"; `called` is what entries' places call
  // the file, if it is not `file`.
  static Result<Expectations> Parse(std::string_view text, const std::string& file, const std::string& called = "");
  static Result<Expectations> Load(const std::string& file, const std::string& called = "");

  // Adds what another file expects, behind what is there.
  void Append(Expectations other);

  // The entries of this concern whose pattern matches this name and whose condition holds, in order. They stay good while this
  // object does.
  std::vector<ExpectedEntry*> Covering(const std::string& scenario, const Platform& platform, Concern concern);
  // The first entry of this concern whose pattern matches this name and whose condition holds;
  // nullptr: none. Of those about a lack the first whose reason matches `lack`, too, if there is
  // one: an implementation may lack several things. Stays good while this object does.
  ExpectedEntry* Find(const std::string& scenario, const Platform& platform,
                      Concern concern = Concern::kConduct, const std::string& lack = "");
  // After a full run: entries of this platform that no scenario matched, or whose scenarios all
  // passed.
  std::vector<std::string> Stale(const Platform& platform) const;

  const std::vector<ExpectedEntry>& entries() const { return entries_; }

 private:
  std::vector<ExpectedEntry> entries_;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_VERDICT_EXPECTATIONS_H_
