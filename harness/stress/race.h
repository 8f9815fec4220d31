// SPDX-License-Identifier: MIT
// Two calls made to meet, again and again at another distance (the Linux Test Project's fuzzy sync): after
// so many runs that tell how long each takes, one is delayed at random such that they overlap somewhere.
#ifndef LOCKSTEP_HARNESS_STRESS_RACE_H_
#define LOCKSTEP_HARNESS_STRESS_RACE_H_

#include <memory>
#include <string>
#include <vector>

#include "harness/stress/plan.h"
#include "harness/stress/stage.h"

namespace lockstep::stress {

class Races {
 public:
  Races(Session& session, std::string name, Random& random, Totals& totals);

  Ending Begin();
  // A race of each kind that the implementation can have; all that come of it judged.
  Ending RunEach();

 private:
  // The distance of the second call's beginning from the first's, over which both overlap.
  class Distance {
   public:
    explicit Distance(double first_ns = 20'000) : first_ns_(first_ns) {}
    // ns by which the second is to begin later than the first.
    std::int64_t Next(Random& random);
    void Learn(std::int64_t first_ns, std::int64_t second_ns);

   private:
    double first_ns_;  // how long each call takes, as far as is known
    double second_ns_ = 20'000;
  };

  Ending ReleaseAgainstTimeout();
  Ending ReleaseAgainstTimeoutOfOneOfTwo();
  Ending TwoReleasesForTwoWaiters();
  Ending TwoReleasesAtTheBound();
  Ending TwoOfOneName();
  Ending LookBesideATry();
  Ending ObjectsThatComeAndGo();
  Ending ReleaseAgainstKill();
  Ending CloseAgainstPost();
  Ending ForkAgainstAcquire();
  // Asks for an acquire that has to wait, and waits until it does.
  Ending Block(Actor& actor, const char* race, const std::string& object);
  // Another object on `s`.
  Request Rebuild(const std::string& as) const;
  // Who was killed is gone.
  void AwaitDeath(const Process& process);

  // Sends a call that is to begin at an instant.
  void SendAt(Actor& actor, Request request, std::int64_t at_ns);
  // Until all that was sent has answered or died; who is stuck is a finding.
  Ending AwaitAll(const char* race, const std::string& object = "s");
  // The reply to what was sent, as an operation of the semaphore. `number`: of the actor, below.
  static Ending Take(const char* race, Actor& actor, check::Kind kind, int number, check::Operation* one);
  // Reads the value into the history, judges it, and takes what units are left.
  Ending Settle(const char* race, const std::string& object, check::History history);
  std::int64_t Soon() const;

  // Actors in histories, besides a (0), b (1) and p (2).
  static constexpr int kThread = 3;  // a2
  static constexpr int kVictim = 4;

  Stage stage_;
  Random& random_;
  Totals& totals_;
  Actor* a_ = nullptr;   // a process,
  Actor* a2_ = nullptr;  // and a thread of it; null: it has no threads
  Actor* b_ = nullptr;   // another process
  int victims_ = 0;
  int names_ = 0;
  // From the end of a timeout: a timer's slack is 50 µs, and a wake-up takes as long again.
  Distance timeout_distance_{150'000};
  Distance second_timeout_distance_{150'000};
  Distance releases_distance_;
  Distance bound_distance_;
  Distance creation_distance_;
  Distance objects_distance_;
  Distance look_distance_;
  Distance kill_distance_;
  Distance close_distance_;
  Distance fork_distance_;
};

}  // namespace lockstep::stress

#endif  // LOCKSTEP_HARNESS_STRESS_RACE_H_
