// SPDX-License-Identifier: MIT
#include "reports/transcript_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <type_traits>
#include <utility>

#include "reports/text.h"

namespace lockstep::reports {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 60;  // below this, columns are too narrow to be read
constexpr std::size_t kMarkerWidth = 2;

// One step, as often as its actors make lines of it in a trace.
struct Slot {
  const Step* step = nullptr;
  std::size_t lines = 1;
};

std::size_t LinesOf(const Step& step) {
  return std::visit(
      [](const auto& what) -> std::size_t {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, Create>) {
          return what.children.size();
        } else if constexpr (std::is_same_v<What, OneOf>) {
          return 1;
        } else if constexpr (requires { what.actors.size(); }) {
          return what.actors.size();
        } else {
          return 1;
        }
      },
      step.what);
}

void AddSlots(const std::vector<const Step*>& steps, std::vector<Slot>* out) {
  for (const Step* step : steps) {
    if (const auto* together = std::get_if<Together>(&step->what)) {
      std::vector<const Step*> inner;
      for (const Step& one : together->steps) inner.push_back(&one);
      AddSlots(inner, out);
    } else {
      out->push_back(Slot{step, LinesOf(*step)});
    }
  }
}

// The part of a step that says what is expected; empty for most.
std::string ExpectedPart(const Step& step) {
  return std::visit(
      [](const auto& what) -> std::string {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, Do> || std::is_same_v<What, Create>) {
          return what.expectation ? what.expectation->text : "";
        } else if constexpr (std::is_same_v<What, Await> || std::is_same_v<What, OneOf>) {
          return what.expectation.text;
        } else if constexpr (std::is_same_v<What, StillBlocked>) {
          return "still blocked";
        } else if constexpr (std::is_same_v<What, Died>) {
          return "died " + what.signal;
        } else if constexpr (std::is_same_v<What, Exited>) {
          return fmt::format("exited {}", what.status);
        } else {
          return "";
        }
      },
      step.what);
}

// A trace says "-> True" of a call that returns later as well.
std::string Wording(const Step* step, std::string outcome) {
  const bool later = step != nullptr && (std::holds_alternative<Await>(step->what) ||
                                         std::holds_alternative<OneOf>(step->what));
  if (later && outcome.starts_with("-> ")) outcome.replace(0, 3, "returns ");
  return outcome;
}

// Splits a step's text into actor, what is done, and what is expected. `actor` is whose line it is
// in the trace.
TranscriptRow RowOf(const Step* step, const std::string& text, const std::string& actor) {
  TranscriptRow row;
  row.step = text;
  if (step != nullptr) {
    const std::string condition = " when " + step->condition.text;
    if (!step->condition.text.empty() && row.step.ends_with(condition)) {
      row.step.resize(row.step.size() - condition.size());
    }
    const std::string expected = ExpectedPart(*step);
    const std::size_t at = expected.empty() ? std::string::npos : row.step.rfind(expected);
    if (at != std::string::npos && at > 0) {
      row.expected = row.step.substr(at);
      row.step.resize(at);
      while (!row.step.empty() && row.step.back() == ' ') row.step.pop_back();
    }
  }
  // Of a group, the one whose line this is; "kill c SIGKILL" and the like do not begin with an
  // actor.
  const std::size_t end = std::min(row.step.find(' '), row.step.size());
  const std::string first = row.step.substr(0, end);
  const bool group = first.find('[') != std::string::npos;
  if (!actor.empty() && (first == actor || group)) {
    row.actor = actor;
    row.step.erase(0, std::min(end + 1, row.step.size()));
  } else if (first.find('|') != std::string::npos || (step != nullptr && row.step == first)) {
    row.actor = first;
    row.step.erase(0, std::min(end + 1, row.step.size()));
  }
  return row;
}

// Nothing of interest: that a constructor gives an object, or a step without a value nothing.
bool IsPlain(const std::string& outcome) {
  return outcome == "-> None" || outcome.starts_with("-> <");
}

// The oracle's outcomes of each step's text, in order.
class OracleColumn {
 public:
  explicit OracleColumn(const ScenarioRun* run) {
    if (run == nullptr) return;
    for (const TraceEntry& entry : run->trace) outcomes_[entry.step].push_back(entry.outcome);
  }
  std::string Next(const std::string& step) {
    const auto found = outcomes_.find(step);
    if (found == outcomes_.end()) return "";
    std::size_t& next = next_[step];
    return next < found->second.size() ? found->second[next++] : "";
  }

 private:
  std::map<std::string, std::vector<std::string>> outcomes_;
  std::map<std::string, std::size_t> next_;
};

// Goes through the steps as the trace does.
class Cursor {
 public:
  explicit Cursor(std::vector<Slot> slots) : slots_(std::move(slots)) {}

  // The step of the next line of the trace, by its text.
  const Step* Next(const std::string& text) {
    const bool more_of_this =
        at_ < slots_.size() && taken_ < slots_[at_].lines && slots_[at_].step->text == text;
    if (more_of_this) {
      ++taken_;
      return slots_[at_].step;
    }
    for (std::size_t i = taken_ == 0 ? at_ : at_ + 1; i < slots_.size(); ++i) {
      if (slots_[i].step->text != text) continue;
      at_ = i;
      taken_ = 1;
      return slots_[i].step;
    }
    return nullptr;
  }
  // The steps that have no line.
  std::vector<const Step*> Rest() const {
    std::vector<const Step*> out;
    for (std::size_t i = taken_ == 0 ? at_ : at_ + 1; i < slots_.size(); ++i)
      out.push_back(slots_[i].step);
    return out;
  }

 private:
  std::vector<Slot> slots_;
  std::size_t at_ = 0;
  std::size_t taken_ = 0;  // lines of slots_[at_] that the trace has
};

void MakePrintable(TranscriptRow* row) {
  for (std::string* cell :
       {&row->actor, &row->step, &row->expected, &row->actual, &row->oracle, &row->note}) {
    *cell = Printable(*cell);
    // A cell is one paragraph: a line end inside of it is told, not made.
    for (std::size_t at = cell->find('\n'); at != std::string::npos; at = cell->find('\n', at))
      cell->replace(at, 1, "\\n");
  }
}

// Puts the divergence beside its step, or behind all where the trace has no line of it.
void MarkDivergence(const Divergence& divergence, const std::vector<std::string>& texts,
                    std::vector<TranscriptRow>* rows) {
  for (std::size_t i = rows->size(); i-- > 0;) {
    if (texts[i] != divergence.step) continue;
    (*rows)[i].diverged = true;
    (*rows)[i].expected = divergence.expected;
    (*rows)[i].actual = divergence.actual;
    return;
  }
  TranscriptRow row = RowOf(nullptr, divergence.step, "");
  row.expected = divergence.expected;
  row.actual = divergence.actual;
  row.diverged = true;
  rows->push_back(std::move(row));
}

}  // namespace

std::vector<TranscriptRow> TranscriptOf(const ScenarioVerdict& verdict, const ScenarioRun* oracle,
                                        const Platform& platform) {
  std::vector<Slot> slots;
  AddSlots(verdict.scenario->StepsFor(platform), &slots);
  Cursor cursor(std::move(slots));
  OracleColumn oracle_column(oracle);
  std::vector<TranscriptRow> rows;
  std::vector<std::string> texts;  // of the same rows
  for (const TraceEntry& entry : verdict.run.trace) {
    const Step* step = cursor.Next(entry.step);
    const std::string of_oracle = oracle_column.Next(entry.step);
    const bool makes_actors = step != nullptr && std::holds_alternative<Create>(step->what);
    if (makes_actors && !texts.empty() && texts.back() == entry.step && entry.outcome.empty())
      continue;
    TranscriptRow row = RowOf(step, entry.step, entry.actor);
    row.entry = static_cast<std::size_t>(&entry - verdict.run.trace.data());
    row.actual = row.expected.empty() && IsPlain(entry.outcome) ? "" : Wording(step, entry.outcome);
    row.oracle = row.expected.empty() && IsPlain(of_oracle) ? "" : Wording(step, of_oracle);
    // An outcome may say it already: "-> blocked (presumed: …)".
    if (row.actual.find(entry.note) == std::string::npos) row.note = entry.note;
    rows.push_back(std::move(row));
    texts.push_back(entry.step);
  }
  if (verdict.run.divergence) MarkDivergence(*verdict.run.divergence, texts, &rows);
  for (const Step* step : cursor.Rest()) {
    TranscriptRow row = RowOf(step, step->text, step->text.substr(0, step->text.find(' ')));
    const auto reserved = {"start", "kill", "signal", "stop", "cont", "left", "machine", "hammer:"};
    if (std::find(reserved.begin(), reserved.end(), row.actor) != reserved.end()) {
      row.step = row.step.empty() ? row.actor : row.actor + " " + row.step;
      row.actor.clear();
    }
    row.reached = false;
    rows.push_back(std::move(row));
  }
  for (TranscriptRow& row : rows) MakePrintable(&row);
  return rows;
}

namespace {

using Cells = std::array<std::string, 4>;  // step, expected, actual, oracle

// Widths that fit: what is narrow has what it needs, what is wide shares the rest.
std::array<std::size_t, 4> Shared(const std::array<std::size_t, 4>& natural,
                                  std::size_t available) {
  std::array<std::size_t, 4> order{0, 1, 2, 3};
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return natural[a] < natural[b]; });
  std::array<std::size_t, 4> out{};
  std::size_t columns = 0;
  for (const std::size_t width : natural) columns += width > 0 ? 1 : 0;
  std::size_t left = available - (columns == 0 ? 0 : (columns - 1) * kGap);
  for (const std::size_t column : order) {
    if (natural[column] == 0) continue;
    out[column] = std::min(natural[column], left / columns);
    left -= out[column];
    --columns;
  }
  return out;
}

class Table {
 public:
  Table(const TranscriptLayout& layout, const std::vector<TranscriptRow>& rows) : layout_(layout) {
    available_ = std::max(layout.width, kNarrowest) - layout.indent - kMarkerWidth;
    for (const TranscriptRow& row : rows)
      actor_width_ = std::max(actor_width_, WidthOf(row.actor) + 2);
    const Cells heading = Heading();
    std::array<std::size_t, 4> natural{};
    for (const TranscriptRow& row : rows) {
      const Cells cells = CellsOf(row);
      if (IsAlone(cells)) continue;
      for (std::size_t i = 0; i < cells.size(); ++i)
        natural[i] = std::max(natural[i], WidthOf(cells[i]));
    }
    for (std::size_t i = 0; i < heading.size(); ++i) {
      if (natural[i] > 0) natural[i] = std::max(natural[i], WidthOf(heading[i]));
    }
    widths_ = Shared(natural, available_);
  }

  void AddHeading() {
    if (widths_[0] > 0) Add(Heading(), TranscriptLine::Style::kHeading, false);
  }
  void AddRow(const TranscriptRow& row) {
    const auto style = row.diverged   ? TranscriptLine::Style::kDiverged
                       : !row.reached ? TranscriptLine::Style::kNotReached
                                      : TranscriptLine::Style::kPlain;
    Add(CellsOf(row), style, row.diverged);
    if (!row.note.empty()) AddNote("(" + row.note + ")");
  }
  void AddNote(const std::string& text) {
    for (const std::string& line : Wrapped(text, available_ - actor_width_)) {
      lines_.push_back({TranscriptLine::Style::kNote, Blanks(actor_width_) + line});
    }
  }
  std::vector<TranscriptLine> Take() { return std::move(lines_); }

 private:
  std::string Blanks(std::size_t more) const {
    return std::string(layout_.indent + kMarkerWidth + more, ' ');
  }
  Cells Heading() const { return {"step", "expected", "got", layout_.oracle_name}; }

  Cells CellsOf(const TranscriptRow& row) const {
    const std::string step =
        row.actor.empty() ? row.step : Padded(row.actor, actor_width_) + row.step;
    return {step, row.expected, row.actual, layout_.oracle_name.empty() ? "" : row.oracle};
  }

  static bool IsAlone(const Cells& cells) {
    return cells[1].empty() && cells[2].empty() && cells[3].empty();
  }

  void Add(const Cells& cells, TranscriptLine::Style style, bool marked) {
    std::array<std::vector<std::string>, 4> wrapped;
    const bool alone = IsAlone(cells);
    std::size_t height = 1;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t width = alone ? available_ : widths_[i];
      if (width == 0) continue;  // a column of which no row has anything: the heading has
      wrapped[i] =
          cells[i].empty() ? std::vector<std::string>() : WrappedCell(cells[i], width, i == 0);
      height = std::max(height, wrapped[i].size());
    }
    for (std::size_t line = 0; line < height; ++line) {
      std::string text = std::string(layout_.indent, ' ') + (marked && line == 0 ? "> " : "  ");
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (widths_[i] == 0 && !alone) continue;
        const std::string cell = line < wrapped[i].size() ? wrapped[i][line] : "";
        text += Padded(cell, widths_[i] + kGap);
      }
      while (!text.empty() && text.back() == ' ') text.pop_back();
      lines_.push_back({style, std::move(text)});
    }
  }

  // Further lines of a step stand under what is done, not under its actor.
  std::vector<std::string> WrappedCell(const std::string& cell, std::size_t width,
                                       bool is_step) const {
    const bool hang = is_step && WidthOf(cell) > width && width > actor_width_ + 10;
    if (!hang) return Wrapped(cell, width);
    std::vector<std::string> lines = Wrapped(cell, width);
    const std::string rest =
        cell.substr(std::min(cell.find(lines[0]) + lines[0].size(), cell.size()));
    const std::size_t begin = rest.find_first_not_of(' ');
    lines.resize(1);
    if (begin == std::string::npos) return lines;
    for (const std::string& line : Wrapped(rest.substr(begin), width - actor_width_)) {
      lines.push_back(std::string(actor_width_, ' ') + line);
    }
    return lines;
  }

  const TranscriptLayout& layout_;
  std::size_t available_ = 0;
  std::size_t actor_width_ = 4;  // as the catalogue writes it
  std::array<std::size_t, 4> widths_{};
  std::vector<TranscriptLine> lines_;
};

// The first and the last row to be shown, so that the step that diverged is among them, near the
// end.
std::pair<std::size_t, std::size_t> Window(const std::vector<TranscriptRow>& rows,
                                           std::size_t most) {
  if (most == 0 || rows.size() <= most) return {0, rows.size()};
  const auto diverged =
      std::find_if(rows.begin(), rows.end(), [](const TranscriptRow& row) { return row.diverged; });
  const auto at = static_cast<std::size_t>(diverged - rows.begin());
  const std::size_t end = std::min(rows.size(), at + 1 + most / 4);
  return {end > most ? end - most : 0, std::max(end, most)};
}

}  // namespace

std::vector<TranscriptLine> LayOut(std::vector<TranscriptRow> rows,
                                   const TranscriptLayout& layout) {
  const auto [begin, end] = Window(rows, layout.most_rows);
  const std::size_t before = begin;
  const std::size_t behind = rows.size() - end;
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(end), rows.end());
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(begin));
  Table table(layout, rows);
  table.AddHeading();
  if (before > 0) table.AddNote(fmt::format("({} before)", Counted(before, "line")));
  bool reached = true;
  for (const TranscriptRow& row : rows) {
    if (std::exchange(reached, row.reached) && !row.reached) table.AddNote("(not reached)");
    table.AddRow(row);
  }
  if (behind > 0) table.AddNote(fmt::format("({} behind)", Counted(behind, "line")));
  return table.Take();
}

const ScenarioRun* RunOf(const ImplementationReport& report, const std::string& scenario) {
  for (const ScenarioVerdict& verdict : report.verdicts) {
    if (verdict.scenario->name == scenario) return &verdict.run;
  }
  return nullptr;
}

const ImplementationReport* OracleOf(const RunReport& report) {
  for (const ImplementationReport& one : report.implementations) {
    if (one.is_oracle && one.name == report.oracle_name) return &one;
  }
  return nullptr;
}

}  // namespace lockstep::reports
