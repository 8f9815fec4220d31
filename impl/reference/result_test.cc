// SPDX-License-Identifier: MIT
#include "semlock/result.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "errors.h"

namespace semlock {
namespace {

std::string NameOfErrno(int errno_value) {
  return PythonTypeName(internal::OsError(errno_value).value());
}

TEST(PythonTypeName, IsTheSubclassThatBelongsToTheErrno) {
  EXPECT_EQ(NameOfErrno(ENOENT), "FileNotFoundError");
  EXPECT_EQ(NameOfErrno(EEXIST), "FileExistsError");
  EXPECT_EQ(NameOfErrno(EACCES), "PermissionError");
  EXPECT_EQ(NameOfErrno(EPERM), "PermissionError");
  EXPECT_EQ(NameOfErrno(EINTR), "InterruptedError");
  EXPECT_EQ(NameOfErrno(EISDIR), "IsADirectoryError");
  EXPECT_EQ(NameOfErrno(ENOTDIR), "NotADirectoryError");
  EXPECT_EQ(NameOfErrno(EAGAIN), "BlockingIOError");
  EXPECT_EQ(NameOfErrno(EPIPE), "BrokenPipeError");
  EXPECT_EQ(NameOfErrno(ECHILD), "ChildProcessError");
  EXPECT_EQ(NameOfErrno(ECONNABORTED), "ConnectionAbortedError");
  EXPECT_EQ(NameOfErrno(ECONNREFUSED), "ConnectionRefusedError");
  EXPECT_EQ(NameOfErrno(ECONNRESET), "ConnectionResetError");
  EXPECT_EQ(NameOfErrno(ESRCH), "ProcessLookupError");
  EXPECT_EQ(NameOfErrno(ETIMEDOUT), "TimeoutError");
}

TEST(PythonTypeName, IsOSErrorForAnyOtherErrno) {
  EXPECT_EQ(NameOfErrno(EINVAL), "OSError");
  EXPECT_EQ(NameOfErrno(ENOSPC), "OSError");
  EXPECT_EQ(NameOfErrno(EOVERFLOW), "OSError");
}

TEST(PythonTypeName, IsTheClassOfEveryOtherType) {
  EXPECT_STREQ(PythonTypeName({ErrorType::kValueError, 0, "", ""}), "ValueError");
  EXPECT_STREQ(PythonTypeName({ErrorType::kAssertionError, 0, "", ""}), "AssertionError");
  EXPECT_STREQ(PythonTypeName({ErrorType::kBufferError, 0, "", ""}), "BufferError");
  EXPECT_STREQ(PythonTypeName({ErrorType::kTypeError, 0, "", ""}), "TypeError");
  EXPECT_STREQ(PythonTypeName({ErrorType::kOverflowError, 0, "", ""}), "OverflowError");
  EXPECT_STREQ(PythonTypeName({ErrorType::kBrokenBarrierError, 0, "", ""}), "BrokenBarrierError");
  EXPECT_STREQ(PythonTypeName({ErrorType::kAbandoned, 0, "", ""}), "Abandoned");
}

TEST(OsError, HasTheWordsOfStrerrorAndThePath) {
  const Error error = internal::OsError(ENOENT, "/x").value();
  EXPECT_EQ(error.type, ErrorType::kOsError);
  EXPECT_EQ(error.errno_value, ENOENT);
  EXPECT_EQ(error.message, "No such file or directory");
  EXPECT_EQ(error.filename, "/x");
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> value = 7;
  EXPECT_EQ(*value, 7);
  const Result<int> error = internal::ValueError("no");
  EXPECT_EQ(error.error().message, "no");
  const Result<void> nothing;
  EXPECT_TRUE(nothing.has_value());
}

}  // namespace
}  // namespace semlock
