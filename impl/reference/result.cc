// SPDX-License-Identifier: MIT
#include "semlock/result.h"

#include <string.h>

#include <array>
#include <cerrno>
#include <utility>

#include "errors.h"

namespace semlock {
namespace {

// strerror_r() has two signatures: one fills the buffer, the other returns where the text is.
[[maybe_unused]] const char* ErrorText(int status, const char* buffer) {
  return status == 0 ? buffer : "Unknown error";
}
[[maybe_unused]] const char* ErrorText(const char* text, const char*) { return text; }

std::string Describe(int errno_value) {
  std::array<char, 256> buffer{};
  return ErrorText(strerror_r(errno_value, buffer.data(), buffer.size()), buffer.data());
}

const char* OsErrorName(int errno_value) {
  switch (errno_value) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EALREADY:
    case EINPROGRESS:
      return "BlockingIOError";
    case EPIPE:
    case ESHUTDOWN:
      return "BrokenPipeError";
    case ECHILD:
      return "ChildProcessError";
    case ECONNABORTED:
      return "ConnectionAbortedError";
    case ECONNREFUSED:
      return "ConnectionRefusedError";
    case ECONNRESET:
      return "ConnectionResetError";
    case EEXIST:
      return "FileExistsError";
    case ENOENT:
      return "FileNotFoundError";
    case EINTR:
      return "InterruptedError";
    case EISDIR:
      return "IsADirectoryError";
    case ENOTDIR:
      return "NotADirectoryError";
    case EACCES:
    case EPERM:
      return "PermissionError";
    case ESRCH:
      return "ProcessLookupError";
    case ETIMEDOUT:
      return "TimeoutError";
    default:
      return "OSError";
  }
}

}  // namespace

const char* PythonTypeName(const Error& error) {
  switch (error.type) {
    case ErrorType::kOsError:
      return OsErrorName(error.errno_value);
    case ErrorType::kValueError:
      return "ValueError";
    case ErrorType::kAssertionError:
      return "AssertionError";
    case ErrorType::kBufferError:
      return "BufferError";
    case ErrorType::kTypeError:
      return "TypeError";
    case ErrorType::kOverflowError:
      return "OverflowError";
    case ErrorType::kBrokenBarrierError:
      return "BrokenBarrierError";
    case ErrorType::kAbandoned:
      return "Abandoned";
  }
  return "SystemError";
}

namespace internal {

tl::unexpected<Error> OsError(int errno_value, std::string_view filename) {
  return tl::unexpected<Error>(
      Error{ErrorType::kOsError, errno_value, Describe(errno_value), std::string(filename)});
}

tl::unexpected<Error> ValueError(std::string message) {
  return tl::unexpected<Error>(Error{ErrorType::kValueError, 0, std::move(message), {}});
}

tl::unexpected<Error> AssertionError(std::string message) {
  return tl::unexpected<Error>(Error{ErrorType::kAssertionError, 0, std::move(message), {}});
}

tl::unexpected<Error> BrokenBarrierError() {
  return tl::unexpected<Error>(Error{ErrorType::kBrokenBarrierError, 0, {}, {}});
}

tl::unexpected<Error> Abandoned() {
  return tl::unexpected<Error>(
      Error{ErrorType::kAbandoned, 0, "the interrupt hook abandoned the call", {}});
}

tl::unexpected<Error> EmbeddedNull() { return ValueError("embedded null character"); }

bool HasEmbeddedNull(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace internal
}  // namespace semlock
