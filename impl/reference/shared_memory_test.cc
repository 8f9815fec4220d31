// SPDX-License-Identifier: MIT
#include "semlock/shared_memory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "test_support.h"

namespace semlock {
namespace {

using testing::Child;
using testing::Must;
using testing::ScopedName;

constexpr char kSizeNegative[] = "'size' must be a positive integer";
constexpr char kSizeZero[] = "'size' must be a positive number different from zero";

bool FileExists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

int LowestFreeFd() {
  const int fd = dup(0);
  close(fd);
  return fd;
}

// A shared memory object of `size` bytes, not mapped.
void MakeObject(const ScopedName& name, off_t size) {
  const int fd = Must(ShmOpen(name.get(), O_CREAT | O_EXCL | O_RDWR, 0600));
  ASSERT_EQ(ftruncate(fd, size), 0);
  close(fd);
}

TEST(ShmOpen, GivesADescriptorThatIsNotInherited) {
  const ScopedName name;
  const int fd = Must(ShmOpen(name.get(), O_CREAT | O_EXCL | O_RDWR));
  EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  close(fd);
}

TEST(ShmOpen, LessensItsModeByTheUmask) {
  const ScopedName name;
  const mode_t before = umask(027);
  const int fd = Must(ShmOpen(name.get(), O_CREAT | O_EXCL | O_RDWR));
  umask(before);
  struct stat status {};
  ASSERT_EQ(fstat(fd, &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0750U);
  EXPECT_EQ(status.st_size, 0);
  close(fd);
}

TEST(ShmOpen, TellsThePathWithItsErrors) {
  const ScopedName name;
  const Error error = ShmOpen(name.get(), O_RDWR).error();
  EXPECT_STREQ(PythonTypeName(error), "FileNotFoundError");
  EXPECT_EQ(error.message, "No such file or directory");
  EXPECT_EQ(error.filename, name.get());
}

TEST(ShmOpen, RefusesANameThatExistsWhenAskedToCreateIt) {
  const ScopedName name;
  MakeObject(name, 1);
  EXPECT_RAISES(ShmOpen(name.get(), O_CREAT | O_EXCL | O_RDWR), "FileExistsError", "File exists");
}

TEST(ShmOpen, RefusesNamesThatAreNone) {
  for (const char* name : {"", "/", "/a/b", ".", ".."}) {
    EXPECT_OS_ERROR(ShmOpen(name, O_CREAT | O_RDWR), EINVAL);
  }
}

TEST(ShmOpen, DoesNotFollowASymbolicLink) {
  const ScopedName name;
  ASSERT_EQ(symlink("/dev/null", name.segment_file().c_str()), 0);
  EXPECT_OS_ERROR(ShmOpen(name.get(), O_RDWR), ELOOP);
}

TEST(ShmOpen, RefusesANul) {
  EXPECT_RAISES(ShmOpen(std::string_view("/a\0b", 4), O_RDWR), "ValueError",
                "embedded null character");
  EXPECT_RAISES(ShmUnlink(std::string_view("/a\0b", 4)), "ValueError", "embedded null character");
}

TEST(ShmUnlink, RemovesTheNameOnce) {
  const ScopedName name;
  MakeObject(name, 1);
  EXPECT_TRUE(ShmUnlink(name.get()).has_value());
  EXPECT_FALSE(FileExists(name.segment_file()));
  const Error error = ShmUnlink(name.get()).error();
  EXPECT_STREQ(PythonTypeName(error), "FileNotFoundError");
  EXPECT_EQ(error.filename, name.get());
}

TEST(SharedMemoryCreate, MakesAZeroedSegmentOfExactlyThatSize) {
  for (const std::int64_t size : {1, 100, 4096, 4097}) {
    const ScopedName name;
    const SharedMemory segment = Must(SharedMemory::Create(name.without_slash(), size));
    EXPECT_EQ(segment.size(), size);
    EXPECT_EQ(segment.data().size(), static_cast<std::size_t>(size));
    EXPECT_TRUE(std::ranges::all_of(segment.data(), [](std::byte b) { return b == std::byte{0}; }));
    struct stat status {};
    ASSERT_EQ(stat(name.segment_file().c_str(), &status), 0);
    EXPECT_EQ(status.st_size, size);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
  }
}

TEST(SharedMemoryCreate, RefusesASizeBelowOne) {
  const ScopedName name;
  EXPECT_RAISES(SharedMemory::Create(name.without_slash(), 0), "ValueError", kSizeZero);
  EXPECT_RAISES(SharedMemory::Create(name.without_slash(), -1), "ValueError", kSizeNegative);
  EXPECT_FALSE(FileExists(name.segment_file()));
}

TEST(SharedMemoryCreate, FindsANameWhenGivenNone) {
  SharedMemory first = Must(SharedMemory::Create(std::nullopt, 10));
  SharedMemory second = Must(SharedMemory::Create(std::nullopt, 10));
  EXPECT_THAT(first.name(), ::testing::MatchesRegex("psm_[0-9a-f]{8}"));
  EXPECT_NE(first.name(), second.name());
  EXPECT_TRUE(first.Unlink().has_value());
  EXPECT_TRUE(second.Unlink().has_value());
}

TEST(SharedMemoryCreate, StripsOnlyTheSlashThatItPut) {
  const ScopedName name;
  const SharedMemory segment = Must(SharedMemory::Create(name.get(), 1));
  EXPECT_EQ(segment.name(), name.get());
  EXPECT_TRUE(FileExists(name.segment_file()));
}

TEST(SharedMemoryCreate, RefusesANameThatExistsAndLeavesItAlone) {
  const ScopedName name;
  const SharedMemory first = Must(SharedMemory::Create(name.without_slash(), 5));
  const Error error = SharedMemory::Create(name.without_slash(), 9).error();
  EXPECT_STREQ(PythonTypeName(error), "FileExistsError");
  EXPECT_EQ(error.filename, name.get());
  EXPECT_EQ(Must(SharedMemory::Attach(name.without_slash())).size(), 5);
}

TEST(SharedMemoryCreate, RefusesNamesThatAreNone) {
  EXPECT_OS_ERROR(SharedMemory::Create("", 1), EINVAL);
  EXPECT_OS_ERROR(SharedMemory::Create("a/b", 1), EINVAL);
  EXPECT_RAISES(SharedMemory::Create(std::string("a\0b", 3), 1), "ValueError",
                "embedded null character");
}

TEST(SharedMemoryCreate, LeavesNothingWhenItCannotMap) {
  const ScopedName name;
  const int before = LowestFreeFd();
  const Result<SharedMemory> segment =
      SharedMemory::Create(name.without_slash(), std::int64_t{1} << 62);
  ASSERT_FALSE(segment.has_value());
  EXPECT_EQ(segment.error().errno_value, ENOMEM);
  EXPECT_EQ(segment.error().filename, "");
  EXPECT_FALSE(FileExists(name.segment_file()));
  EXPECT_EQ(LowestFreeFd(), before);
}

TEST(SharedMemoryAttach, SeesWhatTheCreatorWrites) {
  const ScopedName name;
  const SharedMemory first = Must(SharedMemory::Create(name.without_slash(), 8));
  const SharedMemory second = Must(SharedMemory::Attach(name.without_slash(), 100'000));
  EXPECT_EQ(second.size(), 8);
  first.data()[7] = std::byte{42};
  EXPECT_EQ(second.data()[7], std::byte{42});
}

TEST(SharedMemoryAttach, RefusesAMissingNameNoNameAndANegativeSize) {
  const ScopedName name;
  EXPECT_RAISES(SharedMemory::Attach(name.without_slash()), "FileNotFoundError",
                "No such file or directory");
  EXPECT_RAISES(SharedMemory::Attach(std::nullopt), "ValueError",
                "'name' can only be None if create=True");
  EXPECT_RAISES(SharedMemory::Attach(name.without_slash(), -1), "ValueError", kSizeNegative);
}

TEST(SharedMemoryAttach, RefusesAnEmptySegmentAndLeavesIt) {
  const ScopedName name;
  MakeObject(name, 0);
  const int before = LowestFreeFd();
  EXPECT_RAISES(SharedMemory::Attach(name.without_slash()), "ValueError",
                "cannot mmap an empty file");
  EXPECT_TRUE(FileExists(name.segment_file()));
  EXPECT_EQ(LowestFreeFd(), before);
}

TEST(SharedMemoryAttach, UnlinksASegmentThatItCannotMap) {
  const ScopedName name;
  MakeObject(name, off_t{1} << 62);
  EXPECT_OS_ERROR(SharedMemory::Attach(name.without_slash()), ENOMEM);
  EXPECT_FALSE(FileExists(name.segment_file()));
}

TEST(SharedMemoryClose, MayBeCalledTwiceAndKeepsSizeAndName) {
  const ScopedName name;
  const int before = LowestFreeFd();
  SharedMemory segment = Must(SharedMemory::Create(name.without_slash(), 8));
  EXPECT_TRUE(segment.Close().has_value());
  EXPECT_TRUE(segment.Close().has_value());
  EXPECT_EQ(segment.size(), 8);
  EXPECT_EQ(segment.name(), name.without_slash());
  EXPECT_TRUE(segment.data().empty());
  EXPECT_EQ(LowestFreeFd(), before);
}

TEST(SharedMemoryUnlink, LeavesTheBytesToThoseWhoHaveThem) {
  const ScopedName name;
  SharedMemory segment = Must(SharedMemory::Create(name.without_slash(), 8));
  EXPECT_TRUE(segment.Unlink().has_value());
  segment.data()[0] = std::byte{1};
  EXPECT_EQ(segment.data()[0], std::byte{1});
  EXPECT_RAISES(segment.Unlink(), "FileNotFoundError", "No such file or directory");
}

TEST(SharedMemoryUnlink, WorksAfterClose) {
  const ScopedName name;
  SharedMemory segment = Must(SharedMemory::Create(name.without_slash(), 8));
  EXPECT_TRUE(segment.Close().has_value());
  EXPECT_TRUE(segment.Unlink().has_value());
  EXPECT_FALSE(FileExists(name.segment_file()));
}

TEST(SharedMemoryDestructor, ClosesAndKeepsTheSegment) {
  const ScopedName name;
  const int before = LowestFreeFd();
  { const SharedMemory segment = Must(SharedMemory::Create(name.without_slash(), 8)); }
  EXPECT_EQ(LowestFreeFd(), before);
  EXPECT_TRUE(FileExists(name.segment_file()));
}

TEST(SharedMemoryMove, TakesTheMappingAlong) {
  const ScopedName name;
  const ScopedName other_name;
  SharedMemory first = Must(SharedMemory::Create(name.without_slash(), 8));
  first.data()[0] = std::byte{9};
  SharedMemory second = Must(SharedMemory::Create(other_name.without_slash(), 1));
  second = std::move(first);
  EXPECT_EQ(second.data()[0], std::byte{9});
  EXPECT_EQ(second.name(), name.without_slash());
  SharedMemory third = std::move(second);
  EXPECT_EQ(third.size(), 8);
}

TEST(SharedMemoryProcess, SharesItsBytesWithAChild) {
  const ScopedName name;
  const SharedMemory segment = Must(SharedMemory::Create(name.without_slash(), 4));
  Child child([&] {
    const Result<SharedMemory> own = SharedMemory::Attach(name.without_slash());
    if (!own) return 1;
    own->data()[2] = std::byte{77};
    return 0;
  });
  ASSERT_EQ(child.Wait(), 0);
  EXPECT_EQ(segment.data()[2], std::byte{77});
}

}  // namespace
}  // namespace semlock
