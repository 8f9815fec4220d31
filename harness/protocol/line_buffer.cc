// SPDX-License-Identifier: MIT
#include <cstring>

#include "harness/protocol/message.h"

namespace lockstep {

bool LineBuffer::Add(const char* data, std::size_t size) {
  if (start_ > 0) {
    data_.erase(0, start_);
    start_ = 0;
  }
  data_.append(data, size);
  // Only the first line can be too long here, ended or not: lines before it were taken before more
  // was read, and those behind it are within what one read gives.
  const std::size_t end = data_.find('\n');
  return (end == std::string::npos ? data_.size() : end) < kLineLimit;
}

std::optional<std::string_view> LineBuffer::Next() {
  const std::size_t end = data_.find('\n', start_);
  if (end == std::string::npos) return std::nullopt;
  const std::string_view line = std::string_view(data_).substr(start_, end - start_);
  start_ = end + 1;
  return line;
}

}  // namespace lockstep
