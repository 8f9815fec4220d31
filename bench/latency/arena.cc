// SPDX-License-Identifier: MIT
#include "bench/latency/arena.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "bench/statistics/statistics.h"
#include "harness/os/affinity.h"
#include "harness/os/interrupt.h"

namespace lockstep::bench {
namespace {

using Form = Quantity::Form;

// The value of a repetition. A burst that an interrupt or a neighbour fell into takes longer, never shorter, so that the
// lower quartile is nearer to what a call takes; of single calls the middle is told, for their spread is what people meet.
double ValueOf(Form form, const std::vector<double>& values) {
  if (form == Form::kBursts) return Quantile(values, 0.25);
  return Median(values);
}

// What takes long by itself is visited once in a repetition.
bool IsLong(const Quantity& quantity) {
  return quantity.form == Form::kTimeouts || quantity.form == Form::kContended || quantity.what == "forks" ||
         quantity.idle >= std::chrono::microseconds(100);
}

}  // namespace

Arena::Arena(std::vector<Entrant> entrants, Options options, Supervisor supervisor, OutputCapture output)
    : entrants_(std::move(entrants)),
      options_(std::move(options)),
      supervisor_(std::move(supervisor)),
      output_(std::move(output)),
      states_(entrants_.size()),
      random_(options_.seed) {}

Arena::~Arena() = default;

Result<std::unique_ptr<Arena>> Arena::Make(std::vector<Entrant> entrants, Options options) {
  AskForPreciseTimers();
  auto supervisor = Supervisor::Start(ProbeIsolation().isolation, options.name_prefix);
  if (!supervisor) return tl::unexpected(supervisor.error());
  auto output = OutputCapture::Make();
  if (!output) return tl::unexpected(output.error());
  auto arena =
      std::unique_ptr<Arena>(new Arena(std::move(entrants), std::move(options), std::move(*supervisor), std::move(*output)));
  arena->StartAll();
  return arena;
}

std::string Arena::Lacks(std::size_t entrant, const Quantity& quantity) const {
  const State& state = states_[entrant];
  return state.hello ? Contestant::Lacks(state.abilities, quantity) : "";
}

std::unique_ptr<Contestant> Arena::StartOne(std::size_t entrant) {
  const Implementation& implementation = entrants_[entrant].implementation;
  State& state = states_[entrant];
  Contestant::Options options;
  options.channel_dir = options_.channel_dir;
  options.names = fmt::format("{}-{}", options_.name_prefix, started_++ % 100'000);
  options.timeout_scale = options_.timeout_scale;
  options.cpus = AllowedCpus();
  // The first CPU has most of the machine's interrupts.
  std::reverse(options.cpus.begin(), options.cpus.end());
  output_.Drain();
  output_.Clear();
  auto one = Contestant::Start(implementation, supervisor_, output_, efforts_[implementation.Identity()], std::move(options));
  if (!one) {
    if (!Interrupted()) Exclude(entrant, one.error().Text());
    return nullptr;
  }
  if (state.hello && state.abilities != (*one)->abilities()) {
    Exclude(entrant, "it claims other capabilities than when it was started before");
    return nullptr;
  }
  state.hello = (*one)->hello();
  state.abilities = (*one)->abilities();
  return std::move(*one);
}

void Arena::Exclude(std::size_t entrant, const std::string& why) {
  states_[entrant].trouble = why;
  output_.Drain();
  if (const std::string printed = output_.Text(); !printed.empty()) states_[entrant].trouble += "\n  what was printed last: " + printed;
}

std::vector<std::unique_ptr<Contestant>> Arena::StartAll() {
  supervisor_.ForgetReaped();
  std::vector<std::unique_ptr<Contestant>> contestants(entrants_.size());
  std::vector<std::size_t> order(entrants_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), random_);
  for (const std::size_t entrant : order) {
    if (states_[entrant].trouble.empty() && !Interrupted()) contestants[entrant] = StartOne(entrant);
  }
  return contestants;
}

Repetition Arena::Run(const std::vector<Quantity>& quantities) {
  Repetition repetition(entrants_.size(), std::vector<std::optional<Measured>>(quantities.size()));
  auto contestants = StartAll();
  std::vector<std::size_t> order(entrants_.size());
  std::iota(order.begin(), order.end(), 0U);
  for (std::size_t number = 0; number < quantities.size(); ++number) {
    const Quantity& quantity = quantities[number];
    std::vector<std::vector<double>> values(entrants_.size());
    std::vector<std::optional<double>> fairness(entrants_.size());
    std::shuffle(order.begin(), order.end(), random_);
    std::vector<std::size_t> visits = order;
    if (!IsLong(quantity)) visits.insert(visits.end(), order.rbegin(), order.rend());
    for (const std::size_t entrant : visits) {
      if (contestants[entrant] == nullptr || !Lacks(entrant, quantity).empty() || Interrupted()) continue;
      const auto visit = contestants[entrant]->Measure(quantity);
      if (!visit) {
        if (!Interrupted()) Exclude(entrant, fmt::format("{}: {}", quantity.name, visit.error().Text()));
        contestants[entrant] = nullptr;
        continue;
      }
      values[entrant].insert(values[entrant].end(), visit->values.begin(), visit->values.end());
      if (visit->fairness) fairness[entrant] = visit->fairness;
    }
    for (std::size_t entrant = 0; entrant < entrants_.size(); ++entrant) {
      if (contestants[entrant] == nullptr || values[entrant].empty()) continue;
      Measured measured;
      measured.value = ValueOf(quantity.form, values[entrant]);
      measured.fairness = fairness[entrant];
      if (quantity.form != Form::kBursts && quantity.form != Form::kContended) measured.samples = std::move(values[entrant]);
      repetition[entrant][number] = std::move(measured);
    }
  }
  return repetition;
}

void Arena::Count(const std::vector<Quantity>& quantities) {
  const bool free = std::any_of(quantities.begin(), quantities.end(), [](const Quantity& one) { return one.what == "pairs"; });
  const bool handed = std::any_of(quantities.begin(), quantities.end(), [](const Quantity& one) { return one.form == Form::kHandOver; });
  for (std::size_t entrant = 0; entrant < entrants_.size() && (free || handed); ++entrant) {
    if (!states_[entrant].trouble.empty() || Interrupted() || !Lacks(entrant, Quantity{}).empty()) continue;
    const auto one = StartOne(entrant);
    if (one == nullptr) continue;
    Counts& counts = states_[entrant].counts;
    if (handed) counts = one->CountHandOvers();
    if (free) counts.syscalls = one->CountSyscalls();
  }
}

}  // namespace lockstep::bench
