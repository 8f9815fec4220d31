// SPDX-License-Identifier: MIT
#include "harness/os/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace lockstep {

Result<UniqueFd> OpenToWriteAlone(const std::string& path) {
  constexpr mode_t kMode = 0666;  // less the umask
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kMode));
  if (!fd.valid()) return FailErrno(path, errno);
  // Before it is emptied: what is in it may be the other's.
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return Fail(path + " is being written by another run", "give each a folder: --out DIR");
  if (::ftruncate(fd.get(), 0) != 0 && errno != EINVAL) return FailErrno(path, errno);
  return fd;
}

}  // namespace lockstep
