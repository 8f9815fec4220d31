// SPDX-License-Identifier: MIT
// One round of load: actors, semaphores, and epochs in which every actor does its turns in a loop of its
// own, with all that is looked at between them.
#ifndef LOCKSTEP_HARNESS_STRESS_ROUND_H_
#define LOCKSTEP_HARNESS_STRESS_ROUND_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/stress/plan.h"
#include "harness/stress/ring.h"
#include "harness/stress/stage.h"

namespace lockstep::stress {

class Round {
 public:
  // `files`: the folder and the beginning of the name for rings and the witness.
  Round(Session& session, RoundPlan plan, std::string name, std::string files, Random& random, Totals& totals);

  // The actors and their semaphores. Anything but fine ends the round.
  Ending Begin();
  // `turns`: of each actor on each semaphore, less where a ring or a kill holds them down.
  Ending Run(const EpochPlan& plan, long turns);
  // How long the last epoch took.
  std::int64_t last_ns() const { return last_ns_; }
  // Whether there was one release too many in the last epoch, which has to be a finding then.
  bool planted_canary() const { return planted_canary_; }

 private:
  struct Member {
    Actor* actor = nullptr;
    int slot = 0;
    bool takes = false;  // of what is handed over, or passes it back; else it gives, or passes it on
    SharedFile progress;  // a ring that only counts
    SharedFile ring;
    std::int64_t dead_by_ns = 0;
  };
  // What all did on one semaphore.
  struct Sum {
    std::int64_t acquired = 0;
    std::int64_t released = 0;
    std::int64_t refused = 0;
    std::int64_t most_inside = 0;
  };

  Ending SendLoads(const EpochPlan& plan, long turns);
  std::int64_t TurnsOf(const Member& member, std::size_t job, const EpochPlan& plan, long turns) const;
  SharedFile& RingOf(Member& member, const EpochPlan& plan) { return plan.recorded ? member.ring : member.progress; }
  std::uint64_t Progress(const EpochPlan& plan);
  Ending Watch(const EpochPlan& plan);
  Ending Unstick();
  Ending Stuck(const EpochPlan& plan);
  Ending Collect(const EpochPlan& plan);
  Ending Judge(const EpochPlan& plan);
  Ending JudgeSums(const EpochPlan& plan);
  Ending JudgeCounts(const EpochPlan& plan);
  Ending JudgeBlock(std::size_t job, std::int64_t taken);
  // `unfinished`: calls may be under way still.
  Ending JudgeHistories(const EpochPlan& plan, bool unfinished = false);
  Ending GetValue(std::size_t job, std::int64_t* value);
  void CountSights(const std::vector<check::RecordedHistory>& histories);
  std::string Text(const EpochPlan& plan) const;

  Stage stage_;
  const RoundPlan plan_;
  const std::string files_;
  Random& random_;
  Totals& totals_;
  std::vector<Member> members_;
  std::optional<SharedFile> witness_;
  std::vector<std::int64_t> values_;        // of each semaphore, as last read
  std::vector<std::int64_t> start_values_;  // before the epoch
  std::vector<std::uint64_t> counters_;  // the witness's, before it
  std::vector<Sum> sums_;
  // Of each process and semaphore, over all epochs: units taken less those released, which is what the
  // object counts.
  std::map<const Process*, std::vector<std::int64_t>> counts_;
  std::vector<check::Operation> of_root_;  // what `p` did meanwhile, by semaphore
  std::vector<std::size_t> of_root_on_;
  std::vector<std::string> names_;  // of actors, the root last
  std::int64_t last_ns_ = 0;
  bool planted_canary_ = false;
  bool has_block_ = false;  // a SharedMemory that the guards guard
  std::vector<std::int64_t> in_block_;  // its words before the epoch
  long epoch_ = 0;
};

}  // namespace lockstep::stress

#endif  // LOCKSTEP_HARNESS_STRESS_ROUND_H_
