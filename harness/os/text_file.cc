// SPDX-License-Identifier: MIT
#include "harness/os/text_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

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

namespace {

// False with errno set, also if it is not open.
bool Put(std::ofstream* out, std::string_view text) {
  *out << text;
  out->close();
  return static_cast<bool>(*out);
}

}  // namespace

Result<void> ReplaceTextFile(const std::string& path, std::string_view text) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  const std::string file = error ? path : real.string();
  const std::string name_beside = file + ".new";
  std::ofstream beside;
  errno = 0;
  if (error || std::filesystem::is_regular_file(real)) beside.open(name_beside, std::ios::binary);
  if (beside.is_open()) {
    const bool written = Put(&beside, text);
    const int reason = errno;
    if (written && std::rename(name_beside.c_str(), file.c_str()) == 0) return {};
    static_cast<void>(std::remove(name_beside.c_str()));
    if (!written) return FailErrno("cannot write " + path, reason);
  }
  errno = 0;
  std::ofstream in_place(file, std::ios::binary);
  if (Put(&in_place, text)) return {};
  return FailErrno("cannot write " + path, errno);
}

}  // namespace lockstep
