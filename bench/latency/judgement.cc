// SPDX-License-Identifier: MIT
#include "bench/latency/judgement.h"

#include <algorithm>
#include <cmath>

namespace lockstep::bench {
namespace {

// "2.5 standard errors of a median", with the interquartile range for the spread.
constexpr double kSpreads = 2.5;

// How far the change may be off: of one series, or of the difference of two that were measured apart.
MedianBootstrap Resampled(const Evidence& one, std::uint64_t seed) {
  const MedianBootstrap changes(one.changes, seed);
  return one.stored.empty() ? changes : changes.Less(MedianBootstrap(one.stored, seed + 1), seed + 3);
}

double Spread(const std::vector<double>& series) {
  return kSpreads * InterquartileRange(series) / std::sqrt(static_cast<double>(series.size()));
}

double AsShare(double logarithm) { return std::expm1(logarithm); }

struct Weighed {
  Judgement judgement;
  double margin = 0;  // as a logarithm
  double slower_p = 1;
  double faster_p = 1;
  bool control_differs = false;
};

Weighed Weigh(const Evidence& one, const JudgementRules& rules) {
  Weighed weighed;
  Judgement& judgement = weighed.judgement;
  judgement.quantity = one.quantity;
  if (one.changes.size() < kLeastRepetitions || one.control.size() < kLeastRepetitions ||
      (!one.stored.empty() && one.stored.size() < kLeastRepetitions)) {
    judgement.why = "too few repetitions";
    return weighed;
  }
  const MedianBootstrap resampled = Resampled(one, rules.seed);
  double spread = Spread(one.changes);
  if (!one.stored.empty()) spread = std::hypot(spread, Spread(one.stored));
  weighed.margin = std::max(std::log1p(rules.margin), spread);
  weighed.slower_p = resampled.PAtMost(weighed.margin);
  weighed.faster_p = resampled.PAtLeast(-weighed.margin);
  const Interval interval = resampled.At(rules.confidence);
  judgement.known = true;
  judgement.change = AsShare(Median(one.changes) - (one.stored.empty() ? 0 : Median(one.stored)));
  judgement.interval = {AsShare(interval.low), AsShare(interval.high)};
  judgement.margin = AsShare(weighed.margin);
  judgement.smallest = AsShare(weighed.margin + (interval.high - interval.low) / 2);
  judgement.control = AsShare(Median(one.control));
  const MedianBootstrap control(one.control, rules.seed + 2);
  const double control_margin = std::max(std::log1p(rules.margin), Spread(one.control));
  weighed.control_differs =
      std::min(control.PAtMost(control_margin), control.PAtLeast(-control_margin)) < rules.discovery_rate;
  return weighed;
}

}  // namespace

const char* NameOf(PerformanceVerdict verdict) {
  switch (verdict) {
    case PerformanceVerdict::kFaster:
      return "faster";
    case PerformanceVerdict::kSame:
      return "same";
    case PerformanceVerdict::kSlower:
      return "slower";
    case PerformanceVerdict::kInconclusive:
      return "inconclusive";
  }
  return "";
}

std::vector<Judgement> Judge(const std::vector<Evidence>& evidence, const JudgementRules& rules) {
  std::vector<Weighed> all;
  std::vector<double> p;
  for (const Evidence& one : evidence) {
    all.push_back(Weigh(one, rules));
    p.push_back(std::min(all.back().slower_p, all.back().faster_p));
  }
  const std::vector<bool> found = BenjaminiHochberg(p, rules.discovery_rate);
  std::vector<Judgement> judgements;
  for (std::size_t i = 0; i < all.size(); ++i) {
    Judgement judgement = std::move(all[i].judgement);
    // What is told as the same must be so within the margin that no noise has widened.
    const double limit = rules.margin;
    if (!judgement.why.empty()) {
    } else if (all[i].control_differs) {
      judgement.why = "two copies of one thing differ: the machine";
    } else if (found[i]) {
      judgement.verdict = all[i].slower_p < all[i].faster_p ? PerformanceVerdict::kSlower : PerformanceVerdict::kFaster;
    } else if (judgement.interval.low > -limit && judgement.interval.high < limit) {
      judgement.verdict = PerformanceVerdict::kSame;
    } else {
      judgement.why = "not sure yet";
    }
    judgements.push_back(std::move(judgement));
  }
  return judgements;
}

}  // namespace lockstep::bench
