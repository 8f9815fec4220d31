// SPDX-License-Identifier: MIT
#include "harness/stress/ring.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace lockstep::stress {
namespace {

class RingTest : public testing::Test {
 protected:
  SharedFile Ring(std::size_t calls) {
    auto ring = MakeRing(testing::TempDir() + "lockstep-ring-" + std::to_string(::getpid()), calls);
    EXPECT_TRUE(ring) << ring.error().Text();
    return std::move(*ring);
  }
  static void Write(SharedFile& ring, std::size_t i, std::int64_t begin, std::int64_t end, std::uint64_t what, std::int64_t result) {
    const std::size_t at = kRingHeader + i * kRingEntry;
    ring.Put(at, static_cast<std::uint64_t>(begin));
    ring.Put(at + 1, static_cast<std::uint64_t>(end));
    ring.Put(at + 2, what);
    ring.Put(at + 3, static_cast<std::uint64_t>(result));
    ring.Put(1, i + 1);
  }
};

TEST_F(RingTest, IsGoneWithItsObject) {
  std::string path;
  {
    const SharedFile ring = Ring(1);
    path = ring.path();
    EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(RingTest, HasWhatWasRecorded) {
  SharedFile ring = Ring(4);
  Write(ring, 0, 10, 20, 3 | 1 << 16 | std::uint64_t{250} << 32, 0);
  Write(ring, 1, 30, 0, 4, 0);
  const auto calls = ReadRing(ring, 2);
  ASSERT_TRUE(calls);
  ASSERT_EQ(calls->size(), 2u);
  EXPECT_EQ((*calls)[0].what, What::kTimed);
  EXPECT_EQ((*calls)[0].job, 1u);
  EXPECT_EQ((*calls)[0].timeout_us, 250);
  const auto failed = OperationOf((*calls)[0], 5, 1, check::kNever);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, check::Kind::kFailedAcquire);
  EXPECT_EQ(failed->returned, 20);
  const auto cut = OperationOf((*calls)[1], 5, 1, 99);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->kind, check::Kind::kRelease);
  EXPECT_EQ(cut->returned, check::kNever);
  EXPECT_EQ(cut->dead_by, 99);
}

TEST_F(RingTest, MakesOfARefusedReleaseAnObserverAndOfWhatRaisedNothing) {
  const RingCall refused{10, 20, What::kRelease, 0, 0, kRefused};
  const auto one = OperationOf(refused, 0, 7, 0);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->kind, check::Kind::kRefusedRelease);
  EXPECT_EQ(one->value, 7);
  EXPECT_FALSE(OperationOf({10, 20, What::kAcquire, 0, 0, kRaised}, 0, 7, 0));
}

TEST_F(RingTest, IsNotReadWhereItIsFullOrWrong) {
  SharedFile ring = Ring(1);
  Write(ring, 0, 10, 20, 1, 1);
  EXPECT_TRUE(ReadRing(ring, 1));
  ring.Put(1, 2);
  EXPECT_FALSE(ReadRing(ring, 1)) << "more calls than there is room for";
  Write(ring, 0, 10, 20, 7, 1);
  EXPECT_FALSE(ReadRing(ring, 1)) << "no such call";
  Write(ring, 0, 10, 20, 1 | 1 << 16, 1);
  EXPECT_FALSE(ReadRing(ring, 1)) << "no such job";
  Write(ring, 0, 20, 10, 1, 1);
  EXPECT_FALSE(ReadRing(ring, 1)) << "it ends before it begins";
}

}  // namespace
}  // namespace lockstep::stress
