// SPDX-License-Identifier: MIT
//
// The load of PROTOCOL.md, section 10: one actor's share of a stress test, in a loop of its own.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "operations.h"

namespace lockstep::adapter {
namespace {

constexpr std::int64_t kMaxSlots = 4096;
constexpr std::uint64_t kMaxDwell = 64;         // turns of an empty loop
constexpr std::uint64_t kYieldOneIn = 32;        // on one CPU nobody else would ever come in between
constexpr std::uint64_t kCountInsideOneIn = 16;  // looking at everybody's entry takes its time
constexpr std::uint64_t kMaxTimeoutUs = 300;
constexpr std::uint64_t kEnterAgainOneIn = 4;
constexpr std::size_t kHeaderWords = 8;
constexpr std::size_t kEntryWords = 4;
constexpr std::int64_t kRecursiveMutex = 0;

enum class Role { kGuard, kPut, kTake, kPass };
enum class What : std::uint16_t { kAcquire = 1, kTry, kTimed, kRelease, kGetValue, kIsZero, kRebuild, kFork };

struct Job {
  std::string name;
  std::shared_ptr<SemLock> object;
  Role role = Role::kGuard;
  std::int64_t left = 0;
  std::string to;             // kPass: the object that gets the unit, and
  std::size_t to_job = 0;     // its job
  bool recursive = false;
  bool failed_last = false;  // a take is tried once, and then waited for
  std::int64_t acquired = 0;
  std::int64_t released = 0;
  std::int64_t failed = 0;
  std::int64_t refused = 0;
  std::int64_t most_inside = 0;
};

// A shared file of 64-bit entries. Each access is an atomic load or store of its own.
class SharedWords {
 public:
  SharedWords() = default;
  SharedWords(const SharedWords&) = delete;
  SharedWords& operator=(const SharedWords&) = delete;
  ~SharedWords() {
    if (!words_.empty()) munmap(words_.data(), words_.size_bytes());
  }

  // Why it cannot be had, or nothing.
  std::optional<std::string> Open(const std::string& path, std::size_t least_words) {
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return path + ": " + OsError(errno).message;
    struct stat status = {};
    const bool fits =
        fstat(fd, &status) == 0 && status.st_size >= static_cast<off_t>(least_words * sizeof(std::uint64_t));
    const std::size_t words = fits ? static_cast<std::size_t>(status.st_size) / sizeof(std::uint64_t) : 0;
    void* mapping = fits ? mmap(nullptr, words * sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                         : MAP_FAILED;
    close(fd);
    if (!fits) return path + " is too short";
    if (mapping == MAP_FAILED) return path + " cannot be mapped";
    words_ = {static_cast<std::uint64_t*>(mapping), words};
    return std::nullopt;
  }

  bool is_open() const { return !words_.empty(); }
  std::size_t size() const { return words_.size(); }
  std::atomic_ref<std::uint64_t> operator[](std::size_t i) const { return std::atomic_ref<std::uint64_t>(words_[i]); }
  void Put(std::size_t i, std::uint64_t value) const { (*this)[i].store(value, std::memory_order_relaxed); }

 private:
  std::span<std::uint64_t> words_;
};

class Load {
 public:
  Load(Actor& actor, Reply* reply, std::vector<Job> jobs, std::vector<std::pair<What, std::uint64_t>> mix,
       std::uint64_t seed, std::size_t slot, std::size_t slots)
      : actor_(actor),
        reply_(reply),
        jobs_(std::move(jobs)),
        mix_(std::move(mix)),
        seed_(seed * 0x9E3779B97F4A7C15ULL | 1U),
        slot_(slot),
        slots_(slots) {
    for (const auto& [what, weight] : mix_) weights_ += weight;
  }

  // A block whose words the guards guard too.
  void Guard(std::span<std::uint64_t> block) { block_ = block; }

  std::optional<std::string> Open(const std::string& witness, const std::optional<std::string>& ring) {
    if (auto problem = witness_.Open(witness, jobs_.size() * (slots_ + 1))) return problem;
    if (!ring) return std::nullopt;
    return ring_.Open(*ring, kHeaderWords);
  }

  void Run() {
    recording_ = ring_.is_open() && ring_.size() > kHeaderWords;
    while (Job* job = Choose()) {
      if (!Step(*job)) return;  // the reply says why
    }
    std::vector<Value> results;
    for (const Job& job : jobs_)
      results.emplace_back(Tuple{{job.acquired, job.released, job.failed, job.refused, job.most_inside}});
    reply_->result = Tuple{std::move(results)};
  }

 private:
  std::uint64_t Random(std::uint64_t below) {
    seed_ ^= seed_ << 13U;
    seed_ ^= seed_ >> 7U;
    seed_ ^= seed_ << 17U;
    return (seed_ >> 16U) % below;
  }

  Job* Choose() {
    const std::size_t first = Random(jobs_.size());
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      Job& job = jobs_[(first + i) % jobs_.size()];
      if (job.left > 0) return &job;
    }
    return nullptr;
  }

  What Draw() {
    std::uint64_t at = Random(weights_);
    for (const auto& [what, weight] : mix_) {
      if (at < weight) return what;
      at -= weight;
    }
    return What::kAcquire;
  }

  // False: something was raised, which ends it.
  bool Step(Job& job) {
    const What what = Draw();
    switch (what) {
      case What::kGetValue:
        return Look<std::int64_t>(job, what, &SemLock::GetValue);
      case What::kIsZero:
        return Look<bool>(job, what, &SemLock::IsZero);
      case What::kRebuild:
        return job.role != Role::kGuard || Rebuild(job);
      case What::kFork:
        return job.role != Role::kGuard || Fork(job);
      default:
        break;
    }
    switch (job.role) {
      case Role::kGuard:
        --job.left;
        return Guard(job, *job.object, what);
      case Role::kPut:
        --job.left;
        return Release(job, *job.object);
      case Role::kTake:
        return Take(job, job.failed_last ? What::kAcquire : what);
      case Role::kPass: {
        const std::int64_t before = job.left;
        if (!Take(job, job.failed_last ? What::kAcquire : what)) return false;
        Job& to = jobs_[job.to_job];
        return job.left == before || Release(to, *to.object);
      }
    }
    return false;
  }

  bool Take(Job& job, What how) {
    bool got = false;
    if (!Acquire(job, *job.object, how, &got)) return false;
    job.failed_last = !got;
    if (got) --job.left;
    return true;
  }

  bool Guard(Job& job, SemLock& object, What how) {
    bool got = false;
    if (!Acquire(job, object, how, &got)) return false;
    if (!got) return true;
    Hold(&job);
    Inside(job);
    if (job.recursive && Random(kEnterAgainOneIn) == 0 && !EnterAgain(object)) return false;
    Hold(nullptr);
    return Release(job, object);
  }

  // The owner of a recursive mutex comes in again at once, and leaves again.
  bool EnterAgain(SemLock& object) {
    auto outcome = object.Acquire(true, std::nullopt, actor_.interrupts());
    const bool* got = std::get_if<bool>(&outcome);
    if (got == nullptr) return Fail(std::move(outcome));
    if (!*got) {
      reply_->result = Raised{"RuntimeError", "the owner's acquire() returned False", {}};
      return false;
    }
    auto left = object.Release();
    return std::holds_alternative<None>(left) || Fail(std::move(left));
  }

  void Inside(Job& job) {
    const std::size_t base = static_cast<std::size_t>(&job - jobs_.data()) * (slots_ + 1);
    const auto own = witness_[base + 1 + slot_];
    own.store(own.load() + 1);
    // Not one atomic operation, on purpose: whoever comes in between loses an update.
    const std::uint64_t counter = witness_[base].load(std::memory_order_relaxed);
    const auto index = static_cast<std::size_t>(&job - jobs_.data());
    const std::uint64_t word = block_.empty() ? 0 : std::atomic_ref(block_[index]).load(std::memory_order_relaxed);
    for (std::uint64_t turns = Random(kMaxDwell); turns > 0; --turns) {
      std::atomic_signal_fence(std::memory_order_seq_cst);  // or the loop would be removed
    }
    if (Random(kYieldOneIn) == 0) sched_yield();
    witness_.Put(base, counter + 1);
    if (!block_.empty()) std::atomic_ref(block_[index]).store(word + 1, std::memory_order_relaxed);
    if (Random(kCountInsideOneIn) == 0) job.most_inside = std::max(job.most_inside, CountInside(base));
    own.store(own.load() + 1);
  }

  // How many are inside, if two readings of all agree; else 0, which says nothing.
  std::int64_t CountInside(std::size_t base) {
    scratch_.clear();
    std::int64_t inside = 0;
    for (std::size_t i = 1; i <= slots_; ++i) {
      const std::uint64_t value = witness_[base + i].load();
      scratch_.push_back(value);
      inside += static_cast<std::int64_t>(value % 2);
    }
    for (std::size_t i = 1; i <= slots_; ++i) {
      if (witness_[base + i].load() != scratch_[i - 1]) return 0;
    }
    return inside;
  }

  bool Acquire(Job& job, SemLock& object, What how, bool* got) {
    const std::uint64_t timeout_us = how == What::kTimed ? Random(kMaxTimeoutUs + 1) : 0;
    std::optional<double> timeout_s;
    if (how == What::kTimed) timeout_s = static_cast<double>(timeout_us) / 1e6;
    Begin(job, how, timeout_us);
    auto outcome = object.Acquire(how != What::kTry, timeout_s, actor_.interrupts());
    const bool* acquired = std::get_if<bool>(&outcome);
    if (acquired == nullptr) {
      End(kRaised);
      return Fail(std::move(outcome));
    }
    End(*acquired ? 1 : 0);
    ++(*acquired ? job.acquired : job.failed);
    *got = *acquired;
    return true;
  }

  bool Release(Job& job, SemLock& object) {
    Begin(job, What::kRelease, 0);
    auto outcome = object.Release();
    if (std::holds_alternative<None>(outcome)) {
      End(0);
      ++job.released;
      return true;
    }
    const Raised* raised = std::get_if<Raised>(&outcome);
    if (raised == nullptr || raised->type != "ValueError") {
      End(kRaised);
      return Fail(std::move(outcome));
    }
    End(kRefused);
    ++job.refused;
    return true;
  }

  template <typename T>
  bool Look(Job& job, What what, Outcome<T> (SemLock::*method)()) {
    Begin(job, what, 0);
    auto outcome = ((*job.object).*method)();
    const T* value = std::get_if<T>(&outcome);
    if (value == nullptr) {
      End(kRaised);
      return Fail(std::move(outcome));
    }
    End(static_cast<std::int64_t>(*value));
    return true;
  }

  // Another object on the same semaphore does a round, and is gone again.
  bool Rebuild(Job& job) {
    auto kind = job.object->Kind();
    auto maxvalue = job.object->MaxValue();
    auto name = job.object->Name();
    auto handle = job.object->Handle();
    const auto* address = std::get_if<std::uintptr_t>(&handle);
    if (!std::holds_alternative<std::int64_t>(kind) || !std::holds_alternative<std::int64_t>(maxvalue) ||
        !std::holds_alternative<std::optional<std::string>>(name)) {
      reply_->result = AdapterError{"the object has no kind, maxvalue or name"};
      return false;
    }
    auto outcome = actor_.process().implementation().RebuildSemLock(
        address == nullptr ? 0 : *address, static_cast<int>(std::get<std::int64_t>(kind)),
        static_cast<int>(std::get<std::int64_t>(maxvalue)), std::get<std::optional<std::string>>(name));
    auto* again = std::get_if<std::unique_ptr<SemLock>>(&outcome);
    if (again == nullptr || *again == nullptr) return Fail(std::move(outcome));
    --job.left;
    return Guard(job, **again, What::kTimed);
  }

  // A child does a round, while this actor waits for its end; its calls are this actor's.
  bool Fork(Job& job) {
    --job.left;
    const pid_t child = fork();
    if (child == 0) {
      // What it counts is its own; the witness and the ring are everybody's.
      if (job.recursive) job.object->AfterFork();
      const std::int64_t before = job.acquired;
      const bool done = Guard(job, *job.object, What::kTimed);
      _exit(!done ? 2 : job.acquired > before ? 1 : 0);
    }
    int status = 0;
    if (child < 0) {
      reply_->result = AdapterError{"fork: " + OsError(errno).message};
      return false;
    }
    if (WaitFor(child, &status) != child || !WIFEXITED(status) || WEXITSTATUS(status) > 1) {
      reply_->result = Raised{"RuntimeError", "the forked child did not do its turn: status " + std::to_string(status), {}};
      return false;
    }
    ++(WEXITSTATUS(status) == 1 ? job.acquired : job.failed);
    job.released += WEXITSTATUS(status);
    return true;
  }

  static pid_t WaitFor(pid_t child, int* status) {
    for (;;) {
      const pid_t got = waitpid(child, status, 0);
      if (got >= 0 || errno != EINTR) return got;
    }
  }

  static constexpr std::int64_t kRefused = -1;
  static constexpr std::int64_t kRaised = -2;

  // The entry before the call, and its number, so that it is there whatever happens.
  void Begin(const Job& job, What what, std::uint64_t timeout_us) {
    if (!ring_.is_open()) return;
    const std::uint64_t begun = ring_[1].load(std::memory_order_relaxed);
    if (recording_) {
      entry_ = kHeaderWords + begun * kEntryWords;
      recording_ = entry_ + kEntryWords <= ring_.size();
    }
    if (recording_) {
      const auto index = static_cast<std::uint64_t>(&job - jobs_.data());
      ring_.Put(entry_ + 1, 0);
      ring_.Put(entry_ + 2, static_cast<std::uint64_t>(what) | index << 16U | timeout_us << 32U);
      ring_.Put(entry_ + 3, 0);
      ring_.Put(entry_, static_cast<std::uint64_t>(NowNs()));
    }
    ring_.Put(3, static_cast<std::uint64_t>(&job - jobs_.data()) + 1);
    ring_[1].store(begun + 1, std::memory_order_release);
  }
  void End(std::int64_t result) {
    if (!recording_) return;
    const std::int64_t now = NowNs();
    ring_.Put(entry_ + 3, static_cast<std::uint64_t>(result));
    ring_[entry_ + 1].store(static_cast<std::uint64_t>(now), std::memory_order_release);
  }
  // Which job's unit is in hand.
  void Hold(const Job* job) {
    if (ring_.is_open())
      ring_[2].store(job == nullptr ? 0 : static_cast<std::uint64_t>(job - jobs_.data()) + 1, std::memory_order_release);
  }

  template <typename T>
  bool Fail(Outcome<T> outcome) {
    RecordFailure(actor_, std::move(outcome), reply_);
    return false;
  }

  Actor& actor_;
  Reply* const reply_;
  std::vector<Job> jobs_;
  const std::vector<std::pair<What, std::uint64_t>> mix_;
  std::uint64_t weights_ = 0;
  std::uint64_t seed_;
  const std::size_t slot_;
  const std::size_t slots_;
  SharedWords witness_;
  SharedWords ring_;
  std::span<std::uint64_t> block_;
  bool recording_ = false;
  std::size_t entry_ = 0;
  std::vector<std::uint64_t> scratch_;
};

const std::vector<Value>* ItemsOf(const Value& value) {
  if (const auto* list = value.As<List>()) return &list->items;
  const auto* tuple = value.As<Tuple>();
  return tuple == nullptr ? nullptr : &tuple->items;
}

// What a word stands for.
template <typename T>
std::optional<T> Named(const std::string& word, std::initializer_list<std::pair<const char*, T>> names) {
  for (const auto& [name, value] : names) {
    if (word == name) return value;
  }
  return std::nullopt;
}

std::optional<Job> JobFrom(Actor& actor, const Value& value) {
  const auto* items = ItemsOf(value);
  if (items == nullptr || items->size() < 3 || items->size() > 4) return std::nullopt;
  const auto* to = items->size() == 4 ? (*items)[3].As<std::string>() : nullptr;
  const auto* name = (*items)[0].As<std::string>();
  const auto* role = (*items)[1].As<std::string>();
  const auto* count = (*items)[2].As<std::int64_t>();
  if (name == nullptr || role == nullptr || count == nullptr || *count < 0) return std::nullopt;
  const auto known = Named<Role>(*role, {{"guard", Role::kGuard}, {"put", Role::kPut}, {"take", Role::kTake}, {"pass", Role::kPass}});
  const auto object = actor.process().Find(*name);
  const auto semlock = object ? object->As<SemLock>() : nullptr;
  if (!known || semlock == nullptr || (*known == Role::kPass) != (to != nullptr)) return std::nullopt;
  Job job;
  job.name = *name;
  job.object = semlock;
  job.role = *known;
  job.left = *count;
  if (to != nullptr) job.to = *to;
  const auto kind = semlock->Kind();
  const auto* number = std::get_if<std::int64_t>(&kind);
  job.recursive = number != nullptr && *number == kRecursiveMutex;
  return job;
}

std::optional<std::pair<What, std::uint64_t>> WeightFrom(const Value& value) {
  const auto* items = ItemsOf(value);
  if (items == nullptr || items->size() != 2) return std::nullopt;
  const auto* word = (*items)[0].As<std::string>();
  const auto* weight = (*items)[1].As<std::int64_t>();
  if (word == nullptr || weight == nullptr || *weight < 0) return std::nullopt;
  const auto what = Named<What>(*word, {{"acquire", What::kAcquire},
                                        {"try", What::kTry},
                                        {"timed", What::kTimed},
                                        {"_get_value", What::kGetValue},
                                        {"_is_zero", What::kIsZero},
                                        {"rebuild", What::kRebuild},
                                        {"fork", What::kFork}});
  if (!what) return std::nullopt;
  return std::pair{*what, static_cast<std::uint64_t>(*weight)};
}

}  // namespace

void LoadActor(Actor& actor, const Request& request, Reply* reply) {
  const auto wrong = [&](const char* what) { reply->result = AdapterError{std::string("load: ") + what}; };
  if (request.args.size() < 3 || request.args.size() > 4 || !request.kwargs.empty())
    return wrong("takes jobs, mix, seed, and at most the name of a SharedMemory");
  const auto* job_items = ItemsOf(request.args[0]);
  const auto* mix_items = ItemsOf(request.args[1]);
  const auto* seed = request.args[2].As<std::int64_t>();
  if (job_items == nullptr || mix_items == nullptr || seed == nullptr || job_items->empty())
    return wrong("takes a list of jobs, a list of weights and a seed");
  std::vector<Job> jobs;
  for (const Value& item : *job_items) {
    auto job = JobFrom(actor, item);
    if (!job) return wrong("a job is [the name of a SemLock, guard, put, take or pass, a count], and of pass another name");
    jobs.push_back(*std::move(job));
  }
  for (Job& job : jobs) {
    if (job.role != Role::kPass) continue;
    const auto to = std::find_if(jobs.begin(), jobs.end(), [&](const Job& other) { return other.name == job.to; });
    if (to == jobs.end()) return wrong("what is passed goes to the object of another job");
    job.to_job = static_cast<std::size_t>(to - jobs.begin());
  }
  std::vector<std::pair<What, std::uint64_t>> mix;
  std::uint64_t working = 0;
  for (const Value& item : *mix_items) {
    const auto weight = WeightFrom(item);
    if (!weight) return wrong("a weight is [acquire, try, timed, _get_value, _is_zero, rebuild or fork, a number]");
    if (weight->first <= What::kTimed) working += weight->second;
    mix.push_back(*weight);
  }
  if (working == 0) return wrong("one of acquire, try and timed has to have a weight, or it would never end");
  const std::int64_t slots = request.slots.value_or(0);
  const std::int64_t slot = request.slot.value_or(-1);
  if (!request.witness || slots < 1 || slots > kMaxSlots || slot < 0 || slot >= slots)
    return wrong("needs a witness and a slot among its slots");
  const std::size_t job_count = jobs.size();
  Load load(actor, reply, std::move(jobs), std::move(mix), static_cast<std::uint64_t>(*seed),
            static_cast<std::size_t>(slot), static_cast<std::size_t>(slots));
  if (const auto problem = load.Open(*request.witness, request.ring)) {
    reply->result = AdapterError{*problem};
    return;
  }
  std::shared_ptr<SharedMemory> block;  // kept until the load is over
  if (request.args.size() == 4) {
    const auto* name = request.args[3].As<std::string>();
    const auto object = name == nullptr ? std::nullopt : actor.process().Find(*name);
    block = object ? object->As<SharedMemory>() : nullptr;
    const auto data = block == nullptr ? std::nullopt : block->Data();
    if (!data || data->size() < job_count * sizeof(std::uint64_t)) return wrong("the block is no SharedMemory with a word for each job");
    load.Guard({reinterpret_cast<std::uint64_t*>(data->data()), job_count});
  }
  actor.Announce(request);
  reply->Timed([&] {
    load.Run();
    return true;
  });
}

}  // namespace lockstep::adapter
