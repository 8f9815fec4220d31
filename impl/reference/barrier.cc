// SPDX-License-Identifier: MIT
#include "semlock/barrier.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <new>

#include "errors.h"
#include "with_condition.h"

namespace semlock {

using internal::BrokenBarrierError;
using internal::ErrorOf;
using internal::OsError;
using internal::WithCondition;

namespace {

// The states, as threading.Barrier numbers them.
constexpr std::int32_t kFilling = 0;
constexpr std::int32_t kDraining = 1;
constexpr std::int32_t kResetting = -1;
constexpr std::int32_t kBroken = -2;

}  // namespace

// Two of CPython's C ints. Written under the lock only, whose semaphore orders what depends on
// them; atomic for n_waiting() and broken(), which read without it.
struct Barrier::Shared {
  class Word {
   public:
    std::int32_t Get() const { return value_.load(std::memory_order_relaxed); }
    void Set(std::int32_t value) { value_.store(value, std::memory_order_relaxed); }

   private:
    std::atomic<std::int32_t> value_{0};
    static_assert(std::atomic<std::int32_t>::is_always_lock_free, "processes share no lock for it");
  };

  Word state;
  Word count;  // of those between Enter() and Leave()
};

void Barrier::Unmap::operator()(Shared* shared) const noexcept { munmap(shared, sizeof(Shared)); }

Result<Barrier::SharedPointer> Barrier::MapShared() {
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return OsError(errno);
  return SharedPointer(new (memory) Shared);
}

Result<Barrier> Barrier::Create(int parties, BarrierAction action,
                                std::optional<double> timeout_s) {
  auto shared = MapShared();
  if (!shared) return ErrorOf(shared);
  auto condition = Condition::Create();
  if (!condition) return ErrorOf(condition);
  return Barrier(parties, std::move(action), timeout_s, std::move(*condition), std::move(*shared));
}

Result<int> Barrier::Wait(std::optional<double> timeout_s, InterruptHook hook) {
  if (!timeout_s) timeout_s = timeout_s_;
  return WithCondition(condition_, hook, [&]() -> Result<int> {
    if (const auto entered = Enter(hook); !entered) return ErrorOf(entered);
    const int index = shared_->count.Get();
    shared_->count.Set(index + 1);
    const auto passed = index + 1 == parties_ ? Open(hook) : AwaitOpening(timeout_s, hook);
    shared_->count.Set(shared_->count.Get() - 1);
    if (const auto left = Leave(hook); !left) return ErrorOf(left);
    if (!passed) return ErrorOf(passed);
    return index;
  });
}

bool Barrier::IsEmptying() const {
  const std::int32_t state = shared_->state.Get();
  return state == kDraining || state == kResetting;
}

// Waits until those of the last round are gone.
Result<void> Barrier::Enter(InterruptHook hook) {
  while (IsEmptying()) {
    if (const auto waited = condition_.Wait(std::nullopt, hook); !waited) return ErrorOf(waited);
  }
  if (shared_->state.Get() < 0) return BrokenBarrierError();
  return {};
}

// The last to come does the action and lets everybody pass; if either fails nobody does.
Result<void> Barrier::Open(InterruptHook hook) {
  auto opened = action_ ? action_() : Result<void>();
  if (opened) {
    shared_->state.Set(kDraining);
    opened = condition_.NotifyAll(hook);
  }
  if (opened) return opened;
  if (auto broken = Break(hook); !broken) return broken;
  return opened;
}

// Any other waits for the last. An error of the wait breaks nothing; the time's being over does.
Result<void> Barrier::AwaitOpening(std::optional<double> timeout_s, InterruptHook hook) {
  const auto opened =
      condition_.WaitFor([this] { return shared_->state.Get() != kFilling; }, timeout_s, hook);
  if (!opened) return ErrorOf(opened);
  if (!*opened) {
    if (auto broken = Break(hook); !broken) return broken;
    return BrokenBarrierError();
  }
  if (shared_->state.Get() < 0) return BrokenBarrierError();
  return {};
}

// The last to leave makes room for the next round, and tells those who wait in Enter().
Result<void> Barrier::Leave(InterruptHook hook) {
  if (shared_->count.Get() != 0 || !IsEmptying()) return {};
  shared_->state.Set(kFilling);
  return condition_.NotifyAll(hook);
}

Result<void> Barrier::Reset(InterruptHook hook) {
  return WithCondition(condition_, hook, [&] {
    const std::int32_t state = shared_->state.Get();
    if (shared_->count.Get() == 0) {
      shared_->state.Set(kFilling);
    } else if (state == kFilling || state == kBroken) {
      shared_->state.Set(kResetting);  // until the last of them has left
    }
    return condition_.NotifyAll(hook);
  });
}

Result<void> Barrier::Abort(InterruptHook hook) {
  return WithCondition(condition_, hook, [&] { return Break(hook); });
}

Result<void> Barrier::Break(InterruptHook hook) {
  shared_->state.Set(kBroken);
  return condition_.NotifyAll(hook);
}

int Barrier::n_waiting() const {
  return shared_->state.Get() == kFilling ? shared_->count.Get() : 0;
}

bool Barrier::broken() const { return shared_->state.Get() == kBroken; }

}  // namespace semlock
