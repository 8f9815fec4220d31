// SPDX-License-Identifier: MIT
// lockstep fuzz: generated scenarios against the model, made small and kept as files.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <random>

#include "harness/cli/options.h"
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
          fuzz::Corpus corpus)
      : flags_(std::move(flags)),
        folder_(std::move(folder)),
        options_(std::move(options)),
        oracle_(std::move(oracle)),
        corpus_(std::move(corpus)) {}

  // An exit status: of several implementations the worst.
  int Run(const std::vector<Implementation>& implementations) {
    fmt::print("seed {}\n", *flags_.seed);
    std::fflush(stdout);
    int status = 0;
    for (const Implementation& implementation : implementations) {
      if (Interrupted()) break;
      const int one = RunOne(implementation);
      const auto rank = [](int s) { return s == kExitHarness ? 3 : s == 1 ? 2 : s == kExitNotJudged ? 1 : 0; };
      if (rank(one) > rank(status)) status = one;
    }
    return Interrupted() ? kExitInterrupted : status;
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
    watcher.smaller = [&](const fuzz::Finding& finding) { Save(implementation, finding); };
    watcher.found = [&](const fuzz::Finding& finding) { Tell(implementation, finding); };
    watcher.interesting = [&](const std::vector<Scenario>& scenarios) {
      Remember(scenarios, fuzz::Corpus::Why::kInteresting);
    };
    const fuzz::CampaignResult result = fuzz::RunCampaign(implementation, options, watcher);
    if (!result.introduction.hello || !result.failure.empty()) {
      fmt::print("{}: {}\n", implementation.name,
                 result.failure.empty() ? "could not be started: " + result.introduction.failure : result.failure);
      return kExitHarness;
    }
    return Summarize(implementation, result);
  }

  void Remember(const std::vector<Scenario>& scenarios, fuzz::Corpus::Why why) {
    if (flags_.no_corpus) return;
    if (const auto added = corpus_.Add(scenarios, why); !added) Complain(added.error());
  }

  // Of the finding in work: the first that no file has, whichever campaign left it.
  std::string Area(const Implementation& implementation) {
    const auto named = [&](int number) {
      std::string area = fmt::format("{}-{}", implementation.name, number);
      for (char& c : area)
        c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? static_cast<char>(std::tolower(c)) : '-';
      return area;
    };
    for (int number = 1; area_.empty(); ++number) {
      if (!std::filesystem::exists(fmt::format("{}/{}.toml", folder_, named(number)))) area_ = named(number);
    }
    return area_;
  }
  std::string File(const Implementation& implementation) {
    return fmt::format("{}/{}.toml", folder_, Area(implementation));
  }

  std::string What(const fuzz::Finding& finding) const {
    const auto& divergence = finding.run.divergence;
    if (!divergence) return finding.run.unclean.front();
    return fmt::format("{}: {} {}, got {}", divergence->operation,
                       finding.by_oracle ? "the oracle " + oracle_->name + " has" : "the model allows",
                       divergence->expected, divergence->actual);
  }

  // As a scenario file that `lockstep run --scenarios` runs as it is.
  bool Save(const Implementation& implementation, const fuzz::Finding& finding) {
    std::string text = Commented(fmt::format("Found by lockstep fuzz {} --seed {} (lockstep {}){}.\n{}",
                                             implementation.name, *flags_.seed, LOCKSTEP_VERSION,
                                             finding.steady ? "" : "; it does not fail each time", What(finding)));
    if (!finding.rule.empty()) text += Commented(finding.rule);
    text += fuzz::TableOf(finding.written.scenario, Area(implementation) + "/found");
    const auto written = ReplaceTextFile(File(implementation), text);
    if (!written) Complain(written.error());
    return written.has_value();
  }

  void Tell(const Implementation& implementation, const fuzz::Finding& finding) {
    const auto& divergence = finding.run.divergence;
    fmt::print("\n[{}] {}{}\n\n", number_, What(finding), finding.steady ? "" : "  (not each time)");
    for (const Step& step : finding.written.scenario.steps) {
      const bool here = divergence && step.position.line == divergence->position.line;
      fmt::print("  {} {}\n", here ? ">" : " ", step.text);
      if (here) break;
    }
    fmt::print("\n");
    if (!finding.rule.empty()) fmt::print("    rule  {}\n", finding.rule);
    if (Save(implementation, finding)) {
      const std::string file = reports::ShellQuoted(std::filesystem::absolute(File(implementation)).string());
      std::string words;
      for (const std::string& word : implementation.run_as) words += " " + reports::ShellQuoted(word);
      if (words.empty()) words = " " + reports::ShellQuoted(implementation.name);
      fmt::print("   saved  {}\n   rerun  ", File(implementation));
      if (finding.by_oracle) {
        fmt::print("./lockstep diff {} --scenarios {}{}\n", reports::ShellQuoted(oracle_->name), file, words);
      } else {
        fmt::print("./lockstep run --oracle none --scenarios {}{}\n", file, words);
      }
    }
    fmt::print("  shrunk  in {:.1f} s, {} scenarios\n", static_cast<double>(finding.took.count()) / 1e9, finding.tried);
    std::fflush(stdout);
    area_.clear();
    ++number_;
    Remember({finding.written.scenario}, fuzz::Corpus::Why::kFails);
  }

  static int Summarize(const Implementation& implementation, const fuzz::CampaignResult& result) {
    const double seconds = static_cast<double>(result.wall.count()) / 1e9;
    fmt::print("\n{} {}: {}\n", implementation.name, result.introduction.hello->version,
               result.findings.empty() ? "nothing that the model forbids"
                                       : fmt::format("{} found", result.findings.size()));
    fmt::print("  {} steps in {} scenarios, {:.0f} steps a second\n", result.steps, result.scenarios,
               static_cast<double>(result.steps) / seconds);
    fmt::print("  {} kinds of situations, {} states and {} transitions of the model\n", result.situations,
               result.states, result.transitions);
    if (result.sequences > 0) {
      fmt::print("  {} sequences of three operations of two processes{}\n", result.sequences,
                 result.all_sequences ? ": all that there are"
                                      : "; not all: --time gives them more, --no-small-scope leaves them out");
    }
    for (const auto& [reason, times] : result.unsupported)
      fmt::print("  {} scenarios ended early: {}\n", times, reason);
    for (const std::string& trouble : result.troubles) fmt::print("  not judged: {}\n", trouble);
    if (!result.troubles.empty()) return kExitHarness;
    if (!result.findings.empty()) return 1;
    if (result.missing.empty()) return 0;
    fmt::print("  never seen: {}: give it more steps\n", fmt::join(result.missing, ", "));
    return kExitNotJudged;
  }

  const FuzzFlags flags_;
  const std::string folder_;
  const RunnerOptions options_;
  const std::optional<Implementation> oracle_;
  fuzz::Corpus corpus_;
  int number_ = 1;    // of the finding
  std::string area_;  // of the finding in work, once it has a file
};

}  // namespace

int FuzzVerb(const Words& words) {
  CLI::App app("Generated scenarios against the model, on each implementation.", "fuzz");
  FuzzFlags flags;
  app.add_option("IMPL", flags.names, "implementations; none: the reference");
  app.add_option("--seed", flags.seed, "of the generator; default: a new one, which is printed");
  auto* steps = app.add_option("--steps", flags.steps, "steps of random scenarios, at least")->capture_default_str();
  app.add_option("--time", flags.time_s,
                 "seconds for each implementation, after which nothing more is begun; half of them at most for"
                 " every sequence of three operations")
      ->check(CLI::Range(0.1, 1e6));
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
  if (!flags.seed) flags.seed = std::random_device{}();
  Discovery discovery(ProjectPlaces());
  if (flags.names.empty() && words.command.empty()) flags.names = {"reference"};
  const auto implementations =
      ResolveAll(discovery, flags.names, words.command, flags.execution.python_args);
  if (!implementations) return Complain(implementations.error());
  const auto out = OutFolder::Make(flags.execution.out, discovery.places());
  if (!out) return Complain(out.error());
  auto options = MakeRunnerOptions(flags.execution, *out);
  if (!options) return Complain(options.error());
  const std::string folder = out->path() + "/fuzz";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Complain(Error{fmt::format("cannot make {}: {}", folder, error.message()), ""});
  std::optional<Implementation> oracle;
  if (flags.oracle != "none") {
    auto named = discovery.Resolve(flags.oracle, flags.execution.python_args);
    if (!named) return Complain(named.error());
    oracle = std::move(*named);
  }
  fuzz::Corpus corpus;
  if (!flags.no_corpus) {
    auto loaded = fuzz::Corpus::Load(discovery.places().root + "/harness/fuzz/corpus.toml", folder + "/corpus.toml");
    if (!loaded) return Complain(loaded.error());
    corpus = std::move(*loaded);
  }
  return FuzzJob(flags, folder, std::move(*options), std::move(oracle), std::move(corpus)).Run(*implementations);
}

}  // namespace lockstep
