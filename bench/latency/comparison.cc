// SPDX-License-Identifier: MIT
#include "bench/latency/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/os/interrupt.h"

namespace lockstep::bench {
namespace {

constexpr std::size_t kCandidate = 0;
constexpr std::size_t kBaseline = 1;  // or the unit
constexpr std::size_t kControl = 2;
constexpr std::size_t kEntrants = 3;
// Each look at the data is a chance to be wrong: the next one is when there are half as many again.
constexpr double kLookGrowth = 1.5;

// One quantity on its way to a verdict.
struct Open {
  std::size_t index = 0;   // in Comparison::quantities
  std::size_t look = kLeastRepetitions;  // how many repetitions there have to be for the next look
  PerformanceVerdict suspected = PerformanceVerdict::kSame;  // what is looked at for the second time, if slower or faster
};

class Comparing {
 public:
  Comparing(Arena& arena, const ComparisonOptions& options, const std::function<void(const Comparison&)>& progress)
      : arena_(arena), options_(options), progress_(progress) {}

  Comparison Run() {
    const std::int64_t start = MonotonicNs();
    comparison_.stored = !options_.stored.empty();
    Choose();
    while (!Over(start)) {
      std::vector<Quantity> wanted;
      for (const Open& open : open_) {
        if (!Of(open).decided) wanted.push_back(Of(open).quantity);
      }
      const Repetition repetition = arena_.Run(wanted);
      if (Interrupted()) break;
      Take(repetition);
      if (!comparison_.trouble.empty()) break;
      Look();
      comparison_.wall = nanoseconds(MonotonicNs() - start);
      progress_(comparison_);
    }
    comparison_.wall = nanoseconds(MonotonicNs() - start);
    Finish();
    return std::move(comparison_);
  }

 private:
  Compared& Of(const Open& open) { return comparison_.quantities[open.index]; }

  bool Over(std::int64_t start) {
    if (Interrupted() && comparison_.trouble.empty()) comparison_.trouble = "interrupted";
    if (!comparison_.trouble.empty()) return true;
    const bool all = std::all_of(open_.begin(), open_.end(), [this](const Open& open) { return Of(open).decided; });
    return all || MonotonicNs() - start >= options_.time.count();
  }

  // Takes over why an entrant cannot be measured; true if one cannot.
  bool FindTrouble() {
    for (std::size_t entrant = 0; entrant < kEntrants; ++entrant) {
      if (arena_.trouble(entrant).empty()) continue;
      comparison_.trouble = fmt::format("{}: {}", arena_.entrants()[entrant].name, arena_.trouble(entrant));
      return true;
    }
    return false;
  }

  void Choose() {
    if (FindTrouble()) return;
    for (const Quantity& quantity : options_.quantities) {
      std::string lacks;
      for (std::size_t entrant = 0; entrant < kEntrants && lacks.empty(); ++entrant) {
        const std::string capability = arena_.Lacks(entrant, quantity);
        if (!capability.empty())
          lacks = fmt::format("{}: {} has no {}{}", quantity.name, arena_.entrants()[entrant].name,
                              capability == kReentry ? "" : "capability ", capability);
      }
      if (lacks.empty() && !options_.stored.empty() && options_.stored.count(quantity.name) == 0)
        lacks = fmt::format("{}: not in the stored session", quantity.name);
      if (const auto stored = options_.stored.find(quantity.name);
          lacks.empty() && stored != options_.stored.end() && stored->second.size() < kLeastRepetitions) {
        lacks = fmt::format("{}: the stored session has {} repetitions of it, and {} are needed", quantity.name, stored->second.size(),
                            kLeastRepetitions);
      }
      if (!lacks.empty()) {
        comparison_.left_out.push_back(lacks);
        continue;
      }
      Open open;
      open.index = comparison_.quantities.size();
      open_.push_back(open);
      Compared compared;
      compared.quantity = quantity;
      compared.values.resize(kEntrants);
      compared.samples.resize(kEntrants);
      compared.judgement.quantity = quantity.name;
      compared.judgement.why = "too few repetitions";
      comparison_.quantities.push_back(std::move(compared));
    }
  }

  void Take(const Repetition& repetition) {
    if (FindTrouble()) return;
    std::size_t column = 0;
    for (const Open& open : open_) {
      Compared& compared = Of(open);
      if (compared.decided) continue;
      for (std::size_t entrant = 0; entrant < kEntrants; ++entrant) {
        const Measured& measured = repetition[entrant][column].value();
        compared.values[entrant].push_back(measured.value);
        for (const double ns : measured.samples) compared.samples[entrant].Add(std::llround(ns));
      }
      ++column;
    }
  }

  Evidence EvidenceOf(const Open& open) {
    const Compared& compared = Of(open);
    const Quantity& quantity = compared.quantity;
    Evidence evidence;
    evidence.quantity = quantity.name;
    if (const auto stored = options_.stored.find(quantity.name); stored != options_.stored.end()) evidence.stored = stored->second;
    for (std::size_t i = compared.begin; i < compared.values[kCandidate].size(); ++i) {
      const double candidate = compared.values[kCandidate][i];
      const double baseline = compared.values[kBaseline][i];
      const double control = compared.values[kControl][i];
      // What is not above zero, such as the lateness of a timer that is early, has no ratio.
      if (candidate <= 0 || baseline <= 0 || control <= 0) continue;
      // More is slower. Both copies are the baseline: their mean is less noisy than one.
      const double sign = quantity.more_is_better() ? -1 : 1;
      evidence.changes.push_back(sign * (std::log(candidate) - (std::log(baseline) + std::log(control)) / 2));
      evidence.control.push_back(sign * std::log(control / baseline));
    }
    return evidence;
  }

  void Look() {
    std::vector<Evidence> evidence;
    bool due = false;
    for (const Open& open : open_) {
      evidence.push_back(EvidenceOf(open));
      due = due || (!Of(open).decided && evidence.back().changes.size() >= open.look);
    }
    if (!due) return;
    const std::vector<Judgement> judgements = Judge(evidence, options_.rules);
    for (std::size_t i = 0; i < open_.size(); ++i) {
      Open& open = open_[i];
      const std::size_t count = evidence[i].changes.size();
      if (!Of(open).decided && count >= open.look) Decide(open, judgements[i], count);
    }
  }

  void Decide(Open& open, const Judgement& judgement, std::size_t count) {
    Compared& compared = Of(open);
    compared.judgement = judgement;
    open.look = static_cast<std::size_t>(std::ceil(kLookGrowth * static_cast<double>(count)));
    switch (judgement.verdict) {
      case PerformanceVerdict::kSame:
        compared.decided = true;
        return;
      case PerformanceVerdict::kInconclusive:
        return;
      case PerformanceVerdict::kSlower:
      case PerformanceVerdict::kFaster:
        break;
    }
    if (open.suspected == judgement.verdict) {
      compared.decided = true;
      return;
    }
    // Once more, from nothing.
    open.suspected = judgement.verdict;
    compared.begin = compared.values[kCandidate].size();
    open.look = count;
    compared.judgement = Judgement{};
    compared.judgement.quantity = judgement.quantity;
    compared.judgement.why = fmt::format("looked {} by {:.1f} % once, and there was no time to see it again", NameOf(judgement.verdict),
                                         100 * std::fabs(judgement.change));
  }

  void Finish() {
    bool slower = false;
    bool faster = false;
    bool open = false;
    for (Compared& compared : comparison_.quantities) {
      Judgement& judgement = compared.judgement;
      if (!compared.decided && judgement.why == "not sure yet") judgement.why = "not sure in the time";
      slower = slower || judgement.verdict == PerformanceVerdict::kSlower;
      faster = faster || judgement.verdict == PerformanceVerdict::kFaster;
      open = open || judgement.verdict == PerformanceVerdict::kInconclusive;
      if (options_.stored.empty() && !compared.values[kCandidate].empty())
        compared.u_test_p = MannWhitneyP(compared.values[kCandidate], compared.values[kBaseline]);
    }
    if (slower) {
      comparison_.verdict = PerformanceVerdict::kSlower;
    } else if (open || comparison_.quantities.empty()) {
      comparison_.verdict = PerformanceVerdict::kInconclusive;
    } else {
      comparison_.verdict = faster ? PerformanceVerdict::kFaster : PerformanceVerdict::kSame;
    }
  }

  Arena& arena_;
  const ComparisonOptions& options_;
  const std::function<void(const Comparison&)>& progress_;
  Comparison comparison_;
  std::vector<Open> open_;
};

}  // namespace

Comparison Compare(Arena& arena, const ComparisonOptions& options, const std::function<void(const Comparison&)>& progress) {
  return Comparing(arena, options, progress).Run();
}

}  // namespace lockstep::bench
