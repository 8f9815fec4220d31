// SPDX-License-Identifier: MIT
// Is this actor asleep on its semaphore? Answered by looking, without sleeping to let things
// happen.
//
// /proc/PID/task/TID/syscall of a sleeping thread names its system call and arguments. The thread
// is blocked on a semaphore when the call is futex and the address lies in the same file mapping
// (device and inode) as the semaphore. An interpreter's own locks are futexes too, in private
// memory: they do not count. Where that cannot be told there are weaker signs, each named in the
// answer.
#ifndef LOCKSTEP_HARNESS_ENGINE_BLOCKING_H_
#define LOCKSTEP_HARNESS_ENGINE_BLOCKING_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/adapter/crew.h"
#include "harness/engine/trace.h"

namespace lockstep {

// Looks at the calls in flight of one crew. Thread-compatible.
class BlockedDetector {
 public:
  struct Options {
    std::set<long> declared_calls;  // system calls in which the implementation says that it waits
    bool look_at_thread = true;     // false: it waits in ways that no thread shows
    nanoseconds quiet_window{};     // how long nothing may move before the weaker signs count
    nanoseconds spin_window{};
  };
  BlockedDetector(Crew& crew, Options options) : crew_(crew), options_(std::move(options)) {}

  // Whether the actor's call in flight is blocked now. Never blocks; 3 µs for a sure answer whose
  // mapping is known, and nothing while unsure: ask again.
  std::optional<Blocked> Look(Actor& actor);

  // Whether everything stands still: every call in flight is blocked, twice over with nothing run
  // in between, and no line is waiting to be read. Nothing when something still moves. kLooksSo:
  // some call is one that looks again by itself from time to time (a wait in slices, a poll), so
  // that it may be about to: it has to stay so for quiet_window() to be sure.
  enum class Stillness { kSure, kLooksSo };
  std::optional<Stillness> Quiescent();
  nanoseconds quiet_window() const { return options_.quiet_window; }

  // Forgets what was seen of an actor's last call. To be called when a request is sent.
  void Restart(const Actor& actor) { watched_.erase(&actor); }

  // Where an actor is, for people.
  std::string Whereabouts(Actor& actor);

 private:
  struct Watched {
    std::int64_t since_ns = 0;  // since when nothing has moved
    std::vector<ThreadProbe::Activity> activity;
    std::int64_t first_ns = 0;  // when the call was first looked at
    ThreadProbe::Activity first;
  };
  std::optional<Blocked> LookForWeakerSigns(Actor& actor, const ThreadState& state);
  std::vector<ThreadProbe::Activity> ActivityOf(const Actor& actor) const;
  bool IsOnSemaphore(const Actor& actor, std::uint64_t address);
  const Mapping& MappingAt(Process& process, std::uint64_t address);

  Crew& crew_;
  const Options options_;
  std::map<const Actor*, Watched> watched_;
};

// For what a session runs: as its implementations declare, its bounds scaled.
class Session;
BlockedDetector::Options DetectorOptionsOf(const Session& session);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ENGINE_BLOCKING_H_
