// SPDX-License-Identifier: MIT
//
// The measurements of PROTOCOL.md, section 11: short bursts of one turn, timed in a loop of the adapter's own.
#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operations.h"

namespace lockstep::adapter {
namespace {

constexpr std::int64_t kMostItems = 20'000;  // of a list: it has to fit a line
constexpr std::int64_t kMostTurns = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kTurnsALook = 16;  // a look at the clock costs as much as a pair or two

// One request. Everything is read and reserved before the first stamp, and the result made after the last.
class Measure {
 public:
  Measure(Actor& actor, const Request& request, Reply* reply) : actor_(actor), request_(request), reply_(reply) {}

  void Run() {
    const auto* what = request_.args.empty() ? nullptr : request_.args[0].As<std::string>();
    for (const What& known : kWhats) {
      if (what == nullptr || *what != known.name) continue;
      if (request_.args.size() != known.arguments + 1 || !request_.kwargs.empty()) return Wrong(*what + " takes " + known.usage);
      if (known.on_semlock) object_ = TargetAs<SemLock>(actor_, request_, reply_);
      if (known.on_semlock && object_ == nullptr) return;
      if (!(this->*known.run)()) Wrong(*what + " takes " + known.usage);
      return;
    }
    Wrong("takes pairs, tries, values, rebuilds, creations, forks, timeouts, until or hand_over first");
  }

 private:
  // `run` returns false if the arguments are not as `usage` has them.
  struct What {
    const char* name;
    std::size_t arguments;  // after the name
    const char* usage;
    bool on_semlock;
    bool (Measure::*run)();
  };
  static const std::array<What, 9> kWhats;

  void Wrong(const std::string& what) { reply_->result = AdapterError{"measure: " + what}; }

  std::optional<std::int64_t> IntAt(std::size_t index, std::int64_t least, std::int64_t most) const {
    const auto* number = request_.args[index].As<std::int64_t>();
    if (number == nullptr || *number < least || *number > most) return std::nullopt;
    return *number;
  }

  std::optional<double> SecondsAt(std::size_t index) const {
    if (const auto* whole = request_.args[index].As<std::int64_t>()) return static_cast<double>(*whole);
    const auto* number = request_.args[index].As<double>();
    return number == nullptr ? std::nullopt : std::optional(*number);
  }

  bool ReadTurnsAndBursts() {
    const auto turns = IntAt(1, 1, kMostTurns);
    const auto bursts = IntAt(2, 1, kMostItems);
    if (!turns || !bursts) return false;
    turns_ = *turns;
    Reserve(*bursts);
    return true;
  }

  void Reserve(std::int64_t items) {
    wanted_ = static_cast<std::size_t>(items);
    items_.reserve(wanted_);
  }

  // Makes the timed calls; true if all went well. If not, the reply says what came in between.
  template <typename Calls>
  bool Timed(Calls&& calls) {
    actor_.Announce(request_);
    return reply_->Timed(std::forward<Calls>(calls));
  }

  // One item for each burst: how long it took.
  template <typename Burst>
  void TimeBursts(Burst&& burst) {
    const bool good = Timed([&] {
      while (items_.size() < wanted_) {
        const std::int64_t begin_ns = NowNs();
        const bool went_well = burst();
        const std::int64_t end_ns = NowNs();
        if (!went_well) return false;
        items_.push_back(end_ns - begin_ns);
      }
      return true;
    });
    if (good) ReplyWithItems();
  }

  void ReplyWithItems() {
    List list;
    list.items.assign(items_.begin(), items_.end());
    reply_->result = std::move(list);
  }

  template <typename T>
  bool Fail(Outcome<T> outcome) {
    RecordFailure(actor_, std::move(outcome), reply_);
    return false;
  }
  bool FailWith(std::string message) {
    reply_->result = Raised{"RuntimeError", std::move(message), {}};
    return false;
  }

  bool Repeat(Turn turn, std::int64_t turns) {
    auto outcome = object_->Repeat(turn, turns, actor_.interrupts());
    return std::holds_alternative<None>(outcome) || Fail(std::move(outcome));
  }

  bool Repeated(Turn turn) {
    if (!ReadTurnsAndBursts()) return false;
    TimeBursts([&] { return Repeat(turn, turns_); });
    return true;
  }
  bool Pairs() { return Repeated(Turn::kPair); }
  bool Tries() { return Repeated(Turn::kTry); }
  bool Values() { return Repeated(Turn::kValue); }

  // What _rebuild is called with. False: an attribute is not to be had, and the reply says so.
  bool ReadAttributes() {
    auto kind = object_->Kind();
    auto maxvalue = object_->MaxValue();
    auto name = object_->Name();
    auto handle = object_->Handle();
    if (!std::holds_alternative<std::int64_t>(kind)) return Fail(std::move(kind));
    if (!std::holds_alternative<std::int64_t>(maxvalue)) return Fail(std::move(maxvalue));
    if (!std::holds_alternative<std::optional<std::string>>(name)) return Fail(std::move(name));
    kind_ = static_cast<int>(std::get<std::int64_t>(kind));
    maxvalue_ = static_cast<int>(std::get<std::int64_t>(maxvalue));
    name_ = std::get<std::optional<std::string>>(std::move(name));
    const auto* address = std::get_if<std::uintptr_t>(&handle);
    handle_ = address == nullptr ? 0 : *address;
    return true;
  }

  bool IsMade(Outcome<std::unique_ptr<SemLock>> outcome) {
    const auto* made = std::get_if<std::unique_ptr<SemLock>>(&outcome);
    if (made == nullptr) return Fail(std::move(outcome));
    return *made != nullptr || FailWith("the implementation made no object");
  }

  // The object is gone when this returns.
  bool Rebuild() { return IsMade(implementation().RebuildSemLock(handle_, kind_, maxvalue_, name_)); }

  bool Rebuilds() {
    if (!ReadTurnsAndBursts()) return false;
    if (!ReadAttributes()) return true;
    if (!name_) {
      // An object over somebody else's address closes the semaphore when it is dropped, as in CPython.
      Wrong("rebuilds takes a SemLock that has a name");
      return true;
    }
    TimeBursts([&] {
      for (std::int64_t i = 0; i < turns_; ++i) {
        if (!Rebuild()) return false;
      }
      return true;
    });
    return true;
  }

  bool Creations() {
    const auto kind = IntAt(3, std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
    const auto* name = request_.args[4].As<std::string>();
    if (!ReadTurnsAndBursts() || !kind || name == nullptr) return false;
    TimeBursts([&] {
      for (std::int64_t i = 0; i < turns_; ++i) {
        if (!IsMade(implementation().CreateSemLock(static_cast<int>(*kind), 1, 1, *name, true))) return false;
      }
      return true;
    });
    return true;
  }

  bool Fork() {
    const pid_t child = fork();
    if (child == 0) _exit(Rebuild() ? 0 : 1);
    if (child < 0) {
      reply_->result = AdapterError{"fork: " + OsError(errno).message};
      return false;
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0 || FailWith("the forked child did not do its turn: status " + std::to_string(status));
  }

  bool Forks() {
    if (!ReadTurnsAndBursts()) return false;
    if (!ReadAttributes()) return true;
    TimeBursts([&] {
      for (std::int64_t i = 0; i < turns_; ++i) {
        if (!Fork()) return false;
      }
      return true;
    });
    return true;
  }

  bool Timeouts() {
    const auto seconds = SecondsAt(1);
    const auto turns = IntAt(2, 1, kMostItems);
    if (!seconds || !turns) return false;
    Reserve(*turns);
    TimeBursts([&] {
      auto outcome = object_->Acquire(true, seconds, actor_.interrupts());
      const bool* acquired = std::get_if<bool>(&outcome);
      if (acquired == nullptr) return Fail(std::move(outcome));
      return !*acquired || FailWith("acquire() with a timeout returned True");
    });
    return true;
  }

  bool Until() {
    const auto instant_ns = IntAt(1, 0, std::numeric_limits<std::int64_t>::max());
    if (!instant_ns) return false;
    std::int64_t turns = 0;
    const bool good = Timed([&] {
      do {
        if (!Repeat(Turn::kPair, kTurnsALook)) return false;
        turns += kTurnsALook;
      } while (NowNs() < *instant_ns);
      return true;
    });
    if (good) reply_->result = Value(turns);
    return true;
  }

  bool HandOver() {
    const auto turns = IntAt(1, 1, kMostItems);
    const auto idle_ns = IntAt(2, 0, std::numeric_limits<std::int64_t>::max());
    const auto* name = request_.args[3].As<std::string>();
    const auto named = name == nullptr ? std::nullopt : actor_.process().Find(*name);
    const auto other = named ? named->As<SemLock>() : nullptr;
    if (!turns || !idle_ns || other == nullptr) return false;
    Reserve(*turns);
    const bool good = Timed([&] {
      while (items_.size() < wanted_) {
        if (!HandOverOnce(*idle_ns, *other)) return false;
      }
      return true;
    });
    if (good) ReplyWithItems();
    return true;
  }

  bool HandOverOnce(std::int64_t idle_ns, SemLock& other) {
    auto outcome = object_->Acquire(true, std::nullopt, actor_.interrupts());
    const std::int64_t stamp_ns = NowNs();
    const bool* acquired = std::get_if<bool>(&outcome);
    if (acquired == nullptr) return Fail(std::move(outcome));
    if (!*acquired) return FailWith("acquire() without a timeout returned False");
    if (idle_ns > 0) {
      // The CPU is given up meanwhile, so that whoever is about to wait for `other` can get there.
      while (NowNs() - stamp_ns < idle_ns) sched_yield();
    }
    auto released = other.Release();
    items_.push_back(stamp_ns);
    return std::holds_alternative<None>(released) || Fail(std::move(released));
  }

  Implementation& implementation() { return actor_.process().implementation(); }

  Actor& actor_;
  const Request& request_;
  Reply* const reply_;
  std::shared_ptr<SemLock> object_;
  std::int64_t turns_ = 0;
  std::vector<std::int64_t> items_;  // durations or stamps
  std::size_t wanted_ = 0;           // how many there will be
  std::uintptr_t handle_ = 0;
  int kind_ = 0;
  int maxvalue_ = 0;
  std::optional<std::string> name_;
};

constexpr char kTurnsAndBursts[] = "turns and bursts, at least 1, and at most 20,000 bursts";

const std::array<Measure::What, 9> Measure::kWhats = {{
    {"pairs", 2, kTurnsAndBursts, true, &Measure::Pairs},
    {"tries", 2, kTurnsAndBursts, true, &Measure::Tries},
    {"values", 2, kTurnsAndBursts, true, &Measure::Values},
    {"rebuilds", 2, kTurnsAndBursts, true, &Measure::Rebuilds},
    {"creations", 4, "turns and bursts, at least 1, and at most 20,000 bursts; a kind and a name", false, &Measure::Creations},
    {"forks", 2, kTurnsAndBursts, true, &Measure::Forks},
    {"timeouts", 2, "seconds, and 1 to 20,000 turns", true, &Measure::Timeouts},
    {"until", 1, "an instant in ns", true, &Measure::Until},
    {"hand_over", 3, "1 to 20,000 turns, idle ns, and the name of another SemLock", true, &Measure::HandOver},
}};

}  // namespace

Raised FailedTurn(Turn turn) {
  if (turn == Turn::kTry) return {"RuntimeError", "acquire(False) returned True", {}};
  return {"RuntimeError", "acquire() without a timeout returned False", {}};
}

Outcome<None> SemLock::Repeat(Turn turn, std::int64_t turns, Interrupts& interrupts) {
  for (std::int64_t i = 0; i < turns; ++i) {
    if (turn == Turn::kValue) {
      auto value = GetValue();
      if (!std::holds_alternative<std::int64_t>(value)) return FailureAs<None>(std::move(value));
      continue;
    }
    auto outcome = Acquire(turn == Turn::kPair, std::nullopt, interrupts);
    const bool* acquired = std::get_if<bool>(&outcome);
    if (acquired == nullptr) return FailureAs<None>(std::move(outcome));
    if (*acquired != (turn == Turn::kPair)) return FailedTurn(turn);
    if (turn == Turn::kTry) continue;
    auto released = Release();
    if (!std::holds_alternative<None>(released)) return released;
  }
  return None{};
}

void MeasureActor(Actor& actor, const Request& request, Reply* reply) { Measure(actor, request, reply).Run(); }

}  // namespace lockstep::adapter
