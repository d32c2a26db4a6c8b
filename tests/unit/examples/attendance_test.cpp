// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/attendance.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>

#include <gtest/gtest.h>

namespace digits {
namespace {

constexpr std::array<std::uint8_t, 4> kImage{0, 7, 16, 3};

// Three samples, in two epochs.
Attendance complete() {
  Attendance attendance(3);
  for (const std::uint64_t epoch : {1U, 2U}) {
    for (const std::uint32_t id : {0U, 1U, 2U}) {
      attendance.note(epoch, id, kImage);
    }
  }
  return attendance;
}

std::uint64_t checksum_of(std::uint64_t epoch,
                          std::uint32_t id,
                          const std::array<std::uint8_t, 4>& image) {
  Attendance attendance(3);
  attendance.note(epoch, id, image);
  return attendance.checksum();
}

TEST(Attendance, IsCompleteWithEverySampleOnceAnEpoch) {
  const Attendance attendance = complete();
  EXPECT_EQ(attendance.epochs(), 2U);
  EXPECT_EQ(attendance.missing(), 0U);
  EXPECT_EQ(attendance.twice(), 0U);
}

TEST(Attendance, StartsWithNothing) {
  const Attendance attendance(3);
  EXPECT_EQ(attendance.epochs(), 0U);
  EXPECT_EQ(attendance.missing(), 0U);
  EXPECT_EQ(attendance.checksum(), 0U);
}

TEST(Attendance, CountsWhatAnEpochLacks) {
  Attendance attendance = complete();
  attendance.note(3, 1, kImage);
  EXPECT_EQ(attendance.epochs(), 3U);
  EXPECT_EQ(attendance.missing(), 2U);
}

TEST(Attendance, CountsWhatComesAgainInAnEpoch) {
  Attendance attendance = complete();
  attendance.note(2, 1, kImage);
  attendance.note(2, 1, kImage);
  EXPECT_EQ(attendance.twice(), 2U);
  EXPECT_EQ(attendance.missing(), 0U);
}

TEST(Attendance, DoesNotTakeOneSampleTwiceForTwoSamples) {
  Attendance attendance(3);
  attendance.note(1, 0, kImage);
  attendance.note(1, 0, kImage);
  attendance.note(1, 2, kImage);
  EXPECT_EQ(attendance.missing(), 1U);
  EXPECT_EQ(attendance.twice(), 1U);
}

TEST(Attendance, ChecksumIsThatOfAnyOrder) {
  Attendance backwards(3);
  for (const std::uint64_t epoch : {2U, 1U}) {
    for (const std::uint32_t id : {2U, 1U, 0U}) {
      backwards.note(epoch, id, kImage);
    }
  }
  EXPECT_EQ(backwards.checksum(), complete().checksum());
}

TEST(Attendance, ChecksumDependsOnEpochIdAndPixels) {
  const std::uint64_t checksum = checksum_of(1, 0, kImage);
  EXPECT_NE(checksum_of(2, 0, kImage), checksum);
  EXPECT_NE(checksum_of(1, 1, kImage), checksum);
  EXPECT_NE(checksum_of(1, 0, {0, 7, 16, 4}), checksum);
  EXPECT_NE(checksum_of(1, 0, {7, 0, 16, 3}), checksum);
}

TEST(Attendance, ChecksumCountsWhatComesTwiceTwice) {
  Attendance attendance = complete();
  attendance.note(2, 1, kImage);
  EXPECT_NE(attendance.checksum(), complete().checksum());
}

TEST(Attendance, ChecksumFitsIntoADouble) {
  Attendance attendance(1000);
  for (std::uint32_t id = 0; id < 1000; ++id) {
    attendance.note(1, id, kImage);
    EXPECT_LT(attendance.checksum(), std::uint64_t{1} << 48);
  }
}

TEST(Attendance, RefusesASampleThatIsNone) {
  Attendance attendance(3);
  EXPECT_THROW(attendance.note(1, 3, kImage), std::out_of_range);
  EXPECT_EQ(attendance.epochs(), 0U);
}

}  // namespace
}  // namespace digits
