// SPDX-License-Identifier: MIT
#include "reports/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "harness/verdict/expectations_update.h"
#include "reports/text.h"
#include "reports/transcript_view.h"

namespace lockstep::reports {
namespace {

constexpr std::size_t kNamesOfAGroup = 12;   // of the scenarios that are not told in full
constexpr std::size_t kGroupsRanked = 10;    // what to fix first is not everything
constexpr std::size_t kOutputHead = 8;       // lines of what an adapter printed: its first words
constexpr std::size_t kOutputTail = 16;      // and its last
constexpr std::size_t kTranscriptRows = 40;  // of a long scenario
constexpr std::size_t kLabelWidth = 11;      // "     where " …
constexpr std::size_t kReasonsShown = 8;

// ANSI's select-graphic-rendition codes.
constexpr const char* kBold = "1";
constexpr const char* kDim = "2";
constexpr const char* kRed = "31";
constexpr const char* kBoldRed = "1;31";
constexpr const char* kGreen = "32";
constexpr const char* kYellow = "33";

using Names = std::vector<std::string>;

// Names by what is said of them, most first.
std::vector<std::pair<std::string, Names>> Ranked(std::map<std::string, Names> groups) {
  std::vector<std::pair<std::string, Names>> out(groups.begin(), groups.end());
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  return out;
}

// A count stays with what it counts.
std::vector<std::string> WrappedAtCommas(const std::string& text, std::size_t width) {
  std::vector<std::string> out = {""};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = text.find(", ", at);
    const std::size_t end = comma == std::string::npos ? text.size() : comma + 2;
    const std::string part = text.substr(at, end - at);
    if (!out.back().empty() && WidthOf(out.back() + part) > width + 1) {
      out.back().pop_back();
      out.emplace_back();
    }
    out.back() += part;
    at = end;
  }
  return out;
}

class Writer {
 public:
  Writer(const RunReport& report, const TerminalOptions& options, std::ostream& out)
      : report_(report), options_(options), out_(out), oracle_(OracleOf(report)) {}

  void Write() {
    WriteEnvironment();
    WriteSummary();
    for (const ImplementationReport& one : report_.implementations) WriteDetails(one);
    if (!report_.notes.empty()) out_ << '\n';
    for (const std::string& note : report_.notes) WriteIndented(note, "", "  ");
  }

 private:
  std::string Paint(const char* code, const std::string& text) const {
    return options_.color && !text.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }
  void Line(const char* code, const std::string& text) { out_ << Paint(code, text) << '\n'; }

  // Wrapped to the width, with `first` before the first line and `rest` before the others.
  void WriteIndented(const std::string& text, const std::string& first, const std::string& rest) {
    const std::size_t indent = std::max(WidthOf(first), WidthOf(rest));
    const std::size_t width = options_.width > indent + 20 ? options_.width - indent : 20;
    bool is_first = true;
    for (const std::string& line : Wrapped(Printable(text), width)) {
      out_ << (is_first ? first : rest) << line << '\n';
      is_first = false;
    }
  }

  // "     where p: idle", further lines below the text.
  void WriteLabelled(const char* label, const std::string& text) {
    WriteIndented(text, fmt::format("{:>{}} ", label, kLabelWidth - 1),
                  std::string(kLabelWidth, ' '));
  }

  // --- What was run -----------------------------------------------------------------------------

  void WriteEnvironment() {
    std::string text;
    for (const auto& [key, value] : report_.environment)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, value);
    if (text.empty()) return;
    WriteIndented(text, "", "");
    out_ << '\n';
  }

  void WriteSummary() {
    std::size_t name_width = 0;
    std::size_t version_width = 0;
    std::size_t wall_width = 0;
    for (const ImplementationReport& one : report_.implementations) {
      name_width = std::max(name_width, WidthOf(Printable(one.name)));
      version_width = std::max(version_width, WidthOf(VersionOf(one)));
      wall_width = std::max(wall_width, DurationText(one.wall).size());
    }
    for (const ImplementationReport& one : report_.implementations) {
      std::string intro = Padded(Printable(one.name), name_width + 2);
      if (version_width > 0) intro += Padded(VersionOf(one), version_width + 2);
      intro += fmt::format("{:>{}}  ", DurationText(one.wall), wall_width);
      const std::size_t indent = WidthOf(intro);
      const std::size_t width = options_.width > indent + 20 ? options_.width - indent : 20;
      for (const std::string& line : WrappedAtCommas(SummaryOf(one), width)) {
        out_ << std::exchange(intro, std::string(indent, ' ')) << Paint(SummaryColor(one), line)
             << '\n';
      }
    }
  }

  static std::string VersionOf(const ImplementationReport& one) {
    return one.introduction.hello ? Printable(one.introduction.hello->version) : "";
  }

  std::string SummaryOf(const ImplementationReport& one) const {
    if (one.NeverStarted()) return "could not be started";
    const Counts counts = one.Count();
    std::string text = CountsText(counts);
    return &one == oracle_ ? text + " (oracle)" : text;
  }

  static const char* SummaryColor(const ImplementationReport& one) {
    const Counts counts = one.Count();
    if (one.NeverStarted() || counts.fail + counts.harness_error > 0) return kBoldRed;
    const bool odd = counts.unexpected_pass > 0 || !one.stale.empty() || counts.judged() == 0;
    return odd ? kYellow : kGreen;
  }

  // --- One implementation -----------------------------------------------------------------------

  void WriteDetails(const ImplementationReport& one) {
    const Counts counts = one.Count();
    const bool told = counts.fail + counts.expected_fail + counts.unexpected_pass +
                              counts.unsupported + counts.not_run + counts.harness_error >
                          0 ||
                      !one.FurtherStale().empty() || one.NeverStarted();
    if (!told && !(options_.verbose && !one.note.empty())) return;
    const std::string title = fmt::format("== {} ", Printable(one.name));
    out_ << '\n';
    Line(kBold,
         title + std::string(options_.width > WidthOf(title) ? options_.width - WidthOf(title) : 0,
                             '='));
    if (!one.note.empty() && options_.verbose) WriteIndented(one.note, "", "");
    WriteHarnessErrors(one);
    WriteFailures(one);
    WriteUnexpectedPasses(one);
    WriteExpectedFailures(one);
    WriteLacking(one, Verdict::kUnsupported, "unsupported");
    WriteLacking(one, Verdict::kNotRun, "not_run");
    WriteStale(one);
    WriteNotes(one);
  }

  void Heading(const char* code, const std::string& text) {
    out_ << '\n';
    bool first = true;
    for (const std::string& line :
         Wrapped(Printable(text), options_.width > 22 ? options_.width - 2 : 20)) {
      Line(code, (first ? "" : "  ") + line);
      first = false;
    }
  }

  void WriteFailures(const ImplementationReport& one) {
    const std::vector<FailureGroup> groups = GroupFailures(one);
    if (groups.empty()) return;
    if (groups.size() > 1) WriteRanking(groups);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      WriteGroup(one, groups[i], groups.size() > 1 ? fmt::format("[{}]", i + 1) : "fix first:");
    }
  }

  void WriteRanking(const std::vector<FailureGroup>& groups) {
    Heading(kBold, "fix first:");
    const bool all = options_.verbose || groups.size() <= kGroupsRanked + 1;
    const std::size_t shown = all ? groups.size() : kGroupsRanked;
    // The first group is the largest, the last number the widest.
    const std::size_t width = Counted(groups.front().verdicts.size(), "scenario").size();
    const std::size_t digits = std::to_string(shown).size();
    for (std::size_t i = 0; i < shown; ++i) {
      const std::string number = fmt::format("[{}]", i + 1);
      const std::string intro = fmt::format("  {:>{}} {:>{}}  ", number, digits + 2,
                                            Counted(groups[i].verdicts.size(), "scenario"), width);
      WriteIndented(groups[i].title, intro, std::string(intro.size(), ' '));
    }
    if (all) return;
    out_ << fmt::format("  and {} below\n", Counted(groups.size() - shown, "more group"));
  }

  void WriteGroup(const ImplementationReport& one, const FailureGroup& group,
                  const std::string& intro) {
    Heading(kBoldRed, fmt::format("{} {}, {}", intro, group.title,
                                  Counted(group.verdicts.size(), "scenario")));
    const std::size_t shown =
        options_.verbose
            ? group.verdicts.size()
            : std::min(group.verdicts.size(), std::max<std::size_t>(options_.shown_of_a_group, 1));
    for (std::size_t i = 0; i < shown; ++i) WriteFailure(one, *group.verdicts[i]);
    Names others;
    for (std::size_t i = shown; i < group.verdicts.size(); ++i)
      others.push_back(group.verdicts[i]->scenario->name);
    if (others.empty()) return;
    out_ << '\n';
    WriteIndented("also: " + Listed(others), "  ", "        ");
  }

  // "a, b, c and 9 more (--verbose tells all)".
  std::string Listed(const Names& names) const {
    std::string out;
    const std::size_t shown =
        options_.verbose || names.size() <= kNamesOfAGroup + 1 ? names.size() : kNamesOfAGroup;
    for (std::size_t i = 0; i < shown; ++i) out += (i == 0 ? "" : ", ") + names[i];
    if (shown < names.size())
      out += fmt::format(" and {} more (--verbose tells all)", names.size() - shown);
    return out;
  }

  void WriteFailure(const ImplementationReport& one, const ScenarioVerdict& verdict) {
    const Scenario& scenario = *verdict.scenario;
    out_ << "\n  " << Paint(kBold, Printable(scenario.name)) << '\n';
    WriteIndented(scenario.says, "  ", "  ");
    out_ << '\n';
    WriteTranscript(one, verdict);
    out_ << '\n';
    if (verdict.expected != nullptr) {
      WriteLabelled("entry", fmt::format("{}: {}", verdict.expected->place, verdict.reason));
    }
    if (const std::string rounds = RoundsText(verdict); !rounds.empty()) WriteLabelled("fails", rounds);
    WriteCircumstances(verdict);
    WriteLabelled("rule", scenario.source);
    const auto& divergence = verdict.run.divergence;
    const int line = divergence && divergence->position.line != 0 ? divergence->position.line : scenario.line;
    WriteLabelled("place", fmt::format("{}:{}", scenario.file, line));
    WriteRerun(one, verdict);
  }

  // Never wrapped: it is there to be copied.
  void WriteRerun(const ImplementationReport& one, const ScenarioVerdict& verdict) {
    out_ << fmt::format("{:>{}} ", "rerun", kLabelWidth - 1) << RerunCommand(one, verdict) << '\n';
  }

  void WriteTranscript(const ImplementationReport& one, const ScenarioVerdict& verdict) {
    const ScenarioRun* oracle =
        oracle_ == nullptr || oracle_ == &one ? nullptr : RunOf(*oracle_, verdict.scenario->name);
    TranscriptLayout layout;
    layout.width = options_.width;
    layout.oracle_name = oracle == nullptr || oracle->trace.empty() ? "" : oracle_->name;
    layout.most_rows = options_.verbose ? 0 : kTranscriptRows;
    const auto rows = TranscriptOf(verdict, oracle, one.introduction.platform);
    for (const TranscriptLine& line : LayOut(rows, layout)) {
      switch (line.style) {
        case TranscriptLine::Style::kDiverged:
          Line(kRed, line.text);
          break;
        case TranscriptLine::Style::kHeading:
        case TranscriptLine::Style::kNotReached:
        case TranscriptLine::Style::kNote:
          Line(kDim, line.text);
          break;
        case TranscriptLine::Style::kPlain:
          out_ << line.text << '\n';
          break;
      }
    }
  }

  // Where everybody was, what was left and what was printed.
  void WriteCircumstances(const ScenarioVerdict& verdict) {
    const char* label = "where";
    for (const std::string& line : verdict.run.whereabouts)
      WriteLabelled(std::exchange(label, ""), line);
    label = "left";
    for (const std::string& item : verdict.run.unclean)
      WriteLabelled(std::exchange(label, ""), item);
    if (verdict.run.repeats > 1) WriteLabelled("repeats", fmt::format("{}", verdict.run.repeats));
    std::string output = verdict.run.output;
    while (!output.empty() && output.back() == '\n') output.pop_back();
    if (output.empty()) return;
    std::vector<std::string> lines = Wrapped(
        Printable(output), options_.width > kLabelWidth + 20 ? options_.width - kLabelWidth : 20);
    const bool whole = options_.verbose || lines.size() <= kOutputHead + kOutputTail;
    label = "output";
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!whole && i == kOutputHead) {
        i = lines.size() - kOutputTail;
        WriteLabelled("", fmt::format("({} here)", Counted(i - kOutputHead, "line")));
      }
      out_ << fmt::format("{:>{}} ", std::exchange(label, ""), kLabelWidth - 1) << lines[i] << '\n';
    }
  }

  // --- Everything that did not fail -------------------------------------------------------------

  void WriteHarnessErrors(const ImplementationReport& one) {
    std::map<std::string, std::vector<const ScenarioVerdict*>> groups;
    std::size_t count = 0;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (verdict.Overall() != Verdict::kHarnessError) continue;
      groups[verdict.reason].push_back(&verdict);
      ++count;
    }
    if (one.NeverStarted()) {
      Heading(kBoldRed, "could not be started: " + one.introduction.failure);
    }
    if (count == 0) return;
    Heading(kBoldRed, fmt::format("harness_error, {}: the harness or the adapter failed, which "
                                  "says nothing of the implementation",
                                  Counted(count, "scenario")));
    for (const auto& [reason, verdicts] : groups) {
      out_ << '\n';
      WriteIndented(reason, "  ", "  ");
      Names names;
      for (const ScenarioVerdict* verdict : verdicts) names.push_back(verdict->scenario->name);
      WriteLabelled("in", Listed(names));
      WriteCircumstances(*verdicts.front());
      WriteRerun(one, *verdicts.front());
    }
  }

  void WriteUnexpectedPasses(const ImplementationReport& one) {
    std::vector<const ScenarioVerdict*> passes;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (verdict.Overall() == Verdict::kUnexpectedPass) passes.push_back(&verdict);
    }
    if (passes.empty()) return;
    Heading(kYellow, fmt::format("unexpected_pass, {}: fixed? Then remove the entries",
                                 Counted(passes.size(), "scenario")));
    for (const ScenarioVerdict* verdict : passes) {
      const std::string place = verdict->expected == nullptr ? "" : verdict->expected->place + ": ";
      WriteIndented(verdict->scenario->name, "  ", "    ");
      WriteIndented(place + verdict->reason, "    ", "    ");
    }
  }

  void WriteExpectedFailures(const ImplementationReport& one) {
    // By entry, in the order of the catalogue.
    std::vector<std::pair<const ExpectedEntry*, Names>> groups;
    std::size_t count = 0;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (verdict.Overall() != Verdict::kExpectedFail || verdict.expected == nullptr) continue;
      ++count;
      const auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
        return group.first == verdict.expected;
      });
      auto& group = found == groups.end() ? groups.emplace_back(verdict.expected, Names()) : *found;
      group.second.push_back(verdict.scenario->name);
    }
    if (count == 0) return;
    const auto unexplained = std::count_if(groups.begin(), groups.end(), [](const auto& group) {
      return group.first->why.starts_with(kUnexplained);
    });
    Heading(kBold, fmt::format("expected_fail, {}, known by {}{}{}", Counted(count, "scenario"),
                               groups.size() == 1 ? "1 entry" : fmt::format("{} entries", groups.size()),
                               unexplained == 0 ? "" : fmt::format(", {} of them not explained yet", unexplained),
                               options_.verbose ? ":" : " (--verbose tells them)"));
    if (!options_.verbose) return;
    for (const auto& [entry, names] : groups) {
      WriteIndented(entry->why, fmt::format("  {:>4}  ", names.size()), "        ");
      if (!entry->link.empty()) WriteIndented(entry->link, "        ", "        ");
      WriteIndented(Listed(names), "        ", "        ");
    }
  }

  void WriteLacking(const ImplementationReport& one, Verdict which, const std::string& title) {
    std::map<std::string, Names> by_reason;
    std::size_t count = 0;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (verdict.Overall() != which || verdict.not_run == NotRun::kFiltered) continue;
      by_reason[verdict.reason + (verdict.expected == nullptr ? "" : " (expected)")].push_back(
          verdict.scenario->name);
      ++count;
    }
    if (count == 0) return;
    const auto groups = Ranked(std::move(by_reason));
    Heading(kBold, fmt::format("{}, {}:", title, Counted(count, "scenario")));
    const std::size_t shown =
        options_.verbose || groups.size() <= kReasonsShown + 1 ? groups.size() : kReasonsShown;
    for (std::size_t i = 0; i < shown; ++i) {
      WriteIndented(groups[i].first, fmt::format("  {:>4}  ", groups[i].second.size()), "        ");
      if (options_.verbose) WriteIndented(Listed(groups[i].second), "        ", "        ");
    }
    if (shown < groups.size())
      out_ << fmt::format("        and {} more (--verbose tells all)\n",
                          Counted(groups.size() - shown, "reason"));
  }

  void WriteStale(const ImplementationReport& one) {
    const std::vector<std::string> stale = one.FurtherStale();
    if (stale.empty()) return;
    Heading(kYellow, fmt::format("stale, {}:", Counted(stale.size(), "expectation")));
    for (const std::string& line : stale) WriteIndented(line, "  ", "    ");
  }

  // How surely calls were seen blocked, where it was not for certain.
  void WriteNotes(const ImplementationReport& one) {
    std::map<std::string, Names> by_note;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      for (const TraceEntry& entry : verdict.run.trace) {
        const bool of_blocking = entry.outcome.find("blocked") != std::string::npos;
        Names& names = by_note[of_blocking ? entry.note : ""];
        if (names.empty() || names.back() != verdict.scenario->name)
          names.push_back(verdict.scenario->name);
      }
    }
    by_note.erase("");
    if (by_note.empty()) return;
    Heading(kBold, "blocked was not seen on the semaphore itself:");
    for (const auto& [note, names] : Ranked(std::move(by_note))) {
      WriteIndented(note, fmt::format("  {:>4}  ", names.size()), "        ");
      if (options_.verbose) WriteIndented(Listed(names), "        ", "        ");
    }
  }

  const RunReport& report_;
  const TerminalOptions& options_;
  std::ostream& out_;
  const ImplementationReport* const oracle_;
};

}  // namespace

void WriteTerminal(const RunReport& report, const TerminalOptions& options, std::ostream& out) {
  Writer(report, options, out).Write();
}

std::string CountsText(const Counts& counts) {
  std::string out = fmt::format("{} pass", counts.pass);
  const auto add = [&](int count, Verdict verdict) {
    if (count > 0) out += fmt::format(", {} {}", count, ToText(verdict));
  };
  add(counts.fail, Verdict::kFail);
  add(counts.expected_fail, Verdict::kExpectedFail);
  add(counts.unexpected_pass, Verdict::kUnexpectedPass);
  add(counts.unsupported, Verdict::kUnsupported);
  add(counts.not_run, Verdict::kNotRun);
  add(counts.harness_error, Verdict::kHarnessError);
  if (counts.not_selected > 0) out += fmt::format(", {} not for its version", counts.not_selected);
  return out;
}

std::string RerunCommand(const ImplementationReport& implementation, const ScenarioVerdict& verdict) {
  const std::string prefix = verdict.rerun_prefix == nullptr ? "./lockstep run" : *verdict.rerun_prefix;
  const std::string named = NamedInCommand(implementation.run_as, implementation.name);
  const std::string filter = " --filter " + ShellQuoted(verdict.scenario->name);
  // Whatever stands behind `--` belongs to the adapter.
  return named.starts_with(" -- ") ? prefix + filter + named : prefix + named + filter;
}

}  // namespace lockstep::reports
