// SPDX-License-Identifier: MIT
#include "harness/os/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "harness/os/clock.h"

namespace lockstep {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;  // a pipe's default capacity
constexpr std::size_t kKeepHead = 4 * 1024;
constexpr std::size_t kKeepTail = 12 * 1024;
constexpr int kDrainReads = 16;
// Only a line longer than a pipe's capacity waits at all, and then for a reader that is already
// there.
constexpr std::chrono::seconds kWriteLimit{2};

}  // namespace

Result<Channel> Channel::Make(const std::string& path) {
  // A reader that is gone is an answer to Write, not a signal that ends the harness. Pipes know no
  // MSG_NOSIGNAL.
  [[maybe_unused]] static const auto before = ::signal(SIGPIPE, SIG_IGN);
  Channel channel;
  channel.path_ = path;
  const std::string in = path + ".in";
  const std::string out = path + ".out";
  if (::mkfifo(in.c_str(), 0600) != 0) return FailErrno("mkfifo " + in, errno);
  if (::mkfifo(out.c_str(), 0600) != 0) {
    const int failure = errno;
    ::unlink(in.c_str());
    return FailErrno("mkfifo " + out, failure);
  }
  channel.hold_read_.Reset(::open(in.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  channel.write_.Reset(::open(in.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  channel.read_.Reset(::open(out.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  channel.hold_write_.Reset(::open(out.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!channel.write_.valid() || !channel.hold_write_.valid())
    return FailErrno("opening " + path, errno);
  return channel;
}

Channel::Channel(Channel&& other) noexcept
    : path_(std::move(other.path_)),
      read_(std::move(other.read_)),
      write_(std::move(other.write_)),
      hold_read_(std::move(other.hold_read_)),
      hold_write_(std::move(other.hold_write_)),
      settled_(std::exchange(other.settled_, true)) {}

Channel::~Channel() { Settle(); }

void Channel::Settle() {
  if (settled_) return;
  settled_ = true;
  hold_read_.Reset();
  hold_write_.Reset();
  ::unlink((path_ + ".in").c_str());
  ::unlink((path_ + ".out").c_str());
}

bool Channel::Write(std::string_view line) const {
  const Deadline deadline = Deadline::After(kWriteLimit);
  while (!line.empty()) {
    const ssize_t written = ::write(write_.get(), line.data(), line.size());
    if (written > 0) {
      line.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && errno == EAGAIN) {
      // A line longer than the pipe: the other side has to read while we write.
      pollfd writable{write_.get(), POLLOUT, 0};
      if (deadline.Passed()) {
        errno = EAGAIN;
        return false;
      }
      ::poll(&writable, 1, static_cast<int>(deadline.Left().count() / 1'000'000) + 1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

Channel::Read Channel::ReadSome(std::string& into) {
  const std::size_t before = into.size();
  into.resize(before + kReadSize);
  ssize_t n = 0;
  do {
    n = ::read(read_.get(), into.data() + before, kReadSize);
  } while (n < 0 && errno == EINTR);
  into.resize(before + static_cast<std::size_t>(n > 0 ? n : 0));
  if (n > 0) return Read::kData;
  return n == 0 ? Read::kClosed : Read::kNothing;
}

Result<OutputCapture> OutputCapture::Make() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return FailErrno("pipe", errno);
  OutputCapture capture;
  capture.read_.Reset(fds[0]);
  capture.write_.Reset(fds[1]);
  ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
  return capture;
}

void OutputCapture::Drain() {
  static thread_local std::string buffer(kReadSize, '\0');
  for (int i = 0; i < kDrainReads; ++i) {
    const ssize_t n = ::read(read_.get(), buffer.data(), buffer.size());
    if (n <= 0) return;
    const auto came = static_cast<std::size_t>(n);
    const std::size_t to_head = std::min(came, kKeepHead - head_.size());
    head_.append(buffer.data(), to_head);
    tail_.append(buffer.data() + to_head, came - to_head);
    if (tail_.size() > kKeepTail) {
      dropped_ += tail_.size() - kKeepTail;
      tail_.erase(0, tail_.size() - kKeepTail);
    }
  }
}

std::string OutputCapture::Text() const {
  return dropped_ == 0
             ? head_ + tail_
             : fmt::format("{}\n[{} bytes here are not shown]\n{}", head_, dropped_, tail_);
}

void OutputCapture::Clear() {
  head_.clear();
  tail_.clear();
  dropped_ = 0;
}

}  // namespace lockstep
