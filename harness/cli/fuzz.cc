// SPDX-License-Identifier: MIT
// lockstep fuzz: generated scenarios against the model, made small and kept as files.
#include <fmt/format.h>

#include <filesystem>
#include <random>

#include "harness/cli/options.h"
#include "harness/fuzz/campaign.h"
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
};

std::string Commented(const std::string& text) {
  std::string out = "# ";
  for (const char c : text) out += c == '\n' ? "\n# " : std::string(1, c);
  return out + "\n";
}

// A scenario file that `lockstep run --scenarios` runs as it is.
std::string FileOf(const fuzz::Finding& finding, const std::string& area, const std::string& head) {
  std::string text = Commented(head);
  if (!finding.rule.empty()) text += Commented(finding.rule);
  text += fmt::format("[[scenario]]\nname   = \"{}/found\"\nsays   = \"The model and an implementation agree.\"\n"
                      "source = \"harness/model/rule.h\"\nsteps  = '''\n{}'''\n",
                      area, finding.written.scenario.steps_text);
  return text;
}

class FuzzJob {
 public:
  FuzzJob(FuzzFlags flags, std::string folder, RunnerOptions options)
      : flags_(std::move(flags)), folder_(std::move(folder)), options_(std::move(options)) {}

  // An exit status: of several implementations the worst.
  int Run(const std::vector<Implementation>& implementations) {
    fmt::print("seed {}\n", *flags_.seed);
    int status = 0;
    for (const Implementation& implementation : implementations) {
      if (Interrupted()) break;
      const int one = RunOne(implementation);
      const auto rank = [](int s) { return s == 3 ? 3 : s == 1 ? 2 : s == 4 ? 1 : 0; };
      if (rank(one) > rank(status)) status = one;
    }
    return Interrupted() ? kExitInterrupted : status;
  }

 private:
  int RunOne(const Implementation& implementation) {
    fuzz::CampaignOptions options;
    options.seed = *flags_.seed;
    options.steps = flags_.steps;
    options.until_fail = flags_.until_fail;
    options.small_scope = !flags_.no_small_scope;
    options.runner = options_;
    if (flags_.time_s > 0) {
      options.runner.deadline = Deadline::After(nanoseconds(static_cast<std::int64_t>(flags_.time_s * 1e9)));
      if (!flags_.steps_given) options.steps = std::numeric_limits<long>::max() / 2;
    }
    int number = 0;
    const fuzz::CampaignResult result = fuzz::RunCampaign(
        implementation, options, [&](const fuzz::Finding& finding) { Tell(implementation, finding, ++number); });
    if (!result.introduction.hello) {
      fmt::print("{}: could not be started: {}\n", implementation.name, result.introduction.failure);
      return kExitHarness;
    }
    return Summarize(implementation, result);
  }

  void Tell(const Implementation& implementation, const fuzz::Finding& finding, int number) {
    const auto& divergence = finding.run.divergence;
    const std::string what = divergence ? fmt::format("{}: the model allows {}, got {}", divergence->operation,
                                                      divergence->expected, divergence->actual)
                                        : finding.run.unclean.front();
    std::string area = fmt::format("{}-{}", implementation.name, number);
    for (char& c : area) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? static_cast<char>(std::tolower(c)) : '-';
    const std::string file = fmt::format("{}/{}.toml", folder_, area);
    const std::string head = fmt::format(
        "Found by lockstep fuzz {} --seed {} (lockstep {}){}.\n{}", implementation.name, *flags_.seed,
        LOCKSTEP_VERSION, finding.steady ? "" : "; it does not fail each time", what);
    fmt::print("\n[{}] {}{}\n\n", number, what, finding.steady ? "" : "  (not each time)");
    for (const Step& step : finding.written.scenario.steps) {
      const bool here = divergence && step.position.line == divergence->position.line;
      fmt::print("  {} {}\n", here ? ">" : " ", step.text);
      if (here) break;
    }
    if (!finding.rule.empty()) fmt::print("\n    rule  {}\n", finding.rule);
    if (const auto written = ReplaceTextFile(file, FileOf(finding, area, head)); !written) {
      Complain(written.error());
    } else {
      fmt::print("   saved  {}\n   rerun  ./lockstep run {} --oracle none --scenarios {}\n", file,
                 implementation.name, reports::ShellQuoted(std::filesystem::absolute(file).string()));
    }
    std::fflush(stdout);
  }

  static int Summarize(const Implementation& implementation, const fuzz::CampaignResult& result) {
    const double seconds = static_cast<double>(result.wall.count()) / 1e9;
    const std::string small = result.small_scope_there_is == 0
                                  ? "none of small scope"
                                  : fmt::format("{} of the {} of small scope among them", result.small_scope,
                                                result.small_scope_there_is);
    fmt::print("\n{} {}: {} steps in {} scenarios, {}; {:.0f} steps a second; {}\n", implementation.name,
               result.introduction.hello->version, result.steps, result.scenarios, small,
               static_cast<double>(result.steps) / seconds,
               result.findings.empty() ? "nothing that the model forbids"
                                       : fmt::format("{} that the model forbids", result.findings.size()));
    for (const std::string& trouble : result.troubles) fmt::print("  not judged: {}\n", trouble);
    if (result.small_scope < result.small_scope_there_is)
      fmt::print("  not all of small scope was run: --time gives it more, --no-small-scope leaves it out\n");
    std::string missing;
    for (const std::string& sight : fuzz::RequiredSights()) {
      if (result.sights.count(sight) == 0) missing += (missing.empty() ? "" : ", ") + sight;
    }
    if (!result.findings.empty()) return 1;
    if (!result.troubles.empty()) return kExitHarness;
    if (missing.empty()) return 0;
    fmt::print("  never seen: {}: give it more steps\n", missing);
    return kExitNotJudged;
  }

  const FuzzFlags flags_;
  const std::string folder_;
  const RunnerOptions options_;
};

}  // namespace

int FuzzVerb(const Words& words) {
  CLI::App app("Generated scenarios against the model, on each implementation.", "fuzz");
  FuzzFlags flags;
  app.add_option("IMPL", flags.names, "implementations; none: the reference");
  app.add_option("--seed", flags.seed, "of the generator; default: a new one, which is printed");
  auto* steps = app.add_option("--steps", flags.steps, "steps of random scenarios, at least")->capture_default_str();
  app.add_option("--time", flags.time_s, "seconds after which nothing more is begun")->check(CLI::Range(0.1, 1e6));
  app.add_flag("--until-fail", flags.until_fail, "the first finding ends it");
  app.add_flag("--no-small-scope", flags.no_small_scope,
               "not first every scenario of three operations of two processes");
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
  return FuzzJob(flags, folder, std::move(*options)).Run(*implementations);
}

}  // namespace lockstep
