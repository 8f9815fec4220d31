// SPDX-License-Identifier: MIT
// lockstep run: the main job.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "harness/cli/options.h"
#include "harness/os/affinity.h"
#include "harness/os/interrupt.h"
#include "harness/model/model.h"
#include "harness/os/supervisor.h"
#include "harness/scenario/behaviours.h"
#include "harness/verdict/verdict.h"
#include "reports/json.h"
#include "reports/junit.h"
#include "reports/progress.h"
#include "reports/terminal.h"
#include "reports/text.h"

namespace lockstep {
namespace {

constexpr std::size_t kWidestTerminal = 140;

struct RunFlags {
  std::vector<std::string> names;
  Selection selection;
  Execution execution;
  std::string oracle;  // "none", a name, or empty: the newest CPython
  std::string expectations;
  std::vector<std::string> mixed;  // two names
  std::string json;
  std::string junit;
  bool strict = false;
  bool verbose = false;
  bool no_color = false;
  int repeat = 1;
  std::optional<unsigned> seed;
};

void AddFlags(CLI::App& app, RunFlags* flags) {
  app.add_option("IMPL", flags->names,
                 "implementations; none: the reference and every interpreter found");
  app.add_option("--mixed", flags->mixed,
                 "A,B: only the scenarios that share something by name between processes, with "
                 "processes of both, each in either part")
      ->delimiter(',')
      ->expected(2);
  AddSelection(app, &flags->selection);
  AddExecution(app, &flags->execution);
  app.add_option(
      "--oracle", flags->oracle,
      "whose runs are shown beside: an implementation, or none; default: the newest CPython");
  app.add_option("--expectations", flags->expectations,
                 "a file of expectations in place of those of what is judged; an oracle that is "
                 "there only to be laid beside keeps its own");
  app.add_option("--json", flags->json,
                 "write the results there too, as JSON Lines (reports/FORMAT.md)");
  app.add_option("--junit", flags->junit, "write the results as JUnit XML");
  app.add_flag("--strict", flags->strict,
               "status 4 if anything that expectations do not list was unsupported or not run");
  app.add_flag("--verbose", flags->verbose, "every failure in full, and every expected failure");
  app.add_flag("--no-color", flags->no_color, "no colours, even on a terminal");
  app.add_option("--repeat", flags->repeat,
                 "run everything so often; the worst verdict of each scenario counts")
      ->check(CLI::Range(1, 100000));
  app.add_option("--seed", flags->seed,
                 "run scenarios in an order shuffled by this; reports stay in the catalogue's");
}

std::vector<std::pair<std::string, std::string>> Environment() {
  utsname name{};
  ::uname(&name);
  const IsolationProbe& probe = ProbeIsolation();
  const std::string isolation =
      probe.isolation == Isolation::kUserNamespace ? "user, mount and PID namespaces"
      : probe.isolation == Isolation::kNamespaces  ? "mount and PID namespaces"
                                                   : "none: " + probe.why_not;
  return {{"lockstep", LOCKSTEP_VERSION},
          {"kernel", fmt::format("{} {} {}", name.sysname, name.release, name.machine)},
          {"cpus", std::to_string(AllowedCpus().size())},
          {"isolation", isolation}};
}

std::size_t TerminalWidth(bool is_terminal) {
  constexpr std::size_t kPlainWidth = 100;
  winsize size{};
  if (!is_terminal || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return kPlainWidth;
  return std::min<std::size_t>(size.ws_col, kWidestTerminal);
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

// One run of the whole command: who is judged, on what, and what has come of it so far.
class MainJob {
 public:
  MainJob(RunFlags flags, Discovery& discovery, Catalogue& catalogue, OutFolder& out,
          RunnerOptions options)
      : flags_(std::move(flags)),
        discovery_(discovery),
        catalogue_(catalogue),
        out_(out),
        options_(std::move(options)) {}

  Result<int> Run(const std::vector<std::string>& command,
                  const std::vector<std::string>& arguments) {
    if (const auto chosen = Choose(command); !chosen) return tl::unexpected(chosen.error());
    AskModel();
    if (const auto opened = OpenWriters(arguments); !opened) return tl::unexpected(opened.error());
    const std::int64_t start = MonotonicNs();
    for (std::size_t i = 0; i < implementations_.size(); ++i) {
      JudgeOne(implementations_[i], expectations_[i], static_cast<int>(i) == oracle_index_);
    }
    progress_.Clear();
    report_.wall = nanoseconds(MonotonicNs() - start);
    report_.interrupted = Interrupted();
    const bool shard = !flags_.selection.shard.empty();
    int status = Interrupted() ? kExitInterrupted : ExitStatus(report_, flags_.strict);
    // Whether nothing was judged, or an expectation matched nothing, only the whole can tell.
    if (shard && status >= 4 && status != kExitInterrupted) status = 0;
    return Write(status);
  }

 private:
  Result<void> Choose(const std::vector<std::string>& command) {
    auto chosen = ResolveAll(discovery_, flags_.names, command, flags_.execution.python_args);
    if (!chosen) return tl::unexpected(chosen.error());
    implementations_ = std::move(*chosen);
    DropDuplicates(&implementations_, &report_.notes);
    if (!flags_.mixed.empty()) {
      if (const auto mixed = Mix(); !mixed) return mixed;
    }
    if (implementations_.empty()) implementations_ = discovery_.Everything(&report_.notes);
    std::optional<Implementation> oracle;
    if (flags_.oracle.empty()) {
      oracle = discovery_.Oracle();
      if (!oracle)
        report_.notes.push_back(
            "oracle: none: no CPython of 3.8 or later was found; scenarios judge all the same");
    } else if (flags_.oracle != "none") {
      auto named = discovery_.Resolve(flags_.oracle, {});
      if (!named) return tl::unexpected(named.error());
      oracle = std::move(*named);
    }
    if (oracle) SeatOracle(std::move(*oracle));
    NumberDuplicates();
    if (oracle_index_ >= 0) report_.oracle_name = implementations_[0].name;
    // All of them now: a mistake in the last must not cost the results of those before it.
    for (const Implementation& implementation : implementations_) {
      Expectations& expectations = expectations_.emplace_back();
      const bool only_oracle = only_oracle_ && expectations_.size() == 1;
      const std::string& file = flags_.expectations.empty() || only_oracle
                                    ? implementation.expectations_file
                                    : flags_.expectations;
      const std::string& other = implementation.other && flags_.expectations.empty()
                                     ? implementation.other->expectations_file
                                     : std::string();
      for (const std::string& one : {file, other == file ? std::string() : other}) {
        if (one.empty()) continue;
        auto loaded = Expectations::Load(one);
        if (!loaded) return tl::unexpected(loaded.error());
        expectations.Append(std::move(*loaded));
      }
    }
    return {};
  }

  // A and B in both parts, on the scenarios in which `start w on B` stands.
  Result<void> Mix() {
    if (!implementations_.empty())
      return Fail("--mixed names both implementations", "leave the others out");
    auto both = ResolveAll(discovery_, flags_.mixed, {}, flags_.execution.python_args);
    if (!both) return tl::unexpected(both.error());
    for (const std::size_t first : {0, 1}) {
      Implementation mixed = (*both)[first];
      mixed.other = std::make_shared<Implementation>((*both)[1 - first]);
      mixed.run_as = {"--mixed", flags_.mixed[first] + "," + flags_.mixed[1 - first]};
      mixed.name += "+" + mixed.other->name;
      implementations_.push_back(std::move(mixed));
    }
    std::erase_if(catalogue_.selected,
                  [](const Scenario* scenario) { return !scenario->IsMixed(); });
    catalogue_.whole = false;
    if (catalogue_.selected.empty())
      return Fail("no scenario of these starts a process on the other implementation",
                  "those with a step 'start ACTOR on B' do; without a --filter all of them are run");
    return {};
  }

  void SeatOracle(Implementation oracle) {
    // The oracle goes first, so that each result can be laid beside its own; if it is judged too,
    // it is run once.
    const auto same =
        std::find_if(implementations_.begin(), implementations_.end(),
                     [&](const Implementation& i) { return i.Identity() == oracle.Identity(); });
    if (same == implementations_.end()) {
      implementations_.insert(implementations_.begin(), std::move(oracle));
      only_oracle_ = true;
    } else {
      std::rotate(implementations_.begin(), same, same + 1);
    }
    oracle_index_ = 0;
  }

  // Results are kept by name: no two may share one.
  void NumberDuplicates() {
    std::set<std::string> names;
    for (Implementation& implementation : implementations_) {
      const std::string name = implementation.name;
      for (int i = 2; !names.insert(implementation.name).second; ++i) {
        implementation.name = fmt::format("{}-{}", name, i);
      }
    }
  }

  // A scenario that asks for what the specification forbids is told; CPython has the last word.
  void AskModel() {
    const Platform baseline{*Version::Parse("3.14"), "", {}};
    for (const Scenario* scenario : catalogue_.selected) {
      const Opinion opinion = OpinionOf(*scenario, baseline);
      if (!opinion.contradiction) continue;
      const Step* step = opinion.contradiction->step;
      report_.notes.push_back(fmt::format("{} contradicts the model: {}:{}: {}: {}", scenario->name, scenario->file,
                                          step == nullptr ? scenario->line : step->position.line,
                                          step == nullptr ? "left" : step->text, opinion.contradiction->text));
    }
  }

  Result<void> OpenWriters(const std::vector<std::string>& arguments) {
    // Of scenarios of the user's own nothing is asked but that they run.
    if (flags_.selection.scenarios.empty()) {
      auto coverage = LoadCoverage(discovery_.places().root + "/scenarios", catalogue_.all);
      if (coverage) {
        coverage_ = std::move(*coverage);
      } else {
        report_.notes.push_back("coverage: " + coverage.error().Text());
      }
    }
    reports::ReportHeader header;
    header.lockstep_version = LOCKSTEP_VERSION;
    header.started = reports::UtcText(std::chrono::system_clock::now());
    header.arguments = arguments;
    header.oracle_name = report_.oracle_name;
    header.environment = report_.environment = Environment();
    // One is always written, so that a run that is cut off has left what it had.
    std::vector<std::string> paths = {out_.path() + "/results.jsonl"};
    if (!flags_.junit.empty() && !std::ofstream(flags_.junit, std::ios::app)) {
      return FailErrno("cannot write " + flags_.junit, errno);
    }
    if (!flags_.json.empty()) paths.push_back(flags_.json);
    for (const std::string& path : paths) {
      auto writer = reports::JsonWriter::Open(path);
      if (!writer) return tl::unexpected(writer.error());
      writers_.push_back(std::move(*writer));
      writers_.back().Begin(header);
      if (!coverage_.empty()) writers_.back().Coverage(coverage_);
    }
    return {};
  }

  void JudgeOne(const Implementation& implementation, Expectations& expectations, bool is_oracle) {
    ImplementationReport& report = report_.implementations.emplace_back();
    report.name = implementation.name;
    report.family = implementation.family;
    report.command = implementation.argv;
    report.note = implementation.note;
    report.run_as = implementation.run_as;
    report.is_oracle = is_oracle;
    report.only_oracle = is_oracle && only_oracle_;
    const std::int64_t start = MonotonicNs();
    std::map<const Scenario*, std::size_t> places;
    for (int round = 0; round < flags_.repeat && !Interrupted(); ++round) {
      std::vector<const Scenario*> order = catalogue_.selected;
      if (flags_.seed) {
        std::mt19937 random(*flags_.seed + static_cast<unsigned>(round));
        std::shuffle(order.begin(), order.end(), random);
      }
      progress_.Start(implementation.name, order.size());
      report.introduction = RunScenarios(implementation, order, options_, [&](RunnerResult result) {
        Keep(report, expectations, places, std::move(result), is_oracle);
      });
    }
    Arrange(report);
    report.wall = nanoseconds(MonotonicNs() - start);
    const bool whole = catalogue_.whole && flags_.selection.shard.empty() && !Interrupted() &&
                       report.introduction.hello && !AnyCutShort(report.verdicts);
    if (whole) report.stale = expectations.Stale(report.introduction.platform);
    report.surprises = !report.only_oracle && HasSurprises(report.verdicts);
    for (reports::JsonWriter& writer : writers_) writer.Implementation(report);
  }

  // Called for one result at a time, in the order in which they were asked for.
  void Keep(ImplementationReport& report, Expectations& expectations,
            std::map<const Scenario*, std::size_t>& places, RunnerResult result, bool is_oracle) {
    const Scenario* scenario = result.scenario;
    const ScenarioRun* oracle = nullptr;
    if (!is_oracle && oracle_index_ >= 0) {
      const auto found = oracle_runs_.find(scenario);
      if (found != oracle_runs_.end()) oracle = &found->second;
    }
    const Platform platform = result.platform;
    if (is_oracle) oracle_runs_[scenario] = result.run;
    ScenarioVerdict verdict =
        Judge(std::move(result), platform, expectations, oracle, report_.oracle_name);
    progress_.Add(verdict);
    for (reports::JsonWriter& writer : writers_) writer.Verdict(report.name, verdict);
    const auto [at, first] = places.try_emplace(scenario, report.verdicts.size());
    if (first) {
      report.verdicts.push_back(std::move(verdict));
      return;
    }
    ScenarioVerdict& kept = report.verdicts[at->second];
    if (kept.Overall() == verdict.Overall() && kept.reason == verdict.reason) return;
    const bool worse = IsWorse(verdict.Overall(), kept.Overall());
    if (worse) kept = std::move(verdict);
    constexpr const char* kUnsteady = "differs between repeats";
    if (kept.reason.find(kUnsteady) == std::string::npos)
      kept.reason += (kept.reason.empty() ? "" : "; ") + std::string(kUnsteady);
  }

  // Back into the catalogue's order.
  void Arrange(ImplementationReport& report) const {
    std::map<const Scenario*, std::size_t> order;
    for (std::size_t i = 0; i < catalogue_.selected.size(); ++i) order[catalogue_.selected[i]] = i;
    std::stable_sort(report.verdicts.begin(), report.verdicts.end(),
                     [&](const ScenarioVerdict& a, const ScenarioVerdict& b) {
                       return order[a.scenario] < order[b.scenario];
                     });
  }

  // The report for people first: whatever cannot be written after it, they have seen it.
  Result<int> Write(int status) {
    reports::TerminalOptions terminal;
    const bool is_terminal = ::isatty(STDOUT_FILENO) != 0;
    terminal.color = is_terminal && !flags_.no_color && std::getenv("NO_COLOR") == nullptr;
    terminal.width = TerminalWidth(is_terminal);
    terminal.verbose = flags_.verbose;
    // Without these the same names stand for something else, or for nothing.
    const auto add = [&](const std::string& words) { terminal.rerun_prefix += " " + words; };
    const char* python_path = std::getenv("PYTHONPATH");
    const bool matters = std::any_of(implementations_.begin(), implementations_.end(),
                                     [](const Implementation& one) { return one.keep_python_environment; });
    if (python_path != nullptr && *python_path != '\0' && matters)
      terminal.rerun_prefix = "PYTHONPATH=" + reports::ShellQuoted(python_path) + " " + terminal.rerun_prefix;
    if (!flags_.selection.scenarios.empty()) {
      add("--scenarios " + reports::ShellQuoted(Absolute(flags_.selection.scenarios)));
    }
    if (!flags_.expectations.empty()) {
      add("--expectations " + reports::ShellQuoted(Absolute(flags_.expectations)));
    }
    if (!flags_.oracle.empty()) add("--oracle " + reports::ShellQuoted(flags_.oracle));
    if (options_.messages == Messages::kIgnore) add("--messages ignore");
    if (options_.timeout_scale != 1) add(fmt::format("--timeout-scale {}", options_.timeout_scale));
    for (const std::string& arg : flags_.execution.python_args) {
      add("--python-arg=" + reports::ShellQuoted(arg));
    }
    reports::WriteTerminal(report_, terminal, std::cout);
    std::cout.flush();
    std::optional<Error> failure;
    for (reports::JsonWriter& writer : writers_) {
      if (const auto ended = writer.End(report_, status); !ended) failure = ended.error();
    }
    if (!flags_.junit.empty()) {
      const auto written = reports::WriteJUnitFile(report_, terminal.rerun_prefix, flags_.junit);
      if (!written) failure = written.error();
    }
    if (failure) return tl::unexpected(*failure);
    return status;
  }

  const RunFlags flags_;
  Discovery& discovery_;
  Catalogue& catalogue_;
  OutFolder& out_;
  const RunnerOptions options_;
  std::vector<Implementation> implementations_;
  int oracle_index_ = -1;
  bool only_oracle_ = false;  // nobody asked for the oracle to be judged
  std::deque<Expectations> expectations_;  // verdicts point into them
  std::map<const Scenario*, ScenarioRun> oracle_runs_;
  RunReport report_;
  std::vector<Covered> coverage_;
  std::deque<reports::JsonWriter> writers_;
  reports::Progress progress_{std::cerr, ::isatty(STDERR_FILENO) != 0,
                              TerminalWidth(::isatty(STDERR_FILENO) != 0)};
};

}  // namespace

int RunVerb(const Words& words) {
  CLI::App app("The catalogue on each implementation, beside the oracle.", "run");
  RunFlags flags;
  AddFlags(app, &flags);
  if (const auto status = Parse(app, words.words)) return *status;
  Discovery discovery(ProjectPlaces());
  auto catalogue = LoadCatalogue(flags.selection, discovery.places());
  if (!catalogue) return Complain(catalogue.error());
  auto out = OutFolder::Make(flags.execution.out, discovery.places());
  if (!out) return Complain(out.error());
  auto options = MakeRunnerOptions(flags.execution, *out);
  if (!options) return Complain(options.error());
  std::vector<std::string> arguments = {"run"};
  arguments.insert(arguments.end(), words.words.begin(), words.words.end());
  if (!words.command.empty()) arguments.emplace_back("--");
  arguments.insert(arguments.end(), words.command.begin(), words.command.end());
  const auto status =
      MainJob(flags, discovery, **catalogue, *out, *options).Run(words.command, arguments);
  return status ? *status : Complain(status.error());
}

}  // namespace lockstep
