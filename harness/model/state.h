// SPDX-License-Identifier: MIT
// One state of the world as the model sees it: semaphores, blocks, names, processes, threads, and who
// waits where. Plain data; copied freely.
#ifndef LOCKSTEP_HARNESS_MODEL_STATE_H_
#define LOCKSTEP_HARNESS_MODEL_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "harness/engine/trace.h"
#include "harness/model/rule.h"
#include "harness/protocol/value.h"
#include "harness/scenario/scenario.h"

namespace lockstep::model {

// What may come of a step. Nothing in `what`: a value that the model does not know.
struct Outcome {
  std::optional<Actual> what;
  const Rule* rule = nullptr;
};

// A semaphore in the kernel: named, without a name, or unlinked and still open.
struct Semaphore {
  std::int64_t value = 0;
};
struct Block {
  std::string bytes;
};

// A process's object over a semaphore.
struct SemLock {
  int semaphore = 0;  // in State::semaphores
  std::int64_t kind = 0;
  std::int64_t maxvalue = 0;
  std::optional<std::string> name;  // as it was given; nothing: made without, or unlinked at once
  std::int64_t count = 0;
  int last_thread = -1;  // the identity of the thread that acquired last
};
struct SharedMemory {
  int block = 0;  // in State::blocks
  std::string name;  // without the slash
  std::int64_t size = 0;  // when it was mapped; it stays, closed or not
  bool closed = false;
};
using Kept = std::variant<SemLock, SharedMemory>;

struct Handler {
  OnSignal::Action action = OnSignal::Action::kDefault;
  std::string type;
  Call call;
};

// An open descriptor of a block, known by a number of the model's own.
struct Descriptor {
  int block = 0;
  bool writable = false;
  bool closed = false;
};

struct Process {
  std::string end;  // "died SIGKILL", "exited 3"; empty: it lives
  bool stopped = false;
  std::map<std::string, Kept> objects;
  std::map<std::string, std::optional<Value>> values;  // kept by the engine; nothing: not known
  std::map<std::string, Handler> handlers;
  std::map<int, Descriptor> descriptors;

  // The next descriptor may have the number of one that was closed.
  void ForgetClosed();
};

// Whether a wait ends by itself.
enum class Patience {
  kForEver,  // no timeout, or one that no scenario waits out
  kShort,    // it may be over at any time
};
struct Wait {
  std::string object;
  Patience patience = Patience::kForEver;
};

struct Thread {
  int process = 0;
  int identity = 0;  // as ISMINE compares it: a forked child's main thread has its parent's
  bool is_main = true;
  bool ended = false;
  std::optional<Wait> wait;        // it sleeps, or is about to
  std::optional<Outcome> outcome;  // its call has ended so, and nobody has looked
};

// What depends on CPython's version, and since which it is as it is now.
inline const Version kEnterIsItsOwn{{3, 10}};
inline const Version kFlagsAreTruths{{3, 12}};
struct OfItsVersion {
  bool enter_is_acquire = false;  // before: __enter__ takes acquire's arguments
  bool flags_are_ints = false;    // before: `block` and `unlink` are converted to a C int
  bool operator==(const OfItsVersion&) const = default;
};

struct State {
  std::vector<Semaphore> semaphores;
  std::vector<Block> blocks;
  std::map<std::string, int> semaphore_names;  // "/NAME" → semaphores
  std::map<std::string, int> block_names;      // "/NAME" → blocks
  std::vector<Process> processes;
  std::map<std::string, Thread> threads;      // by the actor's first name
  std::map<std::string, std::string> aliases;  // `as w` → the actor's first name
  int next_identity = 0;
  int next_descriptor = 0;
  OfItsVersion of_its_version;

  Thread& At(const std::string& actor);
  const Thread& At(const std::string& actor) const;
  Process& ProcessOf(const std::string& actor) { return processes[static_cast<std::size_t>(At(actor).process)]; }
  const Process& ProcessOf(const std::string& actor) const {
    return processes[static_cast<std::size_t>(At(actor).process)];
  }
  bool Has(const std::string& actor) const { return threads.count(FirstName(actor)) != 0; }
  std::string FirstName(const std::string& actor) const;
  SemLock* FindSemLock(const std::string& actor, const std::string& object);
  const SemLock* FindSemLock(const std::string& actor, const std::string& object) const;

  // Equal texts: equal states.
  std::string Key() const;
};

// One way in which a call may go: it ended with this outcome, or (Blocked) its thread waits.
struct Way {
  Outcome outcome;
  State next;
};

// The state that every scenario begins in: one process `p`, under the rules of this version.
State Beginning(const Version& like);

}  // namespace lockstep::model

#endif  // LOCKSTEP_HARNESS_MODEL_STATE_H_
