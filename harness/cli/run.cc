// SPDX-License-Identifier: MIT
// lockstep run: the main job.
#include <fmt/format.h>
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

#include "bench/latency/machine.h"
#include "harness/cli/findings.h"
#include "harness/cli/options.h"
#include "harness/cli/outputs.h"
#include "harness/os/interrupt.h"
#include "harness/model/model.h"
#include "harness/os/supervisor.h"
#include "harness/scenario/behaviours.h"
#include "harness/verdict/verdict.h"
#include "reports/json.h"
#include "reports/page/page.h"
#include "reports/progress.h"
#include "reports/terminal.h"
#include "reports/text.h"

namespace lockstep {
namespace {


struct RunFlags {
  std::vector<std::string> names;
  Selection selection;
  Execution execution;
  std::string oracle;  // "none", a name, or empty: the newest CPython
  std::string expectations;
  std::vector<std::string> mixed;  // two names
  std::string json;
  OutputFlags outputs;
  std::string html;
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
  AddOutputFlags(app, &flags->outputs);
  app.add_option("--html", flags->html, "write the results as a page for a browser, DIR/index.html");
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
  const bench::Machine machine = bench::ThisMachine();
  std::vector<std::pair<std::string, std::string>> environment = {
      {"lockstep", LOCKSTEP_VERSION}, {"kernel", fmt::format("{} {} {}", name.sysname, name.release, name.machine)}};
  for (const char* fact : {"libc", "cpus", "cpu"}) {
    if (const auto found = machine.facts.find(fact); found != machine.facts.end()) environment.emplace_back(*found);
  }
  environment.emplace_back("machine", machine.fingerprint);
  environment.emplace_back("isolation", isolation);
  return environment;
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
    int status = Interrupted() ? kExitInterrupted : ExitStatus(report_);
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
        auto loaded = Expectations::Load(one, discovery_.places().Called(one));
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
    reports::ReportHeader& header = header_;
    header.lockstep_version = LOCKSTEP_VERSION;
    header.started = reports::UtcText(std::chrono::system_clock::now());
    header.arguments = arguments;
    header.oracle_name = report_.oracle_name;
    header.environment = report_.environment = Environment();
    header.rerun_prefix = RerunPrefix();
    rerun_prefix_ = std::make_shared<const std::string>(header.rerun_prefix);
    header.strict = report_.strict = flags_.strict;
    header.shard = flags_.selection.shard;
    header.lacking.emplace();
    for (const Finding& finding : LookAtMachine(catalogue_.all)) {
      if (!finding.well) header.lacking->push_back({finding.what, finding.cost, finding.mend});
    }
    std::error_code error;
    if (!flags_.html.empty() && (std::filesystem::create_directories(flags_.html, error), error))
      return Fail(fmt::format("cannot make the folder {}: {}", flags_.html, error.message()), "name another with --html DIR");
    if (!flags_.html.empty()) std::filesystem::remove(flags_.html + "/index.html", error);
    // One is always written, so that a run that is cut off has left what it had.
    std::vector<std::string> paths = {out_.path() + "/results.jsonl"};
    std::vector<NamedFile> files = {{"the run's own results", paths.front()}};
    if (!flags_.json.empty()) {
      paths.push_back(flags_.json);
      files.push_back({"--json", flags_.json});
    }
    if (!flags_.html.empty()) files.push_back({"--html", flags_.html + "/index.html"});
    if (const auto outputs = CheckOutputs(flags_.outputs, std::move(files)); !outputs) return outputs;
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
      if (round > 0 && options_.deadline && options_.deadline->Passed()) {
        report_.notes.push_back(fmt::format("{}: {} of {} rounds were begun before the time was over", report.name, round, flags_.repeat));
        break;
      }
      std::vector<const Scenario*> order = catalogue_.selected;
      if (flags_.seed) {
        std::mt19937 random(*flags_.seed + static_cast<unsigned>(round));
        std::shuffle(order.begin(), order.end(), random);
      }
      progress_.Start(implementation.name, order.size());
      Introduction introduction = RunScenarios(implementation, order, options_, [&](RunnerResult result) {
        Keep(report, expectations, places, std::move(result), is_oracle);
      });
      // A round that had no time for a hello, after one that had, knows nothing better.
      if (introduction.hello || !introduction.failure.empty() || !report.introduction.hello) report.introduction = std::move(introduction);
    }
    Arrange(report);
    report.wall = nanoseconds(MonotonicNs() - start);
    const bool whole = catalogue_.whole && flags_.selection.shard.empty() && !Interrupted() &&
                       report.introduction.hello && !AnyCutShort(report.verdicts);
    if (whole && !report.only_oracle) report.stale = expectations.Stale(report.introduction.platform);
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
    verdict.rerun_prefix = rerun_prefix_;
    progress_.Add(verdict);
    for (reports::JsonWriter& writer : writers_) writer.Verdict(report.name, verdict);
    const auto [at, first] = places.try_emplace(scenario, report.verdicts.size());
    if (first) {
      report.verdicts.push_back(std::move(verdict));
      return;
    }
    AddRound(&report.verdicts[at->second], std::move(verdict));
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

  // The command that reruns scenarios as this run did, less implementation and filter: without these words the same names
  // stand for something else, or for nothing.
  std::string RerunPrefix() const {
    std::string prefix = ProjectPlaces().program + " run";
    const auto add = [&](const std::string& words) { prefix += " " + words; };
    const char* python_path = std::getenv("PYTHONPATH");
    const bool matters = std::any_of(implementations_.begin(), implementations_.end(),
                                     [](const Implementation& one) { return one.keep_python_environment; });
    if (python_path != nullptr && *python_path != '\0' && matters)
      prefix = "PYTHONPATH=" + reports::ShellQuoted(python_path) + " " + prefix;
    if (!flags_.selection.scenarios.empty()) add("--scenarios " + reports::ShellQuoted(Absolute(flags_.selection.scenarios)));
    if (!flags_.expectations.empty()) add("--expectations " + reports::ShellQuoted(Absolute(flags_.expectations)));
    if (!flags_.oracle.empty()) add("--oracle " + reports::ShellQuoted(flags_.oracle));
    if (options_.messages == Messages::kIgnore) add("--messages ignore");
    if (options_.timeout_scale != 1) add(fmt::format("--timeout-scale {}", options_.timeout_scale));
    for (const std::string& arg : flags_.execution.python_args) add("--python-arg=" + reports::ShellQuoted(arg));
    return prefix;
  }

  // The report for people first: whatever cannot be written after it, they have seen it.
  Result<int> Write(int status) {
    const reports::TerminalOptions terminal = TerminalOptionsOf(flags_.no_color, flags_.verbose);
    if (!flags_.outputs.TakesStandardOutput()) {
      const CommandGuard guard(flags_.outputs);
      reports::WriteTerminal(report_, terminal, std::cout);
      std::cout.flush();
    }
    std::optional<Error> failure;
    for (reports::JsonWriter& writer : writers_) {
      if (const auto ended = writer.End(report_, status); !ended) failure = ended.error();
    }
    if (flags_.outputs.Any()) {
      if (const auto written = WriteSummaries(status); !written) failure = written.error();
    }
    if (!flags_.html.empty() && !failure) {
      if (const auto written = WriteHtml(status); !written) failure = written.error();
    }
    if (failure) return tl::unexpected(*failure);
    if (!flags_.outputs.TakesStandardOutput()) fmt::print("\nstatus {}: {}\n", status, reports::MeaningOf(status));
    return status;
  }

  // The last that is done with the report.
  Result<void> WriteSummaries(int status) {
    std::vector<reports::StoredReport> stored(1);
    stored.front().header = header_;
    stored.front().report = std::move(report_);
    stored.front().exit_status = status;
    reports::Summary summary = reports::Summarize(stored, {"this run"});
    summary.exit_status = status;
    return WriteOutputs(flags_.outputs, summary, discovery_.places());
  }

  // From what was written: a page of a run is the page of its results.
  Result<void> WriteHtml(int status) const {
    auto input = reports::ReadForPage({out_.path() + "/results.jsonl"});
    if (!input) return tl::unexpected(input.error());
    input->status = status;
    const auto path = reports::WritePage(reports::HtmlPage(*input), flags_.html);
    if (!path) return tl::unexpected(path.error());
    if (!flags_.outputs.TakesStandardOutput()) fmt::print("\nthe page: {}\n", *path);
    return {};
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
  reports::ReportHeader header_;
  std::shared_ptr<const std::string> rerun_prefix_;
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
