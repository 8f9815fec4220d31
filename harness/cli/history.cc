// SPDX-License-Identifier: MIT
// lockstep history: sessions of measurements over time.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <set>

#include "bench/history/lines.h"
#include "bench/history/store.h"
#include "bench/session/session_file.h"
#include "harness/cli/options.h"
#include "harness/os/interrupt.h"
#include "harness/os/text_file.h"
#include "harness/text/source.h"
#include "harness/verdict/expectations.h"
#include "reports/history_plot.h"
#include "reports/text.h"

namespace lockstep {
namespace {

using bench::Store;

// Enough of an id to find a session by.
constexpr std::size_t kShortId = 12;

struct HistoryFlags {
  std::string store;
  std::string out;
  std::string machine;
  std::vector<std::string> implementations;
  std::vector<std::string> quantities;
  bool values = false;
  std::string svg;
  std::string session;
  std::vector<std::string> files;
};

// Of the flags and the store that they name.
class History {
 public:
  explicit History(HistoryFlags flags) : flags_(std::move(flags)) {
    out_ = flags_.out.empty() ? ProjectPlaces().out : flags_.out;
    where_ = flags_.store.empty() ? out_ + "/history.db" : flags_.store;
  }

  int List();
  int Plot();
  int Changes();
  int Export();
  int Import();

 private:
  // The store as it is, for verbs that only read. No store at the place where it is unless it is named: nothing, which
  // is said.
  Result<std::unique_ptr<Store>> OpenToRead() {
    std::error_code error;
    if (flags_.store.empty() && !std::filesystem::exists(where_, error)) {
      fmt::print("no sessions yet: there is no {}\n", where_);
      return std::unique_ptr<Store>();
    }
    return Store::Open(where_, Store::Mode::kExisting);
  }

  // The points that the flags select.
  Result<std::vector<bench::Point>> Points(Store& store) const;
  Result<std::string> Machine(Store& store) const;
  // Gives the lines to `use`, whose exit status it is; 0 where there are none.
  int WithLines(const std::function<int(const std::vector<bench::Line>&)>& use);

  const HistoryFlags flags_;
  std::string out_;
  std::string where_;
};

Result<std::string> History::Machine(Store& store) const {
  if (flags_.machine.empty()) return std::string();
  const auto list = store.List();
  if (!list) return tl::unexpected(list.error());
  std::set<std::string> fingerprints;
  for (const bench::SessionSummary& session : *list) fingerprints.insert(session.machine.fingerprint);
  const auto selected = SelectNames("machine", {flags_.machine}, fingerprints);
  if (!selected) return tl::unexpected(selected.error());
  if (selected->size() > 1)
    return Fail(fmt::format("{} machines match '{}': {}", selected->size(), flags_.machine, fmt::join(*selected, ", ")));
  return selected->empty() ? flags_.machine : *selected->begin();
}

Result<std::vector<bench::Point>> History::Points(Store& store) const {
  const auto machine = Machine(store);
  if (!machine) return tl::unexpected(machine.error());
  auto points = store.Points(*machine);
  if (!points) return points;
  std::set<std::string> implementations;
  std::set<std::string> quantities;
  for (const bench::Point& point : *points) {
    implementations.insert(point.implementation);
    quantities.insert(point.quantity);
  }
  const auto wanted = SelectNames("implementation", flags_.implementations, implementations);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto of_interest = SelectNames("quantity", flags_.quantities, quantities);
  if (!of_interest) return tl::unexpected(of_interest.error());
  std::erase_if(*points, [&](const bench::Point& point) {
    return !wanted->contains(point.implementation) || !of_interest->contains(point.quantity);
  });
  return points;
}

std::string FactsText(const std::map<std::string, std::string>& facts) {
  std::string text;
  for (const auto& [key, value] : facts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, value);
  return reports::Printable(text);
}

void PrintMachine(const std::vector<const bench::SessionSummary*>& sessions) {
  std::size_t label_width = std::string("label").size();
  for (const auto* session : sessions) label_width = std::max(label_width, reports::WidthOf(reports::Printable(session->label)));
  const bench::Machine& machine = sessions.front()->machine;
  fmt::print("machine {}: {}\n", machine.fingerprint, FactsText(machine.facts));
  fmt::print("  {:<20}  {:<12}  {}  series  implementations\n", "started", "id", reports::Padded("label", label_width));
  for (const auto* session : sessions) {
    fmt::print("  {}  {}  {}  {:>6}  {}\n", session->started, session->id.substr(0, kShortId),
               reports::Padded(reports::Printable(session->label), label_width), session->series,
               reports::Printable(fmt::format("{}", fmt::join(session->implementations, ", "))));
  }
  fmt::print("\n");
}

int History::List() {
  const auto store = OpenToRead();
  if (!store) return Complain(store.error());
  if (*store == nullptr) return 0;
  const auto machine = Machine(**store);
  if (!machine) return Complain(machine.error());
  const auto list = (*store)->List(*machine);
  if (!list) return Complain(list.error());
  std::optional<std::set<std::string>> selected;
  if (!flags_.implementations.empty() || !flags_.quantities.empty()) {
    const auto points = Points(**store);
    if (!points) return Complain(points.error());
    selected.emplace();
    for (const bench::Point& point : *points) selected->insert(point.session);
  }
  std::map<std::string, std::vector<const bench::SessionSummary*>> machines;
  std::size_t count = 0;
  for (const bench::SessionSummary& session : *list) {
    if (selected && !selected->contains(session.id)) continue;
    machines[session.machine.fingerprint].push_back(&session);
    ++count;
  }
  for (const auto& [fingerprint, sessions] : machines) PrintMachine(sessions);
  fmt::print("{} of {} in {}\n", reports::Counted(count, "session"), reports::Counted(machines.size(), "machine"),
             bench::WithoutPassword(where_));
  return 0;
}

int History::WithLines(const std::function<int(const std::vector<bench::Line>&)>& use) {
  const auto store = OpenToRead();
  if (!store) return Complain(store.error());
  if (*store == nullptr) return 0;
  const auto points = Points(**store);
  if (!points) return Complain(points.error());
  if (points->empty()) {
    fmt::print("no sessions in {}\n", bench::WithoutPassword(where_));
    return 0;
  }
  return use(bench::LinesOf(*points, !flags_.values));
}

int History::Plot() {
  return WithLines([this](const std::vector<bench::Line>& lines) {
    fmt::print("{}", reports::HistoryPlot(lines));
    if (flags_.svg.empty()) return 0;
    if (const auto written = ReplaceTextFile(flags_.svg, reports::HistorySvg(lines)); !written) return Complain(written.error());
    fmt::print("\n{} drawn in {}\n", reports::Counted(lines.size(), "line"), flags_.svg);
    return 0;
  });
}

int History::Changes() {
  return WithLines([](const std::vector<bench::Line>& lines) {
    std::string machine;
    std::size_t changes = 0;
    for (const bench::Line& line : lines) {
      for (const bench::ChangePoint& change : line.changes) {
        if (line.fingerprint != machine) fmt::print("machine {}\n", line.fingerprint);
        machine = line.fingerprint;
        const bench::Point& point = line.points[change.index];
        fmt::print("  {} {}: {} to {} {}, {}, p {:.2g}\n    since {} {} {}\n", reports::Printable(line.implementation),
                   reports::Printable(line.quantity), bench::ShortNumber(change.before), bench::ShortNumber(change.after),
                   reports::Printable(line.unit), bench::ChangeText(line, change), change.p, point.started,
                   point.session.substr(0, kShortId), reports::Printable(point.label));
        ++changes;
      }
    }
    fmt::print("{} in {}\n", reports::Counted(changes, "change"), reports::Counted(lines.size(), "line"));
    return 0;
  });
}

int History::Export() {
  const auto store = OpenToRead();
  if (!store) return Complain(store.error());
  if (*store == nullptr) return 0;
  const auto machine = Machine(**store);
  if (!machine) return Complain(machine.error());
  Result<std::vector<bench::SessionRecord>> sessions = std::vector<bench::SessionRecord>();
  if (flags_.session.empty()) {
    sessions = (*store)->Sessions(*machine);
  } else {
    auto one = (*store)->Load(flags_.session);
    if (!one) return Complain(one.error());
    sessions->push_back(std::move(*one));
  }
  if (!sessions) return Complain(sessions.error());
  const std::string text = bench::WriteSessions(*sessions);
  if (flags_.files.empty() || flags_.files.front() == "-") {
    fmt::print("{}", text);
    return 0;
  }
  if (const auto written = ReplaceTextFile(flags_.files.front(), text); !written) return Complain(written.error());
  fmt::print("{} to {}\n", reports::Counted(sessions->size(), "session"), flags_.files.front());
  return 0;
}

// All files are read before anything is stored.
int History::Import() {
  std::vector<bench::SessionRecord> sessions;
  for (const std::string& file : flags_.files) {
    const auto text = file == "-" ? Result<std::string>(std::string(std::istreambuf_iterator<char>(std::cin), {})) : ReadTextFile(file);
    if (!text) return Complain(text.error());
    auto read = bench::ReadSessions(*text, file);
    if (!read) return Complain(read.error());
    std::move(read->begin(), read->end(), std::back_inserter(sessions));
  }
  std::error_code error;
  if (flags_.store.empty()) std::filesystem::create_directories(out_, error);
  if (error) return Complain(Error{fmt::format("cannot make the folder {}: {}", out_, error.message()), "name another with --out DIR"});
  const auto store = Store::Open(where_);
  if (!store) return Complain(store.error());
  std::size_t added = 0;
  std::size_t done = 0;
  for (; done < sessions.size() && !Interrupted(); ++done) {
    const auto is_new = (*store)->Add(sessions[done]);
    if (!is_new) {
      fmt::print("{} of {} were stored before this:\n", done, reports::Counted(sessions.size(), "session"));
      return Complain(is_new.error());
    }
    added += *is_new ? 1 : 0;
  }
  fmt::print("{}: {} new, {} {} there\n", reports::Counted(done, "session"), added, done - added, done - added == 1 ? "was" : "were");
  return Interrupted() ? kExitInterrupted : 0;
}

struct Action {
  const char* name;
  const char* says;
  int (History::*function)();
};

constexpr Action kActions[] = {
    {"list", "The sessions in a store, each machine's apart.", &History::List},
    {"plot", "Each quantity of each implementation over time: its medians, first to last, and where they changed.", &History::Plot},
    {"changes", "Where a quantity changed for good, by E-divisive change points.", &History::Changes},
    {"export", "Writes sessions as JSON Lines, to standard output unless a FILE is named.", &History::Export},
    {"import", "Stores sessions from files of JSON Lines; those that are there stay as they are.", &History::Import},
};

void AddFlags(CLI::App& app, const std::string& action, HistoryFlags* flags) {
  app.add_option("--store", flags->store, "a file of SQLite, or postgresql://…; default: history.db in the folder of --out");
  app.add_option("--out", flags->out, "folder for what runs write; default: out");
  if (action != "import") app.add_option("--machine", flags->machine, "this fingerprint's, or a part's of it");
  if (action == "list" || action == "plot" || action == "changes") {
    app.add_option("--implementation", flags->implementations, "of this name, or whose name holds this; * matches any text")
        ->allow_extra_args(false);
    app.add_option("--quantity", flags->quantities, "of this name, or whose name holds this; * matches any text")->allow_extra_args(false);
  }
  if (action == "plot" || action == "changes") {
    app.add_flag("!--ratios,--values", flags->values, "values as measured, also where there are ratios to the raw C semaphore");
  }
  if (action == "plot") app.add_option("--svg", flags->svg, "also draws them, as one file");
  if (action == "export") {
    app.add_option("FILE", flags->files, "where to; - is standard output")->expected(0, 1);
    app.add_option("--session", flags->session, "the one whose id begins so");
  }
  if (action == "import") app.add_option("FILE", flags->files, "sessions as JSON Lines; - is standard input")->required();
}

}  // namespace

int HistoryVerb(const Words& words) {
  std::vector<std::string> rest = words.words;
  std::string name = "list";
  if (!rest.empty() && !rest.front().starts_with("-")) {
    name = rest.front();
    rest.erase(rest.begin());
  }
  std::vector<std::string> names;
  for (const Action& action : kActions) {
    names.emplace_back(action.name);
    if (name != action.name) continue;
    CLI::App app(action.says, "history " + name);
    app.footer("lockstep history list | plot | changes | export | import; bench/history/README.md has more");
    HistoryFlags flags;
    AddFlags(app, name, &flags);
    if (const auto status = Parse(app, rest)) return *status;
    History history(std::move(flags));
    return (history.*action.function)();
  }
  return Complain(Error{fmt::format("history does not know '{}'{}", name, DidYouMean(name, names)),
                        fmt::format("there is {}", fmt::join(names, ", "))});
}

}  // namespace lockstep
