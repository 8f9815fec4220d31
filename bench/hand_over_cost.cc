// SPDX-License-Identifier: MIT
// How long a permit takes from one process to another that sleeps for it: from before the post to after the
// wait, for libsemlock's SemLock and others, in turns with the C library's semaphore. It depends on where
// the two run and on how long the machine was idle, so each is measured.
//   hand_over_cost --benchmark_counters_tabular=true --benchmark_filter=same_cpu
//   hand_over_cost --hand_overs=10240 --benchmark_filter=idle_us:1000
#include <benchmark/benchmark.h>
#include <semlock/sem_lock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "bench/beside_floor.h"
#include "bench/paired_times.h"
#include "bench/semaphores.h"
#include "bench/statistics/histogram.h"
#include "harness/os/affinity.h"
#include "harness/os/clock.h"
#include "harness/os/result.h"

namespace lockstep::bench {
namespace {

using benchmark::State;

// There and back so often on one kind of semaphore, then on the other: at an idle time of 0 some 100 µs.
constexpr std::uint64_t kRounds = 16;
constexpr int kHandOvers = 2 * kRounds;
// The slowest pair of batches sleeps for 64 ms; a thousand times that is no slow machine any more.
constexpr unsigned kStuckAfterS = 60;

// Two semaphores, one for each direction, that a process shares with its children. Both begin at 0.
class Pair {
 public:
  virtual ~Pair() = default;
  virtual void Post(int direction) = 0;
  virtual void Wait(int direction) = 0;
};
constexpr int kThere = 0;
constexpr int kBack = 1;

template <class Semaphore>
class PairOf : public Pair {
 public:
  void Post(int direction) override { Of(direction).Post(); }
  void Wait(int direction) override { Of(direction).Wait(); }

 private:
  Semaphore& Of(int direction) { return direction == kThere ? *there_ : *back_; }

  SharedObject<Semaphore> there_{0U};
  SharedObject<Semaphore> back_{0U};
};

// The kind and the bound of multiprocessing.Lock.
class PairOfSemLocks : public Pair {
 public:
  void Post(int direction) override { CHECK(Of(direction).Release()); }
  void Wait(int direction) override {
    const auto taken = Of(direction).Acquire();
    CHECK(taken && *taken);
  }

 private:
  static semlock::SemLock Make() {
    auto lock = semlock::SemLock::CreateUnnamed(semlock::kSemaphore, 0, 1);
    CHECK(lock.has_value());
    return std::move(*lock);
  }
  semlock::SemLock& Of(int direction) { return locks_[static_cast<std::size_t>(direction)]; }

  std::array<semlock::SemLock, 2> locks_{Make(), Make()};
};

struct Stamps {
  std::atomic<std::int64_t> woken_ns{0};   // after the other end's wait
  std::atomic<std::int64_t> posted_ns{0};  // before its post
};

// Both ends know by themselves whose turn it is: measured, floor; floor, measured; and so on.
bool IsFloorsTurn(std::uint64_t round) {
  const std::uint64_t batch = round / kRounds % 4;
  return batch == 1 || batch == 2;
}

// On a CPU that others need, they get it: it gives way again and again.
void Idle(std::int64_t idle_ns) {
  if (idle_ns == 0) return;
  const std::int64_t end_ns = MonotonicNs() + idle_ns;
  while (MonotonicNs() < end_ns) std::this_thread::yield();
}

// Ended by alarm() when nothing has come back for so long: the other end is gone, or a permit is. The other
// end does not outlive this one.
void EndStuck(int) {
  constexpr std::string_view kMessage = "hand_over_cost: a permit has not come back for a minute\n";
  static_cast<void>(!::write(STDERR_FILENO, kMessage.data(), kMessage.size()));
  ::_exit(1);
}

// The two ends: this process, and a child for as long as this object lives.
class Ends {
 public:
  Ends(Pair& measured, Pair& floor, std::int64_t idle_ns, const std::vector<int>& cpus_here,
       const std::vector<int>& cpus_there)
      : measured_(measured), floor_(floor), idle_ns_(idle_ns) {
    CHECK(PinThread(0, cpus_here));
    const pid_t parent = ::getpid();
    child_ = ::fork();
    CHECK(child_ >= 0);
    if (child_ > 0) return;
    // Dies with its parent, also with one that died before it could ask for that.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent || !PinThread(0, cpus_there)) ::_exit(1);
    Answer();
  }
  ~Ends() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::alarm(0);
    PinThread(0, AllowedCpus());
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  // One batch of whichever's turn it is: how long each hand-over took, ns, those there and those back.
  const std::vector<double>& Exchange() {
    ::alarm(kStuckAfterS);
    taken_ns_.clear();
    for (std::uint64_t i = 0; i < kRounds; ++i) {
      Pair& pair = IsFloorsTurn(round_++) ? floor_ : measured_;
      Idle(idle_ns_);
      const std::int64_t posted_ns = MonotonicNs();
      pair.Post(kThere);
      pair.Wait(kBack);
      const std::int64_t woken_ns = MonotonicNs();
      taken_ns_.push_back(static_cast<double>(stamps_->woken_ns.load() - posted_ns));
      taken_ns_.push_back(static_cast<double>(woken_ns - stamps_->posted_ns.load()));
    }
    return taken_ns_;
  }

 private:
  [[noreturn]] void Answer() {
    for (std::uint64_t round = 0;; ++round) {
      Pair& pair = IsFloorsTurn(round) ? floor_ : measured_;
      pair.Wait(kThere);
      stamps_->woken_ns = MonotonicNs();
      Idle(idle_ns_);
      stamps_->posted_ns = MonotonicNs();
      pair.Post(kBack);
    }
  }

  Pair& measured_;
  Pair& floor_;
  const std::int64_t idle_ns_;
  SharedObject<Stamps> stamps_;
  std::uint64_t round_ = 0;
  std::vector<double> taken_ns_;
  pid_t child_ = -1;
};

enum class Placement { kSameCpu, kOtherCpu, kUnpinned };

void ReportPercentiles(State& state, const Histogram& histogram) {
  for (const auto& [name, q] : {std::pair{"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"p99.9_us", 0.999}}) {
    if (const auto ns = histogram.Percentile(q)) state.counters[name] = *ns / 1e3;
  }
}

using MakePair = std::function<std::unique_ptr<Pair>()>;

void HandOver(State& state, const MakePair& make, Placement placement, std::int64_t idle_ns) {
  const std::vector<int>& all = AllowedCpus();
  if (placement == Placement::kOtherCpu && all.size() < 2) {
    state.SkipWithError("needs two CPUs and is allowed one");
    return;
  }
  const std::vector<int> here = placement == Placement::kUnpinned ? all : std::vector<int>{all[0]};
  const std::vector<int> there = placement == Placement::kOtherCpu ? std::vector<int>{all[1]} : here;
  const std::unique_ptr<Pair> measured = make();
  PairOf<RawSemaphore> floor;
  Ends ends(*measured, floor, idle_ns, here, there);
  // The first of both: the child has yet to start, and every page to be touched.
  ends.Exchange();
  ends.Exchange();
  PairedTimes times;
  Histogram histogram;
  bool floor_first = true;
  while (state.KeepRunningBatch(kHandOvers)) {
    double median_ns[2] = {};
    for (const bool is_floor : {floor_first, !floor_first}) {
      const std::vector<double>& taken_ns = ends.Exchange();
      median_ns[is_floor ? 1 : 0] = Median(taken_ns);
      if (is_floor) continue;
      double sum_ns = 0;
      for (const double ns : taken_ns) {
        histogram.Add(static_cast<std::int64_t>(ns));
        sum_ns += ns;
      }
      state.SetIterationTime(sum_ns / 1e9);
    }
    floor_first = !floor_first;
    times.Add(median_ns[0], median_ns[1]);
  }
  Report(state, times, 1e3, "us");
  ReportPercentiles(state, histogram);
}

template <class T>
std::unique_ptr<Pair> MakeOne() {
  return std::make_unique<T>();
}

// As many as p99.9 takes, but where that would take 20 s: then as many as p99 takes. Google Benchmark's own
// way of finding a number would take minutes, since the idle time is no part of what it adds up.
int UsualHandOvers(std::int64_t idle_us) { return idle_us < 1000 ? 10240 : 1024; }

// `hand_overs`: of each benchmark; 0: the usual number.
void RegisterAll(int hand_overs) {
  const std::vector<std::pair<std::string, MakePair>> kinds = {
      {"semlock", MakeOne<PairOfSemLocks>},
      {"sem_t", MakeOne<PairOf<RawSemaphore>>},  // against itself: what a ratio is worth
      {"futex_by_hand", MakeOne<PairOf<FutexSemaphore>>},
#if LOCKSTEP_BENCH_HAS_BOOST
      {"boost_interprocess", MakeOne<PairOf<BoostSemaphore>>},
#endif
  };
  for (const auto& [where, placement] : {std::pair{"same_cpu", Placement::kSameCpu},
                                         {"other_cpu", Placement::kOtherCpu}, {"unpinned", Placement::kUnpinned}}) {
    for (const std::int64_t idle_us : {0, 10, 100, 1000}) {
      for (const auto& [kind, make] : kinds) {
        const std::string name = std::string("hand_over/") + where + "/idle_us:" + std::to_string(idle_us) + "/" + kind;
        const auto body = [make = make, placement = placement, idle_us](State& state) {
          HandOver(state, make, placement, idle_us * 1000);
        };
        benchmark::RegisterBenchmark(name.c_str(), body)
            ->UseManualTime()
            ->Unit(benchmark::kMicrosecond)
            ->Iterations(hand_overs > 0 ? hand_overs : UsualHandOvers(idle_us));
      }
    }
  }
}

// Takes --hand_overs=N out of the arguments, which Google Benchmark does not know: N, 0 without it, and -1
// where N is no number of hand-overs.
int TakeHandOvers(int& argc, char** argv) {
  constexpr std::string_view kFlag = "--hand_overs=";
  int hand_overs = 0;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!argument.starts_with(kFlag)) {
      argv[kept++] = argv[i];
      continue;
    }
    const char* const end = argument.data() + argument.size();
    const auto [stopped, error] = std::from_chars(argument.data() + kFlag.size(), end, hand_overs);
    if (error != std::errc() || stopped != end || hand_overs < 1) hand_overs = -1;
  }
  argc = kept;
  argv[argc] = nullptr;
  return hand_overs;
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
  using namespace lockstep;
  AllowedCpus();
  ::signal(SIGALRM, bench::EndStuck);
  const int hand_overs = bench::TakeHandOvers(argc, argv);
  if (hand_overs < 0) {
    std::fputs("hand_over_cost: --hand_overs takes a number from 1\n", stderr);
    return 2;
  }
  bench::RegisterAll(hand_overs);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
