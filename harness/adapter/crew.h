// SPDX-License-Identifier: MIT
// The actors of one scenario and their processes: what they were asked, what they answered, who is
// alive. Everything that arrives goes through Crew::Pump, which never blocks longer than told.
// Thread-compatible: one worker owns a crew.
#ifndef LOCKSTEP_HARNESS_ADAPTER_CREW_H_
#define LOCKSTEP_HARNESS_ADAPTER_CREW_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/os/channel.h"
#include "harness/os/clock.h"
#include "harness/os/process_view.h"
#include "harness/os/result.h"
#include "harness/os/supervisor.h"
#include "harness/protocol/message.h"

namespace lockstep {

struct Actor;

struct Process {
  pid_t inner = 0;  // as it calls itself
  pid_t outer = 0;  // as the harness calls it
  UniqueFd pidfd;
  Actor* parent = nullptr;  // who forked it and is to reap it; nullptr: the supervisor
  bool dead = false;
  bool reaped = false;        // by its parent, on our request
  std::optional<int> status;  // once dead: as waitpid gives it
  // The addresses of each object's semaphores in this process, and what lies at addresses (found
  // once).
  std::map<std::string, std::vector<std::uint64_t>> handles;
  std::map<std::uint64_t, Mapping> mappings;
  int descriptors_at_start = -1;
};

// A request that has not been answered.
struct InFlight {
  Request request;
  bool announced = false;     // `calling` has come
  std::int64_t begin_ns = 0;  // the adapter's stamp, once announced
  std::int64_t sent_ns = 0;
};

struct Actor {
  Actor(std::string actor_name, Channel actor_channel)
      : name(std::move(actor_name)), channel(std::move(actor_channel)) {}

  std::string name;
  Channel channel;
  std::shared_ptr<Process> process;
  bool is_thread = false;
  pid_t inner_tid = 0;
  pid_t outer_tid = 0;
  ThreadProbe probe;
  std::optional<Hello> hello;

  std::optional<InFlight> in_flight;
  std::optional<Reply> reply;        // to the last request, until taken
  std::vector<std::string> handled;  // signals whose handler has run, in order
  bool closed = false;               // end of file on its channel
  std::string fault;  // what the adapter did wrong; not empty: nothing more is expected of it

  LineBuffer lines;
};

class Crew {
 public:
  static constexpr const char* kChannelVariable = "LOCKSTEP_CHANNEL";

  // `channel_dir`: where FIFOs are made. Both references outlive the crew.
  Crew(Supervisor& supervisor, OutputCapture& output, std::string channel_dir);
  ~Crew();

  // Makes the channel for an actor-to-be. Its path goes to the adapter.
  Result<Actor*> Prepare(const std::string& name);
  // `parent` says that it has forked a child of this id, which is to become `child`: from now on
  // its death is seen, whether it says hello or not.
  void Expect(Actor& child, Actor& parent, pid_t inner);
  // Waits for hello, answers welcome, and finds the actor's process and thread. `parent`: who
  // forked it (or whose thread it is); nullptr: launched. An Error says what the adapter did
  // instead.
  Result<void> AwaitHello(Actor& actor, Actor* parent, bool is_thread, nanoseconds limit);

  // Starts a command below the supervisor as an actor of its own, and waits for its hello.
  // `options` less the channel's variable, which is added.
  Result<Actor*> Launch(const std::string& name, LaunchOptions options, nanoseconds limit);

  // Sends a request; the id is chosen here. A request to an actor that does not read sets its
  // fault.
  void Send(Actor& actor, Request request);
  // Takes what has come, and waits for something to come at most `wait`, and 50 ms. False when nothing
  // came.
  bool Pump(nanoseconds wait);
  // Sends, and waits for the reply. Nothing when it did not come in time, the actor's process died,
  // or the adapter is at fault.
  std::optional<Reply> Ask(Actor& actor, Request request, nanoseconds limit);
  // Waits until each of these, which were sent something, has replied. Ends sooner when one of them has died, is at
  // fault, has raised, or does not answer in time, which becomes its fault. The replies stay in the actors.
  void AwaitReplies(const std::vector<Actor*>& actors, nanoseconds limit);

  Actor* Find(const std::string& name);
  // The same actor by another name as well (`as w`).
  void Alias(const std::string& alias, const std::string& name);
  const std::vector<std::unique_ptr<Actor>>& actors() const { return actors_; }
  const std::vector<std::shared_ptr<Process>>& processes() const { return processes_; }
  Supervisor& supervisor() { return supervisor_; }
  OutputCapture& output() { return output_; }
  // The first fault of any actor; empty when there is none.
  std::string Fault() const;

  // Fills in how a dead process ended, if that can be known now.
  void LearnStatus(Process& process);
  // Kills every process of the crew and waits for their deaths. False when one does not die within
  // `limit`.
  bool KillAll(nanoseconds limit);

 private:
  void TakeLines(Actor& actor);
  void TakeMessage(Actor& actor, std::string_view line);
  Result<void> FindProcess(Actor& actor, Actor* parent, bool is_thread);

  Supervisor& supervisor_;
  OutputCapture& output_;
  const std::string channel_dir_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::map<std::string, Actor*> by_name_;
  std::vector<std::shared_ptr<Process>> processes_;
  std::int64_t next_id_ = 1;
  std::string read_buffer_;
};

// Sends a signal by pidfd (outer ids may be reused, descriptors are not). False when the process is
// gone.
bool SendSignalTo(const Process& process, int signal);
// Sends a signal to one thread.
bool SendSignalToThread(const Actor& actor, int signal);

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_ADAPTER_CREW_H_
