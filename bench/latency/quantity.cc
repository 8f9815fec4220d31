// SPDX-License-Identifier: MIT
#include "bench/latency/quantity.h"

#include <fmt/format.h>

namespace lockstep::bench {

using Form = Quantity::Form;

const char* NameOf(Placement placement) {
  switch (placement) {
    case Placement::kSameCpu:
      return "same-cpu";
    case Placement::kOtherCpu:
      return "other-cpu";
    case Placement::kUnpinned:
      return "unpinned";
  }
  return "";
}

std::string Quantity::fairness_name() const {
  return form == Form::kContended ? fmt::format("fairness/{}", processes) : "";
}

std::vector<Quantity> AllQuantities(bool has_other_cpu) {
  std::vector<Quantity> all;
  const auto add = [&](Quantity one) { all.push_back(std::move(one)); };
  const auto burst = [&](const char* name, const char* what, const char* object, const char* says) {
    Quantity one;
    one.name = name;
    one.what = what;
    one.object = object;
    one.says = says;
    one.compared = true;
    add(one);
  };
  burst("free/recursive", "pairs", "r", "acquire() and release() of a free recursive mutex");
  burst("free/counting", "pairs", "c", "acquire() and release() of a free semaphore of maximum 1");
  burst("reentry", "pairs", "h", "acquire() and release() of a recursive mutex that is held");
  all.back().needs = {kReentry};
  burst("try/fails", "tries", "z", "acquire(False) of a semaphore without a unit");
  burst("get-value", "values", "c", "_get_value()");

  const auto calls = [&](const char* name, const char* what, const char* object, const char* says, std::vector<std::string> needs,
                         bool compared) {
    Quantity one;
    one.name = name;
    one.form = Form::kCalls;
    one.what = what;
    one.object = object;
    one.says = says;
    one.needs = std::move(needs);
    one.compared = compared;
    add(one);
  };
  calls("create-unlink", "creations", "", "SemLock(…, unlink=True), dropped at once", {}, true);
  calls("rebuild", "rebuilds", "c", "SemLock._rebuild by name, dropped at once", {"rebuild_by_name"}, true);
  calls("fork-rebuild", "forks", "c", "fork, _rebuild in the child, its end", {"fork", "rebuild_by_name"}, false);

  for (const double milliseconds : {0.1, 1.0, 10.0}) {
    Quantity one;
    one.name = fmt::format("timed/{}ms", milliseconds);
    one.form = Form::kTimeouts;
    one.what = "timeouts";
    one.object = "z";
    one.timeout_s = milliseconds / 1e3;
    one.says = fmt::format("how late acquire(True, {}) returns False", one.timeout_s);
    add(one);
  }
  for (const Placement placement : {Placement::kSameCpu, Placement::kOtherCpu, Placement::kUnpinned}) {
    if (placement == Placement::kOtherCpu && !has_other_cpu) continue;
    for (const int idle_us : {0, 10, 100, 1000}) {
      Quantity one;
      one.name = fmt::format("hand-over/{}/{}us", NameOf(placement), idle_us);
      one.form = Form::kHandOver;
      one.what = "hand_over";
      one.placement = placement;
      one.idle = std::chrono::microseconds(idle_us);
      one.says = fmt::format("release() to the return of acquire() in another process that has waited for {} µs", idle_us);
      one.compared = placement == Placement::kSameCpu && idle_us == 0;
      add(one);
    }
  }
  for (const int processes : {2, 4, 8}) {
    Quantity one;
    one.name = fmt::format("contended/{}", processes);
    one.form = Form::kContended;
    one.what = "until";
    one.object = "c";
    one.processes = processes;
    one.says = fmt::format("acquire() and release() by {} processes at once", processes);
    add(one);
  }
  return all;
}

}  // namespace lockstep::bench
