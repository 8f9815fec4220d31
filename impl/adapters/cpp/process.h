// SPDX-License-Identifier: MIT
//
// What the actors of one process share: the implementation, the objects, the channels, the signals.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_PROCESS_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_PROCESS_H_

#include <sys/types.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "channel.h"
#include "implementation.h"
#include "signals.h"
#include "sync.h"

namespace lockstep::adapter {

// An object as it is kept under a name. Shared, so that `del` during a call on it is safe: the last
// user destroys it.
class Object {
 public:
  // `type` is what an AttributeError calls its type, and lives for ever.
  template <typename T>
  Object(std::string_view type, std::shared_ptr<T> pointer)
      : type_(type), pointer_(std::move(pointer)) {}

  std::string_view type() const { return type_; }

  // The object as a T, or null if it is none: every Semaphore is a Lock too, and every Lock is
  // Lockable.
  template <typename T>
  std::shared_ptr<T> As() const {
    return std::visit(
        [](const auto& pointer) -> std::shared_ptr<T> {
          if constexpr (std::is_convertible_v<decltype(pointer), std::shared_ptr<T>>) {
            return pointer;
          } else {
            return nullptr;
          }
        },
        pointer_);
  }

 private:
  std::string_view type_;
  std::variant<std::shared_ptr<SemLock>, std::shared_ptr<SharedMemory>, std::shared_ptr<Lock>,
               std::shared_ptr<Semaphore>, std::shared_ptr<Condition>, std::shared_ptr<Event>,
               std::shared_ptr<Barrier>>
      pointer_;
};

inline constexpr std::string_view kSemLockType = "_multiprocessing.SemLock";
inline constexpr std::string_view kSharedMemoryType = "SharedMemory";

// Any thread may call any method. Nothing is locked while the implementation is called, but for
// shared_memory_mutex(), under which no call blocks.
class Process {
 public:
  // `directory` is where channels are, "" for the working directory. `implementation` must outlive
  // this.
  Process(Implementation& implementation, std::string directory)
      : implementation_(implementation), directory_(std::move(directory)) {}

  Implementation& implementation() { return implementation_; }
  SignalTable& signals() { return signals_; }

  // Keeps `object` under `name` in place of any before it, which is destroyed by its last user.
  void Keep(const std::string& name, Object object);
  std::optional<Object> Find(const std::string& name) const;

  // Forgets the object; false if there is none of that name.
  bool Drop(const std::string& name);

  // All objects, ordered by name.
  std::vector<std::pair<std::string, Object>> Objects() const;

  // The path of the channel `name` without ".in" and ".out": in the directory, unless the name is a
  // path itself.
  std::string ChannelPath(const std::string& name) const;

  // Opens a channel for an actor of this process; null if that fails, and `problem` says why. Waits
  // for the harness's end, which is open already unless the harness is broken; forks wait
  // meanwhile, as a child must know every descriptor that it has to close.
  std::shared_ptr<Channel> OpenChannel(const std::string& name, std::string* problem);

  // Enters a channel that was opened otherwise.
  void AddChannel(const std::shared_ptr<Channel>& channel);

  // fork(). In the child (0) only the calling thread exists, every channel of the parent is closed
  // and `channel` is its own, or null if it could not be opened, which `problem` explains. In the
  // parent the child's pid, or -1 and errno.
  pid_t Fork(const std::string& channel_name, std::shared_ptr<Channel>* channel,
             std::string* problem);

  // How many actors are threads that have not ended.
  std::atomic<int>& live_threads() { return live_threads_; }

  // To be held for a call on a SharedMemory: its methods run one at a time, as under CPython's
  // interpreter lock.
  std::mutex& shared_memory_mutex() { return shared_memory_mutex_; }

 private:
  std::shared_ptr<Channel> OpenChannelLocked(const std::string& name, std::string* problem);

  Implementation& implementation_;
  const std::string directory_;
  SignalTable signals_;
  std::atomic<int> live_threads_{0};

  // Where several are taken, then by one std::scoped_lock; Fork() takes all.
  mutable std::mutex objects_mutex_;
  std::mutex channels_mutex_;
  std::mutex shared_memory_mutex_;

  std::map<std::string, Object, std::less<>> objects_;  // under objects_mutex_
  std::vector<std::weak_ptr<Channel>> channels_;        // under channels_mutex_
};

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_PROCESS_H_
