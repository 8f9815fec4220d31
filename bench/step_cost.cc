// SPDX-License-Identifier: MIT
// What the harness itself costs: a step from request to reply, how soon a blocked call is seen, and
// a scenario's fork and clearing up. Medians and tails are of single steps, taken here: Google
// Benchmark's own figure is a mean.
//   step_cost --benchmark_filter=Step
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/adapter/session.h"
#include "harness/engine/blocking.h"
#include "harness/os/affinity.h"
#include "harness/os/supervisor.h"

namespace lockstep {
namespace {

constexpr std::chrono::seconds kLimit{5};

Implementation CppAdapter() {
  Implementation implementation;
  implementation.name = "reference";
  implementation.argv = {LOCKSTEP_BINARY_DIR "/impl/adapters/cpp/lockstep-adapter-reference"};
  return implementation;
}

// The interpreter in LOCKSTEP_BENCH_PYTHON, or python3.
Implementation PythonAdapter() {
  const char* asked = ::getenv("LOCKSTEP_BENCH_PYTHON");
  Implementation implementation;
  implementation.name = "python";
  implementation.argv = {asked != nullptr ? asked : "/usr/bin/python3",
                         LOCKSTEP_SOURCE_DIR "/impl/adapters/python/lockstep_adapter.py"};
  return implementation;
}

// A session with one actor, on one CPU or on any.
class Rig {
 public:
  Rig(const Implementation& implementation, bool pinned) : implementation_(implementation) {
    AskForPreciseTimers();
    const int cpu = AllowedCpus().front();
    PinThread(0, pinned ? std::vector<int>{cpu} : AllowedCpus());
    char folder[] = "/tmp/lockstep-bench-XXXXXX";
    folder_ = ::mkdtemp(folder);
    supervisor_ = std::make_unique<Supervisor>(
        std::move(*Supervisor::Start(ProbeIsolation().isolation, "lockstep-bench")));
    session_ = std::make_unique<Session>(implementation_, *supervisor_,
                                         SessionOptions{folder_, pinned ? cpu : -1, 1});
    auto crew = session_->Begin();
    if (!crew) {
      std::fprintf(stderr, "%s\n", crew.error().message.c_str());
      ::exit(1);
    }
    crew_ = std::move(*crew);
    p_ = crew_->Find("p");
  }
  ~Rig() {
    session_->End(*crew_);
    crew_.reset();
    session_.reset();
    supervisor_.reset();
    std::filesystem::remove_all(folder_);
  }

  Crew& crew() { return *crew_; }
  Actor& p() { return *p_; }
  Session& session() { return *session_; }

  void Make(std::int64_t value) {
    Request request;
    request.operation = "SemLock";
    request.as = "s";
    request.args = {Value::Int(1), Value::Int(value), Value::Int(value + 1),
                    Value("/lockstep-bench-" + std::to_string(::getpid())), Value(true)};
    const auto reply = crew_->Ask(*p_, std::move(request), kLimit);
    CHECK(reply.has_value());
    if (!reply->handles.empty()) p_->process->handles["s"] = reply->handles;
  }

 private:
  const Implementation implementation_;
  std::string folder_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Crew> crew_;
  Actor* p_ = nullptr;
};

void Report(benchmark::State& state, std::vector<std::int64_t>& ns) {
  std::sort(ns.begin(), ns.end());
  const auto at = [&](double q) {
    return static_cast<double>(
               ns[static_cast<std::size_t>(q * static_cast<double>(ns.size() - 1))]) /
           1e3;
  };
  state.counters["median_us"] = at(0.5);
  state.counters["p99_us"] = at(0.99);
}

Request On(const char* operation) {
  Request request;
  request.operation = operation;
  request.on = "s";
  return request;
}

// A release, or an acquire of a free semaphore: the cheapest real steps.
void OneStep(benchmark::State& state, const Implementation& implementation, bool pinned) {
  Rig rig(implementation, pinned);
  rig.Make(0);
  std::vector<std::int64_t> ns;
  bool release = true;
  for (auto _ : state) {
    const std::int64_t before = MonotonicNs();
    const auto reply = rig.crew().Ask(rig.p(), On(release ? "release" : "acquire"), kLimit);
    ns.push_back(MonotonicNs() - before);
    CHECK(reply && std::holds_alternative<Value>(reply->outcome));
    release = !release;
  }
  Report(state, ns);
}

// From the adapter's stamp before the call to the instant at which the harness knows that it is
// blocked.
void SeenBlocked(benchmark::State& state, const Implementation& implementation) {
  Rig rig(implementation, true);
  rig.Make(0);
  const auto helper = rig.crew().Prepare("h");
  CHECK(helper.has_value());
  Request fork;
  fork.operation = "fork";
  fork.args = {Value((*helper)->channel.path())};
  CHECK(rig.crew().Ask(rig.p(), std::move(fork), kLimit).has_value());
  CHECK(rig.crew().AwaitHello(**helper, &rig.p(), false, kLimit).has_value());
  BlockedDetector detector(rig.crew(), BlockedDetector::Options{{}, true, kLimit, kLimit});
  std::vector<std::int64_t> ns;
  for (auto _ : state) {
    detector.Restart(rig.p());
    rig.crew().Send(rig.p(), On("acquire"));
    std::optional<Blocked> blocked;
    while (!(blocked = detector.Look(rig.p()))) rig.crew().Pump(std::chrono::microseconds(20));
    ns.push_back(blocked->seen_ns - rig.p().in_flight->begin_ns);
    CHECK(rig.crew().Ask(**helper, On("release"), kLimit).has_value());
    while (!rig.p().reply) rig.crew().Pump(kLimit);
    rig.p().reply.reset();
  }
  Report(state, ns);
}

// What every scenario pays: a fork of the warm process, and its end.
void EmptyScenario(benchmark::State& state, const Implementation& implementation) {
  Rig rig(implementation, true);
  std::vector<std::int64_t> ns;
  for (auto _ : state) {
    const std::int64_t before = MonotonicNs();
    auto crew = rig.session().Begin();
    CHECK(crew.has_value());
    rig.session().End(**crew);
    ns.push_back(MonotonicNs() - before);
  }
  Report(state, ns);
}

}  // namespace
}  // namespace lockstep

int main(int argc, char** argv) {
  using namespace lockstep;
  AllowedCpus();
  for (const auto& [name, implementation] :
       {std::pair{"cpp", CppAdapter()}, std::pair{"python", PythonAdapter()}}) {
    const std::string n = name;
    const Implementation i = implementation;
    benchmark::RegisterBenchmark(("Step/" + n + "/pinned").c_str(),
                                 [i](benchmark::State& s) { OneStep(s, i, true); });
    benchmark::RegisterBenchmark(("Step/" + n + "/unpinned").c_str(),
                                 [i](benchmark::State& s) { OneStep(s, i, false); });
    benchmark::RegisterBenchmark(("SeenBlocked/" + n).c_str(),
                                 [i](benchmark::State& s) { SeenBlocked(s, i); });
    benchmark::RegisterBenchmark(("EmptyScenario/" + n).c_str(),
                                 [i](benchmark::State& s) { EmptyScenario(s, i); });
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
