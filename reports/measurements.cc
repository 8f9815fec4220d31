// SPDX-License-Identifier: MIT
#include "reports/measurements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/statistics/statistics.h"
#include "reports/text.h"

namespace lockstep::reports {
namespace {

using bench::Comparison;
using bench::Series;
using bench::SessionRecord;

// Three digits that count.
std::string Digits(double value) {
  const double size = std::fabs(value);
  if (size == 0) return "0";
  return fmt::format("{:.{}f}", value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

std::string Percent(double share) { return fmt::format("{:+.1f} %", 100 * share); }

// A series' place in the tables: what is measured alike stands together, under a title.
std::string TitleOf(const std::string& quantity) {
  if (quantity.rfind("hand-over/", 0) == 0) return "hand-over between two processes, by where they are and how long the waiter waited";
  if (quantity.rfind("timed/", 0) == 0) return "how late a timed acquire() returns";
  if (quantity.rfind("contended/", 0) == 0 || quantity.rfind("fairness/", 0) == 0)
    return "contended: pairs of all processes together; fairness: the slowest process's share of the fastest's";
  if (quantity.rfind("system-calls/", 0) == 0 || quantity.rfind("futex-calls/", 0) == 0 || quantity.rfind("voluntary-switches/", 0) == 0)
    return "counts, which hardly any noise changes";
  return "one call, or a pair of acquire() and release()";
}

template <typename T>
void AddUnique(std::vector<T>& list, const T& one) {
  if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
}

class SessionTable {
 public:
  SessionTable(const SessionRecord& session, const SessionTextOptions& options) : options_(options) {
    for (const Series& series : session.series) {
      AddUnique(implementations_, series.implementation);
      by_place_[{series.implementation, series.quantity}] = &series;
    }
    // Whoever has most tells the order of the rows; what it lacks follows.
    std::map<std::string, std::size_t> counts;
    for (const Series& series : session.series) ++counts[series.implementation];
    std::vector<std::string> order = implementations_;
    std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) { return counts[a] > counts[b]; });
    for (const std::string& name : order) {
      for (const Series& series : session.series) {
        if (series.implementation == name) AddUnique(quantities_, series.quantity);
      }
    }
    std::stable_sort(quantities_.begin(), quantities_.end(), [](const auto& a, const auto& b) { return Rank(a) < Rank(b); });
    for (const std::string& quantity : quantities_) name_width_ = std::max(name_width_, WidthOf(quantity));
  }

  std::string Text() const {
    std::string text;
    const std::size_t column = Column();
    const std::size_t fits = std::max<std::size_t>(1, (options_.width - std::min(options_.width, name_width_ + 4)) / column);
    for (std::size_t begin = 0; begin < implementations_.size(); begin += fits) {
      const std::size_t end = std::min(implementations_.size(), begin + fits);
      if (begin > 0) text += "\n";
      const auto at = [&](std::size_t i) { return implementations_.begin() + static_cast<std::ptrdiff_t>(i); };
      text += Block({at(begin), at(end)});
    }
    return text;
  }

 private:
  static constexpr std::size_t kColumn = 17;
  static constexpr std::size_t kPercentileColumn = 62;

  static int Rank(const std::string& quantity) {
    static const char* const kOrder[] = {"one", "how", "hand", "contended", "counts"};
    const std::string title = TitleOf(quantity);
    for (int i = 0; i < 5; ++i) {
      if (title.rfind(kOrder[i], 0) == 0) return i;
    }
    return 5;
  }

  std::size_t Column() const {
    std::size_t column = options_.percentiles ? kPercentileColumn : kColumn;
    for (const std::string& name : implementations_) column = std::max(column, WidthOf(name) + 2);
    return column;
  }

  std::string Block(const std::vector<std::string>& names) const {
    const std::size_t column = Column();
    std::string text = Padded("", name_width_ + 4);
    for (const std::string& name : names) text += Padded(Printable(name), column);
    text = Trimmed(text) + "\n";
    std::string title;
    for (const std::string& quantity : quantities_) {
      if (TitleOf(quantity) != title) {
        title = TitleOf(quantity);
        text += title + "\n";
      }
      std::string line = "  " + Padded(quantity, name_width_ + 2);
      for (const std::string& name : names) line += Padded(Cell(name, quantity), column);
      text += Trimmed(line) + "\n";
    }
    return text;
  }

  static std::string Trimmed(std::string line) {
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
  }

  std::string Cell(const std::string& name, const std::string& quantity) const {
    const auto found = by_place_.find({name, quantity});
    if (found == by_place_.end() || found->second->values.empty()) return "–";
    const Series& series = *found->second;
    std::string text = MeasureText(bench::Median(series.values), series.unit);
    if (!series.ratios.empty()) text += fmt::format(" {:>6}", RatioText(bench::Median(series.ratios)));
    if (!options_.percentiles || series.samples.empty()) return text;
    text += "  p50 p90 p99 p99.9:";
    for (const double q : {0.5, 0.9, 0.99, 0.999}) {
      const auto value = series.samples.Percentile(q);
      text += value ? fmt::format(" {}", Digits(*value / 1e3)) : " –";
    }
    return text + " µs";
  }

  const SessionTextOptions options_;
  std::vector<std::string> implementations_;
  std::vector<std::string> quantities_;
  std::map<std::pair<std::string, std::string>, const Series*> by_place_;
  std::size_t name_width_ = 0;
};

}  // namespace

std::string MeasureText(double value, const std::string& unit) {
  if (unit == "ns") {
    const double size = std::fabs(value);
    if (size < 999.5) return Digits(value) + " ns";
    if (size < 999.5e3) return Digits(value / 1e3) + " µs";
    return Digits(value / 1e6) + " ms";
  }
  if (unit == "pairs/s") return value < 999.5e3 ? Digits(value / 1e3) + " k/s" : Digits(value / 1e6) + " M/s";
  return Digits(value) + (unit.empty() ? "" : " " + unit);
}

std::string RatioText(double ratio) { return Digits(ratio) + "×"; }

std::string SessionText(const SessionRecord& session, const SessionTextOptions& options) {
  return SessionTable(session, options).Text();
}

std::string ComparisonText(const Comparison& comparison) {
  std::size_t width = 0;
  for (const auto& one : comparison.quantities) width = std::max(width, WidthOf(one.quantity.name));
  // Beside a stored baseline it is the unit that is measured now.
  std::string text = fmt::format("  {}{:>14}{:>14}{:>11}  {:>18}  {:<13} {:>8} {:>6} {:>8}\n", Padded("", width), "candidate",
                                 comparison.stored ? "raw" : "baseline", "change", "99 % interval", "verdict", "seen if", "times",
                                 "control");
  for (const auto& one : comparison.quantities) {
    const bench::Judgement& judgement = one.judgement;
    if (one.values[0].empty()) continue;
    const auto median = [&](std::size_t entrant) {
      const auto& values = one.values[entrant];
      const auto first = values.begin() + static_cast<std::ptrdiff_t>(one.begin < values.size() ? one.begin : 0);
      return MeasureText(bench::Median({first, values.end()}), one.quantity.unit());
    };
    const auto known = [&](const std::string& cell) { return judgement.known ? cell : std::string("–"); };
    const auto right = [](const std::string& value, std::size_t columns) {
      return std::string(columns - std::min(columns, WidthOf(value)), ' ') + value;
    };
    const std::string interval = fmt::format("{:+.1f} … {:+.1f} %", 100 * judgement.interval.low, 100 * judgement.interval.high);
    text += fmt::format("  {}{}{}{}  {}  {:<13} {} {:>6} {}{}\n", Padded(one.quantity.name, width), right(median(0), 14),
                        right(median(1), 14), right(known(Percent(judgement.change)), 11), right(known(interval), 18),
                        NameOf(judgement.verdict), right(known(fmt::format("{:.1f} %", 100 * judgement.smallest)), 8),
                        one.values[0].size(), right(known(Percent(judgement.control)), 8),
                        judgement.why.empty() ? "" : "  " + judgement.why);
  }
  for (const std::string& one : comparison.left_out) text += fmt::format("  left out: {}\n", Printable(one));
  return text;
}

std::string ComparisonJson(const std::string& session, const Comparison& comparison) {
  using Json = nlohmann::ordered_json;
  Json root;
  root["kind"] = "comparison";
  root["session"] = session;
  root["verdict"] = NameOf(comparison.verdict);
  root["wall_s"] = std::chrono::duration<double>(comparison.wall).count();
  root["trouble"] = comparison.trouble;
  Json quantities = Json::array();
  for (const auto& one : comparison.quantities) {
    const bench::Judgement& judgement = one.judgement;
    Json row;
    row["quantity"] = one.quantity.name;
    row["verdict"] = NameOf(judgement.verdict);
    row["why"] = judgement.why;
    const auto known = [&](double value) { return judgement.known ? Json(value) : Json(); };
    row["change"] = known(judgement.change);
    row["interval"] = {known(judgement.interval.low), known(judgement.interval.high)};
    row["margin"] = known(judgement.margin);
    row["smallest"] = known(judgement.smallest);
    row["control"] = known(judgement.control);
    row["repetitions"] = one.values[0].size();
    row["u_test_p"] = one.u_test_p;
    quantities.push_back(std::move(row));
  }
  root["quantities"] = std::move(quantities);
  root["left_out"] = comparison.left_out;
  return root.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string GoogleBenchmarkJson(const SessionRecord& session) {
  using Json = nlohmann::ordered_json;
  Json context;
  context["date"] = session.started;
  context["executable"] = session.command;
  for (const auto& [key, value] : session.machine.facts) context[key] = value;
  const auto cpus = session.machine.facts.find("cpus");
  if (cpus != session.machine.facts.end()) context["num_cpus"] = std::stoi(cpus->second);
  context["library_build_type"] = "release";
  Json benchmarks = Json::array();
  std::map<std::string, int> families;
  for (const Series& series : session.series) {
    if (series.unit.empty()) continue;  // a plain number is no time
    const bool is_rate = series.unit == "pairs/s";
    std::vector<double> times;
    for (const double value : series.values) times.push_back(is_rate ? 1e9 / std::max(value, 1.0) : value);
    const std::string name = series.implementation + "/" + series.quantity;
    const int family = static_cast<int>(families.size());
    families[name] = family;
    const auto entry = [&](const std::string& suffix, const char* run_type, double time) {
      Json one;
      one["name"] = name + suffix;
      one["family_index"] = family;
      one["run_name"] = name;
      one["run_type"] = run_type;
      one["repetitions"] = times.size();
      one["threads"] = 1;
      one["iterations"] = 1;
      one["real_time"] = time;
      one["cpu_time"] = time;
      one["time_unit"] = "ns";
      return one;
    };
    for (std::size_t i = 0; i < times.size(); ++i) {
      Json one = entry("", "iteration", times[i]);
      one["repetition_index"] = i;
      if (is_rate) one["items_per_second"] = series.values[i];
      benchmarks.push_back(std::move(one));
    }
    if (times.size() < 2) continue;
    double sum = 0;
    for (const double time : times) sum += time;
    const double mean = sum / static_cast<double>(times.size());
    double squares = 0;
    for (const double time : times) squares += (time - mean) * (time - mean);
    const std::pair<const char*, double> aggregates[] = {{"mean", mean},
                                                         {"median", bench::Median(times)},
                                                         {"stddev", std::sqrt(squares / static_cast<double>(times.size() - 1))}};
    for (const auto& [aggregate, time] : aggregates) {
      Json one = entry(std::string("_") + aggregate, "aggregate", time);
      one["aggregate_name"] = aggregate;
      one["aggregate_unit"] = "time";
      benchmarks.push_back(std::move(one));
    }
  }
  Json root;
  root["context"] = std::move(context);
  root["benchmarks"] = std::move(benchmarks);
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep::reports
