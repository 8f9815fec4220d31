// SPDX-License-Identifier: MIT
// lockstep bench: how long semaphores take, side by side; and whether one is slower than another.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <random>

#include "bench/history/store.h"
#include "bench/latency/comparison.h"
#include "bench/latency/machine.h"
#include "bench/latency/survey.h"
#include "bench/session/session_file.h"
#include "harness/cli/campaigns.h"
#include "harness/os/affinity.h"
#include "harness/os/interrupt.h"
#include "harness/os/text_file.h"
#include "reports/json.h"
#include "reports/measurements.h"
#include "reports/text.h"

namespace lockstep {
namespace {

constexpr const char* kUnit = "raw";
constexpr const char* kStoredPrefix = "session:";
constexpr const char* kNoStore = "none";
// A file is not as narrow as a terminal, and tables are read across.
constexpr std::size_t kFileWidth = 200;

struct BenchFlags {
  std::vector<std::string> names;
  std::string against;
  std::optional<double> time_s;
  std::vector<std::string> quantities;
  double margin_percent = 0;
  bool percentiles = false;
  bool list = false;
  std::string json;
  std::string google_json;
  std::string store;
  std::string label;
  std::optional<std::uint64_t> seed;
  double timeout_scale = 1;
  std::string out;
  std::vector<std::string> python_args;

  nanoseconds time(double otherwise_s) const {
    return nanoseconds(static_cast<std::int64_t>(time_s.value_or(otherwise_s) * 1e9));
  }
};
constexpr double kSurveyTime = 30;      // seconds
constexpr double kComparisonTime = 60;

std::string NewId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

// The quantities that the patterns select; none given: all, or those that are compared unasked.
Result<std::vector<bench::Quantity>> Selected(const std::vector<std::string>& patterns, bool compared_only) {
  const std::vector<bench::Quantity> all = bench::AllQuantities(AllowedCpus().size() > 1);
  std::vector<bench::Quantity> selected;
  std::set<std::string> names;
  for (const bench::Quantity& one : all) names.insert(one.name);
  const auto asked = SelectNames("quantity", patterns, names);
  if (!asked) return tl::unexpected(asked.error());
  for (const bench::Quantity& one : all) {
    if (patterns.empty() ? !compared_only || one.compared : asked->count(one.name) != 0) selected.push_back(one);
  }
  return selected;
}

class BenchJob {
 public:
  BenchJob(BenchFlags flags, const OutFolder& out, std::string command)
      : flags_(std::move(flags)), channels_(out.channels()), command_(std::move(command)) {
    if (flags_.store.empty()) flags_.store = out.path() + "/history.db";
    record_.id = NewId();
    record_.started = reports::UtcText(std::chrono::system_clock::now());
    record_.lockstep = LOCKSTEP_VERSION;
    record_.command = command_;
    record_.label = flags_.label;
    record_.machine = bench::ThisMachine();
  }

  // `about`: which of the entrants it is about; the first is the unit.
  int Survey(std::vector<bench::Entrant> entrants, std::vector<std::size_t> about, std::vector<bench::Quantity> quantities) {
    if (const auto ready = Prepare(); !ready) return Complain(ready.error());
    const auto arena = Open(std::move(entrants));
    if (!arena) return Complain(arena.error());
    bench::SurveyOptions options;
    options.time = flags_.time(kSurveyTime);
    options.quantities = std::move(quantities);
    options.unit = 0;
    options.about = about;
    const bench::Survey survey = bench::Measure(**arena, options, [&](const bench::Survey& now) {
      Progress(fmt::format("{} of the time, {}", Share(now.wall, options.time), reports::Counted(now.repetitions, "repetition")));
    });
    EndProgress();
    record_.series = survey.series;
    for (bench::Series& series : record_.series) series.version = reports::Printable(series.version);
    reports::SessionTextOptions text;
    text.percentiles = flags_.percentiles;
    text.width = TerminalWidth(::isatty(STDOUT_FILENO) != 0, kFileWidth);
    if (survey.repetitions > 0) {
      fmt::print("{}\n", reports::SessionText(record_, text));
      fmt::print("{} in {}, each with fresh processes of all, in turn; medians, and the medians of the ratios to {} in each\n",
                 reports::Counted(survey.repetitions, "repetition"), reports::DurationText(survey.wall), kUnit);
    }
    bool failed = false;
    std::size_t measured = 0;
    for (std::size_t i = 0; i < (*arena)->entrants().size(); ++i) {
      const std::string& name = (*arena)->entrants()[i].name;
      if (const std::string& trouble = (*arena)->trouble(i); !trouble.empty()) {
        failed = true;
        fmt::print("{}: not measured to the end: {}\n", name, reports::Printable(trouble));
      } else if (const std::string lacks = (*arena)->Lacks(i, bench::Quantity{}); !lacks.empty()) {
        fmt::print("{}: unsupported: its adapter has no capability {} (impl/adapters/PROTOCOL.md, section 11)\n", name, lacks);
      } else if (std::find(about.begin(), about.end(), i) != about.end()) {
        ++measured;
      }
    }
    const int kept = Keep({}, !Interrupted());
    if (Interrupted()) return kExitInterrupted;
    if (kept != 0) return kept;
    if (failed) return kExitHarness;
    return measured == 0 || survey.repetitions == 0 ? kExitNotJudged : 0;
  }

  int Compare(std::vector<bench::Entrant> entrants, std::vector<bench::Quantity> quantities,
              const std::optional<bench::SessionRecord>& stored, const std::string& stored_name) {
    if (const auto ready = Prepare(); !ready) return Complain(ready.error());
    bench::ComparisonOptions options;
    options.time = flags_.time(kComparisonTime);
    options.quantities = std::move(quantities);
    options.rules.seed = *flags_.seed;
    options.rules.margin = flags_.margin_percent > 0 ? flags_.margin_percent / 100 : stored ? 0.05 : 0.03;
    if (stored) {
      for (const bench::Series& series : stored->series) {
        if (series.implementation != stored_name || series.ratios.empty()) continue;
        std::vector<double>& logarithms = options.stored[series.quantity];
        for (const double ratio : series.ratios)
          if (ratio > 0) logarithms.push_back(series.more_is_better ? -std::log(ratio) : std::log(ratio));
      }
    }
    const auto arena = Open(std::move(entrants));
    if (!arena) return Complain(arena.error());
    const bench::Comparison comparison = bench::Compare(**arena, options, [&](const bench::Comparison& now) {
      std::size_t decided = 0;
      for (const auto& one : now.quantities) decided += one.decided ? 1 : 0;
      Progress(fmt::format("{} of the time, {} of {} decided", Share(now.wall, options.time), decided, now.quantities.size()));
    });
    EndProgress();
    const std::string baseline = stored ? fmt::format("{} of session {}", stored_name, stored->id.substr(0, 12))
                                        : (*arena)->entrants()[1].name;
    Record(**arena, comparison);
    fmt::print("{} against {}\n{}", (*arena)->entrants()[0].name, baseline, reports::ComparisonText(comparison));
    const int kept = Keep(reports::ComparisonJson(record_.id, comparison), comparison.trouble.empty() && !Interrupted());
    if (Interrupted()) return kExitInterrupted;
    if (!comparison.trouble.empty()) {
      fmt::print("not measured to the end: {}\n", reports::Printable(comparison.trouble));
      return kExitHarness;
    }
    fmt::print("{}: {}, {}\n", NameOf(comparison.verdict), Reason(comparison), reports::DurationText(comparison.wall));
    if (comparison.verdict == bench::PerformanceVerdict::kSlower) {
      fmt::print("  rerun  {}\n", command_);
      return 1;
    }
    if (kept != 0) return kept;
    return comparison.verdict == bench::PerformanceVerdict::kInconclusive ? kExitNotJudged : 0;
  }

 private:
  // Makes sure that what will be measured can be kept.
  Result<void> Prepare() {
    for (const std::string& file : {flags_.json, flags_.google_json}) {
      const std::size_t slash = file.rfind('/');
      const std::string folder = slash == std::string::npos ? "." : file.substr(0, slash + 1);
      if (!file.empty() && ::access(folder.c_str(), W_OK) != 0) return FailErrno("cannot write " + file, errno);
    }
    if (flags_.store == kNoStore) return {};
    auto store = bench::Store::Open(flags_.store);
    if (!store) return tl::unexpected(store.error());
    store_ = std::move(*store);
    return {};
  }

  Result<std::unique_ptr<bench::Arena>> Open(std::vector<bench::Entrant> entrants) const {
    bench::Arena::Options options;
    options.channel_dir = channels_;
    options.name_prefix = fmt::format("lockstep-{:07d}-910", ::getpid() % 10'000'000);
    options.timeout_scale = flags_.timeout_scale;
    options.seed = *flags_.seed;
    return bench::Arena::Make(std::move(entrants), std::move(options));
  }

  static std::string Share(nanoseconds part, nanoseconds whole) {
    const double share = static_cast<double>(part.count()) / static_cast<double>(std::max(whole, nanoseconds(1)).count());
    return fmt::format("{:.0f} %", std::min(100.0, 100 * share));
  }

  // On a terminal a line that is written over; elsewhere it is quiet.
  void Progress(const std::string& text) {
    if (!is_terminal_) return;
    fmt::print(stderr, "\r\033[K{}", text);
    std::fflush(stderr);
  }
  void EndProgress() const {
    if (is_terminal_) fmt::print(stderr, "\r\033[K");
  }

  static std::string Reason(const bench::Comparison& comparison) {
    std::vector<std::string> parts;
    double smallest = 0;
    for (const auto& one : comparison.quantities) {
      if (one.judgement.known) smallest = std::max(smallest, one.judgement.smallest);
      if (one.judgement.verdict == comparison.verdict && comparison.verdict != bench::PerformanceVerdict::kSame)
        parts.push_back(comparison.verdict == bench::PerformanceVerdict::kInconclusive
                            ? one.quantity.name
                            : fmt::format("{} by {:.1f} %", one.quantity.name, 100 * std::fabs(one.judgement.change)));
    }
    if (comparison.quantities.empty()) return "nothing could be compared";
    if (parts.empty()) return fmt::format("a change of {:.1f} % in any would have been seen", 100 * smallest);
    return fmt::format("{}", fmt::join(parts, ", "));
  }

  void Record(const bench::Arena& arena, const bench::Comparison& comparison) {
    for (const auto& compared : comparison.quantities) {
      for (std::size_t entrant = 0; entrant < compared.values.size(); ++entrant) {
        if (compared.values[entrant].empty()) continue;
        bench::Series series;
        series.implementation = arena.entrants()[entrant].name;
        if (arena.hello(entrant)) series.version = reports::Printable(arena.hello(entrant)->version);
        series.quantity = compared.quantity.name;
        series.unit = compared.quantity.unit();
        series.more_is_better = compared.quantity.more_is_better();
        series.values = compared.values[entrant];
        series.samples = compared.samples[entrant];
        record_.series.push_back(std::move(series));
      }
    }
  }

  // Writes what was measured to where it was asked for, and to the history if it is whole. A status.
  int Keep(const std::string& more_lines, bool whole) {
    if (record_.series.empty()) return 0;
    int status = 0;
    const auto write = [&](const std::string& file, const std::string& text) {
      if (file.empty()) return;
      if (const auto written = ReplaceTextFile(file, text); !written) status = Complain(written.error());
    };
    write(flags_.json, bench::WriteSessions({record_}) + more_lines);
    write(flags_.google_json, reports::GoogleBenchmarkJson(record_));
    if (flags_.store == kNoStore) return status;
    if (!whole) {
      fmt::print("not kept in the history: it was not measured to the end\n");
      return status;
    }
    const auto added = store_->Add(record_);
    if (!added) return Complain(added.error());
    fmt::print("kept as session {}\n", record_.id.substr(0, 12));
    return status;
  }

  BenchFlags flags_;
  const std::string channels_;
  const std::string command_;
  bench::SessionRecord record_;
  std::unique_ptr<bench::Store> store_;  // null: none is wanted
  const bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
};

// The same thing twice needs two names.
std::string Again(const std::string& name) { return name + " again"; }

// Adds an entrant by its name, fit for a terminal, or that and a number where the name is taken.
void AddEntrant(std::vector<bench::Entrant>* entrants, const std::string& wanted, const Implementation& implementation) {
  const std::string base = reports::Printable(wanted);
  std::string name = base;
  const auto is_taken = [&](const bench::Entrant& one) { return one.name == name; };
  for (int number = 2; std::any_of(entrants->begin(), entrants->end(), is_taken); ++number) name = fmt::format("{} ({})", base, number);
  entrants->push_back({name, implementation});
}

// What `--against` stands for: an adapter's program, an implementation as anywhere, or, with blanks in it, a command.
Result<Implementation> ResolveBaseline(Discovery& discovery, const std::string& against, const std::vector<std::string>& python_args) {
  const bool is_program = against.find('/') != std::string::npos && against.find(".toml") == std::string::npos &&
                          ::access(against.c_str(), X_OK) == 0;
  if (is_program) return discovery.FromCommand({against});
  auto named = discovery.Resolve(against, python_args);
  if (named || against.find(' ') == std::string::npos) return named;
  std::vector<std::string> words = CLI::detail::split_up(against);
  for (std::string& word : words) CLI::detail::remove_quotes(word);
  return discovery.FromCommand(words);
}

void PrintQuantities() {
  for (const bench::Quantity& one : bench::AllQuantities(AllowedCpus().size() > 1))
    fmt::print("{:<28} {} {}\n", one.name, one.compared ? "*" : " ", one.says);
  fmt::print("\n* is what --against compares unless --quantity says otherwise\n");
}

// The one implementation of a stored session that can be a baseline: the candidate's own, else the only one.
Result<std::string> BaselineIn(const bench::SessionRecord& session, const std::string& candidate) {
  std::vector<std::string> names;
  for (const bench::Series& series : session.series) {
    if (series.ratios.empty() || series.implementation == kUnit || series.implementation == Again(kUnit)) continue;
    if (std::find(names.begin(), names.end(), series.implementation) == names.end()) names.push_back(series.implementation);
  }
  if (std::find(names.begin(), names.end(), candidate) != names.end()) return candidate;
  if (names.size() == 1) return names.front();
  if (names.empty())
    return Fail(fmt::format("session {} has nothing that was measured beside {}", session.id.substr(0, 12), kUnit),
                "sessions of `lockstep bench IMPL…` without --against have");
  return Fail(fmt::format("session {} has {}, and no {}", session.id.substr(0, 12), fmt::join(names, ", "), candidate));
}

int RunComparison(BenchFlags flags, Discovery& discovery, const OutFolder& out, std::vector<Implementation> implementations,
                  std::string command) {
  if (implementations.size() != 1)
    return Complain({fmt::format("--against takes one candidate, not {}", implementations.size()),
                     "lockstep bench CANDIDATE --against BASELINE"});
  auto quantities = Selected(flags.quantities, true);
  if (!quantities) return Complain(quantities.error());
  const Implementation& candidate = implementations.front();
  std::vector<bench::Entrant> entrants;
  AddEntrant(&entrants, candidate.name, candidate);
  std::optional<bench::SessionRecord> stored;
  std::string stored_name;
  if (flags.against.rfind(kStoredPrefix, 0) == 0) {
    const std::string where = flags.store.empty() ? out.path() + "/history.db" : flags.store;
    auto store = bench::Store::Open(where, bench::Store::Mode::kExisting);
    if (!store) return Complain(store.error());
    auto loaded = (*store)->Load(flags.against.substr(std::string(kStoredPrefix).size()));
    if (!loaded) return Complain(loaded.error());
    if (loaded->machine.fingerprint != bench::ThisMachine().fingerprint)
      return Complain({fmt::format("session {} was measured on another machine ({}), and this is {}", loaded->id.substr(0, 12),
                                   loaded->machine.fingerprint, bench::ThisMachine().fingerprint),
                       "only sessions of one machine are compared; lockstep history lists them"});
    const auto baseline = BaselineIn(*loaded, candidate.name);
    if (!baseline) return Complain(baseline.error());
    stored = std::move(*loaded);
    stored_name = *baseline;
    const auto unit = discovery.Resolve(kUnit, {});
    if (!unit) return Complain(unit.error());
    AddEntrant(&entrants, kUnit, *unit);
    AddEntrant(&entrants, Again(kUnit), *unit);
  } else {
    const auto baseline = ResolveBaseline(discovery, flags.against, flags.python_args);
    if (!baseline) return Complain(baseline.error());
    const std::string name = baseline->name == candidate.name ? baseline->name + " (baseline)" : baseline->name;
    AddEntrant(&entrants, name, *baseline);
    AddEntrant(&entrants, Again(name), *baseline);
  }
  return BenchJob(std::move(flags), out, std::move(command)).Compare(std::move(entrants), std::move(*quantities), stored, stored_name);
}

}  // namespace

int BenchVerb(const Words& words) {
  CLI::App app("How long semaphores take: implementations side by side, or one against another.", "bench");
  BenchFlags flags;
  app.add_option("IMPL", flags.names, "implementations; none: the reference");
  app.add_option("--against", flags.against,
                 "is IMPL slower than this? An implementation, an adapter's command in quotes, or session:ID of the store; "
                 "status 1: slower, 4: not sure");
  app.add_option("--time", flags.time_s, "seconds, after which no repetition is begun; default 30, with --against 60")
      ->check(Between(0.1, 1e6));
  app.add_option("--quantity", flags.quantities,
                 "what to measure: of this name, or whose name holds this; * matches any text; may be repeated")
      ->allow_extra_args(false);
  app.add_flag("--list", flags.list, "the quantities there are");
  app.add_option("--margin", flags.margin_percent, "with --against, percent: a smaller change is none; default 3, of a stored session 5")
      ->check(Between(0.1, 1000.0));
  app.add_flag("--percentiles", flags.percentiles, "tell p50, p90, p99 and p99.9 too, where there are enough samples");
  app.add_option("--json", flags.json, "file for the session as JSON Lines (bench/session/FORMAT.md)");
  app.add_option("--google-json", flags.google_json, "file for the session as Google Benchmark writes it");
  app.add_option("--store", flags.store,
                 "the history that the session goes to: a file, postgresql://…, or none; default: history.db in --out");
  app.add_option("--label", flags.label, "kept with the session: a commit, a version");
  app.add_option("--seed", flags.seed, "of the orders; default: a new one")->check(Unsigned());
  app.add_option("--timeout-scale", flags.timeout_scale, "multiplies every bound on waiting; default 1")->check(Between(0.01, 1000.0));
  app.add_option("--out", flags.out, "folder for what the run writes; default: out");
  AddPythonArg(app, &flags.python_args);
  if (const auto status = Parse(app, words.words)) return *status;
  if (flags.list) {
    PrintQuantities();
    return 0;
  }
  if (!flags.against.empty() && flags.percentiles)
    return Complain({"--percentiles goes without --against", "a comparison's samples are in its --json file"});
  if (flags.against.empty() && flags.margin_percent > 0) return Complain({"--margin goes with --against", ""});
  if (!flags.seed) flags.seed = std::random_device{}();
  Discovery discovery(ProjectPlaces());
  auto implementations = ResolveOrReference(discovery, flags.names, words.command, flags.python_args);
  if (!implementations) return Complain(implementations.error());
  const auto out = OutFolder::Make(flags.out, discovery.places());
  if (!out) return Complain(out.error());
  std::string command = CommandLine("bench", words, {});
  if (!flags.against.empty()) return RunComparison(std::move(flags), discovery, *out, std::move(*implementations), std::move(command));
  auto quantities = Selected(flags.quantities, false);
  if (!quantities) return Complain(quantities.error());
  const auto unit = discovery.Resolve(kUnit, {});
  if (!unit) return Complain(unit.error());
  std::vector<bench::Entrant> entrants = {{kUnit, *unit}, {Again(kUnit), *unit}};
  std::vector<std::size_t> about;
  for (const Implementation& one : *implementations) {
    const auto same = std::find_if(entrants.begin(), entrants.end(), [&](const bench::Entrant& other) {
      return other.name == one.name && other.implementation.Identity() == one.Identity();
    });
    about.push_back(static_cast<std::size_t>(same - entrants.begin()));
    if (same == entrants.end()) AddEntrant(&entrants, one.name, one);
  }
  return BenchJob(std::move(flags), *out, std::move(command)).Survey(std::move(entrants), std::move(about), std::move(*quantities));
}

}  // namespace lockstep
