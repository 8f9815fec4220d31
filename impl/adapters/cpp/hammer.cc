// SPDX-License-Identifier: MIT
//
// The contention loop of PROTOCOL.md, section 7.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "operations.h"

namespace lockstep::adapter {
namespace {

constexpr Signature kHammer{"hammer", "hammer", Convention::kAdapter, 1, {"rounds"}};

constexpr std::int64_t kMaxSlots = 4096;
constexpr std::uint64_t kMaxDwell = 256;   // turns of an empty loop: about a tenth of a µs
constexpr std::uint64_t kYieldOneIn = 32;  // on one CPU nobody else would ever come in between

// The shared file: entry 0 is the counter, entry 1 + slot is an actor's own. Each access is an
// atomic load or store of its own, so that the compiler keeps them all and a race on the counter is
// a lost update and nothing worse.
class Witness {
 public:
  Witness() = default;
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() {
    if (!entries_.empty()) munmap(entries_.data(), entries_.size_bytes());
  }

  // Why it cannot be had, or nothing.
  std::optional<std::string> Open(const std::string& path, std::size_t slots) {
    const std::size_t count = slots + 1;
    const std::size_t bytes = count * sizeof(std::uint64_t);
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return "the witness: " + OsError(errno).message;
    struct stat status = {};
    const bool fits = fstat(fd, &status) == 0 && status.st_size >= static_cast<off_t>(bytes);
    void* mapping =
        fits ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    close(fd);
    if (!fits) return "the witness is shorter than its slots";
    if (mapping == MAP_FAILED) return "the witness cannot be mapped";
    entries_ = {static_cast<std::uint64_t*>(mapping), count};
    return std::nullopt;
  }

  // Not one atomic operation, on purpose: whoever comes in between loses an update.
  std::uint64_t ReadCounter() const { return At(0).load(std::memory_order_relaxed); }
  void WriteCounter(std::uint64_t value) { At(0).store(value, std::memory_order_relaxed); }

  // Sequentially consistent, so that two that are inside at once cannot both miss each other.
  void StepOwn(std::size_t slot) {
    const auto own = At(slot + 1);
    own.store(own.load() + 1);
  }

  // How many are inside, if two readings of all agree; else 0, which says nothing.
  std::int64_t CountInside(std::vector<std::uint64_t>* scratch) const {
    scratch->clear();
    std::int64_t inside = 0;
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      const std::uint64_t value = At(i).load();
      scratch->push_back(value);
      inside += static_cast<std::int64_t>(value % 2);
    }
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      if (At(i).load() != (*scratch)[i - 1]) return 0;
    }
    return inside;
  }

 private:
  std::atomic_ref<std::uint64_t> At(std::size_t i) const {
    return std::atomic_ref<std::uint64_t>(entries_[i]);
  }

  std::span<std::uint64_t> entries_;
};

// Lets time pass, a little and never the same: `seed` is the state of a xorshift generator.
void Dwell(std::uint64_t* seed) {
  *seed ^= *seed << 13U;
  *seed ^= *seed >> 7U;
  *seed ^= *seed << 17U;
  for (std::uint64_t turns = *seed % kMaxDwell; turns > 0; --turns) {
    std::atomic_signal_fence(std::memory_order_seq_cst);  // or the loop would be removed
  }
  if ((*seed >> 32U) % kYieldOneIn == 0) sched_yield();
}

// Whether acquire() got in. If not the reply says how it ended.
bool Entered(Actor& actor, Lockable& target, Reply* reply) {
  auto outcome = target.Acquire(true, std::nullopt, actor.interrupts());
  const bool* acquired = std::get_if<bool>(&outcome);
  if (acquired != nullptr && *acquired) return true;
  if (acquired != nullptr) {
    reply->result = Raised{"RuntimeError", "acquire() without a timeout returned False", {}};
  } else {
    Record(actor, std::move(outcome), reply);
  }
  return false;
}

void RunRounds(Actor& actor, Lockable& target, Witness* witness, std::size_t slot,
               std::int64_t rounds, Reply* reply) {
  std::vector<std::uint64_t> scratch;
  std::uint64_t seed = static_cast<std::uint64_t>(NowNs()) | 1U;
  std::int64_t most_inside = 0;
  for (std::int64_t round = 0; round < rounds; ++round) {
    if (!Entered(actor, target, reply)) return;
    witness->StepOwn(slot);
    const std::uint64_t counter = witness->ReadCounter();
    Dwell(&seed);
    witness->WriteCounter(counter + 1);
    most_inside = std::max(most_inside, witness->CountInside(&scratch));
    witness->StepOwn(slot);
    auto released = target.Release();
    if (!std::holds_alternative<None>(released)) {
      return Record(actor, std::move(released), reply);
    }
  }
  reply->result = Tuple{{rounds, most_inside}};
}

}  // namespace

void Hammer(Actor& actor, const Request& request, Reply* reply) {
  const auto target = TargetAs<Lockable>(actor, request, reply);
  if (target == nullptr) return;
  Arguments arguments(kHammer, request);
  const std::int64_t rounds = arguments.Int64(0, 0, "more than 64 bits of rounds");
  if (!Bound(arguments, reply)) return;
  const std::int64_t slots = request.slots.value_or(0);
  const std::int64_t slot = request.slot.value_or(-1);
  if (!request.witness || slots < 1 || slots > kMaxSlots || slot < 0 || slot >= slots) {
    reply->result = AdapterError{"hammer needs a witness and a slot among its slots"};
    return;
  }
  Witness witness;
  if (auto problem = witness.Open(*request.witness, static_cast<std::size_t>(slots))) {
    reply->result = AdapterError{*std::move(problem)};
    return;
  }
  actor.Announce(request);
  reply->Timed([&] {
    RunRounds(actor, *target, &witness, static_cast<std::size_t>(slot), rounds, reply);
    return true;
  });
}

}  // namespace lockstep::adapter
