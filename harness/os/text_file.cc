// SPDX-License-Identifier: MIT
#include "harness/os/text_file.h"

#include <cerrno>
#include <cstdio>
#include <fstream>

namespace lockstep {

Result<std::string> ReadTextFile(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return FailErrno(path, errno);
  std::string text;
  for (char buffer[1 << 16]; in.read(buffer, sizeof buffer) || in.gcount() > 0;)
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return FailErrno(path, errno);
  return text;
}

Result<void> ReplaceTextFile(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  errno = 0;
  std::ofstream out(beside, std::ios::binary);
  out << text;
  out.close();
  if (out && std::rename(beside.c_str(), path.c_str()) == 0) return {};
  const int reason = errno;
  static_cast<void>(std::remove(beside.c_str()));
  return FailErrno("cannot write " + path, reason);
}

}  // namespace lockstep
