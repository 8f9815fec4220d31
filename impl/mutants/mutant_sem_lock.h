// SPDX-License-Identifier: MIT
//
// A SemLock of the reference with one of the defects around it.
#ifndef LOCKSTEP_IMPL_MUTANTS_MUTANT_SEM_LOCK_H_
#define LOCKSTEP_IMPL_MUTANTS_MUTANT_SEM_LOCK_H_

#include <pthread.h>
#include <semaphore.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "implementation.h"

namespace lockstep::mutants {

inline constexpr int kRecursiveMutex = 0;
inline constexpr int kSemaphore = 1;

// What the constructor was asked for.
struct Given {
  int kind = kSemaphore;
  int value = 0;  // not known of a rebuilt one
  int maxvalue = 0;
  std::optional<std::string> name;
  bool unlink = false;
  bool rebuilt = false;
};

// What of it the reference's object is made with: some defects are the reference with other
// arguments.
int InnerKind(const Given& given);
int InnerMaxvalue(const Given& given);

// Threads: as the interface asks.
class MutantSemLock final : public adapter::SemLock {
 public:
  MutantSemLock(std::shared_ptr<adapter::SemLock> inner, Given given);
  ~MutantSemLock() override;
  MutantSemLock(const MutantSemLock&) = delete;
  MutantSemLock& operator=(const MutantSemLock&) = delete;

  adapter::Outcome<bool> Acquire(bool block, std::optional<double> timeout_s,
                                 adapter::Interrupts& interrupts) override;
  adapter::Outcome<adapter::None> Release() override;
  adapter::Outcome<std::int64_t> Count() override;
  adapter::Outcome<bool> IsMine() override;
  adapter::Outcome<std::int64_t> GetValue() override;
  adapter::Outcome<bool> IsZero() override;
  adapter::Outcome<adapter::None> AfterFork() override;
  adapter::Outcome<std::int64_t> Kind() override;
  adapter::Outcome<std::int64_t> MaxValue() override;
  adapter::Outcome<std::optional<std::string>> Name() override;
  adapter::Outcome<std::uintptr_t> Handle() override { return inner_->Handle(); }
  std::optional<int> Descriptor() override { return inner_->Descriptor(); }

  const Given& given() const { return given_; }
  // The process that made it.
  pid_t made_by() const { return made_by_; }

 private:
  void NoticeFork();
  std::unique_lock<std::recursive_mutex> LockAsTheDefectHasIt();
  bool Reenters();
  int InnerCount();
  bool InnerIsMine();
  void NoteAcquired(int count_before);
  void SharedCountBy(int change);

  // Of the defects by which threads race for an object's owner and count (…_racing.cc).
  bool KeepsOwnOwner() const;
  bool OwnsByOwnOwner() const;
  void TakeByOwnOwner();
  adapter::Outcome<adapter::None> ReleaseByOwnOwner();
  void CountInTwoSteps(int change);

  std::optional<adapter::Outcome<bool>> AcquireAgain(bool block, std::optional<double> timeout_s);
  adapter::Outcome<bool> Wait(bool block, std::optional<double> timeout_s,
                              adapter::Interrupts& interrupts);
  adapter::Outcome<bool> AlterAcquired(bool block, adapter::Outcome<bool> outcome);
  std::optional<adapter::Outcome<adapter::None>> ReleaseOtherwise();
  adapter::Outcome<adapter::None> AlterReleased(adapter::Outcome<adapter::None> outcome);

  std::shared_ptr<adapter::SemLock> inner_;
  const Given given_;
  const pid_t made_by_;
  std::atomic<pid_t> seen_in_;
  std::atomic<std::int64_t> extra_count_{0};
  std::atomic<pthread_t> first_owner_{};
  std::atomic<pthread_t> last_owner_{};
  std::atomic<int> racing_count_{0};
  std::atomic<pthread_t> racing_owner_{};
  std::atomic<int>* shared_count_ = nullptr;  // in memory that children share
  std::recursive_mutex mutex_;
};

// The semaphore of an object.
sem_t* SemaphoreOf(adapter::SemLock& object);

}  // namespace lockstep::mutants

#endif  // LOCKSTEP_IMPL_MUTANTS_MUTANT_SEM_LOCK_H_
