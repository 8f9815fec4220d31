// SPDX-License-Identifier: MIT
// What is done to actors while they are under load: stops, signals, a kill, one release too many, one CPU.
#ifndef LOCKSTEP_HARNESS_STRESS_AMPLIFIER_H_
#define LOCKSTEP_HARNESS_STRESS_AMPLIFIER_H_

#include <memory>
#include <vector>

#include "harness/stress/plan.h"
#include "harness/stress/stage.h"

namespace lockstep::stress {

class Amplifier {
 public:
  // `expected_ns`: how long such an epoch takes.
  Amplifier(Stage& stage, const EpochPlan& plan, std::vector<Actor*> targets, Random& random, Totals& totals,
            std::int64_t expected_ns);
  ~Amplifier();

  // Does what is due. Never blocks.
  void Act();
  // How long may be waited until the next call of Act().
  nanoseconds step() const;
  bool anybody_stopped() const { return !stopped_.empty(); }
  bool has_killed() const { return has_killed_; }
  // To be asked when all calls are over: whether there has been one release too many.
  bool planted_canary() const;
  // Everybody goes on; the epoch is over.
  void Finish();

 private:
  struct Stopped {
    std::shared_ptr<Process> process;
    std::int64_t until_ns;
  };
  void Pin(bool on_one_cpu);
  void Stop(std::int64_t now);
  void Signal(std::int64_t now);
  void Kill();
  void Canary();

  Stage& stage_;
  const EpochPlan& plan_;
  const std::vector<Actor*> targets_;
  Random& random_;
  Totals& totals_;
  std::vector<Stopped> stopped_;
  std::int64_t stop_at_ns_ = 0;
  std::int64_t signal_at_ns_ = 0;
  std::int64_t kill_at_ns_ = 0;
  std::int64_t canary_at_ns_ = 0;
  std::int64_t stops_left_ns_ = 0;  // how long processes may yet be stopped in all
  bool has_killed_ = false;
  bool kill_anyhow_ = false;  // whether it waits or not
  int looks_for_a_wait_ = 0;
  bool canary_sent_ = false;
};

}  // namespace lockstep::stress

#endif  // LOCKSTEP_HARNESS_STRESS_AMPLIFIER_H_
