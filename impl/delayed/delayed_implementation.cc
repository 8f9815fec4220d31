// SPDX-License-Identifier: MIT
#include "delayed_implementation.h"

#include <utility>

#include "reply.h"

namespace lockstep::delayed {
namespace {

using adapter::Interrupts;
using adapter::None;
using adapter::Outcome;
using adapter::SemLock;
using adapter::Turn;

class DelayedSemLock final : public SemLock {
 public:
  DelayedSemLock(std::unique_ptr<SemLock> inner, const Delay& delay) : inner_(std::move(inner)), delay_(delay) {}

  Outcome<bool> Acquire(bool block, std::optional<double> timeout_s, Interrupts& interrupts) override {
    return inner_->Acquire(block, timeout_s, interrupts);
  }
  Outcome<None> Release() override {
    if (delay_.hand_over_ns > 0) {
      const std::int64_t end_ns = adapter::NowNs() + delay_.hand_over_ns;
      while (adapter::NowNs() < end_ns) {
      }
    }
    return inner_->Release();
  }
  Outcome<None> Repeat(Turn turn, std::int64_t turns, Interrupts& interrupts) override {
    if (turn != Turn::kPair || delay_.spins == 0) return inner_->Repeat(turn, turns, interrupts);
    return DelayedPairs(*inner_, turns, delay_.spins, interrupts);
  }

  Outcome<std::int64_t> Count() override { return inner_->Count(); }
  Outcome<bool> IsMine() override { return inner_->IsMine(); }
  Outcome<std::int64_t> GetValue() override { return inner_->GetValue(); }
  Outcome<bool> IsZero() override { return inner_->IsZero(); }
  Outcome<None> AfterFork() override { return inner_->AfterFork(); }
  Outcome<std::int64_t> Kind() override { return inner_->Kind(); }
  Outcome<std::int64_t> MaxValue() override { return inner_->MaxValue(); }
  Outcome<std::optional<std::string>> Name() override { return inner_->Name(); }
  Outcome<std::uintptr_t> Handle() override { return inner_->Handle(); }
  std::optional<int> Descriptor() override { return inner_->Descriptor(); }

 private:
  const std::unique_ptr<SemLock> inner_;
  const Delay& delay_;
};

class DelayedImplementation final : public adapter::Implementation {
 public:
  DelayedImplementation(std::unique_ptr<Implementation> inner, const Delay& delay)
      : inner_(std::move(inner)), delay_(delay) {}

  Outcome<std::unique_ptr<SemLock>> CreateSemLock(int kind, int value, int maxvalue, const std::string& name,
                                                  bool unlink) override {
    return Delayed(inner_->CreateSemLock(kind, value, maxvalue, name, unlink));
  }
  Outcome<std::unique_ptr<SemLock>> RebuildSemLock(std::uintptr_t handle, int kind, int maxvalue,
                                                   const std::optional<std::string>& name) override {
    return Delayed(inner_->RebuildSemLock(handle, kind, maxvalue, name));
  }
  Outcome<std::unique_ptr<SemLock>> CreateUnnamedSemLock(int kind, int value, int maxvalue) override {
    return Delayed(inner_->CreateUnnamedSemLock(kind, value, maxvalue));
  }
  Outcome<std::unique_ptr<SemLock>> RebuildUnnamedSemLock(int descriptor, int kind, int maxvalue) override {
    return Delayed(inner_->RebuildUnnamedSemLock(descriptor, kind, maxvalue));
  }
  Outcome<None> SemUnlink(const std::string& name) override { return inner_->SemUnlink(name); }
  Outcome<std::int64_t> SemValueMax() override { return inner_->SemValueMax(); }

 private:
  Outcome<std::unique_ptr<SemLock>> Delayed(Outcome<std::unique_ptr<SemLock>> made) {
    auto* object = std::get_if<std::unique_ptr<SemLock>>(&made);
    if (object == nullptr || *object == nullptr) return made;
    return std::make_unique<DelayedSemLock>(std::move(*object), delay_);
  }

  const std::unique_ptr<Implementation> inner_;
  const Delay delay_;
};

}  // namespace

std::unique_ptr<adapter::Implementation> MakeDelayed(std::unique_ptr<adapter::Implementation> inner, const Delay& delay) {
  return std::make_unique<DelayedImplementation>(std::move(inner), delay);
}

}  // namespace lockstep::delayed
