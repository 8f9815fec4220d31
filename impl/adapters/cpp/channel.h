// SPDX-License-Identifier: MIT
//
// An actor's two descriptors: it reads requests from one and writes lines to the other.
#ifndef LOCKSTEP_IMPL_ADAPTERS_CPP_CHANNEL_H_
#define LOCKSTEP_IMPL_ADAPTERS_CPP_CHANNEL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace lockstep::adapter {

// The protocol's longest line, '\n' included.
inline constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20U;

// Owns its descriptors, which are close-on-exec. One thread reads; any thread may write, and lines
// never mix, because each is a single write() of at most PIPE_BUF bytes or the only line on its
// way.
class Channel {
 public:
  enum class Read {
    kLine,
    kEnd,          // end of file, or an error: there will be no more lines
    kInterrupted,  // by a signal; ask again
    kTooLong,      // a line beyond kMaxLineBytes: the channel is of no more use
  };

  // Opens `path`.in, then `path`.out. Null if that fails, and `problem` says why. Each open waits
  // for the other side, which holds both ends open already unless it is broken.
  static std::unique_ptr<Channel> OpenFifos(const std::string& path, std::string* problem);

  // Takes over standard input and output, for use by hand: they are moved away, so that nothing
  // that is printed can end up between the lines. Standard input is empty from then on and standard
  // output is the same as standard error.
  static std::unique_ptr<Channel> TakeStandardStreams(std::string* problem);

  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  // Waits without limit for the next line, which it gives without its '\n' and which stays valid
  // until the next call. If `wake_fd` is not -1, that descriptor's being readable is an
  // interruption as well. A line that is cut off by the end of the file is dropped.
  Read ReadLine(int wake_fd, std::string_view* line);

  // Writes `line`, which ends in '\n'. Blocks while the pipe is full. False if nobody reads any
  // more.
  bool WriteLine(std::string_view line);

  // For a forked child: gives the descriptors up without touching anything else of the object,
  // which an actor of the parent was using.
  void CloseInherited();

 private:
  Channel(int in_fd, int out_fd) : in_fd_(in_fd), out_fd_(out_fd) {}

  bool TakeBufferedLine(std::string_view* line);

  int in_fd_;
  int out_fd_;
  std::string buffer_;     // what was read
  std::size_t start_ = 0;  // its first byte that was not given out yet
  std::size_t seen_ = 0;   // up to here there is no '\n'
};

}  // namespace lockstep::adapter

#endif  // LOCKSTEP_IMPL_ADAPTERS_CPP_CHANNEL_H_
