// SPDX-License-Identifier: MIT
#include "reports/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "reports/markup.h"
#include "reports/terminal.h"
#include "reports/text.h"
#include "reports/transcript_view.h"

namespace lockstep::reports {
namespace {

constexpr std::size_t kMostRows = 100;         // of the table, and of withheld reasons
constexpr std::size_t kTranscriptRows = 40;    // as on a terminal
constexpr std::size_t kTranscriptWidth = 120;  // wider blocks are scrolled, not wrapped
constexpr std::size_t kMostOutput = 4000;      // bytes of what an adapter printed: its last

using Names = std::vector<std::string>;

// Groups by a text, in the order in which it first came.
template <class Item>
class Grouped {
 public:
  std::vector<Item>& operator[](const std::string& key) {
    const auto [place, is_new] = places_.emplace(key, groups_.size());
    if (is_new) groups_.emplace_back(key, std::vector<Item>());
    return groups_[place->second].second;
  }
  // Most first.
  const std::vector<std::pair<std::string, std::vector<Item>>>& Ranked() {
    std::stable_sort(groups_.begin(), groups_.end(), [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
    return groups_;
  }
  bool empty() const { return groups_.empty(); }

 private:
  std::map<std::string, std::size_t> places_;
  std::vector<std::pair<std::string, std::vector<Item>>> groups_;
};

std::string Circumstances(const ScenarioVerdict& verdict) {
  std::string text;
  for (const std::string& line : verdict.run.whereabouts) text += "where: " + OneLine(line) + "\n";
  for (const std::string& item : verdict.run.unclean) text += "left: " + OneLine(item) + "\n";
  if (text.size() > kMostOutput) text = text.substr(0, CharacterBefore(text, kMostOutput)) + " …\n";
  if (!verdict.run.output.empty()) text += "output:\n" + TailOf(verdict.run.output, kMostOutput);
  return text.empty() ? "" : MarkdownBlock(text, 3 * kMostOutput) + "\n";
}

class Writer {
 public:
  Writer(const Summary& summary, std::size_t most_bytes) : summary_(summary), page_(most_bytes), oracle_(OracleOf(summary.report)) {}

  std::string Write() {
    const bool withheld = !summary_.withheld.empty();
    const std::size_t cut_short = CutShort();
    const bool partial = !withheld && summary_.exit_status == 0 && cut_short > 0;
    page_.Head(fmt::format("## {} Lockstep: {}{}\n\n", partial ? "⚠️" : SignOf(summary_.exit_status, withheld),
                           withheld ? "withheld" : MeaningOf(summary_.exit_status),
                           partial ? fmt::format(", but {} not begun", Counted(cut_short, "scenario")) : ""));
    page_.Head(WithheldMarkdown(summary_.withheld));
    WriteEnvironment();
    WriteTable();
    WriteNotes();
    for (const ImplementationReport& one : summary_.report.implementations) WriteDetails(one);
    return page_.Take();
  }

 private:
  // What was not begun for want of time.
  std::size_t CutShort() const {
    std::size_t count = 0;
    for (const ImplementationReport& one : summary_.report.implementations)
      count += static_cast<std::size_t>(std::count_if(one.verdicts.begin(), one.verdicts.end(), [](const ScenarioVerdict& verdict) {
        return verdict.not_run == NotRun::kInterrupted;
      }));
    return count;
  }

  void WriteNotes() {
    for (const std::string& note : summary_.report.notes) page_.Piece("- " + MarkdownText(note, 1000) + "\n", "notes");
    if (!summary_.report.notes.empty()) page_.Piece("\n", "notes");
  }

  void WriteEnvironment() {
    std::string text = fmt::format("Status {}: {}.", summary_.exit_status, MeaningOf(summary_.exit_status));
    for (const auto& [key, value] : summary_.report.environment)
      text += fmt::format("{}{} {}", text.back() == '.' ? " " : ", ", MarkdownText(key, 50), MarkdownText(value, 200));
    page_.Head(text + "\n\n");
  }

  void WriteTable() {
    page_.Head(
        "| implementation | version | pass | fail | expected fail | unexpected pass | unsupported | not run | not for its version | "
        "harness error |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    const auto& all = summary_.report.implementations;
    for (std::size_t i = 0; i < all.size() && i < kMostRows; ++i) {
      const ImplementationReport& one = all[i];
      const Counts counts = one.Count();
      const std::string version = one.introduction.hello ? MarkdownText(one.introduction.hello->version, 50) : "";
      page_.Head(fmt::format("| {}{} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", MarkdownCode(one.name, 100),
                             &one == oracle_ ? " (oracle)" : "", one.NeverStarted() ? "could not be started" : version, counts.pass,
                             Loud(counts.fail), counts.expected_fail, Loud(counts.unexpected_pass), counts.unsupported, counts.not_run,
                             counts.not_selected, Loud(counts.harness_error)));
    }
    page_.Head("\n");
    if (all.size() > kMostRows) page_.Head(fmt::format("and {}\n\n", Counted(all.size() - kMostRows, "more implementation")));
  }

  // What nobody wants is not to be overlooked among zeros.
  static std::string Loud(int count) { return count == 0 ? "0" : fmt::format("**{}**", count); }

  void WriteDetails(const ImplementationReport& one) {
    title_ = fmt::format("### {}\n\n", MarkdownText(one.name, 100));
    WriteStart(one);
    WriteFailures(one);
    WriteHarnessErrors(one);
    WriteUnexpectedPasses(one);
    WriteStale(one);
    WriteExpectedFailures(one);
    WriteLacking(one, Verdict::kUnsupported, "unsupported");
    WriteLacking(one, Verdict::kNotRun, "not run");
  }

  // The implementation's heading comes before the first that there is to say of it.
  void Piece(const std::string& text, const std::string& what, const ImplementationReport& one) {
    page_.Piece(std::exchange(title_, "") + text, fmt::format("{} of {}", what, OneLine(one.name, 100)));
  }

  void WriteStart(const ImplementationReport& one) {
    if (!one.NeverStarted()) return;
    Piece(fmt::format("**It could not be started:**\n\n{}\n", MarkdownBlock(one.introduction.failure, 4000)), "failed starts", one);
  }

  void WriteFailures(const ImplementationReport& one) {
    const std::vector<FailureGroup> groups = GroupFailures(one);
    if (groups.empty()) return;
    Piece(fmt::format("**Fix first:** {} in {}, by the step at which they parted.\n\n",
                      Counted(static_cast<std::size_t>(one.Count().fail), "failure"), Counted(groups.size(), "group")),
          "headings", one);
    for (const FailureGroup& group : groups) {
      const ScenarioVerdict& shown = ShortestOf(group.verdicts);
      std::string body = FailureMarkdown(one, shown, oracle_);
      Names others;
      for (const ScenarioVerdict* verdict : group.verdicts) {
        if (verdict != &shown) others.push_back(verdict->scenario->name);
      }
      if (!others.empty()) body += "\nAlso: " + MarkdownNames(others) + "\n";
      Piece(MarkdownDetails(fmt::format("<b>{}</b>: {}", Counted(group.verdicts.size(), "scenario"), MarkdownCode(group.title)), body),
            "groups of failures", one);
    }
  }

  void WriteHarnessErrors(const ImplementationReport& one) {
    Grouped<const ScenarioVerdict*> groups;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (verdict.Overall() == Verdict::kHarnessError) groups[verdict.reason].push_back(&verdict);
    }
    if (groups.empty()) return;
    Piece("**Harness errors**, which say nothing of the implementation:\n\n", "headings", one);
    for (const auto& [reason, verdicts] : groups.Ranked()) {
      const ScenarioVerdict& shown = *verdicts.front();
      Names names;
      for (const ScenarioVerdict* verdict : verdicts) names.push_back(verdict->scenario->name);
      Piece(MarkdownDetails(fmt::format("<b>{}</b>: {}", Counted(verdicts.size(), "scenario"), MarkdownCode(reason)),
                            "In " + MarkdownNames(names) + "\n\n" + Circumstances(shown) + "Rerun:\n\n" +
                                MarkdownBlock(RerunCommand(one, shown), 2000)),
            "groups of harness errors", one);
    }
  }

  // `items` are lines of Markdown. What is to be acted on is open, the rest is a click away.
  void WriteList(const ImplementationReport& one, const std::string& title, const std::vector<std::string>& items, bool open) {
    if (items.empty()) return;
    constexpr std::size_t kMostItems = 50;
    std::string body;
    for (std::size_t i = 0; i < items.size() && i < kMostItems; ++i) body += "- " + items[i] + "\n";
    if (items.size() > kMostItems) body += fmt::format("- and {} more\n", items.size() - kMostItems);
    Piece(open ? fmt::format("**{}**\n\n{}\n", title, body) : MarkdownDetails(title, body), "lists", one);
  }

  void WriteUnexpectedPasses(const ImplementationReport& one) {
    std::vector<std::string> items;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (verdict.Overall() != Verdict::kUnexpectedPass) continue;
      const std::string entry = verdict.expected == nullptr ? "" : " (" + MarkdownCode(verdict.expected->place) + ")";
      items.push_back(fmt::format("{}: {}{}", MarkdownCode(verdict.scenario->name, 200), MarkdownText(verdict.reason), entry));
    }
    WriteList(one, fmt::format("{}: fixed? Then remove the entries.", Passes(items.size())), items, true);
  }

  static std::string Passes(std::size_t count) { return fmt::format("{} unexpected {}", count, count == 1 ? "pass" : "passes"); }

  void WriteStale(const ImplementationReport& one) {
    std::vector<std::string> items;
    for (const std::string& line : one.FurtherStale()) items.push_back(MarkdownCode(line));
    WriteList(one, Counted(items.size(), "stale expectation"), items, true);
  }

  void WriteExpectedFailures(const ImplementationReport& one) {
    Grouped<std::string> groups;
    std::size_t count = 0;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (verdict.Overall() != Verdict::kExpectedFail || verdict.expected == nullptr) continue;
      const std::string& link = verdict.expected->link;
      groups[MarkdownText(verdict.expected->why) + (link.empty() ? "" : " " + MarkdownCode(link))].push_back(verdict.scenario->name);
      ++count;
    }
    std::vector<std::string> items;
    for (const auto& [why, names] : groups.Ranked()) items.push_back(fmt::format("{}: {}", names.size(), why));
    WriteList(one, fmt::format("{}, known", Counted(count, "expected failure")), items, false);
  }

  void WriteLacking(const ImplementationReport& one, Verdict which, const std::string& title) {
    Grouped<std::string> groups;
    std::size_t count = 0;
    for (const ScenarioVerdict& verdict : one.verdicts) {
      if (verdict.Overall() != which || verdict.not_run == NotRun::kFiltered) continue;
      groups[MarkdownText(verdict.reason) + (verdict.expected == nullptr ? "" : " (expected)")].push_back(verdict.scenario->name);
      ++count;
    }
    std::vector<std::string> items;
    for (const auto& [reason, names] : groups.Ranked()) items.push_back(fmt::format("{}: {}", names.size(), reason));
    WriteList(one, fmt::format("{}, {}", Counted(count, "scenario"), title), items, false);
  }

  const Summary& summary_;
  MarkdownPage page_;
  const ImplementationReport* const oracle_;
  std::string title_;
};

}  // namespace

std::string Markdown(const Summary& summary, std::size_t most_bytes) { return Writer(summary, most_bytes).Write(); }

std::string FailureMarkdown(const ImplementationReport& one, const ScenarioVerdict& verdict, const ImplementationReport* oracle) {
  const Scenario& scenario = *verdict.scenario;
  const ScenarioRun* beside = oracle == nullptr || oracle == &one ? nullptr : RunOf(*oracle, scenario.name);
  TranscriptLayout layout;
  layout.width = kTranscriptWidth;
  layout.indent = 0;
  layout.most_rows = kTranscriptRows;
  layout.oracle_name = beside == nullptr || beside->trace.empty() ? "" : oracle->name;
  std::string transcript;
  for (const TranscriptLine& line : LayOut(TranscriptOf(verdict, beside, one.introduction.platform), layout))
    transcript += line.text + "\n";
  std::string text =
      fmt::format("{}: {}\n\n{}\n", MarkdownCode(scenario.name, 200), MarkdownText(scenario.says), MarkdownBlock(transcript));
  text += Circumstances(verdict);
  if (verdict.expected != nullptr)
    text += fmt::format("- entry: {}: {}\n", MarkdownCode(verdict.expected->place), MarkdownText(verdict.reason));
  if (const std::string rounds = RoundsText(verdict); !rounds.empty()) text += "- " + rounds + "\n";
  const Place place = PlaceOf(verdict);
  text += fmt::format("- rule: {}\n- place: {}\n- rerun:\n\n{}", MarkdownText(scenario.source),
                      MarkdownCode(fmt::format("{}:{}", place.file, place.line)),
                      MarkdownBlock(RerunCommand(one, verdict), 2000));
  return text;
}

const char* SignOf(int exit_status, bool withheld) {
  if (withheld) return "⚪";
  if (exit_status == 0) return "✅";
  return exit_status == 1 || exit_status == 3 ? "❌" : "⚠️";
}

std::string WithheldMarkdown(const std::vector<std::string>& reasons) {
  if (reasons.empty()) return "";
  std::string text = "**This is no result:**\n\n";
  for (std::size_t i = 0; i < reasons.size() && i < kMostRows; ++i) text += "- " + MarkdownText(reasons[i]) + "\n";
  if (reasons.size() > kMostRows) text += fmt::format("- and {} more\n", reasons.size() - kMostRows);
  return text + "\n";
}

}  // namespace lockstep::reports
