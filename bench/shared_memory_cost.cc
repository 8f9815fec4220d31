// SPDX-License-Identifier: MIT
// What libsemlock's SharedMemory costs, in this process, beside the system calls it is made of, pages that
// nobody shares, and memory that is the process's own.
//   shared_memory_cost --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <semlock/shared_memory.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/beside_floor.h"
#include "bench/signals_held.h"
#include "harness/os/result.h"

namespace lockstep::bench {
namespace {

using benchmark::State;
using semlock::SharedMemory;

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
// Calls a batch, some 20 µs and more.
constexpr int kSystemCalls = 4;
// Fewer than a huge page has, so that each is a fault of its own.
constexpr int kFreshPages = 256;

std::string Name() { return "lockstep-bench-" + std::to_string(::getpid()); }

SharedMemory Make(const std::optional<std::string>& name, std::int64_t size) {
  auto block = SharedMemory::Create(name, size);
  CHECK(block.has_value());
  return std::move(*block);
}

// Without a name from the start, as far as Ctrl-C can tell.
SharedMemory MakeNameless(std::int64_t size) {
  const SignalsHeld held;
  SharedMemory block = Make(std::nullopt, size);
  CHECK(block.Unlink());
  return block;
}

void* Map(int fd, std::size_t size, int flags) {
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, 0);
  CHECK(memory != MAP_FAILED);
  return memory;
}

int OpenRaw(const std::string& path, int flags) {
  const int fd = ::shm_open(path.c_str(), flags, 0600);
  CHECK(fd >= 0);
  return fd;
}

// A batch in which names come and go, out of reach of Ctrl-C.
template <class Call>
auto BatchOfNames(Call call) {
  return [call = std::move(call)](int calls) mutable {
    const SignalsHeld held;
    return TimeNs(calls, call);
  };
}

void CreateUnlinkClose(State& state, const std::optional<std::string>& name, std::int64_t size) {
  const std::string path = "/" + Name();
  const auto length = static_cast<std::size_t>(size);
  BesideFloor(state, "shm_open, ftruncate, mmap, shm_unlink, munmap, close", kSystemCalls, BatchOfNames([&] {
                SharedMemory block = Make(name, size);
                CHECK(block.Unlink());
                CHECK(block.Close());
              }),
              BatchOfNames([&] {
                const int fd = OpenRaw(path, O_CREAT | O_EXCL | O_RDWR);
                CHECK(::ftruncate(fd, static_cast<off_t>(size)) == 0);
                void* const memory = Map(fd, length, MAP_SHARED);
                CHECK(::shm_unlink(path.c_str()) == 0);
                ::munmap(memory, length);
                ::close(fd);
              }));
}

void AttachClose(State& state, std::int64_t size) {
  const std::string name = Name();
  const std::string path = "/" + name;
  const auto with_block = [&](auto call) {
    return [&, call](int calls) {
      const SignalsHeld held;
      SharedMemory block = Make(name, size);
      const double ns = TimeNs(calls, call);
      CHECK(block.Unlink());
      return ns;
    };
  };
  BesideFloor(state, "shm_open, fstat, mmap, munmap, close", kSystemCalls, with_block([&] {
                auto block = SharedMemory::Attach(name);
                CHECK(block && block->Close());
              }),
              with_block([&] {
                const int fd = OpenRaw(path, O_RDWR);
                struct stat status {};
                CHECK(::fstat(fd, &status) == 0);
                const auto length = static_cast<std::size_t>(status.st_size);
                ::munmap(Map(fd, length, MAP_SHARED), length);
                ::close(fd);
              }));
}

// Writes a byte of each page; ns.
double TouchNs(std::byte* memory, int pages) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return TimeNs(pages, [&, at = memory]() mutable {
    *static_cast<volatile std::byte*>(at) = std::byte{1};
    at += page;
  });
}

// A page that nobody has written to costs a fault, and clearing it. The block is made and closed outside of
// what is timed.
void FirstTouch(State& state) {
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  BesideFloor(state, "anonymous private pages", kFreshPages,
              [&](int pages) {
                const SharedMemory block = MakeNameless(pages * page);
                return TouchNs(block.data().data(), pages);
              },
              [&](int pages) {
                const auto length = static_cast<std::size_t>(pages * page);
                void* const memory = Map(-1, length, MAP_PRIVATE | MAP_ANONYMOUS);
                // Refused where there are no huge pages, and then there is nothing to refuse.
                ::madvise(memory, length, MADV_NOHUGEPAGE);
                const double ns = TouchNs(static_cast<std::byte*>(memory), pages);
                ::munmap(memory, length);
                return ns;
              });
}

// Into the block, or out of it, from or to memory of the process's own. All pages were touched before.
void Copy(State& state, std::int64_t size, bool in) {
  const auto length = static_cast<std::size_t>(size);
  const SharedMemory block = MakeNameless(size);
  std::vector<std::byte> mine(length, std::byte{1});
  std::vector<std::byte> other(length, std::byte{2});
  std::memset(block.data().data(), 3, length);
  const auto copy = [length](std::byte* to, const std::byte* from) {
    return Batch([length, to, from] {
      std::memcpy(to, from, length);
      benchmark::ClobberMemory();
    });
  };
  std::byte* const shared = block.data().data();
  BesideFloor(state, "memcpy in private memory", static_cast<int>(std::max<std::int64_t>(kMiB / size, 1)),
              in ? copy(shared, mine.data()) : copy(mine.data(), shared),
              in ? copy(other.data(), mine.data()) : copy(mine.data(), other.data()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * size);
}

template <class Body>
void Register(const std::string& name, Body body) {
  benchmark::RegisterBenchmark(name.c_str(), body)->UseManualTime();
}

void RegisterAll() {
  const std::vector<std::pair<std::string, std::int64_t>> sizes = {
      {"4KiB", 4 * kKiB}, {"64KiB", 64 * kKiB}, {"1MiB", kMiB}, {"16MiB", 16 * kMiB}};
  for (const auto& [text, size] : sizes) {
    Register("create_unlink_close/" + text, [size = size](State& s) { CreateUnlinkClose(s, Name(), size); });
  }
  Register("create_unlink_close/4KiB/generated_name", [](State& s) { CreateUnlinkClose(s, std::nullopt, 4 * kKiB); });
  for (const auto& [text, size] : sizes) {
    Register("attach_close/" + text, [size = size](State& s) { AttachClose(s, size); });
  }
  Register("first_touch/page", FirstTouch);
  for (const auto& [text, size] : sizes) {
    Register("copy_in/" + text, [size = size](State& s) { Copy(s, size, true); });
    Register("copy_out/" + text, [size = size](State& s) { Copy(s, size, false); });
  }
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
