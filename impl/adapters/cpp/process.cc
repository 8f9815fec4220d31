// SPDX-License-Identifier: MIT
#include "process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace lockstep::adapter {

void Process::Keep(const std::string& name, Object object) {
  const std::lock_guard lock(objects_mutex_);
  // Swapped, so that what was there before is destroyed by the caller's argument, after the lock.
  const auto [kept, added] = objects_.try_emplace(name, object);
  if (!added) std::swap(kept->second, object);
}

std::optional<Object> Process::Find(const std::string& name) const {
  const std::lock_guard lock(objects_mutex_);
  const auto found = objects_.find(name);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

bool Process::Drop(const std::string& name) {
  decltype(objects_)::node_type dropped;  // destroyed after the lock
  const std::lock_guard lock(objects_mutex_);
  dropped = objects_.extract(name);
  return !dropped.empty();
}

std::vector<std::pair<std::string, Object>> Process::Objects() const {
  const std::lock_guard lock(objects_mutex_);
  return {objects_.begin(), objects_.end()};
}

std::string Process::ChannelPath(const std::string& name) const {
  if (directory_.empty() || name.find('/') != std::string::npos) return name;
  return directory_ + "/" + name;
}

std::shared_ptr<Channel> Process::OpenChannel(const std::string& name, std::string* problem) {
  const std::lock_guard lock(channels_mutex_);
  return OpenChannelLocked(name, problem);
}

void Process::AddChannel(const std::shared_ptr<Channel>& channel) {
  const std::lock_guard lock(channels_mutex_);
  std::erase_if(channels_, [](const auto& known) { return known.expired(); });
  channels_.push_back(channel);
}

pid_t Process::Fork(const std::string& channel_name, std::shared_ptr<Channel>* channel,
                    std::string* problem) {
  const std::scoped_lock lock(objects_mutex_, channels_mutex_, shared_memory_mutex_,
                              signals_.mutex());
  // Signals wait until the child has taken over: what comes for it before would be forgotten with
  // what had come for its parent.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid != 0) {
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return pid;
  }
  for (const auto& known : channels_) {
    if (const auto inherited = known.lock()) inherited->CloseInherited();
  }
  channels_.clear();
  live_threads_ = 0;
  *channel = OpenChannelLocked(channel_name, problem);
  signals_.AfterFork(*channel);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return 0;
}

std::shared_ptr<Channel> Process::OpenChannelLocked(const std::string& name, std::string* problem) {
  std::shared_ptr<Channel> channel = Channel::OpenFifos(ChannelPath(name), problem);
  if (channel == nullptr) return nullptr;
  std::erase_if(channels_, [](const auto& known) { return known.expired(); });
  channels_.push_back(channel);
  return channel;
}

}  // namespace lockstep::adapter
