// SPDX-License-Identifier: MIT
// A library to be preloaded into the harness: no /proc/PID/task/TID/syscall can be opened (EACCES),
// but for a process's own, which the kernel always shows.
// So it is where yama's ptrace_scope is 2 or 3, which a test must not set for a whole machine, and
// under gVisor, which has no such file; the harness cannot tell these apart from here, and need
// not.
#include <dlfcn.h>
#include <fcntl.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>

namespace {

using Open = int (*)(const char*, int, ...);

bool IsHidden(const char* path) {
  constexpr const char* kName = "/syscall";
  const std::size_t length = std::strlen(path);
  const std::size_t name_length = std::strlen(kName);
  return std::strncmp(path, "/proc/", 6) == 0 && std::strncmp(path, "/proc/self/", 11) != 0 && length > name_length &&
         std::strcmp(path + length - name_length, kName) == 0;
}

int OpenUnlessHidden(const char* symbol, const char* path, int flags, mode_t mode) {
  if (IsHidden(path)) {
    errno = EACCES;
    return -1;
  }
  return reinterpret_cast<Open>(dlsym(RTLD_NEXT, symbol))(path, flags, mode);
}

// A mode is there only with these flags; without, reading it would be undefined.
bool HasMode(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

}  // namespace

extern "C" int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if (HasMode(flags)) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  return OpenUnlessHidden("open", path, flags, mode);
}

extern "C" int open64(const char* path, int flags, ...) {
  mode_t mode = 0;
  if (HasMode(flags)) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  return OpenUnlessHidden("open64", path, flags, mode);
}
