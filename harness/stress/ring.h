// SPDX-License-Identifier: MIT
// What an actor under load recorded (impl/adapters/PROTOCOL.md, section 10), and histories made of it.
#ifndef LOCKSTEP_HARNESS_STRESS_RING_H_
#define LOCKSTEP_HARNESS_STRESS_RING_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/check/history.h"
#include "harness/os/shared_file.h"

namespace lockstep::stress {

inline constexpr std::size_t kRingHeader = 8;  // words
inline constexpr std::size_t kRingEntry = 4;

enum class What { kAcquire = 1, kTry, kTimed, kRelease, kGetValue, kIsZero };

struct RingCall {
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;  // 0: it has not ended
  What what = What::kAcquire;
  std::size_t job = 0;
  std::int64_t timeout_us = 0;
  std::int64_t result = 0;  // kRefused, kRaised, or as in the page
};
inline constexpr std::int64_t kRefused = -1;
inline constexpr std::int64_t kRaised = -2;

// An actor's own, of room for `calls`; 0: it only counts.
Result<SharedFile> MakeRing(const std::string& path, std::size_t calls);
void ResetRing(SharedFile& ring);
inline std::uint64_t CallsBegun(const SharedFile& ring) { return ring.Get(1); }
// The job whose unit its actor has in hand.
std::optional<std::size_t> InHand(const SharedFile& ring);

// The calls that were recorded. Nothing: more were made than it has room for, or an entry is no call,
// which is its adapter's fault.
std::optional<std::vector<RingCall>> ReadRing(const SharedFile& ring, std::size_t jobs);

// A call as an operation of the semaphore of its job; nothing for one that raised. `dead_by`: for one that
// has not ended.
std::optional<check::Operation> OperationOf(const RingCall& call, int actor, std::int64_t maxvalue,
                                            std::int64_t dead_by);

}  // namespace lockstep::stress

#endif  // LOCKSTEP_HARNESS_STRESS_RING_H_
