// SPDX-License-Identifier: MIT
// lockstep stress: parallel load and races, and all that comes of them judged.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "harness/cli/campaigns.h"
#include "harness/os/interrupt.h"
#include "harness/os/text_file.h"
#include "harness/stress/campaign.h"
#include "reports/text.h"

namespace lockstep {
namespace {

struct StressFlags {
  std::vector<std::string> names;
  std::optional<std::uint64_t> seed;
  double time_s = 10;
  long ops = 0;
  int processes = 0;
  int threads = 0;
  std::string density = "sampled";
  bool no_races = false;
  bool no_stops = false;
  bool no_kills = false;
  bool no_signals = false;
  bool no_pins = false;
  double timeout_scale = 1;
  std::string out;
  std::vector<std::string> python_args;
};

double Seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

class StressJob {
 public:
  StressJob(StressFlags flags, std::string folder, std::string channels, std::string command)
      : flags_(std::move(flags)), folder_(std::move(folder)), channels_(std::move(channels)), command_(std::move(command)) {}

  // An exit status: of several implementations the worst.
  int Run(const std::vector<Implementation>& implementations) {
    fmt::print("seed {}\n", *flags_.seed);
    std::fflush(stdout);
    return RunEach(implementations, [this](const Implementation& one) { return RunOne(one); });
  }

 private:
  int RunOne(const Implementation& implementation) {
    stress::CampaignOptions options;
    options.seed = *flags_.seed;
    options.time = nanoseconds(static_cast<std::int64_t>(flags_.time_s * 1e9));
    options.calls = flags_.ops;
    options.timeout_scale = flags_.timeout_scale;
    options.channel_dir = channels_;
    options.name_prefix = fmt::format("lockstep-{:07d}-900", ::getpid() % 10'000'000);
    options.limits.processes = flags_.processes;
    options.limits.threads = flags_.threads;
    options.limits.density = flags_.density == "full"   ? stress::Density::kFull
                             : flags_.density == "none" ? stress::Density::kNone
                                                        : stress::Density::kSampled;
    options.limits.amplifiers = {!flags_.no_races, !flags_.no_stops, !flags_.no_kills, !flags_.no_signals, !flags_.no_pins};
    const stress::CampaignResult result =
        stress::RunCampaign(implementation, options, [&](const stress::CampaignResult& now) { Progress(implementation, now); });
    if (is_terminal_) fmt::print(stderr, "\n");
    return Tell(implementation, result);
  }

  // On a terminal a line that is written over; elsewhere it is quiet.
  void Progress(const Implementation& implementation, const stress::CampaignResult& now) {
    constexpr std::int64_t kEvery = 200'000'000;
    if (!is_terminal_ || MonotonicNs() - told_ < kEvery) return;
    told_ = MonotonicNs();
    fmt::print(stderr, "\r{}: {} calls in {} epochs, {} races ", implementation.name, now.totals.calls, now.totals.epochs,
               now.totals.races);
  }

  int Tell(const Implementation& implementation, const stress::CampaignResult& result) {
    if (!result.hello) {
      fmt::print("{}: could not be started: {}\n", implementation.name, result.trouble);
      return kExitHarness;
    }
    if (!result.lacks.empty()) {
      fmt::print("{} {}: unsupported: its adapter has no capability {} (impl/adapters/PROTOCOL.md, section 10)\n",
                 implementation.name, result.hello->version, result.lacks);
      return kExitNotJudged;
    }
    int number = 0;
    for (const stress::Finding& finding : result.findings) TellFinding(implementation, finding, ++number);
    const stress::Totals& totals = result.totals;
    fmt::print("{} {}: {}\n", implementation.name, result.hello->version,
               result.findings.empty() ? "nothing that a semaphore does not do" : "no semaphore does this");
    const std::int64_t unrecorded = totals.calls - totals.recorded;
    const std::int64_t recorded_ns = totals.load_ns - totals.unrecorded_ns;
    fmt::print("  {} calls in {} epochs of {} rounds, {:.1f} s: {:.2f} M a second unrecorded, {:.2f} M recorded "
               "({} calls, judged in {:.1f} s)\n",
               totals.calls, totals.epochs, totals.rounds, Seconds(result.wall.count()),
               static_cast<double>(unrecorded) / 1e6 / std::max(1e-9, Seconds(totals.unrecorded_ns)),
               static_cast<double>(totals.recorded) / 1e6 / std::max(1e-9, Seconds(recorded_ns)), totals.recorded,
               Seconds(totals.judging_ns));
    if (totals.races > 0) fmt::print("  {} races\n", totals.races);
    std::vector<std::string> sights;
    for (const auto& [sight, times] : totals.sights) {
      if (times > 0) sights.push_back(fmt::format("{} {}", sight, times));
    }
    std::string lines;
    for (const std::string& line : reports::Wrapped(fmt::format("{}", fmt::join(sights, ", ")), 100))
      lines += (lines.empty() ? "" : "\n        ") + line;
    fmt::print("  seen: {}\n", lines);
    if (!totals.spreads.empty()) {
      fmt::print("  fairness: the last actor of an epoch was done later than the first by {:.0f} % of its time (half of the epochs), "
                 "{:.0f} % (nine of ten)\n", 100 * Quantile(totals.spreads, 0.5), 100 * Quantile(totals.spreads, 0.9));
    }
    if (result.canaries > 0) fmt::print("  {} canar{} planted, each found\n", result.canaries, result.canaries == 1 ? "y" : "ies");
    if (!result.trouble.empty()) {
      fmt::print("  not judged to the end: {}\n", result.trouble);
      return kExitHarness;
    }
    if (!result.findings.empty()) return 1;
    if (result.missing.empty() || Interrupted()) return 0;
    fmt::print("  never seen: {}: give it more time\n", fmt::join(result.missing, ", "));
    return kExitNotJudged;
  }

  void TellFinding(const Implementation& implementation, const stress::Finding& finding, int number) {
    fmt::print("\n[{}] {}: {}: {}\n\n", number, implementation.name, finding.oracle, finding.what);
    if (!finding.where.empty()) fmt::print("{}\n", finding.where);
    if (!finding.amid.empty()) fmt::print("   amid  {}\n", finding.amid);
    if (finding.history) {
      const std::string file = fmt::format("{}/{}-{}.jsonl", folder_, FileNameOf(implementation.name), *flags_.seed);
      if (const auto written = ReplaceTextFile(file, check::WriteHistories({*finding.history})); !written) {
        Complain(written.error());
      } else {
        fmt::print("  saved  {0}\n  judge  {1} check {0}\n", reports::ShellQuoted(file), ProjectPlaces().program);
      }
    }
    fmt::print("  rerun  {}\n\n", command_);
  }

  const StressFlags flags_;
  const std::string folder_;
  const std::string channels_;
  const std::string command_;  // as it was given, with the seed
  const bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
  std::int64_t told_ = 0;
};

}  // namespace

int StressVerb(const Words& words) {
  CLI::App app("Parallel load and races on each implementation, and all that comes of them judged.", "stress");
  StressFlags flags;
  app.add_option("IMPL", flags.names, "implementations; none: the reference");
  app.add_option("--seed", flags.seed, "of the plan; default: a new one, which is printed")->check(Unsigned());
  app.add_option("--time", flags.time_s, "seconds for each implementation, after which no epoch is begun")
      ->check(Between(0.1, 1e6))
      ->capture_default_str();
  app.add_option("--ops", flags.ops, "calls of each implementation, after which no epoch is begun; 0: no limit")
      ->check(CLI::Range(0L, 1L << 60));
  app.add_option("--processes", flags.processes, "of each round; 0: drawn")->check(CLI::Range(0, 32));
  app.add_option("--threads", flags.threads, "of each process; 0: drawn")->check(CLI::Range(0, 16));
  app.add_option("--density", flags.density, "which epochs are recorded and judged call by call")
      ->check(CLI::IsMember({"full", "sampled", "none"}))
      ->capture_default_str();
  app.add_flag("--no-races", flags.no_races, "no rounds of two calls made to meet");
  app.add_flag("--no-stops", flags.no_stops, "no process is stopped for a while");
  app.add_flag("--no-kills", flags.no_kills, "no process is killed");
  app.add_flag("--no-signals", flags.no_signals, "no signals");
  app.add_flag("--no-pins", flags.no_pins, "never all on one CPU");
  app.add_option("--timeout-scale", flags.timeout_scale, "multiplies every bound on waiting; default 1")
      ->check(Between(0.01, 1000.0));
  app.add_option("--out", flags.out, "folder for what the run writes; default: out");
  AddPythonArg(app, &flags.python_args);
  if (const auto status = Parse(app, words.words)) return *status;
  std::optional<std::uint64_t> drawn;
  if (!flags.seed) flags.seed = drawn = std::random_device{}();
  Discovery discovery(ProjectPlaces());
  const auto implementations = ResolveOrReference(discovery, flags.names, words.command, flags.python_args);
  if (!implementations) return Complain(implementations.error());
  const auto out = OutFolder::Make(flags.out, discovery.places());
  if (!out) return Complain(out.error());
  const auto folder = FolderIn(*out, "stress");
  if (!folder) return Complain(folder.error());
  return StressJob(std::move(flags), *folder, out->channels(), CommandLine("stress", words, drawn)).Run(*implementations);
}

}  // namespace lockstep
