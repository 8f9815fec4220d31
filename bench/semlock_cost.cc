// SPDX-License-Identifier: MIT
// What a call of libsemlock's SemLock costs where nobody waits, in this process, beside what it cannot cost
// less than: the C library's semaphore, a semaphore made by hand, a bare atomic operation.
//   semlock_cost --benchmark_counters_tabular=true --benchmark_filter=acquire_release
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <semlock/sem_lock.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "bench/beside_floor.h"
#include "bench/semaphores.h"
#include "bench/signals_held.h"
#include "harness/os/result.h"

// glibc's word on whether there was only ever one thread (2.32 and later).
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define LOCKSTEP_BENCH_IS_SINGLE_THREADED (__libc_single_threaded != 0)
#else
#define LOCKSTEP_BENCH_IS_SINGLE_THREADED true
#endif

namespace lockstep::bench {
namespace {

using benchmark::State;
using semlock::kRecursiveMutex;
using semlock::kSemaphore;
using semlock::kSemValueMax;
using semlock::SemLock;

// Calls a batch: some 20 µs of what is done without the kernel, and of what is not.
constexpr int kCalls = 2000;
constexpr int kSystemCalls = 4;
constexpr double kTimeoutS = 10;

// In the middle of a batch it is there for some µs, and never between batches.
std::string Name() { return "/lockstep-bench-" + std::to_string(::getpid()); }

SemLock Make(int kind, int value, int maxvalue) {
  auto lock = SemLock::CreateUnnamed(kind, value, maxvalue);
  CHECK(lock.has_value());
  return std::move(*lock);
}

void AcquireAndRelease(SemLock& lock, std::optional<double> timeout_s) {
  const auto taken = lock.Acquire(true, timeout_s);
  CHECK(taken && *taken);
  CHECK(lock.Release());
}

template <class Semaphore>
void TakeAndGiveBack(Semaphore& semaphore) {
  CHECK(semaphore.TryWait());
  semaphore.Post();
}

// A second thread in the process, asleep: what a library might leave out in a process of one thread it
// then does.
class ParkedThread {
 public:
  ParkedThread() : thread_([end = end_.get_future()] { end.wait(); }) {}
  ~ParkedThread() {
    end_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> end_;
  std::thread thread_;
};

// False, and the benchmark says why, where a thread was there before: what is said of one thread would not
// be of one.
bool HasOneThread(State& state) {
  if (LOCKSTEP_BENCH_IS_SINGLE_THREADED) return true;
  state.SkipWithError("the process has had a second thread; run it by itself, or in the usual order");
  return false;
}

void AcquireRelease(State& state, int kind, int maxvalue, bool second_thread) {
  if (!second_thread && !HasOneThread(state)) return;
  std::optional<ParkedThread> parked;
  if (second_thread) parked.emplace();
  SemLock lock = Make(kind, 1, maxvalue);
  SharedObject<RawSemaphore> raw(1U);
  BesideFloor(state, "sem_trywait, sem_post", kCalls, Batch([&] { AcquireAndRelease(lock, std::nullopt); }),
              Batch([&] { TakeAndGiveBack(*raw); }));
}

void TimedAcquireRelease(State& state, int kind) {
  SemLock lock = Make(kind, 1, 1);
  SharedObject<RawSemaphore> raw(1U);
  BesideFloor(state, "gettimeofday, sem_trywait, sem_post", kCalls, Batch([&] { AcquireAndRelease(lock, kTimeoutS); }),
              Batch([&] {
                timeval now{};
                CHECK(::gettimeofday(&now, nullptr) == 0);
                benchmark::DoNotOptimize(now);
                TakeAndGiveBack(*raw);
              }));
}

void ReEntry(State& state) {
  SemLock lock = Make(kRecursiveMutex, 1, 1);
  CHECK(lock.Acquire());
  std::atomic<int> count{1};
  BesideFloor(state, "two atomic additions", kCalls, Batch([&] { AcquireAndRelease(lock, std::nullopt); }), Batch([&] {
                count.fetch_add(1, std::memory_order_relaxed);
                count.fetch_sub(1, std::memory_order_relaxed);
              }));
  CHECK(lock.Release());
}

void FailingAcquire(State& state, int kind) {
  SemLock lock = Make(kind, 0, 1);
  SharedObject<RawSemaphore> raw(0U);
  BesideFloor(state, "failing sem_trywait", kCalls, Batch([&] {
                const auto taken = lock.Acquire(false);
                CHECK(taken && !*taken);
              }),
              Batch([&] { CHECK(!raw->TryWait()); }));
}

void GetValue(State& state) {
  const SemLock lock = Make(kSemaphore, 1, 1);
  SharedObject<RawSemaphore> raw(1U);
  BesideFloor(state, "sem_getvalue", kCalls, Batch([&] { CHECK(lock.GetValue() == 1); }),
              Batch([&] { CHECK(raw->value() == 1); }));
}

void IsZero(State& state) {
  const SemLock lock = Make(kSemaphore, 1, 1);
  SharedObject<RawSemaphore> raw(1U);
  BesideFloor(state, "sem_getvalue", kCalls, Batch([&] { CHECK(lock.IsZero() == false); }),
              Batch([&] { CHECK(raw->value() != 0); }));
}

void Count(State& state) {
  const SemLock lock = Make(kSemaphore, 1, 1);
  const std::atomic<int> count{0};
  BesideFloor(state, "atomic load", kCalls, Batch([&] { benchmark::DoNotOptimize(lock.count()); }),
              Batch([&] { benchmark::DoNotOptimize(count.load(std::memory_order_relaxed)); }));
}

void IsMine(State& state) {
  SemLock lock = Make(kRecursiveMutex, 1, 1);
  CHECK(lock.Acquire());
  const std::atomic<pthread_t> owner{::pthread_self()};
  BesideFloor(state, "atomic load, comparison", kCalls, Batch([&] { CHECK(lock.IsMine()); }),
              Batch([&] { CHECK(owner.load(std::memory_order_relaxed) == ::pthread_self()); }));
}

// A batch in which names come and go, out of reach of Ctrl-C.
template <class Call>
auto BatchOfNames(Call call) {
  return [call = std::move(call)](int calls) mutable {
    const SignalsHeld held;
    return TimeNs(calls, call);
  };
}

sem_t* MakeRawNamed(const std::string& name) {
  sem_t* const semaphore = ::sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, 1U);
  CHECK(semaphore != SEM_FAILED);
  return semaphore;
}

void RawNamedOnce(const std::string& name) {
  sem_t* const semaphore = MakeRawNamed(name);
  CHECK(::sem_unlink(name.c_str()) == 0);
  CHECK(::sem_close(semaphore) == 0);
}

void CreateUnlinkClose(State& state, bool unlink) {
  const std::string name = Name();
  BesideFloor(state, "sem_open, sem_unlink, sem_close", kSystemCalls, BatchOfNames([&] {
                const auto lock = SemLock::Create(kSemaphore, 1, 1, name, unlink);
                CHECK(lock.has_value());
                CHECK(unlink || semlock::SemUnlink(name));
              }),
              BatchOfNames([&] { RawNamedOnce(name); }));
}

sem_t* Map(int fd) {
  void* const memory = ::mmap(nullptr, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  return static_cast<sem_t*>(memory);
}

void CreateCloseUnnamed(State& state) {
  BesideFloor(state, "memfd_create, ftruncate, mmap, sem_init, munmap, close", kSystemCalls,
              Batch([] { CHECK(SemLock::CreateUnnamed(kSemaphore, 1, 1).has_value()); }), Batch([] {
                const int fd = ::memfd_create("raw", MFD_CLOEXEC);
                CHECK(fd >= 0 && ::ftruncate(fd, sizeof(sem_t)) == 0);
                sem_t* const semaphore = Map(fd);
                CHECK(::sem_init(semaphore, 1, 1) == 0);
                ::munmap(semaphore, sizeof(sem_t));
                ::close(fd);
              }));
}

// Of a semaphore that this process does not have open, as in a process that was told its name.
template <class Call>
auto BatchOnNamed(const std::string& name, Call call) {
  return [&name, call = std::move(call)](int calls) mutable {
    const SignalsHeld held;
    CHECK(::sem_close(MakeRawNamed(name)) == 0);
    const double ns = TimeNs(calls, call);
    CHECK(::sem_unlink(name.c_str()) == 0);
    return ns;
  };
}

void RebuildByName(State& state) {
  const std::string name = Name();
  BesideFloor(state, "sem_open, sem_close", kSystemCalls,
              BatchOnNamed(name, [&] { CHECK(SemLock::Rebuild(0, kSemaphore, 1, name).has_value()); }),
              BatchOnNamed(name, [&] {
                sem_t* const semaphore = ::sem_open(name.c_str(), 0);
                CHECK(semaphore != SEM_FAILED && ::sem_close(semaphore) == 0);
              }));
}

// sem_close() refuses what sem_open() did not make: so one can be rebuilt, and closed, any number of times.
void RebuildByHandle(State& state) {
  SharedObject<RawSemaphore> raw(1U);
  const auto handle = reinterpret_cast<std::uintptr_t>(raw->get());
  BesideFloor(state, "sem_close that is refused", kCalls,
              Batch([&] { CHECK(SemLock::Rebuild(handle, kSemaphore, 1, std::nullopt).has_value()); }),
              Batch([&] { CHECK(::sem_close(raw->get()) != 0); }));
}

void RebuildFromFd(State& state) {
  const SemLock lock = Make(kSemaphore, 1, 1);
  BesideFloor(state, "fcntl, mmap, munmap, close", kSystemCalls,
              Batch([&] { CHECK(SemLock::RebuildFromFd(lock.fd(), kSemaphore, 1).has_value()); }), Batch([&] {
                const int fd = ::fcntl(lock.fd(), F_DUPFD_CLOEXEC, 0);
                CHECK(fd >= 0);
                ::munmap(Map(fd), sizeof(sem_t));
                ::close(fd);
              }));
}

// What the floors are themselves, all over one: sem_trywait and sem_post. The first is measured against
// itself, and shows what a ratio is worth here and now.
template <class Call>
void Floor(State& state, int calls, Call call) {
  SharedObject<RawSemaphore> raw(1U);
  BesideFloor(state, "sem_trywait, sem_post", calls, Batch(std::move(call)), Batch([&] { TakeAndGiveBack(*raw); }));
}

template <class Semaphore>
void FloorOf(State& state) {
  SharedObject<Semaphore> semaphore(1U);
  Floor(state, kCalls, [&] { TakeAndGiveBack(*semaphore); });
}

void FloorFailing(State& state) {
  SharedObject<RawSemaphore> raw(0U);
  Floor(state, kCalls, [&] { CHECK(!raw->TryWait()); });
}

void FloorGetValue(State& state) {
  SharedObject<RawSemaphore> raw(1U);
  Floor(state, kCalls, [&] { CHECK(raw->value() == 1); });
}

void FloorAtomic(State& state, int operations) {
  std::atomic<int> word{0};
  Floor(state, kCalls, [&] {
    for (int i = 0; i < operations; ++i) benchmark::DoNotOptimize(word.fetch_add(1, std::memory_order_acq_rel));
  });
}

void FloorOpen(State& state) {
  const std::string name = Name();
  SharedObject<RawSemaphore> raw(1U);
  BesideFloor(state, "sem_trywait, sem_post", kSystemCalls, BatchOfNames([&] { RawNamedOnce(name); }),
              // One pair would be lost in the readings of the clock.
              [&](int calls) { return TimeNs(kCalls, [&] { TakeAndGiveBack(*raw); }) * calls / kCalls; });
}

template <class Body>
void Register(const std::string& name, Body body) {
  benchmark::RegisterBenchmark(name.c_str(), body)->UseManualTime();
}

void RegisterFreePaths(bool second_thread) {
  const std::string suffix = second_thread ? "/second_thread" : "";
  for (const auto& [name, kind, maxvalue] : {std::tuple{"recursive", kRecursiveMutex, 1}, {"counting", kSemaphore, 1},
                                             {"counting_unbounded", kSemaphore, kSemValueMax}}) {
    Register("acquire_release/" + std::string(name) + suffix, [kind = kind, maxvalue = maxvalue, second_thread](State& s) {
      AcquireRelease(s, kind, maxvalue, second_thread);
    });
  }
}

void RegisterAll() {
  RegisterFreePaths(false);
  Register("acquire_release/recursive/timed", [](State& s) { TimedAcquireRelease(s, kRecursiveMutex); });
  Register("acquire_release/counting/timed", [](State& s) { TimedAcquireRelease(s, kSemaphore); });
  Register("acquire_release/recursive/re_entry", ReEntry);
  Register("failing_acquire/recursive", [](State& s) { FailingAcquire(s, kRecursiveMutex); });
  Register("failing_acquire/counting", [](State& s) { FailingAcquire(s, kSemaphore); });
  Register("get_value", GetValue);
  Register("is_zero", IsZero);
  Register("count", Count);
  Register("is_mine", IsMine);
  Register("create_close/unlinked_at_once", [](State& s) { CreateUnlinkClose(s, true); });
  Register("create_close/unlinked_later", [](State& s) { CreateUnlinkClose(s, false); });
  Register("create_close/unnamed", CreateCloseUnnamed);
  Register("rebuild_close/by_name", RebuildByName);
  Register("rebuild_close/by_handle", RebuildByHandle);
  Register("rebuild_close/from_fd", RebuildFromFd);
  Register("floor/sem_trywait_sem_post", FloorOf<RawSemaphore>);
  Register("floor/futex_by_hand", FloorOf<FutexSemaphore>);
#if LOCKSTEP_BENCH_HAS_BOOST
  Register("floor/boost_interprocess", FloorOf<BoostSemaphore>);
#endif
  Register("floor/sem_trywait_failing", FloorFailing);
  Register("floor/sem_getvalue", FloorGetValue);
  Register("floor/atomic_addition", [](State& s) { FloorAtomic(s, 1); });
  Register("floor/two_atomic_additions", [](State& s) { FloorAtomic(s, 2); });
  Register("floor/sem_open_sem_unlink_sem_close", FloorOpen);
  // Last: a thread that has ended is not forgotten (glibc's __libc_single_threaded).
  RegisterFreePaths(true);
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
  lockstep::bench::RegisterAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
