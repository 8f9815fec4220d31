// SPDX-License-Identifier: MIT
#include "harness/stress/ring.h"

namespace lockstep::stress {

Result<SharedFile> MakeRing(const std::string& path, std::size_t calls) {
  return SharedFile::Make(path, kRingHeader + calls * kRingEntry);
}

void ResetRing(SharedFile& ring) {
  for (std::size_t i = 0; i < kRingHeader; ++i) ring.Put(i, 0);
}

std::optional<std::size_t> InHand(const SharedFile& ring) {
  const std::uint64_t word = ring.Get(2);
  return word == 0 ? std::nullopt : std::optional<std::size_t>(word - 1);
}

std::optional<std::vector<RingCall>> ReadRing(const SharedFile& ring, std::size_t jobs) {
  const std::uint64_t begun = CallsBegun(ring);
  if (begun > (ring.size() - kRingHeader) / kRingEntry) return std::nullopt;
  std::vector<RingCall> calls;
  calls.reserve(begun);
  for (std::size_t i = 0; i < begun; ++i) {
    const std::size_t at = kRingHeader + i * kRingEntry;
    const std::uint64_t what = ring.Get(at + 2);
    RingCall call;
    call.begin_ns = static_cast<std::int64_t>(ring.Get(at));
    call.end_ns = static_cast<std::int64_t>(ring.Get(at + 1));
    call.what = static_cast<What>(what & 0xffff);
    call.job = what >> 16 & 0xffff;
    call.timeout_us = static_cast<std::int64_t>(what >> 32);
    call.result = static_cast<std::int64_t>(ring.Get(at + 3));
    const bool is_call = (what & 0xffff) >= 1 && (what & 0xffff) <= 6 && call.job < jobs && call.begin_ns > 0 &&
                         (call.end_ns == 0 || call.end_ns >= call.begin_ns);
    if (!is_call) return std::nullopt;
    calls.push_back(call);
  }
  return calls;
}

std::optional<check::Operation> OperationOf(const RingCall& call, int actor, std::int64_t maxvalue,
                                            std::int64_t dead_by) {
  check::Operation one;
  one.actor = actor;
  one.called = call.begin_ns;
  const bool is_over = call.end_ns != 0;
  if (is_over) {
    one.returned = call.end_ns;
  } else {
    one.dead_by = dead_by;
  }
  if (is_over && call.result == kRaised) return std::nullopt;
  switch (call.what) {
    case What::kAcquire:
    case What::kTry:
    case What::kTimed:
      one.kind = is_over && call.result == 0 ? check::Kind::kFailedAcquire : check::Kind::kAcquire;
      break;
    case What::kRelease:
      one.kind = is_over && call.result == kRefused ? check::Kind::kRefusedRelease : check::Kind::kRelease;
      if (one.kind == check::Kind::kRefusedRelease) one.value = maxvalue;
      break;
    case What::kGetValue:
      one.kind = check::Kind::kGetValue;
      one.value = call.result;
      break;
    case What::kIsZero:
      one.kind = check::Kind::kIsZero;
      one.value = call.result;
      break;
  }
  return one;
}

}  // namespace lockstep::stress
