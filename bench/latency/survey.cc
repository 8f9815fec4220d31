// SPDX-License-Identifier: MIT
#include "bench/latency/survey.h"

#include <cmath>

#include "harness/os/interrupt.h"

namespace lockstep::bench {
namespace {

// What an entrant has of one quantity and, of a contended one, of its fairness.
struct Row {
  Series series;
  Series fairness;
};

class Surveying {
 public:
  Surveying(Arena& arena, const SurveyOptions& options, const std::function<void(const Survey&)>& progress)
      : arena_(arena), options_(options), progress_(progress) {}

  Survey Run() {
    const std::int64_t start = MonotonicNs();
    arena_.Count(options_.quantities);
    Begin();
    while (!Interrupted() && AnybodyLeft() &&
           (survey_.repetitions < kLeastSurveyed || MonotonicNs() - start < options_.time.count())) {
      const Repetition repetition = arena_.Run(options_.quantities);
      // A repetition that was cut short would count some more often than others.
      if (Interrupted()) break;
      Take(repetition);
      ++survey_.repetitions;
      survey_.wall = nanoseconds(MonotonicNs() - start);
      progress_(survey_);
    }
    survey_.wall = nanoseconds(MonotonicNs() - start);
    Finish();
    return std::move(survey_);
  }

 private:
  bool AnybodyLeft() const {
    for (const std::size_t entrant : options_.about) {
      if (arena_.trouble(entrant).empty() && arena_.hello(entrant) && arena_.Lacks(entrant, Quantity{}).empty()) return true;
    }
    return false;
  }

  Series Named(std::size_t entrant, std::string quantity, std::string unit, bool more_is_better) const {
    Series series;
    series.implementation = arena_.entrants()[entrant].name;
    if (arena_.hello(entrant)) series.version = arena_.hello(entrant)->version;
    series.quantity = std::move(quantity);
    series.unit = std::move(unit);
    series.more_is_better = more_is_better;
    return series;
  }

  void Begin() {
    rows_.resize(arena_.entrants().size());
    for (std::size_t entrant = 0; entrant < rows_.size(); ++entrant) {
      for (const Quantity& quantity : options_.quantities) {
        rows_[entrant].push_back({Named(entrant, quantity.name, quantity.unit(), quantity.more_is_better()),
                                  Named(entrant, quantity.fairness_name(), "", true)});
      }
    }
  }

  void Take(const Repetition& repetition) {
    for (std::size_t entrant = 0; entrant < rows_.size(); ++entrant) {
      for (std::size_t column = 0; column < options_.quantities.size(); ++column) {
        const auto& measured = repetition[entrant][column];
        if (!measured) continue;
        Row& row = rows_[entrant][column];
        row.series.values.push_back(measured->value);
        for (const double ns : measured->samples) row.series.samples.Add(std::llround(ns));
        if (measured->fairness) row.fairness.values.push_back(*measured->fairness);
        if (!options_.unit) continue;
        const auto& unit = repetition[*options_.unit][column];
        if (unit && unit->value > 0 && measured->value > 0) row.series.ratios.push_back(measured->value / unit->value);
      }
    }
  }

  void Finish() {
    for (std::size_t entrant = 0; entrant < rows_.size(); ++entrant) {
      for (Row& row : rows_[entrant]) {
        if (!row.series.values.empty()) survey_.series.push_back(std::move(row.series));
        if (!row.fairness.values.empty()) survey_.series.push_back(std::move(row.fairness));
      }
      const Counts& counts = arena_.counts(entrant);
      const auto add = [&](const char* name, const std::optional<double>& count) {
        if (!count) return;
        Series series = Named(entrant, name, "", false);
        series.values = {*count};
        survey_.series.push_back(std::move(series));
      };
      add(kSyscallsName, counts.syscalls);
      add(kFutexesName, counts.futexes);
      add(kSwitchesName, counts.voluntary_switches);
    }
  }

  Arena& arena_;
  const SurveyOptions& options_;
  const std::function<void(const Survey&)>& progress_;
  Survey survey_;
  std::vector<std::vector<Row>> rows_;  // by entrant, then by quantity
};

}  // namespace

Survey Measure(Arena& arena, const SurveyOptions& options, const std::function<void(const Survey&)>& progress) {
  return Surveying(arena, options, progress).Run();
}

}  // namespace lockstep::bench
