// SPDX-License-Identifier: MIT
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace lockstep::adapter {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;  // a pipe's usual capacity

// A signal that comes while the other side is not there yet is no reason to fail.
int OpenRetrying(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

std::string Because(const std::string& what) { return what + ": " + strerror(errno); }

}  // namespace

std::unique_ptr<Channel> Channel::OpenFifos(const std::string& path, std::string* problem) {
  const int in_fd = OpenRetrying(path + ".in", O_RDONLY);
  if (in_fd < 0) {
    *problem = Because(path + ".in");
    return nullptr;
  }
  const int out_fd = OpenRetrying(path + ".out", O_WRONLY);
  if (out_fd < 0) {
    *problem = Because(path + ".out");
    close(in_fd);
    return nullptr;
  }
  return std::unique_ptr<Channel>(new Channel(in_fd, out_fd));
}

std::unique_ptr<Channel> Channel::TakeStandardStreams(std::string* problem) {
  const int in_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool moved = in_fd >= 0 && out_fd >= 0 && null_fd >= 0 &&
                     dup2(null_fd, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
  if (!moved) *problem = Because("standard input and output");
  if (null_fd >= 0) close(null_fd);
  if (moved) return std::unique_ptr<Channel>(new Channel(in_fd, out_fd));
  if (in_fd >= 0) close(in_fd);
  if (out_fd >= 0) close(out_fd);
  return nullptr;
}

Channel::~Channel() { CloseInherited(); }

void Channel::CloseInherited() {
  if (in_fd_ >= 0) close(std::exchange(in_fd_, -1));
  if (out_fd_ >= 0) close(std::exchange(out_fd_, -1));
}

bool Channel::TakeBufferedLine(std::string_view* line) {
  const std::size_t end = buffer_.find('\n', seen_);
  if (end == std::string::npos) {
    seen_ = buffer_.size();
    return false;
  }
  *line = std::string_view(buffer_).substr(start_, end - start_);
  start_ = seen_ = end + 1;
  return true;
}

Channel::Read Channel::ReadLine(int wake_fd, std::string_view* line) {
  while (!TakeBufferedLine(line)) {
    buffer_.erase(0, start_);
    seen_ -= std::exchange(start_, 0);
    if (buffer_.size() >= kMaxLineBytes) return Read::kTooLong;
    if (wake_fd >= 0) {
      std::array<pollfd, 2> fds{{{in_fd_, POLLIN, 0}, {wake_fd, POLLIN, 0}}};
      const int ready = poll(fds.data(), fds.size(), -1);
      if (ready < 0 && errno != EINTR) return Read::kEnd;
      if (ready < 0 || fds[1].revents != 0) return Read::kInterrupted;
    }
    const std::size_t had = buffer_.size();
    buffer_.resize(had + kReadBytes);
    const ssize_t got = read(in_fd_, buffer_.data() + had, kReadBytes);
    const int error = errno;
    buffer_.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0 && error == EINTR) return Read::kInterrupted;
    if (got <= 0) return Read::kEnd;
  }
  return line->size() < kMaxLineBytes ? Read::kLine : Read::kTooLong;
}

bool Channel::WriteLine(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = write(out_fd_, line.data(), line.size());
    if (written >= 0) {
      line.remove_prefix(static_cast<std::size_t>(written));  // only a signal leaves a rest
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace lockstep::adapter
