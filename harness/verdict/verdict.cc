// SPDX-License-Identifier: MIT
#include "harness/verdict/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "harness/engine/matching.h"
#include "harness/os/result.h"

namespace lockstep {
namespace {

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// From the best to the worst. What was not run stands near the best, since that part says nothing
// and the other decides.
int Badness(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return 0;
    case Verdict::kNotRun:
      return 1;
    case Verdict::kExpectedFail:
      return 2;
    case Verdict::kUnsupported:
      return 3;
    case Verdict::kUnexpectedPass:
      return 4;
    case Verdict::kFail:
      return 5;
    case Verdict::kHarnessError:
      return 6;
  }
  CHECK(false);
}

// "to fail with", for what an entry expects.
const char* Infinitive(ExpectedKind kind) {
  switch (kind) {
    case ExpectedKind::kFail:
      return "to fail with";
    case ExpectedKind::kCrash:
      return "to crash with";
    case ExpectedKind::kHang:
      return "to hang with";
    case ExpectedKind::kUnclean:
      return "to be unclean with";
    case ExpectedKind::kUnsupported:
      return "to be unsupported with";
    case ExpectedKind::kNotRun:
      return "not to be run with";
  }
  CHECK(false);
}

const char* PastTense(ExpectedKind kind) {
  switch (kind) {
    case ExpectedKind::kCrash:
      return "crashed with";
    case ExpectedKind::kHang:
      return "hung with";
    case ExpectedKind::kUnclean:
      return "was unclean with";
    default:
      return "failed with";
  }
}

std::string Told(const Divergence& divergence) {
  return fmt::format("{}: expected {}, got {}", divergence.operation, divergence.expected,
                     divergence.actual);
}

void Add(std::string* reason, const std::string& more) {
  if (!reason->empty()) *reason += "; ";
  *reason += more;
}

// The two parts as the run alone has them.
void SetParts(ScenarioVerdict* verdict) {
  const ScenarioRun& run = verdict->run;
  verdict->cleanliness = Verdict::kNotRun;
  switch (run.end) {
    case ScenarioRun::End::kCompleted:
      verdict->behaviour = Verdict::kPass;
      verdict->cleanliness = run.unclean.empty() ? Verdict::kPass : Verdict::kFail;
      verdict->reason = UncleanText(run);
      return;
    case ScenarioRun::End::kDiverged:
      verdict->behaviour = Verdict::kFail;
      verdict->reason = run.divergence ? Told(*run.divergence) : run.reason;
      return;
    case ScenarioRun::End::kUnsupported:
      verdict->behaviour = Verdict::kUnsupported;
      break;
    case ScenarioRun::End::kNotRun:
      verdict->behaviour = Verdict::kNotRun;
      break;
    case ScenarioRun::End::kHarnessError:
    case ScenarioRun::End::kTooEarlyToSee:
      verdict->behaviour = Verdict::kHarnessError;
      break;
  }
  verdict->reason = run.reason;
}

// What the oracle's run says against judging by this scenario; empty: nothing. An oracle that lacks
// something, or a machine that does, says nothing against it.
std::string Uncertified(const ScenarioVerdict& verdict, const ScenarioRun& oracle) {
  switch (oracle.end) {
    case ScenarioRun::End::kDiverged:
      return oracle.divergence ? Told(*oracle.divergence) : oracle.reason;
    case ScenarioRun::End::kHarnessError:
    case ScenarioRun::End::kTooEarlyToSee:
      return oracle.reason;
    case ScenarioRun::End::kCompleted:
      // Who is clean where the oracle is not has done nothing wrong.
      return verdict.cleanliness == Verdict::kFail ? UncleanText(oracle) : "";
    case ScenarioRun::End::kUnsupported:
    case ScenarioRun::End::kNotRun:
      return "";
  }
  CHECK(false);
}

bool UncleanMatches(const ScenarioRun& run, const std::string& reason) {
  if (MatchesText(reason, UncleanText(run))) return true;
  // Every item, so that an entry for one leak does not hide another.
  return std::all_of(run.unclean.begin(), run.unclean.end(),
                     [&](const std::string& item) { return MatchesText(reason, item); });
}

// Something was wrong, of this kind: is it what the entry says? `part` is the part of the verdict
// that it is about.
void ApplyToFailure(ExpectedEntry* entry, ExpectedKind came, bool matches,
                    const std::string& actual, Verdict* part, std::string* reason) {
  if (entry->kind == came && matches) {
    *part = Verdict::kExpectedFail;
    entry->matched = true;
    return;
  }
  entry->unsettled = true;
  *reason = fmt::format("expected {} {}, {} {}", Infinitive(entry->kind), entry->reason,
                        PastTense(came), actual);
}

// The scenario came to its end.
void ApplyToCompleted(ExpectedEntry* entry, ScenarioVerdict* verdict) {
  const std::string unexpected =
      fmt::format("expected {} {}, passed", Infinitive(entry->kind), entry->reason);
  switch (entry->kind) {
    case ExpectedKind::kNotRun:
      // Another machine may lack what this one has.
      entry->unsettled = true;
      return;
    case ExpectedKind::kUnsupported:
      // What it now has is no surprise to its users; in a full run the entry is stale.
      entry->passed = true;
      return;
    case ExpectedKind::kFail:
    case ExpectedKind::kCrash:
    case ExpectedKind::kHang: {
      entry->passed = true;
      verdict->expected = entry;
      verdict->behaviour = Verdict::kUnexpectedPass;
      const std::string unclean = std::exchange(verdict->reason, unexpected);
      if (!unclean.empty()) Add(&verdict->reason, unclean);
      return;
    }
    case ExpectedKind::kUnclean:
      verdict->expected = entry;
      if (verdict->cleanliness == Verdict::kPass) {
        entry->passed = true;
        verdict->cleanliness = Verdict::kUnexpectedPass;
        verdict->reason = unexpected;
        return;
      }
      ApplyToFailure(entry, ExpectedKind::kUnclean, UncleanMatches(verdict->run, entry->reason),
                     UncleanText(verdict->run), &verdict->cleanliness, &verdict->reason);
      return;
  }
}

void Apply(ExpectedEntry* entry, ScenarioVerdict* verdict) {
  const bool selected =
      verdict->not_run != NotRun::kFiltered && verdict->not_run != NotRun::kInterrupted;
  const auto lacks = [&](ExpectedKind kind) {
    if (selected && entry->kind == kind && MatchesText(entry->reason, verdict->reason)) {
      verdict->expected = entry;
      entry->matched = true;
    } else {
      entry->unsettled = true;
    }
  };
  switch (verdict->behaviour) {
    case Verdict::kUnsupported:
      lacks(ExpectedKind::kUnsupported);
      return;
    case Verdict::kNotRun:
      lacks(ExpectedKind::kNotRun);
      return;
    case Verdict::kHarnessError:
      entry->unsettled = true;
      return;
    case Verdict::kPass:
      ApplyToCompleted(entry, verdict);
      return;
    default:
      break;
  }
  if (!verdict->run.divergence) {
    entry->unsettled = true;
    return;
  }
  const Divergence& divergence = *verdict->run.divergence;
  verdict->expected = entry;
  ApplyToFailure(entry, KindOf(divergence), MatchesText(entry->reason, divergence.actual),
                 divergence.actual, &verdict->behaviour, &verdict->reason);
}

// `text` with "19.87ms" and "12.0 ms" made "...ms", and addresses "0x…" or, where they are written as a number, "…": they
// differ between runs of one and the same failure.
std::string WithoutTimesAndAddresses(std::string_view text) {
  const auto digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!digit(at)) {
      out += text[at++];
      continue;
    }
    std::size_t end = at;
    while (digit(end) || (end < text.size() && text[end] == '.' && digit(end + 1))) ++end;
    constexpr std::size_t kDigitsOfAnAddress = 12;
    const bool is_address = end - at >= kDigitsOfAnAddress && text.substr(at, end - at).find('.') == std::string_view::npos;
    if (text.substr(at, 2) == "0x") {
      at = std::min(text.find_first_not_of("0123456789abcdef", at + 2), text.size());
      out += "0x…";
      continue;
    }
    if (is_address) {
      out += "…";
      at = end;
      continue;
    }
    const std::size_t unit = end < text.size() && text[end] == ' ' ? end + 1 : end;
    if (text.substr(unit, 2) == "ms") {
      out += "...ms";
      at = unit + 2;
    } else {
      out += text.substr(at, end - at);
      at = end;
    }
  }
  return out;
}

// "acquire(timeout=0)" for "s.acquire(timeout=0)": how the object is called is the scenario's own
// affair. Names of types stay.
std::string_view WithoutObject(std::string_view operation) {
  const std::size_t end = operation.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_");
  const bool object = end != 0 && end != std::string_view::npos && operation[end] == '.';
  return object ? operation.substr(end + 1) : operation;
}

bool Failed(const ScenarioVerdict& verdict) { return verdict.Overall() == Verdict::kFail; }

bool WasInterrupted(const ScenarioVerdict& verdict) {
  // A run whose time was over was not interrupted: the rest of it is not run, as asked for.
  return verdict.not_run == NotRun::kInterrupted && verdict.reason == "interrupted";
}

// Whether an implementation was to be judged and was not, in all of what was selected.
bool NothingJudged(const Counts& counts) {
  return counts.judged() == 0 && counts.unsupported + counts.not_run > 0;
}

}  // namespace

const char* ToText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kExpectedFail:
      return "expected_fail";
    case Verdict::kUnexpectedPass:
      return "unexpected_pass";
    case Verdict::kUnsupported:
      return "unsupported";
    case Verdict::kNotRun:
      return "not_run";
    case Verdict::kHarnessError:
      return "harness_error";
  }
  CHECK(false);
}

Verdict ScenarioVerdict::Overall() const {
  return Badness(cleanliness) > Badness(behaviour) ? cleanliness : behaviour;
}

ExpectedKind KindOf(const Divergence& divergence) {
  const std::string& actual = divergence.actual;
  if (StartsWith(actual, "died")) return ExpectedKind::kCrash;
  // A process that exits within a call is gone as well; one that was to end, and did so with
  // another status, is not.
  const bool was_to_end =
      StartsWith(divergence.expected, "exited") || StartsWith(divergence.expected, "died");
  if (StartsWith(actual, "exited") && !was_to_end) return ExpectedKind::kCrash;
  if (StartsWith(actual, "-> blocked") || StartsWith(actual, "no answer"))
    return ExpectedKind::kHang;
  return ExpectedKind::kFail;
}

std::string UncleanText(const ScenarioRun& run) {
  std::string out;
  for (const std::string& item : run.unclean) Add(&out, item);
  return out;
}

bool IsWorse(Verdict a, Verdict b) { return Badness(a) > Badness(b); }

ScenarioVerdict Judge(RunnerResult result, const Platform& platform, Expectations& expectations,
                      const ScenarioRun* oracle, const std::string& oracle_name) {
  CHECK(result.scenario != nullptr);
  ScenarioVerdict verdict;
  verdict.scenario = result.scenario;
  verdict.run = std::move(result.run);
  verdict.not_run = result.not_run;
  SetParts(&verdict);
  const bool ran = verdict.behaviour == Verdict::kPass || verdict.behaviour == Verdict::kFail;
  if (ran && oracle != nullptr) {
    const std::string against = Uncertified(verdict, *oracle);
    if (!against.empty()) {
      verdict.behaviour = Verdict::kHarnessError;
      verdict.cleanliness = Verdict::kNotRun;
      verdict.reason = fmt::format("not certified here: the oracle{}{}: {}",
                                   oracle_name.empty() ? "" : " ", oracle_name, against);
    }
  }
  // What an implementation or a machine lacks, and how an implementation behaves, are two
  // questions: a pattern for all that needs an interpreter must not stand before what fails among
  // it.
  const bool lacking =
      verdict.behaviour == Verdict::kUnsupported || verdict.behaviour == Verdict::kNotRun;
  const std::string& name = verdict.scenario->name;
  if (ExpectedEntry* entry = expectations.Find(name, platform, Concern::kConduct)) {
    if (lacking)
      entry->unsettled = true;
    else
      Apply(entry, &verdict);
  }
  if (ExpectedEntry* entry = lacking ? expectations.Find(name, platform, Concern::kLack, verdict.reason) : nullptr) Apply(entry, &verdict);
  for (ExpectedEntry* entry : expectations.Covering(name, platform, Concern::kLack)) {
    // Of an implementation that lacks one thing it is not told whether it lacks another.
    if (lacking && entry->kind == ExpectedKind::kUnsupported) continue;
    if (verdict.behaviour == Verdict::kPass)
      ApplyToCompleted(entry, &verdict);
    else
      entry->unsettled = true;
  }
  return verdict;
}

void Counts::Add(const ScenarioVerdict& verdict) {
  switch (verdict.Overall()) {
    case Verdict::kPass:
      ++pass;
      break;
    case Verdict::kFail:
      ++fail;
      break;
    case Verdict::kExpectedFail:
      ++expected_fail;
      break;
    case Verdict::kUnexpectedPass:
      ++unexpected_pass;
      break;
    case Verdict::kUnsupported:
      ++unsupported;
      break;
    case Verdict::kNotRun:
      ++(verdict.not_run == NotRun::kFiltered ? not_selected : not_run);
      break;
    case Verdict::kHarnessError:
      ++harness_error;
      break;
  }
}

Counts ImplementationReport::Count() const {
  Counts counts;
  for (const ScenarioVerdict& verdict : verdicts) counts.Add(verdict);
  return counts;
}

bool AnyCutShort(const std::vector<ScenarioVerdict>& verdicts) {
  return std::any_of(verdicts.begin(), verdicts.end(), [](const ScenarioVerdict& verdict) {
    return verdict.not_run == NotRun::kInterrupted;
  });
}

bool IsSurprise(const ScenarioVerdict& verdict) {
  const Verdict overall = verdict.Overall();
  const bool lacks = overall == Verdict::kUnsupported || (overall == Verdict::kNotRun && verdict.not_run != NotRun::kFiltered);
  return lacks && verdict.expected == nullptr && !WasInterrupted(verdict);
}

void AddRound(ScenarioVerdict* kept, ScenarioVerdict next) {
  if (next.not_run == NotRun::kInterrupted) return;
  if (kept->not_run == NotRun::kInterrupted) {
    *kept = std::move(next);
    return;
  }
  const int rounds = kept->rounds + 1;
  const Verdict was = kept->Overall();
  const Verdict is = next.Overall();
  if (is != was && IsWorse(is, was)) {
    *kept = std::move(next);
    kept->rounds_alike = 1;
  } else if (is == was) {
    ++kept->rounds_alike;
  }
  kept->rounds = rounds;
}

std::string RoundsText(const ScenarioVerdict& verdict) {
  return verdict.rounds_alike == verdict.rounds ? "" : fmt::format("in {} of {} rounds", verdict.rounds_alike, verdict.rounds);
}

std::string ReasonText(const ScenarioVerdict& verdict) {
  const std::string rounds = RoundsText(verdict);
  return rounds.empty() ? verdict.reason : verdict.reason + "; " + rounds;
}

std::string SurpriseText(const ScenarioVerdict& verdict) {
  return fmt::format("{}, which no expectation lists: {}", ToText(verdict.Overall()), verdict.reason);
}

std::vector<std::string> ImplementationReport::FurtherStale() const {
  std::vector<std::string> further;
  for (const std::string& line : stale) {
    const bool told = std::any_of(verdicts.begin(), verdicts.end(), [&](const ScenarioVerdict& verdict) {
      return verdict.Overall() == Verdict::kUnexpectedPass && verdict.expected != nullptr &&
             line.starts_with(verdict.expected->place + ": ");
    });
    if (!told) further.push_back(line);
  }
  return further;
}

bool HasSurprises(const std::vector<ScenarioVerdict>& verdicts) { return std::any_of(verdicts.begin(), verdicts.end(), IsSurprise); }

int ExitStatus(const RunReport& report) {
  bool interrupted = report.interrupted;
  bool harness_error = false;
  bool diverged = false;
  bool missing = false;
  bool stale = false;
  int judged = 0;
  for (const ImplementationReport& one : report.implementations) {
    const Counts counts = one.Count();
    interrupted =
        interrupted || std::any_of(one.verdicts.begin(), one.verdicts.end(), WasInterrupted);
    harness_error = harness_error || counts.harness_error > 0 || one.NeverStarted();
    if (one.only_oracle) {
      harness_error = harness_error || counts.fail > 0;
    } else {
      diverged = diverged || counts.fail > 0;
      stale = stale || counts.unexpected_pass > 0 || !one.stale.empty();
    }
    missing = missing || NothingJudged(counts) ||
              (report.strict && !one.only_oracle && (one.surprises || HasSurprises(one.verdicts)));
    judged += counts.judged();
  }
  if (interrupted) return 130;
  if (harness_error) return 3;
  if (diverged) return 1;
  if (stale) return 5;
  return missing || judged == 0 ? 4 : 0;
}

std::string FailureTitle(const ScenarioVerdict& verdict) {
  const bool diverged = verdict.behaviour == Verdict::kFail ||
                        (verdict.behaviour == Verdict::kExpectedFail && verdict.cleanliness != Verdict::kFail);
  if (diverged && verdict.run.divergence) {
    const Divergence& divergence = *verdict.run.divergence;
    const std::string operation(WithoutObject(divergence.operation));
    if (divergence.actual.starts_with("died ") || divergence.actual.starts_with("exited ")) {
      const std::size_t arguments = operation.find('(');
      const std::string name = arguments == std::string::npos ? operation : operation.substr(0, arguments) + "(…)";
      return fmt::format("{}: expected {}, got {}", name, divergence.expected.starts_with("-> ") ? "an answer" : divergence.expected,
                         divergence.actual);
    }
    return fmt::format("{}: expected {}, got {}", operation, divergence.expected, WithoutTimesAndAddresses(divergence.actual));
  }
  if (verdict.Overall() == Verdict::kHarnessError || verdict.run.unclean.empty()) return verdict.reason;
  std::string title;
  // What is left differs from scenario to scenario; that something of the kind is, does not.
  for (const std::string& item : verdict.run.unclean) {
    const std::string kind = item.substr(0, item.find(": "));
    if (title.find(kind) == std::string::npos) Add(&title, kind);
  }
  return title;
}

std::vector<FailureGroup> GroupFailures(const ImplementationReport& report) {
  std::vector<FailureGroup> groups;
  std::map<std::string, std::size_t> places;
  for (const ScenarioVerdict& verdict : report.verdicts) {
    if (!Failed(verdict)) continue;
    const std::string title = FailureTitle(verdict);
    const auto [place, is_new] = places.emplace(title, groups.size());
    if (is_new) groups.push_back(FailureGroup{title, {}});
    groups[place->second].verdicts.push_back(&verdict);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const FailureGroup& a, const FailureGroup& b) {
    return a.verdicts.size() > b.verdicts.size();
  });
  return groups;
}

}  // namespace lockstep
