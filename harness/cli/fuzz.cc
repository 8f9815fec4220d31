// SPDX-License-Identifier: MIT
// lockstep fuzz: generated scenarios against the model, made small and kept as files.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <random>

#include "harness/cli/campaigns.h"
#include "harness/fuzz/campaign.h"
#include "harness/fuzz/corpus.h"
#include "harness/os/interrupt.h"
#include "harness/os/text_file.h"
#include "reports/text.h"

namespace lockstep {
namespace {

struct FuzzFlags {
  std::vector<std::string> names;
  Execution execution;
  std::optional<std::uint64_t> seed;
  long steps = 20000;
  bool steps_given = false;
  double time_s = 0;
  bool until_fail = false;
  bool no_small_scope = false;
  bool no_corpus = false;
  std::string oracle = "none";
};

// As comments of a TOML file, which may have no control characters.
std::string Commented(const std::string& text) {
  std::string out = "# ";
  for (const char c : text) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (c == '\n') {
      out += "\n# ";
    } else if (is_control && c != '\t') {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\n";
}

class FuzzJob {
 public:
  FuzzJob(FuzzFlags flags, std::string folder, RunnerOptions options, std::optional<Implementation> oracle,
          fuzz::Corpus corpus, std::string command)
      : flags_(std::move(flags)),
        folder_(std::move(folder)),
        options_(std::move(options)),
        oracle_(std::move(oracle)),
        corpus_(std::move(corpus)),
        command_(std::move(command)) {}

  // An exit status: of several implementations the worst.
  int Run(const std::vector<Implementation>& implementations) {
    fmt::print("seed {}\n", *flags_.seed);
    if (oracle_) fmt::print("oracle {}\n", oracle_->name);
    std::fflush(stdout);
    return RunEach(implementations, [this](const Implementation& one) { return RunOne(one); });
  }

 private:
  int RunOne(const Implementation& implementation) {
    fuzz::CampaignOptions options;
    options.seed = *flags_.seed;
    options.corpus = corpus_.scenarios();
    options.steps = flags_.steps;
    options.until_fail = flags_.until_fail;
    options.small_scope = !flags_.no_small_scope;
    options.oracle = oracle_ ? &*oracle_ : nullptr;
    options.runner = options_;
    if (flags_.time_s > 0) {
      options.time = nanoseconds(static_cast<std::int64_t>(flags_.time_s * 1e9));
      if (!flags_.steps_given) options.steps = std::numeric_limits<long>::max() / 2;
    }
    number_ = 1;
    fuzz::CampaignWatcher watcher;
    watcher.progress = [&](const fuzz::CampaignResult& result) { TellProgress(implementation, result); };
    watcher.smaller = [&](const fuzz::Finding& finding) {
      Save(implementation, finding, Area(implementation, "in-work"));
    };
    watcher.found = [&](const fuzz::Finding& finding) { Tell(implementation, finding); };
    watcher.interesting = [&](const std::vector<Scenario>& scenarios) {
      Remember(scenarios, fuzz::Corpus::Why::kInteresting);
    };
    const fuzz::CampaignResult result = fuzz::RunCampaign(implementation, options, watcher);
    if (!result.introduction.hello && result.introduction.failure.empty()) {
      fmt::print("{}: not begun: its time was over\n", implementation.name);
      return kExitNotJudged;
    }
    if (!result.introduction.hello || !result.failure.empty()) {
      fmt::print("{}: {}\n", implementation.name,
                 result.failure.empty() ? "could not be started: " + result.introduction.failure : result.failure);
      return result.introduction.hello && result.wrong_oracle ? kExitUsage : kExitHarness;
    }
    return Summarize(implementation, result);
  }

  void Remember(const std::vector<Scenario>& scenarios, fuzz::Corpus::Why why) {
    if (flags_.no_corpus) return;
    if (const auto added = corpus_.Add(scenarios, why); !added) Complain(added.error());
  }

  // The area of a finding, which is its file's name: while it is in work, and by its transcript then, so
  // that what is found again is in the same file.
  static std::string Area(const Implementation& implementation, const std::string& what) {
    return FileNameOf(implementation.name + "-" + what);
  }
  static std::string FinalArea(const Implementation& implementation, const fuzz::Finding& finding) {
    const std::size_t hash = std::hash<std::string>()(finding.written.scenario.steps_text);
    return Area(implementation, fmt::format("{:08x}", hash & 0xffffffff));
  }
  std::string File(const std::string& area) const { return fmt::format("{}/{}.toml", folder_, area); }

  // On a terminal a line that is written over, elsewhere one a minute.
  void TellProgress(const Implementation& implementation, const fuzz::CampaignResult& result) {
    constexpr std::int64_t kEvery = 60'000'000'000;
    const std::int64_t now = MonotonicNs();
    if (!is_terminal_ && now - told_ < kEvery) return;
    told_ = now;
    fmt::print(stderr, "{}{}: {} steps, {} found{}", is_terminal_ ? "\r" : "", implementation.name, result.steps,
               result.findings.size(), is_terminal_ ? " " : "\n");
  }

  std::string What(const fuzz::Finding& finding) const {
    const auto& divergence = finding.run.divergence;
    if (!divergence) return finding.run.unclean.front();
    return fmt::format("{}: {} {}, got {}", divergence->operation,
                       finding.by_oracle ? "the oracle " + oracle_->name + " has" : "the model allows",
                       divergence->expected, divergence->actual);
  }

  // As a scenario file that `lockstep run --scenarios` runs as it is.
  bool Save(const Implementation& implementation, const fuzz::Finding& finding, const std::string& area) {
    std::string text = Commented(fmt::format("Found by {} (lockstep {}){} in {}.\n{}", command_, LOCKSTEP_VERSION,
                                             finding.steady ? "" : "; it does not fail each time", implementation.name,
                                             What(finding)));
    text += fuzz::TableOf(finding.written.scenario, area + "/found", finding.when);
    const auto written = ReplaceTextFile(File(area), text);
    if (!written) Complain(written.error());
    return written.has_value();
  }

  void Tell(const Implementation& implementation, const fuzz::Finding& finding) {
    const auto& divergence = finding.run.divergence;
    if (is_terminal_) fmt::print(stderr, "\n");
    fmt::print("\n[{}] {}: {}{}\n\n", number_++, implementation.name, What(finding),
               finding.steady ? "" : "  (not each time)");
    for (const Step& step : finding.written.scenario.steps) {
      const bool here = divergence && step.position.line == divergence->position.line;
      fmt::print("  {} {}\n", here ? ">" : " ", step.text);
      if (here) break;
    }
    fmt::print("\n");
    if (!finding.rule.empty()) fmt::print("    rule  {}\n", finding.rule);
    const std::string area = FinalArea(implementation, finding);
    const bool is_known = std::filesystem::exists(File(area));
    if (Save(implementation, finding, area)) {
      std::error_code ignored;
      std::filesystem::remove(File(Area(implementation, "in-work")), ignored);
      const std::string file = reports::ShellQuoted(std::filesystem::absolute(File(area)).string());
      const std::string words = WordsFor(implementation);
      const std::string& program = ProjectPlaces().program;
      fmt::print("   saved  {}{}\n   rerun  ", File(area), is_known ? ", as once before" : "");
      if (finding.by_oracle) {
        fmt::print("{} diff {} --scenarios {}{}\n", program, reports::ShellQuoted(oracle_->name), file, words);
      } else {
        fmt::print("{} run --oracle none --scenarios {}{}\n", program, file, words);
      }
      fmt::print("  script  {} show {}/found --python --scenarios {}\n", program, area, file);
    }
    if (Interrupted()) {
      fmt::print("  shrunk  not: interrupted\n");
    } else {
      fmt::print("  shrunk  in {:.1f} s, {} scenarios\n", static_cast<double>(finding.took.count()) / 1e9, finding.tried);
    }
    std::fflush(stdout);
    Remember({finding.written.scenario}, fuzz::Corpus::Why::kFails);
  }

  int Summarize(const Implementation& implementation, const fuzz::CampaignResult& result) const {
    const double seconds = static_cast<double>(result.wall.count()) / 1e9;
    if (is_terminal_) fmt::print(stderr, "\n");
    fmt::print("\n{} {}: {}\n", implementation.name, result.introduction.hello->version,
               result.findings.empty() ? "nothing that the model forbids" : fmt::format("{} found", result.findings.size()));
    fmt::print("  {} steps in {} scenarios, {:.1f} s, {:.0f} steps a second\n", result.steps, result.scenarios, seconds,
               static_cast<double>(result.steps) / seconds);
    if (!flags_.no_small_scope) {
      fmt::print("  {} sequences of three operations of two{}\n", result.sequences,
                 result.all_sequences ? ": all that there are" : "; not all");
    }
    const std::string asked =
        flags_.time_s > 0 && !flags_.steps_given ? "" : fmt::format(" of {} asked for", flags_.steps);
    fmt::print("  {} random steps{}{}\n", result.random_steps, asked,
               result.ended_by.empty() ? "" : "; ended by " + result.ended_by);
    fmt::print("  {} kinds of situations, {} states and {} transitions of the model\n", result.situations,
               result.states, result.transitions);
    if (oracle_) fmt::print("  {} scenarios compared with {}\n", result.compared, oracle_->name);
    for (const auto& [reason, times] : result.unsupported) fmt::print("  ended early, {} times: {}\n", times, reason);
    for (const std::string& trouble : result.troubles) fmt::print("  not judged: {}\n", trouble);
    if (!result.troubles.empty()) return kExitHarness;
    if (!result.findings.empty()) return 1;
    if (result.missing.empty() || Interrupted()) return 0;
    fmt::print("  never seen: {}: give it more steps\n", fmt::join(result.missing, ", "));
    return kExitNotJudged;
  }

  const FuzzFlags flags_;
  const std::string folder_;
  const RunnerOptions options_;
  const std::optional<Implementation> oracle_;
  fuzz::Corpus corpus_;
  const std::string command_;  // as it was given, with the seed
  const bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;  // where progress is told
  int number_ = 1;             // of the finding
  std::int64_t told_ = MonotonicNs();
};

}  // namespace

int FuzzVerb(const Words& words) {
  CLI::App app("Generated scenarios against the model, on each implementation.", "fuzz");
  FuzzFlags flags;
  app.add_option("IMPL", flags.names, "implementations; none: the reference");
  app.add_option("--seed", flags.seed, "of the generator; default: a new one, which is printed")
      ->check(Unsigned());
  auto* steps = app.add_option("--steps", flags.steps, "steps of random scenarios, at least")
                    ->check(Unsigned())
                    ->capture_default_str();
  app.add_option("--time", flags.time_s,
                 "seconds for each implementation, after which nothing more is begun; half of them at most for"
                 " every sequence of three operations")
      ->check(Between(0.1, 1e6));
  app.add_flag("--until-fail", flags.until_fail, "the first finding ends it");
  app.add_flag("--no-small-scope", flags.no_small_scope,
               "not first every scenario of three operations of two processes");
  app.add_flag("--no-corpus", flags.no_corpus,
               "not first what showed something before, and nothing is added to OUT/fuzz/corpus.toml");
  app.add_option("--oracle", flags.oracle, "an implementation that runs each scenario too, and whose outcomes count")
      ->capture_default_str();
  AddExecution(app, &flags.execution);
  if (const auto status = Parse(app, words.words)) return *status;
  flags.steps_given = steps->count() != 0;
  std::optional<std::uint64_t> drawn;
  if (!flags.seed) flags.seed = drawn = std::random_device{}();
  Discovery discovery(ProjectPlaces());
  const auto implementations = ResolveOrReference(discovery, flags.names, words.command, flags.execution.python_args);
  if (!implementations) return Complain(implementations.error());
  const auto out = OutFolder::Make(flags.execution.out, discovery.places());
  if (!out) return Complain(out.error());
  auto options = MakeRunnerOptions(flags.execution, *out);
  if (!options) return Complain(options.error());
  const auto folder = FolderIn(*out, "fuzz");
  if (!folder) return Complain(folder.error());
  std::optional<Implementation> oracle;
  if (flags.oracle != "none") {
    auto named = discovery.Resolve(flags.oracle, flags.execution.python_args);
    if (!named) return Complain(named.error());
    oracle = std::move(*named);
  }
  fuzz::Corpus corpus;
  if (!flags.no_corpus) {
    auto loaded = fuzz::Corpus::Load(discovery.places().root + "/harness/fuzz/corpus.toml", *folder + "/corpus.toml");
    if (!loaded) return Complain(loaded.error());
    corpus = std::move(*loaded);
  }
  return FuzzJob(flags, *folder, std::move(*options), std::move(oracle), std::move(corpus), CommandLine("fuzz", words, drawn))
      .Run(*implementations);
}

}  // namespace lockstep
