// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "reports/comparison.h"
#include "reports/markdown.h"
#include "reports/markup.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

constexpr std::size_t kMostTranscripts = 20;  // of what newly fails, told in full; the rest by name
constexpr std::size_t kMostItems = 100;       // of a list
constexpr std::size_t kMostRows = 100;        // of the table

std::string VerdictText(const ScenarioVerdict* verdict) {
  if (verdict == nullptr) return "not there";
  std::string text = ToText(verdict->Overall());
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

class Writer {
 public:
  Writer(const Comparison& comparison, std::size_t most_bytes) : comparison_(comparison), page_(most_bytes) {}

  std::string Write(const std::string& before_name, const std::string& after_name) {
    page_.Head(fmt::format("## {} Lockstep: {}\n\n", Sign(), MarkdownText(comparison_.Title(), 300)));
    page_.Head(WithheldMarkdown(comparison_.withheld));
    page_.Head(fmt::format("From {} to {}. Status {}.\n\n", MarkdownCode(before_name, 200), MarkdownCode(after_name, 200),
                           comparison_.ExitStatus()));
    for (const std::string& note : comparison_.Notes()) page_.Piece("- " + MarkdownText(note, 1000) + "\n", "notes");
    if (!comparison_.Notes().empty()) page_.Piece("\n", "notes");
    WriteTable();
    WriteUnmatched("Only before", comparison_.only_before);
    WriteUnmatched("Only after", comparison_.only_after);
    if (!comparison_.only_before.empty() && !comparison_.only_after.empty())
      page_.Head("Implementations are matched by name, else by family: `name` in an implementation.toml keeps it.\n\n");
    for (const ImplementationComparison& one : comparison_.implementations) WriteOne(one);
    return page_.Take();
  }

 private:
  const char* Sign() const {
    const int status = comparison_.ExitStatus();
    if (status == 0 && !comparison_.Less().empty()) return "⚠️";
    return status == 4 ? "⚪" : SignOf(status, false);
  }

  void WriteTable() {
    if (comparison_.implementations.empty()) return;
    const std::vector<Change> columns = comparison_.Kinds();
    std::string head = "| implementation | as before |";
    std::string rule = "| --- | ---: |";
    for (const Change change : columns) {
      head += fmt::format(" {} |", ToText(change));
      rule += " ---: |";
    }
    page_.Head(head + "\n" + rule + "\n");
    const auto& all = comparison_.implementations;
    for (std::size_t i = 0; i < all.size() && i < kMostRows; ++i) {
      std::string row = fmt::format("| {} | {} |", MarkdownCode(all[i].Name(), 200), all[i].same);
      for (const Change change : columns) {
        const std::size_t count = all[i].Count(change);
        row += change == Change::kNewlyFailing && count > 0 ? fmt::format(" **{}** |", count) : fmt::format(" {} |", count);
      }
      page_.Head(row + "\n");
    }
    page_.Head("\n");
    if (all.size() > kMostRows) page_.Head(fmt::format("and {}\n\n", Counted(all.size() - kMostRows, "more implementation")));
  }

  void WriteUnmatched(const char* when, const std::vector<std::string>& names) {
    if (!names.empty()) page_.Head(fmt::format("{}: {}.\n\n", when, MarkdownNames(names)));
  }

  void WriteOne(const ImplementationComparison& one) {
    if (one.changes.empty()) return;
    const std::string of = " of " + one.after->report->name;
    page_.Piece(fmt::format("### {}\n\n", MarkdownText(one.Name(), 200)), "headings" + of);
    for (std::size_t i = 0; i < kChanges; ++i) WriteChanges(one, static_cast<Change>(i), of);
  }

  void WriteChanges(const ImplementationComparison& one, Change change, const std::string& of) {
    const std::size_t count = one.Count(change);
    if (count == 0) return;
    const std::string title = fmt::format("{}, {}", Counted(count, "scenario"), ToText(change));
    const bool failing = change == Change::kNewlyFailing;
    std::vector<std::string> names;
    std::string items;
    std::size_t told = 0;
    if (failing) page_.Piece(fmt::format("**{}:**\n\n", title), "headings" + of);
    for (const ScenarioChange& each : one.changes) {
      if (each.change != change) continue;
      if (failing && told++ < kMostTranscripts) {
        page_.Piece(MarkdownDetails(Item(each), FailureMarkdown(*one.after->report, *each.after, nullptr)),
                    "scenarios that newly fail" + of);
      } else if (names.size() < kMostItems) {
        names.push_back(each.scenario);
        items += "- " + Item(each) + "\n";
      }
    }
    const std::size_t listed = names.size() + std::min(told, failing ? kMostTranscripts : 0);
    if (listed < count) items += fmt::format("- and {} more\n", count - listed);
    if (items.empty()) return;
    page_.Piece(failing ? items + "\n" : MarkdownDetails(title, items), "lists" + of);
  }

  // "`fork/x`: was pass, is fail: the reason".
  static std::string Item(const ScenarioChange& each) {
    std::string text = MarkdownCode(each.scenario, 200);
    const std::string was = VerdictText(each.before);
    const std::string is = VerdictText(each.after);
    if (each.after != nullptr && !RoundsText(*each.after).empty()) text += " (" + RoundsText(*each.after) + ")";
    text += was == is ? fmt::format(": {}", is) : fmt::format(": was {}, is {}", was, is);
    const bool reasons = each.change == Change::kChangedReason;
    if (reasons && each.before != nullptr) text += ", was " + MarkdownCode(FailureTitle(*each.before), 300);
    if (each.after != nullptr && !each.after->reason.empty())
      text += (reasons ? ", is " : ": ") + MarkdownCode(reasons ? FailureTitle(*each.after) : each.after->reason, 300);
    return text;
  }

  const Comparison& comparison_;
  MarkdownPage page_;
};

}  // namespace

std::string ComparisonMarkdown(const Comparison& comparison, const std::string& before_name, const std::string& after_name,
                               std::size_t most_bytes) {
  return Writer(comparison, most_bytes).Write(before_name, after_name);
}

}  // namespace lockstep::reports
