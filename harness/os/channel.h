// SPDX-License-Identifier: MIT
#ifndef LOCKSTEP_HARNESS_OS_CHANNEL_H_
#define LOCKSTEP_HARNESS_OS_CHANNEL_H_

#include <string>
#include <string_view>

#include "harness/os/fd.h"
#include "harness/os/result.h"

namespace lockstep {

// The harness's ends of an actor's two FIFOs, DIR/NAME.in and DIR/NAME.out. The files are removed
// by Settle or the destructor, whichever comes first. Blocks only where said.
class Channel {
 public:
  // `path`: DIR/NAME. From the first one on the process ignores SIGPIPE.
  static Result<Channel> Make(const std::string& path);

  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) = delete;
  ~Channel();

  const std::string& path() const { return path_; }
  int read_fd() const { return read_.get(); }
  int write_fd() const { return write_.get(); }

  // After hello: lets go of the other side's ends, so that the end of the other process is seen,
  // and removes the files.
  void Settle();
  // Sends a whole line. Waits (2 s at most) only for a line longer than the pipe holds, 64 KiB.
  // False when the other side does not take it: it is gone, or reads nothing any more (errno
  // EAGAIN).
  bool Write(std::string_view line) const;
  enum class Read { kData, kNothing, kClosed };
  // Appends what is there to `into`, at most 64 KiB.
  Read ReadSome(std::string& into);

 private:
  Channel() = default;

  std::string path_;
  UniqueFd read_;        // .out
  UniqueFd write_;       // .in
  UniqueFd hold_read_;   // .in, so that our opening it for writing does not wait
  UniqueFd hold_write_;  // .out, so that there is no end of file before the adapter has opened it
  bool settled_ = false;
};

// The reading end of a pipe for standard output and error of adapters, and the last of what came
// through.
class OutputCapture {
 public:
  static Result<OutputCapture> Make();

  int write_fd() const { return write_.get(); }
  int read_fd() const { return read_.get(); }
  // Takes what is there: never blocks, and reads at most 1 MiB a call so that a flood holds nothing
  // up.
  void Drain();
  // The first 4 KiB and the last 12 since Clear, and between them a note of what was cut: what went
  // wrong is told at the beginning (Go) or at the end (Python).
  std::string Text() const;
  void Clear();

 private:
  UniqueFd read_;
  UniqueFd write_;
  std::string head_;
  std::string tail_;
  std::size_t dropped_ = 0;
};

}  // namespace lockstep

#endif  // LOCKSTEP_HARNESS_OS_CHANNEL_H_
